//! Every pattern that a source prescribes passes under that source, however it
//! is spelt there.

mod support;

use orgsweep_controls::{Catalog, ReliedOn, Verdict, evaluate};
use serde::Deserialize;
use support::*;

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
    let mut judged = 0;
    for seen in seen {
        let mut snapshot = healthy(OWN);
        of_filter(&mut snapshot, &seen.control)
            .pattern
            .clone_from(&seen.pattern);
        let relied_on = ReliedOn {
            management_account: Some(account(OWN)),
            ..ReliedOn::default()
        };
        for framework in &seen.frameworks {
            let catalog = Catalog::builtin().for_framework(framework).unwrap();
            let findings = evaluate(&catalog, &snapshot, &relied_on);
            let finding = findings
                .iter()
                .find(|f| f.control.as_str() == seen.control)
                .unwrap();
            let expected = if seen.pattern.contains(LOST_QUOTES) {
                "filter_invalid"
            } else {
                "covered"
            };
            assert_eq!(
                finding.reason.as_str(),
                expected,
                "{framework} {}: {}",
                seen.pattern,
                finding.summary
            );
            judged += 1;
        }
    }
    assert!(judged > 200, "{judged}");
}

#[test]
fn a_healthy_account_passes_every_control_in_every_framework() {
    for finding in findings(
        &healthy(OWN),
        &ReliedOn {
            management_account: Some(account(OWN)),
            ..ReliedOn::default()
        },
    )
    .values()
    {
        assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.summary);
        assert!(
            finding.evidence.verdict_by_framework.len() >= 8,
            "{}",
            finding.control
        );
        for (framework, verdict) in &finding.evidence.verdict_by_framework {
            assert_eq!(*verdict, Verdict::Pass, "{} {framework}", finding.control);
        }
    }
}
