//! CloudWatch Logs: groups, streams, metric filters.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A log group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// When it was made.
    pub created: DateTime<Utc>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: String,
    /// Days for which events are kept; `None` is for ever.
    pub retention_days: Option<i64>,
    /// Metric filters by name.
    pub filters: BTreeMap<String, MetricFilter>,
    /// Streams by name.
    pub streams: BTreeMap<String, LogStream>,
}

impl LogGroup {
    /// An empty group of the standard class.
    pub fn standard(created: DateTime<Utc>) -> Self {
        Self {
            created,
            class: "STANDARD".to_owned(),
            retention_days: Some(365),
            filters: BTreeMap::new(),
            streams: BTreeMap::new(),
        }
    }
}

/// A log stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogStream {
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Minutes since the last event; `None` when there is none.
    pub minutes_since_event: Option<i64>,
}

/// A metric filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricFilter {
    /// Pattern, as it was put.
    pub pattern: String,
    /// What it publishes (AWS allows exactly one).
    pub transformations: Vec<MetricTransformation>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Whether it sees transformed events.
    pub on_transformed_logs: bool,
    /// Field-selection criteria.
    pub field_selection: Option<String>,
    /// System fields that are added as dimensions.
    pub system_field_dimensions: Vec<String>,
}

/// The metric that a filter publishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricTransformation {
    /// Metric name.
    pub name: String,
    /// Metric namespace.
    pub namespace: String,
    /// Value per matching event.
    pub value: String,
    /// Value of minutes with events of which none matches.
    pub default_value: Option<f64>,
    /// Dimension name and the field that gives its value.
    pub dimensions: BTreeMap<String, String>,
    /// Unit.
    pub unit: Option<String>,
}

/// An event in a log stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// Number within the group; it rises.
    pub number: u64,
    /// Name of the stream.
    pub stream: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it arrived.
    pub arrived: DateTime<Utc>,
    /// The line.
    pub message: String,
}
