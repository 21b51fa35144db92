//! The outbox: written with the end of a sweep, emptied by one process at a time.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use orgsweep_store::{ChangeKind, DueNotification, NotificationId, Store, SweepTotals};
use serde_json::json;

use crate::support::{
    Database, at, count, failing, night, on_both, passing, record, snapshot, sweep_of,
};

on_both!(
    the_end_of_a_sweep_leaves_one_notification_per_channel,
    what_a_sender_left_behind_is_in_doubt,
    a_notification_is_tried_again_at_its_time_and_ends_once,
    changes_are_grouped_by_cause_and_compared_with_what_held_before,
    one_process_at_a_time_has_the_right_to_send,
);

async fn due(store: &Store) -> Vec<DueNotification> {
    store.due_notifications(Utc::now()).await.unwrap()
}

/// The id of the only notification of a new sweep.
async fn only(store: &Store) -> NotificationId {
    let sweep = sweep_of(store, &[1], at(0)).await;
    let channels = ["webhook"];
    let totals = SweepTotals::default();
    store
        .finish_sweep_telling(sweep, &totals, &channels)
        .await
        .unwrap();
    due(store).await[0].id
}

async fn state(store: &Store) -> (String, u32, bool) {
    let row = store.notifications().await.unwrap().remove(0);
    (row.state, row.attempts, row.in_doubt)
}

async fn the_end_of_a_sweep_leaves_one_notification_per_channel(database: &Database) {
    let store = &database.store;
    let sweep = sweep_of(store, &[1], at(0)).await;
    let cut_short = SweepTotals {
        interrupted: true,
        ..SweepTotals::default()
    };
    let channels = ["webhook", "email"];
    store
        .finish_sweep_telling(sweep, &cut_short, &channels)
        .await
        .unwrap();
    assert!(due(store).await.is_empty(), "the sweep has not ended");
    for _ in 0..2 {
        let totals = SweepTotals::default();
        store
            .finish_sweep_telling(sweep, &totals, &channels)
            .await
            .unwrap();
    }
    let told: Vec<_> = due(store)
        .await
        .into_iter()
        .map(|due| (due.channel, due.sweep, due.content))
        .collect();
    assert_eq!(
        told,
        [
            ("email".to_owned(), sweep, None),
            ("webhook".to_owned(), sweep, None)
        ]
    );
    let silent = sweep_of(store, &[1], at(1)).await;
    store
        .finish_sweep(silent, &SweepTotals::default())
        .await
        .unwrap();
    assert_eq!(count(store, "select count(*) from notification").await, 2);
}

async fn what_a_sender_left_behind_is_in_doubt(database: &Database) {
    let store = &database.store;
    let id = only(store).await;
    assert_eq!(store.settle_doubtful_notifications(true).await.unwrap(), 0);
    assert!(store.sending(id, &json!({"n": 1})).await.unwrap());
    assert!(
        !store.sending(id, &json!({"n": 2})).await.unwrap(),
        "it is taken"
    );
    assert!(due(store).await.is_empty());

    // The sender is gone.
    assert_eq!(store.settle_doubtful_notifications(false).await.unwrap(), 1);
    assert_eq!(state(store).await, ("held".to_owned(), 1, true));
    assert!(due(store).await.is_empty(), "a person decides");
    assert_eq!(store.requeue_notifications(&[]).await.unwrap(), 0);
    assert_eq!(store.requeue_notifications(&[id]).await.unwrap(), 1);
    assert!(store.sending(id, &json!({"n": 3})).await.unwrap());
    assert_eq!(store.settle_doubtful_notifications(true).await.unwrap(), 1);
    let again = due(store).await.remove(0);
    assert!(again.in_doubt);
    assert_eq!(
        again.content,
        Some(json!({"n": 1})),
        "every attempt says the same"
    );
}

async fn a_notification_is_tried_again_at_its_time_and_ends_once(database: &Database) {
    let store = &database.store;
    let id = only(store).await;
    store.sending(id, &json!({})).await.unwrap();
    let later = Utc::now() + TimeDelta::hours(1);
    store
        .postpone_notification(id, later, "busy")
        .await
        .unwrap();
    assert!(due(store).await.is_empty());
    assert!(store.next_notification().await.unwrap() > Some(Utc::now()));
    let at_its_time = store
        .due_notifications(later + TimeDelta::seconds(1))
        .await
        .unwrap();
    assert_eq!((at_its_time.len(), at_its_time[0].in_doubt), (1, false));
    store.sending(id, &json!({})).await.unwrap();
    store.sent(id).await.unwrap();
    store.give_up_notification(id, "late").await.unwrap();
    assert_eq!(state(store).await, ("sent".to_owned(), 2, false));
    assert_eq!(
        store.requeue_notifications(&[id]).await.unwrap(),
        0,
        "it is sent"
    );
    assert_eq!(
        store.notification_counts().await.unwrap(),
        [("sent".to_owned(), 1)]
    );
}

async fn changes_are_grouped_by_cause_and_compared_with_what_held_before(database: &Database) {
    let store = &database.store;
    night(
        store,
        0,
        &[(1, passing(1)), (2, failing(2)), (3, failing(3))],
    )
    .await;
    // The second night reads two of the three.
    let second = sweep_of(store, &[1, 2, 3], at(100)).await;
    record(store, second, &snapshot(1, 0), &failing(1), at(110)).await;
    record(store, second, &snapshot(2, 0), &passing(2), at(110)).await;
    store
        .finish_sweep(second, &SweepTotals::default())
        .await
        .unwrap();
    let changes = store.changes_by_cause(second).await.unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            (
                change.change,
                change.accounts,
                change.findings,
                change.controls.len(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (ChangeKind::New, 1, 3, 3),
            (ChangeKind::Fixed, 1, 3, 3),
            (ChangeKind::StillFailing, 1, 3, 3),
        ]
    );
    assert!(
        changes[1].cause.contains("000000000002"),
        "{:?}",
        changes[1]
    );
    assert_eq!(changes[1].reason, "no_filter", "what had been broken");
}

async fn one_process_at_a_time_has_the_right_to_send(database: &Database) {
    let store = &database.store;
    let mut first = store.lock_sending(Duration::ZERO).await.unwrap().unwrap();
    assert!(first.holds().await);
    let second = store.lock_sending(Duration::ZERO).await.unwrap();
    assert_eq!(second.is_some(), store.is_embedded());
    let sweeping = store.lock_sweeps(Duration::ZERO).await.unwrap();
    assert!(sweeping.is_some(), "sweeping is another right");
    first.release().await;
}
