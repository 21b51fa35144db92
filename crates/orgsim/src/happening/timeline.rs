//! The timeline: a clock that jumps from one thing that happens to the next.
//! An event arrives in a log group, a datapoint enters or leaves the window of an
//! alarm, a wait ends. Between those moments nothing can change, so nothing is done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeZone as _, Utc};

use super::event::CloudTrailEvent;
use super::metric::{MINUTE, MetricKey, Series};
use super::publishing::{Patterns, published};
use super::recording::{Arrival, arrivals};
use super::trace::{Message, Trace};
use super::watching;
use crate::state::{AlarmState, World};

/// How long CloudTrail takes to deliver to a log group, in seconds: about five minutes on average.
const DELIVERY: i64 = 300;

/// How long after an event its consequences are followed at most: longer than any alarm's window.
const LONGEST: i64 = 40 * 24 * 3600;

/// Whether other events arrive in the log groups of trails. They match no filter; filters with a
/// default value publish it for each minute in which they arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Traffic {
    /// No event but those that are injected.
    #[default]
    Quiet,
    /// Some in every minute.
    Busy,
}

/// Where an alarm is: account, Region, name.
pub(super) type AlarmPlace = (String, String, String);

/// What is to be done at a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// An event arrives in a log group.
    Arrive(u64),
    /// A metric alarm is evaluated.
    Evaluate(AlarmPlace),
    /// The wait of a composite with a suppressor is over, or the extension after it.
    Unsuppress(AlarmPlace),
    /// A mute window ends; the state in which the alarm was muted.
    Unmute(AlarmPlace, &'static str),
}

/// The virtual time of a world, and all that is under way in it.
#[derive(Debug)]
pub struct Timeline {
    pub(super) now: i64,
    pub(super) traffic: Traffic,
    pub(super) extra_periods: usize,
    /// Whether it belongs to a world that is served: metrics and log events are kept then.
    pub(super) serves: bool,
    pub(super) metrics: BTreeMap<(String, String), BTreeMap<MetricKey, Series>>,
    /// Alarms whose state is that of a world in which nothing has happened for long.
    pub(super) settled: BTreeMap<AlarmPlace, DateTime<Utc>>,
    /// Alarms that are held in a state.
    pub(super) pinned: BTreeMap<AlarmPlace, AlarmState>,
    agenda: BTreeMap<i64, BTreeSet<Task>>,
    under_way: BTreeMap<u64, (Arrival, CloudTrailEvent)>,
    next_id: u64,
    patterns: Patterns,
    messages: Vec<Message>,
}

