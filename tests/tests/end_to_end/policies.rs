//! What `orgsweep iam` prints is enough, and each action of it is needed: sweeps of
//! an `orgsim` that enforces policies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orgsim::RecordedCall;
use orgsweep_tests::{Credentials, Installation, workspace};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::simulated::Simulated;

/// How many organizations are swept at once.
const AT_ONCE: usize = 3;

/// Actions without which no verdict of the demo organization turns, because the rest decides
/// it; findings say less without them (which Regions, which group).
const SAYS_MORE: [&str; 2] = ["account:ListRegions", "logs:DescribeLogGroups"];

/// The role of the caller in these tests.
const AUDITOR: &str = "Auditor";

async fn printed(arguments: &[&str]) -> String {
    let installation = Installation::embedded();
    installation.run(arguments).await.with_code(0).stdout
}

pub(crate) async fn printed_policy(duty: &str) -> Value {
    printed_policy_with(duty, &[]).await
}

/// The policy that is printed with these flags more.
pub(crate) async fn printed_policy_with(duty: &str, flags: &[&str]) -> Value {
    let policy = printed(&[&["iam", "policy", "--for", duty], flags].concat()).await;
    serde_json::from_str(&policy).expect("a policy is JSON")
}

/// Every action that a policy allows.
pub(crate) fn actions_of(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().expect("statements");
    let actions = |statement: &Value| statement["Action"].as_array().cloned();
    statements
        .iter()
        .filter_map(actions)
        .flatten()
        .filter_map(|action| action.as_str().map(str::to_owned))
        .collect()
}

pub(crate) fn without(policy: &Value, action: &str) -> Value {
    let mut less = policy.clone();
    for statement in less["Statement"].as_array_mut().expect("statements") {
        let actions = statement["Action"].as_array_mut().expect("actions");
        actions.retain(|allowed| allowed != action);
    }
    less
}

/// An installation whose caller is a session of a role with this policy.
async fn as_auditor(simulated: &Simulated, policy: &Value) -> Installation {
    let (key, token) = simulated.session_with(AUDITOR, policy);
    let credentials = Credentials {
        key,
        secret: "a-secret-that-is-not-checked".to_owned(),
        token: Some(token),
    };
    Installation::on_server()
        .await
        .against(&simulated.endpoint())
        .with_credentials(&credentials)
}

