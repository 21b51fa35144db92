//! The last step to an SQS queue: its policy, and the message as the queue's
//! readers see it (SNS developer guide, "Fanout to Amazon SQS queues", "Raw
//! message delivery"). Queues that nobody has made here are taken to be elsewhere
//! and to accept everything.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::resource_policy::{self, Question};
use crate::state::{Subscription, World};

/// The service principal of SNS.
const SNS: &str = "sns.amazonaws.com";

/// A message as a topic sends it.
pub(crate) struct Envelope<'a> {
    /// ARN of the topic.
    pub(crate) topic: &'a str,
    pub(crate) subject: Option<&'a str>,
    pub(crate) message: &'a str,
    pub(crate) at: DateTime<Utc>,
}

/// Puts the message into the subscription's queue, when it is one and is known here. The error
/// says why the queue does not take it.
pub(crate) fn deliver(
    world: &World,
    subscription: &Subscription,
    envelope: &Envelope<'_>,
) -> Result<(), String> {
    if subscription.protocol != "sqs" {
        return Ok(());
    }
    let parts: Vec<&str> = subscription.endpoint.split(':').collect();
    let [_, _, "sqs", region, account, name] = parts[..] else {
        return Err(format!("`{}` is no queue", subscription.endpoint));
    };
    let Some(mut state) = world.account(account) else {
        return Ok(());
    };
    let known = state
        .region_content(region)
        .is_some_and(|content| content.queues.contains_key(name));
    if !known {
        return Ok(());
    }
    let Some(queue) = state.region(region).queues.get_mut(name) else {
        return Ok(());
    };
    let source = envelope.topic.split(':').nth(4).unwrap_or_default();
    let context = [
        ("aws:sourcearn", envelope.topic),
        ("aws:sourceaccount", source),
        ("aws:securetransport", "true"),
        ("aws:principalisawsservice", "true"),
        ("aws:principalservicename", SNS),
    ];
    let question = Question {
        action: "sqs:SendMessage",
        resource: &queue.arn,
        service: SNS,
        context: context
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
    };
    let policy = queue.attributes.get("Policy").map_or("", String::as_str);
    if !resource_policy::allows(policy, &question) {
        return Err("the queue's policy does not let SNS send".to_owned());
    }
    let raw = subscription.attributes.get("RawMessageDelivery");
    let body = if raw.is_some_and(|raw| raw == "true") {
        envelope.message.to_owned()
    } else {
        wrapped(envelope, queue.received)
    };
    let delay = queue.seconds("DelaySeconds", 0);
    queue.push(&body, "AIDAORGSIMORGSIMOSNS", world.now(), delay);
    Ok(())
}

/// The JSON in which SNS wraps a message.
fn wrapped(envelope: &Envelope<'_>, number: u64) -> String {
    let region = envelope.topic.split(':').nth(3).unwrap_or_default();
    let host = format!("https://sns.{region}.amazonaws.com");
    let mut body = json!({
        "Type": "Notification",
        "MessageId": format!("00000000-0000-4000-8000-{number:012x}"),
        "TopicArn": envelope.topic,
        "Message": envelope.message,
        "Timestamp": envelope.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "SignatureVersion": "1",
        "Signature": "orgsim+does+not+sign",
        "SigningCertURL": format!("{host}/SimpleNotificationService-orgsim.pem"),
        "UnsubscribeURL": format!("{host}/?Action=Unsubscribe"),
    });
    if let Some(subject) = envelope.subject {
        body["Subject"] = subject.into();
    }
    body.to_string()
}
