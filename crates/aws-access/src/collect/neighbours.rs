//! Topics of other accounts of the organization. Often only their owner may
//! look at them, so each is read once with a session in the owner's account,
//! whichever account needs it first; the others wait for that.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use orgsweep_controls::snapshot::{Key, Topic};
use orgsweep_controls::{AccountId, Arn, Known, Region};
use tokio::sync::OnceCell;

use super::{keys, topics};
use crate::members::Members;
use crate::session::Session;

/// A topic with its key, by [`keys::of_topics`]'s label, as its owner sees them.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) topic: Known<Option<Topic>>,
    pub(super) keys: BTreeMap<String, Known<Option<Key>>>,
}

/// The topics that were read so far; `None` where the owner could not be entered.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    cells: Mutex<HashMap<Arn, Arc<OnceCell<Option<Seen>>>>>,
}

impl Neighbours {
    /// The topic as `owner` sees it; `asking` is the session of the account that needs it.
    pub(super) async fn topic(
        &self,
        asking: &Session,
        owner: &AccountId,
        (region, topic): (&Region, &Arn),
        neighbours: &Members,
    ) -> Option<Seen> {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(topic.clone()).or_default())
        };
        // When the one who reads is stopped, the next one who waits reads.
        cell.get_or_init(|| read(asking, owner, (region, topic), neighbours))
            .await
            .clone()
    }
}

async fn read(
    asking: &Session,
    owner: &AccountId,
    (region, arn): (&Region, &Arn),
    neighbours: &Members,
) -> Option<Seen> {
    let session = asking.in_account(owner);
    session.sign_in().await.ok()?;
    let topic = topics::one(&session, region, arn, neighbours).await;
    topic.value()?;
    let alone = BTreeMap::from([(arn.clone(), topic.clone())]);
    let keys = keys::of_topics(&session, &alone).await;
    Some(Seen { topic, keys })
}
