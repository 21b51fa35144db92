//! Alarms that may wait for several events, taken together. Each counts for itself: where two wait
//! for five events each, eight of them ring none. So not all that a decision accepts one by one may
//! count at once.

use std::collections::BTreeSet;

use super::blame::Place;
use super::coverage::Coverage;
use super::decided::may_wait;
use super::judge::{placed, tails};
use super::routes::Routes;
use crate::catalog::{Control, MayWait};
use crate::chain::judged::{Judged, note};
use crate::decision::Decisions;
use crate::finding::{EventsNeeded, Finding, LinkState, Note, Verdict};
use crate::ids::Region;
use crate::pattern::Pattern;
use crate::reason::Reason;

/// Counters of which every combination is looked at; of more, each alone.
const MOST_COMBINED: usize = 10;

/// Combinations by which a control is judged at most.
const MOST_CHOICES: usize = 32;

/// What waits for several events.
struct Counter {
    name: String,
    alarm: String,
    /// The Region whose events alone it sees, where its trails are of that Region alone.
    region: Option<Region>,
    /// The chains that count in it.
    places: Vec<Place>,
    needed: Vec<EventsNeeded>,
}

impl Counter {
    /// Events that ring it for certain.
    fn events(&self) -> u32 {
        let events = self.needed.iter().map(|needed| needed.events);
        events.max().unwrap_or(1)
    }
}

/// The counters that take part in a control, and how many events are accepted for it.
pub(super) struct Counters {
    all: Vec<Counter>,
    limits: Vec<MayWait>,
}

impl Counters {
    /// Those whose chains hold, and whose filters match events of one of the patterns.
    pub(super) fn of(
        control: &Control,
        decisions: &Decisions,
        routes: &Routes<'_>,
        coverage: &Coverage,
    ) -> Self {
        let limits: Vec<MayWait> = control
            .alarm
            .into_iter()
            .chain(decisions.limits())
            .collect();
        let mut all: Vec<Counter> = Vec::new();
        let requirements = control.requirements.iter();
        let patterns: Vec<&Pattern> = requirements
            .flat_map(|requirement| requirement.patterns.iter().map(AsRef::as_ref))
            .collect();
        let routes = routes.all.iter().enumerate().filter(|_| !limits.is_empty());
        for (index, route) in routes {
            for (place, tail) in placed(index, tails(route.group.as_ref())) {
                let waiting = tail.links.iter().find_map(|link| {
                    let accepted = link.if_accepted.as_ref()?;
                    Some((accepted, link))
                });
                let Some((accepted, alarm)) = waiting else {
                    continue;
                };
                let holds = |links: &[Judged]| {
                    let mut states = links.iter().map(|judged| judged.link.state);
                    states.all(|state| state == LinkState::Holds)
                };
                let touches = |pattern: &Pattern| {
                    let mut asked = patterns.iter();
                    asked.any(|required| coverage.touches(required, pattern))
                };
                let is_accepted = limits.iter().any(|limit| may_wait(*limit, accepted.needed));
                if !is_accepted
                    || !holds(&accepted.links)
                    || !tail.pattern.as_deref().is_none_or(touches)
                {
                    continue;
                }
                let trail = route.facts.trail;
                let region = (!trail.multi_region).then(|| trail.home_region.clone());
                match all.iter_mut().find(|it| it.name == accepted.counter) {
                    Some(counter) => {
                        counter.region = counter
                            .region
                            .take()
                            .filter(|it| region.as_ref() == Some(it));
                        counter.places.push(place);
                        counter.needed.push(accepted.needed);
                    }
                    None => all.push(Counter {
                        name: accepted.counter.clone(),
                        alarm: alarm.link.resource.clone(),
                        region,
                        places: vec![place],
                        needed: vec![accepted.needed],
                    }),
                }
            }
        }
        Self { all, limits }
    }

    /// Whether the accepted number of events rings one of them, however the events fall on them.
    pub(super) fn suffice(&self) -> bool {
        self.are_enough(&self.all.iter().collect::<Vec<_>>())
    }

    /// Each Region's events are judged for themselves, and so are the counters that see them.
    fn are_enough(&self, counters: &[&Counter]) -> bool {
        by_region(counters).iter().all(|together| {
            let silent = silent(together);
            let each_waits = |limit: MayWait| {
                let mut needed = together.iter().flat_map(|counter| &counter.needed);
                needed.all(|needed| may_wait(limit, *needed))
            };
            let mut limits = self.limits.iter();
            together.is_empty() || limits.any(|limit| silent < limit.events && each_waits(*limit))
        })
    }

