//! Which link is to blame when a control fails: the first link at which the
//! union of the chains stops covering the pattern. All chains start equal; at
//! each link the broken ones drop out, and the link that costs the coverage is
//! the one to mend first.

use std::collections::BTreeSet;

use super::coverage::{Coverage, Facts};
use super::judge::{Case, Outcome, facts, tails};
use super::routes::{Group, Routes};
use crate::chain::tail::Tail;
use crate::chain::trail::Delivers;
use crate::finding::Verdict;
use crate::pattern::{Pattern, PatternSet};
use crate::reason::Reason;

/// A chain by its route and its tail; without a tail it ends where a filter
/// should begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) route: usize,
    pub(super) tail: Option<usize>,
}

/// Why a control fails, and where.
#[derive(Debug, Clone)]
pub(super) struct Blame {
    pub(super) reason: Reason,
    /// `None` when there is no trail at all.
    pub(super) place: Option<Place>,
    /// The case in which it fails.
    pub(super) case: usize,
}

struct Entry<'a> {
    place: Place,
    stage: usize,
    tail: Option<&'a Tail>,
}

const WHOLE: usize = usize::MAX;

/// The place of a reason in the order of a chain.
pub(super) fn stage(reason: Reason) -> usize {
    let place = Reason::ALL.iter().position(|other| *other == reason);
    place.unwrap_or(WHOLE)
}

