//! CloudWatch's evaluation of an alarm, step by step, and the check that the
//! decision on firing agrees with it: two independent ways to the same answer.
//! The rules are those of AWS's page on alarms and missing data.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::alarm;
use super::firing::Firing;
use crate::ids::AccountId;
use crate::reason::Reason;
use crate::snapshot::{MetricAlarm, MetricFilter, MetricTransformation, WatchedMetric};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Alarm,
    InsufficientData,
}

/// What happens in each minute: matching events, and whether other events arrive.
type Minutes = Vec<(u32, bool)>;

struct Simulation<'a> {
    transformation: &'a MetricTransformation,
    alarm: &'a MetricAlarm,
    /// Periods that CloudWatch fetches beyond those it evaluates.
    extra_periods: usize,
}

impl Simulation<'_> {
    /// The alarm's state at the end of each minute.
    fn states(&self, minutes: &Minutes) -> Vec<State> {
        let mut state = State::InsufficientData;
        (0..minutes.len())
            .map(|now| {
                state = self.next(state, &self.slots(minutes, now));
                state
            })
            .collect()
    }

    /// The statistic of each period, oldest first.
    fn slots(&self, minutes: &Minutes, now: usize) -> Vec<Option<f64>> {
        let metric = self.alarm.metric.as_ref().unwrap();
        let length = usize::try_from(metric.period.unwrap() / 60).unwrap();
        let range = self.periods() + self.extra_periods;
        (0..range)
            .rev()
            .map(|age| {
                let end = (now + 1).saturating_sub(age * length);
                let start = (now + 1).saturating_sub((age + 1) * length);
                self.statistic(&minutes[start..end])
            })
            .collect()
    }

    fn statistic(&self, minutes: &[(u32, bool)]) -> Option<f64> {
        let value: f64 = self.transformation.value.parse().unwrap();
        let mut samples: Vec<f64> = Vec::new();
        for (events, others) in minutes {
            match (events, self.transformation.default_value) {
                (0, Some(default)) if *others => samples.push(default),
                (0, _) => {}
                (events, _) => samples.extend(std::iter::repeat_n(value, *events as usize)),
            }
        }
        if samples.is_empty() {
            return None;
        }
        let count = samples.len() as f64;
        let sum: f64 = samples.iter().sum();
        let metric = self.alarm.metric.as_ref().unwrap();
        Some(match metric.statistic.as_deref().unwrap() {
            "Sum" => sum,
            "SampleCount" => count,
            "Average" => sum / count,
            "Maximum" => samples.into_iter().fold(f64::MIN, f64::max),
            "Minimum" => samples.into_iter().fold(f64::MAX, f64::min),
            other => panic!("{other}"),
        })
    }

    fn periods(&self) -> usize {
        usize::try_from(self.alarm.evaluation_periods.unwrap()).unwrap()
    }

    fn breaches(&self, value: f64) -> bool {
        let threshold = self.alarm.threshold.unwrap();
        match self.alarm.comparison.as_deref().unwrap() {
            "GreaterThanOrEqualToThreshold" => value >= threshold,
            "GreaterThanThreshold" => value > threshold,
            "LessThanThreshold" => value < threshold,
            _ => value <= threshold,
        }
    }

    fn next(&self, before: State, slots: &[Option<f64>]) -> State {
        let periods = self.periods();
        let needed = self
            .alarm
            .datapoints_to_alarm
            .map_or(periods, |m| m as usize);
        let real: Vec<f64> = slots.iter().flatten().copied().collect();
        let breaching = |values: &[f64]| values.iter().filter(|v| self.breaches(**v)).count();
        let alarm_if = |alarm: bool| if alarm { State::Alarm } else { State::Ok };
        if real.len() >= periods {
            return alarm_if(breaching(&real[real.len() - periods..]) >= needed);
        }
        let missing = self
            .alarm
            .treat_missing_data
            .as_deref()
            .unwrap_or("missing");
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
        let evaluated = &slots[slots.len() - self.periods()..];
        let oldest = evaluated
            .iter()
            .position(|slot| slot.is_some_and(|value| self.breaches(value)));
        let clean = slots.iter().flatten().all(|value| self.breaches(*value));
        clean && oldest.is_some_and(|place| evaluated.len() - place >= needed)
    }

    /// A long silence, an event (or several in one minute), a long silence, and
    /// the same again; whether each made the alarm go to ALARM, and whether it
    /// was there before.
    fn twice(&self, events: u32, others: &dyn Fn(usize) -> bool) -> ([bool; 2], bool) {
        let length = self.alarm.metric.as_ref().unwrap().period.unwrap() / 60;
        let range = usize::try_from(length).unwrap() * (self.periods() + self.extra_periods);
        let silence = range * 2 + 5;
        let at = [silence, silence * 2 + 1];
        let minutes: Minutes = (0..=silence * 3 + 1)
            .map(|minute| {
                let events = if at.contains(&minute) { events } else { 0 };
                (events, others(minute))
            })
            .collect();
        let states = self.states(&minutes);
        let rings = at.map(|at| {
            (at..at + silence)
                .any(|now| states[now] == State::Alarm && states[now - 1] != State::Alarm)
        });
        (rings, states[..at[0]].contains(&State::Alarm))
    }
}

