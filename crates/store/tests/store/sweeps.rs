//! The life of a sweep: started, cut short, resumed, finished, abandoned.

use std::time::Duration;

use orgsweep_store::{NewSweep, Recorded, StoreError, SweepId, SweepTotals};

use crate::support::{
    Database, account, at, contents, failing, finish, new_sweep, on_both, passing, record,
    snapshot, sweep_of,
};

on_both!(
    a_sweep_that_was_cut_short_is_found_and_resumed,
    a_resumed_sweep_leads_to_the_rows_of_an_undisturbed_one,
    a_finished_sweep_is_not_resumed_and_stays_as_it_is,
    an_abandoned_sweep_leaves_no_account_without_an_outcome,
    calls_of_all_processes_add_up,
    a_sweep_of_named_accounts_is_no_night,
    one_process_at_a_time_has_the_right_to_sweep,
    the_summary_of_no_sweep_is_an_error,
);

async fn a_sweep_that_was_cut_short_is_found_and_resumed(database: &Database) {
    let store = &database.store;
    assert_eq!(store.unfinished_sweep().await.unwrap(), None);
    let sweep = store.start_sweep(&new_sweep()).await.unwrap();
    let unfinished = store.unfinished_sweep().await.unwrap().unwrap();
    assert_eq!(
        (unfinished.id, unfinished.done, unfinished.pending),
        (sweep, 0, 0)
    );
    let sweep = sweep_of(store, &[1, 2, 3], at(0)).await;
    record(store, sweep, &snapshot(2, 0), &passing(2), at(1)).await;
    let totals = SweepTotals {
        calls: 5,
        throttles: 0,
        interrupted: true,
    };
    store.finish_sweep(sweep, &totals).await.unwrap();
    let unfinished = store.unfinished_sweep().await.unwrap().unwrap();
    assert_eq!(
        (unfinished.id, unfinished.done, unfinished.pending),
        (sweep, 1, 2)
    );
    assert_eq!(unfinished.config_digest, "d");
    assert_eq!(
        store.pending_accounts(sweep).await.unwrap(),
        [account(1), account(3)]
    );
    let summary = store.sweep_summary(sweep).await.unwrap();
    assert_eq!(
        (summary.state.as_str(), summary.pending),
        ("interrupted", 2)
    );
}

async fn a_sweep_of_named_accounts_is_no_night(database: &Database) {
    let store = &database.store;
    let named = NewSweep {
        is_partial: true,
        ..new_sweep()
    };
    let repaired = store.start_sweep(&named).await.unwrap();
    finish(store, repaired).await;
    assert_eq!(store.last_night_started().await.unwrap(), None);
    assert_eq!(store.last_finished_sweep().await.unwrap(), Some(repaired));

    let night = store.start_sweep(&new_sweep()).await.unwrap();
    finish(store, night).await;
    let began = store.last_night_started().await.unwrap();
    assert!(began.is_some());
    let repaired = store.start_sweep(&named).await.unwrap();
    finish(store, repaired).await;
    assert_eq!(store.last_night_started().await.unwrap(), began);
    assert_eq!(store.last_finished_sweep().await.unwrap(), Some(night));
}

async fn a_resumed_sweep_leads_to_the_rows_of_an_undisturbed_one(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    record(store, sweep, &snapshot(1, 0), &failing(1), at(1)).await;
    store
        .finish_sweep(
            sweep,
            &SweepTotals {
                interrupted: true,
                ..SweepTotals::default()
            },
        )
        .await
        .unwrap();
    for number in [1, 2] {
        record(store, sweep, &snapshot(number, 0), &failing(number), at(1)).await;
    }
    finish(store, sweep).await;
    let resumed = contents(store).await;

    let other = crate::support::on_server().await;
    let sweep = sweep_of(&other.store, &[1, 2], at(0)).await;
    for number in [1, 2] {
        record(
            &other.store,
            sweep,
            &snapshot(number, 0),
            &failing(number),
            at(1),
        )
        .await;
    }
    finish(&other.store, sweep).await;
    assert_eq!(resumed, contents(&other.store).await);
    other.store.close().await;
}

async fn a_finished_sweep_is_not_resumed_and_stays_as_it_is(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    record(store, sweep, &snapshot(1, 0), &failing(1), at(1)).await;
    finish(store, sweep).await;
    assert_eq!(store.unfinished_sweep().await.unwrap(), None);
    let before = contents(store).await;
    finish(store, sweep).await;
    store.abandon_sweep(sweep, "no reason").await.unwrap();
    assert_eq!(contents(store).await, before);
}

async fn an_abandoned_sweep_leaves_no_account_without_an_outcome(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1, 2], at(0)).await;
    record(store, sweep, &snapshot(1, 0), &failing(1), at(1)).await;
    store
        .abandon_sweep(sweep, "too old to resume")
        .await
        .unwrap();
    assert_eq!(store.unfinished_sweep().await.unwrap(), None);
    let summary = store.sweep_summary(sweep).await.unwrap();
    assert_eq!(summary.state, "abandoned");
    assert_eq!((summary.read, summary.failed, summary.pending), (1, 1, 0));
    assert_eq!(summary.not_read[0].reason, "not_reached");
}

async fn calls_of_all_processes_add_up(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    for interrupted in [true, true, false] {
        let totals = SweepTotals {
            calls: 10,
            throttles: 1,
            interrupted,
        };
        store.finish_sweep(sweep, &totals).await.unwrap();
    }
    let summary = store.sweep_summary(sweep).await.unwrap();
    assert_eq!((summary.calls, summary.throttles), (30, 3));
}

async fn the_summary_of_no_sweep_is_an_error(database: &Database) {
    let sweep = SweepId(uuid::Uuid::nil());
    assert_eq!(
        database.store.sweep_summary(sweep).await.unwrap_err(),
        StoreError::NoSuchSweep { sweep }
    );
}

#[tokio::test]
async fn many_accounts_are_recorded_at_once_by_tasks_of_their_own() {
    let database = crate::support::on_server().await;
    let numbers: Vec<u32> = (1..=60).collect();
    let sweep = sweep_of(&database.store, &numbers, at(0)).await;
    let tasks: Vec<_> = numbers
        .into_iter()
        .flat_map(|number| [number, number])
        .map(|number| {
            let store = database.store.clone();
            tokio::spawn(async move {
                record(&store, sweep, &snapshot(number, 0), &failing(number), at(1)).await
            })
        })
        .collect();
    let mut written = 0;
    for task in tasks {
        if task.await.unwrap() != Recorded::AlreadyRecorded {
            written += 1;
        }
    }
    assert_eq!(written, 60);
    finish(&database.store, sweep).await;
    let summary = database.store.sweep_summary(sweep).await.unwrap();
    assert_eq!((summary.read, summary.new), (60, 180));
    database.store.close().await;
}

async fn one_process_at_a_time_has_the_right_to_sweep(database: &Database) {
    let store = &database.store;
    let first = store.lock_sweeps(Duration::ZERO).await.unwrap().unwrap();
    let second = store.lock_sweeps(Duration::ZERO).await.unwrap();
    // The embedded database belongs to this process alone, so there it is always free.
    assert_eq!(second.is_none(), !store.is_embedded());
    first.release().await;
    let patience = Duration::from_secs(10);
    assert!(store.lock_sweeps(patience).await.unwrap().is_some());
}
