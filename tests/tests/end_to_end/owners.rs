//! Whose it is, asked of an `orgsim`: what a stack defines is left to the stack, what cannot be
//! asked about is left alone, and accepted findings are named.

use std::collections::BTreeMap;

use orgsim::Scenario;
use orgsweep_tests::{Ended, Installation};
use serde_json::{Value, json};

use crate::simulated::Simulated;

const DISABLED: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = ["100000000003"]
chain = "alarm_actions_disabled"
controls = ["root-usage"]
"#;

const SHOP: &str = "100000000003";
const ROLE: &str = "OrganizationAccountAccessRole";

async fn shop() -> (Simulated, Installation) {
    let scenario = Scenario::parse(DISABLED).unwrap_or_else(|error| panic!("{error}"));
    let simulated = Simulated::of(&scenario).await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.forget_calls();
    (simulated, installation)
}

async fn planned(installation: &Installation, more: &[&str]) -> Ended {
    let mut arguments = vec!["remediate", "plan", "--format", "json"];
    arguments.extend(more);
    installation.run(&arguments).await.with_code(0)
}

/// Kinds of the steps and of the human steps.
fn kinds(plan: &Value) -> Value {
    let of = |key: &str| -> Vec<Value> {
        let steps = plan[key].as_array().cloned().unwrap_or_default();
        steps.iter().map(|step| step["kind"].clone()).collect()
    };
    json!([of("steps"), of("human_steps")])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stack_defines_is_left_to_the_stack() {
    let (simulated, installation) = shop().await;
    let plan = planned(&installation, &["--role-name", ROLE]).await.json();
    assert_eq!(
        kinds(&plan),
        json!([["enable_alarm_actions"], []]),
        "nobody's"
    );

    simulated.change(SHOP, |state| {
        for region in state.regions.values_mut() {
            for alarm in region.metric_alarms.values() {
                let tag = (
                    "aws:cloudformation:stack-name".to_owned(),
                    "alarms".to_owned(),
                );
                region.tags.insert(alarm.arn.clone(), BTreeMap::from([tag]));
            }
        }
    });
    let plan = planned(&installation, &["--role-name", ROLE]).await.json();
    assert_eq!(kinds(&plan), json!([[], ["change_managed"]]));
    assert_eq!(plan["human_steps"][0]["owner"]["name"], "alarms");
    let included = planned(&installation, &["--role-name", ROLE, "--include-managed"]).await;
    let included = included.json();
    assert_eq!(kinds(&included), json!([["enable_alarm_actions"], []]));
    assert_eq!(included["steps"][0]["owner"]["manager"], "cloud_formation");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_about_is_left_alone_unless_nobody_is_to_be_asked() {
    let (simulated, installation) = shop().await;
    simulated.remove_role("OrgsweepRemediator");
    let plan = planned(&installation, &[]).await.json();
    assert_eq!(kinds(&plan), json!([[], ["change_managed"]]));
    let text = plan["human_steps"][0]["text"].as_str().expect("a text");
    assert!(text.contains("OrgsweepRemediator"), "{text}");

    simulated.forget_calls();
    let offline = planned(&installation, &["--offline"])
        .await
        .saying(&["was not looked up"]);
    assert_eq!(
        kinds(&offline.json()),
        json!([["enable_alarm_actions"], []])
    );
    assert!(simulated.calls().is_empty(), "offline calls nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_findings_are_left_out_and_named() {
    let (_simulated, installation) = shop().await;
    installation
        .run(&[
            "exception",
            "add",
            "--account",
            SHOP,
            "--control",
            "root-usage",
            "--why",
            "moves to another account",
            "--who",
            "anna",
            "--days",
            "30",
        ])
        .await
        .with_code(0);
    let plan = planned(&installation, &["--offline"]).await.json();
    assert_eq!(plan["left_out"][0]["why"], "accepted", "{plan:#}");
    let text = plan["left_out"][0]["text"].as_str().expect("a text");
    assert!(text.contains("moves to another account"), "{text}");
    let all = planned(&installation, &["--offline", "--include-accepted"])
        .await
        .json();
    assert_eq!(kinds(&all), json!([["enable_alarm_actions"], []]));
}