impl Timeline {
    /// A timeline that begins at `start`.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self {
            now: start.timestamp(),
            traffic: Traffic::Quiet,
            extra_periods: 2,
            serves: false,
            metrics: BTreeMap::new(),
            settled: BTreeMap::new(),
            pinned: BTreeMap::new(),
            agenda: BTreeMap::new(),
            under_way: BTreeMap::new(),
            next_id: 0,
            patterns: Patterns::new(),
            messages: Vec::new(),
        }
    }

    /// Sets whether other events arrive, from long before now on. States of alarms settle anew.
    pub fn set_traffic(&mut self, traffic: Traffic) {
        self.traffic = traffic;
        self.settled.clear();
    }

    /// Sets how many datapoints CloudWatch looks at beyond those that it evaluates. AWS documents no
    /// number; its examples fit two.
    pub fn set_extra_periods(&mut self, periods: usize) {
        self.extra_periods = periods;
        self.settled.clear();
    }

    /// Holds an alarm in a state, whatever its metric does; `None` lets it go.
    pub fn pin(&mut self, account: &str, region: &str, alarm: &str, state: Option<AlarmState>) {
        let place = (account.to_owned(), region.to_owned(), alarm.to_owned());
        match state {
            Some(state) => drop(self.pinned.insert(place, state)),
            None => drop(self.pinned.remove(&place)),
        }
        self.settled.clear();
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        moment(self.now)
    }

    /// Every message that went out so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Lets the event happen now and follows it until nothing is under way any more.
    pub fn inject(&mut self, world: &World, event: &CloudTrailEvent) -> Trace {
        let mut trace = Trace::new(self.now());
        self.begin(world, event, &mut trace);
        self.run(world, self.now + LONGEST, true, &mut trace);
        trace
    }

    /// Lets the event happen now, without waiting for what becomes of it.
    pub fn start(&mut self, world: &World, event: &CloudTrailEvent) -> Trace {
        let mut trace = Trace::new(self.now());
        self.begin(world, event, &mut trace);
        trace
    }

    /// Lets time pass; what happens in it is returned.
    pub fn pass(&mut self, world: &World, time: Duration) -> Trace {
        let mut trace = Trace::new(self.now());
        let until = self.now + i64::try_from(time.as_secs()).unwrap_or(LONGEST);
        self.run(world, until, false, &mut trace);
        trace
    }

    /// Lets time pass until `end`; nothing when it is past already.
    pub(crate) fn pass_until(&mut self, world: &World, end: DateTime<Utc>) -> Trace {
        let seconds = u64::try_from(end.timestamp() - self.now).unwrap_or(0);
        self.pass(world, Duration::from_secs(seconds))
    }

    /// When something is to be done next, in seconds since the epoch.
    pub(crate) fn next_task(&self) -> Option<i64> {
        self.agenda.keys().next().copied()
    }

    fn begin(&mut self, world: &World, event: &CloudTrailEvent, trace: &mut Trace) {
        for arrival in arrivals(world, event, trace) {
            watching::settle(self, world, &arrival.account, &arrival.region);
            let id = self.next_id;
            self.next_id += 1;
            self.under_way.insert(id, (arrival, event.clone()));
            self.schedule(self.now + DELIVERY, Task::Arrive(id));
        }
    }

    pub(super) fn schedule(&mut self, at: i64, task: Task) {
        self.agenda.entry(at).or_default().insert(task);
    }

    /// Takes a task off the agenda, wherever it is.
    pub(super) fn unschedule(&mut self, task: &Task) {
        for tasks in self.agenda.values_mut() {
            tasks.remove(task);
        }
    }

    /// Does what is due until `until`. When the clock may stop early it stays at the last moment at
    /// which something happened, and then moves on by an hour, so that nothing is left in any window.
    fn run(&mut self, world: &World, until: i64, stop_early: bool, trace: &mut Trace) {
        while let Some(entry) = self.agenda.first_entry() {
            let at = *entry.key();
            if at > until {
                break;
            }
            let tasks = entry.remove();
            self.now = self.now.max(at);
            trace.now = self.now();
            for task in tasks {
                self.carry_out(world, task, trace);
            }
        }
        self.now = if stop_early && self.agenda.is_empty() {
            self.now + 3600
        } else {
            until
        };
        if self.agenda.is_empty() && !self.serves {
            // Every window is past what was published.
            self.metrics.clear();
        }
        if !self.serves {
            self.messages.extend(trace.messages.iter().cloned());
        }
    }

    fn carry_out(&mut self, world: &World, task: Task, trace: &mut Trace) {
        match task {
            Task::Arrive(id) => {
                if let Some((arrival, event)) = self.under_way.remove(&id) {
                    self.arrive(world, &arrival, &event, trace);
                }
            }
            Task::Evaluate(place) => watching::evaluate(self, world, &place, trace),
            Task::Unsuppress(place) => super::composite::unsuppress(self, world, &place, trace),
            Task::Unmute(place, state) => {
                super::transition::unmute(self, world, &place, state, trace);
            }
        }
    }

    fn arrive(
        &mut self,
        world: &World,
        arrival: &Arrival,
        event: &CloudTrailEvent,
        trace: &mut Trace,
    ) {
        if self.serves {
            let place = (&*arrival.account, &*arrival.region, &*arrival.group);
            let stream = format!("{}_CloudTrail_{}", event.account(), arrival.region);
            let at = moment(self.now - DELIVERY);
            super::serving::store_event(world, place, &stream, (at, self.now()), event.text());
        }
        self.filters_see(world, arrival, event, trace);
    }

    /// What the filters of a log group make of an event, and which alarms are evaluated for it.
    pub(super) fn filters_see(
        &mut self,
        world: &World,
        arrival: &Arrival,
        event: &CloudTrailEvent,
        trace: &mut Trace,
    ) {
        let minute = self.now.div_euclid(MINUTE) * MINUTE;
        for point in published(world, &mut self.patterns, arrival, event, trace) {
            let region = (arrival.account.clone(), arrival.region.clone());
            self.metrics
                .entry(region)
                .or_default()
                .entry(point.metric.clone())
                .or_default()
                .add(minute, point.datapoint);
            if !watching::schedule(self, world, arrival, &point.metric, minute) {
                trace.stop(
                    super::trace::Link::Metric,
                    &point.metric.to_string(),
                    "no alarm watches it",
                );
            }
        }
    }
}

pub(super) fn moment(seconds: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(seconds, 0).single().unwrap_or_default()
}
