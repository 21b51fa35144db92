//! Alarms that watch metrics: when they are evaluated, on which datapoints, and
//! what state comes out (CloudWatch user guide, "Using Amazon CloudWatch alarms").

use std::collections::BTreeMap;

use super::evaluation::{self, Missing, Wanted};
use super::math::{Line, Queries};
use super::metric::{Background, MINUTE, MetricKey, Series};
use super::publishing::unit;
use super::recording::Arrival;
use super::timeline::{AlarmPlace, Task, Timeline, Traffic};
use super::trace::{Link, Trace};
use super::{composite, transition};
use crate::state::{AlarmState, MetricAlarm, RegionState, WatchedMetric, World};

/// Alarms whose window is longer are evaluated once an hour, on whole hours.
const DAY: i64 = 24 * 3600;
const HOUR: i64 = 3600;

/// Gives the alarms of the Region the states that they have when nothing has happened for long.
pub(super) fn settle(timeline: &mut Timeline, world: &World, account: &str, region: &str) {
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

/// Schedules the evaluations that a datapoint causes; returns how many alarms watch the metric.
pub(super) fn schedule(
    timeline: &mut Timeline,
    world: &World,
    arrival: &Arrival,
    metric: &MetricKey,
    minute: i64,
) -> usize {
    let watching = with_content(world, &arrival.account, &arrival.region, |content| {
        let alarms = content.metric_alarms.iter();
        alarms
            .filter(|(_, alarm)| watched(alarm).any(|watched| key(watched) == *metric))
            .map(|(name, alarm)| (name.clone(), alarm.clone()))
            .collect::<Vec<_>>()
    })
    .unwrap_or_default();
    for (name, alarm) in &watching {
        let place = (
            arrival.account.clone(),
            arrival.region.clone(),
            name.clone(),
        );
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
    watching.len()
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

/// What an alarm sees: metrics of its own account and Region, or of an account that its query names.
struct View<'a> {
    timeline: &'a Timeline,
    world: &'a World,
    here: (&'a str, &'a str),
}

impl View<'_> {
    fn line(
        &self,
        metric: &WatchedMetric,
        account: Option<&str>,
        slots: &[(i64, i64)],
    ) -> Result<Line, String> {
        let statistic = metric
            .statistic
            .as_deref()
            .or(metric.extended_statistic.as_deref())
            .unwrap_or("Average");
        let account = account.unwrap_or(self.here.0);
        let key = key(metric);
        let background = if self.timeline.traffic == Traffic::Quiet || !key.dimensions.is_empty() {
            Vec::new()
        } else {
            with_content(self.world, account, self.here.1, |content| {
                background(content, &key)
            })
            .unwrap_or_default()
        };
        let region = (account.to_owned(), self.here.1.to_owned());
        let empty = Series::default();
        let series = self
            .timeline
            .metrics
            .get(&region)
            .and_then(|metrics| metrics.get(&key))
            .unwrap_or(&empty);
        slots
            .iter()
            .map(|&(from, to)| {
                series
                    .samples(from, to, metric.unit.as_deref(), &background)
                    .statistic(statistic)
            })
            .collect()
    }

    /// The series that the alarm's returned query gives.
    fn expression(
        &self,
        alarm: &MetricAlarm,
        slots: &[(i64, i64)],
        period: i64,
    ) -> Result<Line, String> {
        let mut lines = BTreeMap::new();
        let mut queries = Queries::default();
        for query in &alarm.queries {
            if let Some(metric) = &query.metric {
                let line = self.line(metric, query.account.as_deref(), slots)?;
                lines.insert(query.id.clone(), line);
                queries.metrics.insert(&query.id);
            } else if let Some(expression) = &query.expression {
                queries.expressions.insert(&query.id, expression);
            }
        }
        let returned = alarm
            .queries
            .iter()
            .find(|query| query.return_data)
            .ok_or("no query returns data")?;
        if let Some(line) = lines.get(&returned.id) {
            return Ok(line.clone());
        }
        let given = queries.result(&returned.id, &lines, period);
        let mut given = given.map_err(|problem| problem.to_string())?;
        match given.pop() {
            Some(series) if given.is_empty() => Ok(series.line),
            _ => Err("an alarm watches one series".to_owned()),
        }
    }
}

/// Default values that the Region's filters publish for the metric while other events arrive.
fn background(content: &RegionState, key: &MetricKey) -> Vec<Background> {
    let mut defaults = Vec::new();
    for (group, log_group) in &content.log_groups {
        for (name, filter) in &log_group.filters {
            for transformation in &filter.transformations {
                let same = transformation.namespace == key.namespace
                    && transformation.name == key.name
                    && transformation.dimensions.is_empty();
                if let Some(value) = transformation.default_value.filter(|_| same) {
                    defaults.push(Background {
                        value,
                        unit: unit(transformation.unit.as_deref()),
                        source: format!("{group}/{name}"),
                    });
                }
            }
        }
    }
    defaults
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

/// Every metric that the alarm watches.
fn watched(alarm: &MetricAlarm) -> impl Iterator<Item = &WatchedMetric> {
    let queries = alarm
        .queries
        .iter()
        .filter_map(|query| query.metric.as_ref());
    alarm.metric.iter().chain(queries)
}

fn key(metric: &WatchedMetric) -> MetricKey {
    MetricKey {
        namespace: metric.namespace.clone(),
        name: metric.name.clone(),
        dimensions: metric.dimensions.clone(),
    }
}

/// Length of the alarm's period in seconds.
fn period(alarm: &MetricAlarm) -> i64 {
    let of_queries = || alarm.queries.iter().find_map(|query| query.period);
    watched(alarm)
        .map(|metric| metric.period)
        .find(|period| *period > 0)
        .or_else(of_queries)
        .unwrap_or(MINUTE)
}

/// What `look` sees in the Region; the account is held meanwhile.
fn with_content<T>(
    world: &World,
    account: &str,
    region: &str,
    look: impl FnOnce(&RegionState) -> T,
) -> Option<T> {
    world.account(account)?.region_content(region).map(look)
}
