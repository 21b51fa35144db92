//! Alarms as they stand in exported facts, and as the simulator has them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::document::Fact;
use crate::state;
use crate::state::{AlarmState, RegionState};

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Alarms {
    metric: Vec<MetricAlarm>,
    composite: Vec<CompositeAlarm>,
    mute_rules: Option<Fact<Vec<MuteRule>>>,
}

#[derive(Debug, Clone, Deserialize)]
struct MetricAlarm {
    name: String,
    arn: String,
    actions_enabled: bool,
    alarm_actions: Vec<String>,
    ok_actions: Vec<String>,
    insufficient_data_actions: Vec<String>,
    metric: Option<WatchedMetric>,
    queries: Vec<MetricQuery>,
    #[serde(default)]
    other_kind: Option<String>,
    threshold_metric_id: Option<String>,
    evaluation_periods: Option<i64>,
    datapoints_to_alarm: Option<i64>,
    threshold: Option<f64>,
    comparison: Option<String>,
    treat_missing_data: Option<String>,
    low_sample_percentile: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct WatchedMetric {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    statistic: Option<String>,
    period: Option<i64>,
    unit: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct MetricQuery {
    id: String,
    metric: Option<WatchedMetric>,
    expression: Option<String>,
    period: Option<i64>,
    return_data: bool,
    account: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct CompositeAlarm {
    name: String,
    arn: String,
    rule: String,
    actions_enabled: bool,
    alarm_actions: Vec<String>,
    actions_suppressor: Option<String>,
    #[serde(default)]
    suppressor_wait: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
struct MuteRule {
    name: String,
    expression: String,
    duration: String,
    #[serde(default)]
    time_zone: Option<String>,
    alarm_names: Vec<String>,
    active_once: bool,
}

/// Where alarms are, and when they were read.
pub(super) struct Place<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) read_at: DateTime<Utc>,
}

/// Puts the alarms of a Region there, all at rest.
pub(super) fn put(alarms: &Alarms, place: &Place<'_>, region: &mut RegionState) {
    let made = place.read_at;
    for alarm in &alarms.metric {
        let is_prom_ql = alarm.other_kind.as_deref() == Some("PromQL");
        let put = state::MetricAlarm {
            arn: alarm.arn.clone(),
            description: None,
            actions_enabled: alarm.actions_enabled,
            alarm_actions: alarm.alarm_actions.clone(),
            ok_actions: alarm.ok_actions.clone(),
            insufficient_data_actions: alarm.insufficient_data_actions.clone(),
            metric: alarm.metric.as_ref().map(metric),
            queries: if is_prom_ql {
                Vec::new()
            } else {
                alarm.queries.iter().map(query).collect()
            },
            prom_ql: alarm
                .queries
                .first()
                .filter(|_| is_prom_ql)
                .map(|query| query.expression.clone().unwrap_or_default()),
            threshold_metric_id: alarm.threshold_metric_id.clone(),
            evaluation_periods: alarm.evaluation_periods.unwrap_or(1),
            datapoints_to_alarm: alarm.datapoints_to_alarm,
            threshold: alarm.threshold,
            comparison: alarm.comparison.clone().unwrap_or_default(),
            treat_missing_data: alarm.treat_missing_data.clone(),
            low_sample_percentile: alarm.low_sample_percentile.clone(),
            state: AlarmState::Ok,
            state_reason: String::new(),
            state_updated: made,
            configured: made,
        };
        region.metric_alarms.insert(alarm.name.clone(), put);
    }
    for alarm in &alarms.composite {
        let suppressor = alarm.actions_suppressor.clone();
        let put = state::CompositeAlarm {
            arn: alarm.arn.clone(),
            description: None,
            rule: alarm.rule.clone(),
            actions_enabled: alarm.actions_enabled,
            alarm_actions: alarm.alarm_actions.clone(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            suppressor: suppressor.map(|name| (name, alarm.suppressor_wait.unwrap_or(0), 0)),
            state: AlarmState::Ok,
            state_updated: made,
            configured: made,
        };
        region.composite_alarms.insert(alarm.name.clone(), put);
    }
    let rules = alarms.mute_rules.as_ref().and_then(Fact::value);
    for rule in rules.into_iter().flatten() {
        let status = if rule.active_once {
            "ACTIVE"
        } else {
            "SCHEDULED"
        };
        let put = state::MuteRule {
            arn: format!(
                "arn:{}:cloudwatch:{}:{}:alarm-mute-rule:{}",
                place.partition, place.region, place.account, rule.name
            ),
            expression: rule.expression.clone(),
            duration: rule.duration.clone(),
            timezone: rule.time_zone.clone(),
            alarm_names: rule.alarm_names.clone(),
            status: status.to_owned(),
            updated: made,
        };
        // Facts of several accounts may each name some of the alarms that a rule mutes.
        let rule = region.mute_rules.entry(rule.name.clone());
        let rule = rule.or_insert_with(|| state::MuteRule {
            alarm_names: Vec::new(),
            ..put.clone()
        });
        for name in put.alarm_names {
            if !rule.alarm_names.contains(&name) {
                rule.alarm_names.push(name);
            }
        }
    }
}

fn metric(watched: &WatchedMetric) -> state::WatchedMetric {
    // Percentiles and the like are given in a member of their own.
    let plain = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
    let (statistic, extended_statistic) = match &watched.statistic {
        Some(name) if !plain.contains(&name.as_str()) => (None, Some(name.clone())),
        statistic => (statistic.clone(), None),
    };
    state::WatchedMetric {
        namespace: watched.namespace.clone(),
        name: watched.name.clone(),
        dimensions: watched.dimensions.clone(),
        statistic,
        extended_statistic,
        period: watched.period.unwrap_or(60),
        unit: watched.unit.clone(),
    }
}

fn query(query: &MetricQuery) -> state::MetricQuery {
    let watched = query.metric.as_ref().map(|watched| {
        let of_query = metric(watched);
        // A query has one member for statistics of either kind.
        let statistic = of_query.statistic.or(of_query.extended_statistic);
        state::WatchedMetric {
            statistic,
            extended_statistic: None,
            ..of_query
        }
    });
    state::MetricQuery {
        id: query.id.clone(),
        metric: watched,
        expression: query.expression.clone(),
        label: None,
        return_data: query.return_data,
        period: query.period,
        account: query.account.clone(),
    }
}
