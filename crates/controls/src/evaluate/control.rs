//! One control in one account: judged under the framework, with everything that
//! its finding tells.

use std::collections::{BTreeMap, BTreeSet};

use filter_pattern::FilterPattern;

use super::blame::{self, Blame, Place};
use super::chains::{self, Shown};
use super::coverage::{Answer, Coverage, Filters};
use super::doubts::{self, Doubt};
use super::fix::Repair;
use super::judge::{self, Case, Chains, Outcome, facts, filters};
use super::routes::{Group, Routes};
use super::{fix, kinds, notes, regions, summary};
use crate::catalog::{Catalog, Control, Requirement};
use crate::finding::{Evidence, Finding, LinkKind, Verdict};
use crate::ids::AccountId;
use crate::known::Unread;
use crate::reason::Reason;

/// The answer for one of a requirement's patterns.
struct Judged<'a> {
    pattern: &'a FilterPattern,
    text: &'a str,
    outcomes: Vec<Outcome<'a>>,
    verdict: Verdict,
    blame: Option<Blame>,
}

/// What is to blame for a verdict, or what makes it hold.
struct Why {
    reason: Reason,
    first: Option<Place>,
    /// The case that decided, among the outcomes.
    case: usize,
    doubts: Vec<Doubt>,
}

/// The finding of `control`, which the catalog's framework has.
pub(super) fn finding(
    control: &Control,
    catalog: &Catalog,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> Finding {
    let all_patterns: Vec<FilterPattern> = control
        .requirements
        .iter()
        .flat_map(|requirement| requirement.patterns.iter().cloned())
        .collect();
    let cases = judge::cases(kinds::of(control, routes), routes, &all_patterns);
    let by_framework = verdicts_by_framework(control, catalog, &cases, routes, coverage);
    let requirement = control
        .requirement(catalog.framework())
        .expect("callers ask only for controls that the framework has");
    let judged = most_favourable(requirement, &cases, routes, coverage);
    let why = why(&judged, routes, coverage);

    let all_cases: Vec<&Case<'_>> = match judged.verdict {
        Verdict::Pass => judged
            .outcomes
            .iter()
            .map(|outcome| &outcome.case)
            .collect(),
        _ => vec![&judged.outcomes[why.case].case],
    };
    let shown = chains::shown(judged.pattern, &all_cases, routes, coverage, why.first);
    let (covered, uncovered) = regions::covered_and_not(&judged.outcomes, routes);
    let unread = unread(&why, &shown);
    let covered_by = covered_by(&judged, &why, routes);
    let repair = repair(control, &judged, &why, &shown, routes);
    let (missing, total) = missing_events(&judged, routes, coverage);
    let evidence = Evidence {
        chains: shown.iter().map(Shown::chain).collect(),
        covered_by,
        witness: witness(&judged, &why, routes),
        assumptions: assumptions(&judged),
        missing_permissions: permissions(&unread),
        unread,
        notes: notes::of(&judged.outcomes, judged.verdict, &shown, routes),
        fix: repair.as_ref().map(|repair| repair.words.clone()),
        commands: repair.map(|repair| repair.commands).unwrap_or_default(),
        missing_events: missing,
        events_total: total,
        verdict_by_framework: by_framework,
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
            &covered,
            &uncovered,
            &why.doubts,
        ),
        cause: cause(why.reason, judged.verdict, &shown, why.first, &evidence),
        evidence,
        covered_regions: covered,
        uncovered_regions: uncovered,
    }
}

/// Of the patterns that a requirement accepts, the one with the best verdict; of
/// several that fail, the one whose chain gets furthest.
fn most_favourable<'a>(
    requirement: &'a Requirement,
    cases: &[Case<'a>],
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
        if best.as_ref().is_none_or(|best| rank(&judged) > rank(best)) {
            best = Some(judged);
        }
    }
    best.expect("a requirement has at least one pattern")
}

