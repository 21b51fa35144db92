//! CloudTrail trails.

use chrono::{DateTime, Duration, Utc};
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
    /// When it was switched on; not known of one that always was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// What it records.
    pub selectors: Selectors,
}

/// How long CloudTrail takes until what a trail records is in its log group.
const ON_ITS_WAY: Duration = Duration::minutes(5);

impl Trail {
    /// Whether it delivers what it records: what stopped to deliver may have been switched on since.
    pub fn delivers(&self) -> bool {
        match self.last_delivery {
            _ if self.delivery_error.is_some() => false,
            LastDelivery::At(last) => self.started_at.is_some_and(|started| started > last),
            LastDelivery::Never | LastDelivery::MinutesAgo(_) => true,
        }
    }

    /// When it was last switched off, seen at `now`.
    pub fn stopped(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let was_off = !self.logging || self.started_at.is_some();
        was_off.then_some(match self.last_delivery {
            LastDelivery::At(last) => last,
            LastDelivery::Never | LastDelivery::MinutesAgo(_) => now - Duration::days(12),
        })
    }

    /// When it last delivered, seen at `now`.
    pub fn delivered(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.last_delivery {
            LastDelivery::Never => None,
            LastDelivery::MinutesAgo(minutes) => Some(now - Duration::minutes(minutes)),
            LastDelivery::At(last) => {
                let arrived = self.started_at.map(|started| started + ON_ITS_WAY);
                let arrived = arrived.filter(|at| self.logging && self.delivers() && *at <= now);
                Some(arrived.map_or(last, |at| at.max(now - ON_ITS_WAY)))
            }
        }
    }
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
