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
    let enabled: BTreeSet<&Region> = routes.regions.unwrap_or_default().iter().collect();
    let mut uncovered: BTreeSet<&Region> = BTreeSet::new();
    for outcome in outcomes
        .iter()
        .filter(|outcome| outcome.verdict != Verdict::Pass)
    {
        for kind in &outcome.case.kinds {
            match &kind.region {
                Some(region) if !only_in_main(outcomes, region) => {
                    uncovered.insert(region);
                }
                _ => uncovered.extend(&enabled),
            }
        }
    }
    let (uncovered, covered): (Vec<&Region>, Vec<&Region>) = enabled
        .into_iter()
        .partition(|region| uncovered.contains(region));
    let owned = |regions: Vec<&Region>| regions.into_iter().cloned().collect();
    (owned(covered), owned(uncovered))
}

/// Whether the control's events are recorded in that Region alone.
fn only_in_main(outcomes: &[Outcome<'_>], region: &Region) -> bool {
    let mut kinds = outcomes.iter().flat_map(|outcome| &outcome.case.kinds);
    kinds.all(|kind| kind.global && kind.region.as_ref() == Some(region))
}
