//! Recording accounts: once, twice, unchanged, changed, out of order.

use std::sync::Arc;

use crate::support::{
    CONTROLS, Database, account, at, contents, count, failing, finding, findings, finish, night,
    on_both, on_server, passing, record, snapshot, sweep_of,
};
use orgsweep_controls::AccountSnapshot;
use orgsweep_controls::finding::{Finding, Verdict};
use orgsweep_controls::reason::Reason;
use orgsweep_store::{
    AccountRecord, FindingFilter, FindingRecord, QueryLimits, Recorded, StoreError,
};

on_both!(
    recording_twice_changes_nothing,
    several_accounts_at_once_are_recorded_as_one_by_one,
    a_batch_is_recorded_whole_or_not_at_all,
    an_unchanged_second_sweep_adds_no_snapshot_and_no_history,
    a_changed_verdict_closes_one_period_and_opens_another,
    new_evidence_alone_is_kept_without_a_new_period,
    a_stored_snapshot_comes_back_as_it_was,
    a_control_that_is_not_judged_any_more_ends,
    a_failed_account_keeps_its_last_verdict_and_is_marked,
    a_late_account_of_an_earlier_sweep_does_not_overwrite_a_later_one,
    an_account_outside_the_sweep_is_refused,
    text_with_nul_characters_is_stored,
);

async fn recording_twice_changes_nothing(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    let first = record(store, sweep, &snapshot(1, 0), &failing(1), at(1)).await;
    assert_eq!(
        first,
        Recorded::Written {
            new_snapshot: true,
            turned: CONTROLS.len(),
            refreshed: 0,
            removed: 0
        }
    );
    let before = contents(store).await;
    let second = record(store, sweep, &snapshot(1, 5), &passing(1), at(2)).await;
    assert_eq!(second, Recorded::AlreadyRecorded);
    store
        .record_failure(sweep, &account(1), "timed_out", "late", 1, 0, at(2), at(3))
        .await
        .unwrap();
    assert_eq!(contents(store).await, before);
}

/// Findings of every kind, so that the first account brings every set of Regions.
fn mixed(number: u32) -> Vec<Finding> {
    let mut findings = failing(number);
    findings[1] = finding(number, CONTROLS[1], Verdict::Pass, Reason::Covered);
    findings
}

/// An account that was read and judged.
type Judged = (AccountSnapshot, Arc<[FindingRecord]>);

fn judged(snapshot: AccountSnapshot, findings: &[Finding]) -> Judged {
    (snapshot, FindingRecord::of_all(findings).unwrap())
}

fn records(accounts: &[Judged], when: i64) -> Vec<AccountRecord<'_>> {
    accounts
        .iter()
        .map(|(snapshot, findings)| AccountRecord {
            snapshot,
            findings,
            calls: 9,
            throttles: 1,
            started_at: at(when - 1),
            finished_at: at(when),
        })
        .collect()
}

async fn several_accounts_at_once_are_recorded_as_one_by_one(database: &Database) {
    let other = on_server().await;
    let nights = [
        [mixed(1), failing(2), passing(3)],
        // One is unchanged, one turns, one loses a control.
        [mixed(1), passing(2), passing(3)[..2].to_vec()],
        [mixed(1), passing(2), passing(3)],
    ];
    for (when, findings) in (0..).zip(nights) {
        let accounts: Vec<_> = (1..)
            .zip(findings)
            .map(|(number, findings)| judged(snapshot(number, when.min(number)), &findings))
            .collect();
        let when = i64::from(when) * 100;
        let sweep = sweep_of(&database.store, &[1, 2, 3], at(when)).await;
        let records = records(&accounts, when + 10);
        let together = database
            .store
            .record_accounts(sweep, &records)
            .await
            .unwrap();
        finish(&database.store, sweep).await;

        let sweep = sweep_of(&other.store, &[1, 2, 3], at(when)).await;
        for (record, recorded) in records.iter().zip(together) {
            let alone = other.store.record_account(sweep, record).await.unwrap();
            assert_eq!(alone, recorded);
        }
        finish(&other.store, sweep).await;
    }
    assert_eq!(
        contents(&database.store).await,
        contents(&other.store).await
    );
    other.store.close().await;
}

