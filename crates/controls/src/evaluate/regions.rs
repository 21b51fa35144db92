//! Regions of a finding: whose events are noticed, and whose are not.

use std::collections::BTreeSet;

use super::judge::Outcome;
use super::routes::Routes;
use crate::finding::Verdict;
use crate::ids::Region;

/// Enabled Regions whose events are noticed, and the others, both sorted. Events
/// that a partition records in one Region only concern all of them.
pub(super) fn covered_and_not(
    outcomes: &[Outcome<'_>],
    routes: &Routes<'_>,
) -> (Vec<Region>, Vec<Region>) {
    let uncovered = of_outcomes(outcomes, routes, |verdict| verdict != Verdict::Pass);
    let enabled: BTreeSet<&Region> = routes.regions.unwrap_or_default().iter().collect();
    let covered = enabled.difference(&uncovered);
    let covered = covered.map(|region| (*region).clone()).collect();
    (covered, uncovered.into_iter().cloned().collect())
}

/// Regions that the verdict over all outcomes is about, sorted.
pub(super) fn decisive(
    outcomes: &[Outcome<'_>],
    routes: &Routes<'_>,
    verdict: Verdict,
) -> Vec<Region> {
    let regions = of_outcomes(outcomes, routes, |other| other == verdict);
    regions.into_iter().cloned().collect()
}

/// Enabled Regions of the outcomes with such a verdict.
fn of_outcomes<'a>(
    outcomes: &'a [Outcome<'_>],
    routes: &Routes<'a>,
    is_meant: impl Fn(Verdict) -> bool,
) -> BTreeSet<&'a Region> {
    let enabled = routes.regions.unwrap_or_default();
    let mut found = BTreeSet::new();
    for outcome in outcomes.iter().filter(|outcome| is_meant(outcome.verdict)) {
        for kind in &outcome.case.kinds {
            match &kind.region {
                Some(region) if !only_in_main(outcomes, region) => {
                    found.insert(region);
                }
                _ => found.extend(enabled),
            }
        }
    }
    found.retain(|region| enabled.contains(region));
    found
}

/// Whether the control's events are recorded in that Region alone.
fn only_in_main(outcomes: &[Outcome<'_>], region: &Region) -> bool {
    let mut kinds = outcomes.iter().flat_map(|outcome| &outcome.case.kinds);
    kinds.all(|kind| kind.global && kind.region.as_ref() == Some(region))
}
