//! What keeps a verdict from being known: the facts and questions that could
//! still complete a chain, the weightiest first.

use super::blame::Place;
use super::coverage::{Answer, Coverage};
use super::judge::{Outcome, tails};
use super::routes::{Group, Routes};
use crate::chain::trail::Delivers;
use crate::finding::LinkState;
use crate::known::Unread;
use crate::pattern::Pattern;
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
    let mut links = Vec::new();
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
                links.extend(in_tails(required, index, route.group.as_ref(), coverage));
            }
        }
    }
    let mut doubts = owners;
    doubts.extend(facts);
    doubts.extend(links);
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

/// The unknown links of chains that are not broken and look meant for the pattern.
fn in_tails(
    required: &Pattern,
    route: usize,
    group: Option<&Group>,
    coverage: &Coverage,
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for (number, tail) in tails(group).iter().enumerate() {
        let relevant = tail
            .pattern
            .as_ref()
            .is_none_or(|pattern| coverage.is_relevant(required, pattern));
        if tail.state() != LinkState::Unknown || !relevant {
            continue;
        }
        let unknown = tail
            .links
            .iter()
            .find(|judged| judged.link.state == LinkState::Unknown);
        doubts.extend(unknown.map(|judged| Doubt {
            reason: judged.reason.unwrap_or(Reason::Undecided),
            place: Some(Place {
                route,
                tail: Some(number),
            }),
            unread: judged.unread.clone(),
            text: format!("{}: {}", judged.link.resource, judged.link.detail),
        }));
    }
    doubts
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
