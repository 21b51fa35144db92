//! How alarms look in CloudWatch's answers, and how they are read from its
//! requests.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::neutral::{Value, structure};
use crate::state::{AlarmState, CompositeAlarm, LogAlarm, MetricAlarm, MetricQuery, WatchedMetric};

/// A metric alarm as `DescribeAlarms` shows it. What was not put is absent. One that reads metrics of an
/// account that is not linked cannot be evaluated.
pub(super) fn metric_alarm_row(name: &str, alarm: &MetricAlarm, can_evaluate: bool) -> Value {
    let metric = alarm.metric.as_ref();
    Value::structure([
        ("AlarmName", Some(name.into())),
        ("AlarmArn", Some((&alarm.arn).into())),
        (
            "AlarmDescription",
            alarm.description.as_ref().map(Value::from),
        ),
        (
            "AlarmConfigurationUpdatedTimestamp",
            Some(alarm.configured.into()),
        ),
        ("ActionsEnabled", Some(alarm.actions_enabled.into())),
        ("OKActions", Some(Value::list(&alarm.ok_actions))),
        ("AlarmActions", Some(Value::list(&alarm.alarm_actions))),
        (
            "InsufficientDataActions",
            Some(Value::list(&alarm.insufficient_data_actions)),
        ),
        ("StateValue", Some(alarm.state.as_str().into())),
        ("StateReason", Some((&alarm.state_reason).into())),
        ("StateUpdatedTimestamp", Some(alarm.state_updated.into())),
        (
            "StateTransitionedTimestamp",
            Some(alarm.state_updated.into()),
        ),
        ("MetricName", metric.map(|metric| (&metric.name).into())),
        ("Namespace", metric.map(|metric| (&metric.namespace).into())),
        (
            "Statistic",
            metric.and_then(|metric| metric.statistic.as_ref().map(Value::from)),
        ),
        (
            "ExtendedStatistic",
            metric.and_then(|metric| metric.extended_statistic.as_ref().map(Value::from)),
        ),
        (
            "Dimensions",
            Some(metric.map_or_else(|| Value::List(Vec::new()), dimensions)),
        ),
        ("Period", metric.map(|metric| metric.period.into())),
        (
            "Unit",
            metric.and_then(|metric| metric.unit.as_ref().map(Value::from)),
        ),
        ("EvaluationPeriods", Some(alarm.evaluation_periods.into())),
        (
            "DatapointsToAlarm",
            alarm.datapoints_to_alarm.map(Value::from),
        ),
        ("Threshold", alarm.threshold.map(Value::from)),
        ("ComparisonOperator", Some((&alarm.comparison).into())),
        (
            "TreatMissingData",
            alarm.treat_missing_data.as_ref().map(Value::from),
        ),
        (
            "EvaluateLowSampleCountPercentile",
            alarm.low_sample_percentile.as_ref().map(Value::from),
        ),
        (
            "Metrics",
            (!alarm.queries.is_empty()).then(|| Value::list(alarm.queries.iter().map(query_row))),
        ),
        (
            "ThresholdMetricId",
            alarm.threshold_metric_id.as_ref().map(Value::from),
        ),
        (
            "EvaluationState",
            (!can_evaluate).then(|| "EVALUATION_ERROR".into()),
        ),
        (
            "EvaluationCriteria",
            alarm.prom_ql.as_ref().map(|query| {
                structure! { "PromQLCriteria" => structure! { "Query" => query } }
            }),
        ),
    ])
}

fn dimensions(metric: &WatchedMetric) -> Value {
    Value::list(
        metric
            .dimensions
            .iter()
            .map(|(name, value)| structure! { "Name" => name, "Value" => value }),
    )
}

fn query_row(query: &MetricQuery) -> Value {
    let stat = query.metric.as_ref().map(|metric| {
        Value::structure([
            (
                "Metric",
                Some(structure! {
                    "Namespace" => &metric.namespace,
                    "MetricName" => &metric.name,
                    "Dimensions" => dimensions(metric),
                }),
            ),
            ("Period", Some(metric.period.into())),
            ("Stat", metric.statistic.as_ref().map(Value::from)),
            ("Unit", metric.unit.as_ref().map(Value::from)),
        ])
    });
    Value::structure([
        ("Id", Some((&query.id).into())),
        ("MetricStat", stat),
        ("Expression", query.expression.as_ref().map(Value::from)),
        ("Label", query.label.as_ref().map(Value::from)),
        ("ReturnData", Some(query.return_data.into())),
        ("Period", query.period.map(Value::from)),
        ("AccountId", query.account.as_ref().map(Value::from)),
    ])
}

/// A log alarm as `DescribeAlarms` shows it.
pub(super) fn log_alarm_row(name: &str, alarm: &LogAlarm) -> Value {
    structure! {
        "AlarmName" => name,
        "AlarmArn" => &alarm.arn,
        "AlarmConfigurationUpdatedTimestamp" => alarm.configured,
        "ActionsEnabled" => alarm.actions_enabled,
        "OKActions" => Value::List(Vec::new()),
        "AlarmActions" => Value::list(&alarm.alarm_actions),
        "InsufficientDataActions" => Value::List(Vec::new()),
        "StateValue" => "INSUFFICIENT_DATA",
        "StateUpdatedTimestamp" => alarm.configured,
        "ScheduledQueryConfiguration" => structure! {
            "QueryString" => &alarm.query,
            "LogGroupIdentifiers" => Value::list(&alarm.log_groups),
        },
        "Threshold" => 0.0,
        "ComparisonOperator" => "GreaterThanThreshold",
        "QueryResultsToEvaluate" => 1,
        "QueryResultsToAlarm" => 1,
    }
}