    /// The chains of all of them.
    pub(super) fn places(&self) -> Vec<Place> {
        self.left_out(|_| false)
    }

    /// The chains that are left out where only some may count at once: those beside each largest
    /// choice that suffices; and whether these are all.
    pub(super) fn choices(&self) -> (Vec<Vec<Place>>, bool) {
        let number = self.all.len();
        if number > MOST_COMBINED {
            let one = |kept| self.left_out(|at| at == kept);
            return ((0..number).map(one).collect(), false);
        }
        let sufficing = |chosen: &usize| {
            let counters = self.all.iter().enumerate();
            let kept = counters.filter(|(at, _)| chosen >> at & 1 == 1);
            self.are_enough(&kept.map(|(_, counter)| counter).collect::<Vec<_>>())
        };
        let sufficing: Vec<usize> = (1..1_usize << number).filter(sufficing).collect();
        // What is part of a choice that suffices does, too: with one more, a largest one does not.
        let is_largest = |chosen: &&usize| {
            let one_more = (0..number).map(|at| **chosen | 1 << at);
            let mut larger = one_more.filter(|more| more != *chosen);
            !larger.any(|more| sufficing.binary_search(&more).is_ok())
        };
        let largest: Vec<usize> = sufficing.iter().filter(is_largest).copied().collect();
        let tried = largest.iter().take(MOST_CHOICES);
        let left_out = tried.map(|chosen| self.left_out(|at| chosen >> at & 1 == 1));
        (left_out.collect(), largest.len() <= MOST_CHOICES)
    }

    fn left_out(&self, kept: impl Fn(usize) -> bool) -> Vec<Place> {
        let others = self.all.iter().enumerate().filter(|(at, _)| !kept(*at));
        others
            .flat_map(|(_, counter)| counter.places.iter().copied())
            .collect()
    }

    /// Makes of a finding that fails one that does not say so: not every combination was tried.
    pub(super) fn leave_open(&self, finding: &mut Finding) {
        if finding.verdict != Verdict::Fail {
            return;
        }
        finding.verdict = Verdict::Unknown;
        finding.reason = Reason::Undecided;
        Reason::Undecided.as_str().clone_into(&mut finding.cause);
        finding.summary = format!(
            "{} alarms wait for several events each, and whether some of them suffice together for the \
             accepted number is not decided: {}",
            self.all.len(),
            self.note().text
        );
        let fix = "let fewer alarms wait for several events, or let them ring on one";
        finding.evidence.fix = Some(fix.to_owned());
        finding.evidence.commands = Vec::new();
    }

    /// The remark that they do not suffice together.
    pub(super) fn note(&self) -> Note {
        let alarms: Vec<&str> = self
            .all
            .iter()
            .map(|counter| counter.alarm.as_str())
            .collect();
        let all: Vec<&Counter> = self.all.iter().collect();
        let silent = by_region(&all)
            .iter()
            .map(|together| silent(together))
            .max();
        let silent = silent.unwrap_or(0);
        let accepted = self.limits.iter().map(|limit| limit.events).max();
        note(
            "events_counted_apart",
            format!(
                "{} count events apart, so that {silent} of them may ring none; {} are accepted",
                alarms.join(" and "),
                accepted.unwrap_or(1)
            ),
        )
    }
}

/// The counters that an event of one Region may count in, Region by Region.
fn by_region<'a>(counters: &[&'a Counter]) -> Vec<Vec<&'a Counter>> {
    let regions: BTreeSet<&Region> = counters
        .iter()
        .filter_map(|it| it.region.as_ref())
        .collect();
    if regions.is_empty() {
        return vec![counters.to_vec()];
    }
    let seeing = |region: &Region| {
        let see = |counter: &&&Counter| counter.region.as_ref().is_none_or(|it| it == region);
        counters.iter().filter(see).copied().collect()
    };
    regions.into_iter().map(seeing).collect()
}

/// Events that may ring none of them.
fn silent(counters: &[&Counter]) -> u32 {
    let silent = counters.iter().map(|counter| counter.events() - 1);
    silent.fold(0, u32::saturating_add)
}
