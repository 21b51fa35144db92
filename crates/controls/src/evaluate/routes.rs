//! The ways in which an account's events travel: each trail that records it,
//! with the facts of the account that owns the trail, and the log group behind
//! it, with the chains of the account that owns the group.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shared::Shared;
use super::{OwnChains, ReliedOn};
use crate::chain::action::Topics;
use crate::chain::arrivals::{self, Arrives};
use crate::chain::group::{self, GroupChains};
use crate::chain::trail::{self, TrailFacts};
use crate::ids::{AccountId, Arn, LogGroupArn, Region};
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::snapshot::{AccountSnapshot, Delivery, Key, Topic, Trail};

/// One trail that records the account, and what is behind it.
#[derive(Clone)]
pub(super) struct Route<'a> {
    pub(super) facts: TrailFacts<'a>,
    pub(super) group: Option<Group>,
}

/// The log group behind a trail.
#[derive(Clone)]
pub(super) enum Group {
    Chains(Arc<GroupChains>),
    /// The account that owns the group was not read.
    OwnerUnread(LogGroupArn, Unread),
}

impl Group {
    pub(super) fn arn(&self) -> &LogGroupArn {
        match self {
            Self::Chains(chains) => &chains.arn,
            Self::OwnerUnread(arn, _) => arn,
        }
    }
}

/// An account with all its routes.
#[derive(Clone)]
pub(super) struct Routes<'a> {
    pub(super) account: &'a AccountId,
    /// Enabled Regions, or why they are not known.
    pub(super) regions: Result<&'a [Region], &'a Unread>,
    /// Regions whose trails were read; they are enabled, whatever else is.
    pub(super) asked: Vec<Region>,
    /// The Region that records global service events.
    pub(super) main_region: Option<Region>,
    pub(super) all: Vec<Route<'a>>,
    /// Regions whose trails could not be read.
    pub(super) unread_trails: BTreeMap<&'a Region, &'a Unread>,
    /// Whether no Region's trails could be read: there may be any trail then.
    pub(super) all_trails_unread: bool,
}

impl<'a> Routes<'a> {
    /// The routes of an account, with the chains of other accounts from `shared`, and its own ones
    /// where they have been read.
    pub(super) fn of(
        snapshot: &'a AccountSnapshot,
        own_chains: Option<&OwnChains>,
        relied_on: &'a ReliedOn,
        not_read: &'a NotRead,
        shared: &Shared,
    ) -> Self {
        let mut own: BTreeMap<&LogGroupArn, Arc<GroupChains>> = BTreeMap::new();
        let mut routes = Vec::new();
        for trail in snapshot.distinct_trails().into_values() {
            let facts = trail_facts(snapshot, trail, relied_on, not_read);
            // A member is not always told where an organization trail delivers to.
            let log_group = facts.trail.log_group.as_ref().or(trail.log_group.as_ref());
            let group = log_group.map(|arn| {
                if arn.account() == snapshot.account {
                    let chains = own.entry(arn).or_insert_with(|| {
                        own_chains
                            .and_then(|read| read.to_judge_by(arn))
                            .unwrap_or_else(|| {
                                let topics = KnownTopics::new(snapshot, relied_on);
                                Arc::new(group::chains_of(snapshot, arn, &topics))
                            })
                    });
                    return Group::Chains(Arc::clone(chains));
                }
                if let Some(owner) = relied_on.snapshots.get(&arn.account()) {
                    Group::Chains(shared.chains_of(owner, arn, relied_on))
                } else {
                    let unread = not_read.owner(&arn.account()).clone();
                    Group::OwnerUnread(arn.clone(), unread)
                }
            });
            routes.push(Route { facts, group });
        }
        let regions = snapshot.regions.get().map(Vec::as_slice);
        let unread_trails: BTreeMap<&Region, &Unread> = snapshot
            .trails
            .iter()
            .filter_map(|(region, trails)| trails.get().err().map(|unread| (region, unread)))
            .collect();
        Self {
            account: &snapshot.account,
            regions,
            asked: snapshot
                .trails
                .iter()
                .filter(|(_, trails)| trails.value().is_some())
                .map(|(region, _)| region.clone())
                .collect(),
            main_region: trail::main_region(&snapshot.partition),
            all: routes,
            all_trails_unread: unread_trails.len() == snapshot.trails.len(),
            unread_trails,
        }
    }

    /// Whether Regions that are not known may have single-Region trails that
    /// matter. Where a trail records every Region, they were not asked, and it
    /// alone is judged.
    pub(super) fn may_hide_regions(&self) -> bool {
        let everywhere = |route: &Route<'_>| {
            route.facts.trail.multi_region && route.facts.trail.log_group.is_some()
        };
        self.regions.is_err() && !self.all.iter().any(everywhere)
    }

    /// What is assumed where the log streams that were listed tell nothing of the account, or of the
    /// last day.
    pub(super) fn assumptions(&self) -> impl Iterator<Item = String> {
        self.all.iter().filter_map(|route| {
            let name = &route.facts.trail.name;
            match route.facts.arrives {
                Arrives::Assumed => Some(format!(
                    "events of this account arrive through the organization trail {name}, of which no log stream tells yet",
                )),
                Arrives::Shown(Delivery::Stale { last }) => Some(format!(
                    "events of this account still arrive through the organization trail {name}, though the last one did on {}",
                    last.format("%Y-%m-%d")
                )),
                _ => None,
            }
        })
    }

    /// Why the trails of one of `regions`, or else of any Region, could not be read.
    pub(super) fn trails_unread<'r>(
        &self,
        mut regions: impl Iterator<Item = &'r Region>,
    ) -> Unread {
        let of_them = regions.find_map(|region| self.unread_trails.get(region));
        let first = of_them.or_else(|| self.unread_trails.values().next());
        first.map_or_else(
            || Unread {
                call: Call::new("cloudtrail", "DescribeTrails", None),
                cause: UnreadCause::NotAsked,
                message: String::new(),
            },
            |unread| (*unread).clone(),
        )
    }
}