#[tokio::test]
async fn the_files_for_deployment_are_what_iam_prints() {
    for (file, arguments) in [
        ("readonly-role.cfn.yaml", &["iam", "stackset"][..]),
        (
            "readonly-role.tf",
            &["iam", "stackset", "--format", "terraform"],
        ),
        (
            "caller-policy.json",
            &["iam", "policy", "--for", "scanner-caller"],
        ),
        (
            "remediator-policy.json",
            &["iam", "policy", "--for", "remediator"],
        ),
        (
            "remediator-role.cfn.yaml",
            &["iam", "stackset", "--for", "remediator"],
        ),
        (
            "remediator-role.tf",
            &["iam", "stackset", "--for", "remediator", "--format", "tf"],
        ),
    ] {
        let path = workspace().join("config/deploy").join(file);
        let deployed = std::fs::read_to_string(&path).expect("the file is there");
        assert_eq!(
            deployed,
            printed(arguments).await,
            "make config/deploy/{file} again: orgsweep {}",
            arguments.join(" ")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_works_under_exactly_the_printed_policies() {
    let simulated = Simulated::demo().await;
    simulated.enforce_policies();
    simulated.put_scanner_policy(&printed_policy("scanner").await);
    let caller = printed_policy("scanner-caller").await;
    let installation = as_auditor(&simulated, &caller).await;
    installation.run(&["sweep"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_action_of_the_role_findings_turn_unknown_and_name_it() {
    let policy = printed_policy("scanner").await;
    let (simulated, installation, decided) = found_under(&policy).await;
    // One call is denied in one account of the demo, whatever the policy says.
    let always = denied(&installation).await;
    drop((simulated, installation));
    let decided = Arc::new(decided);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut sweeps = JoinSet::new();
    for action in actions_of(&policy) {
        let (turns, decided) = (Arc::clone(&turns), Arc::clone(&decided));
        let less = without(&policy, &action);
        sweeps.spawn(async move {
            let _turn = turns.acquire().await.expect("it is never closed");
            let (_simulated, installation, found) = found_under(&less).await;
            let missed = found.iter().any(|(place, now)| {
                let was = &decided[place];
                if SAYS_MORE.contains(&action.as_str()) {
                    now.said != was.said
                } else {
                    now.verdict == "unknown"
                        && was.verdict != "unknown"
                        && now.missing.contains(&action)
                }
            });
            let denied = denied(&installation).await;
            (action, missed, denied)
        });
    }
    let mut needless = Vec::new();
    while let Some(ended) = sweeps.join_next().await {
        let (action, missed, denied) = ended.expect("a sweep ends");
        if !missed {
            needless.push(action.clone());
        }
        let mut expected = always.clone();
        expected.insert(action);
        assert_eq!(denied, expected, "what check-access says");
    }
    assert_eq!(needless, [""; 0], "no finding needs these");
}

/// A sweep of the demo organization under a policy, and what it found.
async fn found_under(policy: &Value) -> (Simulated, Installation, FoundByPlace) {
    let simulated = Simulated::demo().await;
    simulated.enforce_policies();
    simulated.put_scanner_policy(policy);
    simulated.fail_actions_of_undecided_topics();
    simulated.watch_from_a_monitoring_account();
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let found = findings(&installation).await;
    (simulated, installation, found)
}

/// The permissions that `check-access` finds denied in accounts that can be entered.
async fn denied(installation: &Installation) -> BTreeSet<String> {
    let rows = installation
        .run(&["check-access", "--format", "json"])
        .await
        .rows();
    rows.iter()
        .filter(|row| row["outcome"] == "denied" && row["permission"] != "sts:AssumeRole")
        .filter_map(|row| row["permission"].as_str().map(str::to_owned))
        .collect()
}

/// What is known about a control in an account.
struct Found {
    verdict: String,
    /// Permissions that the scanner lacked for it.
    missing: BTreeSet<String>,
    /// Reason, Regions and evidence.
    said: Value,
}

/// (account, control) → what was found.
type FoundByPlace = BTreeMap<(String, String), Found>;

async fn findings(installation: &Installation) -> FoundByPlace {
    let mut all = FoundByPlace::new();
    for row in installation
        .run(&["findings", "--format", "json"])
        .await
        .rows()
    {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let missing = row["evidence"]["missing_permissions"].as_array();
        let found = Found {
            said: json!([
                row["reason"],
                row["covered_regions"],
                row["uncovered_regions"],
                row["evidence"]
            ]),
            verdict: text("verdict"),
            missing: missing
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
        };
        all.insert((text("account_id"), text("control")), found);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_action_of_the_caller_a_sweep_fails_or_says_what_it_lacks() {
    let simulated = Simulated::demo().await;
    simulated.enforce_policies();
    let policy = printed_policy("scanner-caller").await;
    // What the caller reads of its own account, an account's role proves above.
    let of_accounts = actions_of(&printed_policy("scanner").await);
    let own = actions_of(&policy);
    for action in own.difference(&of_accounts) {
        let installation = as_auditor(&simulated, &without(&policy, action)).await;
        installation.write(
            "orgsweep.toml",
            &format!(
                "expected_organization = \"{}\"\n[role]\nsource_identity = \"security-team\"\n",
                simulated.organization()
            ),
        );
        let ended = match action.as_str() {
            "logs:TestMetricFilter" => {
                installation.write("event.json", "{\"a\": 1}");
                installation
                    .run(&["pattern", "test", "--live", "{ $.a = 1 }", "event.json"])
                    .await
            }
            "organizations:ListTagsForResource" => {
                installation
                    .run(&["sweep", "--include", "tag=stage=prod"])
                    .await
            }
            _ => installation.run(&["sweep"]).await,
        };
        let name = action.split_once(':').expect("service:Operation").1;
        let told = format!("{}{}", ended.stdout, ended.stderr);
        if name == "DescribeOrganization" {
            // The accounts' ARNs name the organization as well, but a denied call every night
            // rings the alarm for unauthorized calls.
            let denied = |call: &RecordedCall| call.operation == name && call.status >= 400;
            assert!(simulated.calls().iter().any(denied), "{action}");
        } else {
            assert!(told.contains(name), "without {action}:\n{ended}");
        }
    }
}
