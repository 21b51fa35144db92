//! Simple Notification Service, writing: topics made, changed, deleted, and
//! subscribed to.

use super::Answer;
use super::errors::given_tags;
use super::sns::{check_arn, no_resource, no_subscription, no_topic, topic};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Confirmation, RegionState, Subscription, Topic, World, drawn};

/// Topics of an account and Region, at most (SNS quotas: standard topics per account).
const MOST_TOPICS: usize = 100_000;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let region = state.region(&request.region);
    match request.operation.as_str() {
        "CreateTopic" => create_topic(world, request, region),
        "DeleteTopic" => {
            // Deleting twice is no error, and subscriptions stay behind for a while.
            let arn = request.required("TopicArn")?;
            check_arn(world, request, arn)?;
            region.topics.remove(arn);
            region.tags.remove(arn);
            Ok(Value::empty())
        }
        "SetTopicAttributes" => set_attributes(world, request, region),
        "Subscribe" => subscribe(world, request, region),
        "TagResource" => {
            let arn = request.required("ResourceArn")?;
            region.topics.get(arn).ok_or_else(no_resource)?;
            let tags = region.tags.entry(arn.to_owned()).or_default();
            tags.extend(given_tags(&request.params, "Tags"));
            Ok(Value::empty())
        }
        "UntagResource" => {
            let arn = request.required("ResourceArn")?;
            region.topics.get(arn).ok_or_else(no_resource)?;
            let keys = request.params.texts("TagKeys");
            let tags = region.tags.entry(arn.to_owned()).or_default();
            tags.retain(|key, _| !keys.contains(key));
            Ok(Value::empty())
        }
        "AddPermission" | "RemovePermission" => permission(world, request, region),
        "Unsubscribe" => {
            let arn = request.required("SubscriptionArn")?;
            region.subscriptions.retain(|row| row.arn != arn);
            Ok(Value::empty())
        }
        "SetSubscriptionAttributes" => set_subscription_attributes(request, region),
        "ConfirmSubscription" => confirm(world, request, region),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn create_topic(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let name = request.required("Name")?;
    let attributes = request.params.text_map("Attributes");
    let valid = (1..=256).contains(&name.len())
        && name
            .strip_suffix(".fifo")
            .unwrap_or(name)
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    if !valid {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: Topic Name",
        ));
    }
    let arn = format!(
        "arn:{}:sns:{}:{}:{name}",
        world.settings().partition,
        request.region,
        request.caller.account
    );
    let mut topic = Topic::default();
    for (attribute, value) in &attributes {
        set(&mut topic, attribute, value);
    }
    if region.topics.len() >= MOST_TOPICS && !region.topics.contains_key(&arn) {
        return Err(ServiceError::with_status(
            403,
            "TopicLimitExceeded",
            "Maximum number of topics reached",
        ));
    }
    let tags: std::collections::BTreeMap<_, _> = given_tags(&request.params, "Tags").collect();
    if !tags.is_empty() && !region.topics.contains_key(&arn) {
        region.tags.insert(arn.clone(), tags);
    }
    match region.topics.get(&arn) {
        Some(existing) if !attributes.is_empty() && *existing != topic => {
            return Err(ServiceError::invalid(
                request.service,
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
            ));
        }
        Some(_) => {}
        None => {
            region.topics.insert(arn.clone(), topic);
        }
    }
    Ok(structure! { "TopicArn" => arn })
}

fn set(topic: &mut Topic, attribute: &str, value: &str) {
    let given = (!value.is_empty()).then(|| value.to_owned());
    match attribute {
        "Policy" => topic.policy = given,
        "KmsMasterKeyId" => topic.kms_key = given,
        "FifoTopic" => topic.fifo = value == "true",
        other => {
            topic.attributes.insert(other.to_owned(), value.to_owned());
        }
    }
}

fn set_attributes(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let arn = request.required("TopicArn")?;
    let attribute = request.required("AttributeName")?;
    let value = request.params.text("AttributeValue").unwrap_or_default();
    check_arn(world, request, arn)?;
    let topic = region.topics.get_mut(arn).ok_or_else(no_topic)?;
    if attribute == "Policy" && serde_json::from_str::<serde_json::Value>(value).is_err() {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: Policy Error: null",
        ));
    }
    set(topic, attribute, value);
    Ok(Value::empty())
}