fn made(transformation: &MetricTransformation, alarm: MetricAlarm) -> (MetricFilter, MetricAlarm) {
    let filter = MetricFilter {
        name: "f".to_owned(),
        pattern: String::new(),
        transformations: vec![transformation.clone()],
        on_transformed_logs: false,
        field_selection: None,
        system_field_dimensions: Vec::new(),
    };
    (filter, alarm)
}

prop_compose! {
    fn any_alarm()(
        value in prop::sample::select(vec!["1", "0", "2", "-1", "0.5"]),
        default in prop::sample::select(vec![None, None, Some(0.0), Some(1.0), Some(0.3)]),
        statistic in prop::sample::select(vec!["Sum", "SampleCount", "Average", "Maximum", "Minimum"]),
        period in prop::sample::select(vec![60, 120, 300]),
        periods in 1..=3_i32,
        needed in prop::option::of(1..=3_i32),
        threshold in prop::sample::select(vec![0.0, 0.5, 1.0, 2.0, 5.0]),
        comparison in prop::sample::select(vec![
            "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold",
            "LessThanOrEqualToThreshold",
        ]),
        missing in prop::sample::select(vec![None, Some("missing"), Some("notBreaching"), Some("ignore"), Some("breaching")]),
    ) -> (MetricTransformation, MetricAlarm) {
        let transformation = MetricTransformation {
            namespace: "N".to_owned(),
            name: "m".to_owned(),
            value: value.to_owned(),
            default_value: default,
            dimensions: BTreeMap::new(),
            unit: None,
        };
        let alarm = MetricAlarm {
            name: "a".to_owned(),
            arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a".parse().unwrap(),
            actions_enabled: true,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            metric: Some(WatchedMetric {
                namespace: "N".to_owned(),
                name: "m".to_owned(),
                dimensions: BTreeMap::new(),
                statistic: Some(statistic.to_owned()),
                period: Some(period),
                unit: None,
            }),
            queries: Vec::new(),
            threshold_metric_id: None,
            other_kind: None,
            evaluation_periods: Some(periods),
            datapoints_to_alarm: needed.map(|needed| needed.min(periods)),
            threshold: Some(threshold),
            comparison: Some(comparison.to_owned()),
            treat_missing_data: missing.map(str::to_owned),
            low_sample_percentile: None,
        };
        (transformation, alarm)
    }
}

