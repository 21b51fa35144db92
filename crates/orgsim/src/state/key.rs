//! KMS keys.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// ARN.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: String,
    /// `CUSTOMER` or `AWS`.
    pub manager: String,
    /// Key policy.
    pub policy: String,
    /// When it was made.
    pub created: DateTime<Utc>,
}

impl Key {
    /// The policy that KMS gives a key when nobody says otherwise: the account decides through IAM.
    pub fn default_policy(partition: &str, account: &str) -> String {
        serde_json::json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:{partition}:iam::{account}:root") },
                "Action": "kms:*",
                "Resource": "*"
            }]
        })
        .to_string()
    }
}