/// A composite alarm as `DescribeAlarms` shows it.
pub(super) fn composite_alarm_row(name: &str, alarm: &CompositeAlarm) -> Value {
    let suppressor = alarm.suppressor.as_ref();
    Value::structure([
        ("ActionsEnabled", Some(alarm.actions_enabled.into())),
        ("AlarmActions", Some(Value::list(&alarm.alarm_actions))),
        ("AlarmArn", Some((&alarm.arn).into())),
        (
            "AlarmConfigurationUpdatedTimestamp",
            Some(alarm.configured.into()),
        ),
        (
            "AlarmDescription",
            alarm.description.as_ref().map(Value::from),
        ),
        ("AlarmName", Some(name.into())),
        ("AlarmRule", Some((&alarm.rule).into())),
        (
            "InsufficientDataActions",
            Some(Value::list(&alarm.insufficient_data_actions)),
        ),
        ("OKActions", Some(Value::list(&alarm.ok_actions))),
        ("StateReason", Some("".into())),
        ("StateUpdatedTimestamp", Some(alarm.state_updated.into())),
        ("StateValue", Some(alarm.state.as_str().into())),
        (
            "StateTransitionedTimestamp",
            Some(alarm.state_updated.into()),
        ),
        (
            "ActionsSuppressor",
            suppressor.map(|(name, _, _)| name.into()),
        ),
        (
            "ActionsSuppressorWaitPeriod",
            suppressor.map(|(_, wait, _)| (*wait).into()),
        ),
        (
            "ActionsSuppressorExtensionPeriod",
            suppressor.map(|(_, _, extension)| (*extension).into()),
        ),
    ])
}

/// The alarm that the input of `PutMetricAlarm` describes, with the state of the one it
/// replaces.
pub(super) fn metric_alarm(
    params: &Value,
    arn: String,
    before: Option<&MetricAlarm>,
    now: DateTime<Utc>,
) -> MetricAlarm {
    let owned = |name: &str| params.text(name).map(str::to_owned);
    MetricAlarm {
        arn,
        description: owned("AlarmDescription"),
        actions_enabled: params.boolean("ActionsEnabled").unwrap_or(true),
        alarm_actions: params.texts("AlarmActions"),
        ok_actions: params.texts("OKActions"),
        insufficient_data_actions: params.texts("InsufficientDataActions"),
        metric: params.text("MetricName").map(|name| WatchedMetric {
            namespace: owned("Namespace").unwrap_or_default(),
            name: name.to_owned(),
            dimensions: dimension_map(params),
            statistic: owned("Statistic"),
            extended_statistic: owned("ExtendedStatistic"),
            period: params.integer("Period").unwrap_or(60),
            unit: owned("Unit"),
        }),
        queries: params.items("Metrics").iter().map(query).collect(),
        prom_ql: None,
        threshold_metric_id: owned("ThresholdMetricId"),
        evaluation_periods: params.integer("EvaluationPeriods").unwrap_or(1),
        datapoints_to_alarm: params.integer("DatapointsToAlarm"),
        threshold: params.float("Threshold"),
        comparison: owned("ComparisonOperator").unwrap_or_default(),
        treat_missing_data: owned("TreatMissingData"),
        low_sample_percentile: owned("EvaluateLowSampleCountPercentile"),
        state: before.map_or(AlarmState::InsufficientData, |before| before.state),
        state_reason: before.map_or_else(
            || "Unchecked: Initial alarm creation".to_owned(),
            |before| before.state_reason.clone(),
        ),
        state_updated: before.map_or(now, |before| before.state_updated),
        configured: now,
    }
}

fn dimension_map(params: &Value) -> BTreeMap<String, String> {
    params
        .items("Dimensions")
        .iter()
        .filter_map(|pair| {
            Some((
                pair.text("Name")?.to_owned(),
                pair.text("Value")?.to_owned(),
            ))
        })
        .collect()
}

fn query(params: &Value) -> MetricQuery {
    let owned = |name: &str| params.text(name).map(str::to_owned);
    let metric = params.get("MetricStat").map(|stat| {
        let nothing = Value::empty();
        let metric = stat.get("Metric").unwrap_or(&nothing);
        WatchedMetric {
            namespace: metric.text("Namespace").unwrap_or_default().to_owned(),
            name: metric.text("MetricName").unwrap_or_default().to_owned(),
            dimensions: dimension_map(metric),
            statistic: stat.text("Stat").map(str::to_owned),
            extended_statistic: None,
            period: stat.integer("Period").unwrap_or(60),
            unit: stat.text("Unit").map(str::to_owned),
        }
    });
    MetricQuery {
        id: owned("Id").unwrap_or_default(),
        metric,
        expression: owned("Expression"),
        label: owned("Label"),
        return_data: params.boolean("ReturnData").unwrap_or(true),
        period: params.integer("Period"),
        account: owned("AccountId"),
    }
}
