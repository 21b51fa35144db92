//! Sweeps that several processes share: claims, late answers, shared facts, shares of budgets.

use std::time::Duration;

use futures::FutureExt as _;
use orgsweep_store::{Recorded, SharedFacts, SweepTotals};
use uuid::Uuid;

use crate::support::{
    Database, account, at, count, failing, finish, on_both, passing, record, snapshot, sweep_of,
};

on_both!(
    a_worker_that_has_lost_its_claim_changes_nothing,
    there_is_nothing_to_claim_in_a_sweep_that_is_not_under_way,
    the_first_facts_that_are_shared_win_and_end_with_the_sweep,
    shares_of_a_budget_are_never_more_than_the_whole,
    who_is_stopped_while_it_begins_leaves_no_transaction_open,
);

/// How long leases last in these tests: longer than any of them.
const LONG: Duration = Duration::from_hours(1);

async fn a_worker_that_has_lost_its_claim_changes_nothing(database: &Database) {
    let store = &database.store;
    let [slow, quick] = [1, 2].map(|name| store.claiming_as(Uuid::from_u128(name)));
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    assert!(slow.claim_account(sweep, &account(1)).await.unwrap());
    assert!(quick.claim_account(sweep, &account(1)).await.unwrap());
    let late = record(&slow, sweep, &snapshot(1, 9), &failing(1), at(5)).await;
    assert_eq!(late, Recorded::AlreadyRecorded);
    slow.record_failure(sweep, &account(1), "timed_out", "late", 1, 0, at(5), at(6))
        .await
        .unwrap();
    assert_eq!(store.left_and_failed(sweep).await.unwrap(), (2, 0));

    let in_time = record(&quick, sweep, &snapshot(1, 0), &passing(1), at(7)).await;
    assert!(matches!(in_time, Recorded::Written { .. }), "{in_time:?}");
    assert!(
        !slow.claim_account(sweep, &account(1)).await.unwrap(),
        "it is done"
    );
    assert_eq!(
        count(store, "select count(*) from finding where verdict = 'fail'").await,
        0
    );

    // What nobody has claimed is recorded by nobody but the process that began the sweep.
    let unclaimed = record(&quick, sweep, &snapshot(2, 0), &failing(2), at(8)).await;
    assert_eq!(unclaimed, Recorded::AlreadyRecorded);
    assert!(slow.claim_account(sweep, &account(2)).await.unwrap());
    store.release_claims(sweep).await.unwrap();
    let given_up = record(&slow, sweep, &snapshot(2, 0), &failing(2), at(8)).await;
    assert_eq!(given_up, Recorded::AlreadyRecorded);
    record(store, sweep, &snapshot(2, 0), &passing(2), at(9)).await;
    assert_eq!(store.left_and_failed(sweep).await.unwrap(), (0, 0));
}

async fn there_is_nothing_to_claim_in_a_sweep_that_is_not_under_way(database: &Database) {
    let store = &database.store;
    let worker = store.claiming_as(Uuid::from_u128(1));
    let sweep = sweep_of(store, &[1], at(0)).await;
    let running = worker.running_sweep(sweep).await.unwrap().unwrap();
    assert_eq!(
        (
            running.catalog_digest.as_str(),
            running.config_digest.as_str()
        ),
        ("c", "d")
    );
    let cut_short = SweepTotals {
        interrupted: true,
        ..SweepTotals::default()
    };
    store.finish_sweep(sweep, &cut_short).await.unwrap();
    assert!(!worker.claim_account(sweep, &account(1)).await.unwrap());
    assert_eq!(worker.running_sweep(sweep).await.unwrap(), None);
}

async fn the_first_facts_that_are_shared_win_and_end_with_the_sweep(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    assert_eq!(store.shared_facts(sweep, &account(1)).await.unwrap(), None);
    let facts = |variant| SharedFacts {
        snapshot: snapshot(1, variant),
        calls: 7,
        throttles: 1,
    };
    let first = store.share_facts(sweep, &facts(0)).await.unwrap();
    let second = store.share_facts(sweep, &facts(1)).await.unwrap();
    assert_eq!((first, second), (facts(0), facts(0)));
    assert_eq!(
        store.shared_owners(sweep).await.unwrap(),
        [account(1)].into()
    );
    store.add_calls(sweep, 40, 3).await.unwrap();
    finish(store, sweep).await;
    assert!(store.shared_owners(sweep).await.unwrap().is_empty());
    assert_eq!(store.sweep_summary(sweep).await.unwrap().calls, 140);
}

async fn shares_of_a_budget_are_never_more_than_the_whole(database: &Database) {
    let store = &database.store;
    let [one, two, three] = [1, 2, 3].map(|name| store.claiming_as(Uuid::from_u128(name)));
    let all = async || -> f64 {
        sqlx::query_scalar("select coalesce(sum(share), 0) from budget_lease where budget = 'sts'")
            .fetch_one(store.pool())
            .await
            .unwrap()
    };
    let close = |share: f64, expected: f64| (share - expected).abs() < 1e-9;
    assert!(close(one.lease_budget("sts", LONG).await.unwrap(), 1.0));
    // A newcomer waits until the others have made room.
    assert!(close(two.lease_budget("sts", LONG).await.unwrap(), 0.0));
    assert!(close(one.lease_budget("sts", LONG).await.unwrap(), 0.5));
    assert!(close(two.lease_budget("sts", LONG).await.unwrap(), 0.5));
    assert!(close(three.lease_budget("sts", LONG).await.unwrap(), 0.0));
    assert!(
        close(three.lease_budget("others", LONG).await.unwrap(), 1.0),
        "another budget"
    );
    for _ in 0..3 {
        for worker in [&one, &two, &three] {
            worker.lease_budget("sts", LONG).await.unwrap();
            assert!(all().await <= 1.0 + 1e-9);
        }
    }
    assert!(close(
        three.lease_budget("sts", LONG).await.unwrap(),
        1.0 / 3.0
    ));
    one.end_budget_lease("sts").await.unwrap();
    // One that is gone without a word has its share until the lease ends.
    two.lease_budget("sts", Duration::ZERO).await.unwrap();
    assert!(close(three.lease_budget("sts", LONG).await.unwrap(), 1.0));
}

/// A connection that came back to the pool inside a transaction would lose what others write with it.
async fn who_is_stopped_while_it_begins_leaves_no_transaction_open(database: &Database) {
    let store = database.store.claiming_as(Uuid::from_u128(1));
    for polls in 0..60_u32 {
        let mut lease = Box::pin(store.lease_budget("sts", LONG));
        for _ in 0..polls {
            if (&mut lease).now_or_never().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_micros(1)).await;
        }
        drop(lease);
        sqlx::query(
            "insert into budget_lease (budget, holder, share, expires_at)
             values ('kept', gen_random_uuid(), 0, now())",
        )
        .execute(store.pool())
        .await
        .unwrap();
        // Of a transaction that nobody knows of, this takes back the insertion.
        sqlx::raw_sql("rollback")
            .execute(store.pool())
            .await
            .unwrap();
        let kept = "select count(*) from budget_lease where budget = 'kept'";
        assert_eq!(count(&store, kept).await, i64::from(polls) + 1);
    }
}
