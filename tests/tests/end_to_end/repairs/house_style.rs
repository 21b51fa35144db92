//! What repairs make looks as the configuration says: names, namespace, topic, tags and who is told.

use orgsweep_tests::Installation;
use serde_json::Value;

use super::{NOTHING_THERE, ROLE, Repair, SHOP, TWO, findings, run_id};

const STYLE: &str = r#"
[remediator]
namespace = "Security/CIS"
name = "sec.{control}"
topic = "sec-alerts"
subscribe = ["sms:+4930123456"]
tags = ["cost-center=42", "data owner=Security Team"]
"#;

async fn styled() -> Repair {
    let installation = Installation::on_server().await.with_configuration(STYLE);
    Repair::at(NOTHING_THERE, installation).await
}

/// The plan of the two findings, with nothing said on the command line.
async fn planned(repair: &Repair) -> Value {
    let mut arguments = vec!["remediate", "plan", "--format", "json", "--role-name", ROLE];
    arguments.extend(TWO);
    repair
        .installation
        .run(&arguments)
        .await
        .with_code(0)
        .json()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_tags_and_endpoints_are_those_of_the_configuration() {
    let repair = styled().await;
    let before = repair.state();
    let plan = planned(&repair).await;
    let (id, digest) = (
        plan["plan_id"].as_str().unwrap(),
        plan["digest"].as_str().unwrap(),
    );
    let apply = [
        "remediate",
        "apply",
        id,
        "--digest",
        digest,
        "--role-name",
        ROLE,
        "--format",
        "json",
    ];
    let told = repair.installation.run(&apply).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told:#}");

    let mut seen = Vec::new();
    repair.simulated.change(SHOP, |account| {
        for region in account.regions.values() {
            for alarm in region.metric_alarms.values() {
                let metric = alarm.metric.as_ref().expect("a plain alarm");
                seen.push(format!("alarm {}/{}", metric.namespace, metric.name));
                seen.push(format!("acts on {}", alarm.alarm_actions.join(" ")));
            }
            for (arn, tags) in &region.tags {
                if tags.get("made-by").is_some() {
                    let own = [tags.get("cost-center"), tags.get("data owner")];
                    assert_eq!(
                        own.map(|value| value.map(String::as_str)),
                        [Some("42"), Some("Security Team")],
                        "{arn} {tags:?}"
                    );
                    seen.push(format!("tagged {arn}"));
                }
            }
        }
    });
    let all = seen.join("\n");
    for expected in [
        "alarm Security/CIS/sec.nacl-changes",
        "alarm Security/CIS/sec.vpc-changes",
        ":sec-alerts",
        ":alarm:sec.nacl-changes",
        ":alarm:sec.vpc-changes",
    ] {
        assert!(all.contains(expected), "{expected} in\n{all}");
    }
    assert!(!all.contains("orgsweep-"), "{all}");

    let undo = [
        "remediate",
        "undo",
        run_id(&told),
        "--digest",
        digest,
        "--role-name",
        ROLE,
        "--format",
        "json",
    ];
    repair.installation.run(&undo).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_policy_is_about_the_configured_names() {
    let installation = Installation::embedded().with_configuration(STYLE);
    let printed = installation
        .run(&[
            "iam",
            "policy",
            "--for",
            "remediator",
            "--allow-trail-changes",
        ])
        .await
        .with_code(0);
    for resource in [":alarm:sec.*", ":role/sec.*"] {
        assert!(printed.stdout.contains(resource), "{resource}: {printed}");
    }
    assert!(!printed.stdout.contains("orgsweep-*"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_carry_the_same_tags() {
    let repair = styled().await;
    let mut arguments = vec!["remediate", "plan", "--format", "sh", "--role-name", ROLE];
    arguments.extend(TWO);
    let script = repair.installation.run(&arguments).await.with_code(0);
    for word in [
        "sec.vpc-changes",
        "Key=cost-center,Value=42",
        "Value=Security Team",
    ] {
        assert!(script.stdout.contains(word), "{word}: {script}");
    }
}

#[tokio::test]
async fn a_name_that_aws_would_not_take_is_refused_before_anything_is_read() {
    let installation =
        Installation::embedded().with_configuration("[remediator]\nname = \"alarm\"\n");
    installation
        .run(&["remediate", "plan"])
        .await
        .with_code(2)
        .saying(&["remediator.name", "{control}"]);
}
