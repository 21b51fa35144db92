//! Runs of plans: recorded step by step, never changed once done, and judged by what
//! sweeps find since.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use orgsweep_controls::reason::Reason;
use orgsweep_store::{
    ActionRecord, ActionState, ActionStep, Locking, NewAction, NewRun, NewRunFinding, PlanRow,
    QueryLimits, RunState, Store, StoreConfig, StoreError,
};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use uuid::Uuid;

use orgsweep_controls::finding::Verdict;

use crate::support::{
    CONTROLS, Database, account, at, failing, finding, new_database_url, night, on_both, on_server,
    passing,
};

on_both!(
    a_run_is_recorded_step_by_step_and_what_is_done_stays,
    several_steps_are_recorded_together_or_not_at_all,
    what_is_taken_back_is_marked_in_both_runs,
    a_finding_is_verified_by_the_sweep_that_sees_it_pass,
);

/// A plan, and a run of it with one step for each account.
async fn run_of(store: &Store, undoes: Option<Uuid>, accounts: &[u32]) -> Uuid {
    let plan = PlanRow {
        id: Uuid::from_u128(7),
        digest: "0".repeat(64),
        created_at: Utc::now(),
        expires_at: Utc::now() + TimeDelta::hours(1),
        author: "petra".to_owned(),
        reason: String::new(),
        document: json!({}),
    };
    store.put_plan(&plan).await.unwrap();
    let new = NewRun {
        id: Uuid::now_v7(),
        plan_id: plan.id,
        undoes,
        author: "petra".to_owned(),
        caller: "arn:aws:iam::111122223333:user/petra".to_owned(),
        program_version: "0".to_owned(),
        accounts: accounts
            .iter()
            .map(|number| (account(*number), 1))
            .collect(),
        actions: accounts
            .iter()
            .zip(1..)
            .map(|(number, place)| NewAction {
                number: place,
                account: account(*number),
                kind: "create_topic".to_owned(),
                resource: "arn:aws:sns:eu-west-1:111122223333:alarms".to_owned(),
            })
            .collect(),
        findings: accounts
            .iter()
            .zip(1..)
            .map(|(number, place)| NewRunFinding {
                account: account(*number),
                control: CONTROLS[0].parse().unwrap(),
                reason: "no_trail".to_owned(),
                steps: vec![place],
                human_steps: 0,
            })
            .collect(),
    };
    store.start_run(&new).await.unwrap();
    // Again, as after a lost connection.
    store.start_run(&new).await.unwrap();
    new.id
}

async fn record(store: &Store, run: Uuid, number: u32, step: ActionStep) -> Result<(), StoreError> {
    store
        .record_actions(run, &[ActionRecord { number, step }])
        .await
}

fn begun(before: &Value) -> ActionStep {
    let before = to_raw_value(before).unwrap();
    ActionStep::Begun { before }
}

fn ended(state: ActionState, after: Option<Value>, message: Option<&str>) -> ActionStep {
    let after = after.map(|after| to_raw_value(&after).unwrap());
    ActionStep::Ended {
        state,
        after,
        message: message.map(str::to_owned),
    }
}

async fn done(store: &Store, run: Uuid, number: u32) {
    let (before, after) = (json!({"found": "nothing"}), json!({"found": "topic"}));
    record(store, run, number, begun(&before)).await.unwrap();
    let step = ended(ActionState::Done, Some(after), None);
    record(store, run, number, step).await.unwrap();
}

async fn a_run_is_recorded_step_by_step_and_what_is_done_stays(database: &Database) {
    let store = &database.store;
    let run = run_of(store, None, &[1, 2]).await;
    done(store, run, 1).await;
    // A second end of the same step, as after a lost connection, changes nothing.
    let late = ended(ActionState::Failed, None, Some("late"));
    record(store, run, 1, late).await.unwrap();
    let rows = store.run_actions(run).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].state, ActionState::Done);
    assert_eq!(rows[0].before, Some(json!({"found": "nothing"})));
    assert_eq!(rows[0].after, Some(json!({"found": "topic"})));
    assert_eq!(rows[1].state, ActionState::Pending);
    assert!(
        record(store, run, 1, begun(&json!({}))).await.is_err(),
        "it is done"
    );

    store
        .put_run_state(run, RunState::Failed, Some("why"))
        .await
        .unwrap();
    let told = store.run(run).await.unwrap().unwrap();
    assert_eq!(
        (told.steps, told.done, told.state),
        (2, 1, RunState::Failed)
    );
    assert!(told.finished_at.is_some());
    store
        .put_run_state(run, RunState::Running, None)
        .await
        .unwrap();
    let told = store.run(run).await.unwrap().unwrap();
    assert_eq!(told.finished_at, None, "it goes on");
}

