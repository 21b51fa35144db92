//! CloudWatch's alarms of one Region, and the rules that mute them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{Arn, LogGroupArn};
use crate::known::Known;

/// Alarms of one Region that could matter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// Metric alarms (metric-math ones included), sorted by name.
    pub metric: Vec<MetricAlarm>,
    /// Composite alarms, sorted by name.
    pub composite: Vec<CompositeAlarm>,
    /// Log alarms, which query a log group themselves; sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogAlarm>,
    /// Mute rules over these alarms that have not expired; none where the Region's
    /// CloudWatch has no such rules. `None`: not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_rules: Option<Known<Vec<MuteRule>>>,
    /// Actions that CloudWatch could not carry out when their alarm last went to ALARM, sorted.
    /// `None`: none, as far as is known, or not asked, because none of these alarms has changed
    /// its state lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_actions: Option<Known<Vec<FailedAction>>>,
}

/// An action that failed when its alarm last rang, as the alarm's history tells. Actions that
/// went well leave nothing here, so that a night on which an alarm rings changes no facts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailedAction {
    /// Name of the alarm.
    pub alarm: String,
    /// The action, as the alarm names it.
    pub action: String,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Why, in CloudWatch's words; may be empty.
    pub error: String,
}

impl Alarms {
    /// How the action of the alarm of that name failed when it last rang, if it did and that is known.
    pub fn failed(&self, alarm: &str, action: &str) -> Option<&FailedAction> {
        let known = self.failed_actions.as_ref()?.value()?;
        known
            .iter()
            .find(|failed| failed.alarm == alarm && failed.action == action)
    }
}

/// A log alarm: a scheduled query over log groups (`PutLogAlarm`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogAlarm {
    /// Name, unique in account and Region.
    pub name: String,
    /// ARN.
    pub arn: Arn,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// What runs when it goes to ALARM.
    pub alarm_actions: Vec<String>,
    /// Names or ARNs of the log groups that it queries.
    pub log_groups: Vec<String>,
    /// The query.
    pub query: String,
}

impl LogAlarm {
    /// Whether it queries the log group, which it may name by name or by ARN.
    pub fn queries(&self, group: &LogGroupArn) -> bool {
        let by_name = self.log_groups.iter().any(|named| named == group.name());
        by_name || self.queries_by_arn(group)
    }

    /// Whether it queries the log group by its ARN, as alarms of other accounts do.
    pub fn queries_by_arn(&self, group: &LogGroupArn) -> bool {
        let arn = group.to_string();
        let arn = arn.strip_suffix(":*").unwrap_or(&arn);
        self.log_groups
            .iter()
            .any(|named| named.strip_suffix(":*").unwrap_or(named) == arn)
    }
}

/// An alarm mute rule: while it is active, actions of its alarms do not run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MuteRule {
    /// Its name.
    pub name: String,
    /// `cron(…)` with five fields, or `at(…)`.
    pub expression: String,
    /// ISO 8601 duration from each occurrence.
    pub duration: String,
    /// Time zone of the expression; `None` is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Names of the alarms that are muted.
    pub alarm_names: Vec<String>,
    /// Whether a rule with a single window is muting now.
    pub active_once: bool,
    /// When it begins to mute, if that was still to come when it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<DateTime<Utc>>,
    /// When it ends for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<DateTime<Utc>>,
}

impl MuteRule {
    /// Whether it mutes the alarm of that name.
    pub fn mutes(&self, alarm: &str) -> bool {
        self.alarm_names.iter().any(|name| name == alarm)
    }

    /// Whether it has a single window.
    pub fn is_once(&self) -> bool {
        self.expression.trim_start().starts_with("at(")
    }

    /// Its time zone.
    pub fn zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or("UTC")
    }
}

/// A metric alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricAlarm {
    /// Name, unique in account and Region.
    pub name: String,
    /// ARN.
    pub arn: Arn,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// What runs when it goes to ALARM.
    pub alarm_actions: Vec<String>,
    /// What runs when it goes to OK.
    pub ok_actions: Vec<String>,
    /// What runs when it goes to INSUFFICIENT_DATA.
    pub insufficient_data_actions: Vec<String>,
    /// The metric it watches; `None` for metric math and newer kinds.
    pub metric: Option<WatchedMetric>,
    /// The queries of a metric-math alarm.
    pub queries: Vec<MetricQuery>,
    /// Id of the anomaly-detection band, for such alarms.
    pub threshold_metric_id: Option<String>,
    /// Its kind, when it is one that has neither metric nor queries on AWS. The query of a PromQL
    /// alarm is the only one of `queries`; of later kinds nothing is known.
    pub other_kind: Option<String>,
    /// Periods that are evaluated.
    pub evaluation_periods: Option<i32>,
    /// Datapoints in them that must breach; `None` means all.
    pub datapoints_to_alarm: Option<i32>,
    /// Threshold.
    pub threshold: Option<f64>,
    /// `GreaterThanOrEqualToThreshold` and so on.
    pub comparison: Option<String>,
    /// `breaching`, `notBreaching`, `ignore`, `missing`; `None` means `missing`.
    pub treat_missing_data: Option<String>,
    /// `evaluate` or `ignore`, for percentiles.
    pub low_sample_percentile: Option<String>,
    /// Whether periods are those of the wall clock (whole hours, days …), not sliding ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wall_clock: bool,
    /// Whether CloudWatch says that it cannot evaluate the alarm as it is configured
    /// (`EVALUATION_ERROR`), for example for want of a link to the account of its metric.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub evaluation_error: bool,
    /// Minutes after a change of the alarm in which it does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_minutes: Option<i32>,
}

/// The metric of a plain metric alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchedMetric {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Dimensions, all of which must be those of the published metric.
    pub dimensions: BTreeMap<String, String>,
    /// `Sum`, `Maximum` … or an extended statistic such as `p90`.
    pub statistic: Option<String>,
    /// Period in seconds.
    pub period: Option<i32>,
    /// Unit, when the alarm insists on one.
    pub unit: Option<String>,
}

/// One query of a metric-math alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Its id in expressions.
    pub id: String,
    /// A metric, or `None` for an expression.
    pub metric: Option<WatchedMetric>,
    /// An expression, or `None` for a metric.
    pub expression: Option<String>,
    /// Period of the expression in seconds.
    pub period: Option<i32>,
    /// Whether it is what the alarm watches.
    pub return_data: bool,
    /// The account of the metric, when it is another one.
    pub account: Option<String>,
}

/// A composite alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositeAlarm {
    /// Name, unique in account and Region.
    pub name: String,
    /// ARN.
    pub arn: Arn,
    /// Its rule over other alarms' states.
    pub rule: String,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// What runs when it goes to ALARM.
    pub alarm_actions: Vec<String>,
    /// Alarm that suppresses its actions while in ALARM.
    pub actions_suppressor: Option<String>,
    /// Seconds for which its actions wait for the suppressor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressor_wait: Option<i32>,
}
