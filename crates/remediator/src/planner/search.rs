//! The cheapest way from a failing finding to a passing one: moves are tried in
//! order of their weight, each result is judged again, and what turns out not
//! to be needed is taken out. Bounded: past the bound there is no repair.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use orgsweep_controls::{AccountId, Control, Finding, Reason, Verdict};

use super::act::{Act, Move, weight};
use super::broken::Broken;
use super::options::PlanOptions;
use super::repairs::moves;
use super::site::Site;
use super::world::World;

/// States that are judged per finding and site, at most.
const STATES: usize = 400;
/// Moves in a row, at most.
const MOVES: usize = 8;

/// What came of the search for one finding.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// These acts make it pass.
    Repaired(Vec<Act>),
    /// Nothing does; a person may be able to do more about these.
    Blocked(Vec<Act>),
}

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) account: &'a AccountId,
    pub(super) control: &'a Control,
    pub(super) options: &'a PlanOptions,
}

/// The lightest way that any of `sites` allows.
pub(super) fn cheapest(question: Question<'_>, sites: &[Site]) -> Outcome {
    let mut blocked: Vec<Act> = Vec::new();
    let mut best: Option<(u32, Vec<Act>)> = None;
    for site in sites {
        match search(question, site) {
            Outcome::Repaired(acts) => {
                let weighs = weight(acts.iter());
                if best.as_ref().is_none_or(|(least, _)| weighs < *least) {
                    best = Some((weighs, acts));
                }
            }
            Outcome::Blocked(acts) => {
                for act in acts {
                    if !blocked.contains(&act) {
                        blocked.push(act);
                    }
                }
            }
        }
    }
    best.map_or(Outcome::Blocked(blocked), |(_, acts)| {
        Outcome::Repaired(acts)
    })
}

fn search(question: Question<'_>, site: &Site) -> Outcome {
    let mut open: BinaryHeap<Reverse<(u32, usize)>> = BinaryHeap::from([Reverse((0, 0))]);
    let mut states: Vec<Vec<Move>> = vec![Vec::new()];
    let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
    let mut blocked: Vec<Act> = Vec::new();
    let mut judged = 0;
    while let Some(Reverse((weighs, index))) = open.pop() {
        let taken = states[index].clone();
        judged += 1;
        if judged > STATES {
            break;
        }
        let world = done(question, taken.iter().flatten());
        let Some(finding) = judge(&world, question, site) else {
            break;
        };
        if finding.verdict == Verdict::Pass {
            return Outcome::Repaired(needed(question, site, taken));
        }
        if !repairable(&finding) || taken.len() >= MOVES {
            continue;
        }
        let broken = Broken {
            world: &world,
            account: question.account,
            control: question.control,
            options: question.options,
            site,
            finding: &finding,
        };
        for next in moves(&broken) {
            if taken.contains(&next) {
                continue;
            }
            if is_dead_end(&next) {
                // Only what blocks the best state reached is worth a person's time.
                if taken.is_empty() {
                    blocked.extend(next);
                }
                continue;
            }
            let mut further = taken.clone();
            let added = weight(next.iter());
            further.push(next);
            if seen.insert(fingerprint(&further)) {
                states.push(further);
                open.push(Reverse((weighs + added, states.len() - 1)));
            }
        }
    }
    Outcome::Blocked(blocked)
}

/// Whether more acts can change the verdict for a known reason.
pub(super) fn repairable(finding: &Finding) -> bool {
    match finding.verdict {
        Verdict::Fail => true,
        Verdict::Unknown => matches!(
            finding.reason,
            Reason::Undecided | Reason::AlarmUndecided | Reason::PolicyUndecided
        ),
        Verdict::Pass | Verdict::NotApplicable => false,
    }
}

/// The moves without those that the others do not need.
fn needed(question: Question<'_>, site: &Site, mut taken: Vec<Move>) -> Vec<Act> {
    let mut index = 0;
    while index < taken.len() && taken.len() > 1 {
        let others = taken.iter().enumerate().filter(|(at, _)| *at != index);
        let world = done(question, others.flat_map(|(_, acts)| acts));
        let passes = judge(&world, question, site).is_some_and(|f| f.verdict == Verdict::Pass);
        if passes {
            taken.remove(index);
        } else {
            index += 1;
        }
    }
    taken.into_iter().flatten().collect()
}

fn judge(world: &World<'_>, question: Question<'_>, site: &Site) -> Option<Finding> {
    world.judge(question.account, &question.control.id, Some(&site.trails))
}

fn done<'a, 'b>(question: Question<'a>, acts: impl Iterator<Item = &'b Act>) -> World<'a> {
    let mut world = question.world.continued();
    for act in acts {
        let witnesses = world.involved(question.account);
        world.apply(act, &witnesses);
    }
    world
}

/// Whether the act changes nothing that a verdict depends on.
fn is_dead_end(acts: &Move) -> bool {
    use crate::human::HumanAct;
    acts.iter().all(|act| {
        matches!(
            act,
            Act::Human(
                HumanAct::AskTopicOwner { .. }
                    | HumanAct::CreateTrail { .. }
                    | HumanAct::MakeRoomForFilter { .. }
                    | HumanAct::AllowDelivery { .. }
            )
        )
    })
}

/// The same acts in another order are the same state.
fn fingerprint(taken: &[Move]) -> Vec<String> {
    let mut texts: Vec<String> = taken.iter().map(|acts| format!("{acts:?}")).collect();
    texts.sort();
    texts
}
