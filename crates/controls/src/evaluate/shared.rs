//! Chains of log groups that many accounts share, read once per snapshot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ReliedOn;
use super::routes::KnownTopics;
use crate::chain::group::{self, GroupChains};
use crate::ids::LogGroupArn;
use crate::snapshot::AccountSnapshot;

type ByPlace = HashMap<(usize, LogGroupArn), (Arc<AccountSnapshot>, Arc<GroupChains>)>;

/// Chains by the snapshot and the group that they were read from. The snapshot
/// is kept with them, so that its address stays its own.
#[derive(Debug, Default)]
pub(super) struct Shared {
    chains: Mutex<ByPlace>,
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
        let key = (Arc::as_ptr(owner).addr(), arn.clone());
        let known = self.lock().get(&key).map(|(_, chains)| Arc::clone(chains));
        if let Some(chains) = known {
            return chains;
        }
        let topics = KnownTopics::new(owner, relied_on);
        let chains = Arc::new(group::chains_of(owner, arn, &topics));
        // What another snapshot says may differ the next time.
        if !topics.looked_elsewhere.get() {
            let mut kept = self.lock();
            if kept.len() >= MOST_GROUPS {
                kept.clear();
            }
            kept.insert(key, (Arc::clone(owner), Arc::clone(&chains)));
        }
        chains
    }

    fn lock(&self) -> MutexGuard<'_, ByPlace> {
        self.chains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
