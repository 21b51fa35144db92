//! What is under way in a served world: one timeline that keeps up with the
//! world's clock, and the steps that events took, for whoever watches.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::happening::{
    CloudTrailEvent, MetricKey, Sample, Samples, Step, Timeline, Trace, Traffic,
};
use crate::state::{AlarmState, World};

/// Steps that are remembered for whoever watches.
const REMEMBERED: usize = 10_000;

/// A served world's timeline.
pub struct Live {
    timeline: Mutex<Timeline>,
    /// When something is to be done next, in seconds since the epoch.
    due: AtomicI64,
    steps: Mutex<Steps>,
}

#[derive(Default)]
struct Steps {
    /// Number of the first that is remembered.
    first: u64,
    steps: VecDeque<Step>,
}

impl Live {
    pub(crate) fn new(start: DateTime<Utc>) -> Self {
        Self {
            timeline: Mutex::new(Timeline::serving(start)),
            due: AtomicI64::new(i64::MAX),
            steps: Mutex::default(),
        }
    }

    /// Does everything that is due on the world's clock. Nobody may hold an account meanwhile.
    pub fn catch_up(&self, world: &World) {
        if world.now().timestamp() >= self.due.load(Ordering::Acquire) {
            self.act(world, |_, _| ());
        }
    }

    /// Lets an event happen now; what becomes of it happens as the clock moves.
    pub fn inject(&self, world: &World, event: &CloudTrailEvent) -> Trace {
        self.act(world, |timeline, trace| {
            *trace = timeline.start(world, event);
        })
    }

    /// Moves the world's clock ahead and does everything that is due on the way.
    pub fn advance(&self, world: &World, time: Duration) -> Trace {
        // What was due before the clock moves is done first.
        self.act(world, |_, _| ());
        world.move_clock(time);
        self.act(world, |_, _| ())
    }

    /// Sets whether other events arrive all the time.
    pub fn set_traffic(&self, world: &World, traffic: Traffic) {
        self.act(world, |timeline, _| timeline.set_traffic(traffic));
    }

    /// The steps from number `first` on, and the number of the next one.
    pub fn steps_from(&self, first: u64) -> (Vec<Step>, u64) {
        let steps = lock(&self.steps);
        let skipped = usize::try_from(first.saturating_sub(steps.first)).unwrap_or(usize::MAX);
        let next = steps.first + steps.steps.len() as u64;
        (steps.steps.iter().skip(skipped).cloned().collect(), next)
    }

    pub(crate) fn put(
        &self,
        world: &World,
        place: (&str, &str),
        metric: &MetricKey,
        sample: &Sample,
    ) {
        self.act(world, |timeline, _| {
            timeline.put(world, place, metric, sample);
        });
    }

    /// `false` when there is no such alarm.
    pub(crate) fn set_state(
        &self,
        world: &World,
        place: (&str, &str, &str),
        state: AlarmState,
        reason: &str,
    ) -> bool {
        let place = (place.0.to_owned(), place.1.to_owned(), place.2.to_owned());
        let mut found = false;
        self.act(world, |timeline, trace| {
            found = timeline.set_state(world, &place, state, reason, trace);
        });
        found
    }

    pub(crate) fn expect_evaluation(&self, world: &World, place: (&str, &str, &str)) {
        let place = (place.0.to_owned(), place.1.to_owned(), place.2.to_owned());
        self.act(world, |timeline, _| timeline.expect_evaluation(&place));
    }

    pub(crate) fn arrive(&self, world: &World, place: (&str, &str, &str), event: &CloudTrailEvent) {
        self.act(world, |timeline, trace| {
            timeline.line_arrives(world, place, event, trace);
        });
    }

    pub(crate) fn known_metrics(&self, account: &str, region: &str) -> Vec<MetricKey> {
        lock(&self.timeline).known_metrics(account, region)
    }

    pub(crate) fn samples(
        &self,
        place: (&str, &str),
        metric: &MetricKey,
        range: (i64, i64),
        unit: Option<&str>,
    ) -> Samples {
        lock(&self.timeline).samples(place, metric, range, unit)
    }

    /// Catches up, acts, catches up with what came of it, and remembers the steps.
    fn act(&self, world: &World, act: impl FnOnce(&mut Timeline, &mut Trace)) -> Trace {
        let mut timeline = lock(&self.timeline);
        let mut passed = timeline.pass_until(world, world.now());
        let mut trace = Trace::at(timeline.now());
        act(&mut timeline, &mut trace);
        passed.steps.append(&mut trace.steps);
        passed.messages.append(&mut trace.messages);
        passed.not_simulated.append(&mut trace.not_simulated);
        self.due
            .store(timeline.next_task().unwrap_or(i64::MAX), Ordering::Release);
        self.remember(&passed);
        passed
    }

    fn remember(&self, trace: &Trace) {
        if trace.steps.is_empty() {
            return;
        }
        let mut steps = lock(&self.steps);
        steps.steps.extend(trace.steps.iter().cloned());
        while steps.steps.len() > REMEMBERED {
            steps.steps.pop_front();
            steps.first += 1;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
