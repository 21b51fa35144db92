//! Chains of known truth: one change to a healthy account per line, and what
//! becomes of the control on S3 bucket policies. One file for each part of the chain.

use orgsweep_controls::AccountSnapshot;
use orgsweep_controls::snapshot::{MetricFilter, MuteRule};

use crate::support::*;

mod alarm_queries;
mod alarms;
mod delivery;
mod filters;
mod monitoring;
mod trails;

/// A name, the change, and the reason that the finding must give.
type Case = (&'static str, fn(&mut AccountSnapshot), &'static str);

fn judged(case: &Case, control: &str) -> String {
    let mut snapshot = healthy(OWN);
    case.1(&mut snapshot);
    let finding = finding(&snapshot, control);
    let verdict = finding.verdict.as_str();
    let expected = match case.2 {
        "covered" => "pass",
        "fact_unread"
        | "region_denied_by_policy"
        | "undecided"
        | "alarm_undecided"
        | "policy_undecided" => "unknown",
        _ => "fail",
    };
    assert_eq!(verdict, expected, "{}: {}", case.0, finding.summary);
    finding.reason.as_str().to_owned()
}

fn check(control: &str, cases: &[Case]) {
    for case in cases {
        assert_eq!(judged(case, control), case.2, "{}", case.0);
    }
}

fn s3_alarm(snapshot: &mut AccountSnapshot) -> &mut orgsweep_controls::snapshot::MetricAlarm {
    of_alarm(snapshot, S3)
}

fn s3_filter(snapshot: &mut AccountSnapshot) -> &mut orgsweep_controls::snapshot::MetricFilter {
    of_filter(snapshot, S3)
}

fn set_pattern(snapshot: &mut AccountSnapshot, pattern: &str) {
    pattern.clone_into(&mut s3_filter(snapshot).pattern);
}

fn mute(snapshot: &mut AccountSnapshot, expression: &str, duration: &str, alarm: &str) {
    let rule = MuteRule {
        name: "quiet".to_owned(),
        expression: expression.to_owned(),
        duration: duration.to_owned(),
        time_zone: None,
        alarm_names: vec![alarm.to_owned()],
        active_once: false,
        begins: None,
        ends: None,
    };
    of_alarms(snapshot).mute_rules = Some(known(vec![rule]));
}

/// Adds a log group with this filter, to which no trail delivers.
fn in_another_group(snapshot: &mut AccountSnapshot, filter: MetricFilter) {
    let arn = snapshot.log_groups.keys().next().unwrap().to_string();
    let (before, _) = arn.rsplit_once(":log-group:").unwrap();
    let arn = format!("{before}:log-group:other:*").parse().unwrap();
    let mut group = of_group(snapshot).clone();
    *value(&mut group.filters) = vec![filter];
    snapshot.log_groups.insert(arn, group);
}
