//! Which alarms and topics a snapshot keeps.

use std::collections::BTreeSet;

use orgsweep_controls::snapshot::{
    Alarms, CompositeAlarm, FailedAction, MetricAlarm, MetricQuery, MuteRule,
};
use orgsweep_controls::{
    AlarmsOnOthers, alarms_on_other_accounts, relevant_alarms, topics_acted_on,
};

use crate::support::*;

fn on_metric(name: &str, metric: &str) -> MetricAlarm {
    let mut alarm = alarm(OWN, HOME, name);
    alarm.metric.as_mut().unwrap().name = metric.into();
    alarm
}

fn by_math(name: &str, metric: Option<&str>, expression: &str) -> MetricAlarm {
    let mut alarm = alarm(OWN, HOME, name);
    alarm.metric = None;
    alarm.queries = vec![MetricQuery {
        id: "q".to_owned(),
        metric: metric.map(watched),
        expression: Some(expression.to_owned()),
        period: None,
        return_data: true,
        account: None,
    }];
    alarm
}

fn of_kind(name: &str, kind: &str, expressions: &[&str]) -> MetricAlarm {
    let mut alarm = by_math(name, None, "");
    let query = alarm.queries.remove(0);
    alarm.other_kind = Some(kind.to_owned());
    for expression in expressions {
        alarm.queries.push(MetricQuery {
            expression: Some((*expression).to_owned()),
            ..query.clone()
        });
    }
    alarm
}

fn above(name: &str, rule: &str) -> CompositeAlarm {
    CompositeAlarm {
        name: name.to_owned(),
        arn: alarm_arn(OWN, HOME, name),
        rule: rule.to_owned(),
        actions_enabled: true,
        alarm_actions: vec![format!("arn:aws:sns:{HOME}:{OWN}:composite")],
        actions_suppressor: None,
        suppressor_wait: None,
    }
}

fn kept() -> Alarms {
    let mut other_namespace = on_metric("other-namespace", S3);
    other_namespace.metric.as_mut().unwrap().namespace = "Else".into();
    let all = Alarms {
        metric: vec![
            on_metric("own", S3),
            other_namespace,
            on_metric("cpu", "CPUUtilization"),
            on_metric("waiting", "VPCChanges"),
            on_metric("orgsweep-root-usage", "m"),
            by_math("math", Some(S3), "q"),
            by_math(
                "insights",
                None,
                "SELECT SUM(\"s3-bucket-policy-changes\") FROM X",
            ),
            by_math("other-math", Some("CPUUtilization"), "q"),
            of_kind("promql", "PromQL", &["s3_bucket_policy_changes > 0"]),
            of_kind("promql-else", "PromQL", &["up == 0"]),
            of_kind("later-kind", "unknown", &[]),
        ],
        composite: vec![
            above("upper", "ALARM(lower) OR ALARM(cpu)"),
            above("lower", "ALARM(own)"),
            above("aside", "ALARM(cpu)"),
            above("unreadable", "ALARM(own"),
        ],
        ..Alarms::default()
    };
    let filters = [filter(S3, "")];
    relevant_alarms(all, &filters.iter().collect::<Vec<_>>())
}

#[test]
fn alarms_that_could_matter_are_kept_sorted() {
    let kept = kept();
    let metric: Vec<&str> = kept
        .metric
        .iter()
        .map(|alarm| alarm.name.as_str())
        .collect();
    let composite: Vec<&str> = kept
        .composite
        .iter()
        .map(|alarm| alarm.name.as_str())
        .collect();
    assert_eq!(
        metric,
        [
            "insights",
            "later-kind",
            "math",
            "orgsweep-root-usage",
            "other-namespace",
            "own",
            "promql",
            "waiting"
        ]
    );
    assert_eq!(composite, ["lower", "unreadable", "upper"]);
}

/// What they are in decides whether the composites above the filter's alarms tell anybody.
#[test]
fn composites_that_suppress_or_stand_beside_kept_ones_are_kept() {
    let mut upper = above("upper", "ALARM(own) AND NOT ALARM(window)");
    upper.actions_suppressor = Some(alarm_arn(OWN, HOME, "maintenance").to_string());
    let all = Alarms {
        metric: vec![on_metric("own", S3), on_metric("cpu", "CPUUtilization")],
        composite: vec![
            upper,
            above("maintenance", "ALARM(deep)"),
            above("deep", "FALSE"),
            above("window", "TRUE"),
            above("aside", "ALARM(cpu)"),
        ],
        ..Alarms::default()
    };
    let kept = relevant_alarms(all, &[&filter(S3, "")]);
    let names: Vec<&str> = (kept.composite.iter())
        .map(|composite| composite.name.as_str())
        .collect();
    assert_eq!(names, ["deep", "maintenance", "upper", "window"]);
    assert_eq!(kept.metric.len(), 1);
}

