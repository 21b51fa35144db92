//! Chains on which a verdict rests though their filters do not look meant for the control: each
//! matches a part of its events that no other chain does. They decide what a finding shows and
//! blames, never a verdict.

use std::sync::Arc;

use super::blame::Place;
use super::control::Judged;
use super::coverage::{Coverage, Facts};
use super::judge::{Outcome, facts, placed, tails};
use super::routes::{Group, Routes};
use crate::chain::trail::Delivers;
use crate::finding::LinkState;
use crate::pattern::{Pattern, PatternSet};

/// Of `candidates`, those without which the others and `always` are not enough. None where they are
/// not needed, or not enough either.
pub(super) fn needed(
    always: &[Arc<Pattern>],
    candidates: Vec<Arc<Pattern>>,
    is_enough: impl Fn(&PatternSet) -> bool,
) -> Vec<Arc<Pattern>> {
    let enough = |left: &[Arc<Pattern>]| is_enough(&always.iter().chain(left).cloned().collect());
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
    left
}

/// Of `filters`, which cover `required`, those that do not look meant for it and without which the
/// others do not.
pub(super) fn to_cover(
    required: &Pattern,
    filters: &PatternSet,
    facts: Facts<'_>,
    coverage: &Coverage,
) -> Vec<Arc<Pattern>> {
    let patterns = filters.patterns.iter().cloned();
    let (meant, others): (Vec<_>, Vec<_>) =
        patterns.partition(|pattern| coverage.is_relevant(required, pattern));
    needed(&meant, others, |filters| {
        coverage.decide(required, filters, facts).is_yes()
    })
}

/// The chains of them on which a pass rests.
pub(super) fn of_pass(judged: &Judged<'_>, routes: &Routes<'_>, coverage: &Coverage) -> Vec<Place> {
    let mut found = Vec::new();
    for outcome in &judged.outcomes {
        let working = &outcome.case.sets.working;
        let facts = facts(&outcome.case, routes);
        let needed = coverage.needed(judged.pattern, working, facts);
        if !needed.is_empty() {
            let holding = holding(outcome, routes);
            let places = holding.filter(|(_, pattern)| needed.contains(pattern));
            found.extend(places.map(|(place, _)| place));
        }
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