/// Adds or removes a statement of the topic's policy.
fn permission(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let arn = request.required("TopicArn")?;
    let label = request.required("Label")?;
    check_arn(world, request, arn)?;
    let topic = region.topics.get_mut(arn).ok_or_else(no_topic)?;
    let text = topic.effective_policy(arn, &request.caller.account);
    let mut policy: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let Some(statements) = policy["Statement"].as_array_mut() else {
        return Err(ServiceError::internal(request.service));
    };
    if request.operation == "RemovePermission" {
        statements.retain(|statement| statement["Sid"] != label);
    } else {
        let partition = &world.settings().partition;
        let principals: Vec<String> = request
            .params
            .texts("AWSAccountId")
            .iter()
            .map(|account| format!("arn:{partition}:iam::{account}:root"))
            .collect();
        let actions = request.params.texts("ActionName");
        let actions: Vec<String> = actions.iter().map(|name| format!("SNS:{name}")).collect();
        statements.push(serde_json::json!({
            "Sid": label,
            "Effect": "Allow",
            "Principal": { "AWS": principals },
            "Action": actions,
            "Resource": arn,
        }));
    }
    topic.policy = Some(policy.to_string());
    Ok(Value::empty())
}

fn subscribe(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let topic_arn = request.required("TopicArn")?;
    let protocol = request.required("Protocol")?;
    let endpoint = request.required("Endpoint")?;
    let fifo = topic(world, request, region, topic_arn)?.fifo;
    if fifo && protocol != "sqs" {
        return Err(ServiceError::invalid(
            request.service,
            format!("Invalid parameter: Invalid protocol type: {protocol}"),
        ));
    }
    let existing = region.subscriptions.iter().find(|row| {
        row.topic_arn == topic_arn && row.protocol == protocol && row.endpoint == endpoint
    });
    let subscription = existing.cloned().unwrap_or_else(|| {
        let number = region.subscriptions.len();
        let id = drawn(
            world.settings().seed,
            &format!("{topic_arn} {protocol} {endpoint} {number}"),
        );
        let confirmation = if needs_confirmation(request, protocol, endpoint) {
            Confirmation::Pending
        } else {
            Confirmation::Confirmed
        };
        let made = Subscription {
            arn: format!(
                "{topic_arn}:{:08x}-0000-4000-8000-{:012x}",
                id >> 32,
                id & 0xffff_ffff
            ),
            topic_arn: topic_arn.to_owned(),
            protocol: protocol.to_owned(),
            endpoint: endpoint.to_owned(),
            owner: request.caller.account.clone(),
            confirmation,
            attributes: request.params.text_map("Attributes"),
        };
        region.subscriptions.push(made.clone());
        made
    });
    let pending = subscription.confirmation == Confirmation::Pending;
    let returns_arn = request.params.boolean("ReturnSubscriptionArn") == Some(true);
    let shown = if pending && !returns_arn {
        "pending confirmation".to_owned()
    } else {
        subscription.arn
    };
    Ok(structure! { "SubscriptionArn" => shown })
}

fn set_subscription_attributes(request: &Request, region: &mut RegionState) -> Answer {
    let arn = request.required("SubscriptionArn")?;
    let attribute = request.required("AttributeName")?;
    let value = request.params.text("AttributeValue").unwrap_or_default();
    let mut subscriptions = region.subscriptions.iter_mut();
    let subscription = subscriptions
        .find(|row| row.arn == arn)
        .ok_or_else(no_subscription)?;
    let policy = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(value);
    if attribute == "FilterPolicy" && !value.is_empty() && policy.is_err() {
        return Err(ServiceError::invalid(
            request.service,
            "Invalid parameter: FilterPolicy: failed to parse JSON.",
        ));
    }
    let attributes = &mut subscription.attributes;
    if value.is_empty() {
        attributes.remove(attribute);
    } else {
        attributes.insert(attribute.to_owned(), value.to_owned());
    }
    Ok(Value::empty())
}

/// People and foreign accounts confirm; an account's own queues and functions do by themselves.
fn needs_confirmation(request: &Request, protocol: &str, endpoint: &str) -> bool {
    match protocol {
        "email" | "email-json" | "http" | "https" => true,
        "sms" | "application" => false,
        _ => endpoint.split(':').nth(4) != Some(request.caller.account.as_str()),
    }
}

/// Confirms a subscription. The token that AWS mails is here the subscription's ARN.
fn confirm(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let topic_arn = request.required("TopicArn")?;
    let token = request.required("Token")?;
    topic(world, request, region, topic_arn)?;
    let subscription = region
        .subscriptions
        .iter_mut()
        .find(|row| row.topic_arn == topic_arn && row.arn == token)
        .ok_or_else(no_subscription)?;
    subscription.confirmation = Confirmation::Confirmed;
    Ok(structure! { "SubscriptionArn" => &subscription.arn })
}