/// The facts of a trail are those that its owner sees.
fn trail_facts<'a>(
    snapshot: &'a AccountSnapshot,
    trail: &'a Trail,
    relied_on: &'a ReliedOn,
    not_read: &'a NotRead,
) -> TrailFacts<'a> {
    let Some(owner) = trail
        .arn
        .account()
        .filter(|owner| *owner != snapshot.account)
    else {
        return TrailFacts::own(trail, Arrives::Unasked);
    };
    let seen_by_owner = relied_on
        .snapshots
        .get(&owner)
        .and_then(|owner| owner.distinct_trails().remove(&trail.arn));
    match seen_by_owner {
        Some(seen) => {
            let keeper = seen.log_group.as_ref().map(LogGroupArn::account);
            let keeper = keeper.and_then(|keeper| {
                if keeper == snapshot.account {
                    return Some(snapshot);
                }
                relied_on.snapshots.get(&keeper).map(AsRef::as_ref)
            });
            TrailFacts::own(seen, arrivals::of(&snapshot.account, seen, keeper))
        }
        None => TrailFacts::of_unread_owner(trail, not_read.owner(&owner)),
    }
}

/// Why the snapshots of accounts that are relied on are not there.
pub(super) struct NotRead {
    unread: BTreeMap<AccountId, Unread>,
}

impl NotRead {
    /// For every account that `snapshot` relies on, itself or through the owner
    /// of its trails.
    pub(super) fn of(snapshot: &AccountSnapshot, relied_on: &ReliedOn) -> Self {
        let direct = snapshot.accounts_relied_on();
        let owners = direct
            .iter()
            .filter_map(|account| relied_on.snapshots.get(account));
        let indirect: Vec<AccountId> = owners
            .flat_map(|owner| owner.accounts_relied_on())
            .collect();
        let unread = direct
            .into_iter()
            .chain(indirect)
            .map(|account| {
                let why = relied_on.unread.get(&account).cloned();
                let why = why.unwrap_or_else(|| Unread {
                    call: Call::new("sts", "AssumeRole", None),
                    cause: UnreadCause::NotAsked,
                    message: format!("account {account} was not read"),
                });
                (account, why)
            })
            .collect();
        Self { unread }
    }

    fn owner(&self, account: &AccountId) -> &Unread {
        &self.unread[account]
    }
}

/// Topics and keys as the account that acts on them sees them, or else as their
/// owner does.
pub(super) struct KnownTopics<'a> {
    snapshot: &'a AccountSnapshot,
    relied_on: &'a ReliedOn,
    /// Other accounts whose snapshots were looked for.
    pub(super) looked_at: RefCell<BTreeSet<AccountId>>,
}

impl<'a> KnownTopics<'a> {
    pub(super) fn new(snapshot: &'a AccountSnapshot, relied_on: &'a ReliedOn) -> Self {
        Self {
            snapshot,
            relied_on,
            looked_at: RefCell::default(),
        }
    }

    fn owner_of(&self, topic: &Arn) -> Option<&'a AccountSnapshot> {
        let owner = topic
            .account()
            .filter(|owner| *owner != self.snapshot.account)?;
        let snapshot = self.relied_on.snapshots.get(&owner).map(AsRef::as_ref);
        self.looked_at.borrow_mut().insert(owner);
        snapshot
    }
}

impl Topics for KnownTopics<'_> {
    /// The owner's word comes first: another account may be told that a topic
    /// does not exist when it merely may not see it.
    fn topic(&self, arn: &Arn) -> Option<&Known<Option<Topic>>> {
        let theirs = self.owner_of(arn).and_then(|owner| owner.topics.get(arn));
        theirs
            .filter(|topic| topic.value().is_some())
            .or_else(|| self.snapshot.topics.get(arn))
    }

    fn key(&self, topic: &Arn, id: &str) -> Option<&Known<Option<Key>>> {
        let theirs = self.owner_of(topic).and_then(|owner| {
            let label = AccountSnapshot::key_label(&owner.account, topic, id)?;
            owner.keys.get(&label)
        });
        theirs.filter(|key| key.value().is_some()).or_else(|| {
            let label = AccountSnapshot::key_label(&self.snapshot.account, topic, id)?;
            let seen_here = self.snapshot.keys.get(&label);
            // Stored nights from before have no account in it.
            seen_here.or_else(|| self.snapshot.keys.get(&format!("{}/{id}", topic.region()?)))
        })
    }
}
