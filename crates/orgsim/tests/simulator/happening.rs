//! Events that happen: what becomes of them is what the scenario's author claims.

use chrono::{TimeZone as _, Utc};
use orgsim::{CloudTrailEvent, ExpectedOutcome, Link, Scenario, Timeline, Traffic, World};
use serde_json::{Value, json};

fn timeline() -> Timeline {
    Timeline::new(Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 30).unwrap())
}

fn put_bucket_policy(account: &str, region: &str) -> CloudTrailEvent {
    let record = json!({
        "eventVersion": "1.11",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketPolicy",
        "readOnly": false,
        "managementEvent": true,
        "eventCategory": "Management",
    });
    CloudTrailEvent::at(record, Some(account), Some(region)).unwrap()
}

fn world(toml: &str) -> World {
    World::build(&Scenario::parse(toml).unwrap())
}

fn only_account_named(world: &World, name: &str) -> String {
    let organization = world.organization();
    let member = organization.members().find(|member| member.name == name);
    member.unwrap().id.clone()
}

const OWN_TRAILS: &str = r#"
[management]
[[group]]
name = "sound"
[[group]]
name = "broken"
chain = "topic_missing"
"#;

#[test]
fn an_event_is_followed_to_the_subscriber_and_rings_again_the_next_time() {
    let world = world(OWN_TRAILS);
    let account = only_account_named(&world, "sound");
    let mut timeline = timeline();
    for _ in 0..3 {
        let began = timeline.now();
        let trace = timeline.inject(&world, &put_bucket_policy(&account, "eu-west-1"));
        assert_eq!(trace.messages.len(), 1, "{trace}");
        let message = &trace.messages[0];
        assert!(
            message
                .subject
                .starts_with("ALARM: \"cis-s3-bucket-policy-changes\"")
        );
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(body["NewStateValue"], "ALARM");
        assert!((message.at - began).num_minutes() >= 5, "{trace}");
        assert!(trace.not_simulated.is_empty());
    }
    assert_eq!(timeline.messages().len(), 3);
    // The alarm's history tells the same.
    let state = world.account(&account).unwrap();
    let history = &state.region_content("us-east-1").unwrap().alarm_history;
    let sent = history
        .iter()
        .filter(|item| item.summary.starts_with("Successfully executed action"))
        .count();
    assert_eq!(sent, 3);
}

#[test]
fn a_trace_names_the_link_at_which_an_event_stops() {
    let world = world(OWN_TRAILS);
    let account = only_account_named(&world, "broken");
    let trace = timeline().inject(&world, &put_bucket_policy(&account, "eu-west-1"));
    assert!(!trace.rang());
    let stopped = trace.steps.iter().find(|step| !step.passed).unwrap();
    assert_eq!(stopped.link, Link::Action, "{trace}");
    assert!(trace.to_string().ends_with("Nobody was told.\n"));
}

/// Breaks that only show when the scanner cannot read, or that are a matter of judgement.
fn is_about_reading(reason: &str) -> bool {
    ["fact_unread", "owner_unread"].contains(&reason)
}

#[test]
fn what_the_demos_author_claims_is_what_happens() {
    let world = World::build(&Scenario::demo());
    let mut timeline = timeline();
    let accounts: Vec<String> = world.accounts().map(str::to_owned).collect();
    let mut compared = 0;
    for account in accounts {
        let Some(ExpectedOutcome::Done(findings)) = world.expected(&account) else {
            continue;
        };
        for finding in findings {
            // One control is enough to know the account's chain.
            if finding.control != "s3-bucket-policy-changes" {
                continue;
            }
            let (Some(verdict), Some(reason)) = (finding.verdict, finding.reason) else {
                continue;
            };
            if verdict == "unknown" || is_about_reading(reason) {
                continue;
            }
            let mut missed = 0;
            for traffic in [Traffic::Quiet, Traffic::Busy] {
                timeline.set_traffic(traffic);
                for region in ["us-east-1", "eu-west-1", "ap-south-1"] {
                    for event in ["PutBucketPolicy", "DeleteBucketReplication"] {
                        for _ in 0..2 {
                            let mut record = put_bucket_policy(&account, region).record().clone();
                            record["eventName"] = event.into();
                            let event = CloudTrailEvent::new(record).unwrap();
                            let trace = timeline.inject(&world, &event);
                            missed += usize::from(!trace.rang());
                        }
                    }
                }
            }
            assert_eq!(
                verdict == "pass",
                missed == 0,
                "{account}: {verdict}, {reason}"
            );
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");
}
