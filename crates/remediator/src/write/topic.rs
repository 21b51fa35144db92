//! SNS topics and their policies.

use std::collections::BTreeMap;

use aws_sdk_sns::types::Tag;
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, Region};
use serde::{Deserialize, Serialize};

use super::operation::{
    CREATE_TOPIC, DELETE_TOPIC, GET_TOPIC_ATTRIBUTES, LIST_TOPIC_TAGS, SET_TOPIC_ATTRIBUTES,
};
use super::{Marks, Writer, found, gone};

/// Attributes that say where a topic is or how much is going on, which nobody sets.
const NOT_SET: [&str; 6] = [
    "TopicArn",
    "Owner",
    "SubscriptionsConfirmed",
    "SubscriptionsPending",
    "SubscriptionsDeleted",
    "EffectiveDeliveryPolicy",
];

/// A topic, as far as anybody sets it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its policy, as it was put.
    pub policy: Option<String>,
    /// Its other attributes.
    pub attributes: BTreeMap<String, String>,
}

/// The topic, if there is one.
pub async fn read(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<Option<Topic>, CallFailure> {
    let request = writer
        .sns(region)
        .get_topic_attributes()
        .topic_arn(arn.as_str());
    let answer = writer.call(GET_TOPIC_ATTRIBUTES, region, || request.clone().send());
    let Some(answer) = found(answer.await)? else {
        return Ok(None);
    };
    let mut attributes: BTreeMap<String, String> = answer
        .attributes
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, _)| !NOT_SET.contains(&name.as_str()))
        .collect();
    Ok(Some(Topic {
        policy: attributes.remove("Policy").filter(|text| !text.is_empty()),
        attributes,
    }))
}

/// The topic's tags; none when it does not exist.
pub async fn tags(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<BTreeMap<String, String>, CallFailure> {
    let request = writer
        .sns(region)
        .list_tags_for_resource()
        .resource_arn(arn.as_str());
    let answer = writer.call(LIST_TOPIC_TAGS, region, || request.clone().send());
    let tags = found(answer.await)?.and_then(|answer| answer.tags);
    let tags = tags.unwrap_or_default().into_iter();
    Ok(tags.map(|tag| (tag.key, tag.value)).collect())
}

/// Makes a topic. AWS hands back one of that name when its tags are the same, and refuses otherwise.
pub async fn create(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    marks: &Marks,
) -> Result<(), CallFailure> {
    let tags = marks
        .tags()
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| writer.garbled(CREATE_TOPIC, region, error.to_string()))?;
    let request = writer
        .sns(region)
        .create_topic()
        .name(arn.resource())
        .set_tags(Some(tags));
    let answer = writer.call(CREATE_TOPIC, region, || request.clone().send());
    answer.await.map(drop)
}

/// Replaces the whole policy: read it first.
pub async fn put_policy(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    policy: &str,
) -> Result<(), CallFailure> {
    let request = writer
        .sns(region)
        .set_topic_attributes()
        .topic_arn(arn.as_str())
        .attribute_name("Policy")
        .attribute_value(policy);
    let answer = writer.call(SET_TOPIC_ATTRIBUTES, region, || request.clone().send());
    answer.await.map(drop)
}

/// Deletes a topic with its subscriptions; one that is gone already is no error.
pub async fn delete(writer: &Writer, arn: &Arn, region: &Region) -> Result<(), CallFailure> {
    let request = writer.sns(region).delete_topic().topic_arn(arn.as_str());
    let answer = writer.call(DELETE_TOPIC, region, || request.clone().send());
    gone(answer.await.map(drop))
}
