//! Who hears of a topic's messages: its confirmed subscriptions.

use std::collections::BTreeSet;

use super::judged::{Judged, note};
use crate::finding::LinkKind;
use crate::ids::Arn;
use crate::known::Known;
use crate::reason::Reason;
use crate::snapshot::{Subscription, SubscriptionState};

/// Protocols that end at a machine; whether somebody reads on there is not known.
const MACHINES: &[&str] = &["sqs", "lambda", "firehose"];

/// Judges the subscriptions of `topic`. Endpoints are not named: they are
/// addresses of people.
pub(crate) fn judge(topic: &Arn, subscriptions: &Known<Vec<Subscription>>) -> Judged {
    let kind = LinkKind::Subscription;
    let subscriptions = match subscriptions.get() {
        Ok(subscriptions) => subscriptions,
        Err(unread) => return Judged::unread(kind, topic.as_str(), unread),
    };
    let confirmed: Vec<(&Subscription, &Arn)> = subscriptions
        .iter()
        .filter_map(|subscription| match &subscription.state {
            SubscriptionState::Confirmed(arn) => Some((subscription, arn)),
            _ => None,
        })
        .collect();
    if let Some((_, arn)) = confirmed.first() {
        let protocols: BTreeSet<&str> =
            confirmed.iter().map(|(s, _)| s.protocol.as_str()).collect();
        let machines = protocols.iter().all(|protocol| MACHINES.contains(protocol));
        let list: Vec<&str> = protocols.into_iter().collect();
        let detail = format!("{} confirmed ({})", confirmed.len(), list.join(", "));
        let judged = Judged::holds(kind, arn.as_str(), detail);
        if !machines {
            return judged;
        }
        let text = format!(
            "the topic's subscribers are machines only ({})",
            list.join(", ")
        );
        return judged.noting([note("machine_subscriber", text)]);
    }
    let pending = subscriptions
        .iter()
        .filter(|subscription| subscription.state == SubscriptionState::Pending)
        .count();
    if pending > 0 {
        let detail = format!("{pending} not confirmed, none confirmed");
        return Judged::broken(kind, topic.as_str(), Reason::SubscriptionPending, detail);
    }
    let detail = "nobody is subscribed to the topic";
    Judged::broken(kind, topic.as_str(), Reason::NoSubscription, detail)
}