async fn a_batch_is_recorded_whole_or_not_at_all(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    let with_a_stranger = [
        judged(snapshot(1, 0), &passing(1)),
        judged(snapshot(3, 0), &passing(3)),
        judged(snapshot(2, 0), &passing(2)),
    ];
    let before = contents(store).await;
    let refused = store
        .record_accounts(sweep, &records(&with_a_stranger, 10))
        .await;
    assert!(
        matches!(&refused, Err(StoreError::NotInSweep { account: stranger, .. }) if *stranger == account(3)),
        "{refused:?}"
    );
    assert_eq!(contents(store).await, before);

    record(store, sweep, &snapshot(1, 0), &passing(1), at(5)).await;
    let again = [
        judged(snapshot(1, 1), &failing(1)),
        judged(snapshot(2, 0), &passing(2)),
        judged(snapshot(2, 1), &failing(2)),
    ];
    let recorded = store
        .record_accounts(sweep, &records(&again, 10))
        .await
        .unwrap();
    // An account that has its outcome, and one that is named a second time, stay as they are.
    assert_eq!(recorded[0], Recorded::AlreadyRecorded);
    assert!(matches!(recorded[1], Recorded::Written { turned: 3, .. }));
    assert_eq!(recorded[2], Recorded::AlreadyRecorded);
    let failing = count(store, "select count(*) from failing").await;
    assert_eq!(failing, 0);
}

async fn an_unchanged_second_sweep_adds_no_snapshot_and_no_history(database: &Database) {
    let store = &database.store;
    let accounts = [(1, failing(1)), (2, passing(2))];
    night(store, 0, &accounts).await;
    let snapshots = count(store, "select count(*) from snapshot").await;
    let periods = count(store, "select count(*) from finding_history").await;
    // A row that is written again gets another place in its table.
    let places = "select md5(string_agg(ctid::text || xmin::text, ',' order by account_no, control_no)) from";
    let rewritten = |table: &str| format!("{places} {table}");
    let mut before = Vec::new();
    for table in ["finding", "finding_detail", "finding_history"] {
        before.push(text(database, &rewritten(table)).await);
    }
    night(store, 86_400, &accounts).await;
    assert_eq!(
        count(store, "select count(*) from snapshot").await,
        snapshots
    );
    assert_eq!(
        count(store, "select count(*) from finding_history").await,
        periods
    );
    let mut after = Vec::new();
    for table in ["finding", "finding_detail", "finding_history"] {
        after.push(text(database, &rewritten(table)).await);
    }
    assert_eq!(after, before, "findings were written again");
    assert_eq!(
        count(
            store,
            "select count(*) from sweep_account where outcome = 'done'"
        )
        .await,
        4
    );
    let rows = store.findings(&FindingFilter::default()).await.unwrap();
    assert!(
        rows.iter()
            .all(|row| row.observed_at == Some(at(86_410)) && row.since == at(10))
    );
}

async fn text(database: &Database, sql: &str) -> String {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
        .fetch_one(database.store.pool())
        .await
        .unwrap()
}

async fn a_changed_verdict_closes_one_period_and_opens_another(database: &Database) {
    let store = &database.store;
    let control = CONTROLS[0];
    let steps = [
        (0, Verdict::Fail, Reason::NoTrail),
        (100, Verdict::Fail, Reason::NoFilter),
        (200, Verdict::Pass, Reason::Covered),
    ];
    for (when, verdict, reason) in steps {
        night(
            store,
            when,
            &[(1, vec![finding(1, control, verdict, reason)])],
        )
        .await;
    }
    let periods = store
        .query(
            "select verdict, reason, valid_from, valid_until from finding_period order by valid_from",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    assert_eq!(periods.rows.len(), 3);
    for pair in periods.rows.windows(2) {
        assert_eq!(pair[0][3], pair[1][2], "one period ends as the next begins");
    }
    assert_eq!(periods.rows[2][3], None);
    let row = store
        .finding(&account(1), &control.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.verdict, row.since), (Verdict::Pass, at(210)));
    assert_eq!(row.failing_since, None);
    let fixed = store
        .query(
            "select repairs, mean_time from mean_time_to_fix where repairs > 0",
            &QueryLimits::default(),
        )
        .await
        .unwrap();
    assert_eq!(
        fixed.rows,
        [[Some("1".to_owned()), Some("00:03:20".to_owned())]]
    );
}

