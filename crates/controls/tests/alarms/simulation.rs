//! CloudWatch's evaluation of an alarm, step by step, minute by minute: what the
//! decision on firing is compared with. Written from AWS's page on alarms and
//! missing data alone; it shares no code with the decision.

use orgsweep_controls::snapshot::{MetricAlarm, MetricTransformation, WatchedMetric};

use crate::math::Step;

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Alarm,
    InsufficientData,
}

/// One minute of a log group: matching events, and whether other events arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Minute {
    pub(crate) events: u32,
    pub(crate) others: bool,
}

/// Where the oldest breaching datapoint of the premature rule is looked for; the
/// documentation has both wordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oldest {
    InEvaluationPeriods,
    InEvaluationRange,
}

/// An alarm on a filter's metric.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Simulation<'a> {
    pub(crate) transformation: &'a MetricTransformation,
    pub(crate) alarm: &'a MetricAlarm,
    /// What its expression makes of the metric.
    pub(crate) steps: &'a [Step],
    /// Periods that CloudWatch fetches beyond those it evaluates; not documented.
    pub(crate) extra_periods: usize,
    pub(crate) oldest: Oldest,
}

impl Simulation<'_> {
    /// The alarm's state at the end of each minute.
    pub(crate) fn states(&self, minutes: &[Minute]) -> Vec<State> {
        let mut state = State::InsufficientData;
        (0..minutes.len())
            .map(|now| {
                state = self.next(state, &self.slots(minutes, now));
                state
            })
            .collect()
    }

    /// Minutes of one period.
    pub(crate) fn length(&self) -> usize {
        let period = self.metric().period;
        period.map_or(1, |seconds| seconds as usize / 60)
    }

    fn metric(&self) -> &WatchedMetric {
        let mut queried = self
            .alarm
            .queries
            .iter()
            .filter_map(|query| query.metric.as_ref());
        let plain = self.alarm.metric.as_ref();
        plain.or_else(|| queried.next()).expect("a metric")
    }

    /// Minutes that CloudWatch looks back.
    pub(crate) fn range(&self) -> usize {
        self.length() * (self.periods() + self.extra_periods)
    }

    fn periods(&self) -> usize {
        self.alarm.evaluation_periods.map_or(1, |n| n as usize)
    }

    fn needed(&self) -> usize {
        let needed = self.alarm.datapoints_to_alarm.map(|m| m as usize);
        needed.unwrap_or_else(|| self.periods())
    }

    /// What the alarm watches in each period, oldest first.
    fn slots(&self, minutes: &[Minute], now: usize) -> Vec<Option<f64>> {
        let seconds = self.length() as f64 * 60.0;
        let fetched = self.statistics(minutes, now);
        let steps = self.steps.iter();
        steps.fold(fetched, |series, step| step.of(&series, seconds))
    }

    /// The statistic of each period, oldest first.
    fn statistics(&self, minutes: &[Minute], now: usize) -> Vec<Option<f64>> {
        let length = self.length();
        // By the wall clock, only whole periods of the clock count.
        let newest = if self.alarm.wall_clock {
            (now + 1) / length * length
        } else {
            now + 1
        };
        (0..self.periods() + self.extra_periods)
            .rev()
            .map(|age| {
                let end = newest.saturating_sub(age * length);
                let start = newest.saturating_sub((age + 1) * length);
                self.statistic(&minutes[start..end])
            })
            .collect()
    }

    fn statistic(&self, minutes: &[Minute]) -> Option<f64> {
        let value: f64 = self.transformation.value.parse().expect("a number");
        let mut samples: Vec<f64> = Vec::new();
        for minute in minutes {
            match (minute.events, self.transformation.default_value) {
                (0, Some(default)) if minute.others => samples.push(default),
                (0, _) => {}
                (events, _) => samples.extend(std::iter::repeat_n(value, events as usize)),
            }
        }
        if samples.is_empty() {
            return None;
        }
        samples.sort_by(f64::total_cmp);
        let count = samples.len() as f64;
        let sum: f64 = samples.iter().sum();
        Some(
            match self.metric().statistic.as_deref().expect("a statistic") {
                "Sum" => sum,
                "SampleCount" => count,
                "Average" => sum / count,
                "Maximum" => samples[samples.len() - 1],
                "Minimum" => samples[0],
                // "Percentile statistics are not available for metrics when any of the
                // metric values are negative numbers."
                _ if samples[0] < 0.0 => return None,
                percentile => {
                    let share: f64 = percentile[1..].parse().expect("a percentile");
                    let rank = (share / 100.0 * count).ceil() as usize;
                    samples[rank.clamp(1, samples.len()) - 1]
                }
            },
        )
    }

    fn breaches(&self, value: f64) -> bool {
        let threshold = self.alarm.threshold.expect("a threshold");
        match self.alarm.comparison.as_deref().expect("a comparison") {
            "GreaterThanOrEqualToThreshold" => value >= threshold,
            "GreaterThanThreshold" => value > threshold,
            "LessThanThreshold" => value < threshold,
            _ => value <= threshold,
        }
    }

    /// One evaluation: the state after `before`, with these datapoints, oldest first.
    pub(crate) fn next(&self, before: State, slots: &[Option<f64>]) -> State {
        let (periods, needed) = (self.periods(), self.needed());
        let real: Vec<f64> = slots.iter().flatten().copied().collect();
        let breaching = |values: &[f64]| values.iter().filter(|v| self.breaches(**v)).count();
        let alarm_if = |alarm: bool| if alarm { State::Alarm } else { State::Ok };
        if real.len() >= periods {
            return alarm_if(breaching(&real[real.len() - periods..]) >= needed);
        }
        let treatment = self.alarm.treat_missing_data.as_deref();
        let missing = treatment.unwrap_or("missing");
        match missing {
            "breaching" => alarm_if(breaching(&real) + periods - real.len() >= needed),
            "notBreaching" => alarm_if(breaching(&real) >= needed),
            _ if real.is_empty() => match missing {
                "ignore" => before,
                _ => State::InsufficientData,
            },
            _ if breaching(&real) >= needed => State::Alarm,
            _ if self.prematurely(slots, needed) => match missing {
                "ignore" => before,
                _ => State::Alarm,
            },
            _ => State::Ok,
        }
    }

    /// The oldest breaching datapoint is as old as the datapoints that are
    /// needed, and everything else is breaching or missing.
    fn prematurely(&self, slots: &[Option<f64>], needed: usize) -> bool {
        let from = match self.oldest {
            Oldest::InEvaluationPeriods => slots.len() - self.periods(),
            Oldest::InEvaluationRange => 0,
        };
        let looked_at = &slots[from..];
        let breach = |slot: &Option<f64>| slot.is_some_and(|value| self.breaches(value));
        let clean = slots.iter().flatten().all(|value| self.breaches(*value));
        let place = looked_at.iter().position(breach);
        clean && place.is_some_and(|place| looked_at.len() - place >= needed)
    }
}