/// Blames the failing cases of a pattern: of all of them, the one that gets furthest; of several,
/// one in a Region whose trails were read, of which more is known.
pub(super) fn blame(
    required: &Pattern,
    outcomes: &[Outcome<'_>],
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Option<Blame> {
    let mut furthest: Option<((usize, bool), Blame)> = None;
    for (index, outcome) in outcomes.iter().enumerate() {
        if outcome.verdict != Verdict::Fail {
            continue;
        }
        let (reason, place) = of_case(required, &outcome.case, routes, coverage);
        let rank = (stage(reason), outcome.case.asked(routes).is_some());
        if furthest.as_ref().is_none_or(|(other, _)| rank > *other) {
            let blame = Blame {
                reason,
                place,
                case: index,
            };
            furthest = Some((rank, blame));
        }
    }
    furthest.map(|(_, blame)| blame)
}

fn of_case(
    required: &Pattern,
    case: &Case<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> (Reason, Option<Place>) {
    let entries = entries(required, case, routes, coverage);
    let stages: BTreeSet<usize> = entries.iter().map(|entry| entry.stage).collect();
    for broken_at in stages {
        let beyond: Vec<&Entry<'_>> = entries.iter().filter(|e| e.stage > broken_at).collect();
        if covers(required, &beyond, case, routes, coverage) {
            continue;
        }
        let here: Vec<&Entry<'_>> = entries.iter().filter(|e| e.stage == broken_at).collect();
        let reason = Reason::ALL
            .get(broken_at)
            .copied()
            .unwrap_or(Reason::Undecided);
        let best = best(required, &here, &beyond, case, routes, coverage);
        return (reason, best);
    }
    (Reason::NoTrail, None)
}

fn covers(
    required: &Pattern,
    entries: &[&Entry<'_>],
    case: &Case<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> bool {
    // An entry without a tail stands for the filter that should be there, one
    // without a pattern for whatever it may match.
    if entries
        .iter()
        .any(|entry| entry.tail.is_none_or(|tail| tail.pattern.is_none()))
    {
        return true;
    }
    let filters: PatternSet = entries
        .iter()
        .filter_map(|entry| entry.tail)
        .filter_map(|tail| tail.pattern.clone())
        .collect();
    !coverage
        .decide(required, &filters, facts(case, routes))
        .is_no()
}

/// Of the chains that break at one link, the one with the fewest missing events, together with those
/// that get beyond it: one that looks meant for the pattern before others, and before both one that
/// adds to what they match.
fn best<'e>(
    required: &Pattern,
    here: &[&Entry<'e>],
    beyond: &[&Entry<'e>],
    case: &Case<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Option<Place> {
    let facts = facts(case, routes);
    let of_beyond = || {
        let tails = beyond.iter().filter_map(|entry| entry.tail);
        tails.filter_map(|tail| tail.pattern.as_ref())
    };
    let alone: PatternSet = of_beyond().cloned().collect();
    let missing_alone = coverage.missing(required, &alone, facts).len();
    let rank = |entry: &&&Entry<'e>| {
        let Some(pattern) = entry.tail.and_then(|tail| tail.pattern.as_ref()) else {
            // The place where a filter should be: after those that are there and
            // matter, before those that do not.
            return (3, usize::MAX, entry.place);
        };
        let relevant = coverage.is_relevant(required, pattern);
        let together: PatternSet = of_beyond().chain([pattern]).cloned().collect();
        let missing = coverage.missing(required, &together, facts).len();
        let adds = missing < missing_alone || !coverage.decide(required, &together, facts).is_no();
        let class = match (adds, relevant) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 4,
        };
        (class, missing, entry.place)
    };
    here.iter().min_by_key(rank).map(|entry| entry.place)
}

fn entries<'a>(
    required: &Pattern,
    case: &Case<'_>,
    routes: &'a Routes<'_>,
    coverage: &Coverage,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for (index, (route, delivers)) in routes.all.iter().zip(&case.delivers).enumerate() {
        let trail = match delivers {
            Delivers::No(reason) => stage(*reason),
            _ => WHOLE,
        };
        let group = match &route.group {
            Some(Group::Chains(chains)) if chains.group.is_broken() => {
                chains.group.reason.map_or(WHOLE, stage)
            }
            _ => WHOLE,
        };
        let before = trail.min(group);
        let tails = tails(route.group.as_ref());
        entries.push(Entry {
            place: Place {
                route: index,
                tail: None,
            },
            stage: before.min(stage(without_filter(
                required,
                route.group.as_ref(),
                coverage,
                facts(case, routes),
            ))),
            tail: None,
        });
        entries.extend(tails.iter().enumerate().map(|(number, tail)| {
            let broken = tail.broken_by().and_then(|judged| judged.reason);
            Entry {
                place: Place {
                    route: index,
                    tail: Some(number),
                },
                stage: before.min(broken.map_or(WHOLE, stage)),
                tail: Some(tail),
            }
        }));
    }
    // A filter that cannot be parsed stands for the pattern only when it looks
    // as if it were meant for it.
    entries.retain(|entry| {
        entry
            .tail
            .is_none_or(|tail| tail.pattern.is_some() || looks_like(required, &tail.text))
    });
    entries
}

/// What is wrong where a covering filter should begin.
fn without_filter(
    required: &Pattern,
    group: Option<&Group>,
    coverage: &Coverage,
    facts: Facts<'_>,
) -> Reason {
    let relevant = tails(group).iter().any(|tail| {
        let pattern = tail.pattern.as_ref();
        pattern.is_some_and(|pattern| coverage.is_relevant(required, pattern))
    });
    if relevant {
        Reason::FilterDoesNotCover
    } else if elsewhere(required, group, coverage, facts).is_some() {
        Reason::FilterOnAbandonedGroup
    } else {
        Reason::NoFilter
    }
}

/// The log group without a trail whose filters would cover the pattern.
pub(super) fn elsewhere<'g>(
    required: &Pattern,
    group: Option<&'g Group>,
    coverage: &Coverage,
    facts: Facts<'_>,
) -> Option<&'g str> {
    let Some(Group::Chains(chains)) = group else {
        return None;
    };
    let covers = |filters: &PatternSet| coverage.decide(required, filters, facts).is_yes();
    let mut groups = chains.elsewhere.iter();
    groups
        .find(|elsewhere| covers(&elsewhere.patterns))
        .map(|elsewhere| elsewhere.group.as_str())
}

/// Whether a text names an event or a value of the pattern.
pub(super) fn looks_like(required: &Pattern, text: &str) -> bool {
    let values = required.text.split('"').skip(1).step_by(2);
    let mut names = values.filter(|value| value.len() > 4 && !value.ends_with(".amazonaws.com"));
    names.any(|name| text.contains(name.trim_matches('*')))
}
