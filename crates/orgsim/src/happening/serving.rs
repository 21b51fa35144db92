//! What a timeline does for a world that is served: it keeps metrics, takes
//! datapoints and states from outside, and stores events where they can be read.

use chrono::{DateTime, Utc};

use super::metric::{Datapoint, MINUTE, Samples};
use super::recording::Arrival;
use super::timeline::{AlarmPlace, Task, Timeline};
use super::trace::{Link, Trace};
use super::{CloudTrailEvent, MetricKey, composite, transition, watching};
use crate::state::{AlarmState, LogEvent, World};

/// Events that a log group shows at most; the oldest go first.
const MOST_EVENTS: usize = 10_000;

/// A value for a metric from outside: PutMetricData.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) at: DateTime<Utc>,
    pub(crate) value: f64,
    pub(crate) times: usize,
    pub(crate) unit: String,
}

impl Timeline {
    /// A timeline for a served world: it keeps metrics and log events.
    pub(crate) fn serving(start: DateTime<Utc>) -> Self {
        let mut timeline = Self::new(start);
        timeline.serves = true;
        timeline
    }

    /// Adds values to a metric; alarms that watch it will be evaluated.
    pub(crate) fn put(
        &mut self,
        world: &World,
        (account, region): (&str, &str),
        metric: &MetricKey,
        sample: &Sample,
    ) {
        let minute = sample.at.timestamp().div_euclid(MINUTE) * MINUTE;
        let place = (account.to_owned(), region.to_owned());
        let series = self
            .metrics
            .entry(place)
            .or_default()
            .entry(metric.clone())
            .or_default();
        for _ in 0..sample.times {
            series.add(
                minute,
                Datapoint {
                    value: sample.value,
                    unit: sample.unit.clone(),
                    source: None,
                },
            );
        }
        let arrival = Arrival {
            account: account.to_owned(),
            region: region.to_owned(),
            group: String::new(),
        };
        watching::schedule(self, world, &arrival, metric, minute);
    }

    /// Lets an alarm change its state as SetAlarmState does: its actions run, and its next
    /// evaluation puts it where it belongs. `false` when there is no such alarm.
    pub(crate) fn set_state(
        &mut self,
        world: &World,
        place: &AlarmPlace,
        state: AlarmState,
        reason: &str,
        trace: &mut Trace,
    ) -> bool {
        let (account, region, name) = place;
        let found = world.account(account).and_then(|account| {
            let content = account.region_content(region)?;
            let metric = content.metric_alarms.get(name).cloned();
            let composite = content.composite_alarms.get(name).cloned();
            Some((metric, composite))
        });
        match found {
            Some((Some(alarm), _)) => {
                trace.pass(Link::Alarm, &alarm.arn, format!("is set: {reason}"));
                if alarm.state != state {
                    transition::of_metric_alarm(self, world, place, &alarm, state, trace);
                }
                let next = self.now() + chrono::Duration::seconds(MINUTE);
                self.schedule(next.timestamp(), Task::Evaluate(place.clone()));
                if let Some(mut account) = world.account(account)
                    && let Some(stored) = account.region(region).metric_alarms.get_mut(name)
                {
                    reason.clone_into(&mut stored.state_reason);
                }
                true
            }
            Some((None, Some(alarm))) => {
                trace.pass(Link::Alarm, &alarm.arn, format!("is set: {reason}"));
                composite::set(self, world, place, &alarm, state, trace);
                true
            }
            _ => false,
        }
    }

    /// A line that somebody puts into a log group arrives there: filters see it.
    pub(crate) fn line_arrives(
        &mut self,
        world: &World,
        (account, region, group): (&str, &str, &str),
        event: &CloudTrailEvent,
        trace: &mut Trace,
    ) {
        let arrival = Arrival {
            account: account.to_owned(),
            region: region.to_owned(),
            group: group.to_owned(),
        };
        watching::settle(self, world, account, region);
        self.filters_see(world, &arrival, event, trace);
    }

    /// Evaluates an alarm that was just put, within a minute.
    pub(crate) fn expect_evaluation(&mut self, place: &AlarmPlace) {
        let next = self.now().timestamp() + MINUTE;
        self.schedule(next, Task::Evaluate(place.clone()));
    }

    /// The metrics that have values, sorted.
    pub(crate) fn known_metrics(&self, account: &str, region: &str) -> Vec<MetricKey> {
        let place = (account.to_owned(), region.to_owned());
        let metrics = self.metrics.get(&place).into_iter();
        metrics.flat_map(|all| all.keys().cloned()).collect()
    }

    /// The samples of a metric in `[from, to)`, in seconds since the epoch.
    pub(crate) fn samples(
        &self,
        (account, region): (&str, &str),
        metric: &MetricKey,
        (from, to): (i64, i64),
        unit: Option<&str>,
    ) -> Samples {
        let place = (account.to_owned(), region.to_owned());
        self.metrics
            .get(&place)
            .and_then(|metrics| metrics.get(metric))
            .map_or_else(Samples::default, |series| {
                series.samples(from, to, unit, &[])
            })
    }
}

/// Stores a line in a log group, where FilterLogEvents finds it.
pub(crate) fn store_event(
    world: &World,
    (account, region, group): (&str, &str, &str),
    stream: &str,
    (at, now): (DateTime<Utc>, DateTime<Utc>),
    message: &str,
) {
    let Some(mut state) = world.account(account) else {
        return;
    };
    let content = state.region(region);
    let events = content.log_events.entry(group.to_owned()).or_default();
    let number = events.last().map_or(0, |last| last.number + 1);
    events.push(LogEvent {
        number,
        stream: stream.to_owned(),
        at,
        arrived: now,
        message: message.to_owned(),
    });
    if events.len() > MOST_EVENTS {
        events.remove(0);
    }
    if let Some(group) = content.log_groups.get_mut(group) {
        let stream = group.streams.entry(stream.to_owned());
        let stream = stream.or_insert_with(|| crate::state::LogStream {
            created: now,
            minutes_since_event: None,
        });
        stream.minutes_since_event = Some(0);
    }
}
