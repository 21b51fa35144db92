//! What a person decides about a plan: where chains stand, who is told, what
//! new things are called, and whether trails may be changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;

/// Where the chains that a plan makes or mends stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Behind the organization's trail where there is one, else in the account.
    #[default]
    Auto,
    /// Behind the organization's trail: once for all its members.
    Central,
    /// In each account, behind its own trails.
    Local,
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Central => "central",
            Self::Local => "local",
        })
    }
}

/// What a person decides about a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Where chains stand.
    pub strategy: Strategy,
    /// Who is subscribed to topics that have nobody.
    pub endpoints: Vec<Endpoint>,
    /// Whether steps may change trails.
    pub allow_trail_changes: bool,
    /// What new things are called.
    pub names: Names,
}

/// What new things are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Namespace of new metrics.
    pub namespace: String,
    /// First part of the names of filters, metrics and alarms: `orgsweep` gives
    /// `orgsweep-s3-bucket-policy-changes`.
    pub prefix: String,
    /// Name of the topic that all controls of an account and Region share.
    pub topic: String,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            namespace: "CISBenchmark".to_owned(),
            prefix: "orgsweep".to_owned(),
            topic: "orgsweep-alarms".to_owned(),
        }
    }
}
