//! Alarms that watch metrics: when they are evaluated, on which datapoints, and
//! what state comes out (CloudWatch user guide, "Using Amazon CloudWatch alarms").

use std::collections::BTreeMap;

use super::evaluation::{self, Missing, Wanted};
use super::metric::{MINUTE, MetricKey};
use super::recording::Arrival;
use super::timeline::{AlarmPlace, Task, Timeline};
use super::trace::{Link, Trace};
use super::watched::{View, sees};
use super::{composite, transition};
use crate::state::{AlarmState, MetricAlarm, RegionState, WatchedMetric, World};

/// Alarms whose window is longer are evaluated once an hour, on whole hours.
const DAY: i64 = 24 * 3600;
const HOUR: i64 = 3600;

/// Gives the alarms of the Region, and those of other accounts that may watch its metrics, the states
/// that they have when nothing has happened for long.
pub(super) fn settle(timeline: &mut Timeline, world: &World, account: &str, region: &str) {
    for watching in accounts_watching(world, account, region, None) {
        settle_account(timeline, world, &watching, region);
    }
}

/// The account itself, and those that it is linked to in the Region: with `namespace`, those with
/// which it shares that.
fn accounts_watching(
    world: &World,
    account: &str,
    region: &str,
    namespace: Option<&str>,
) -> Vec<String> {
    let linked = with_content(world, account, region, |content| {
        let links = content.monitoring_accounts.iter();
        let shared = links.filter(|(_, link)| namespace.is_none_or(|it| link.shares(it)));
        shared.map(|(monitoring, _)| monitoring.clone()).collect()
    });
    let mut accounts: Vec<String> = linked.unwrap_or_default();
    accounts.insert(0, account.to_owned());
    accounts
}

fn settle_account(timeline: &mut Timeline, world: &World, account: &str, region: &str) {
    let place = |name: &String| (account.to_owned(), region.to_owned(), name.clone());
    let unsettled = with_content(world, account, region, |content| {
        let alarms = content.metric_alarms.iter();
        alarms
            .filter(|(name, alarm)| timeline.settled.get(&place(name)) != Some(&alarm.configured))
            .map(|(name, alarm)| (name.clone(), alarm.clone()))
            .collect::<Vec<_>>()
    });
    let mut states = BTreeMap::new();
    for (name, alarm) in unsettled.unwrap_or_default() {
        let place = place(&name);
        let state = timeline.pinned.get(&place).copied().unwrap_or_else(|| {
            // The second evaluation tells what the first one's state leads to.
            let mut state = AlarmState::InsufficientData;
            for _ in 0..2 {
                state = state_of(timeline, world, &place, &alarm, state)
                    .unwrap_or(AlarmState::InsufficientData);
            }
            state
        });
        states.insert(name, state);
        timeline.settled.insert(place, alarm.configured);
    }
    if states.is_empty() {
        return;
    }
    if let Some(mut state) = world.account(account) {
        let content = state.region(region);
        for (name, settled) in states {
            if let Some(alarm) = content.metric_alarms.get_mut(&name) {
                alarm.state = settled;
            }
        }
        composite::settle(&timeline.pinned, account, region, content);
    }
}

/// Schedules the evaluations that a datapoint causes; returns whether some alarm watches the metric.
pub(super) fn schedule(
    timeline: &mut Timeline,
    world: &World,
    arrival: &Arrival,
    metric: &MetricKey,
    minute: i64,
) -> bool {
    let (owner, region) = (&arrival.account, &arrival.region);
    let mut watching = Vec::new();
    let namespace = Some(metric.namespace.as_str());
    for here in accounts_watching(world, owner, region, namespace) {
        let found = with_content(world, &here, region, |content| {
            let alarms = content.metric_alarms.iter();
            alarms
                .filter(|(_, alarm)| sees(alarm, &here, owner, metric))
                .map(|(name, alarm)| {
                    let place = (here.clone(), region.clone(), name.clone());
                    (place, alarm.clone())
                })
                .collect::<Vec<_>>()
        });
        watching.extend(found.unwrap_or_default());
    }
    for (place, alarm) in &watching {
        let period = period(alarm);
        let range = alarm.evaluation_periods + timeline.extra_periods as i64;
        let first = minute + MINUTE.min(period);
        let times: Vec<i64> = if period * alarm.evaluation_periods > DAY {
            let start = (first + HOUR - 1).div_euclid(HOUR);
            let end = (first + (range + 1) * period).div_euclid(HOUR) + 1;
            (start..=end).map(|hour| hour * HOUR).collect()
        } else {
            (0..=range).map(|age| first + age * period).collect()
        };
        for at in times {
            timeline.schedule(at, Task::Evaluate(place.clone()));
        }
    }
    !watching.is_empty()
}

