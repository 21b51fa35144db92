//! CloudWatch alarms, their mute rules and their history.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmState {
    /// Breaching.
    Alarm,
    /// Not breaching.
    Ok,
    /// Not known.
    InsufficientData,
}

impl AlarmState {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::Ok => "OK",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl fmt::Display for AlarmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A metric alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricAlarm {
    /// ARN.
    pub arn: String,
    /// Description.
    pub description: Option<String>,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// Actions for ALARM.
    pub alarm_actions: Vec<String>,
    /// Actions for OK.
    pub ok_actions: Vec<String>,
    /// Actions for INSUFFICIENT_DATA.
    pub insufficient_data_actions: Vec<String>,
    /// The metric it watches, unless it has queries.
    pub metric: Option<WatchedMetric>,
    /// Queries of a metric-math alarm.
    pub queries: Vec<MetricQuery>,
    /// The PromQL query of an alarm that has neither metric nor queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prom_ql: Option<String>,
    /// Id of the query with the anomaly-detection band.
    pub threshold_metric_id: Option<String>,
    /// Periods that are evaluated.
    pub evaluation_periods: i64,
    /// Datapoints in them that must breach.
    pub datapoints_to_alarm: Option<i64>,
    /// Threshold.
    pub threshold: Option<f64>,
    /// `GreaterThanOrEqualToThreshold` and so on.
    pub comparison: String,
    /// `missing`, `notBreaching`, `breaching`, `ignore`.
    pub treat_missing_data: Option<String>,
    /// `evaluate` or `ignore`.
    pub low_sample_percentile: Option<String>,
    /// State.
    pub state: AlarmState,
    /// Why it is in that state.
    pub state_reason: String,
    /// When it came into that state.
    pub state_updated: DateTime<Utc>,
    /// When it was put.
    pub configured: DateTime<Utc>,
}

/// A metric that an alarm or a query watches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WatchedMetric {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// `Sum`, `Maximum` …
    pub statistic: Option<String>,
    /// `p90` and so on.
    pub extended_statistic: Option<String>,
    /// Period in seconds.
    pub period: i64,
    /// Unit.
    pub unit: Option<String>,
}

/// A query of a metric-math alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Id.
    pub id: String,
    /// A metric; the statistic is in `statistic`.
    pub metric: Option<WatchedMetric>,
    /// An expression.
    pub expression: Option<String>,
    /// Label.
    pub label: Option<String>,
    /// Whether it is what the alarm watches.
    pub return_data: bool,
    /// Period of the expression.
    pub period: Option<i64>,
    /// Account of the metric.
    pub account: Option<String>,
}

/// A log alarm: a scheduled query over log groups. What it finds is not simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogAlarm {
    /// ARN.
    pub arn: String,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// Actions for ALARM.
    pub alarm_actions: Vec<String>,
    /// Names or ARNs of the log groups that it queries.
    pub log_groups: Vec<String>,
    /// The query.
    pub query: String,
    /// When it was put.
    pub configured: DateTime<Utc>,
}

/// A composite alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositeAlarm {
    /// ARN.
    pub arn: String,
    /// Description.
    pub description: Option<String>,
    /// Rule over other alarms' states.
    pub rule: String,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// Actions for ALARM.
    pub alarm_actions: Vec<String>,
    /// Actions for OK.
    pub ok_actions: Vec<String>,
    /// Actions for INSUFFICIENT_DATA.
    pub insufficient_data_actions: Vec<String>,
    /// Alarm that suppresses its actions, with the wait and extension periods in seconds.
    pub suppressor: Option<(String, i64, i64)>,
    /// State.
    pub state: AlarmState,
    /// When it came into that state.
    pub state_updated: DateTime<Utc>,
    /// When it was put.
    pub configured: DateTime<Utc>,
}

/// An alarm mute rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MuteRule {
    /// ARN.
    pub arn: String,
    /// `cron(…)` or `at(…)`.
    pub expression: String,
    /// ISO 8601 duration from each occurrence.
    pub duration: String,
    /// Time zone of the expression.
    pub timezone: Option<String>,
    /// Names of the alarms that are muted.
    pub alarm_names: Vec<String>,
    /// `SCHEDULED`, `ACTIVE` or `EXPIRED`.
    pub status: String,
    /// When it was put.
    pub updated: DateTime<Utc>,
}

/// Something that happened to an alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryItem {
    /// Name of the alarm.
    pub alarm: String,
    /// `MetricAlarm` or `CompositeAlarm`.
    pub alarm_type: &'static str,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// `ConfigurationUpdate`, `StateUpdate` or `Action`.
    pub kind: &'static str,
    /// One line.
    pub summary: String,
    /// JSON with the details.
    pub data: String,
}
