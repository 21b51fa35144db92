//! One control in one account: judged under the framework, with everything that
//! its finding tells.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::blame::{self, Blame, Place};
use super::chains::{self, Shown};
use super::counters::Counters;
use super::coverage::Coverage;
use super::decided::{self, Decided};
use super::doubts::{self, Doubt};
use super::judge::{self, Case, Outcome, facts};
use super::routes::Routes;
use super::sets::KnownSets;
use super::{evidence, kinds, needed, notes, regions, summary};
use crate::catalog::{Catalog, Control, Requirement};
use crate::decision::Decisions;
use crate::finding::{Evidence, Finding, Verdict};
use crate::pattern::{Pattern, PatternSet};
use crate::reason::Reason;

/// The answer for one of a requirement's patterns.
pub(super) struct Judged<'a> {
    pub(super) pattern: &'a Pattern,
    pub(super) text: &'a str,
    pub(super) outcomes: Vec<Outcome<'a>>,
    pub(super) verdict: Verdict,
    blame: Option<Blame>,
}

/// What is to blame for a verdict, or what makes it hold.
pub(super) struct Why {
    pub(super) reason: Reason,
    pub(super) first: Option<Place>,
    /// The case that decided, among the outcomes.
    pub(super) case: usize,
    pub(super) doubts: Vec<Doubt>,
    /// Chains that take part though their filters do not look meant for the control.
    pub(super) beside: Vec<Place>,
}

/// The finding of `control`, which the catalog's framework has. Decisions take part only where it
/// does not pass without them. Of alarms that may wait for several events only as many count as the
/// accepted number of events suffices for.
pub(super) fn finding<'a>(
    control: &Control,
    catalog: &Catalog,
    routes: &Routes<'a>,
    sets: &KnownSets<'a>,
    coverage: &Coverage,
    decisions: &Decisions,
) -> Finding {
    let without = |left_out: &[Place]| {
        finding_without(
            control, catalog, routes, sets, coverage, decisions, left_out,
        )
    };
    let mut finding = without(&[]);
    let by_framework = finding.evidence.verdict_by_framework.values();
    let passes = by_framework
        .chain([&finding.verdict])
        .any(|verdict| *verdict == Verdict::Pass);
    let counters = passes.then(|| Counters::of(control, decisions, routes, coverage));
    if let Some(counters) = counters.filter(|counters| !counters.suffice()) {
        let mut on_one_event = without(&counters.places());
        if finding.verdict == Verdict::Pass && on_one_event.verdict != Verdict::Pass {
            let (choices, are_all) = counters.choices();
            let mut chosen = choices.iter().map(|left_out| without(left_out));
            finding = chosen
                .find(|finding| finding.verdict == Verdict::Pass)
                .unwrap_or_else(|| {
                    let notes = &mut on_one_event.evidence.notes;
                    notes.push(counters.note());
                    if !are_all {
                        counters.leave_open(&mut on_one_event);
                    }
                    on_one_event
                });
        } else {
            finding.evidence.verdict_by_framework = on_one_event.evidence.verdict_by_framework;
        }
    }
    decided::tell(&mut finding, decisions);
    finding
}

/// The finding where alarms of some chains may not wait for several events.
fn finding_without<'a>(
    control: &Control,
    catalog: &Catalog,
    routes: &Routes<'a>,
    sets: &KnownSets<'a>,
    coverage: &Coverage,
    decisions: &Decisions,
    left_out: &[Place],
) -> Finding {
    let by_rule = control
        .alarm
        .and_then(|rule| decided::by_rule(rule, routes, left_out));
    let own_sets = KnownSets::default();
    let (routes, sets) = match &by_rule {
        Some(routes) => (routes, &own_sets),
        None => (routes, sets),
    };
    let mut finding = told(control, catalog, routes, sets, coverage, None);
    if let Some(decided) = Decided::of(decisions, routes, left_out) {
        let routes = decided.routes(routes);
        let sets = KnownSets::default();
        let modulo = told(control, catalog, &routes, &sets, coverage, Some(&decided));
        if finding.verdict == Verdict::Pass {
            finding.evidence.verdict_by_framework = modulo.evidence.verdict_by_framework;
        } else {
            let needed = finding.evidence.events_needed;
            finding = modulo;
            finding.evidence.events_needed = finding.evidence.events_needed.or(needed);
        }
    }
    finding
}

