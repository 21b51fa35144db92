//! What belongs to other accounts of the organization: topics that alarms act on, and alarms of
//! monitoring accounts. Often only their owner may look at them, so each is read once with a
//! session in the owner's account, whichever account needs it first; the others wait for that.

use std::sync::Arc;

use orgsweep_controls::snapshot::{Key, Topic};
use orgsweep_controls::{AccountId, AlarmsOnOthers, Arn, Known, Region};

use super::{alarms, keys, topics};
use crate::members::Members;
use crate::once::Once;
use crate::session::Session;

/// A topic with its key, if it is encrypted, as its owner sees them.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) topic: Known<Option<Topic>>,
    pub(super) key: Option<Known<Option<Key>>>,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    /// `None` where the owner could not be entered.
    topics: Once<Arn, Option<Seen>>,
    alarms: Once<(AccountId, Region), Known<Arc<AlarmsOnOthers>>>,
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
        let read = || read_topic(asking, owner, (region, topic), neighbours);
        self.topics.get(topic.clone(), read).await
    }

    /// The alarms of the monitoring account `owner` that may read metrics of others; `asking` is
    /// the session of an account that is linked to it.
    pub(super) async fn alarms(
        &self,
        asking: &Session,
        owner: &AccountId,
        region: &Region,
    ) -> Known<Arc<AlarmsOnOthers>> {
        let read = || async {
            let session = asking.in_account(owner);
            let reading = async {
                match session.sign_in().await {
                    Ok(()) => alarms::on_others(&session, region).await.map(Arc::new),
                    Err(failure) => Known::Unread(failure.into_unread()),
                }
            };
            // It is of use to many: what it takes may be none of the one who happens to ask.
            let within = asking.shared().config.account_deadline / 2;
            let read = tokio::time::timeout(within, reading).await;
            read.unwrap_or_else(|_| Known::Unread(session.out_of_time().to_unread()))
        };
        let key = (owner.clone(), region.clone());
        // On the heap: this future is large.
        Box::pin(self.alarms.get(key, read)).await
    }
}

async fn read_topic(
    asking: &Session,
    owner: &AccountId,
    (region, arn): (&Region, &Arn),
    neighbours: &Members,
) -> Option<Seen> {
    let session = asking.in_account(owner);
    session.sign_in().await.ok()?;
    let topic = topics::one(&session, region, arn, neighbours).await;
    topic.value()?;
    let key = keys::of_topic(&session, region, &topic).await;
    Some(Seen { topic, key })
}
