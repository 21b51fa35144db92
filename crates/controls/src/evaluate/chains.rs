//! The chains of a finding, as people read them: links with their resources, up
//! to the first broken one, the best chain first.

use super::blame::{self, Place, stage};
use super::control::Why;
use super::coverage::Coverage;
use super::judge::{Case, facts, placed, tails};
use super::routes::{Group, Route, Routes};
use crate::chain::judged::Judged;
use crate::chain::tail::Tail;
use crate::chain::trail::Delivers;
use crate::finding::{Chain, LinkKind, LinkState};
use crate::pattern::Pattern;
use crate::reason::Reason;

/// Chains that a finding shows at most.
const MOST_CHAINS: usize = 12;

/// A chain with its judged links.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) place: Place,
    pub(super) links: Vec<Judged>,
}

impl Shown {
    pub(super) fn state(&self) -> LinkState {
        let states = self.links.iter().map(|judged| judged.link.state);
        states.max().unwrap_or(LinkState::Broken)
    }

    /// The first broken link, or else the first that is not known.
    pub(super) fn weakest(&self) -> Option<&Judged> {
        let state = self.state();
        let first = |wanted| self.links.iter().find(move |j| j.link.state == wanted);
        if state == LinkState::Holds {
            None
        } else {
            first(state)
        }
    }

    pub(super) fn link(&self, kind: LinkKind) -> Option<&Judged> {
        self.links
            .iter()
            .rev()
            .find(|judged| judged.link.kind == kind)
    }

    pub(super) fn chain(&self) -> Chain {
        Chain {
            links: self
                .links
                .iter()
                .map(|judged| judged.link.clone())
                .collect(),
            state: self.state(),
            reason: self.weakest().and_then(|judged| judged.reason),
        }
    }
}

/// Every chain that concerns the pattern or takes part in the verdict, best first; the one that is to
/// blame comes before all; and how many more there are than a finding keeps.
pub(super) fn shown(
    required: &Pattern,
    cases: &[&Case<'_>],
    routes: &Routes<'_>,
    coverage: &Coverage,
    why: &Why,
) -> (Vec<Shown>, usize) {
    let first = why.first;
    let mut all: Vec<Shown> = Vec::new();
    for (index, route) in routes.all.iter().enumerate() {
        let delivers = of_route(cases, index);
        let takes_part = |place| first == Some(place) || why.beside.contains(&place);
        let is_meant = |tail: &Tail| match &tail.pattern {
            Some(pattern) => coverage.is_relevant(required, pattern),
            None => blame::looks_like(required, &tail.text),
        };
        let numbers: Vec<usize> = placed(index, tails(route.group.as_ref()))
            .filter(|(place, tail)| takes_part(*place) || is_meant(tail))
            .filter_map(|(place, _)| place.tail)
            .collect();
        let wanted = first.filter(|place| place.route == index);
        let elsewhere = cases.first().and_then(|case| {
            let group = route.group.as_ref();
            blame::elsewhere(required, group, coverage, facts(case, routes))
        });
        let touches = |pattern: &Pattern| coverage.touches(required, pattern);
        let without_filter = WithoutFilter {
            some_cover_a_part: !numbers.is_empty(),
            some_match: tails(route.group.as_ref())
                .iter()
                .any(|tail| tail.pattern.as_deref().is_none_or(touches)),
            elsewhere,
        };
        if numbers.is_empty() || wanted.is_some_and(|place| place.tail.is_none()) {
            all.push(of_place(route, index, None, delivers, without_filter));
        }
        for number in numbers {
            all.push(of_place(
                route,
                index,
                Some(number),
                delivers,
                without_filter,
            ));
        }
    }
    all.sort_by_cached_key(|shown| {
        let reason = shown.weakest().and_then(|judged| judged.reason);
        let progress = reason.map_or(usize::MAX, stage);
        let resources: Vec<String> = shown
            .links
            .iter()
            .map(|judged| judged.link.resource.clone())
            .collect();
        let chosen = Some(shown.place) != first;
        (chosen, shown.state(), usize::MAX - progress, resources)
    });
    let more = all.len().saturating_sub(MOST_CHAINS);
    all.truncate(MOST_CHAINS);
    (all, more)
}

/// What is known where a chain ends for lack of a filter.
#[derive(Debug, Clone, Copy)]
struct WithoutFilter<'a> {
    /// Filters of the group are meant for the control, and cover some of its events.
    some_cover_a_part: bool,
    /// Filters of the group, whatever they are for, may match some of its events.
    some_match: bool,
    /// The group to which no trail delivers, and which has the filters.
    elsewhere: Option<&'a str>,
}

