//! Pruning: what goes, what stays, and that nobody takes what is left of a night for the whole.

use chrono::{DateTime, Utc};
use orgsweep_store::{Kept, Night, Pruned, Store, StoreError, SweepId};

use crate::support::{
    Database, account, at, count, failing, finish, on_both, passing, record, snapshot, sweep_of,
};

on_both!(
    old_nights_lose_their_rows_and_facts_that_nobody_refers_to,
    pruning_twice_drops_nothing_more,
    an_account_that_was_not_read_since_keeps_its_last_facts,
    what_is_left_of_a_pruned_night_is_not_taken_for_the_whole,
);

const DAY: i64 = 86_400;

/// A night of accounts 1 and 2 on that day; their facts are those of `variation`.
async fn night(store: &Store, day: i64, variation: u32, read: &[u32]) -> SweepId {
    let sweep = sweep_of(store, &[1, 2], at(day * DAY)).await;
    for number in read {
        let findings = if variation.is_multiple_of(2) {
            failing(*number)
        } else {
            passing(*number)
        };
        let facts = snapshot(*number, variation);
        record(store, sweep, &facts, &findings, at(day * DAY + 10)).await;
    }
    for number in [1, 2].iter().filter(|number| !read.contains(number)) {
        let moment = at(day * DAY + 10);
        let id = account(*number);
        store
            .record_failure(sweep, &id, "timed_out", "late", 1, 0, moment, moment)
            .await
            .unwrap();
    }
    finish(store, sweep).await;
    sqlx::query("update sweep set started_at = $1 where sweep_id = $2")
        .bind(at(day * DAY))
        .bind(sweep.0)
        .execute(store.pool())
        .await
        .unwrap();
    sweep
}

/// Four nights, the last two with the same facts.
async fn four_nights(store: &Store) {
    for (day, variation) in [(0, 0), (1, 1), (2, 2), (3, 2)] {
        night(store, day, variation, &[1, 2]).await;
    }
}

/// Before the third night.
fn limit() -> DateTime<Utc> {
    at(2 * DAY - 10)
}

async fn old_nights_lose_their_rows_and_facts_that_nobody_refers_to(database: &Database) {
    let store = &database.store;
    four_nights(store).await;
    let periods = count(store, "select count(*) from finding_history").await;
    let (planned, kept) = store.prunable(limit()).await.unwrap();
    // The second night holds each account's last facts before the limit.
    assert_eq!(
        planned,
        Pruned {
            nights: 1,
            outcomes: 2,
            snapshots: 2,
            snapshot_bytes: planned.snapshot_bytes,
        }
    );
    assert!(planned.snapshot_bytes > 0);
    assert_eq!(
        kept,
        Kept {
            nights: 3,
            outcomes: 6,
            snapshots: 4,
            snapshot_bytes: kept.snapshot_bytes,
            periods: 18,
        }
    );
    assert_eq!(count(store, "select count(*) from sweep_account").await, 8);

    assert_eq!(store.prune(limit()).await.unwrap(), planned);
    for (left, sql) in [
        (6, "select count(*) from sweep_account"),
        (4, "select count(*) from snapshot"),
        (4, "select count(*) from sweep"),
        (
            1,
            "select count(*) from coverage_of_sweep where pruned_at is not null and done = 2",
        ),
        (6, "select count(*) from posture"),
        (periods, "select count(*) from finding_history"),
        (6, "select count(*) from as_of(to_timestamp(1800000020))"),
    ] {
        assert_eq!(count(store, sql).await, left, "{sql}");
    }
}

async fn pruning_twice_drops_nothing_more(database: &Database) {
    let store = &database.store;
    four_nights(store).await;
    store.prune(limit()).await.unwrap();
    let (planned, _) = store.prunable(limit()).await.unwrap();
    assert_eq!(planned, Pruned::default());
    assert_eq!(store.prune(limit()).await.unwrap(), Pruned::default());
    // Later the limit has moved on, and the second night is no longer needed.
    let later = store.prune(at(3 * DAY - 10)).await.unwrap();
    assert_eq!((later.nights, later.outcomes, later.snapshots), (1, 2, 2));
}

async fn an_account_that_was_not_read_since_keeps_its_last_facts(database: &Database) {
    let store = &database.store;
    night(store, 0, 0, &[1, 2]).await;
    for day in [1, 2, 3] {
        night(store, day, 1, &[1]).await;
    }
    store.prune(at(4 * DAY)).await.unwrap();
    let facts = store.snapshot(&account(2)).await.unwrap();
    assert_eq!(facts, Some(snapshot(2, 0)));
    assert_eq!(
        store.snapshot(&account(1)).await.unwrap(),
        Some(snapshot(1, 1))
    );
}

async fn what_is_left_of_a_pruned_night_is_not_taken_for_the_whole(database: &Database) {
    let store = &database.store;
    four_nights(store).await;
    store.prune(limit()).await.unwrap();
    for night in [Night::Sweep(1), Night::AsOf(at(-5))] {
        let refused = store.night_accounts(night).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Pruned { until } if until == at(0)),
            "{night:?}: {refused:?}"
        );
    }
    let refused = store.finding_changes(1, 4).await.unwrap_err();
    assert!(matches!(refused, StoreError::Pruned { .. }), "{refused:?}");
    // Every moment after the limit can be judged as before.
    for night in [
        Night::Sweep(2),
        Night::Sweep(4),
        Night::AsOf(limit()),
        Night::AsOf(at(3 * DAY)),
    ] {
        let accounts = store.night_accounts(night).await.unwrap();
        assert_eq!(accounts.len(), 2, "{night:?}");
    }
    assert!(!store.finding_changes(2, 4).await.unwrap().is_empty());
}
