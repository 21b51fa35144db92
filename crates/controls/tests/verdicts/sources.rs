//! Every pattern that a source prescribes passes under that source, however it
//! is spelt there.

use crate::support::*;
use orgsweep_controls::{Catalog, OtherVerdict, Verdict};
use serde::Deserialize;

#[derive(Deserialize)]
struct Seen {
    control: String,
    pattern: String,
    frameworks: Vec<String>,
}

/// A value with a blank that is not quoted: one copy of the benchmark lost its
/// quotes, and AWS refuses the pattern.
const LOST_QUOTES: &str = "= Failed authentication";

#[test]
fn every_prescribed_pattern_passes_under_its_own_source() {
    let seen: Vec<Seen> = serde_json::from_str(include_str!("data/patterns_seen.json")).unwrap();
    for seen in seen {
        let mut snapshot = healthy(OWN);
        of_filters(&mut snapshot).retain(|filter| filter.name == seen.control);
        of_filter(&mut snapshot, &seen.control)
            .pattern
            .clone_from(&seen.pattern);
        let finding = finding(&snapshot, &seen.control);
        for framework in &seen.frameworks {
            let verdict = finding.evidence.verdict_by_framework[framework];
            let expected = if seen.pattern.contains(LOST_QUOTES) {
                Verdict::Fail
            } else {
                Verdict::Pass
            };
            assert_eq!(verdict, expected, "{framework} {}", seen.pattern);
        }
    }
}

/// The services that a control is about write its events. Others have calls of the same names
/// (security groups of AWS Wickr, peerings of GameLift, routes of API Gateway), which it does not
/// ask for.
#[test]
fn a_filter_that_is_narrowed_to_the_services_of_the_control_passes() {
    let catalog = Catalog::builtin();
    let mut narrowed = 0;
    for control in catalog.controls() {
        let id = control.id.as_str();
        let sources = control.event_sources.iter();
        let sources: Vec<String> = sources.map(|s| format!("($.eventSource = {s})")).collect();
        // Of the other controls, the events are written by any service, or by the sign-in alone.
        if sources.is_empty() {
            continue;
        }
        narrowed += 1;
        let prescribed = prescribed(id);
        let inner = prescribed.trim_matches(['{', '}', ' ']);
        let mut snapshot = healthy(OWN);
        of_filter(&mut snapshot, id).pattern =
            format!("{{ ({}) && ({inner}) }}", sources.join(" || "));
        let finding = finding(&snapshot, id);
        assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.summary);
        let not_narrowed = self::finding(&healthy(OWN), id).evidence;
        assert_eq!(
            finding.evidence.verdict_by_framework, not_narrowed.verdict_by_framework,
            "{id}"
        );
        // Neither the benchmark's audit nor Security Hub's rule knows it.
        if ["security-group-changes", "vpc-changes"].contains(&id) {
            let said = [&finding.evidence.cis_audit, &finding.evidence.security_hub];
            let said = said.map(|opinion| opinion.as_ref().unwrap().verdict);
            assert_eq!(said, [OtherVerdict::Fail; 2], "{id}");
        }
        // What is missing is told beside what was asked for, not beside all that has the name.
        let Some(event) = control.events.last().filter(|_| control.events.len() > 1) else {
            continue;
        };
        let filter = of_filter(&mut snapshot, id);
        filter.pattern = filter.pattern.replace(&event.name, "NoSuchEvent");
        let finding = self::finding(&snapshot, id);
        assert_eq!(finding.verdict, Verdict::Fail, "{}", finding.summary);
        assert_eq!(
            finding.evidence.missing_events,
            std::slice::from_ref(&event.name),
            "{id}"
        );
        let witness = finding.evidence.witness.unwrap();
        let source = witness["eventSource"].as_str().unwrap().to_owned();
        assert!(control.event_sources.contains(&source), "{id}: {source}");
    }
    assert!(narrowed >= 10, "{narrowed}");
}

#[test]
fn a_healthy_account_passes_every_control() {
    for finding in findings(&healthy(OWN), &alone()).values() {
        assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.summary);
        assert!(finding.evidence.verdict_by_framework.len() >= 8);
        assert!(finding.uncovered_regions.is_empty());
        assert_eq!(finding.covered_regions, regions());
    }
}