/// The finding, with or without decisions.
fn told<'a>(
    control: &Control,
    catalog: &Catalog,
    routes: &Routes<'a>,
    sets: &KnownSets<'a>,
    coverage: &Coverage,
    decided: Option<&Decided>,
) -> Finding {
    let all_patterns: Vec<&Pattern> = control
        .requirements
        .iter()
        .flat_map(|requirement| requirement.patterns.iter().map(AsRef::as_ref))
        .collect();
    let kinds = kinds::of(control, routes);
    let kinds = match decided {
        Some(decided) => decided.kinds(kinds),
        None => kinds,
    };
    let except = decided.map(|decided| decided.except.clone());
    let except = Rc::new(except.unwrap_or(PatternSet::EMPTY));
    let cases = judge::cases(kinds, routes, sets, &all_patterns, &except);
    let by_framework = verdicts_by_framework(control, catalog, &cases, routes, coverage);
    let requirement = control
        .requirement(catalog.framework())
        .expect("callers ask only for controls that the framework has");
    let judged = most_favourable(requirement, &cases, routes, coverage);
    let why = why(&judged, routes, coverage);

    // A pass rests on every case; anything else is told by the one that decided.
    let deciding = |index: usize| judged.verdict == Verdict::Pass || index == why.case;
    let cases: Vec<&Case<'_>> = judged
        .outcomes
        .iter()
        .enumerate()
        .filter(|(index, _)| deciding(*index))
        .map(|(_, outcome)| outcome.case.as_ref())
        .collect();
    let (shown, more_chains) = chains::shown(judged.pattern, &cases, routes, coverage, &why);
    let (mut covered, uncovered) = regions::covered_and_not(&judged.outcomes, routes);
    covered.retain(|region| decided.is_none_or(|decided| !decided.is_denied(region)));
    let unread = evidence::unread(&why, &shown);
    let covered_by = evidence::covered_by(&judged, &why, routes);
    let repair = evidence::repair(control, catalog, &judged, &why, &shown, routes);
    let (missing, total) = evidence::missing_events(&judged, routes, coverage);
    let mut notes = notes::of(
        judged.pattern,
        judged.verdict,
        &shown,
        &cases,
        routes,
        coverage,
    );
    notes.extend(notes::of_waiting_alarms(
        control, catalog, why.reason, routes,
    ));
    notes.sort_by(|a, b| (&a.code, &a.text).cmp(&(&b.code, &b.text)));
    let evidence = Evidence {
        chains: shown.iter().map(Shown::chain).collect(),
        more_chains,
        covered_by,
        witness: evidence::witness(&judged, &why, routes, coverage),
        assumptions: evidence::assumptions(&judged, &shown, routes),
        missing_permissions: evidence::permissions(&unread),
        unread,
        notes,
        fix: repair.as_ref().map(|repair| repair.words.clone()),
        commands: repair.map(|repair| repair.commands).unwrap_or_default(),
        missing_events: missing,
        events_total: total,
        time_to_notice: evidence::time_to_notice(&shown),
        events_needed: evidence::events_needed(&shown, why.first),
        decisions: decided
            .map(|decided| decided.used(&judged, &shown, routes, coverage))
            .unwrap_or_default(),
        verdict_by_framework: by_framework,
        cis_audit: None,
        security_hub: None,
    };
    Finding {
        account: routes.account.clone(),
        control: control.id.clone(),
        verdict: judged.verdict,
        reason: why.reason,
        summary: summary::of(
            control,
            why.reason,
            &evidence,
            &summary::Regions {
                about: &regions::decisive(&judged.outcomes, routes, judged.verdict),
                of: covered.len() + uncovered.len(),
            },
            &why.doubts,
        ),
        cause: evidence::cause(why.reason, judged.verdict, &shown, why.first, &evidence),
        evidence,
        covered_regions: covered,
        uncovered_regions: uncovered,
    }
}

/// Of the patterns that a requirement accepts, the one with the best verdict; of
/// several that fail, the one that holds in most cases, then the one whose chain
/// gets furthest, then the one of which fewest events are missing.
fn most_favourable<'a>(
    requirement: &'a Requirement,
    cases: &[Rc<Case<'a>>],
    routes: &Routes<'a>,
    coverage: &Coverage,
) -> Judged<'a> {
    let mut best: Option<Judged<'a>> = None;
    for (pattern, text) in requirement.patterns.iter().zip(&requirement.texts) {
        let outcomes = outcomes(pattern, cases, routes, coverage);
        let verdict = judge::over_all(&outcomes);
        let blame = (verdict == Verdict::Fail)
            .then(|| blame::blame(pattern, &outcomes, routes, coverage))
            .flatten();
        let judged = Judged {
            pattern,
            text,
            outcomes,
            verdict,
            blame,
        };
        if verdict == Verdict::Pass {
            return judged;
        }
        let missing =
            |judged: &Judged<'_>| evidence::missing_events(judged, routes, coverage).0.len();
        let is_better = |best: &Judged<'_>| match rank(&judged).cmp(&rank(best)) {
            Ordering::Equal => missing(&judged) < missing(best),
            order => order.is_gt(),
        };
        if best.as_ref().is_none_or(is_better) {
            best = Some(judged);
        }
    }
    best.expect("a requirement has at least one pattern")
}