fn rank(judged: &Judged<'_>) -> (u8, usize) {
    let verdict = match judged.verdict {
        Verdict::Pass => 2,
        Verdict::Unknown => 1,
        _ => 0,
    };
    let progress = judged
        .blame
        .as_ref()
        .map_or(0, |blame| blame::stage(blame.reason));
    (verdict, progress)
}

fn outcomes<'a>(
    pattern: &FilterPattern,
    cases: &[Case<'a>],
    routes: &Routes<'a>,
    coverage: &Coverage,
) -> Vec<Outcome<'a>> {
    let judge = |case| judge::judge(pattern, case, routes, coverage);
    cases.iter().map(judge).collect()
}

fn verdicts_by_framework<'a>(
    control: &'a Control,
    catalog: &Catalog,
    cases: &[Case<'a>],
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
        },
        Verdict::Fail => {
            let blame = judged.blame.clone();
            let first = blame.as_ref().and_then(|blame| blame.place);
            Why {
                reason: blame.as_ref().map_or(Reason::NoTrail, |blame| blame.reason),
                case: blame.map_or(0, |blame| blame.case),
                first,
                doubts: Vec::new(),
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
    }
}

/// Whether the account's own log groups suffice.
fn pass_reason(judged: &Judged<'_>, routes: &Routes<'_>, coverage: &Coverage) -> Reason {
    let own = judged.outcomes.iter().all(|outcome| {
        let chains = Chains::WorkingIn(routes.account);
        let (own, _) = filters(&outcome.case, routes, chains);
        let facts = facts(&outcome.case, routes);
        coverage.decide(judged.pattern, &own, facts).is_yes()
    });
    if own {
        Reason::Covered
    } else {
        Reason::CoveredByOrganizationTrail
    }
}

/// The other account whose chain covers, or should cover, this one.
fn covered_by(judged: &Judged<'_>, why: &Why, routes: &Routes<'_>) -> Option<AccountId> {
    let groups = || {
        routes
            .routes
            .iter()
            .map(|route| route.group.as_ref().map(Group::arn))
    };
    let account = match judged.verdict {
        Verdict::Pass if why.reason == Reason::CoveredByOrganizationTrail => groups()
            .flatten()
            .map(crate::ids::LogGroupArn::account)
            .find(|account| account != routes.account),
        Verdict::Pass => None,
        _ => {
            let route = &routes.routes[why.first?.route];
            let group = route.group.as_ref().map(|group| group.arn().account());
            group.or_else(|| route.facts.trail.arn.account())
        }
    };
    account.filter(|account| account != routes.account)
}

fn missing_events(
    judged: &Judged<'_>,
    routes: &Routes<'_>,
    coverage: &Coverage,
) -> (Vec<String>, usize) {
    let Some(first) = judged.outcomes.first() else {
        return (Vec::new(), 0);
    };
    let all = coverage.missing(judged.pattern, &Filters::new(), facts(&first.case, routes));
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for outcome in judged
        .outcomes
        .iter()
        .filter(|o| o.verdict == Verdict::Fail)
    {
        let (working, _) = filters(&outcome.case, routes, Chains::Working);
        let facts = facts(&outcome.case, routes);
        missing.extend(
            coverage
                .missing(judged.pattern, &working, facts)
                .iter()
                .cloned(),
        );
    }
    // In the order in which the pattern lists them.
    let listed = all
        .iter()
        .filter(|name| missing.contains(*name))
        .cloned()
        .collect();
    (listed, all.len())
}

