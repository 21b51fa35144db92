//! The law of the history: whatever nights follow each other, the periods of a finding
//! touch and never overlap, one at most is open, and it is what the finding says.

use orgsweep_controls::finding::Verdict;
use orgsweep_controls::reason::Reason;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{CONTROLS, at, count, finding, finish, on_server, record, snapshot, sweep_of};

/// What an account shows in a night: a verdict, or it can't be read.
#[derive(Debug, Clone, Copy)]
enum Night {
    Found(Verdict, Reason),
    NotRead,
    NotListed,
}

fn any_night() -> impl Strategy<Value = (Night, i64)> {
    let kinds = prop_oneof![
        3 => Just(Night::Found(Verdict::Fail, Reason::NoFilter)),
        2 => Just(Night::Found(Verdict::Fail, Reason::NoAlarm)),
        3 => Just(Night::Found(Verdict::Pass, Reason::Covered)),
        1 => Just(Night::Found(Verdict::Unknown, Reason::FactUnread)),
        1 => Just(Night::NotRead),
        1 => Just(Night::NotListed),
    ];
    // Clocks of several machines: now and then the next night seems to be earlier.
    (kinds, -50_i64..100)
}

#[tokio::test]
async fn periods_never_overlap_whatever_the_nights_bring() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..12 {
        let nights = proptest::collection::vec(any_night(), 1..10)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let database = on_server().await;
        let store = &database.store;
        let mut clock = 0;
        for (night, step) in &nights {
            clock += step;
            let numbers: &[u32] = match night {
                Night::NotListed => &[2],
                _ => &[1, 2],
            };
            let sweep = sweep_of(store, numbers, at(clock)).await;
            if let Night::Found(verdict, reason) = night {
                let found = [finding(1, CONTROLS[0], *verdict, *reason)];
                record(store, sweep, &snapshot(1, 0), &found, at(clock + 1)).await;
            }
            finish(store, sweep).await;
        }
        let overlapping = "select count(*) from finding_history a join finding_history b
            on a.account_no = b.account_no and a.control_no = b.control_no
            and a.valid_from < b.valid_from
            and coalesce(a.valid_until, 'infinity') > b.valid_from";
        assert_eq!(count(store, overlapping).await, 0, "{nights:?}");
        let disagreeing = "select count(*)
            from finding f
            full join (select * from finding_history where valid_until is null) h
                using (account_no, control_no)
            where (f.verdict, f.reason, f.since) is distinct from (h.verdict, h.reason, h.valid_from)";
        assert_eq!(count(store, disagreeing).await, 0, "{nights:?}");
        database.store.close().await;
    }
}

#[tokio::test]
async fn the_database_itself_refuses_a_second_open_period() {
    let database = on_server().await;
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    let found = [finding(1, CONTROLS[0], Verdict::Fail, Reason::NoTrail)];
    record(store, sweep, &snapshot(1, 0), &found, at(1)).await;
    let error = sqlx::query(
        "insert into finding_history (account_no, control_no, verdict, reason, valid_from, opened_in)
         select account_no, control_no, 'pass', 'covered', valid_from + interval '1 hour', opened_in
         from finding_history",
    )
    .execute(store.pool())
    .await
    .unwrap_err();
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    assert_eq!(code.as_deref(), Some("23P01"), "{error}");
    database.store.close().await;
}
