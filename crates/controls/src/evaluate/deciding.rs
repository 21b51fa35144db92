//! Whether more of an account has to be read before it can be judged.

use super::ReliedOn;
use super::kinds::ANY_OTHER_SOURCE;
use super::routes::KnownTopics;
use crate::catalog::EventClass;
use crate::chain::arrivals::Arrives;
use crate::chain::group;
use crate::chain::trail::{Delivers, EventKind, TrailFacts};
use crate::finding::LinkState;
use crate::ids::LogGroupArn;
use crate::snapshot::{AccountSnapshot, Trail};

/// Whether the account has a trail of its own that records every Region and brings events to
/// chains that all hold. If not, single-Region trails in its other Regions may matter.
pub fn multi_region_trails_decide(snapshot: &AccountSnapshot) -> bool {
    let mut trails = snapshot.distinct_trails().into_values();
    trails.any(|trail| {
        let own = trail.arn.account().as_ref() == Some(&snapshot.account);
        let group = trail.log_group.as_ref();
        own && trail.multi_region && group.is_some_and(|group| decides(snapshot, trail, group))
    })
}

fn decides(snapshot: &AccountSnapshot, trail: &Trail, group: &LogGroupArn) -> bool {
    let most_demanding = EventKind {
        region: Some(trail.home_region.clone()),
        global: true,
        class: EventClass::Write,
        source: ANY_OTHER_SOURCE.to_owned(),
    };
    let facts = TrailFacts::own(trail, Arrives::Unasked);
    if facts.delivers(&most_demanding) != Delivers::Yes {
        return false;
    }
    if group.account() != snapshot.account {
        // What is behind it is told by another account.
        return true;
    }
    let nobody = ReliedOn::default();
    let chains = group::chains_of(snapshot, group, &KnownTopics::new(snapshot, &nobody));
    let mut tails = chains.tails.iter();
    !chains.group.is_broken()
        && !chains.tails.is_empty()
        && tails.all(|tail| tail.state() == LinkState::Holds)
}