/// Evaluates an alarm and follows what its new state leads to.
pub(super) fn evaluate(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    trace: &mut Trace,
) {
    let (account, region, name) = place;
    if timeline.pinned.contains_key(place) {
        return;
    }
    let alarm = with_content(world, account, region, |content| {
        content.metric_alarms.get(name).cloned()
    });
    let Some(alarm) = alarm.flatten() else {
        return;
    };
    match state_of(timeline, world, place, &alarm, alarm.state) {
        Ok(state) if state == alarm.state => {}
        Ok(state) => transition::of_metric_alarm(timeline, world, place, &alarm, state, trace),
        Err(why) => trace.not_simulated(Link::Alarm, &alarm.arn, why),
    }
}

/// The state that an evaluation now gives.
fn state_of(
    timeline: &Timeline,
    world: &World,
    place: &AlarmPlace,
    alarm: &MetricAlarm,
    before: AlarmState,
) -> Result<AlarmState, String> {
    let periods = usize::try_from(alarm.evaluation_periods.max(1)).unwrap_or(1);
    let range = periods + timeline.extra_periods;
    let period = period(alarm);
    let now = if period * alarm.evaluation_periods > DAY {
        timeline.now.div_euclid(HOUR) * HOUR
    } else {
        timeline.now
    };
    let slots: Vec<(i64, i64)> = (0..range as i64)
        .rev()
        .map(|age| (now - (age + 1) * period, now - age * period))
        .collect();
    let threshold = alarm.threshold.ok_or("it has no fixed threshold")?;
    let view = View {
        timeline,
        world,
        here: (&place.0, &place.1),
    };
    // CloudWatch says EVALUATION_ERROR of an alarm that may not see what it watches.
    let can_evaluate = with_content(world, &place.0, &place.1, |content| {
        content.can_evaluate(&place.0, alarm)
    });
    if can_evaluate == Some(false) {
        return Ok(AlarmState::InsufficientData);
    }
    let line = if alarm.queries.is_empty() {
        let metric = alarm.metric.as_ref().ok_or("it watches no metric")?;
        if too_few_samples(&view, alarm, metric, slots.last().copied()) {
            return Ok(before);
        }
        view.line(metric, None, &slots)?
    } else {
        view.expression(alarm, &slots, period)?
    };
    let breaches: fn(f64, f64) -> bool = match alarm.comparison.as_str() {
        "GreaterThanOrEqualToThreshold" => |value, threshold| value >= threshold,
        "GreaterThanThreshold" => |value, threshold| value > threshold,
        "LessThanThreshold" => |value, threshold| value < threshold,
        "LessThanOrEqualToThreshold" => |value, threshold| value <= threshold,
        other => return Err(format!("the comparison {other} is not simulated")),
    };
    let range: Vec<Option<bool>> = line
        .into_iter()
        .map(|value| value.map(|value| breaches(value, threshold)))
        .collect();
    let to_alarm = alarm
        .datapoints_to_alarm
        .unwrap_or(alarm.evaluation_periods);
    let wanted = Wanted {
        periods,
        to_alarm: usize::try_from(to_alarm.max(1)).unwrap_or(1),
        missing: Missing::named(alarm.treat_missing_data.as_deref()),
    };
    Ok(evaluation::state(before, &range, wanted))
}

/// Percentiles of few samples leave the state as it is, where the alarm wants that
/// ("Percentile-based alarms and low data samples").
fn too_few_samples(
    view: &View<'_>,
    alarm: &MetricAlarm,
    metric: &WatchedMetric,
    newest: Option<(i64, i64)>,
) -> bool {
    let rank = metric
        .extended_statistic
        .as_deref()
        .and_then(|name| name.strip_prefix('p')?.parse::<f64>().ok());
    let (Some(rank), Some("ignore"), Some(slot)) =
        (rank, alarm.low_sample_percentile.as_deref(), newest)
    else {
        return false;
    };
    let share = rank / 100.0;
    let needed = if share >= 0.5 {
        10.0 / (1.0 - share)
    } else {
        10.0 / share
    };
    let counted = WatchedMetric {
        statistic: Some("SampleCount".to_owned()),
        extended_statistic: None,
        ..metric.clone()
    };
    let count = view.line(&counted, None, &[slot]);
    count.is_ok_and(|line| line.first().copied().flatten().unwrap_or(0.0) < needed)
}

/// Length of the alarm's period in seconds.
fn period(alarm: &MetricAlarm) -> i64 {
    let of_queries = || alarm.queries.iter().find_map(|query| query.period);
    let queried = alarm
        .queries
        .iter()
        .filter_map(|query| query.metric.as_ref());
    let watched = alarm.metric.iter().chain(queried);
    watched
        .map(|metric| metric.period)
        .find(|period| *period > 0)
        .or_else(of_queries)
        .unwrap_or(MINUTE)
}

/// What `look` sees in the Region; the account is held meanwhile.
pub(super) fn with_content<T>(
    world: &World,
    account: &str,
    region: &str,
    look: impl FnOnce(&RegionState) -> T,
) -> Option<T> {
    world.account(account)?.region_content(region).map(look)
}
