//! What recorded decisions make of an account: alarms that may wait for several events count as
//! if they did not, Regions that are denied to everyone need no chain, excluded events need not
//! be noticed; and which of the decisions a verdict rests on.

use std::sync::Arc;

use super::blame::Place;
use super::chains::Shown;
use super::control::Judged;
use super::coverage::{Coverage, Facts};
use super::judge::{facts, placed};
use super::routes::{Group, Route, Routes};
use crate::catalog::MayWait;
use crate::chain::group::GroupChains;
use crate::chain::judged::note;
use crate::chain::tail::Tail;
use crate::chain::trail::EventKind;
use crate::decision::{Acceptance, Accepted, DecisionState, DecisionUsed, Decisions, Record};
use crate::finding::{EventsNeeded, Finding, LinkState, Verdict};
use crate::ids::Region;
use crate::known::UnreadCause;
use crate::pattern::PatternSet;

/// The decisions in force, and what each acceptance changes.
pub(super) struct Decided {
    decisions: Decisions,
    /// Chains whose alarm may wait, with the acceptance that says so.
    waiting: Vec<(Place, Arc<Acceptance>)>,
    /// Regions that need no chain, with the acceptance that says so.
    denied: Vec<(Region, Arc<Acceptance>)>,
    pub(super) except: PatternSet,
}

fn counts(record: &Record) -> bool {
    record.state != DecisionState::Ended
}

impl Decided {
    /// `None` when no decision in force changes anything about the account. The alarms of chains that
    /// are `left_out` may not wait.
    pub(super) fn of(
        decisions: &Decisions,
        routes: &Routes<'_>,
        left_out: &[Place],
    ) -> Option<Self> {
        let mut decisions = decisions.clone();
        decisions.exclusions.retain(|e| counts(&e.record));
        decisions.acceptances.retain(|a| counts(&a.record));
        let except = decisions.exclusions.iter();
        let except: PatternSet = except.map(|e| Arc::clone(&e.pattern)).collect();
        let mut waiting = waiting(&decisions, routes);
        waiting.retain(|(place, _)| !left_out.contains(place));
        let denied = denied(&decisions, routes);
        let idle = except.patterns.is_empty() && waiting.is_empty() && denied.is_empty();
        (!idle).then_some(Self {
            decisions,
            waiting,
            denied,
            except,
        })
    }

