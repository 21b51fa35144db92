//! The topics that alarms act on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use orgsweep_controls::snapshot::{Alarms, Subscription, Topic};
use orgsweep_controls::{Arn, Known, Region, Unread, UnreadCause, topics_acted_on};

use super::subscriptions;
use crate::errors::FaultKind;
use crate::operation::Operation;
use crate::session::Session;

const OPERATION: Operation = Operation::GetTopicAttributes;

/// The topics that `alarms` act on. A topic of another account is tried with
/// this account's session: its policy may allow that.
pub(super) async fn acted_on(
    session: &Session,
    alarms: &BTreeMap<Region, Known<Alarms>>,
) -> BTreeMap<Arn, Known<Option<Topic>>> {
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
        let known = one(session, &region, &topic).await;
        (topic, known)
    });
    let mut topics: BTreeMap<_, _> = join_all(read).await.into_iter().collect();
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
    topics
}

async fn one(session: &Session, region: &Region, arn: &Arn) -> Known<Option<Topic>> {
    let client = session.clients().sns(region);
    let request = client.get_topic_attributes().topic_arn(arn.as_str());
    let (attributes, subscriptions) = tokio::join!(
        session.call(OPERATION, region, || request.clone().send()),
        subscriptions::of(session, region, arn),
    );
    match attributes {
        Ok(answer) => {
            let topic = topic(answer.attributes.unwrap_or_default(), subscriptions);
            Known::read(Some(topic), OPERATION.call(region))
        }
        Err(error) if error.kind == FaultKind::NotFound => {
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
