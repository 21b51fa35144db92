//! What was set of an alarm, by the names of the API, so that two readings can be compared.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{ComparisonOperator, CompositeAlarm, MetricAlarm, Statistic};
use serde_json::{Value, json};

pub(super) fn metric_configuration(alarm: &MetricAlarm) -> BTreeMap<String, Value> {
    let dimensions: BTreeMap<&str, &str> = alarm
        .dimensions()
        .iter()
        .filter_map(|dimension| Some((dimension.name()?, dimension.value()?)))
        .collect();
    // Kinds with many members are kept as the SDK writes them: they are compared, never put from here.
    let whole = |written: Option<String>| written.map_or(Value::Null, Value::String);
    present(json!({
        "Type": "MetricAlarm",
        "AlarmDescription": alarm.alarm_description,
        "OKActions": alarm.ok_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric_name,
        "Dimensions": dimensions,
        "Statistic": alarm.statistic.as_ref().map(Statistic::as_str),
        "ExtendedStatistic": alarm.extended_statistic,
        "Period": alarm.period,
        "Unit": alarm.unit.as_ref().map(aws_sdk_cloudwatch::types::StandardUnit::as_str),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator.as_ref().map(ComparisonOperator::as_str),
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile,
        "Metrics": alarm.metrics().iter().map(|query| format!("{query:?}")).collect::<Vec<_>>(),
        "ThresholdMetricId": alarm.threshold_metric_id,
        "EvaluationWindow": whole(alarm.evaluation_window.as_ref().map(|one| format!("{one:?}"))),
        "WarmUpConfiguration": whole(alarm.warm_up_configuration.as_ref().map(|one| format!("{one:?}"))),
        "EvaluationCriteria": whole(alarm.evaluation_criteria.as_ref().map(|one| format!("{one:?}"))),
        "EvaluationInterval": alarm.evaluation_interval,
        "ActionConfiguration": whole(alarm.action_configuration.as_ref().map(|one| format!("{one:?}"))),
    }))
}

pub(super) fn composite_configuration(alarm: &CompositeAlarm) -> BTreeMap<String, Value> {
    present(json!({
        "Type": "CompositeAlarm",
        "AlarmDescription": alarm.alarm_description,
        "OKActions": alarm.ok_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "AlarmRule": alarm.alarm_rule,
        "ActionsSuppressor": alarm.actions_suppressor,
        "ActionsSuppressorWaitPeriod": alarm.actions_suppressor_wait_period,
        "ActionsSuppressorExtensionPeriod": alarm.actions_suppressor_extension_period,
    }))
}

/// What was set: nulls and empty lists say that something was not.
pub(super) fn present(configuration: Value) -> BTreeMap<String, Value> {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let Value::Object(members) = configuration else {
        return BTreeMap::new();
    };
    members
        .into_iter()
        .filter(|(_, value)| !empty(value))
        .collect()
}