proptest! {
    #[test]
    fn the_decision_agrees_with_the_step_by_step_evaluation(
        (transformation, alarm) in any_alarm(),
        extra_periods in 0..4_usize,
        traffic in prop::collection::vec(any::<bool>(), 64),
    ) {
        let (filter, alarm) = made(&transformation, alarm);
        let account: AccountId = "111122223333".parse().unwrap();
        let decided = alarm::firing(&filter, &transformation, &alarm, &account);
        let simulation = Simulation { transformation: &transformation, alarm: &alarm, extra_periods };
        let busy = |_: usize| true;
        let quiet = |_: usize| false;
        let mixed = |minute: usize| traffic[minute % traffic.len()];
        // Other events in one minute of each period.
        let length = alarm.metric.as_ref().unwrap().period.unwrap() / 60;
        let sparse = |minute: usize| minute.is_multiple_of(usize::try_from(length).unwrap());
        let every: [&dyn Fn(usize) -> bool; 4] = [&busy, &quiet, &mixed, &sparse];
        let some_events = [1, 2, 3, 4, 5, 10, 100, 1000];
        match decided {
            Firing::OnOneEvent(notes) => {
                // These two say so in a note: they need other events to come.
                let needs_traffic = notes.iter().any(|note| {
                    ["rings_in_silence", "late_recovery"].contains(&note.code.as_str())
                });
                let traffics = if needs_traffic { &every[..1] } else { &every[..] };
                for others in traffics {
                    for events in [1, 2, 5] {
                        let (rings, _) = simulation.twice(events, others);
                        prop_assert_eq!(rings, [true, true]);
                    }
                }
            }
            Firing::Not(Reason::AlarmAlwaysFiring, _) => {
                let before = every.iter().any(|others| simulation.twice(1, others).1);
                prop_assert!(before, "never in ALARM without events");
            }
            Firing::Not(Reason::AlarmFiresOnce, _) => {
                let (rings, _) = simulation.twice(1, &quiet);
                prop_assert_eq!(rings, [true, false]);
            }
            Firing::Not(_, why) => {
                let silent = every.iter().any(|others| {
                    some_events.iter().any(|events| !simulation.twice(*events, others).0[0])
                });
                prop_assert!(silent, "it rings every time, but: {}", why);
            }
            Firing::Undecided(why) => prop_assert!(false, "{}", why),
        }
    }
}

#[test]
fn the_documented_tables_are_reproduced() {
    let transformation = MetricTransformation {
        namespace: "N".to_owned(),
        name: "m".to_owned(),
        value: "1".to_owned(),
        default_value: None,
        dimensions: BTreeMap::new(),
        unit: None,
    };
    // Datapoints oldest first; then the state for missing, ignore, breaching, notBreaching.
    let tables: [(i32, [(&str, &str); 5]); 2] = [
        (
            3,
            [
                ("0-X-X", "OOOO"),
                ("0----", "OOOO"),
                ("-----", "IKAO"),
                ("0XX-X", "AAAA"),
                ("--X--", "AKAO"),
            ],
        ),
        (
            2,
            [
                ("0-X-X", "AAAA"),
                ("00X0X", "AAAA"),
                ("0-X--", "OOAO"),
                ("----0", "OOAO"),
                ("---X-", "AKAO"),
            ],
        ),
    ];
    for (needed, rows) in tables {
        for (points, expected) in rows {
            let slots: Vec<Option<f64>> = points
                .chars()
                .map(|point| match point {
                    'X' => Some(1.0),
                    '0' => Some(0.0),
                    _ => None,
                })
                .collect();
            let treatments = ["missing", "ignore", "breaching", "notBreaching"];
            for (treatment, state) in treatments.iter().zip(expected.chars()) {
                let alarm = documented_alarm(needed, treatment);
                let simulation = Simulation {
                    transformation: &transformation,
                    alarm: &alarm,
                    extra_periods: 2,
                };
                let said: Vec<char> = [State::Ok, State::Alarm]
                    .into_iter()
                    .map(|before| match simulation.next(before, &slots) {
                        State::Ok => 'O',
                        State::Alarm => 'A',
                        State::InsufficientData => 'I',
                    })
                    .collect();
                let wanted = if state == 'K' {
                    vec!['O', 'A']
                } else {
                    vec![state; 2]
                };
                assert_eq!(said, wanted, "{needed} of 3, {points}, {treatment}");
            }
        }
    }
}

fn documented_alarm(needed: i32, treatment: &str) -> MetricAlarm {
    MetricAlarm {
        name: "a".to_owned(),
        arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a"
            .parse()
            .unwrap(),
        actions_enabled: true,
        alarm_actions: Vec::new(),
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        metric: None,
        queries: Vec::new(),
        threshold_metric_id: None,
        other_kind: None,
        evaluation_periods: Some(3),
        datapoints_to_alarm: Some(needed),
        threshold: Some(1.0),
        comparison: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: Some(treatment.to_owned()),
        low_sample_percentile: None,
    }
}