#[tokio::test]
async fn what_is_recorded_of_steps_is_kept_from_whoever_may_write() {
    let database = on_server().await;
    let store = &database.store;
    let run = run_of(store, None, &[1, 2, 3]).await;
    done(store, run, 1).await;
    let (nothing, failed) = (json!({}), ended(ActionState::Failed, None, None));
    record(store, run, 2, begun(&nothing)).await.unwrap();
    record(store, run, 2, failed).await.unwrap();
    #[rustfmt::skip]
    let changes = [
        ("update run_action set action_no = 9 where action_no = 1",              "keeps its number"),
        ("update run_action set action_no = 9 where action_no = 2",              "keeps its number"),
        ("update run_action set action_no = 9 where action_no = 3",              "keeps its number"),
        ("update run_action set run_id = gen_random_uuid() where action_no = 3", "keeps its number"),
        ("update run_action set before = null where action_no = 1",              "is done and cannot be changed"),
        ("update run_action set state = 'failed' where action_no = 1",           "is done and cannot be changed"),
        ("delete from run_action where action_no = 3",                           "steps of runs cannot be deleted"),
        ("delete from audit_event",                                              "the audit trail cannot be changed"),
        ("update audit_event set actor = 'nobody'",                              "the audit trail cannot be changed"),
    ];
    for (change, refused) in changes {
        let error = sqlx::query(change).execute(database.store.pool()).await;
        let error = error.expect_err(change).to_string();
        assert!(error.contains(refused), "{change}: {error}");
    }
    let events: Vec<String> = sqlx::query_scalar(
        "select action_no || ' ' || event from audit_event where action_no is not null order by event_no",
    )
    .fetch_all(database.store.pool())
    .await
    .unwrap();
    assert_eq!(
        events,
        [
            "1 create_topic started",
            "1 create_topic done",
            "2 create_topic started",
            "2 create_topic failed",
        ]
    );
    database.store.close().await;
}

async fn several_steps_are_recorded_together_or_not_at_all(database: &Database) {
    let store = &database.store;
    let run = run_of(store, None, &[1, 2, 3]).await;
    let states = async || -> Vec<ActionState> {
        let rows = store.run_actions(run).await.unwrap();
        rows.iter().map(|row| row.state).collect()
    };
    let of = |number, step| ActionRecord { number, step };
    let nothing = || json!({"found": "nothing"});
    let first = [
        of(1, begun(&nothing())),
        of(2, begun(&json!({"a\u{0}": 1}))),
    ];
    store.record_actions(run, &first).await.unwrap();
    use ActionState::{Done, Failed, Pending, Started};
    assert_eq!(states().await, [Started, Started, Pending]);

    let second = [
        of(3, begun(&nothing())),
        of(1, ended(Done, Some(json!({"found": "topic"})), None)),
        of(2, ended(Failed, None, Some("no\u{0}"))),
    ];
    store.record_actions(run, &second).await.unwrap();
    assert_eq!(states().await, [Done, Failed, Started]);
    let rows = store.run_actions(run).await.unwrap();
    assert_eq!(rows[0].after, Some(json!({"found": "topic"})));
    assert_eq!(rows[1].before, Some(json!({"a\u{fffd}": 1})));
    assert_eq!(rows[1].message.as_deref(), Some("no\u{fffd}"));
    assert!(rows[1].finished_at.is_some() && rows[2].finished_at.is_none());

    // A step that is done does not begin again, and nothing is written beside it.
    let refused = [of(3, ended(Done, None, None)), of(1, begun(&nothing()))];
    assert!(store.record_actions(run, &refused).await.is_err());
    assert_eq!(states().await, [Done, Failed, Started]);
    store.record_actions(run, &[]).await.unwrap();
}

async fn what_is_taken_back_is_marked_in_both_runs(database: &Database) {
    let store = &database.store;
    let run = run_of(store, None, &[1]).await;
    done(store, run, 1).await;
    let undoing = run_of(store, Some(run), &[1]).await;
    let step = begun(&json!({"found": "topic"}));
    record(store, undoing, 1, step).await.unwrap();
    for _ in 0..2 {
        let step = ActionStep::TookBack {
            of: run,
            after: to_raw_value(&json!({"found": "nothing"})).unwrap(),
            message: None,
        };
        record(store, undoing, 1, step).await.unwrap();
    }
    assert_eq!(
        store.run_actions(run).await.unwrap()[0].state,
        ActionState::Undone
    );
    assert_eq!(
        store.run_actions(undoing).await.unwrap()[0].state,
        ActionState::Done
    );
    let runs = store.runs_of_plan(Uuid::from_u128(7)).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs.iter().find(|row| row.run_id == run).unwrap().undone, 1);
}