    /// The routes, with the chains whose alarms may wait.
    pub(super) fn routes<'a>(&self, routes: &Routes<'a>) -> Routes<'a> {
        let mut changed = routes.clone();
        for (place, acceptance) in &self.waiting {
            let (
                Some(Route {
                    group: Some(Group::Chains(chains)),
                    ..
                }),
                Some(number),
            ) = (changed.all.get_mut(place.route), place.tail)
            else {
                continue;
            };
            let mut own = GroupChains::clone(chains);
            let by = format!("accepted by decision `{}`", acceptance.record.id);
            own.tails[number] = accepted(&own.tails[number], &by);
            *chains = Arc::new(own);
        }
        changed
    }

    /// Whether a Region is one in which no chain is needed. Its events are not noticed for that.
    pub(super) fn is_denied(&self, region: &Region) -> bool {
        self.denied.iter().any(|(denied, _)| denied == region)
    }

    /// The kinds of events, without those in Regions that need no chain. Where nothing else is
    /// left, nothing is left out: a verdict needs something that it is about.
    pub(super) fn kinds(&self, kinds: Vec<EventKind>) -> Vec<EventKind> {
        let needs_none = |kind: &EventKind| {
            let region = kind.region.as_ref();
            region.is_some_and(|region| self.is_denied(region))
        };
        if kinds.iter().all(needs_none) {
            return kinds;
        }
        kinds.into_iter().filter(|kind| !needs_none(kind)).collect()
    }

    /// The decisions that a judgement takes into account.
    pub(super) fn used(
        &self,
        judged: &Judged<'_>,
        shown: &[Shown],
        routes: &Routes<'_>,
        coverage: &Coverage,
    ) -> Vec<DecisionUsed> {
        let passes = judged.verdict == Verdict::Pass;
        let mut used = self.exclusions_used(judged, routes, coverage);
        let mut add = |acceptance: &Acceptance, what: String| {
            let found = told(&acceptance.record, acceptance.accepted.kind(), passes, what);
            if !used.iter().any(|other| other.id == found.id) {
                used.push(found);
            }
        };
        for (place, acceptance) in &self.waiting {
            let is_meant = |shown: &&Shown| {
                shown.place == *place && (!passes || shown.state() == LinkState::Holds)
            };
            if let (
                Some(_),
                Accepted::SeveralEvents {
                    events,
                    within_seconds,
                },
            ) = (shown.iter().find(is_meant), &acceptance.accepted)
            {
                add(acceptance, events_in_words(*events, *within_seconds));
            }
        }
        for (_, acceptance) in &self.denied {
            let regions = self.denied.iter().filter(|(_, other)| other == acceptance);
            let names: Vec<&str> = regions.map(|(region, _)| region.as_str()).collect();
            add(
                acceptance,
                format!("no chain is needed in {}", names.join(", ")),
            );
        }
        used
    }

    /// Of a pass, the exclusions without which it would not be one; where each alone can be
    /// missed, all that matter. Of other verdicts, those about events of the control.
    fn exclusions_used(
        &self,
        judged: &Judged<'_>,
        routes: &Routes<'_>,
        coverage: &Coverage,
    ) -> Vec<DecisionUsed> {
        let passes = judged.verdict == Verdict::Pass;
        let holds_with = |except: &PatternSet| {
            judged.outcomes.iter().all(|outcome| {
                let facts = Facts {
                    except,
                    ..facts(&outcome.case, routes)
                };
                let working = &outcome.case.sets.working;
                coverage.decide(judged.pattern, working, facts).is_yes()
            })
        };
        let exclusions = &self.decisions.exclusions;
        let touching = || {
            let all = exclusions.iter();
            all.filter(|exclusion| coverage.touches(judged.pattern, &exclusion.pattern))
        };
        let without = |left_out: &str| -> PatternSet {
            let others = exclusions.iter().filter(|e| e.record.id != left_out);
            others.map(|e| Arc::clone(&e.pattern)).collect()
        };
        let mut named: Vec<_> = Vec::new();
        if passes && !holds_with(&PatternSet::default()) {
            named.extend(touching().filter(|e| !holds_with(&without(&e.record.id))));
        }
        let redundant = passes && named.is_empty() && !holds_with(&PatternSet::default());
        if redundant || !passes {
            named.extend(touching());
        }
        named
            .into_iter()
            .map(|exclusion| {
                let kind = crate::decision::DecisionKind::Exclusion;
                told(&exclusion.record, kind, passes, exclusion.text.clone())
            })
            .collect()
    }
}

fn told(
    record: &Record,
    kind: crate::decision::DecisionKind,
    decides: bool,
    what: String,
) -> DecisionUsed {
    DecisionUsed {
        id: record.id.clone(),
        kind,
        owner: record.owner.clone(),
        reason: record.reason.clone(),
        until: record.until,
        decides,
        what,
    }
}

fn events_in_words(events: u32, within_seconds: u32) -> String {
    format!("an alarm may ring on {events} events within {within_seconds} seconds")
}

/// The chains whose alarm waits for no more than a decision accepts.
fn waiting(decisions: &Decisions, routes: &Routes<'_>) -> Vec<(Place, Arc<Acceptance>)> {
    let mut found = Vec::new();
    for (index, route) in routes.all.iter().enumerate() {
        let Some(Group::Chains(chains)) = &route.group else {
            continue;
        };
        for (place, tail) in placed(index, &chains.tails) {
            let needed = tail.links.iter().find_map(|link| link.if_accepted.as_ref());
            let acceptance = needed.and_then(|accepted| {
                let mut all = decisions.acceptances.iter();
                all.find(|acceptance| {
                    let rule = acceptance.accepted.may_wait();
                    rule.is_some_and(|rule| may_wait(rule, accepted.needed))
                })
            });
            if let Some(acceptance) = acceptance {
                found.push((place, Arc::clone(acceptance)));
            }
        }
    }
    found
}

/// Whether an alarm that waits for these events is no stricter than what is accepted: it asks for
/// no more events, in no less time, and not in several of its periods, which events that come at
/// once do not fill.
pub(super) fn may_wait(rule: MayWait, needed: EventsNeeded) -> bool {
    needed.events <= rule.events
        && needed.within_seconds >= rule.within_seconds
        && needed.in_periods <= 1
}