fn rank(judged: &Judged<'_>) -> (u8, usize, usize) {
    let verdict = match judged.verdict {
        Verdict::Pass => 2,
        Verdict::Unknown => 1,
        _ => 0,
    };
    let progress = judged
        .blame
        .as_ref()
        .map_or(0, |blame| blame::stage(blame.reason));
    let passing = judged
        .outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Pass)
        .count();
    (verdict, passing, progress)
}

fn outcomes<'a>(
    pattern: &Pattern,
    cases: &[Rc<Case<'a>>],
    routes: &Routes<'a>,
    coverage: &Coverage,
) -> Vec<Outcome<'a>> {
    let judge = |case| judge::judge(pattern, case, routes, coverage);
    cases.iter().map(judge).collect()
}

fn verdicts_by_framework<'a>(
    control: &'a Control,
    catalog: &Catalog,
    cases: &[Rc<Case<'a>>],
    routes: &Routes<'a>,
    coverage: &Coverage,
) -> BTreeMap<String, Verdict> {
    let verdict = |requirement: &Requirement| {
        let verdicts: Vec<Verdict> = requirement
            .patterns
            .iter()
            .map(|pattern| judge::over_all(&outcomes(pattern, cases, routes, coverage)))
            .collect();
        [Verdict::Pass, Verdict::Unknown]
            .into_iter()
            .find(|verdict| verdicts.contains(verdict))
            .unwrap_or(Verdict::Fail)
    };
    let mut by_requirement: Vec<(&Requirement, Verdict)> = Vec::new();
    let mut by_framework = BTreeMap::new();
    for framework in catalog.frameworks() {
        let Some(requirement) = control.requirement(&framework.id) else {
            continue;
        };
        let known = by_requirement
            .iter()
            .find(|(other, _)| std::ptr::eq(*other, requirement))
            .map(|(_, verdict)| *verdict);
        let verdict = known.unwrap_or_else(|| {
            let verdict = verdict(requirement);
            by_requirement.push((requirement, verdict));
            verdict
        });
        by_framework.insert(framework.id.clone(), verdict);
    }
    by_framework
}

fn why(judged: &Judged<'_>, routes: &Routes<'_>, coverage: &Coverage) -> Why {
    match judged.verdict {
        Verdict::Pass | Verdict::NotApplicable => Why {
            reason: pass_reason(judged, routes, coverage),
            first: None,
            case: 0,
            doubts: Vec::new(),
            beside: needed::of_pass(judged, routes, coverage),
        },
        Verdict::Fail => {
            let blame = judged.blame.clone();
            let first = blame.as_ref().and_then(|blame| blame.place);
            Why {
                reason: blame.as_ref().map_or(Reason::NoTrail, |blame| blame.reason),
                case: blame.map_or(0, |blame| blame.case),
                first,
                doubts: Vec::new(),
                beside: Vec::new(),
            }
        }
        Verdict::Unknown => {
            let undecided = |outcome: &Outcome<'_>| outcome.verdict == Verdict::Unknown;
            let case = judged.outcomes.iter().position(undecided).unwrap_or(0);
            let Some(outcome) = judged.outcomes.get(case) else {
                return no_kinds(routes);
            };
            let doubts = doubts::of(judged.pattern, outcome, routes, coverage);
            let first = doubts.first();
            Why {
                reason: first.map_or(Reason::Undecided, |doubt| doubt.reason),
                first: first.and_then(|doubt| doubt.place),
                case,
                beside: doubts.iter().filter_map(|doubt| doubt.place).collect(),
                doubts,
            }
        }
    }
}

/// An account without any enabled Region: nothing can be said.
fn no_kinds(routes: &Routes<'_>) -> Why {
    Why {
        reason: Reason::FactUnread,
        first: None,
        case: 0,
        doubts: vec![Doubt {
            reason: Reason::FactUnread,
            place: None,
            unread: routes.regions.err().cloned().into_iter().collect(),
            text: "no Region is enabled".to_owned(),
        }],
        beside: Vec::new(),
    }
}

/// Whether the account's own log groups suffice.
fn pass_reason(judged: &Judged<'_>, routes: &Routes<'_>, coverage: &Coverage) -> Reason {
    let own = judged.outcomes.iter().all(|outcome| {
        let own = &outcome.case.sets.own;
        let facts = facts(&outcome.case, routes);
        coverage.decide(judged.pattern, own, facts).is_yes()
    });
    if own {
        Reason::Covered
    } else {
        Reason::CoveredByOrganizationTrail
    }
}
