//! Alarms that tell in turn: each is silent at times, and others tell then. The account is
//! judged at every moment of the calendar that counts, with the chains that tell at it, and the
//! verdict is that of the worst.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::blame::Place;
use super::control;
use super::coverage::Coverage;
use super::judge::{placed, tails};
use super::routes::{Group, Routes};
use super::sets::KnownSets;
use crate::catalog::{Catalog, Control};
use crate::chain::at_times::{AtTimes, Moment, Tells, moments, surely};
use crate::chain::group::GroupChains;
use crate::chain::judged::Judged;
use crate::chain::tail::Tail;
use crate::decision::Decisions;
use crate::finding::{Finding, LinkState, Verdict};
use crate::pattern::Pattern;

/// Moments of several log groups that are combined at most.
const MOST_COMBINED: usize = 64;

/// Seconds within which an event reaches all log groups, as CloudTrail mostly does it.
const APART: u32 = 900;

/// A chain that is silent at times.
struct Part<'a> {
    place: Place,
    at_times: &'a AtTimes,
}

/// The finding of a control, as [`control::finding`] has it, where alarms may tell in turn.
pub(super) fn finding<'a>(
    control: &Control,
    catalog: &Catalog,
    routes: &Routes<'a>,
    sets: &KnownSets<'a>,
    coverage: &Coverage,
    decisions: &Decisions,
) -> Finding {
    let usual = control::finding(control, catalog, routes, sets, coverage, decisions);
    if passes_everywhere(&usual) {
        return usual;
    }
    let parts = parts(control, routes, coverage);
    if parts.len() < 2 {
        return usual;
    }
    let at = |tells: &[Tells]| {
        if tells.iter().all(|it| *it == Tells::No) {
            return usual.clone();
        }
        let routes = routes_at(routes, &parts, tells);
        let sets = KnownSets::default();
        control::finding(control, catalog, &routes, &sets, coverage, decisions)
    };
    let moments = Moments::of(&parts);
    // What holds at every moment of each log group, whenever the others see the same event, holds.
    let sure: Vec<Finding> = moments.combined.iter().map(|tells| at(tells)).collect();
    let holds = |of: fn(&Finding, &str) -> Verdict, framework: &str| {
        let mut each = sure.iter().map(|finding| of(finding, framework));
        each.all(|verdict| verdict == Verdict::Pass)
    };
    let mut told = if usual.verdict == Verdict::Pass {
        usual.clone()
    } else if holds(|finding, _| finding.verdict, "") {
        passing(&sure, at(&vec![Tells::Yes; parts.len()]))
    } else {
        let together: Vec<Finding> = moments.together.iter().map(|it| at(&it.tells)).collect();
        let worst = worst(&together);
        let mut told = together
            .get(worst)
            .cloned()
            .unwrap_or_else(|| usual.clone());
        let when = moments.together.get(worst).and_then(|it| it.when.as_ref());
        if let Some(when) = when.filter(|_| told.verdict == Verdict::Fail && !alike(&parts)) {
            told.summary = format!("{}; nobody is told {when}", told.summary);
        }
        told.evidence.verdict_by_framework = by_framework(&together, &told);
        told
    };
    let frameworks = told.evidence.verdict_by_framework.iter_mut();
    for (framework, verdict) in frameworks {
        if holds(under, framework) {
            *verdict = Verdict::Pass;
        }
    }
    told
}

fn passes_everywhere(finding: &Finding) -> bool {
    let by_framework = finding.evidence.verdict_by_framework.values();
    let mut all = by_framework.chain([&finding.verdict]);
    all.all(|verdict| *verdict == Verdict::Pass)
}

fn under(finding: &Finding, framework: &str) -> Verdict {
    let by_framework = &finding.evidence.verdict_by_framework;
    by_framework
        .get(framework)
        .copied()
        .unwrap_or(Verdict::Unknown)
}

/// The chains that are silent at times, and otherwise may tell of events of the control.
fn parts<'r>(control: &Control, routes: &'r Routes<'_>, coverage: &Coverage) -> Vec<Part<'r>> {
    let requirements = control.requirements.iter();
    let patterns: Vec<&Pattern> = requirements
        .flat_map(|requirement| requirement.patterns.iter().map(AsRef::as_ref))
        .collect();
    let touches = |tail: &Tail| {
        let mut asked = patterns.iter();
        tail.pattern
            .as_deref()
            .is_none_or(|pattern| asked.any(|required| coverage.touches(required, pattern)))
    };
    let of_tail = |place: Place, tail: &'r Tail| {
        let at_times = tail
            .links
            .iter()
            .find_map(|link| link.at_times.as_deref())?;
        let is_broken = at_times.links.iter().any(Judged::is_broken);
        (!is_broken && touches(tail)).then_some(Part { place, at_times })
    };
    let routes = routes.all.iter().enumerate();
    routes
        .flat_map(|(index, route)| placed(index, tails(route.group.as_ref())))
        .filter_map(|(place, tail)| of_tail(place, tail))
        .collect()
}

