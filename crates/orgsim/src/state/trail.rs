//! CloudTrail trails.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Region in which it was made.
    pub home_region: String,
    /// Bucket that it delivers to.
    pub bucket: String,
    /// Whether it records every Region.
    pub multi_region: bool,
    /// Whether it records every account of the organization.
    pub organization: bool,
    /// Whether it records global services.
    pub global_service_events: bool,
    /// Whether log files are validated.
    pub log_file_validation: bool,
    /// ARN of the log group that it delivers to, ending in `:*`.
    pub log_group_arn: Option<String>,
    /// Role with which it writes there.
    pub log_role_arn: Option<String>,
    /// Whether it is switched on.
    pub logging: bool,
    /// CloudTrail's last error in delivering to the log group.
    pub delivery_error: Option<String>,
    /// When it last delivered to the log group.
    pub last_delivery: LastDelivery,
    /// What it records.
    pub selectors: Selectors,
}

/// When a trail last delivered to its log group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastDelivery {
    /// It never did.
    Never,
    /// So many minutes before whoever asks: it delivers all the time.
    MinutesAgo(i64),
    /// At this moment, and not since.
    At(DateTime<Utc>),
}

/// What a trail records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Selectors {
    /// Basic event selectors.
    Basic(Vec<BasicSelector>),
    /// Advanced event selectors.
    Advanced(Vec<AdvancedSelector>),
}

impl Default for Selectors {
    /// A new trail records all management events.
    fn default() -> Self {
        Self::Basic(vec![BasicSelector::default()])
    }
}

/// A basic event selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasicSelector {
    /// `All`, `ReadOnly` or `WriteOnly`.
    pub read_write_type: String,
    /// Whether management events are recorded.
    pub management_events: bool,
    /// Event sources that are left out.
    pub excluded_sources: Vec<String>,
}

impl Default for BasicSelector {
    fn default() -> Self {
        Self {
            read_write_type: "All".to_owned(),
            management_events: true,
            excluded_sources: Vec::new(),
        }
    }
}

/// An advanced event selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdvancedSelector {
    /// Name.
    pub name: String,
    /// Conditions, all of which must hold.
    pub fields: Vec<FieldSelector>,
}

/// One condition of an advanced event selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldSelector {
    /// The event's field.
    pub field: String,
    /// Operators (`Equals`, `NotEquals` …) with their values.
    #[serde(deserialize_with = "super::saved::known_operators")]
    pub operators: Vec<(&'static str, Vec<String>)>,
}
