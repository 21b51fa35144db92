//! What keeps a verdict from being known: the facts and questions that could
//! still complete a chain, the weightiest first.

use std::sync::Arc;

use super::blame::Place;
use super::coverage::{Answer, Coverage};
use super::judge::{self, Outcome, placed};
use super::needed;
use super::routes::{Group, Routes};
use crate::chain::tail::Tail;
use crate::chain::trail::Delivers;
use crate::finding::LinkState;
use crate::known::Unread;
use crate::pattern::{Pattern, PatternSet};
use crate::reason::Reason;

/// One thing that is not known and matters.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) reason: Reason,
    pub(super) place: Option<Place>,
    pub(super) unread: Vec<Unread>,
    /// What it is, for a person.
    pub(super) text: String,
}

/// The doubts in one undecided case of a pattern; never empty.
pub(super) fn of(
    required: &Pattern,
    outcome: &Outcome<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Vec<Doubt> {
    let mut owners = Vec::new();
    let mut facts = Vec::new();
    let mut open = Vec::new();
    for (index, (route, delivers)) in routes.all.iter().zip(&outcome.case.delivers).enumerate() {
        let place = |tail| Some(Place { route: index, tail });
        match delivers {
            Delivers::No(_) => continue,
            Delivers::Yes => {}
            Delivers::Unknown(reason, unread) => {
                let list = if *reason == Reason::OwnerUnread {
                    &mut owners
                } else {
                    &mut facts
                };
                list.push(Doubt {
                    reason: *reason,
                    place: place(None),
                    unread: unread.iter().map(|unread| (*unread).clone()).collect(),
                    text: route.facts.detail(*delivers),
                });
            }
        }
        match &route.group {
            None => {}
            Some(Group::OwnerUnread(arn, unread)) => owners.push(Doubt {
                reason: Reason::OwnerUnread,
                place: place(None),
                unread: vec![unread.clone()],
                text: format!(
                    "account {} owns {arn} and was not read: {unread}",
                    arn.account()
                ),
            }),
            Some(Group::Chains(chains)) if chains.group.is_broken() => {}
            Some(Group::Chains(chains)) => {
                if let Some(unread) = &chains.filters_unread {
                    facts.push(Doubt {
                        reason: unread.reason(),
                        place: place(None),
                        unread: vec![unread.clone()],
                        text: format!("the metric filters of {}: {unread}", chains.arn),
                    });
                }
                if chains.group.link.state == LinkState::Unknown {
                    facts.push(Doubt {
                        reason: chains.group.reason.unwrap_or(Reason::FactUnread),
                        place: place(None),
                        unread: chains.group.unread.clone(),
                        text: chains.group.link.detail.clone(),
                    });
                }
                let tails = placed(index, &chains.tails);
                open.extend(tails.filter(|(_, tail)| tail.state() == LinkState::Unknown));
            }
        }
    }
    let mut doubts = owners;
    doubts.extend(facts);
    doubts.extend(in_chains(required, outcome, &open, routes, coverage));
    let regions_unknown = outcome.case.kinds.iter().any(|kind| kind.region.is_none());
    if outcome.case.hidden_trail && regions_unknown && !routes.all_trails_unread {
        doubts.push(regions_or_undecided(routes));
    } else if outcome.case.hidden_trail {
        let kinds = outcome.case.kinds.iter();
        let unread = routes.trails_unread(kinds.filter_map(|kind| kind.region.as_ref()));
        doubts.push(Doubt {
            reason: unread.reason(),
            place: None,
            text: format!("the trails: {unread}"),
            unread: vec![unread],
        });
    }
    if let Answer::Unknown(why) = outcome.answer.as_ref() {
        doubts.push(undecided(why.clone()));
    }
    if doubts.is_empty() {
        doubts.push(regions_or_undecided(routes));
    }
    doubts
}

/// The unknown links of the chains that may complete the coverage: those that look meant for the
/// pattern, unless the others do it without them, and of the others those without which it is
/// surely left open.
fn in_chains(
    required: &Pattern,
    outcome: &Outcome<'_>,
    open: &[(Place, &Tail)],
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Vec<Doubt> {
    let (mut meant, mut others) = (Vec::new(), Vec::new());
    for (place, tail) in open {
        match &tail.pattern {
            Some(pattern) if coverage.is_relevant(required, pattern) => meant.push(*place),
            Some(pattern) if coverage.touches(required, pattern) => {
                others.push(Arc::clone(pattern));
            }
            Some(_) => {}
            None => meant.push(*place),
        }
    }
    let sets = &outcome.case.sets;
    let facts = judge::facts(&outcome.case, routes);
    let decided = |filters: &PatternSet| coverage.decide(required, filters, facts);
    // What may be noticed without the open chains at those places.
    let without = |places: &[Place]| -> PatternSet {
        let left_out = (open.iter())
            .filter(|(place, _)| places.contains(place))
            .filter_map(|(_, tail)| tail.pattern.as_ref());
        let left_out: Vec<&Arc<Pattern>> = left_out.collect();
        let possible = sets.possible.patterns.iter();
        let others = possible.filter(|pattern| !left_out.contains(pattern));
        others.chain(&sets.working.patterns).cloned().collect()
    };
    if !others.is_empty() {
        if decided(&without(&meant)).is_yes() {
            meant.clear();
        }
        let is_kept = |place: &Place| meant.contains(place);
        let left_out = open.iter().map(|(place, _)| *place);
        let left_out: Vec<Place> = left_out.filter(|place| !is_kept(place)).collect();
        let always = without(&left_out).patterns;
        let needed = needed::needed(&always, others, |filters| !decided(filters).is_no());
        let is_needed =
            |tail: &Tail| (tail.pattern.as_ref()).is_some_and(|pattern| needed.contains(pattern));
        let of_needed = open.iter().filter(|(_, tail)| is_needed(tail));
        meant.extend(of_needed.map(|(place, _)| *place));
    }
    let named = open.iter().filter(|(place, _)| meant.contains(place));
    named
        .filter_map(|(place, tail)| doubt_of(*place, tail))
        .collect()
}

/// The doubt of a chain's first unknown link.
fn doubt_of(place: Place, tail: &Tail) -> Option<Doubt> {
    let mut links = tail.links.iter();
    let judged = links.find(|judged| judged.link.state == LinkState::Unknown)?;
    Some(Doubt {
        reason: judged.reason.unwrap_or(Reason::Undecided),
        place: Some(place),
        unread: judged.unread.clone(),
        text: format!("{}: {}", judged.link.resource, judged.link.detail),
    })
}

fn undecided(text: String) -> Doubt {
    Doubt {
        reason: Reason::Undecided,
        place: None,
        unread: Vec::new(),
        text,
    }
}

fn regions_or_undecided(routes: &Routes<'_>) -> Doubt {
    match routes.regions {
        Err(unread) => Doubt {
            reason: Reason::FactUnread,
            place: None,
            unread: vec![unread.clone()],
            text: format!("the enabled Regions: {unread}"),
        },
        Ok(_) => undecided("the filters' coverage could not be decided".to_owned()),
    }
}
