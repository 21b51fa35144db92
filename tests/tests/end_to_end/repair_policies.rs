//! What `orgsweep iam` prints for the remediator is enough, and each action of it is
//! needed: repairs at an `orgsim` that enforces policies, done, rung and taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use orgsim::Scenario;
use orgsweep_tests::{Ended, Installation};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::policies::{actions_of, printed_policy, printed_policy_with, without};
use crate::simulated::Simulated;

/// How many organizations are repaired at once.
const AT_ONCE: usize = 3;

/// Accounts that need every kind of step that changes no trail.
const ESTATE: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "bare"
numbers = ["100000000002"]
chain = "no_filter"

[[group]]
name = "without-group"
numbers = ["100000000003"]
chain = "log_group_missing"

[[group]]
name = "disabled"
numbers = ["100000000004"]
chain = "alarm_actions_disabled"
controls = ["root-usage"]

[[group]]
name = "deaf"
numbers = ["100000000005"]
chain = "alarm_no_action"
controls = ["root-usage"]

[[group]]
name = "closed"
numbers = ["100000000006"]
chain = "topic_policy_denies"
controls = ["root-usage"]

[[group]]
name = "unheard"
numbers = ["100000000007"]
chain = "no_subscription"
controls = ["root-usage"]

[[group]]
name = "silent"
numbers = ["100000000008"]
chain = "no_alarm"
controls = ["root-usage"]
"#;

/// Accounts that need every kind of step that changes a trail and can be taken back.
const TRAILS: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "nowhere"
numbers = ["100000000002"]
chain = "no_log_group"

[[group]]
name = "off"
numbers = ["100000000003"]
chain = "trail_not_logging"

[[group]]
name = "one-region"
numbers = ["100000000004"]
chain = "trail_not_multi_region"

[[group]]
name = "infrequent"
numbers = ["100000000005"]
chain = "log_group_class"
"#;

/// The flags with which trails may be changed, and alarms are not rung.
const TRAIL_FLAGS: &[&str] = &["--allow-trail-changes", "--no-drills"];

/// What was planned, done, rung and taken back under a policy.
struct Repaired {
    plan: Value,
    applied: Ended,
    rung: Option<Ended>,
    undone: Option<Ended>,
}

