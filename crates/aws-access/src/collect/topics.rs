//! The topics that alarms act on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use orgsweep_controls::snapshot::{Alarms, Key, Subscription, Topic};
use orgsweep_controls::{
    AccountSnapshot, Arn, Known, Region, Unread, UnreadCause, topics_acted_on,
};

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

impl ActedOn {
    /// A topic of another account, for the account of `session`.
    fn insert(&mut self, session: &Session, arn: Arn, seen: Seen) {
        let name = keys::name_of(&seen.topic).unwrap_or_default();
        let label = AccountSnapshot::key_label(session.account(), &arn, name);
        self.keys.extend(label.zip(seen.key));
        self.topics.insert(arn, seen.topic);
    }
}

/// The topics that `alarms` act on. A topic of one of the `neighbours` is read in
/// that account; one of any other account is tried with this account's session,
/// because its policy may allow that.
pub(super) async fn acted_on(
    session: &Session,
    alarms: &[(&Region, &Known<Alarms>)],
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
    let mut found = ActedOn {
        topics: BTreeMap::new(),
        keys: BTreeMap::new(),
    };
    let mut seen_here = BTreeMap::new();
    for (arn, seen) in join_all(read).await {
        match seen {
            Ok(theirs) => found.insert(session, arn, theirs),
            Err(topic) => {
                seen_here.insert(arn, topic);
            }
        }
    }
    found
        .keys
        .extend(keys::of_topics(session, &seen_here).await);
    found.topics.extend(seen_here);
    found.topics.extend(elsewhere.into_iter().map(|topic| {
        let asked = topic
            .region()
            .unwrap_or_else(|| session.shared().vantage.clone());
        (topic, Known::Unread(not_asked(&asked)))
    }));
    found
}

fn not_asked(region: &Region) -> Unread {
    Unread {
        call: OPERATION.call(region),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    }
}

/// The topics that alarms of monitoring accounts act on, but for those that are `known`. Where
/// the owner is none of the `neighbours`, this account asks nobody: the alarm's may look at it, not this one.
pub(super) async fn acted_on_elsewhere(
    session: &Session,
    alarms: &[(&Region, &Known<Alarms>)],
    known: &BTreeMap<Arn, Known<Option<Topic>>>,
    neighbours: &Members,
) -> ActedOn {
    let mut found = ActedOn {
        topics: BTreeMap::new(),
        keys: BTreeMap::new(),
    };
    let acted_on = alarms.iter().flat_map(|(region, alarms)| {
        let topics = alarms.value().map(topics_acted_on).unwrap_or_default();
        topics.into_iter().map(|topic| ((*region).clone(), topic))
    });
    let acted_on: BTreeSet<(Region, Arn)> = acted_on
        .filter(|(region, topic)| topic.region().as_ref() == Some(region))
        .filter(|(_, topic)| !known.contains_key(topic))
        .collect();
    let read = acted_on.into_iter().map(async |(region, topic)| {
        let seen = seen_by_owner(session, &region, &topic, neighbours).await;
        (region, topic, seen)
    });
    let mut own = BTreeMap::new();
    for (region, topic, seen) in join_all(read).await {
        if let Some(theirs) = seen {
            found.insert(session, topic, theirs);
        } else if topic.account().as_ref() == Some(session.account()) {
            let seen = one(session, &region, &topic, neighbours).await;
            own.insert(topic, seen);
        } else {
            found
                .topics
                .insert(topic, Known::Unread(not_asked(&region)));
        }
    }
    found.keys.extend(keys::of_topics(session, &own).await);
    found.topics.extend(own);
    found
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
