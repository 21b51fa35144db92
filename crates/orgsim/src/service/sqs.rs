//! Simple Queue Service, as a subscriber of topics: queues, their attributes, and
//! the messages in them (SQS API reference; the JSON protocol).

use std::fmt::Write as _;

use chrono::Duration;
use md5::{Digest as _, Md5};

use super::Answer;
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Queue, QueuedMessage, RegionState, World};

/// Seconds for which a received message is invisible, unless the queue says otherwise.
const VISIBILITY: i64 = 30;

/// Attributes that can be set.
const SETTABLE: [&str; 12] = [
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
];

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let region = state.region(&request.region);
    match request.operation.as_str() {
        "CreateQueue" => create(world, request, region),
        "GetQueueUrl" => {
            let name = request.required("QueueName")?;
            region.queues.get(name).ok_or_else(no_queue)?;
            Ok(structure! { "QueueUrl" => url(request, name) })
        }
        "ListQueues" => {
            let prefix = request.params.text("QueueNamePrefix").unwrap_or_default();
            let names = region.queues.keys().filter(|name| name.starts_with(prefix));
            Ok(structure! { "QueueUrls" => Value::list(names.map(|name| url(request, name))) })
        }
        "DeleteQueue" => {
            let name = name(request)?;
            region.queues.remove(&name).ok_or_else(no_queue)?;
            Ok(Value::empty())
        }
        _ => {
            let queue = region.queues.get_mut(&name(request)?);
            of_queue(world, request, queue.ok_or_else(no_queue)?)
        }
    }
}