async fn new_evidence_alone_is_kept_without_a_new_period(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1))]).await;
    let mut changed = failing(1);
    "another sentence".clone_into(&mut changed[0].summary);
    changed[0]
        .evidence
        .notes
        .push(orgsweep_controls::finding::Note {
            code: "noise".to_owned(),
            text: "much".to_owned(),
        });
    night(store, 100, &[(1, changed)]).await;
    assert_eq!(
        count(store, "select count(*) from finding_history").await,
        3
    );
    let row = store
        .finding(&account(1), &CONTROLS[0].parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.summary, "another sentence");
    assert_eq!(row.evidence["notes"][0]["code"], "noise");
    assert_eq!(row.since, at(10));
}

async fn a_stored_snapshot_comes_back_as_it_was(database: &Database) {
    let store = &database.store;
    let first = sweep_of(store, &[1], at(0)).await;
    record(store, first, &snapshot(1, 0), &passing(1), at(1)).await;
    finish(store, first).await;
    let second = sweep_of(store, &[1], at(100)).await;
    record(store, second, &snapshot(1, 3), &passing(1), at(101)).await;
    assert_eq!(
        store.snapshot(&account(1)).await.unwrap(),
        Some(snapshot(1, 3))
    );
    assert_eq!(
        store.snapshot_of_sweep(first, &account(1)).await.unwrap(),
        Some(snapshot(1, 0))
    );
    assert_eq!(store.snapshot(&account(2)).await.unwrap(), None);
}

async fn a_control_that_is_not_judged_any_more_ends(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1))]).await;
    night(store, 100, &[(1, failing(1)[..1].to_vec())]).await;
    let rows = store.findings(&FindingFilter::default()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        count(
            store,
            "select count(*) from finding_history where valid_until is null"
        )
        .await,
        1
    );
}

async fn a_failed_account_keeps_its_last_verdict_and_is_marked(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, failing(1)), (2, passing(2))]).await;
    let sweep = sweep_of(store, &[1, 2], at(100)).await;
    record(store, sweep, &snapshot(2, 0), &passing(2), at(101)).await;
    store
        .record_failure(
            sweep,
            &account(1),
            "role_not_assumable",
            "the role cannot be assumed",
            1,
            0,
            at(100),
            at(101),
        )
        .await
        .unwrap();
    finish(store, sweep).await;
    let rows = store
        .findings(&FindingFilter {
            accounts: vec![account(1)],
            ..FindingFilter::default()
        })
        .await
        .unwrap();
    assert_eq!(rows.len(), CONTROLS.len());
    for row in rows {
        assert_eq!(row.verdict, Verdict::Fail);
        assert_eq!(row.observed_at, Some(at(10)));
        assert_eq!(row.not_read_reason.as_deref(), Some("role_not_assumable"));
    }
    let accounts = store.accounts().await.unwrap();
    assert_eq!(accounts[0].outcome.as_deref(), Some("failed"));
    assert_eq!(
        accounts[0].message.as_deref(),
        Some("the role cannot be assumed")
    );
    assert_eq!((accounts[0].failing, accounts[1].passing), (3, 3));
}

async fn a_late_account_of_an_earlier_sweep_does_not_overwrite_a_later_one(database: &Database) {
    let store = &database.store;
    let earlier = sweep_of(store, &[1], at(0)).await;
    let later = sweep_of(store, &[1], at(100)).await;
    record(store, later, &snapshot(1, 1), &passing(1), at(101)).await;
    record(store, earlier, &snapshot(1, 0), &failing(1), at(102)).await;
    let rows = store.findings(&FindingFilter::default()).await.unwrap();
    assert!(rows.iter().all(|row| row.verdict == Verdict::Pass));
    assert!(store.pending_accounts(earlier).await.unwrap().is_empty());
    assert_eq!(
        store.snapshot_of_sweep(earlier, &account(1)).await.unwrap(),
        Some(snapshot(1, 0))
    );
}

async fn an_account_outside_the_sweep_is_refused(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    let error = store
        .record_failure(sweep, &account(9), "throttled", "m", 0, 0, at(0), at(1))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        StoreError::NotInSweep {
            account: account(9),
            sweep
        }
    );
}

async fn text_with_nul_characters_is_stored(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    let mut odd = findings(1, Verdict::Fail, Reason::NoAlarm);
    "a\0b".clone_into(&mut odd[0].summary);
    "\0".clone_into(&mut odd[0].cause);
    odd[0].evidence.witness = Some(serde_json::json!({"k\0": "v\0"}));
    record(store, sweep, &snapshot(1, 0), &odd, at(1)).await;
    let row = store
        .finding(&account(1), &odd[0].control)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.summary, "a\u{fffd}b");
    assert_eq!(row.evidence["witness"]["k\u{fffd}"], "v\u{fffd}");
}