/// What a route's trail does: with the events of the first case that it delivers,
/// or else of the first case.
fn of_route<'a>(cases: &[&Case<'a>], route: usize) -> Delivers<'a> {
    let delivers = || cases.iter().map(|case| case.delivers[route]);
    delivers()
        .find(|delivers| *delivers == Delivers::Yes)
        .or_else(|| delivers().next())
        .unwrap_or(Delivers::No(Reason::NoTrail))
}

fn of_place(
    route: &Route<'_>,
    index: usize,
    number: Option<usize>,
    delivers: Delivers<'_>,
    without_filter: WithoutFilter<'_>,
) -> Shown {
    let place = Place {
        route: index,
        tail: number,
    };
    let mut links = vec![trail_link(route, delivers)];
    if !links[0].is_broken()
        && let Some(group) = &route.group
    {
        links.extend(from_group(group, number, without_filter));
    }
    Shown { place, links }
}

fn trail_link(route: &Route<'_>, delivers: Delivers<'_>) -> Judged {
    let kind = LinkKind::Trail;
    let arn = route.facts.trail.arn.as_str();
    let detail = route.facts.detail(delivers);
    match delivers {
        Delivers::Yes => Judged::holds(kind, arn, detail),
        Delivers::No(reason) => Judged::broken(kind, arn, reason, detail),
        Delivers::Unknown(reason, unread) => {
            let mut judged = Judged::unknown(kind, arn, reason, detail);
            judged.unread.extend(unread.cloned());
            judged
        }
    }
}

/// The links from a group on. Where a filter is missing, it matters whether there
/// are others that match some events, and on which group it is instead.
fn from_group(
    group: &Group,
    number: Option<usize>,
    without_filter: WithoutFilter<'_>,
) -> Vec<Judged> {
    let chains = match group {
        Group::OwnerUnread(arn, unread) => {
            let detail = format!("account {} was not read: {unread}", arn.account());
            let kind = LinkKind::LogGroup;
            let mut judged = Judged::unknown(kind, arn.as_str(), Reason::OwnerUnread, detail);
            judged.unread.push(unread.clone());
            return vec![judged];
        }
        Group::Chains(chains) => chains,
    };
    let mut links = vec![chains.group.clone()];
    if chains.group.is_broken() {
        return links;
    }
    let kind = LinkKind::Filter;
    let arn = chains.arn.as_str();
    match (number, &chains.filters_unread) {
        (Some(number), _) => links.extend(chains.tails[number].links.iter().cloned()),
        (None, Some(unread)) => links.push(Judged::unread(kind, arn, unread)),
        (None, None) if without_filter.some_cover_a_part => links.push(Judged::broken(
            kind,
            arn,
            Reason::FilterDoesNotCover,
            "its metric filters match only some of the control's events",
        )),
        (None, None) => {
            let detail = match chains.number_of_filters {
                0 => "it has no metric filters".to_owned(),
                _ if without_filter.some_match => {
                    "it has no metric filter for this control (others may match some of its events)"
                        .to_owned()
                }
                1 => "its metric filter matches none of the control's events".to_owned(),
                many => format!("none of its {many} metric filters matches the control's events"),
            };
            links.push(match without_filter.elsewhere {
                Some(other) => {
                    let detail =
                        format!("{detail}; they are on `{other}`, to which no trail delivers");
                    Judged::broken(kind, arn, Reason::FilterOnAbandonedGroup, detail)
                }
                None => Judged::broken(kind, arn, Reason::NoFilter, detail),
            });
        }
    }
    links
}
