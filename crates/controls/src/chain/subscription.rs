//! Who hears of a topic's messages: its confirmed subscriptions, unless their
//! filter policies drop them.

use std::collections::BTreeSet;

use super::filter_policy::{self, Passes, Sender};
use super::judged::{Judged, note};
use crate::finding::LinkKind;
use crate::ids::Arn;
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::reason::Reason;
use crate::snapshot::{Subscription, SubscriptionState};

/// Protocols that end at a machine; whether somebody reads on there is not known.
const MACHINES: &[&str] = &["sqs", "lambda", "firehose"];

/// What is known of a topic's confirmed subscriptions.
#[derive(Default)]
struct Confirmed<'a> {
    /// They get the alarm's messages.
    told: Vec<(&'a Subscription, &'a Arn)>,
    /// Their filter policy drops them.
    filtered: Vec<&'a Arn>,
    /// Their filter policy cannot be decided.
    undecided: Vec<&'a Arn>,
    unread: Vec<(&'a Arn, Unread)>,
}

impl<'a> Confirmed<'a> {
    fn of(subscriptions: &'a [Subscription], sender: Sender<'_>) -> Self {
        let mut confirmed = Self::default();
        for subscription in subscriptions {
            let SubscriptionState::Confirmed(arn) = &subscription.state else {
                continue;
            };
            match subscription.filter.as_ref().map(Known::get) {
                Some(Ok(filter)) => match filter_policy::passes(filter, Some(sender)) {
                    Passes::Always => confirmed.told.push((subscription, arn)),
                    Passes::Never => confirmed.filtered.push(arn),
                    Passes::Maybe => confirmed.undecided.push(arn),
                },
                Some(Err(unread)) => confirmed.unread.push((arn, unread.clone())),
                None => confirmed.unread.push((arn, not_asked(arn))),
            }
        }
        confirmed
    }
}

/// Judges the subscriptions of `topic` for the messages of `sender`. Endpoints are
/// not named: they are addresses of people.
pub(crate) fn judge(
    topic: &Arn,
    subscriptions: &Known<Vec<Subscription>>,
    sender: Sender<'_>,
) -> Judged {
    let kind = LinkKind::Subscription;
    let subscriptions = match subscriptions.get() {
        Ok(subscriptions) => subscriptions,
        Err(unread) => return Judged::unread(kind, topic.as_str(), unread),
    };
    let confirmed = Confirmed::of(subscriptions, sender);
    if let Some((_, arn)) = confirmed.told.first() {
        // Whoever was not asked may be told as well.
        let also = confirmed.unread.iter().map(|(arn, _)| *arn);
        let arns: BTreeSet<&Arn> = confirmed
            .told
            .iter()
            .map(|(_, arn)| *arn)
            .chain(also)
            .collect();
        return told(arn, subscriptions, &arns);
    }
    if let Some((arn, unread)) = confirmed.unread.first() {
        return Judged::unread(kind, arn.as_str(), unread);
    }
    if let Some(arn) = confirmed.undecided.first() {
        let detail = "whether its filter policy lets the alarm's messages through is not known";
        return Judged::unknown(kind, arn.as_str(), Reason::PolicyUndecided, detail);
    }
    if let Some(arn) = confirmed.filtered.first() {
        let detail = match confirmed.filtered.len() {
            1 => "its filter policy drops the alarm's messages".to_owned(),
            many => format!("the filter policies of all {many} drop the alarm's messages"),
        };
        return Judged::broken(kind, arn.as_str(), Reason::SubscriptionFiltered, detail);
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

/// The link that holds: `arn` is told, and perhaps others of `arns`.
fn told(arn: &Arn, subscriptions: &[Subscription], arns: &BTreeSet<&Arn>) -> Judged {
    let protocols: BTreeSet<&str> = subscriptions
        .iter()
        .filter(|subscription| match &subscription.state {
            SubscriptionState::Confirmed(arn) => arns.contains(arn),
            _ => false,
        })
        .map(|subscription| subscription.protocol.as_str())
        .collect();
    let machines = protocols.iter().all(|protocol| MACHINES.contains(protocol));
    let list: Vec<&str> = protocols.into_iter().collect();
    let detail = format!("{} confirmed ({})", arns.len(), list.join(", "));
    let judged = Judged::holds(LinkKind::Subscription, arn.as_str(), detail);
    if !machines {
        return judged;
    }
    let text = format!(
        "the topic's subscribers are machines only ({})",
        list.join(", ")
    );
    judged.noting([note("machine_subscriber", text)])
}

fn not_asked(subscription: &Arn) -> Unread {
    Unread {
        call: Call::new("sns", "GetSubscriptionAttributes", subscription.region()),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    }
}