async fn a_finding_is_verified_by_the_sweep_that_sees_it_pass(database: &Database) {
    let store = &database.store;
    let one = |verdict, reason| vec![finding(1, CONTROLS[0], verdict, reason)];
    let hour = 3_600;
    let now = (Utc::now() - at(0)).num_seconds();
    night(store, now - hour, &[(1, failing(1))]).await;
    let run = run_of(store, None, &[1]).await;
    let state = async |store: &Store| store.repairs(run).await.unwrap()[0].state.clone();
    assert_eq!(state(store).await, "not_applied");
    done(store, run, 1).await;
    assert_eq!(state(store).await, "not_judged");
    night(
        store,
        now + hour,
        &[(1, one(Verdict::Fail, Reason::SubscriptionPending))],
    )
    .await;
    assert_eq!(state(store).await, "waiting_for_confirmation");
    night(
        store,
        now + 2 * hour,
        &[(1, one(Verdict::Fail, Reason::NoAlarm))],
    )
    .await;
    assert_eq!(state(store).await, "still_failing");
    night(store, now + 3 * hour, &[(1, passing(1))]).await;
    assert_eq!(state(store).await, "verified");
    // It was repaired, whatever breaks later.
    night(store, now + 4 * hour, &[(1, failing(1))]).await;
    assert_eq!(state(store).await, "verified");
}

/// A thousand steps of many, those of a hundred accounts at a time, as in a large run: in a table
/// without statistics.
#[tokio::test]
async fn recording_steps_reads_no_others_and_finds_room_beside_them() {
    let config = StoreConfig {
        database_url: Some(new_database_url().await),
        // Statistics are those of one connection.
        max_connections: 1,
        ..StoreConfig::default()
    };
    let store = Store::open(&config).await.unwrap();
    let accounts: Vec<u32> = (1..=10_000).collect();
    let run = run_of(&store, None, &accounts).await;
    let alarm = json!({"found": "alarm", "configuration": "x".repeat(200)});
    for first in 0..10 {
        for step in [
            begun(&json!({"found": "nothing"})),
            ended(ActionState::Done, Some(alarm.clone()), None),
        ] {
            let hundred = accounts[first..1_000].iter().step_by(10);
            let record = |number: &u32| ActionRecord {
                number: *number,
                step: step.clone(),
            };
            let records: Vec<ActionRecord> = hundred.map(record).collect();
            store.record_actions(run, &records).await.unwrap();
        }
    }
    let limits = QueryLimits::default();
    let flushed = "select pg_stat_force_next_flush()::text";
    store.query(flushed, &limits).await.unwrap();
    let answer = store
        .query(
            "select n_tup_upd, (n_tup_hot_upd >= 1900)::text as beside, seq_tup_read,
                (idx_tup_fetch < 10000)::text as by_their_numbers
             from pg_stat_user_tables where relname = 'run_action'",
            &limits,
        )
        .await
        .unwrap();
    let told = answer.rows[0].iter().map(Option::as_deref);
    let told: Vec<&str> = told.map(Option::unwrap_or_default).collect();
    assert_eq!(told, ["2000", "true", "0", "true"]);
    store.close().await;
}

#[tokio::test]
async fn one_process_at_a_time_has_the_right_to_change_an_account() {
    let database = on_server().await;
    let store = &database.store;
    let patience = Duration::from_millis(1);
    let [one, two, three] = [account(1), account(2), account(3)];
    let Locking::Ours(mut locks) = store.lock_accounts([&one, &two], patience).await.unwrap()
    else {
        panic!("nobody has them");
    };
    assert!(locks.holds().await);
    match store.lock_accounts([&three, &two], patience).await.unwrap() {
        Locking::Others(account) => assert_eq!(account, two),
        Locking::Ours(_) => panic!("it is held"),
    }
    locks.release().await;
    let Locking::Ours(locks) = store
        .lock_accounts([&three, &two], Duration::from_secs(5))
        .await
        .unwrap()
    else {
        panic!("they were given back, and those of the refused one with them");
    };
    locks.release().await;
    database.store.close().await;
}
