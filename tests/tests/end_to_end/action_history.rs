//! What alarms' histories tell of their actions: asked only where an alarm has rung, decides where
//! what was read does not, and is a remark where CloudWatch may publish by now.

use orgsim::{Fault, Scenario};
use orgsweep_tests::Installation;
use serde_json::Value;

use crate::simulated::Simulated;

/// An account in which all is well, and one whose topic lets nobody publish.
const ESTATE: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = ["100000000003"]
chain = "healthy"

[[group]]
name = "closed"
numbers = ["100000000005"]
chain = "topic_policy_denies"
controls = ["root-usage"]
"#;

const CONTROL: &str = "root-usage";
const HEALTHY: &str = "100000000003";
const CLOSED: &str = "100000000005";

async fn estate() -> (Simulated, Installation) {
    let scenario = Scenario::parse(ESTATE).unwrap_or_else(|error| panic!("{error}"));
    let simulated = Simulated::of(&scenario).await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    (simulated, installation)
}

/// Rings the control's alarm of an account, whatever comes of it.
async fn ring(simulated: &Simulated, installation: &Installation, account: &str) {
    let mut found = None;
    simulated.change(account, |state| {
        let mut alarms = state
            .regions
            .values()
            .flat_map(|region| &region.metric_alarms);
        found = alarms
            .find(|(name, _)| name.contains(CONTROL))
            .map(|(_, alarm)| alarm.arn.clone());
    });
    let alarm = found.expect("an alarm of the control");
    let role = "OrganizationAccountAccessRole";
    let drill = [
        "remediate",
        "drill",
        "--alarm",
        &alarm,
        "--yes",
        "--role-name",
        role,
    ];
    let ended = installation.run(&drill).await;
    assert!(ended.to_string().contains(&alarm), "{ended}");
}

async fn swept(installation: &Installation, account: &str) -> Value {
    installation.run(&["sweep"]).await.with_code(0);
    let rows = installation
        .run(&[
            "findings",
            "--account",
            account,
            "--control",
            CONTROL,
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows[0].clone()
}

fn notes(finding: &Value) -> Vec<&str> {
    let notes = finding["evidence"]["notes"].as_array();
    let notes = notes.into_iter().flatten();
    notes.filter_map(|note| note["code"].as_str()).collect()
}

/// How often the history of the account's alarms was asked for by a sweep.
fn asked(simulated: &Simulated, account: &str) -> usize {
    let calls = simulated.calls();
    let asked = calls
        .iter()
        .filter(|call| call.operation == "DescribeAlarmHistory" && call.target_account == account);
    asked.count()
}

/// Lets everybody publish to the account's topics.
fn open(simulated: &Simulated, account: &str) {
    simulated.change(account, |state| {
        for region in state.regions.values_mut() {
            for topic in region.topics.values_mut() {
                topic.policy = None;
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_account_is_not_asked_and_one_that_told_somebody_keeps_its_facts() {
    let (simulated, installation) = estate().await;
    assert_eq!(asked(&simulated, HEALTHY), 0, "none of its alarms has rung");
    let snapshots = || async {
        let database = installation.database();
        database.number("select count(*) from snapshot").await
    };
    let before = snapshots().await;
    ring(&simulated, &installation, HEALTHY).await;
    simulated.forget_calls();
    let finding = swept(&installation, HEALTHY).await;
    assert_eq!(finding["verdict"], "pass", "{finding:#}");
    assert!(!notes(&finding).contains(&"action_failed"), "{finding:#}");
    assert_eq!(asked(&simulated, HEALTHY), 1, "one call for all its alarms");
    assert_eq!(
        snapshots().await,
        before,
        "a message that went out is no new fact"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_a_remark_once_the_topic_is_open() {
    let (simulated, installation) = estate().await;
    ring(&simulated, &installation, CLOSED).await;
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(finding["reason"], "topic_policy_denies", "{finding:#}");

    open(&simulated, CLOSED);
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(finding["verdict"], "pass", "{finding:#}");
    assert!(notes(&finding).contains(&"action_failed"), "{finding:#}");

    ring(&simulated, &installation, CLOSED).await;
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(finding["verdict"], "pass", "{finding:#}");
    assert!(
        !notes(&finding).contains(&"action_failed"),
        "it went well since: {finding:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_decides_where_the_topic_cannot_be_read() {
    let (simulated, installation) = estate().await;
    simulated.when(CLOSED, "sns", "GetTopicAttributes", Fault::Denied);
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(
        finding["verdict"], "unknown",
        "nothing is known: {finding:#}"
    );

    simulated.forget_faults();
    ring(&simulated, &installation, CLOSED).await;
    simulated.when(CLOSED, "sns", "GetTopicAttributes", Fault::Denied);
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(finding["verdict"], "fail", "{finding:#}");
    assert_eq!(finding["reason"], "topic_policy_denies", "{finding:#}");
    let text = finding.to_string();
    assert!(text.contains("SNS:Publish"), "CloudWatch's words: {text}");

    // Without the history nothing is known again, and the finding says why.
    simulated.when(CLOSED, "cloudwatch", "DescribeAlarmHistory", Fault::Denied);
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(finding["verdict"], "unknown", "{finding:#}");
    let missing = finding["evidence"]["missing_permissions"].to_string();
    assert!(
        missing.contains("cloudwatch:DescribeAlarmHistory"),
        "{finding:#}"
    );

    // Where the topic says enough, it is a remark.
    simulated.forget_faults();
    open(&simulated, CLOSED);
    simulated.when(CLOSED, "cloudwatch", "DescribeAlarmHistory", Fault::Denied);
    let finding = swept(&installation, CLOSED).await;
    assert_eq!(finding["verdict"], "pass", "{finding:#}");
    assert!(notes(&finding).contains(&"history_not_read"), "{finding:#}");
}
