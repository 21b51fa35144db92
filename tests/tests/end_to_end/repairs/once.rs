//! What is confirmed, done once, recorded and shown: digests, expiry, applying twice,
//! planning what is repaired, the audit trail, and two who apply at once.

use orgsweep_tests::{Installation, until};
use serde_json::Value;

use super::{NOTHING_THERE, Repair, SHOP, TWO, findings, run_id};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_applied_only_by_somebody_who_names_its_digest() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let before = repair.state();
    let nobody = "00000000-0000-8000-8000-000000000000";
    for (arguments, code, words) in [
        (vec![plan.id.as_str()], 2, "--digest"),
        (
            vec![plan.id.as_str(), "--yes"],
            2,
            "only together with `--digest`",
        ),
        (
            vec![plan.id.as_str(), "--digest", "0123456789abcdef"],
            2,
            "is not the digest",
        ),
        (
            vec![nobody, "--digest", "0123456789abcdef"],
            1,
            "there is no plan",
        ),
    ] {
        let mut all = vec!["remediate", "apply"];
        all.extend(&arguments);
        repair
            .installation
            .run(&all)
            .await
            .with_code(code)
            .saying(&[words]);
    }
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_plan_is_refused() {
    let repair = Repair::of(NOTHING_THERE).await;
    let mut selection = TWO.to_vec();
    selection.extend(["--expires", "1s"]);
    let plan = repair.planned(&selection).await;
    let before = repair.state();
    until("the plan's end", || async {
        let rows = repair.installation.query("select now() as now").await;
        let _ = rows;
        let listed = repair
            .installation
            .run(&["remediate", "list", "--format", "json"])
            .await
            .with_code(0)
            .rows();
        (listed[0]["expired"] == true).then_some(())
    })
    .await;
    repair
        .apply(&plan, &[])
        .await
        .with_code(1)
        .saying(&["has expired", "plan again"]);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn applying_an_applied_plan_does_nothing_and_planning_what_is_repaired_gives_an_empty_plan() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
    let after = repair.state();

    repair.simulated.forget_calls();
    repair
        .apply(&plan, &[])
        .await
        .with_code(0)
        .saying(&["nothing is left to be done", run_id(&told)]);
    let writes: Vec<String> = repair
        .simulated
        .calls()
        .into_iter()
        .map(|call| call.operation)
        .filter(|operation| operation != "GetCallerIdentity")
        .collect();
    assert_eq!(writes, [""; 0]);
    assert_eq!(repair.changes_since(&after), [""; 0]);

    let again = repair.planned(TWO).await;
    assert_eq!(again.steps(), [Value::Null; 0]);
    repair
        .apply(&again, &[])
        .await
        .with_code(0)
        .saying(&["nothing is to be done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_taken_back_can_be_applied_again() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let first = repair.apply(&plan, &[]).await.with_code(0).json();
    repair.undo(run_id(&first), &plan, &[]).await.with_code(0);
    repair
        .undo(run_id(&first), &plan, &[])
        .await
        .with_code(0)
        .saying(&["nothing that run"]);
    let second = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_ne!(first["run_id"], second["run_id"]);
    assert_eq!(findings(&second, "verified"), 2, "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_tagged_with_plan_and_control() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.apply(&plan, &[]).await.with_code(0);
    let state = repair.state();
    let shop = state
        .accounts
        .iter()
        .find(|account| account.id == SHOP)
        .expect("the account");
    let region = &shop.regions["us-east-1"];
    let alarm = &region.metric_alarms["orgsweep-nacl-changes"];
    let tags = &region.tags[&alarm.arn];
    assert_eq!(tags["made-by"], "orgsweep");
    assert_eq!(tags["orgsweep-plan"], plan.id);
    assert_eq!(tags["orgsweep-control"], "nacl-changes");
    let topic = region
        .topics
        .keys()
        .find(|arn| arn.ends_with(":orgsweep-alarms"));
    let tags = &region.tags[topic.expect("the topic")];
    assert_eq!(tags["orgsweep-plan"], plan.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_shown_with_who_when_before_and_after_and_the_audit_trail_cannot_be_changed()
{
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let told = repair
        .apply(&plan, &["--author", "petra"])
        .await
        .with_code(0)
        .json();
    let run = run_id(&told).to_owned();
    repair
        .undo(&run, &plan, &["--author", "paul"])
        .await
        .with_code(0);

    let shown = repair
        .installation
        .run(&["remediate", "show", &run, "--format", "json"])
        .await
        .with_code(0)
        .json();
    assert_eq!(shown["author"], "petra");
    assert!(
        shown["caller"]
            .as_str()
            .is_some_and(|arn| arn.starts_with("arn:")),
        "{shown}"
    );
    let actions = shown["actions"].as_array().expect("actions");
    assert_eq!(actions.len(), plan.steps().len());
    for action in actions {
        assert_eq!(action["state"], "undone", "{action}");
        assert_eq!(action["before"]["found"], "nothing", "{action}");
        assert_ne!(action["after"]["found"], "nothing", "{action}");
        assert!(
            action["started_at"].is_string() && action["finished_at"].is_string(),
            "{action}"
        );
    }

    let database = repair.installation.database();
    let events = database
        .number(
            "select count(*) from audit_event where event like '% started' or event like '% done'",
        )
        .await;
    // Begun and done, twice.
    assert_eq!(events, Some(plan.steps().len() as i64 * 4));
    assert_eq!(
        database.number("select count(*) from audit_event where actor = 'paul' and event = 'undoing finished'").await,
        Some(1)
    );
    let pool = database.pool().await;
    for statement in [
        "delete from audit_event",
        "update audit_event set actor = 'nobody'",
        "truncate audit_event",
        "delete from run_action",
        "update run_action set after = null where state in ('done', 'undone')",
        "update run_action set state = 'pending' where state = 'undone'",
        "delete from run",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await;
        assert!(refused.is_err(), "{statement}");
    }
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_apply_at_once_one_is_refused() {
    let repair = Repair::of(NOTHING_THERE).await;
    let first = repair.planned(&["--control", "nacl-changes"]).await;
    let second = repair.planned(&["--control", "vpc-changes"]).await;
    repair.simulated.forget_calls();
    repair.simulated.slow_down(1200);
    let running = repair.applying(&first);
    until("the first one's first call in the account", || {
        let there = repair
            .simulated
            .calls()
            .iter()
            .any(|call| call.operation == "GetTopicAttributes");
        async move { there.then_some(()) }
    })
    .await;
    repair
        .apply(&second, &[])
        .await
        .with_code(1)
        .saying(&["another process is changing account", SHOP]);
    running.end().await.with_code(0);

    repair.simulated.slow_down(0);
    // The topic is there now, and is every plan's: nothing is made twice.
    let told = repair.apply(&second, &[]).await.with_code(0).json();
    assert_eq!(told["step_states"]["skipped"], 2, "{told}");
    assert_eq!(findings(&told, "verified"), 1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_serves_as_well() {
    let repair = Repair::at(NOTHING_THERE, Installation::embedded()).await;
    let plan = repair.planned(TWO).await;
    let before = repair.state();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
    repair.undo(run_id(&told), &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}
