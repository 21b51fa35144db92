//! Events that happen: what becomes of them is what the scenario's author claims.

use chrono::{TimeZone as _, Utc};
use orgsim::{
    CloudTrailEvent, ExpectedOutcome, Link, MetricQuery, Scenario, Timeline, Trace, Traffic, World,
};
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

/// Two accounts with trails of their own, and an alarm of the second on the first one's metric.
fn with_alarm_on_another_account(linked: bool) -> (World, String, String) {
    let world = world(&OWN_TRAILS.replace("chain = \"topic_missing\"", ""));
    let source = only_account_named(&world, "sound");
    let monitoring = only_account_named(&world, "broken");
    if linked {
        assert!(world.link_metrics(&source, &monitoring, "us-east-1"));
    }
    let metric = {
        let mut state = world.account(&source).unwrap();
        let alarms = &state.region("us-east-1").metric_alarms;
        alarms["cis-s3-bucket-policy-changes"].metric.clone()
    };
    let mut state = world.account(&monitoring).unwrap();
    let alarms = &mut state.region("us-east-1").metric_alarms;
    let mut alarm = alarms["cis-s3-bucket-policy-changes"].clone();
    let query = |id: &str| MetricQuery {
        id: id.to_owned(),
        metric: None,
        expression: None,
        label: None,
        return_data: false,
        period: None,
        account: None,
    };
    let returned = MetricQuery {
        expression: Some("FILL(m1, 0)".to_owned()),
        return_data: true,
        ..query("e1")
    };
    let read = MetricQuery {
        metric,
        account: Some(source.clone()),
        ..query("m1")
    };
    alarm.metric = None;
    alarm.queries = vec![returned, read];
    alarm.arn += "-elsewhere";
    alarms.clear();
    alarms.insert("cis-s3-bucket-policy-changes-elsewhere".to_owned(), alarm);
    drop(state);
    (world, source, monitoring)
}

#[test]
fn an_alarm_rings_for_the_metric_of_a_linked_account_and_for_no_other() {
    let (world, source, monitoring) = with_alarm_on_another_account(true);
    let rang = |trace: &Trace| -> Vec<String> {
        let alarms = trace.messages.iter().map(|message| &message.alarm);
        alarms
            .map(|arn| arn.split(':').nth(4).unwrap().to_owned())
            .collect()
    };
    let mut timeline = timeline();
    for _ in 0..2 {
        let trace = timeline.inject(&world, &put_bucket_policy(&source, "eu-west-1"));
        assert_eq!(
            rang(&trace),
            [source.clone(), monitoring.clone()],
            "{trace}"
        );
    }
    let trace = timeline.inject(&world, &put_bucket_policy(&monitoring, "eu-west-1"));
    assert!(rang(&trace).is_empty(), "{trace}");
}

#[test]
fn an_alarm_on_an_account_that_is_not_linked_never_rings() {
    let (world, source, _) = with_alarm_on_another_account(false);
    let trace = timeline().inject(&world, &put_bucket_policy(&source, "eu-west-1"));
    assert_eq!(trace.messages.len(), 1, "{trace}");
    assert!(trace.messages[0].alarm.contains(&source));
    assert!(!world.link_metrics(&source, "999999999999", "us-east-1"));
}

#[test]
fn a_metrics_insights_alarm_sees_the_metric_whatever_its_dimensions() {
    let world = world(OWN_TRAILS);
    let account = only_account_named(&world, "sound");
    let mut state = world.account(&account).unwrap();
    let content = state.region("us-east-1");
    let alarms = &mut content.metric_alarms;
    let alarm = alarms.get_mut("cis-s3-bucket-policy-changes").unwrap();
    let metric = alarm.metric.take().unwrap();
    let (name, namespace) = (&metric.name, &metric.namespace);
    alarm.queries = vec![MetricQuery {
        id: "q1".to_owned(),
        metric: None,
        expression: Some(format!("SELECT SUM(\"{name}\") FROM \"{namespace}\"")),
        label: None,
        return_data: true,
        period: Some(metric.period),
        account: None,
    }];
    let groups = content.log_groups.values_mut();
    let filters = groups.flat_map(|group| group.filters.values_mut());
    for transformation in filters.flat_map(|filter| &mut filter.transformations) {
        let by = ("Source".to_owned(), "$.eventSource".to_owned());
        transformation.dimensions.extend([by]);
        transformation.default_value = None;
    }
    drop(state);
    let mut timeline = timeline();
    for _ in 0..2 {
        let trace = timeline.inject(&world, &put_bucket_policy(&account, "eu-west-1"));
        assert_eq!(trace.messages.len(), 1, "{trace}");
    }
}