fn witness(judged: &Judged<'_>, why: &Why, routes: &Routes<'_>) -> Option<serde_json::Value> {
    if judged.verdict != Verdict::Fail {
        return None;
    }
    let outcome = judged.outcomes.get(why.case)?;
    let Answer::No { witness, .. } = outcome.answer.as_ref() else {
        return None;
    };
    let mut witness = witness.clone();
    let canonical = judged.pattern.to_string();
    // Fields that no pattern asks for may have any value: here those of the
    // account and of the Region that is judged.
    let (filters, _) = filters(&outcome.case, routes, Chains::Working);
    let asked =
        |field: &str| canonical.contains(field) || filters.keys().any(|f| f.contains(field));
    if !asked("ccount") && !asked("arn") {
        let shown = witness["recipientAccountId"].as_str().map(str::to_owned);
        match shown {
            Some(shown) => replace(&mut witness, &shown, routes.account.as_str()),
            None => {
                witness["recipientAccountId"] = routes.account.as_str().into();
            }
        }
    }
    let region = outcome
        .case
        .kinds
        .first()
        .and_then(|kind| kind.region.as_ref());
    if let Some(region) = region.filter(|_| !asked("egion")) {
        witness["awsRegion"] = region.as_str().into();
    }
    Some(witness)
}

fn replace(value: &mut serde_json::Value, from: &str, to: &str) {
    match value {
        serde_json::Value::String(text) => *text = text.replace(from, to),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|i| replace(i, from, to)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|v| replace(v, from, to)),
        _ => {}
    }
}

fn assumptions(judged: &Judged<'_>) -> Vec<String> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for outcome in &judged.outcomes {
        match outcome.answer.as_ref() {
            Answer::Yes { assumptions } => all.extend(assumptions.iter().cloned()),
            Answer::No { assumptions, .. } if outcome.verdict == Verdict::Fail => {
                all.extend(assumptions.iter().cloned());
            }
            _ => {}
        }
    }
    all.into_iter().collect()
}

fn unread(why: &Why, shown: &[Shown]) -> Vec<Unread> {
    let mut all: BTreeSet<Unread> = why.doubts.iter().flat_map(|d| d.unread.clone()).collect();
    if !why.doubts.is_empty() {
        let links = shown.iter().flat_map(|shown| &shown.links);
        all.extend(links.flat_map(|judged| judged.unread.clone()));
    }
    all.into_iter().collect()
}

fn permissions(unread: &[Unread]) -> Vec<String> {
    let missing: BTreeSet<String> = unread
        .iter()
        .filter_map(Unread::missing_permission)
        .collect();
    missing.into_iter().collect()
}

fn repair(
    control: &Control,
    judged: &Judged<'_>,
    why: &Why,
    shown: &[Shown],
    routes: &Routes<'_>,
) -> Option<Repair> {
    if judged.verdict == Verdict::Pass {
        return None;
    }
    let blamed = shown.iter().find(|shown| Some(shown.place) == why.first);
    let names = fix::Names::of(control, judged.text, blamed, routes);
    Some(fix::repair(why.reason, &names, &why.doubts))
}

/// The reason and the resource that broke, so that one broken thing is one cause
/// however many accounts suffer from it.
fn cause(
    reason: Reason,
    verdict: Verdict,
    shown: &[Shown],
    first: Option<Place>,
    evidence: &Evidence,
) -> String {
    if verdict == Verdict::Pass {
        return reason.as_str().to_owned();
    }
    let blamed = shown.iter().find(|shown| Some(shown.place) == first);
    let arn = blamed.and_then(|blamed| {
        let to = blamed
            .links
            .iter()
            .position(|judged| judged.reason == Some(reason));
        let links = &blamed.links[..=to.unwrap_or(blamed.links.len() - 1)];
        let named = |judged: &&crate::chain::judged::Judged| {
            judged.link.resource.starts_with("arn:") && judged.link.kind != LinkKind::Metric
        };
        links
            .iter()
            .rev()
            .find(named)
            .map(|judged| judged.link.resource.clone())
    });
    let permission = evidence.missing_permissions.first().cloned();
    match arn.or(permission) {
        Some(resource) => format!("{reason} {resource}"),
        None => reason.as_str().to_owned(),
    }
}
