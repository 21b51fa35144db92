//! The numbers of a sweep.

use orgsweep_controls::finding::Verdict;
use orgsweep_controls::reason::Reason;

use crate::support::{
    CONTROLS, Database, account, at, failing, finding, findings, finish, night, on_both, passing,
    record, snapshot, sweep_of,
};

on_both!(
    a_sweep_is_compared_with_what_was_before_it,
    one_broken_chain_is_one_cause,
    accounts_that_were_not_read_are_told_by_reason,
);

async fn a_sweep_is_compared_with_what_was_before_it(database: &Database) {
    let store = &database.store;
    let one = |number, verdict, reason| vec![finding(number, CONTROLS[1], verdict, reason)];
    let first = night(
        store,
        0,
        &[
            (1, one(1, Verdict::Fail, Reason::NoFilter)),
            (2, one(2, Verdict::Fail, Reason::NoFilter)),
            (3, one(3, Verdict::Pass, Reason::Covered)),
            (4, one(4, Verdict::Fail, Reason::NoFilter)),
            (5, one(5, Verdict::Fail, Reason::NoFilter)),
        ],
    )
    .await;
    let second = night(
        store,
        100,
        &[
            (1, one(1, Verdict::Fail, Reason::NoFilter)),
            (2, one(2, Verdict::Pass, Reason::Covered)),
            (3, one(3, Verdict::Fail, Reason::NoAlarm)),
            (4, one(4, Verdict::Fail, Reason::NoAlarm)),
            (5, one(5, Verdict::Unknown, Reason::FactUnread)),
            (6, one(6, Verdict::Fail, Reason::NoTrail)),
        ],
    )
    .await;
    night(store, 200, &[(1, one(1, Verdict::Pass, Reason::Covered))]).await;

    let summary = store.sweep_summary(first).await.unwrap();
    assert!(!summary.has_predecessor);
    assert_eq!(
        (summary.new, summary.fixed, summary.still_failing),
        (4, 0, 0)
    );
    let summary = store.sweep_summary(second).await.unwrap();
    assert!(summary.has_predecessor);
    assert_eq!(
        (summary.new, summary.fixed, summary.still_failing),
        (2, 1, 2)
    );
    assert_eq!(summary.accounts_failing, 4);
    let control = &summary.controls[0];
    assert_eq!(
        (control.passing, control.failing, control.unknown),
        (1, 4, 1)
    );
}

async fn one_broken_chain_is_one_cause(database: &Database) {
    let store = &database.store;
    let cause = "no_filter: arn:aws:logs:eu-west-1:000000000001:log-group:trail";
    let accounts: Vec<_> = (1..=9)
        .map(|number| {
            let mut all = failing(number);
            for finding in &mut all {
                cause.clone_into(&mut finding.cause);
            }
            (number, all)
        })
        .collect();
    let sweep = night(store, 0, &accounts).await;
    let summary = store.sweep_summary(sweep).await.unwrap();
    assert_eq!(summary.causes.len(), 1);
    let found = &summary.causes[0];
    assert_eq!(
        (
            found.cause.as_str(),
            found.accounts,
            found.findings,
            found.controls.len()
        ),
        (cause, 9, 27, 3)
    );
    assert_eq!(found.example, account(1));
    assert_eq!(found.summary, accounts[0].1[0].summary);
}

async fn accounts_that_were_not_read_are_told_by_reason(database: &Database) {
    let store = &database.store;
    night(store, 0, &[(1, passing(1)), (2, passing(2))]).await;
    let sweep = sweep_of(store, &[1, 2, 3], at(100)).await;
    let unknown = findings(1, Verdict::Unknown, Reason::FactUnread);
    record(store, sweep, &snapshot(1, 0), &unknown, at(101)).await;
    for number in [2, 3] {
        store
            .record_failure(
                sweep,
                &account(number),
                "throttled",
                "too many requests",
                4,
                4,
                at(100),
                at(101),
            )
            .await
            .unwrap();
    }
    finish(store, sweep).await;
    let summary = store.sweep_summary(sweep).await.unwrap();
    assert_eq!((summary.listed, summary.read, summary.failed), (3, 1, 2));
    assert_eq!(summary.not_read.len(), 1);
    assert_eq!(summary.not_read[0].accounts, 2);
    assert_eq!(summary.not_read[0].example, account(2));
    assert_eq!(
        summary.not_read[0].message.as_deref(),
        Some("too many requests")
    );
    assert_eq!(summary.oldest_observed_at, Some(at(10)));
}
