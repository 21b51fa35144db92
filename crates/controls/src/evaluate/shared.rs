//! Chains of log groups that many accounts share, read once per snapshot.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ReliedOn;
use super::routes::KnownTopics;
use crate::chain::group::{self, GroupChains};
use crate::ids::{AccountId, LogGroupArn};
use crate::snapshot::AccountSnapshot;

/// A snapshot that equals none but itself: what was read once, and is shared.
#[derive(Debug, Clone)]
pub(super) struct SameRead(pub(super) Arc<AccountSnapshot>);

impl PartialEq for SameRead {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SameRead {}

impl Hash for SameRead {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// A group in the snapshot of its owner.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    group: LogGroupArn,
    owner: SameRead,
}

/// Chains, and what else they were read from.
#[derive(Debug)]
struct Kept {
    chains: Arc<GroupChains>,
    /// Accounts that have, or may have, topics of the chains: as they were read.
    looked_at: Vec<(AccountId, Option<SameRead>)>,
}

/// Chains by the group and the snapshot that they were read from. The snapshots are kept with
/// them, so that their addresses stay their own.
#[derive(Debug, Default)]
pub(super) struct Shared {
    chains: Mutex<HashMap<Place, Kept>>,
}

/// More owners of organization trails than any organization has.
const MOST_GROUPS: usize = 64;

impl Shared {
    /// The chains of a group, read from its owner's snapshot.
    pub(super) fn chains_of(
        &self,
        owner: &Arc<AccountSnapshot>,
        arn: &LogGroupArn,
        relied_on: &ReliedOn,
    ) -> Arc<GroupChains> {
        let place = Place {
            group: arn.clone(),
            owner: SameRead(Arc::clone(owner)),
        };
        let as_read = |account: &AccountId| {
            let snapshot = relied_on.snapshots.get(account);
            snapshot.cloned().map(SameRead)
        };
        if let Some(kept) = self.lock().get(&place) {
            let mut looked_at = kept.looked_at.iter();
            // What another snapshot says of a topic may differ the next time.
            if looked_at.all(|(account, read)| as_read(account) == *read) {
                return Arc::clone(&kept.chains);
            }
        }
        let topics = KnownTopics::new(owner, relied_on);
        let chains = Arc::new(group::chains_of(owner, arn, &topics));
        let looked_at = topics.looked_at.take().into_iter();
        let looked_at = looked_at.map(|account| (account.clone(), as_read(&account)));
        let kept = Kept {
            chains: Arc::clone(&chains),
            looked_at: looked_at.collect(),
        };
        let mut all = self.lock();
        if all.len() >= MOST_GROUPS {
            all.clear();
        }
        all.insert(place, kept);
        chains
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Kept>> {
        self.chains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
