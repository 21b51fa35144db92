//! Topics, their policies, keys and subscriptions, healthy and broken. Controls
//! with the same break share a topic.

use super::breaks::Break;
use super::links::Place;
use crate::state::{Confirmation, Key, RegionState, Subscription, Topic, drawn};

/// Name of the topic that a chain's alarm acts on.
fn topic_name(broken: Option<Break>) -> &'static str {
    match broken {
        Some(Break::TopicMissing) => "security-alerts-old",
        Some(Break::TopicPolicyDenies) => "security-alerts-restricted",
        Some(Break::TopicKeyDenies) => "security-alerts-encrypted",
        Some(Break::NoSubscription) => "security-alerts-unread",
        Some(Break::SubscriptionPending) => "security-alerts-pending",
        Some(Break::SubscriptionFiltered) => "security-alerts-by-severity",
        Some(Break::PolicyUndecided) => "security-alerts-conditional",
        _ => "security-alerts",
    }
}

/// ARN of the topic that a chain's alarm acts on.
pub(super) fn topic_arn(place: &Place<'_>, broken: Option<Break>) -> String {
    let arn = place.arn("sns", topic_name(broken));
    if broken == Some(Break::ActionWrongPlace) {
        let elsewhere = place
            .settings
            .regions
            .iter()
            .find(|region| *region != place.region)
            .map_or("us-gov-west-1", String::as_str);
        return arn.replacen(place.region, elsewhere, 1);
    }
    arn
}

/// Adds the topic that a chain's alarm acts on, with its key and subscription, unless it is there.
pub(super) fn add_topic(place: &Place<'_>, broken: Option<Break>, region: &mut RegionState) {
    if broken == Some(Break::TopicMissing) {
        return;
    }
    let name = topic_name(broken);
    let arn = place.arn("sns", name);
    if region.topics.contains_key(&arn) {
        return;
    }
    let mut topic = Topic {
        policy: policy(place, &arn, broken),
        ..Topic::default()
    };
    if broken == Some(Break::TopicKeyDenies) {
        topic.kms_key = Some("alias/security-alerts".to_owned());
        add_key(place, region);
    }
    region.topics.insert(arn.clone(), topic);
    if broken != Some(Break::NoSubscription) {
        let id = drawn(place.settings.seed, &format!("subscription {arn}"));
        region.subscriptions.push(Subscription {
            arn: format!(
                "{arn}:{:08x}-0000-4000-8000-{:012x}",
                id >> 32,
                id & 0xffff_ffff
            ),
            topic_arn: arn,
            protocol: "email".to_owned(),
            endpoint: "security@example.com".to_owned(),
            owner: place.account.to_owned(),
            confirmation: if broken == Some(Break::SubscriptionPending) {
                Confirmation::Pending
            } else {
                Confirmation::Confirmed
            },
            // Alarms set no attributes, so that this waits for a message that never comes.
            attributes: (broken == Some(Break::SubscriptionFiltered))
                .then(|| {
                    (
                        "FilterPolicy".to_owned(),
                        r#"{"severity":["high"]}"#.to_owned(),
                    )
                })
                .into_iter()
                .collect(),
        });
    }
}

/// The topic's policy; `None` is AWS's default one. Half of the healthy accounts have one that
/// lets CloudWatch publish by name.
fn policy(place: &Place<'_>, arn: &str, broken: Option<Break>) -> Option<String> {
    let cloudwatch = serde_json::json!({ "Service": "cloudwatch.amazonaws.com" });
    let (principal, condition) = match broken {
        Some(Break::TopicPolicyDenies) => {
            let root = format!(
                "arn:{}:iam::{}:root",
                place.settings.partition, place.account
            );
            (serde_json::json!({ "AWS": root }), None)
        }
        Some(Break::PolicyUndecided) => (
            cloudwatch,
            Some(serde_json::json!({ "StringEquals": { "aws:SourceOrgID": "o-orgsimdemo0" } })),
        ),
        _ => {
            let draw = drawn(place.settings.seed, &format!("policy {}", place.account));
            if draw.is_multiple_of(2) {
                return None;
            }
            let condition =
                serde_json::json!({ "StringEquals": { "aws:SourceAccount": place.account } });
            (cloudwatch, Some(condition))
        }
    };
    let mut statement = serde_json::json!({
        "Sid": "AllowPublish",
        "Effect": "Allow",
        "Principal": principal,
        "Action": "SNS:Publish",
        "Resource": arn
    });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    Some(serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
}

/// A customer's key with the policy that KMS gives by default, which names no service.
fn add_key(place: &Place<'_>, region: &mut RegionState) {
    let id = drawn(place.settings.seed, &format!("key {}", place.account));
    let id = format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, id & 0xffff_ffff);
    let key = Key {
        arn: place.arn("kms", &format!("key/{id}")),
        state: "Enabled".to_owned(),
        manager: "CUSTOMER".to_owned(),
        policy: Key::default_policy(&place.settings.partition, place.account),
        created: place.made,
    };
    region.keys.insert(id.clone(), key);
    region
        .key_aliases
        .insert("alias/security-alerts".to_owned(), id);
}
