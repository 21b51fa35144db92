//! The verdict on one pattern: for each kind of event, whether the union of the
//! filters that lead to a message covers it, given what is known; and whether it
//! could, given what is not.

use std::sync::Arc;

use filter_pattern::FilterPattern;

use super::coverage::{Answer, Coverage, Facts, Filters, depends_on_region};
use super::routes::{Group, Routes};
use crate::chain::group::Tail;
use crate::chain::trail::{Delivers, EventKind};
use crate::finding::{LinkState, Verdict};
use crate::ids::{AccountId, Region};

/// Kinds of events that every trail treats alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case<'a> {
    /// What each route's trail does with them.
    pub(super) delivers: Vec<Delivers<'a>>,
    pub(super) kinds: Vec<EventKind>,
    /// Whether there may be a trail that could not be read.
    pub(super) hidden_trail: bool,
    /// The Region, when it makes a difference to the patterns.
    pub(super) region: Option<Region>,
}

/// The answer for one case.
#[derive(Debug, Clone)]
pub(super) struct Outcome<'a> {
    pub(super) case: Case<'a>,
    pub(super) verdict: Verdict,
    /// Whether the filters that are known to lead to a message cover the pattern.
    pub(super) answer: Arc<Answer>,
}

/// Which chains take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chains<'a> {
    /// Those that hold.
    Working,
    /// Those that hold and belong to that account.
    WorkingIn(&'a AccountId),
    /// Those that hold as far as is known.
    Possible,
}

/// The cases of a control, in the order of its kinds.
pub(super) fn cases<'a>(
    kinds: Vec<EventKind>,
    routes: &Routes<'a>,
    patterns: &[FilterPattern],
) -> Vec<Case<'a>> {
    let required: Vec<String> = patterns.iter().map(ToString::to_string).collect();
    let tails = routes
        .routes
        .iter()
        .flat_map(|route| tails(route.group.as_ref()));
    let by_region = depends_on_region(required.iter().map(String::as_str))
        || depends_on_region(tails.map(|tail| tail.canonical.as_str()));
    let mut cases: Vec<Case<'a>> = Vec::new();
    for kind in kinds {
        let delivers: Vec<Delivers<'a>> = routes
            .routes
            .iter()
            .map(|route| route.facts.delivers(&kind))
            .collect();
        let hidden_trail = routes.all_trails_unread
            || kind
                .region
                .as_ref()
                .is_some_and(|r| routes.unread_trails.contains_key(r));
        let region = kind.region.clone().filter(|_| by_region);
        let same = cases.iter_mut().find(|case| {
            case.delivers == delivers && case.hidden_trail == hidden_trail && case.region == region
        });
        match same {
            Some(case) => case.kinds.push(kind),
            None => cases.push(Case {
                delivers,
                kinds: vec![kind],
                hidden_trail,
                region,
            }),
        }
    }
    cases
}

/// Judges one pattern in one case.
pub(super) fn judge<'a>(
    required: &FilterPattern,
    case: &Case<'a>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Outcome<'a> {
    let facts = facts(case, routes);
    let (working, _) = filters(case, routes, Chains::Working);
    let answer = coverage.decide(required, &working, facts);
    let verdict = if answer.is_yes() {
        Verdict::Pass
    } else {
        let (possible, anything) = filters(case, routes, Chains::Possible);
        if anything || !coverage.decide(required, &possible, facts).is_no() {
            Verdict::Unknown
        } else {
            Verdict::Fail
        }
    };
    Outcome {
        case: case.clone(),
        verdict,
        answer,
    }
}

/// What is known about the events of a case.
pub(super) fn facts<'a>(case: &'a Case<'_>, routes: &'a Routes<'_>) -> Facts<'a> {
    Facts {
        account: routes.account,
        region: case.region.as_ref(),
    }
}

/// The filters of the chains that take part, and whether there may be one that
/// matches anything.
pub(super) fn filters(case: &Case<'_>, routes: &Routes<'_>, chains: Chains<'_>) -> (Filters, bool) {
    let mut filters = Filters::new();
    let possible = chains == Chains::Possible;
    let mut anything = possible && case.hidden_trail;
    for (route, delivers) in routes.routes.iter().zip(&case.delivers) {
        let certain = *delivers == Delivers::Yes;
        if matches!(delivers, Delivers::No(_)) || !certain && !possible {
            continue;
        }
        let group = match &route.group {
            None => continue,
            Some(Group::OwnerUnread(..)) => {
                anything |= possible;
                continue;
            }
            Some(Group::Chains(group)) => group,
        };
        if matches!(chains, Chains::WorkingIn(account) if group.arn.account() != *account) {
            continue;
        }
        if group.group.is_broken() {
            continue;
        }
        let state = group.group.link.state;
        anything |= possible && group.filters_unread.is_some();
        for tail in &group.tails {
            match state.max(tail.state()) {
                LinkState::Holds => {}
                LinkState::Unknown if possible => {}
                _ => continue,
            }
            match &tail.pattern {
                Some(pattern) => {
                    filters.insert(tail.canonical.clone(), Arc::clone(pattern));
                }
                None => anything |= possible,
            }
        }
    }
    (filters, anything)
}

/// The chains from a route's log group on.
pub(super) fn tails(group: Option<&Group>) -> &[Tail] {
    match group {
        Some(Group::Chains(group)) => &group.tails,
        _ => &[],
    }
}

/// The verdict over all cases of a pattern.
pub(super) fn over_all(outcomes: &[Outcome<'_>]) -> Verdict {
    let any = |verdict| outcomes.iter().any(|outcome| outcome.verdict == verdict);
    if any(Verdict::Fail) {
        Verdict::Fail
    } else if any(Verdict::Unknown) || outcomes.is_empty() {
        Verdict::Unknown
    } else {
        Verdict::Pass
    }
}
