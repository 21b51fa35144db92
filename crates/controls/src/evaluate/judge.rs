//! The verdict on one pattern: for each kind of event, whether the union of the
//! filters that lead to a message covers it, given what is known; and whether it
//! could, given what is not.

use std::rc::Rc;
use std::sync::Arc;

use super::blame::Place;
use super::coverage::{Answer, Coverage, Facts};
use super::routes::{Group, Routes};
use super::sets::{KnownSets, Sets};
use crate::chain::tail::Tail;
use crate::chain::trail::{Delivers, EventKind};
use crate::finding::Verdict;
use crate::ids::Region;
use crate::pattern::{Pattern, PatternSet};

/// Kinds of events that every trail treats alike.
#[derive(Debug)]
pub(super) struct Case<'a> {
    /// What each route's trail does with them.
    pub(super) delivers: Vec<Delivers<'a>>,
    pub(super) kinds: Vec<EventKind>,
    /// The filters behind the trails.
    pub(super) sets: Rc<Sets>,
    /// Whether there may be a trail that could not be read.
    pub(super) hidden_trail: bool,
    /// The Region, when it makes a difference to the patterns.
    pub(super) region: Option<Region>,
    /// Events that were agreed to go unnoticed.
    pub(super) except: Rc<PatternSet>,
}

impl Case<'_> {
    /// A kind of events of a Region whose trails were read. Elsewhere there may be a trail that
    /// nobody asked about and that records them.
    pub(super) fn asked(&self, routes: &Routes<'_>) -> Option<&EventKind> {
        self.kinds.iter().find(|kind| {
            let region = kind.region.as_ref();
            region.is_some_and(|region| routes.asked.contains(region))
        })
    }
}

/// The answer for one case.
#[derive(Debug, Clone)]
pub(super) struct Outcome<'a> {
    pub(super) case: Rc<Case<'a>>,
    pub(super) verdict: Verdict,
    /// Whether the filters that decide cover the pattern.
    pub(super) answer: Arc<Answer>,
}

impl Outcome<'_> {
    /// The filters that decide: those that are known to lead to a message; for a fail, those
    /// that may lead to one, for only what none of these matches goes unnoticed for certain.
    pub(super) fn filters(&self) -> &PatternSet {
        match self.verdict {
            Verdict::Fail => &self.case.sets.possible,
            _ => &self.case.sets.working,
        }
    }
}

/// The cases of a control, in the order of its kinds.
pub(super) fn cases<'a>(
    kinds: Vec<EventKind>,
    routes: &Routes<'a>,
    sets: &KnownSets<'a>,
    patterns: &[&Pattern],
    except: &Rc<PatternSet>,
) -> Vec<Rc<Case<'a>>> {
    let tails = routes
        .all
        .iter()
        .flat_map(|route| tails(route.group.as_ref()));
    let by_region = except.by_region
        || patterns.iter().any(|pattern| pattern.by_region)
        || tails
            .filter_map(|tail| tail.pattern.as_ref())
            .any(|pattern| pattern.by_region);
    let mut cases: Vec<Case<'a>> = Vec::new();
    for kind in kinds {
        let delivers: Vec<Delivers<'a>> = routes
            .all
            .iter()
            .map(|route| route.facts.delivers(&kind))
            .collect();
        let hidden_trail = routes.all_trails_unread
            || kind
                .region
                .as_ref()
                .is_some_and(|r| routes.unread_trails.contains_key(r))
            || kind.region.is_none() && routes.may_hide_regions();
        let region = kind.region.clone().filter(|_| by_region);
        let same = cases.iter_mut().find(|case| {
            case.delivers == delivers && case.hidden_trail == hidden_trail && case.region == region
        });
        match same {
            Some(case) => case.kinds.push(kind),
            None => cases.push(Case {
                sets: sets.of(&delivers, routes),
                delivers,
                kinds: vec![kind],
                hidden_trail,
                region,
                except: Rc::clone(except),
            }),
        }
    }
    cases.into_iter().map(Rc::new).collect()
}

/// Judges one pattern in one case.
pub(super) fn judge<'a>(
    required: &Pattern,
    case: &Rc<Case<'a>>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Outcome<'a> {
    let facts = facts(case, routes);
    let mut answer = coverage.decide(required, &case.sets.working, facts);
    let verdict = if answer.is_yes() {
        Verdict::Pass
    } else if case.sets.anything || case.hidden_trail {
        Verdict::Unknown
    } else {
        let possible = coverage.decide(required, &case.sets.possible, facts);
        if possible.is_no() {
            answer = possible;
            Verdict::Fail
        } else {
            Verdict::Unknown
        }
    };
    Outcome {
        case: Rc::clone(case),
        verdict,
        answer,
    }
}

/// What is known about the events of a case.
pub(super) fn facts<'a>(case: &'a Case<'_>, routes: &'a Routes<'_>) -> Facts<'a> {
    Facts {
        account: routes.account,
        region: case.region.as_ref(),
        except: &case.except,
    }
}

/// The chains from a route's log group on.
pub(super) fn tails(group: Option<&Group>) -> &[Tail] {
    match group {
        Some(Group::Chains(group)) => &group.tails,
        _ => &[],
    }
}

/// The chains of a route's log group with their places.
pub(super) fn placed(route: usize, tails: &[Tail]) -> impl Iterator<Item = (Place, &Tail)> {
    let place = move |number| Place {
        route,
        tail: Some(number),
    };
    let numbered = tails.iter().enumerate();
    numbered.map(move |(number, tail)| (place(number), tail))
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
