//! The parts of a finding's evidence: who covers, what is missing, one event
//! that escapes, what is assumed and what could not be read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::blame::Place;
use super::chains::Shown;
use super::control::{Judged, Why};
use super::coverage::{Answer, Coverage};
use super::fix::{self, Repair};
use super::judge::{Outcome, facts};
use super::kinds;
use super::routes::{Group, Routes};
use crate::catalog::{Catalog, Control};
use crate::chain::narrowing;
use crate::chain::trail::EventKind;
use crate::finding::{EventsNeeded, Evidence, LinkKind, LinkState, TimeToNotice, Verdict};
use crate::ids::{AccountId, LogGroupArn};
use crate::known::Unread;
use crate::pattern::{Pattern, PatternSet};
use crate::reason::Reason;

/// The other account whose chain covers, or should cover, this one.
pub(super) fn covered_by(judged: &Judged<'_>, why: &Why, routes: &Routes<'_>) -> Option<AccountId> {
    let groups = || {
        routes
            .all
            .iter()
            .map(|route| route.group.as_ref().map(Group::arn))
    };
    let account = match judged.verdict {
        Verdict::Pass if why.reason == Reason::CoveredByOrganizationTrail => groups()
            .flatten()
            .map(LogGroupArn::account)
            .find(|account| account != routes.account),
        Verdict::Pass => None,
        _ => {
            let route = &routes.all[why.first?.route];
            let group = route.group.as_ref().map(|group| group.arn().account());
            group.or_else(|| route.facts.trail.arn.account())
        }
    };
    account.filter(|account| account != routes.account)
}

