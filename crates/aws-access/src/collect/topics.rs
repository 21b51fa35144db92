//! The topics that alarms act on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use orgsweep_controls::snapshot::{Alarms, Key, Subscription, Topic};
use orgsweep_controls::{Arn, Known, Region, Unread, UnreadCause, topics_acted_on};

use super::neighbours::Seen;
use super::{keys, subscriptions};
use crate::errors::FaultKind;
use crate::members::Members;
use crate::operation::Operation;
use crate::session::Session;

const OPERATION: Operation = Operation::GetTopicAttributes;

/// Topics and the keys that encrypt them.
pub(super) struct ActedOn {
    pub(super) topics: BTreeMap<Arn, Known<Option<Topic>>>,
    pub(super) keys: BTreeMap<String, Known<Option<Key>>>,
}

/// The topics that `alarms` act on. A topic of one of the `neighbours` is read in
/// that account; one of any other account is tried with this account's session,
/// because its policy may allow that.
pub(super) async fn acted_on(
    session: &Session,
    alarms: &BTreeMap<Region, Known<Alarms>>,
    neighbours: &Members,
) -> ActedOn {
    let mut reachable = BTreeSet::new();
    let mut elsewhere = BTreeSet::new();
    for (region, alarms) in alarms {
        for topic in alarms.value().map(topics_acted_on).unwrap_or_default() {
            // CloudWatch publishes only to topics of the alarm's own Region.
            let near = topic.region().as_ref() == Some(region)
                && topic.partition() == session.partition().as_str();
            if near { &mut reachable } else { &mut elsewhere }.insert(topic);
        }
    }
    elsewhere.retain(|topic| !reachable.contains(topic));
    let read = reachable
        .into_iter()
        .filter_map(|topic| Some((topic.region()?, topic)));
    let read = read.map(async |(region, topic)| {
        let theirs = seen_by_owner(session, &region, &topic, neighbours).await;
        let seen = match theirs {
            Some(seen) => Ok(seen),
            None => Err(one(session, &region, &topic, neighbours).await),
        };
        (topic, seen)
    });
    let (mut topics, mut keys, mut seen_here) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (arn, seen) in join_all(read).await {
        match seen {
            Ok(theirs) => {
                topics.insert(arn, theirs.topic);
                keys.extend(theirs.keys);
            }
            Err(topic) => {
                seen_here.insert(arn, topic);
            }
        }
    }
    keys.extend(keys::of_topics(session, &seen_here).await);
    topics.extend(seen_here);
    topics.extend(elsewhere.into_iter().map(|topic| {
        let asked = topic
            .region()
            .unwrap_or_else(|| session.shared().vantage.clone());
        let unread = Unread {
            call: OPERATION.call(&asked),
            cause: UnreadCause::NotAsked,
            message: String::new(),
        };
        (topic, Known::Unread(unread))
    }));
    ActedOn { topics, keys }
}

/// The topic as its owner sees it, if that is one of the `neighbours` and can be entered.
async fn seen_by_owner(
    session: &Session,
    region: &Region,
    topic: &Arn,
    neighbours: &Members,
) -> Option<Seen> {
    let owner = topic.account()?;
    if owner == *session.account() {
        return None;
    }
    let known = session.pauses().during(neighbours.contain(&owner)).await;
    if !known {
        return None;
    }
    let read = &session.shared().neighbours;
    read.topic(session, &owner, (region, topic), neighbours)
        .await
}

/// The topic as the account of `session` sees it.
pub(super) async fn one(
    session: &Session,
    region: &Region,
    arn: &Arn,
    neighbours: &Members,
) -> Known<Option<Topic>> {
    let client = session.clients().sns(region);
    let request = client.get_topic_attributes().topic_arn(arn.as_str());
    let (attributes, subscriptions) = tokio::join!(
        session.call(OPERATION, region, || request.clone().send()),
        subscriptions::of(session, region, arn, neighbours),
    );
    match attributes {
        Ok(answer) => {
            let topic = topic(answer.attributes.unwrap_or_default(), subscriptions);
            Known::read(Some(topic), OPERATION.call(region))
        }
        // AWS may tell another account that a topic does not exist when it merely may not see it.
        Err(error)
            if error.kind == FaultKind::NotFound
                && arn.account().as_ref() == Some(session.account()) =>
        {
            Known::read(None, OPERATION.call(region))
        }
        Err(error) => error.into_known(),
    }
}

fn topic(
    mut attributes: HashMap<String, String>,
    subscriptions: Known<Vec<Subscription>>,
) -> Topic {
    let mut take = |name: &str| attributes.remove(name).filter(|text| !text.is_empty());
    let fifo = take("FifoTopic").is_some_and(|text| text == "true");
    Topic {
        policy: take("Policy"),
        kms_key: take("KmsMasterKeyId"),
        fifo,
        subscriptions,
    }
}
