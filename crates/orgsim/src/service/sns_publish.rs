//! Simple Notification Service: messages published by hand, on their way to the
//! queues that subscribe.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::Answer;
use super::sns::{check_arn, no_topic};
use crate::happening::{Envelope, deliver_to_queue, filter_policy_passes};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Confirmation, Subscription, World};

/// Bytes that a message may have.
const LARGEST: usize = 256 * 1024;

/// Publish to a topic.
pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let params = &request.params;
    let arn = params
        .text("TopicArn")
        .or_else(|| params.text("TargetArn"))
        .ok_or_else(|| {
            ServiceError::invalid(
                request.service,
                "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
            )
        })?;
    let message = request.required("Message")?;
    if message.is_empty() {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: Empty message",
        ));
    }
    if message.len() > LARGEST {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: Message too long",
        ));
    }
    let structure = match params.text("MessageStructure") {
        Some("json") => Some(structured(message).ok_or_else(|| {
            ServiceError::invalid(
                request.service,
                "Invalid parameter: Message Structure - No default entry in JSON message body",
            )
        })?),
        _ => None,
    };
    check_arn(world, request, arn)?;
    let subscriptions: Vec<Subscription> = {
        let state = world
            .account(&request.caller.account)
            .ok_or_else(|| ServiceError::unrecognized(request.service))?;
        let region = state.region_content(&request.region).ok_or_else(no_topic)?;
        region.topics.get(arn).ok_or_else(no_topic)?;
        region
            .subscriptions
            .iter()
            .filter(|row| row.topic_arn == arn && row.confirmation == Confirmation::Confirmed)
            .cloned()
            .collect()
    };
    let attributes = attributes(params);
    let body = serde_json::from_str(message).unwrap_or(Json::Null);
    for subscription in &subscriptions {
        if passes(subscription, &body, &attributes) {
            let of_protocol = structure.as_ref().map_or(message, |texts| {
                texts
                    .get(subscription.protocol.as_str())
                    .unwrap_or(&texts["default"])
            });
            let envelope = Envelope {
                topic: arn,
                subject: params.text("Subject"),
                message: of_protocol,
                at: world.now(),
            };
            // What a queue refuses is lost without a word to who publishes, as on AWS.
            let _ = deliver_to_queue(world, subscription, &envelope);
        }
    }
    let id = world.new_id("message");
    Ok(structure! {
        "MessageId" => format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, id & 0xffff_ffff)
    })
}

/// The texts of a message with another one for each protocol, when it has a default one.
fn structured(message: &str) -> Option<BTreeMap<String, String>> {
    let texts: BTreeMap<String, String> = serde_json::from_str(message).ok()?;
    texts.contains_key("default").then_some(texts)
}

/// The message attributes as a policy over them sees them.
fn attributes(params: &Value) -> Json {
    let Some(Value::Map(given)) = params.get("MessageAttributes") else {
        return Json::Object(Map::new());
    };
    let read = given.iter().filter_map(|(name, attribute)| {
        let text = attribute.text("StringValue")?;
        let value = match attribute.text("DataType")? {
            "String" => text.into(),
            _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        Some((name.clone(), value))
    });
    Json::Object(read.collect())
}

fn passes(subscription: &Subscription, body: &Json, attributes: &Json) -> bool {
    let policy = subscription.attributes.get("FilterPolicy");
    let scope = subscription.attributes.get("FilterPolicyScope");
    let subject = if scope.is_some_and(|scope| scope == "MessageBody") {
        body
    } else {
        attributes
    };
    filter_policy_passes(policy.map(String::as_str), Some("MessageBody"), subject)
}
