//! Repairs of alarms. An alarm that does not ring is left as it is, since it is
//! somebody's, and one that does is put beside it; actions that are merely
//! disabled are enabled.

use orgsweep_controls::snapshot::MetricFilter;

use super::delivery::topic_candidates;
use super::filter;
use crate::planner::act::{Act, Move};
use crate::planner::broken::Broken;
use crate::steps::{Action, Metric, Precondition};

pub(super) fn put_alarm(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    let (Some(log_group), Some(alarms)) = (broken.log_group(), broken.all_alarms()) else {
        return moves;
    };
    let taken = (alarms.metric.iter().map(|alarm| alarm.name.as_str()))
        .chain(alarms.composite.iter().map(|alarm| alarm.name.as_str()));
    let name = broken.free_own_name(taken);
    let (partition, region) = (log_group.as_arn().partition(), log_group.region());
    let account = log_group.account();
    let arn = format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}");
    let Ok(alarm) = arn.parse::<orgsweep_controls::Arn>() else {
        return moves;
    };
    for metric in broken.filters().into_iter().filter_map(published_metric) {
        for candidate in topic_candidates(broken) {
            let action = Action::PutAlarm {
                alarm: alarm.clone(),
                metric: metric.clone(),
                topic: candidate.topic.clone(),
                control: broken.control.id.clone(),
            };
            let absent = Precondition::AlarmAbsent {
                alarm: alarm.clone(),
            };
            moves.push(candidate.with(Act::step(action, vec![absent])));
        }
    }
    // No alarm can watch every published metric: one with dimensions, say. Then
    // a filter with a metric of its own is needed first.
    moves.extend(filter::put_filter(broken));
    moves
}

pub(super) fn enable_actions(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    for alarm in broken.alarms() {
        if !alarm.actions_enabled() {
            let alarm = alarm.arn().clone();
            let before = Precondition::AlarmActionsDisabled {
                alarm: alarm.clone(),
            };
            moves.push(vec![Act::step(
                Action::EnableAlarmActions { alarm },
                vec![before],
            )]);
        }
    }
    moves.extend(put_alarm(broken));
    moves
}

/// The metric that an alarm without dimensions can watch.
fn published_metric(filter: &MetricFilter) -> Option<Metric> {
    let transformation = filter.transformations.first()?;
    let plain = transformation.dimensions.is_empty() && filter.system_field_dimensions.is_empty();
    plain.then(|| Metric {
        namespace: transformation.namespace.clone(),
        name: transformation.name.clone(),
    })
}