/// Repairs under the policy, and takes the repairs back. Where no trail may be changed, a
/// repaired alarm is rung in between.
async fn repaired_under(policy: &Value, trails: bool) -> Repaired {
    let scenario = Scenario::parse(if trails { TRAILS } else { ESTATE }).expect("a scenario");
    let simulated = Simulated::of(&scenario).await;
    simulated.put_remediator_policy(policy);
    simulated.enforce_policies();
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let mut plan = vec!["remediate", "plan", "--format", "json"];
    plan.extend(["--control", "root-usage", "--subscribe", "sms:+4930123456"]);
    if trails {
        plan.push("--allow-trail-changes");
    }
    let plan = installation.run(&plan).await.with_code(0).json();
    let text = |key: &str| plan[key].as_str().expect("a text").to_owned();
    let (id, digest) = (text("plan_id"), text("digest"));
    let confirmed = ["--digest", digest.as_str(), "--yes", "--format", "json"];
    let apply = [
        &["remediate", "apply", &id, "--max-failures", "100"],
        &confirmed[..],
    ]
    .concat();
    let applied = installation.run(&apply).await;
    let run = serde_json::from_str::<Value>(&applied.stdout)
        .ok()
        .and_then(|told| told["run_id"].as_str().map(str::to_owned));
    let mut drill = vec!["remediate", "drill", "--account", "100000000004"];
    drill.extend(["--control", "root-usage", "--wait", "1"]);
    drill.extend(["--yes", "--format", "json"]);
    let rung = if trails {
        None
    } else {
        Some(installation.run(&drill).await)
    };
    let undone = match run {
        Some(run) => {
            let undo = [&["remediate", "undo", &run], &confirmed[..]].concat();
            Some(installation.run(&undo).await)
        }
        None => None,
    };
    Repaired {
        plan,
        applied,
        rung,
        undone,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repairs_work_under_exactly_the_printed_policy() {
    let repaired = repaired_under(&printed_policy("remediator").await, false).await;
    let steps = repaired.plan["steps"].as_array().expect("steps");
    let kinds: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step["kind"].as_str())
        .collect();
    let expected = [
        "add_alarm_action",
        "allow_cloud_watch",
        "create_log_group",
        "create_topic",
        "enable_alarm_actions",
        "put_alarm",
        "put_metric_filter",
        "subscribe",
    ];
    assert!(
        expected.iter().all(|kind| kinds.contains(kind)),
        "{kinds:?} are planned"
    );
    let told = repaired.applied.with_code(0).json();
    assert_eq!(told["state"], "finished", "{told}");
    let findings = told["findings"].as_object().expect("findings");
    assert_eq!(
        findings.keys().collect::<Vec<_>>(),
        ["verified"],
        "{findings:?}"
    );
    let rung = repaired.rung.expect("a drill").with_code(0).rows();
    assert!(!rung.is_empty(), "an alarm is rung");
    repaired.undone.expect("there is a run").with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn trails_are_changed_under_exactly_the_policy_printed_for_them() {
    let policy = printed_policy_with("remediator", TRAIL_FLAGS).await;
    let repaired = repaired_under(&policy, true).await;
    let steps = repaired.plan["steps"].as_array().expect("steps");
    let kinds: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step["kind"].as_str())
        .collect();
    let expected = [
        "connect_log_group",
        "create_delivery_role",
        "create_log_group",
        "make_trail_multi_region",
        "start_logging",
    ];
    assert!(
        expected.iter().all(|kind| kinds.contains(kind)),
        "{kinds:?} are planned"
    );
    let told = repaired.applied.with_code(0).json();
    assert_eq!(told["state"], "finished", "{told}");
    repaired.undone.expect("there is a run").with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_action_of_the_remediators_policy_something_is_left_undone() {
    let policy = printed_policy("remediator").await;
    let needless = needless(&policy, actions_of(&policy), false).await;
    assert_eq!(needless, [""; 0], "no repair needs these");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_action_for_trails_something_is_left_undone() {
    let policy = printed_policy_with("remediator", TRAIL_FLAGS).await;
    let mut for_trails = actions_of(&policy);
    for other in actions_of(&printed_policy("remediator").await) {
        for_trails.remove(&other);
    }
    assert!(for_trails.len() >= 8, "{for_trails:?}");
    let needless = needless(&policy, for_trails, true).await;
    assert_eq!(needless, [""; 0], "no change of a trail needs these");
}

/// Those of the actions without which repairs under the rest of the policy are done and taken
/// back all the same.
async fn needless(policy: &Value, actions: BTreeSet<String>, trails: bool) -> Vec<String> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut repairs = JoinSet::new();
    for action in actions {
        let turns = Arc::clone(&turns);
        let less = without(policy, &action);
        repairs.spawn(async move {
            let _turn = turns.acquire().await.expect("it is never closed");
            let repaired = repaired_under(&less, trails).await;
            let undone = repaired
                .undone
                .as_ref()
                .is_none_or(|undone| undone.code != Some(0) || undone.stdout.contains(&action));
            let rung = repaired.rung.as_ref();
            let missed = repaired.applied.code != Some(0)
                || rung.is_some_and(|rung| rung.code != Some(0))
                || undone
                || repaired.plan.to_string().contains(&action);
            (action, missed)
        });
    }
    let mut needless = Vec::new();
    while let Some(ended) = repairs.join_next().await {
        let (action, missed) = ended.expect("a repair ends");
        if !missed {
            needless.push(action);
        }
    }
    needless.sort();
    needless
}