/// Whether all are silent at the same times, so that nothing tells in turn.
fn alike(parts: &[Part<'_>]) -> bool {
    let first = &parts[0];
    parts
        .iter()
        .all(|part| part.at_times.is_silent_as(first.at_times))
}

/// What the parts do at the moments that count.
struct Moments {
    /// Where each log group has its own time: every combination of what its chains do.
    combined: Vec<Vec<Tells>>,
    /// At one time for all; of several log groups, none tells for certain.
    together: Vec<Moment>,
}

impl Moments {
    fn of(parts: &[Part<'_>]) -> Self {
        let mut by_route: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, part) in parts.iter().enumerate() {
            by_route.entry(part.place.route).or_default().push(number);
        }
        let all: Vec<&AtTimes> = parts.iter().map(|part| part.at_times).collect();
        if by_route.len() == 1 {
            return Self {
                combined: surely(&all),
                together: moments(&all, 0),
            };
        }
        let mut combined = vec![vec![Tells::No; parts.len()]];
        for numbers in by_route.values() {
            let of_route: Vec<&AtTimes> = numbers.iter().map(|number| all[*number]).collect();
            let of_route = surely(&of_route);
            if combined.len() * of_route.len() > MOST_COMBINED {
                // As if these never told.
                continue;
            }
            let with = |tells: &Vec<Tells>, moment: &Vec<Tells>| {
                let mut tells = tells.clone();
                for (number, told) in numbers.iter().zip(moment) {
                    tells[*number] = *told;
                }
                tells
            };
            combined = combined
                .iter()
                .flat_map(|tells| of_route.iter().map(move |moment| with(tells, moment)))
                .collect();
        }
        let mut together = moments(&all, APART);
        for moment in &mut together {
            for tells in &mut moment.tells {
                *tells = (*tells).min(Tells::Perhaps);
            }
        }
        Self { combined, together }
    }
}

/// The routes as they are for events of a moment.
fn routes_at<'a>(routes: &Routes<'a>, parts: &[Part<'_>], tells: &[Tells]) -> Routes<'a> {
    let mut changed = routes.clone();
    for (part, tells) in parts.iter().zip(tells) {
        let route = &mut changed.all[part.place.route];
        if let (Some(Group::Chains(chains)), Some(number)) = (&mut route.group, part.place.tail) {
            at_moment(
                &mut Arc::<GroupChains>::make_mut(chains).tails[number],
                *tells,
            );
        }
    }
    changed
}

fn at_moment(tail: &mut Tail, tells: Tells) {
    let at = tail.links.iter().position(|link| link.at_times.is_some());
    let Some(at) = at else { return };
    let link = &mut tail.links[at];
    let undecided = link.link.state == LinkState::Unknown;
    if tells == Tells::No || tells == Tells::Perhaps && undecided {
        return;
    }
    if let Some(at_times) = link.at_times.take() {
        tail.links.truncate(at);
        tail.links.extend(at_times.links_at(tells));
    }
}

/// The number of the worst of them.
fn worst(findings: &[Finding]) -> usize {
    let first = |wanted| {
        findings
            .iter()
            .position(|finding| finding.verdict == wanted)
    };
    let worst = first(Verdict::Fail).or_else(|| first(Verdict::Unknown));
    worst.unwrap_or_default()
}

fn by_framework(findings: &[Finding], told: &Finding) -> BTreeMap<String, Verdict> {
    let frameworks = told.evidence.verdict_by_framework.keys();
    let of = |framework: &String| {
        let verdicts: Vec<Verdict> = findings.iter().map(|it| under(it, framework)).collect();
        let worst = [Verdict::Fail, Verdict::Unknown];
        let worst = worst.into_iter().find(|verdict| verdicts.contains(verdict));
        (framework.clone(), worst.unwrap_or(Verdict::Pass))
    };
    frameworks.map(of).collect()
}

/// The finding where all that tell at some time are shown, and the control passes at each moment.
fn passing(at_moments: &[Finding], mut all: Finding) -> Finding {
    let evidence = &mut all.evidence;
    // Not at one time.
    evidence.notes.retain(|note| {
        let mut moments = at_moments.iter().map(|finding| &finding.evidence.notes);
        note.code != "duplicate_notification" || moments.any(|notes| notes.contains(note))
    });
    let times = at_moments.iter().map(|it| &it.evidence.time_to_notice);
    if let Some(slowest) = times.flatten().max_by_key(|it| it.max_seconds) {
        evidence.time_to_notice = Some(slowest.clone());
    }
    evidence.verdict_by_framework = by_framework(at_moments, &at_moments[0]);
    all
}