#[test]
fn the_topics_of_kept_alarms_are_listed_once() {
    let mut kept = kept();
    kept.metric[0]
        .alarm_actions
        .push(format!("arn:aws:lambda:{HOME}:{OWN}:function:f"));
    kept.metric[0]
        .ok_actions
        .push(format!("arn:aws:sns:{HOME}:{OWN}:all-clear"));
    let topics: BTreeSet<String> = topics_acted_on(&kept)
        .iter()
        .map(ToString::to_string)
        .collect();
    let composite = format!("arn:aws:sns:{HOME}:{OWN}:composite");
    assert_eq!(
        topics,
        BTreeSet::from([composite, topic_arn(OWN, HOME).to_string()])
    );
}

/// Answers that were damaged on their way may hold any number of them, in any order.
#[test]
fn lines_and_circles_of_composites_are_followed_to_their_ends() {
    const LINE: usize = 6_000;
    let link = |number: usize| above(&format!("c{number}"), &format!("ALARM(c{})", number - 1));
    let mut composite: Vec<CompositeAlarm> = (1..LINE).rev().map(link).collect();
    composite.push(above("c0", "ALARM(own)"));
    composite.push(above("round", "ALARM(c7) OR ALARM(about)"));
    composite.push(above("about", "ALARM(round)"));
    composite.push(above("elsewhere", "ALARM(elsewhere)"));
    let all = Alarms {
        metric: vec![on_metric("own", S3)],
        composite,
        ..Alarms::default()
    };
    let kept = relevant_alarms(all, &[&filter(S3, "")]).composite;
    assert_eq!(kept.len(), LINE + 2);
    assert!(kept.iter().all(|composite| composite.name != "elsewhere"));
}

/// An alarm of the monitoring account on the S3 metric of another.
fn on_metric_of(name: &str, of: &str) -> MetricAlarm {
    let mut alarm = by_math(name, Some(S3), "");
    alarm.arn = alarm_arn(OWNER, HOME, name);
    alarm.queries[0].expression = None;
    alarm.queries[0].account = Some(of.to_owned());
    alarm
}

#[test]
fn each_linked_account_gets_a_monitoring_accounts_alarms_on_its_own_metrics_and_what_is_about_them()
{
    const OTHER: &str = "444455556666";
    let muted = |names: &[&str]| MuteRule {
        name: "quiet".to_owned(),
        expression: "cron(0 0 * * *)".to_owned(),
        duration: "PT1H".to_owned(),
        time_zone: None,
        alarm_names: names.iter().map(ToString::to_string).collect(),
        active_once: false,
        begins: None,
        ends: None,
    };
    let failed = FailedAction {
        alarm: "of-other".to_owned(),
        action: topic_arn(OWNER, HOME).to_string(),
        at: chrono::DateTime::UNIX_EPOCH,
        error: String::new(),
    };
    let all = Alarms {
        metric: vec![
            on_metric_of("of-own", OWN),
            on_metric_of("of-other", OTHER),
            on_metric_of("of-itself", OWNER),
            of_kind("prometheus", "PromQL", &["s3_bucket_policy_changes > 0"]),
        ],
        composite: vec![
            above("above-own", "ALARM(of-own)"),
            above("above-other", "ALARM(of-other)"),
            above("unreadable", "ALARM("),
        ],
        mute_rules: Some(known(vec![
            muted(&["of-own", "of-other"]),
            muted(&["of-other"]),
        ])),
        failed_actions: Some(known(vec![failed])),
        ..Alarms::default()
    };
    let all = alarms_on_other_accounts(all, &account(OWNER));
    let names = |alarms: &Alarms| -> Vec<String> {
        let metric = alarms.metric.iter().map(|alarm| alarm.name.clone());
        let composite = alarms.composite.iter().map(|alarm| alarm.name.clone());
        metric.chain(composite).collect()
    };
    assert!(!names(&all).contains(&"of-itself".to_owned()));
    let s3 = [&filter(S3, "")];
    let rung: BTreeSet<String> = ["of-other".to_owned()].into();

    let index = AlarmsOnOthers::of(all.clone(), rung.clone());
    let own = index.on_metrics_of(&account(OWN), &s3);
    assert_eq!(
        names(&own),
        ["of-own", "prometheus", "above-own", "unreadable"]
    );
    assert_eq!(own.mute_rules, Some(known(vec![muted(&["of-own"])])));
    assert_eq!(own.failed_actions, None);
    let other = index.on_metrics_of(&account(OTHER), &s3);
    assert_eq!(
        names(&other),
        ["of-other", "prometheus", "above-other", "unreadable"]
    );
    assert!(other.failed_actions.is_some());
    let none = index.on_metrics_of(&account(OWN), &[&filter("vpc-changes", "")]);
    assert_eq!(none, Alarms::default());

    // History that could not be read tells nothing of alarms that have not rung.
    let unread = Alarms {
        failed_actions: Some(denied("cloudwatch", "DescribeAlarmHistory")),
        ..all
    };
    let index = AlarmsOnOthers::of(unread, rung);
    let asked = [OWN, OTHER].map(|of| index.on_metrics_of(&account(of), &s3).failed_actions);
    assert!(asked[0].is_none() && asked[1].is_some());
}
