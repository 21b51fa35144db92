//! Repairs of metric filters: one with the control's own pattern, beside those
//! that are there. Where an alarm already watches a metric of the broken chain,
//! the new filter may publish that metric, which saves the alarm.

use orgsweep_controls::LogGroupArn;
use orgsweep_controls::snapshot::MetricFilter;

use crate::human::HumanAct;
use crate::planner::act::{Act, Move};
use crate::planner::broken::Broken;
use crate::steps::{Action, Cost, Metric, Precondition};

use super::names::free_name;

/// A log group's metric filters, at most; not adjustable.
const FILTERS_PER_GROUP: usize = 100;

pub(super) fn put_filter(broken: &Broken<'_>) -> Vec<Move> {
    let (Some(log_group), Some(filters)) = (broken.log_group(), broken.all_filters()) else {
        return Vec::new();
    };
    if filters.len() >= FILTERS_PER_GROUP {
        return vec![vec![Act::Human(HumanAct::MakeRoomForFilter { log_group })]];
    }
    let catalog = broken.world.facts().catalog;
    let Some(required) = broken.control.requirement(catalog.framework()) else {
        return Vec::new();
    };
    let taken = || filters.iter().map(|filter| filter.name.as_str());
    let mut moves = copies(broken, &log_group, filters, required.pattern());
    let filter = broken.free_own_name(taken());
    let mut metrics = watched_metrics(broken, required.pattern());
    let own = broken.own_metric();
    if !metrics.contains(&own) {
        metrics.push(own);
    }
    moves.extend(metrics.into_iter().map(|metric| {
        let published = filters.iter().any(|filter| publishes(filter, &metric));
        let action = Action::PutMetricFilter {
            log_group: log_group.clone(),
            filter: filter.clone(),
            pattern: required.pattern().to_owned(),
            metric,
        };
        vec![Act::Step {
            cost: if published {
                Cost::NONE
            } else {
                Cost::of(&action)
            },
            action,
            preconditions: vec![Precondition::FilterAbsent {
                log_group: log_group.clone(),
                filter: filter.clone(),
            }],
        }]
    }));
    moves
}

/// The filters for the control on groups that are no longer written to, put on the one that
/// is, with the same name, pattern and metric, so that their alarms ring again. Only those
/// that a step can copy whole.
fn copies(
    broken: &Broken<'_>,
    log_group: &LogGroupArn,
    there: &[MetricFilter],
    required: &str,
) -> Vec<Move> {
    broken
        .abandoned_filters(required)
        .into_iter()
        .filter_map(|abandoned| {
            let metric = plain_metric(abandoned)?;
            let copied = |filter: &MetricFilter| {
                filter.pattern == abandoned.pattern && publishes(filter, &metric)
            };
            if there.iter().any(copied) {
                return None;
            }
            let taken = there.iter().map(|filter| filter.name.as_str());
            let filter = free_name(&abandoned.name, taken);
            let action = Action::PutMetricFilter {
                log_group: log_group.clone(),
                filter: filter.clone(),
                pattern: abandoned.pattern.clone(),
                metric,
            };
            Some(vec![Act::Step {
                // The metric is the one that is billed already.
                cost: Cost::NONE,
                action,
                preconditions: vec![Precondition::FilterAbsent {
                    log_group: log_group.clone(),
                    filter,
                }],
            }])
        })
        .collect()
}

/// The one metric that a filter publishes with value 1 and nothing else to it, as a step puts it.
fn plain_metric(filter: &MetricFilter) -> Option<Metric> {
    let [transformation] = &filter.transformations[..] else {
        return None;
    };
    let plain = transformation.value == "1"
        && transformation.default_value.is_none()
        && transformation.dimensions.is_empty()
        && transformation
            .unit
            .as_deref()
            .is_none_or(|unit| unit == "None")
        && filter.system_field_dimensions.is_empty()
        && filter.field_selection.is_none()
        && !filter.on_transformed_logs;
    plain.then(|| Metric {
        namespace: transformation.namespace.clone(),
        name: transformation.name.clone(),
    })
}

/// The metrics that are about the control alone and that an alarm of the Region
/// watches: of its filters, and of alarms that wait for one and are called after the
/// control. Never one that means something else too: its alarm would mislead.
fn watched_metrics(broken: &Broken<'_>, required: &str) -> Vec<Metric> {
    let alarms = broken.all_alarms();
    let watched = |metric: &Metric| {
        alarms.is_some_and(|alarms| {
            alarms.metric.iter().any(|alarm| {
                alarm.metric.as_ref().is_some_and(|watched| {
                    watched.namespace == metric.namespace
                        && watched.name == metric.name
                        && watched.dimensions.is_empty()
                })
            })
        })
    };
    let mut metrics = Vec::new();
    for (_, waited_for) in broken.waiting_alarms() {
        let metric = Metric {
            namespace: waited_for.namespace.clone(),
            name: waited_for.name.clone(),
        };
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    for filter in broken.own_filters(required) {
        for transformation in &filter.transformations {
            let metric = Metric {
                namespace: transformation.namespace.clone(),
                name: transformation.name.clone(),
            };
            let plain = transformation.dimensions.is_empty()
                && transformation
                    .unit
                    .as_deref()
                    .is_none_or(|unit| unit == "None");
            if plain && watched(&metric) && !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
    }
    metrics
}

fn publishes(filter: &MetricFilter, metric: &Metric) -> bool {
    filter
        .transformations
        .iter()
        .any(|published| published.namespace == metric.namespace && published.name == metric.name)
}
