//! Chains on which a verdict rests though their filters do not look meant for the control: each
//! matches a part of its events that no other chain does. They decide what a finding shows and
//! blames, never a verdict.

use std::sync::Arc;

use super::blame::Place;
use super::control::Judged;
use super::coverage::Coverage;
use super::judge::{Outcome, facts, tails};
use super::routes::{Group, Routes};
use crate::chain::tail::Tail;
use crate::chain::trail::Delivers;
use crate::finding::LinkState;
use crate::pattern::{Pattern, PatternSet};

/// A chain with what its filter matches.
pub(super) type Candidate = (Place, Arc<Pattern>);

/// Of `candidates`, those without which the others and `always` are not enough. None where they are
/// not needed, or not enough either.
pub(super) fn needed(
    always: &[Arc<Pattern>],
    candidates: Vec<Candidate>,
    is_enough: impl Fn(&PatternSet) -> bool,
) -> Vec<Place> {
    let enough = |left: &[Candidate]| {
        let patterns = left.iter().map(|(_, pattern)| pattern);
        is_enough(&always.iter().chain(patterns).cloned().collect())
    };
    if candidates.is_empty() || enough(&[]) || !enough(&candidates) {
        return Vec::new();
    }
    let mut left = candidates;
    let mut at = 0;
    while at < left.len() {
        let taken_out = left.remove(at);
        if !enough(&left) {
            left.insert(at, taken_out);
            at += 1;
        }
    }
    left.into_iter().map(|(place, _)| place).collect()
}

/// Those on which a pass rests.
pub(super) fn of_pass(judged: &Judged<'_>, routes: &Routes<'_>, coverage: &Coverage) -> Vec<Place> {
    let required = judged.pattern;
    let mut found = Vec::new();
    for outcome in &judged.outcomes {
        let (mut meant, mut others) = (Vec::new(), Vec::new());
        for (place, pattern) in holding(outcome, routes) {
            if coverage.is_relevant(required, pattern) {
                meant.push(Arc::clone(pattern));
            } else if coverage.touches(required, pattern) {
                others.push((place, Arc::clone(pattern)));
            }
        }
        let facts = facts(&outcome.case, routes);
        found.extend(needed(&meant, others, |filters| {
            coverage.decide(required, filters, facts).is_yes()
        }));
    }
    found
}

fn holding<'r>(
    outcome: &Outcome<'_>,
    routes: &'r Routes<'_>,
) -> impl Iterator<Item = (Place, &'r Arc<Pattern>)> {
    let routes = routes.all.iter().zip(&outcome.case.delivers).enumerate();
    let delivering = routes.filter(|(_, (_, delivers))| **delivers == Delivers::Yes);
    delivering
        .filter_map(|(index, (route, _))| match &route.group {
            Some(Group::Chains(group)) if group.group.link.state == LinkState::Holds => {
                Some((index, tails(route.group.as_ref())))
            }
            _ => None,
        })
        .flat_map(|(route, tails)| placed(route, tails))
        .filter(|(_, tail)| tail.state() == LinkState::Holds)
        .filter_map(|(place, tail)| Some((place, tail.pattern.as_ref()?)))
}

/// The chains of a route's log group with their places.
pub(super) fn placed(route: usize, tails: &[Tail]) -> impl Iterator<Item = (Place, &Tail)> {
    tails.iter().enumerate().map(move |(number, tail)| {
        let tail_at = Some(number);
        (
            Place {
                route,
                tail: tail_at,
            },
            tail,
        )
    })
}
