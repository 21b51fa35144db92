//! Where the chain of an account may stand: the trails that it sees, each with
//! its log group. A strategy says which of them may be repaired.

use std::collections::BTreeSet;

use orgsweep_controls::snapshot::Trail;
use orgsweep_controls::{AccountSnapshot, Arn};

use super::options::Strategy;

/// Trails that are judged as if the account saw no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    /// The trails; more than one only when they share the work by Region.
    pub(super) trails: Vec<Arn>,
    /// Whether they are the organization's.
    pub(super) central: bool,
}

/// The sites that `strategy` may repair, in the order in which they are tried.
pub(super) fn sites(snapshot: &AccountSnapshot, strategy: Strategy) -> Vec<Site> {
    let trails = snapshot.distinct_trails();
    let own = |trail: &&&Trail| is_own(snapshot, trail);
    let central: Vec<Site> = trails
        .values()
        .filter(|trail| trail.organization)
        .map(|trail| site_of([*trail], true))
        .collect();
    let mut local: Vec<Site> = trails
        .values()
        .filter(own)
        .map(|trail| site_of([*trail], false))
        .collect();
    if local.len() > 1 {
        let together = site_of(trails.values().filter(own).copied(), false);
        local.insert(0, together);
    }
    match strategy {
        Strategy::Local => local,
        Strategy::Auto if central.is_empty() => local,
        Strategy::Auto | Strategy::Central => central,
    }
}

/// Whether both strategies are possible for the account.
pub(super) fn has_choice(snapshot: &AccountSnapshot) -> bool {
    let trails = snapshot.distinct_trails();
    let own = trails
        .values()
        .any(|trail| !trail.organization && is_own(snapshot, trail));
    own && trails.values().any(|trail| trail.organization)
}

fn site_of<'a>(trails: impl IntoIterator<Item = &'a Trail>, central: bool) -> Site {
    let trails: BTreeSet<Arn> = trails.into_iter().map(|trail| trail.arn.clone()).collect();
    Site {
        trails: trails.into_iter().collect(),
        central,
    }
}

/// The account's own trails.
pub(super) fn own_trails(snapshot: &AccountSnapshot) -> Vec<Arn> {
    let trails = snapshot.distinct_trails();
    let own = trails.values().filter(|trail| is_own(snapshot, trail));
    own.map(|trail| trail.arn.clone()).collect()
}

fn is_own(snapshot: &AccountSnapshot, trail: &Trail) -> bool {
    trail.arn.account().as_ref() == Some(&snapshot.account)
}