fn of_queue(world: &World, request: &Request, queue: &mut Queue) -> Answer {
    let params = &request.params;
    match request.operation.as_str() {
        "GetQueueAttributes" => Ok(attributes(world, request, queue)),
        "SetQueueAttributes" => {
            set(request, queue)?;
            queue.changed = world.now();
            Ok(Value::empty())
        }
        "SendMessage" => {
            let body = request.required("MessageBody")?;
            let usual = queue.seconds("DelaySeconds", 0);
            let delay = params.integer("DelaySeconds").unwrap_or(usual);
            let id = queue.push(body, "AIDAORGSIMORGSIMORGSI", world.now(), delay);
            Ok(structure! { "MessageId" => id, "MD5OfMessageBody" => md5(body) })
        }
        "ReceiveMessage" => receive(world, request, queue),
        "DeleteMessage" => {
            let (id, _) = receipt(request)?;
            queue.messages.retain(|message| message.id != id);
            Ok(Value::empty())
        }
        "ChangeMessageVisibility" => {
            let (id, _) = receipt(request)?;
            let seconds = params.integer("VisibilityTimeout").unwrap_or(VISIBILITY);
            let message = queue.messages.iter_mut().find(|message| message.id == id);
            let message = message.ok_or_else(|| {
                invalid("The message referred to does not exist or is not available for visibility timeout change.")
            })?;
            message.visible_from = world.now() + Duration::seconds(seconds);
            Ok(Value::empty())
        }
        "PurgeQueue" => {
            queue.messages.clear();
            Ok(Value::empty())
        }
        "TagQueue" => {
            queue.tags.extend(params.text_map("Tags"));
            Ok(Value::empty())
        }
        "UntagQueue" => {
            for key in params.texts("TagKeys") {
                queue.tags.remove(&key);
            }
            Ok(Value::empty())
        }
        "ListQueueTags" => Ok(structure! { "Tags" => queue.tags.clone() }),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn no_queue() -> ServiceError {
    ServiceError::new("QueueDoesNotExist", "The specified queue does not exist.")
        .query_code("AWS.SimpleQueueService.NonExistentQueue")
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidParameterValue", message)
}

fn url(request: &Request, name: &str) -> String {
    format!(
        "https://sqs.{}.amazonaws.com/{}/{name}",
        request.region, request.caller.account
    )
}

/// The queue that the request names by its URL, of which only the end counts.
fn name(request: &Request) -> Result<String, ServiceError> {
    let url = request.required("QueueUrl")?;
    Ok(url.rsplit('/').next().unwrap_or(url).to_owned())
}

/// Id of the message and number of the receive that a receipt handle is for.
fn receipt(request: &Request) -> Result<(String, u32), ServiceError> {
    let handle = request.required("ReceiptHandle")?;
    handle
        .rsplit_once('#')
        .and_then(|(id, number)| Some((id.to_owned(), number.parse().ok()?)))
        .ok_or_else(|| {
            ServiceError::new(
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
            )
        })
}

fn create(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let name = request.required("QueueName")?;
    let valid = (1..=80).contains(&name.len())
        && name
            .strip_suffix(".fifo")
            .unwrap_or(name)
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    if !valid {
        return Err(invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    let arn = format!(
        "arn:{}:sqs:{}:{}:{name}",
        world.settings().partition,
        request.region,
        request.caller.account
    );
    let mut queue = Queue::new(&arn, world.now());
    set(request, &mut queue)?;
    queue.tags = request.params.text_map("tags");
    match region.queues.get(name) {
        Some(there) if there.attributes != queue.attributes => {
            return Err(ServiceError::new(
                "QueueNameExists",
                "A queue already exists with the same name and a different value for an attribute",
            )
            .query_code("QueueAlreadyExists"));
        }
        Some(_) => {}
        None => {
            region.queues.insert(name.to_owned(), queue);
        }
    }
    Ok(structure! { "QueueUrl" => url(request, name) })
}

fn set(request: &Request, queue: &mut Queue) -> Result<(), ServiceError> {
    for (attribute, value) in request.params.text_map("Attributes") {
        if !SETTABLE.contains(&attribute.as_str()) {
            return Err(ServiceError::new(
                "InvalidAttributeName",
                format!("Unknown Attribute {attribute}."),
            ));
        }
        let is_policy = attribute == "Policy" && !value.is_empty();
        if is_policy && serde_json::from_str::<serde_json::Value>(&value).is_err() {
            return Err(ServiceError::new(
                "InvalidAttributeValue",
                "Invalid value for the parameter Policy.",
            ));
        }
        if value.is_empty() {
            queue.attributes.remove(&attribute);
        } else {
            queue.attributes.insert(attribute, value);
        }
    }
    Ok(())
}

fn attributes(world: &World, request: &Request, queue: &Queue) -> Value {
    let now = world.now();
    let visible = |message: &&QueuedMessage| message.visible_from <= now;
    let count = queue.messages.iter().filter(visible).count();
    let hidden = queue.messages.len() - count;
    let mut all = queue.attributes.clone();
    for (name, value) in [
        ("QueueArn", queue.arn.clone()),
        ("ApproximateNumberOfMessages", count.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", hidden.to_string()),
        ("ApproximateNumberOfMessagesDelayed", "0".to_owned()),
        ("CreatedTimestamp", queue.created.timestamp().to_string()),
        (
            "LastModifiedTimestamp",
            queue.changed.timestamp().to_string(),
        ),
        ("VisibilityTimeout", VISIBILITY.to_string()),
        ("MaximumMessageSize", "1048576".to_owned()),
        ("MessageRetentionPeriod", "345600".to_owned()),
        ("DelaySeconds", "0".to_owned()),
        ("ReceiveMessageWaitTimeSeconds", "0".to_owned()),
        ("SqsManagedSseEnabled", "true".to_owned()),
    ] {
        all.entry(name.to_owned()).or_insert(value);
    }
    let wanted = request.params.texts("AttributeNames");
    if !wanted.iter().any(|name| name == "All") {
        all.retain(|name, _| wanted.contains(name));
    }
    if all.is_empty() {
        return Value::empty();
    }
    structure! { "Attributes" => all }
}

fn receive(world: &World, request: &Request, queue: &mut Queue) -> Answer {
    let params = &request.params;
    let most = params.integer("MaxNumberOfMessages").unwrap_or(1);
    if !(1..=10).contains(&most) {
        return Err(invalid(format!(
            "Value {most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        )));
    }
    let usual = queue.seconds("VisibilityTimeout", VISIBILITY);
    let hidden = params.integer("VisibilityTimeout").unwrap_or(usual);
    let now = world.now();
    let mut names = params.texts("MessageSystemAttributeNames");
    names.extend(params.texts("AttributeNames"));
    let shows = |name: &str| names.iter().any(|wanted| wanted == name || wanted == "All");
    let mut rows = Vec::new();
    for message in &mut queue.messages {
        if rows.len() as i64 == most {
            break;
        }
        if message.visible_from > now {
            continue;
        }
        message.visible_from = now + Duration::seconds(hidden);
        message.receives += 1;
        let first = *message.first_received.get_or_insert(now);
        let attributes: std::collections::BTreeMap<String, String> = [
            ("SenderId", message.sender.clone()),
            ("SentTimestamp", message.sent.timestamp_millis().to_string()),
            ("ApproximateReceiveCount", message.receives.to_string()),
            (
                "ApproximateFirstReceiveTimestamp",
                first.timestamp_millis().to_string(),
            ),
        ]
        .into_iter()
        .filter(|(name, _)| shows(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        rows.push(Value::structure([
            ("MessageId", Some((&message.id).into())),
            (
                "ReceiptHandle",
                Some(format!("{}#{}", message.id, message.receives).into()),
            ),
            ("MD5OfBody", Some(md5(&message.body).into())),
            ("Body", Some((&message.body).into())),
            (
                "Attributes",
                (!attributes.is_empty()).then(|| attributes.into()),
            ),
        ]));
    }
    if rows.is_empty() {
        return Ok(Value::empty());
    }
    Ok(structure! { "Messages" => Value::List(rows) })
}

fn md5(body: &str) -> String {
    let mut text = String::with_capacity(32);
    for byte in Md5::digest(body.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_body() {
        assert_eq!(md5("hello"), "5d41402abc4b2a76b9719d911017c592");
    }
}
