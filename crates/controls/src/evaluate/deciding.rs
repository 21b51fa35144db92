//! Whether more of an account has to be read before it can be judged, and the chains that
//! were read to know it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ReliedOn;
use super::kinds::ANY_OTHER_SOURCE;
use super::routes::KnownTopics;
use crate::catalog::EventClass;
use crate::chain::arrivals::Arrives;
use crate::chain::group::{self, GroupChains};
use crate::chain::tail::Tail;
use crate::chain::trail::{Delivers, EventKind, TrailFacts};
use crate::finding::{LinkKind, LinkState};
use crate::ids::{LogGroupArn, Region};
use crate::snapshot::{AccountSnapshot, LogGroup, Trail};

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

/// The chains of those of an account's own log groups that have a filter with a metric. They are
/// read once, to know whether more of the account has to be read, and to judge it.
#[derive(Debug)]
pub struct OwnChains {
    groups: BTreeMap<LogGroupArn, Arc<GroupChains>>,
    /// Whether they were read from the account's own facts alone.
    of_own_facts: bool,
}

impl OwnChains {
    /// Reads them.
    pub fn of(snapshot: &AccountSnapshot) -> Self {
        let nobody = ReliedOn::default();
        let topics = KnownTopics::new(snapshot, &nobody);
        let publishing = |group: &LogGroup| {
            let mut filters = group.filters.value().into_iter().flatten();
            filters.any(|filter| !filter.transformations.is_empty())
        };
        let groups = snapshot.log_groups.iter();
        let groups = groups.filter(|(_, group)| publishing(group));
        let groups = groups.map(|(arn, _)| {
            let chains = group::chains_of(snapshot, arn, &topics);
            (arn.clone(), Arc::new(chains))
        });
        Self {
            groups: groups.collect(),
            of_own_facts: topics.looked_at.take().is_empty(),
        }
    }

    /// The Regions in which a filter's metric has no alarm of the account that tells somebody, so
    /// that alarms of other accounts on it may matter.
    pub fn regions_whose_metrics_tell_nobody(&self) -> BTreeSet<Region> {
        let silent = self
            .groups
            .iter()
            .filter(|(_, chains)| !chains.group.is_broken() && metric_tells_nobody(&chains.tails));
        silent.map(|(arn, _)| arn.region()).collect()
    }

    /// The chains of a group, where they were read and what is known of other accounts changes
    /// nothing about them.
    pub(super) fn to_judge_by(&self, arn: &LogGroupArn) -> Option<Arc<GroupChains>> {
        let chains = self.groups.get(arn).filter(|_| self.of_own_facts)?;
        Some(Arc::clone(chains))
    }
}

/// Whether some filter's metric has no chain that may tell of all its events, and one that breaks
/// behind the filter.
fn metric_tells_nobody(tails: &[Tail]) -> bool {
    let mut by_filter: BTreeMap<&str, Vec<&Tail>> = BTreeMap::new();
    for tail in tails {
        let first = tail.links.first();
        if let Some(filter) = first.filter(|judged| judged.link.kind == LinkKind::Filter) {
            let resource = filter.link.resource.as_str();
            by_filter.entry(resource).or_default().push(tail);
        }
    }
    let breaks_behind = |tail: &&Tail| {
        let broken = tail.broken_by().map(|judged| judged.link.kind);
        broken.is_some_and(|kind| kind != LinkKind::Filter)
    };
    by_filter.into_values().any(|tails| {
        tails.iter().any(breaks_behind)
            && tails
                .iter()
                .all(|tail| tail.partial || tail.broken_by().is_some())
    })
}
