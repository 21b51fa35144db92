//! Runs that are cut short: killed at every boundary of every step, interrupted,
//! without credentials, without a database. Going on leaves what an undisturbed run
//! leaves.

use std::time::Duration;

use orgsim::Fault;
use orgsweep_tests::{CuttableConnection, Installation, Running, until};
use serde_json::Value;

use super::{NO_LOG_GROUP, NOTHING_THERE, Planned, ROLE, Repair, SHOP, TWO, findings, run_id};

/// Boundaries that a test tries at most: four a step, and the plan has fewer steps.
const MOST: usize = 80;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_boundary_and_resumed_leaves_what_an_undisturbed_run_leaves() {
    killed_at_every_boundary(NOTHING_THERE, TWO, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_boundary_of_a_trails_repair_and_resumed_leaves_the_same() {
    let selection = ["--control", "nacl-changes", "--allow-trail-changes"];
    killed_at_every_boundary(NO_LOG_GROUP, &selection, 4).await;
}

/// Of a plan with so many steps.
async fn killed_at_every_boundary(scenario: &str, selection: &[&str], steps: usize) {
    let repair = Repair::of(scenario).await;
    let plan = repair.planned(selection).await;
    assert_eq!(plan.steps().len(), steps, "{:?}", plan.kinds());
    let before = repair.state();

    // An undisturbed run, and what it leaves.
    let told = repair
        .apply(&plan, &["--without-verification"])
        .await
        .with_code(0)
        .json();
    let undisturbed = repair.state();
    let rows = steps_of(&repair, run_id(&told)).await;
    repair
        .undo(run_id(&told), &plan, &["--without-verification"])
        .await
        .with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);

    for boundary in 1..MOST {
        let number = boundary.to_string();
        let cut = repair
            .apply(
                &plan,
                &["--without-verification", "--end-at-boundary", &number],
            )
            .await;
        if cut.code == Some(0) {
            assert!(
                boundary > plan.steps().len() * 4,
                "only {boundary} boundaries"
            );
            return;
        }
        assert_eq!(cut.code, None, "boundary {boundary}: {cut}");
        let told = repair
            .apply(&plan, &["--without-verification", "--resume"])
            .await
            .with_code(0)
            .json();
        assert_eq!(told["state"], "finished", "boundary {boundary}: {told}");
        assert_eq!(
            repair.changes_since_but_for_ids(&undisturbed),
            [""; 0],
            "boundary {boundary}"
        );
        assert_eq!(
            steps_of(&repair, run_id(&told)).await,
            rows,
            "boundary {boundary}"
        );
        // Taking it back is cut short, too, and gone on with.
        let cut = repair
            .undo(
                run_id(&told),
                &plan,
                &["--without-verification", "--end-at-boundary", &number],
            )
            .await;
        if cut.code != Some(0) {
            assert_eq!(cut.code, None, "undo at boundary {boundary}: {cut}");
            repair
                .undo(run_id(&told), &plan, &["--without-verification"])
                .await
                .with_code(0);
        }
        assert_eq!(
            repair.changes_since(&before),
            [""; 0],
            "undo at boundary {boundary}"
        );
    }
    panic!("the run has more than {MOST} boundaries");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_calls_are_on_their_way_nothing_is_made_twice() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let before = repair.state();
    let told = repair
        .apply(&plan, &["--without-verification"])
        .await
        .with_code(0)
        .json();
    let undisturbed = repair.state();
    let rows = steps_of(&repair, run_id(&told)).await;
    repair
        .undo(run_id(&told), &plan, &["--without-verification"])
        .await
        .with_code(0);

    for calls in [4, 9, 11] {
        repair.simulated.forget_calls();
        repair.simulated.slow_down(30);
        let mut running = started(&repair, &plan);
        until("some calls", || {
            assert!(!running.has_ended(), "it ended before it was killed");
            let made = repair.simulated.calls().len();
            async move { (made >= calls).then_some(()) }
        })
        .await;
        running.signal("KILL").await;
        running.end().await;
        repair.simulated.slow_down(0);
        let told = repair
            .apply(&plan, &["--without-verification", "--resume"])
            .await
            .with_code(0)
            .json();
        assert_eq!(repair.changes_since_but_for_ids(&undisturbed), [""; 0]);
        assert_eq!(steps_of(&repair, run_id(&told)).await, rows);
        repair
            .undo(run_id(&told), &plan, &["--without-verification"])
            .await
            .with_code(0);
        assert_eq!(repair.changes_since(&before), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_finishes_the_step_in_hand_and_resume_goes_on() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.simulated.forget_calls();
    repair.simulated.slow_down(100);
    let running = started(&repair, &plan);
    until("the first write", || {
        let written = repair
            .simulated
            .calls()
            .iter()
            .any(|call| call.operation == "CreateTopic");
        async move { written.then_some(()) }
    })
    .await;
    running.signal("INT").await;
    let ended = running.end().await.with_code(130);
    assert_eq!(ended.json()["state"], "interrupted");
    let states = states(&repair, run_id(&ended.json())).await;
    assert!(
        states
            .iter()
            .all(|state| state == "done" || state == "pending")
            && states.contains(&"done".to_owned())
            && states.contains(&"pending".to_owned()),
        "the step in hand is finished and no other begun: {states:?}"
    );

    repair.simulated.slow_down(0);
    repair
        .apply(&plan, &[])
        .await
        .with_code(1)
        .saying(&["was cut short", "--resume"]);
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(told["run_id"], ended.json()["run_id"]);
    assert_eq!(findings(&told, "verified"), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_credentials_stop_the_run_and_new_ones_go_on() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.when(SHOP, "logs", "PutMetricFilter", Fault::ExpiredToken);
    let stopped = repair.apply(&plan, &[]).await.with_code(1);
    let told = stopped.json();
    assert_eq!(told["state"], "interrupted", "{told}");
    assert!(
        told["message"]
            .as_str()
            .is_some_and(|words| words.contains("renew")),
        "{told}"
    );
    repair.simulated.forget_faults();
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_stops_the_run_and_it_goes_on_when_that_is_back() {
    let installation = Installation::on_server().await;
    let connection = CuttableConnection::to(installation.database().listens()).await;
    let repair = Repair::at(NOTHING_THERE, installation).await;
    let plan = repair.planned(TWO).await;
    let before = repair.state();

    repair.simulated.forget_calls();
    repair.simulated.slow_down(100);
    let mut command = repair.command(&plan);
    command.env(
        "DATABASE_URL",
        repair
            .installation
            .database()
            .url_through(connection.address(), ""),
    );
    let running = Running::start(command);
    until("the first write", || {
        let written = repair
            .simulated
            .calls()
            .iter()
            .any(|call| call.operation == "CreateTopic");
        async move { written.then_some(()) }
    })
    .await;
    connection.cut();
    let ended = running.end().await.with_code(1);
    assert!(
        ended.stderr.contains("--resume") && ended.stderr.contains("database"),
        "{ended}"
    );
    repair.simulated.slow_down(0);
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
    repair.undo(run_id(&told), &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_and_is_not_shown_yet_is_not_made_twice() {
    let scenario = format!("[organization]\nconsistency_seconds = 2\n{NOTHING_THERE}");
    let repair = Repair::of(&scenario).await;
    let plan = repair.planned(TWO).await;
    let told = repair
        .apply(&plan, &["--without-verification"])
        .await
        .with_code(0)
        .json();
    assert_eq!(told["state"], "finished", "{told}");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    repair.installation.run(&["sweep"]).await.with_code(0);
    let told = repair
        .installation
        .run(&["remediate", "status", "--format", "json"])
        .await
        .with_code(0)
        .json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
}

fn started(repair: &Repair, plan: &Planned) -> Running {
    Running::start(repair.command(plan))
}

/// What each step of a run came to, without times and words.
async fn steps_of(repair: &Repair, run: &str) -> Vec<Value> {
    let mut rows = repair
        .installation
        .query(&format!(
            "select step, account_id, kind, resource, state, before, after from repair_step \
             where run_id = '{run}' order by step"
        ))
        .await;
    for row in &mut rows {
        // Taken back since, or not: it was done.
        if row["state"] == "undone" {
            row["state"] = "done".into();
        }
    }
    rows
}

async fn states(repair: &Repair, run: &str) -> Vec<String> {
    steps_of(repair, run)
        .await
        .iter()
        .map(|row| row["state"].as_str().expect("a state").to_owned())
        .collect()
}

impl Repair {
    fn command(&self, plan: &Planned) -> tokio::process::Command {
        self.installation.command(&[
            "remediate",
            "apply",
            &plan.id,
            "--digest",
            &plan.digest,
            "--role-name",
            ROLE,
            "--format",
            "json",
            "--without-verification",
        ])
    }

    /// Where the organization differs from what an undisturbed run left: ids, times and states of
    /// alarms apart, which are AWS's own.
    fn changes_since_but_for_ids(&self, undisturbed: &orgsim::SavedWorld) -> Vec<String> {
        self.changes_since(undisturbed)
            .into_iter()
            .filter(|change| !change.contains(".created:"))
            .filter(|change| !change.contains(".state"))
            .collect()
    }
}