pub(super) fn missing_events(
    judged: &Judged<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> (Vec<String>, usize) {
    let Some(first) = judged.outcomes.first() else {
        return (Vec::new(), 0);
    };
    let all = coverage.missing(
        judged.pattern,
        &PatternSet::default(),
        facts(&first.case, routes),
    );
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for outcome in judged
        .outcomes
        .iter()
        .filter(|o| o.verdict == Verdict::Fail)
    {
        let facts = facts(&outcome.case, routes);
        let of_case = coverage.missing(judged.pattern, outcome.filters(), facts);
        missing.extend(of_case.iter().cloned());
    }
    // In the order in which the pattern lists them.
    let listed = all
        .iter()
        .filter(|name| missing.contains(*name))
        .cloned()
        .collect();
    (listed, all.len())
}

pub(super) fn witness(
    judged: &Judged<'_>,
    why: &Why,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Option<serde_json::Value> {
    if judged.verdict != Verdict::Fail {
        return None;
    }
    let outcome = judged.outcomes.get(why.case)?;
    // Where some kinds of events are noticed, the witness is of a kind that is not.
    let some_are_noticed = judged
        .outcomes
        .iter()
        .any(|other| other.verdict != Verdict::Fail);
    let of_its_kind = some_are_noticed
        .then(|| of_kind(judged, outcome, routes, coverage))
        .flatten();
    let answer = of_its_kind.as_ref().unwrap_or(&outcome.answer);
    let Answer::No { witness, .. } = answer.as_ref() else {
        return None;
    };
    let mut witness = witness.clone();
    // Fields that no pattern asks for may have any value: here those of the
    // account and of the Region that is judged.
    let filters = coverage.concerned(judged.pattern, outcome.filters());
    if !judged.pattern.by_account && !filters.by_account {
        let shown = witness["recipientAccountId"].as_str().map(str::to_owned);
        match shown {
            Some(shown) => replace(&mut witness, &shown, routes.account.as_str()),
            None => {
                witness["recipientAccountId"] = routes.account.as_str().into();
            }
        }
    }
    let region = shown(outcome, routes).and_then(|kind| kind.region.as_ref());
    if let Some(region) = region.filter(|_| !judged.pattern.by_region && !filters.by_region) {
        witness["awsRegion"] = region.as_str().into();
    }
    Some(witness)
}

/// The kind of events that stands for the outcome: where there is one, of a Region whose trails
/// were read.
fn shown<'a>(outcome: &'a Outcome, routes: &Routes<'_>) -> Option<&'a EventKind> {
    let asked = outcome.case.asked(routes);
    asked.or_else(|| outcome.case.kinds.first())
}

/// The answer for events of the class and the source of the outcome's first kind alone, when some
/// of them escape.
fn of_kind(
    judged: &Judged<'_>,
    outcome: &Outcome<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Option<Arc<Answer>> {
    let kind = shown(outcome, routes)?;
    let conditions = kinds::conditions(kind);
    let narrowed = narrowing::narrowed(&judged.pattern.text, &conditions)?;
    let pattern = Pattern::parse(&narrowed).ok()?;
    let facts = facts(&outcome.case, routes);
    let answer = coverage.decide(&pattern, outcome.filters(), facts);
    answer.is_no().then_some(answer)
}

fn replace(value: &mut serde_json::Value, from: &str, to: &str) {
    match value {
        serde_json::Value::String(text) => *text = text.replace(from, to),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|i| replace(i, from, to)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|v| replace(v, from, to)),
        _ => {}
    }
}

/// What CloudTrail's delivery to a log group takes on average (AWS: "about 5 minutes").
const DELIVERY_SECONDS: u32 = 300;

/// How long after an event the message goes out, over the fastest chain that holds.
pub(super) fn time_to_notice(shown: &[Shown]) -> Option<TimeToNotice> {
    let of_chain = |shown: &Shown| {
        let delays: Vec<_> = shown.links.iter().filter_map(|link| link.delay).collect();
        let sum = |of: fn(&crate::chain::judged::Delay) -> u32| {
            delays.iter().map(of).fold(0, u32::saturating_add)
        };
        let seconds = (
            sum(|delay| delay.max_seconds),
            sum(|delay| delay.min_seconds),
        );
        (!delays.is_empty()).then_some(seconds)
    };
    let holding = shown.iter().filter(|s| s.state() == LinkState::Holds);
    let (max, min) = holding.filter_map(of_chain).min()?;
    let min_seconds = min.saturating_add(DELIVERY_SECONDS);
    let max_seconds = max.saturating_add(DELIVERY_SECONDS);
    Some(TimeToNotice {
        delivery_seconds: DELIVERY_SECONDS,
        min_seconds,
        max_seconds,
        words: format!(
            "the message goes out about {} to {} minutes after the event, {} of them for CloudTrail's delivery",
            min_seconds / 60,
            max_seconds.div_ceil(60),
            DELIVERY_SECONDS / 60
        ),
    })
}

/// What the alarm of the chain to blame waits for, if that is several events.
pub(super) fn events_needed(shown: &[Shown], first: Option<Place>) -> Option<EventsNeeded> {
    let blamed = shown.iter().find(|shown| Some(shown.place) == first)?;
    let accepted = blamed
        .links
        .iter()
        .find_map(|link| link.if_accepted.as_ref())?;
    Some(accepted.needed)
}

pub(super) fn assumptions(
    judged: &Judged<'_>,
    shown: &[Shown],
    routes: &Routes<'_>,
) -> Vec<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    if judged.verdict == Verdict::Pass {
        all.extend(routes.assumptions());
        let holding = shown
            .iter()
            .filter(|shown| shown.state() == LinkState::Holds);
        let links = holding.flat_map(|shown| &shown.links);
        all.extend(links.filter_map(|link| Some(link.assumes?.to_owned())));
    }
    for outcome in &judged.outcomes {
        match outcome.answer.as_ref() {
            Answer::Yes { assumptions, .. } => all.extend(assumptions.iter().cloned()),
            Answer::No { assumptions, .. } if outcome.verdict == Verdict::Fail => {
                all.extend(assumptions.iter().cloned());
            }
            _ => {}
        }
    }
    all.into_iter().collect()
}

pub(super) fn unread(why: &Why, shown: &[Shown]) -> Vec<Unread> {
    let mut all: BTreeSet<Unread> = why.doubts.iter().flat_map(|d| d.unread.clone()).collect();
    if !why.doubts.is_empty() {
        let links = shown.iter().flat_map(|shown| &shown.links);
        all.extend(links.flat_map(|judged| judged.unread.clone()));
    }
    all.into_iter().collect()
}

pub(super) fn permissions(unread: &[Unread]) -> Vec<String> {
    let missing: BTreeSet<String> = unread
        .iter()
        .filter_map(Unread::missing_permission)
        .collect();
    missing.into_iter().collect()
}

pub(super) fn repair(
    control: &Control,
    catalog: &Catalog,
    judged: &Judged<'_>,
    why: &Why,
    shown: &[Shown],
    routes: &Routes<'_>,
) -> Option<Repair> {
    if judged.verdict == Verdict::Pass {
        return None;
    }
    let blamed = shown.iter().find(|shown| Some(shown.place) == why.first);
    // A filter with a gap is mended in place, so that its alarm goes on.
    let with_a_gap = shown.iter().find(|shown| {
        let same_route = why
            .first
            .is_some_and(|first| first.route == shown.place.route);
        why.reason == Reason::FilterDoesNotCover && same_route && shown.place.tail.is_some()
    });
    let blamed = with_a_gap.or(blamed);
    let names = fix::Names::of(control, catalog, judged.text, blamed, routes);
    Some(fix::repair(why.reason, &names, &why.doubts))
}

/// The reason and the resource that broke, so that one broken thing is one cause
/// however many accounts suffer from it.
pub(super) fn cause(
    reason: Reason,
    verdict: Verdict,
    shown: &[Shown],
    first: Option<Place>,
    evidence: &Evidence,
) -> String {
    if verdict == Verdict::Pass {
        return reason.as_str().to_owned();
    }
    let blamed = shown.iter().find(|shown| Some(shown.place) == first);
    let arn = blamed.and_then(|blamed| {
        let to = blamed
            .links
            .iter()
            .position(|judged| judged.reason == Some(reason));
        let links = &blamed.links[..=to.unwrap_or(blamed.links.len() - 1)];
        let named = |judged: &&crate::chain::judged::Judged| {
            judged.link.resource.starts_with("arn:") && judged.link.kind != LinkKind::Metric
        };
        links
            .iter()
            .rev()
            .find(named)
            .map(|judged| judged.link.resource.clone())
    });
    let permission = evidence.missing_permissions.first().cloned();
    // A permission that is missing is missing in many accounts at once.
    let resource = match reason {
        Reason::FactUnread => permission.or(arn),
        // One policy denies it in all accounts below it.
        Reason::RegionDeniedByPolicy => denied_region(evidence),
        _ => arn.or(permission),
    };
    match resource {
        Some(resource) => format!("{reason} {resource}"),
        None => reason.as_str().to_owned(),
    }
}

fn denied_region(evidence: &Evidence) -> Option<String> {
    let mut denied = (evidence.unread.iter())
        .filter(|unread| unread.reason() == Reason::RegionDeniedByPolicy)
        .filter_map(|unread| unread.call.region.as_ref());
    denied.next().map(ToString::to_string)
}
