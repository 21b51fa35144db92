//! Alarms on a filter's metric, generated.

use std::collections::BTreeMap;

use orgsweep_controls::snapshot::{MetricAlarm, MetricQuery, MetricTransformation, WatchedMetric};
use proptest::prelude::*;
use proptest::sample::select;

use crate::math::{STEPS, Step};

/// An alarm with the traffic and the distances of events that it is tried with.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) transformation: MetricTransformation,
    pub(crate) alarm: MetricAlarm,
    /// What its expression makes of the metric; nothing for a plain alarm.
    pub(crate) steps: Vec<Step>,
    pub(crate) traffic: Vec<bool>,
    pub(crate) gaps: Vec<usize>,
}

const STATISTICS: &[&str] = &[
    "Sum",
    "SampleCount",
    "Average",
    "Maximum",
    "Minimum",
    "p10",
    "p50",
    "p99",
];
const COMPARISONS: &[&str] = &[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
];

prop_compose! {
    /// A metric and its alarm.
    pub(crate) fn case()(
        value in select(&["1", "0", "2", "-1", "0.5"]),
        default in select(&[None, None, Some(0.0), Some(1.0), Some(0.3)]),
        statistic in select(STATISTICS),
        period in select(&[60, 120, 300]),
        periods in 1..=4_i32,
        needed in prop::option::of(1..=4_i32),
        threshold in select(&[0.0, 0.5, 1.0, 2.0, 5.0]),
        comparison in select(COMPARISONS),
        missing in select(&[None, Some("missing"), Some("notBreaching"), Some("ignore"), Some("breaching")]),
        wall_clock in prop::bool::weighted(0.1),
        steps in prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(select(STEPS), 1..=3),
        ],
        traffic in prop::collection::vec(any::<bool>(), 16..64),
        gaps in prop::collection::vec(0..12_usize, 2..5),
    ) -> Case {
        let plain = alarm(statistic, period);
        let watching = if steps.is_empty() { plain } else { on_expression(plain, &steps) };
        Case {
            transformation: transformation(value, default),
            steps,
            alarm: MetricAlarm {
                evaluation_periods: Some(periods),
                datapoints_to_alarm: needed.map(|needed| needed.min(periods)),
                threshold: Some(threshold),
                comparison: Some(comparison.to_owned()),
                treat_missing_data: missing.map(str::to_owned),
                wall_clock,
                ..watching
            },
            traffic,
            gaps,
        }
    }
}

/// The metric `m` of a filter.
pub(crate) fn transformation(value: &str, default_value: Option<f64>) -> MetricTransformation {
    MetricTransformation {
        namespace: "N".to_owned(),
        name: "m".to_owned(),
        value: value.to_owned(),
        default_value,
        dimensions: BTreeMap::new(),
        unit: None,
    }
}

/// The alarm on what the steps make of its metric.
fn on_expression(alarm: MetricAlarm, steps: &[Step]) -> MetricAlarm {
    let text = steps.iter().fold("m1".to_owned(), |x, step| step.text(&x));
    let query = |id: &str, metric: Option<WatchedMetric>, expression: Option<String>| MetricQuery {
        id: id.to_owned(),
        return_data: expression.is_some(),
        period: None,
        metric,
        expression,
        account: None,
    };
    MetricAlarm {
        queries: vec![
            query("e1", None, Some(text)),
            query("m1", alarm.metric, None),
        ],
        metric: None,
        ..alarm
    }
}

/// An alarm on it: at least 1 in one of one periods.
pub(crate) fn alarm(statistic: &str, period: i32) -> MetricAlarm {
    MetricAlarm {
        name: "a".to_owned(),
        arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"
            .parse()
            .expect("an ARN"),
        actions_enabled: true,
        alarm_actions: Vec::new(),
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        metric: Some(WatchedMetric {
            namespace: "N".to_owned(),
            name: "m".to_owned(),
            dimensions: BTreeMap::new(),
            statistic: Some(statistic.to_owned()),
            period: Some(period),
            unit: None,
        }),
        queries: Vec::new(),
        threshold_metric_id: None,
        other_kind: None,
        evaluation_periods: Some(1),
        datapoints_to_alarm: None,
        threshold: Some(1.0),
        comparison: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: None,
        low_sample_percentile: None,
        wall_clock: false,
        evaluation_error: false,
        warm_up_minutes: None,
    }
}
