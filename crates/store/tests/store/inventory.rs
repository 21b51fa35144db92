//! Inventories: who is kept, who is closed, who is skipped, and what the last one was.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_controls::ids::AccountId;
use orgsweep_controls::organization::AccountState;
use orgsweep_store::{FindingFilter, QueryLimits};

use crate::support::{
    Database, account, at, count, failing, finish, inventory, new_sweep, night, on_both, passing,
    record, snapshot, sweep_of,
};

on_both!(
    the_last_complete_inventory_comes_back_as_it_was,
    an_account_that_left_is_closed_and_never_stale,
    a_suspended_account_is_closed_and_skipped_with_the_reason,
    an_incomplete_list_closes_nobody_and_forgets_nothing,
    an_account_that_comes_back_is_judged_again,
    accounts_of_another_organization_are_left_alone,
    an_inventory_that_is_stored_again_keeps_outcomes,
);

async fn the_last_complete_inventory_comes_back_as_it_was(database: &Database) {
    let store = &database.store;
    assert_eq!(store.last_inventory().await.unwrap(), None);
    let mut listed = inventory(1..=20, at(5));
    listed.accounts[3].tags = None;
    listed.accounts[4].ou_path = None;
    listed.accounts[4].ou_ids = Vec::new();
    listed.accounts[5].email = None;
    listed.accounts[6].ou_path = Some(Vec::new());
    listed.accounts[7].state = AccountState::PendingActivation;
    let everyone: BTreeSet<AccountId> = (1..=20).map(account).collect();
    let sweep = store.start_sweep(&new_sweep()).await.unwrap();
    store
        .record_inventory(sweep, &listed, &everyone, &BTreeMap::new(), true)
        .await
        .unwrap();
    assert_eq!(store.last_inventory().await.unwrap(), Some(listed));
    assert_eq!(store.pending_accounts(sweep).await.unwrap().len(), 20);
}

async fn an_account_that_left_is_closed_and_never_stale(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1)), (2, failing(2))]).await;
    night(store, 100, &[(1, failing(1))]).await;
    let rows = store.findings(&FindingFilter::default()).await.unwrap();
    assert!(rows.iter().all(|row| row.account_id == account(1)));
    let accounts = store.accounts().await.unwrap();
    assert_eq!(accounts[1].state, "left");
    assert_eq!(accounts[1].closed_at, Some(at(100)));
    assert_eq!(
        count(
            store,
            "select count(*) from finding_history where valid_until is null"
        )
        .await,
        3
    );
    let gone = store
        .query(
            "select distinct account_id from as_of('2027-01-15 08:00:20+00')",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    assert_eq!(gone.rows.len(), 2, "the past still has both");
}

async fn a_suspended_account_is_closed_and_skipped_with_the_reason(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1)), (2, failing(2))]).await;
    let sweep = store.start_sweep(&new_sweep()).await.unwrap();
    let mut listed = inventory(1..=2, at(100));
    listed.accounts[1].state = AccountState::Suspended;
    let skipped = BTreeMap::from([(account(2), "suspended".to_owned())]);
    store
        .record_inventory(
            sweep,
            &listed,
            &BTreeSet::from([account(1)]),
            &skipped,
            true,
        )
        .await
        .unwrap();
    record(store, sweep, &snapshot(1, 0), &failing(1), at(101)).await;
    finish(store, sweep).await;
    let accounts = store.accounts().await.unwrap();
    assert_eq!(accounts[1].state, "suspended");
    assert_eq!(accounts[1].outcome.as_deref(), Some("skipped"));
    assert_eq!(accounts[1].reason.as_deref(), Some("suspended"));
    assert_eq!(accounts[1].failing, 0);
    let summary = store.sweep_summary(sweep).await.unwrap();
    assert_eq!((summary.listed, summary.read, summary.skipped), (2, 1, 1));
    assert_eq!(summary.not_read[0].reason, "suspended");
}

async fn an_incomplete_list_closes_nobody_and_forgets_nothing(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1)), (2, failing(2))]).await;
    let complete = store.last_inventory().await.unwrap();
    let sweep = store.start_sweep(&new_sweep()).await.unwrap();
    let mut by_hand = inventory([1, 3], at(100));
    by_hand.organization = None;
    by_hand.management_account = None;
    for listed in &mut by_hand.accounts {
        listed.name = listed.id.to_string();
        listed.email = None;
        listed.ou_path = None;
        listed.ou_ids = Vec::new();
        listed.tags = None;
        listed.joined_at = None;
    }
    let selected = BTreeSet::from([account(1), account(3)]);
    store
        .record_inventory(sweep, &by_hand, &selected, &BTreeMap::new(), false)
        .await
        .unwrap();
    record(store, sweep, &snapshot(1, 0), &passing(1), at(101)).await;
    finish(store, sweep).await;
    let accounts = store.accounts().await.unwrap();
    assert_eq!(accounts.len(), 3);
    assert_eq!(accounts[0].account_name, "account 1");
    assert_eq!(accounts[0].ou_path.as_deref(), Some("Workloads/Unit 1"));
    assert_eq!(accounts[0].passing, 3);
    assert_eq!((accounts[1].closed_at, accounts[1].failing), (None, 3));
    assert_eq!(accounts[2].reason.as_deref(), Some("not_reached"));
    assert_eq!(store.last_inventory().await.unwrap(), complete);
}

async fn an_account_that_comes_back_is_judged_again(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1)), (2, failing(2))]).await;
    night(store, 100, &[(1, failing(1))]).await;
    night(store, 200, &[(1, failing(1)), (2, failing(2))]).await;
    let accounts = store.accounts().await.unwrap();
    assert_eq!(
        (
            accounts[1].state.as_str(),
            accounts[1].closed_at,
            accounts[1].failing
        ),
        ("active", None, 3)
    );
    let periods = store
        .query(
            "select count(*) from finding_period where account_id = '000000000002' and control = 'vpc-changes'",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    assert_eq!(periods.rows, [[Some("2".to_owned())]]);
}

async fn accounts_of_another_organization_are_left_alone(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1))]).await;
    let sweep = store.start_sweep(&new_sweep()).await.unwrap();
    let mut other = inventory([7], at(100));
    other.organization = Some("o-zzzzzzzzzz".parse().unwrap());
    store
        .record_inventory(
            sweep,
            &other,
            &BTreeSet::from([account(7)]),
            &BTreeMap::new(),
            true,
        )
        .await
        .unwrap();
    let accounts = store.accounts().await.unwrap();
    assert!(accounts.iter().all(|account| account.closed_at.is_none()));
    assert_eq!(accounts[0].failing, 3);
}

async fn an_inventory_that_is_stored_again_keeps_outcomes(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    record(store, sweep, &snapshot(1, 0), &failing(1), at(1)).await;
    let again = inventory([1, 2, 3], at(50));
    let selected = BTreeSet::from([account(1), account(2), account(3)]);
    store
        .record_inventory(sweep, &again, &selected, &BTreeMap::new(), true)
        .await
        .unwrap();
    assert_eq!(
        store.pending_accounts(sweep).await.unwrap(),
        [account(2), account(3)]
    );
}
