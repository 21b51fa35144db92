//! SNS topics and subscriptions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A topic.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Topic {
    /// Access policy; `None` is the default one.
    pub policy: Option<String>,
    /// Key that encrypts it, as it was set.
    pub kms_key: Option<String>,
    /// Whether it is a FIFO topic.
    pub fifo: bool,
    /// Other attributes that were set: `DisplayName` and so on.
    pub attributes: BTreeMap<String, String>,
}

impl Topic {
    /// The policy in force: AWS gives a new topic one that lets the owner's principals, and
    /// services that act for the owner, use it.
    pub fn effective_policy(&self, arn: &str, owner: &str) -> String {
        self.policy
            .clone()
            .unwrap_or_else(|| default_policy(arn, owner))
    }
}

fn default_policy(arn: &str, owner: &str) -> String {
    serde_json::json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish"
            ],
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": owner } }
        }]
    })
    .to_string()
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its ARN, which the lists show once it is confirmed.
    pub arn: String,
    /// ARN of its topic.
    pub topic_arn: String,
    /// `email`, `https`, `sqs` …
    pub protocol: String,
    /// Address, URL or ARN.
    pub endpoint: String,
    /// Account that subscribed.
    pub owner: String,
    /// Where it is in its life.
    pub confirmation: Confirmation,
    /// Attributes that were set: `FilterPolicy` and so on.
    pub attributes: BTreeMap<String, String>,
}

/// Where a subscription is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// Messages go out to it.
    Confirmed,
    /// Nobody has confirmed it.
    Pending,
    /// It was removed; lists may still show it.
    Deleted,
}

impl Subscription {
    /// What lists show as its ARN.
    pub fn listed_arn(&self) -> &str {
        match self.confirmation {
            Confirmation::Confirmed => &self.arn,
            Confirmation::Pending => "PendingConfirmation",
            Confirmation::Deleted => "Deleted",
        }
    }
}
