//! Simple Notification Service, reading: topics and subscriptions.

use std::collections::BTreeMap;

use super::{Answer, Window, errors, sns_publish, sns_write};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Confirmation, RegionState, Subscription, Topic, World};

const PAGE: usize = 100;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let Some(state) = world.account(&request.caller.account) else {
        return Err(ServiceError::unrecognized(request.service));
    };
    let nothing = RegionState::default();
    let region = state.region_content(&request.region).unwrap_or(&nothing);
    match request.operation.as_str() {
        "ListTopics" => {
            let arns: Vec<&String> = region.topics.keys().collect();
            page(
                world,
                request,
                "Topics",
                &arns,
                |arn| structure! { "TopicArn" => *arn },
            )
        }
        "GetTopicAttributes" => {
            let arn = request.required("TopicArn")?;
            let topic = topic(world, request, region, arn)?;
            Ok(structure! { "Attributes" => attributes(arn, request, topic, region) })
        }
        "ListSubscriptionsByTopic" => {
            let arn = request.required("TopicArn")?;
            topic(world, request, region, arn)?;
            let subscriptions: Vec<&Subscription> = region
                .subscriptions
                .iter()
                .filter(|subscription| subscription.topic_arn == arn)
                .collect();
            page(world, request, "Subscriptions", &subscriptions, |row| {
                subscription_row(row)
            })
        }
        "ListSubscriptions" => {
            let subscriptions: Vec<&Subscription> = region.subscriptions.iter().collect();
            page(world, request, "Subscriptions", &subscriptions, |row| {
                subscription_row(row)
            })
        }
        "GetSubscriptionAttributes" => {
            let arn = request.required("SubscriptionArn")?;
            let subscription = region
                .subscriptions
                .iter()
                .find(|subscription| subscription.arn == arn)
                .ok_or_else(no_subscription)?;
            Ok(structure! { "Attributes" => subscription_attributes(subscription) })
        }
        "ListTagsForResource" => {
            let arn = request.required("ResourceArn")?;
            region.topics.get(arn).ok_or_else(no_resource)?;
            let tags = region.tags.get(arn).cloned().unwrap_or_default();
            Ok(structure! { "Tags" => errors::tag_rows(&tags) })
        }
        "Publish" => {
            drop(state);
            sns_publish::answer(world, request)
        }
        _ => {
            drop(state);
            sns_write::answer(world, request)
        }
    }
}

fn page<T>(
    world: &World,
    request: &Request,
    member: &'static str,
    all: &[T],
    row: impl Fn(&T) -> Value,
) -> Answer {
    // SNS lets nobody choose the size of a page.
    let window = Window::of(world, request, all.len(), ("NextToken", ""), PAGE)?;
    Ok(Value::structure([
        (member, Some(Value::list(all[window.range].iter().map(row)))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

/// The topic `arn`, or the error for one that is elsewhere, another's, or nowhere.
pub(super) fn topic<'a>(
    world: &World,
    request: &Request,
    region: &'a RegionState,
    arn: &str,
) -> Result<&'a Topic, ServiceError> {
    check_arn(world, request, arn)?;
    region.topics.get(arn).ok_or_else(no_topic)
}

/// Refuses ARNs that are no topic's of this Region and account.
pub(super) fn check_arn(world: &World, request: &Request, arn: &str) -> Result<(), ServiceError> {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", _, "sns", region, account, _] = parts[..] else {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
        ));
    };
    if region != request.region {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: TopicArn",
        ));
    }
    if account != request.caller.account {
        return Err(ServiceError::denied(
            request,
            &world.settings().partition,
            &format!(
                " on resource: {arn} because no resource-based policy allows the SNS:{} action",
                request.operation
            ),
        ));
    }
    Ok(())
}

pub(super) fn no_topic() -> ServiceError {
    ServiceError::with_status(404, "NotFound", "Topic does not exist")
}

pub(super) fn no_resource() -> ServiceError {
    ServiceError::with_status(404, "ResourceNotFound", "Resource does not exist")
}

pub(super) fn no_subscription() -> ServiceError {
    ServiceError::with_status(404, "NotFound", "Subscription does not exist")
}

fn attributes(arn: &str, request: &Request, topic: &Topic, region: &RegionState) -> Value {
    let owner = &request.caller.account;
    let count = |confirmation| {
        region
            .subscriptions
            .iter()
            .filter(|row| row.topic_arn == arn && row.confirmation == confirmation)
            .count()
            .to_string()
    };
    let mut attributes: BTreeMap<String, String> = topic.attributes.clone();
    let mut put = |name: &str, value: String| {
        attributes.insert(name.to_owned(), value);
    };
    put("TopicArn", arn.to_owned());
    put("Owner", owner.clone());
    put("Policy", topic.effective_policy(arn, owner));
    put("SubscriptionsConfirmed", count(Confirmation::Confirmed));
    put("SubscriptionsPending", count(Confirmation::Pending));
    put("SubscriptionsDeleted", count(Confirmation::Deleted));
    put(
        "EffectiveDeliveryPolicy",
        r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false}}"#.to_owned(),
    );
    if let Some(key) = &topic.kms_key {
        put("KmsMasterKeyId", key.clone());
    }
    if topic.fifo {
        put("FifoTopic", "true".to_owned());
    }
    attributes.entry("DisplayName".to_owned()).or_default();
    attributes.into()
}

fn subscription_row(subscription: &Subscription) -> Value {
    structure! {
        "SubscriptionArn" => subscription.listed_arn(),
        "Owner" => &subscription.owner,
        "Protocol" => &subscription.protocol,
        "Endpoint" => &subscription.endpoint,
        "TopicArn" => &subscription.topic_arn,
    }
}

fn subscription_attributes(subscription: &Subscription) -> Value {
    let pending = subscription.confirmation == Confirmation::Pending;
    let mut attributes = subscription.attributes.clone();
    // A policy without a scope is over attributes; a scope without a policy is not told.
    if attributes.contains_key("FilterPolicy") {
        let scope = attributes.entry("FilterPolicyScope".to_owned());
        scope.or_insert_with(|| "MessageAttributes".to_owned());
    } else {
        attributes.remove("FilterPolicyScope");
    }
    for (name, value) in [
        ("SubscriptionArn", subscription.arn.as_str()),
        ("TopicArn", &subscription.topic_arn),
        ("Protocol", &subscription.protocol),
        ("Endpoint", &subscription.endpoint),
        ("Owner", &subscription.owner),
        (
            "PendingConfirmation",
            if pending { "true" } else { "false" },
        ),
        ("ConfirmationWasAuthenticated", "false"),
        ("RawMessageDelivery", "false"),
    ] {
        attributes
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
    }
    attributes.into()
}
