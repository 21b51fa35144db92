//! Remarks of a finding that never turn its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use filter_pattern::Event;

use super::chains::Shown;
use super::judge::Outcome;
use super::routes::{Group, Routes};
use crate::chain::judged::note;
use crate::finding::{LinkKind, LinkState, Note, Verdict};
use crate::pattern::Pattern;
use crate::snapshot::Delivery;

/// Everyday events that no control is about: a filter that matches one of them
/// rings all day.
static EVERYDAY: LazyLock<Vec<Event>> = LazyLock::new(|| {
    [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole"},"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","eventType":"AwsApiCall","readOnly":true,"managementEvent":true,"eventCategory":"Management"}"#,
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"},"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"us-east-1","sourceIPAddress":"ec2.amazonaws.com","eventType":"AwsApiCall","readOnly":true,"managementEvent":true,"eventCategory":"Management"}"#,
    ]
    .iter()
    .filter_map(|text| Event::parse(text).ok())
    .collect()
});

/// AWS allows this many metric filters on a log group.
const FILTERS_PER_GROUP: usize = 100;
/// From here on the quota is worth a remark.
const NEARLY_FULL: usize = 90;

/// The notes of a finding, sorted, without repetition.
pub(super) fn of(
    outcomes: &[Outcome<'_>],
    verdict: Verdict,
    shown: &[Shown],
    routes: &Routes<'_>,
) -> Vec<Note> {
    let mut notes: BTreeMap<(String, String), Note> = BTreeMap::new();
    let mut add = |note: Note| {
        notes.insert((note.code.clone(), note.text.clone()), note);
    };
    let holding = || {
        shown
            .iter()
            .filter(|shown| shown.state() == LinkState::Holds)
    };
    for shown in holding() {
        for judged in &shown.links {
            judged.notes.iter().cloned().for_each(&mut add);
        }
    }
    if verdict == Verdict::Pass {
        if is_noisy(outcomes) {
            add(note(
                "noise",
                "a filter also matches everyday events, so the alarm says little",
            ));
        }
        let alarms: BTreeSet<&str> = holding()
            .filter_map(|shown| shown.link(LinkKind::Alarm))
            .map(|judged| judged.link.resource.as_str())
            .collect();
        if alarms.len() > 1 {
            add(note(
                "several_alarms",
                format!(
                    "{} alarms take part; one event may ring more than one",
                    alarms.len()
                ),
            ));
        }
    }
    for route in &routes.all {
        if let Ok(status) = route.facts.status
            && status.logging
            && status.delivery == Delivery::NotReported
            && status.delivery_error.is_none()
            && route.group.is_some()
        {
            let name = &route.facts.trail.name;
            add(note(
                "delivery_not_reported",
                format!("trail `{name}` does not say when it last delivered to its log group"),
            ));
        }
        if let Some(Group::Chains(group)) = &route.group
            && group.number_of_filters >= NEARLY_FULL
        {
            add(note(
                "quota_headroom",
                format!(
                    "{} has {} of {FILTERS_PER_GROUP} metric filters",
                    group.arn, group.number_of_filters
                ),
            ));
        }
    }
    notes.into_values().collect()
}

fn is_noisy(outcomes: &[Outcome<'_>]) -> bool {
    let Some(outcome) = outcomes.first() else {
        return false;
    };
    let working = &outcome.case.sets.working;
    let rings_all_day = |pattern: &Pattern| EVERYDAY.iter().any(|e| pattern.filter.matches(e));
    working
        .patterns
        .iter()
        .any(|pattern| rings_all_day(pattern))
}
