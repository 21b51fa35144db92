//! Remarks of a finding that never turn its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use filter_pattern::limits::{METRIC_FILTERS_PER_LOG_GROUP, REGEX_PATTERNS_PER_LOG_GROUP};

use super::chains::Shown;
use super::coverage::Coverage;
use super::judge::{Case, tails};
use super::noise;
use super::routes::{Group, Routes};
use crate::catalog::{Catalog, Control};
use crate::chain::group::{GroupChains, Waiting};
use crate::chain::judged::note;
use crate::chain::trail::Delivers;
use crate::finding::{LinkKind, LinkState, Note, Verdict};
use crate::pattern::Pattern;
use crate::reason::Reason;
use crate::snapshot::Delivery;

/// With so few filters to go, the quota is worth a remark.
const FILTERS_TO_GO: usize = 10;

/// The notes of a finding, sorted, without repetition.
pub(super) fn of(
    required: &Pattern,
    verdict: Verdict,
    shown: &[Shown],
    cases: &[&Case<'_>],
    routes: &Routes<'_>,
    coverage: &Coverage,
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
        let ringing: Vec<Ringing<'_>> = holding()
            .filter_map(|shown| {
                Some(Ringing {
                    route: shown.place.route,
                    alarm: shown.link(LinkKind::Alarm)?.link.resource.as_str(),
                    filter: pattern_of(shown, routes)?,
                })
            })
            .collect();
        let mut beyond = BTreeSet::new();
        for one in &ringing {
            beyond.extend(coverage.beyond(required, one.filter).iter().cloned());
        }
        if let Some(words) = noise::in_words(&beyond) {
            add(note("noise", words));
        }
        if let Some((code, words)) = several_alarms(&ringing, cases, coverage) {
            add(note(code, words));
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
                format!(
                    "trail `{name}` has not reported a delivery to its log group since it was switched on"
                ),
            ));
        }
        if let Some(Group::Chains(group)) = &route.group {
            quota_headroom(group).into_iter().for_each(&mut add);
            if verdict == Verdict::Pass {
                unread_beside(group).for_each(&mut add);
            }
        }
    }
    notes.into_values().collect()
}

/// The alarms that were made for the control, going by their names, and whose metric no filter
/// publishes: where the filter was deleted, or publishes under another name, they show it.
pub(super) fn of_waiting_alarms<'a>(
    control: &'a Control,
    catalog: &'a Catalog,
    reason: Reason,
    routes: &'a Routes<'_>,
) -> impl Iterator<Item = Note> + 'a {
    let is_missed = matches!(
        reason,
        Reason::NoFilter | Reason::FilterDoesNotCover | Reason::FilterInvalid | Reason::NoAlarm
    );
    let groups = routes.all.iter().filter_map(|route| match &route.group {
        Some(Group::Chains(group)) if is_missed => Some(group),
        _ => None,
    });
    let waiting = groups.flat_map(|group| &group.waiting);
    let of_control =
        waiting.filter(|waiting| catalog.is_for(&control.id, [&waiting.alarm, &waiting.metric]));
    let words = of_control.map(|waiting| {
        let Waiting { alarm, namespace, metric } = waiting;
        format!("alarm `{alarm}` waits for the metric {namespace}/{metric}, which no metric filter publishes")
    });
    words
        .collect::<BTreeSet<String>>()
        .into_iter()
        .map(|words| note("waiting_alarm", words))
}

fn pattern_of<'a>(shown: &Shown, routes: &'a Routes<'_>) -> Option<&'a Arc<Pattern>> {
    let group = routes.all[shown.place.route].group.as_ref();
    tails(group).get(shown.place.tail?)?.pattern.as_ref()
}

/// An alarm that rings for what a filter behind a trail matches.
struct Ringing<'a> {
    route: usize,
    alarm: &'a str,
    filter: &'a Pattern,
}

/// What several alarms mean: one event rings more than one, or each rings for a part. Trails of
/// single Regions deliver no event that another one does.
fn several_alarms(
    ringing: &[Ringing<'_>],
    cases: &[&Case<'_>],
    coverage: &Coverage,
) -> Option<(&'static str, String)> {
    let alarms: BTreeSet<&str> = ringing.iter().map(|one| one.alarm).collect();
    if alarms.len() < 2 {
        return None;
    }
    let both_deliver = |one: usize, other: usize| {
        let delivers = |case: &&Case<'_>, route: usize| case.delivers[route] == Delivers::Yes;
        one == other || (cases.iter()).any(|case| delivers(case, one) && delivers(case, other))
    };
    for (index, one) in ringing.iter().enumerate() {
        for other in &ringing[index + 1..] {
            if one.alarm != other.alarm
                && both_deliver(one.route, other.route)
                && coverage.share_an_event(one.filter, other.filter)
            {
                let words = format!(
                    "one event rings both {} and {}: people are told twice",
                    one.alarm, other.alarm
                );
                return Some(("duplicate_notification", words));
            }
        }
    }
    let words = format!(
        "{} alarms take part, each for some of the events",
        alarms.len()
    );
    Some(("several_alarms", words))
}

/// How much room a log group has for the filters that a repair would put.
fn quota_headroom(group: &GroupChains) -> Vec<Note> {
    let mut notes = Vec::new();
    let (filters, arn) = (group.number_of_filters, &group.arn);
    if filters + FILTERS_TO_GO >= METRIC_FILTERS_PER_LOG_GROUP {
        let words = format!("{arn} has {filters} of {METRIC_FILTERS_PER_LOG_GROUP} metric filters");
        notes.push(note("quota_headroom", words));
    }
    let with_regex = group.number_with_regex;
    if with_regex + 1 >= REGEX_PATTERNS_PER_LOG_GROUP {
        let words = format!(
            "{arn} has {with_regex} metric filters with regular expressions; \
             AWS allows {REGEX_PATTERNS_PER_LOG_GROUP}, subscription filters included"
        );
        notes.push(note("quota_headroom", words));
    }
    notes
}

/// What is taken for granted of groups that could not be read: their filters might publish to the
/// metrics of this one, and keep an alarm silent.
fn unread_beside(group: &GroupChains) -> impl Iterator<Item = Note> {
    group.unread_beside.iter().map(|beside| {
        let words = format!(
            "the filters of {beside} could not be read; none of them is taken to publish to a metric of {}",
            group.arn
        );
        note("filters_not_read", words)
    })
}
