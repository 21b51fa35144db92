//! An alarm changes its state: history, actions, mute windows, and the composites
//! above it. Actions run on transitions only (CloudWatch user guide, "Alarm actions").

use chrono::Duration;
use serde_json::json;

use super::notification::{self, Ringing};
use super::timeline::{AlarmPlace, Task, Timeline};
use super::trace::{Link, Trace};
use super::{composite, mute};
use crate::state::{AlarmState, HistoryItem, MetricAlarm, RegionState, World};

/// How long AWS keeps the history of alarms.
const KEPT_DAYS: i64 = 30;
/// From how many items on the history is looked through for old ones.
const MANY: usize = 1000;

/// An alarm's actions for each state, and whether they run.
pub(super) struct Actions<'a> {
    pub(super) enabled: bool,
    pub(super) alarm: &'a [String],
    pub(super) ok: &'a [String],
    pub(super) insufficient_data: &'a [String],
}

impl Actions<'_> {
    fn of(&self, state: AlarmState) -> &[String] {
        match state {
            AlarmState::Alarm => self.alarm,
            AlarmState::Ok => self.ok,
            AlarmState::InsufficientData => self.insufficient_data,
        }
    }
}

/// A metric alarm goes to `state`.
pub(super) fn of_metric_alarm(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    alarm: &MetricAlarm,
    state: AlarmState,
    trace: &mut Trace,
) {
    let (account, region, name) = place;
    let reason = match state {
        AlarmState::Alarm => "Threshold Crossed: a datapoint reached the threshold.",
        AlarmState::Ok => "Threshold Crossed: no datapoint reached the threshold.",
        AlarmState::InsufficientData => "Insufficient Data: no datapoints were received.",
    };
    if let Some(mut account) = world.account(account)
        && let Some(stored) = account.region(region).metric_alarms.get_mut(name)
    {
        stored.state = state;
        reason.clone_into(&mut stored.state_reason);
        stored.state_updated = timeline.now();
    }
    remember(
        timeline,
        world,
        place,
        "MetricAlarm",
        "StateUpdate",
        update(alarm.state, state),
    );
    let text = format!("{} → {state}", alarm.state);
    trace.pass(Link::Alarm, &alarm.arn, text);
    let mut now = alarm.clone();
    now.state = state;
    reason.clone_into(&mut now.state_reason);
    ring(timeline, world, place, alarm.state, &now, trace);
    composite::after_change(timeline, world, place, alarm.state, state, trace);
}

/// Runs the actions of a metric alarm for the state that it is in now.
fn ring(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    before: AlarmState,
    alarm: &MetricAlarm,
    trace: &mut Trace,
) {
    let ringing = Ringing {
        arn: &alarm.arn,
        name: &place.2,
        description: alarm.description.as_deref(),
        before,
        after: alarm.state,
        reason: &alarm.state_reason,
        at: timeline.now(),
        trigger: Some(trigger(alarm)),
    };
    let actions = Actions {
        enabled: alarm.actions_enabled,
        alarm: &alarm.alarm_actions,
        ok: &alarm.ok_actions,
        insufficient_data: &alarm.insufficient_data_actions,
    };
    let kind = "MetricAlarm";
    act(timeline, world, place, kind, &ringing, &actions, trace);
}

fn trigger(alarm: &MetricAlarm) -> serde_json::Value {
    let Some(metric) = &alarm.metric else {
        return json!({ "Metrics": [] });
    };
    let dimensions: Vec<_> = metric
        .dimensions
        .iter()
        .map(|(name, value)| json!({ "value": value, "name": name }))
        .collect();
    json!({
        "MetricName": metric.name,
        "Namespace": metric.namespace,
        "StatisticType": if metric.statistic.is_some() { "Statistic" } else { "ExtendedStatistic" },
        "Statistic": metric.statistic.as_deref().map(str::to_uppercase),
        "Unit": metric.unit,
        "Dimensions": dimensions,
        "Period": metric.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data.as_deref().unwrap_or("missing"),
        "EvaluateLowSampleCountPercentile": alarm.low_sample_percentile.as_deref().unwrap_or(""),
    })
}

/// Runs the actions of the new state, unless they are disabled or muted.
pub(super) fn act(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    alarm_type: &'static str,
    ringing: &Ringing<'_>,
    actions: &Actions<'_>,
    trace: &mut Trace,
) {
    let tells = ringing.after == AlarmState::Alarm;
    if !actions.enabled {
        if tells {
            trace.stop(
                Link::Action,
                ringing.arn,
                "the alarm's actions are disabled",
            );
        }
        return;
    }
    let actions = actions.of(ringing.after);
    if actions.is_empty() && tells {
        trace.stop(Link::Action, ringing.arn, "no action for ALARM");
    }
    if !actions.is_empty()
        && let Some(end) = muted_until(timeline, world, place)
    {
        let text = format!("muted until {}", end.format("%Y-%m-%d %H:%M"));
        trace.stop(Link::Action, ringing.arn, text);
        let task = Task::Unmute(place.clone(), ringing.after.as_str());
        timeline.schedule(end.timestamp(), task);
        return;
    }
    for action in actions {
        let summary = match notification::carry_out(world, ringing, action, trace) {
            Ok(()) => format!("Successfully executed action {action}"),
            Err(why) => format!("Failed to execute action {action}. Received error: \"{why}\""),
        };
        remember(timeline, world, place, alarm_type, "Action", summary);
    }
}

/// The end of the last mute window that holds now.
fn muted_until(
    timeline: &Timeline,
    world: &World,
    (account, region, name): &AlarmPlace,
) -> Option<chrono::DateTime<chrono::Utc>> {
    let account = world.account(account)?;
    let rules = account.region_content(region)?.mute_rules.values();
    rules
        .filter(|rule| rule.alarm_names.contains(name))
        .filter_map(|rule| mute::muted_until(rule, timeline.now()))
        .max()
}

/// A mute window ends: an alarm that is still in the state in which it was muted acts now.
pub(super) fn unmute(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    muted_in: &'static str,
    trace: &mut Trace,
) {
    let (account, region, name) = place;
    let content = world.account(account).and_then(|state| {
        state
            .region_content(region)
            .map(RegionState::alarms_and_topics)
    });
    let Some(content) = content else {
        return;
    };
    if let Some(alarm) = content.metric_alarms.get(name)
        && alarm.state.as_str() == muted_in
    {
        ring(timeline, world, place, alarm.state, alarm, trace);
    } else if let Some(alarm) = content.composite_alarms.get(name)
        && alarm.state.as_str() == muted_in
    {
        composite::act(timeline, world, place, alarm, alarm.state, trace);
    }
}

pub(super) fn update(before: AlarmState, after: AlarmState) -> String {
    format!("Alarm updated from {before} to {after}")
}

pub(super) fn remember(
    timeline: &Timeline,
    world: &World,
    (account, region, name): &AlarmPlace,
    alarm_type: &'static str,
    kind: &'static str,
    summary: String,
) {
    if let Some(mut account) = world.account(account) {
        let history = &mut account.region(region).alarm_history;
        let oldest = timeline.now() - Duration::days(KEPT_DAYS);
        if history.len() > MANY && history[0].at < oldest {
            history.retain(|item| item.at >= oldest);
        }
        history.push(HistoryItem {
            alarm: name.clone(),
            alarm_type,
            at: timeline.now(),
            kind,
            summary,
            data: "{\"version\":\"1.0\"}".to_owned(),
        });
    }
}
