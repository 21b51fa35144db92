//! Alarms that wait: each watches a metric of its owner's own that no filter publishes, because
//! the filter was deleted, never made, or publishes under another name.

use crate::snapshot::{Alarms, MetricAlarm, MetricFilter, WatchedMetric};

/// The alarms that watch one metric without dimensions in a namespace that is not AWS's, which none
/// of `filters` publishes. Programs may publish it, which cannot be seen.
pub fn waiting_alarms<'a>(
    alarms: &'a Alarms,
    filters: &[&MetricFilter],
) -> impl Iterator<Item = (&'a MetricAlarm, &'a WatchedMetric)> {
    let is_published = |metric: &WatchedMetric| {
        let mut published = filters.iter().flat_map(|filter| &filter.transformations);
        published.any(|made| made.namespace == metric.namespace && made.name == metric.name)
    };
    let watched = alarms.metric.iter().filter_map(|alarm| {
        let metric = alarm.metric.as_ref()?;
        Some((alarm, metric))
    });
    let waits = move |(_, metric): &(&MetricAlarm, &WatchedMetric)| {
        let of_aws = metric.namespace.starts_with("AWS/");
        !of_aws && metric.dimensions.is_empty() && !is_published(metric)
    };
    watched.filter(waits)
}
