//! IAM roles and the account's own managed policies.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An IAM role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Accounts whose principals may assume it, when it has no trust policy of its own.
    pub trusted_accounts: BTreeSet<String>,
    /// External id that has to be given, when it has no trust policy of its own.
    pub external_id: Option<String>,
    /// Trust policy, as it was put.
    pub trust: Option<String>,
    /// What its sessions may do.
    pub permissions: RolePolicies,
    /// Description.
    pub description: Option<String>,
    /// Longest session in seconds; 3600 when nobody said otherwise.
    pub max_session: Option<i64>,
    /// When it was made; `None` for those of a scenario.
    pub created: Option<DateTime<Utc>>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// The identity policies of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolePolicies {
    /// Inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of managed policies that are attached.
    pub attached: BTreeSet<String>,
}

/// A managed policy of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// Name.
    pub name: String,
    /// Path.
    pub path: String,
    /// Description.
    pub description: Option<String>,
    /// The document.
    pub document: String,
    /// When it was made.
    pub created: DateTime<Utc>,
}

impl Role {
    /// The trust policy: as it was put, or one that says who a scenario's role trusts.
    pub fn trust_policy(&self, partition: &str) -> String {
        if let Some(trust) = &self.trust {
            return trust.clone();
        }
        let principals: Vec<String> = self
            .trusted_accounts
            .iter()
            .map(|account| format!("arn:{partition}:iam::{account}:root"))
            .collect();
        let mut statement = serde_json::json!({
            "Effect": "Allow",
            "Principal": { "AWS": principals },
            "Action": "sts:AssumeRole"
        });
        if let Some(external_id) = &self.external_id {
            statement["Condition"] =
                serde_json::json!({ "StringEquals": { "sts:ExternalId": external_id } });
        }
        serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    }
}
