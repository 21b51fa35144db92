//! What the account's other trails record, beside the one that a repair changes: what it then
//! records a second time.

use super::super::judge::tails;
use super::super::routes::{Route, Routes};
use crate::finding::LinkState;
use crate::ids::Region;

/// What trails record beside one that is to be mended.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::evaluate) struct OtherTrails {
    /// Whether the trail records the Region of the global services alone, and each other Region has
    /// a trail that records it.
    pub(super) record_the_other_regions: bool,
    /// How many of them record a single Region and have a chain that works.
    pub(super) of_single_regions: usize,
}

impl OtherTrails {
    pub(super) fn of(route: usize, routes: &Routes<'_>) -> Self {
        let trail = routes.all[route].facts.trail;
        let others = || {
            let all = routes.all.iter().enumerate();
            let others = all.filter(move |(other, _)| *other != route);
            others
                .map(|(_, other)| other)
                .filter(|other| other.group.is_some())
        };
        let is_recorded = |region: &Region| {
            let recorded = |other: &Route<'_>| {
                let trail = other.facts.trail;
                trail.multi_region || trail.home_region == *region
            };
            *region == trail.home_region || others().any(recorded)
        };
        let is_main =
            !trail.multi_region && routes.main_region.as_ref() == Some(&trail.home_region);
        let works = |other: &&Route<'_>| {
            let mut tails = tails(other.group.as_ref()).iter();
            tails.any(|tail| tail.state() == LinkState::Holds)
        };
        let single = others().filter(|other| !other.facts.trail.multi_region);
        Self {
            record_the_other_regions: is_main
                && routes.regions.is_ok_and(|all| all.iter().all(is_recorded)),
            of_single_regions: single.filter(works).count(),
        }
    }
}