/// The routes of a control whose alarms may wait for several events, but for those of chains that are
/// `left_out`; `None` when no alarm does.
pub(super) fn by_rule<'a>(
    rule: MayWait,
    routes: &Routes<'a>,
    left_out: &[Place],
) -> Option<Routes<'a>> {
    let mut changed = None;
    for (index, route) in routes.all.iter().enumerate() {
        let Some(Group::Chains(chains)) = &route.group else {
            continue;
        };
        let waits = |place: Place, tail: &Tail| {
            let mut links = tail.links.iter();
            let waiting = links.find_map(|link| link.if_accepted.as_ref());
            waiting.is_some_and(|waiting| may_wait(rule, waiting.needed))
                && !left_out.contains(&place)
        };
        let waiting: Vec<usize> = placed(index, &chains.tails)
            .filter(|(place, tail)| waits(*place, tail))
            .filter_map(|(place, _)| place.tail)
            .collect();
        if waiting.is_empty() {
            continue;
        }
        let mut own = GroupChains::clone(chains);
        for number in waiting {
            own.tails[number] = accepted(&own.tails[number], "enough for this control");
        }
        let changed = changed.get_or_insert_with(|| routes.clone());
        changed.all[index].group = Some(Group::Chains(Arc::new(own)));
    }
    changed
}

/// The chain as if one event were enough for its alarm; `by` says why it is.
fn accepted(tail: &Tail, by: &str) -> Tail {
    let mut tail = tail.clone();
    let at = tail
        .links
        .iter()
        .position(|link| link.if_accepted.is_some());
    let Some((at, ways)) = at.and_then(|at| Some((at, tail.links[at].if_accepted.take()?))) else {
        return tail;
    };
    let mut links = ways.links;
    let Some(alarm) = links.first_mut() else {
        return tail;
    };
    alarm.link.detail = format!("{}; {by}", alarm.link.detail);
    tail.links.truncate(at);
    tail.links.append(&mut links);
    tail
}

/// Regions that a service control policy denies to everyone, where a decision accepts that.
fn denied(decisions: &Decisions, routes: &Routes<'_>) -> Vec<(Region, Arc<Acceptance>)> {
    let mut found = Vec::new();
    for (region, unread) in &routes.unread_trails {
        if unread.cause != UnreadCause::DeniedByServiceControlPolicy {
            continue;
        }
        let mut all = decisions.acceptances.iter();
        let acceptance = all.find(|acceptance| match &acceptance.accepted {
            Accepted::DeniedRegions { regions } => regions.is_empty() || regions.contains(region),
            Accepted::SeveralEvents { .. } => false,
        });
        found.extend(acceptance.map(|a| ((*region).clone(), Arc::clone(a))));
    }
    found
}

/// Adds what people should know of decisions to a finding: which it rests on, which end soon,
/// and, where it does not pass, which have ended.
pub(super) fn tell(finding: &mut Finding, decisions: &Decisions) {
    let evidence = &mut finding.evidence;
    let resting: Vec<String> = evidence
        .decisions
        .iter()
        .filter(|used| used.decides)
        .map(|used| {
            let kind = used.kind.words();
            format!(
                "{kind} `{}` of {} until {}",
                used.id, used.owner, used.until
            )
        })
        .collect();
    if !resting.is_empty() {
        finding.summary = format!("{}; by {}", finding.summary, resting.join(" and "));
    }
    for (record, kind) in decisions.records() {
        let Record {
            id, owner, until, ..
        } = record;
        let kind = kind.words();
        let used = || evidence.decisions.iter().any(|used| used.id == *id);
        match record.state {
            DecisionState::EndsSoon if used() => evidence.notes.push(note(
                "decision_ends_soon",
                format!(
                    "{kind} `{id}` of {owner} ends on {until}; from the day after it does not count"
                ),
            )),
            DecisionState::Ended if finding.verdict != Verdict::Pass => evidence.notes.push(note(
                "decision_ended",
                format!("{kind} `{id}` of {owner} ended on {until} and does not count any more"),
            )),
            _ => {}
        }
    }
    evidence
        .notes
        .sort_by(|a, b| (&a.code, &a.text).cmp(&(&b.code, &b.text)));
}
