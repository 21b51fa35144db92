//! Which alarms and topics a snapshot keeps.

use std::collections::BTreeSet;

use orgsweep_controls::snapshot::{Alarms, CompositeAlarm, MetricAlarm, MetricQuery};
use orgsweep_controls::{relevant_alarms, topics_acted_on};

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
            "other-namespace",
            "own",
            "promql"
        ]
    );
    assert_eq!(composite, ["lower", "unreadable", "upper"]);
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
