//! Whether the decision on an alarm agrees with its evaluation step by step,
//! over series of events and of other traffic.

use orgsweep_controls::snapshot::MetricFilter;
use orgsweep_controls::{AccountId, Firing, Reason, firing};

use crate::generated::Case;
use crate::math::Step;
use crate::simulation::{Minute, Oldest, Simulation, State};

/// How other events reach the log group, minute by minute.
type Traffic<'a> = &'a dyn Fn(usize) -> bool;

/// A decision that the simulation bears out, by its name.
pub(crate) type Agreed = &'static str;

/// Compares an alarm with its evaluation, for evaluation ranges of several lengths and both wordings
/// of the premature rule. `Err` says what differs.
pub(crate) fn compare(case: &Case) -> Result<Agreed, String> {
    let Case {
        transformation,
        alarm,
        steps,
        traffic,
        gaps,
    } = case;
    let filter = MetricFilter {
        name: "f".to_owned(),
        pattern: String::new(),
        transformations: vec![transformation.clone()],
        on_transformed_logs: false,
        field_selection: None,
        system_field_dimensions: Vec::new(),
    };
    let account: AccountId = "111122223333".parse().expect("an account");
    let decided = firing(&filter, transformation, alarm, &account, &[]);
    let mut agreed = "";
    // More datapoints are fetched than are evaluated; functions that look back need those, and
    // what they find there may depend on how many they are.
    let looks_back = steps.iter().copied().any(Step::looks_back);
    let extra = match &decided {
        Firing::Not(Reason::AlarmAlwaysFiring, _) if looks_back => &[4][..],
        _ => &[0, 1, 2, 4],
    };
    for extra_periods in extra.iter().copied() {
        for oldest in [Oldest::InEvaluationPeriods, Oldest::InEvaluationRange] {
            let simulation = Simulation {
                transformation,
                alarm,
                steps,
                extra_periods,
                oldest,
            };
            agreed = Comparison {
                simulation,
                traffic,
                gaps,
            }
            .with(&decided)
            .map_err(|why| {
                format!("{decided:?}: {why} ({extra_periods} more periods, {oldest:?})")
            })?;
        }
    }
    Ok(agreed)
}

struct Comparison<'a> {
    simulation: Simulation<'a>,
    traffic: &'a [bool],
    gaps: &'a [usize],
}

impl Comparison<'_> {
    fn with(&self, decided: &Firing) -> Result<Agreed, String> {
        let length = self.simulation.length();
        let mixed = |minute: usize| self.traffic[minute % self.traffic.len()];
        // Other events in one minute of each period.
        let sparse = |minute: usize| minute.is_multiple_of(length);
        let every: [Traffic<'_>; 4] = [&|_| true, &|_| false, &mixed, &sparse];
        let ensure = |holds: bool, why: &str| if holds { Ok(()) } else { Err(why.to_owned()) };
        match decided {
            Firing::OnOneEvent { delay, notes, .. } => {
                // These two say so in a note: they need other events to come.
                let needs_traffic = notes.iter().any(|note| {
                    ["rings_in_silence", "late_recovery"].contains(&note.code.as_str())
                });
                let traffics = if needs_traffic {
                    &every[..1]
                } else {
                    &every[..]
                };
                for traffic in traffics {
                    for events in [1, 2, 5] {
                        self.rings_at_each(
                            events,
                            traffic,
                            (delay.min_seconds, delay.max_seconds),
                        )?;
                    }
                }
                Ok("fires_on_one_event")
            }
            Firing::NeedsEvents(needed, _) => {
                let silent = every.iter().any(|traffic| !self.rings(&[1], traffic)[0]);
                ensure(silent, "one event rings")?;
                let at_once = needed.events / needed.in_periods;
                let mut series = Vec::new();
                for _ in 0..needed.in_periods {
                    series.push(at_once);
                    series.extend(std::iter::repeat_n(0, length - 1));
                }
                for traffic in every {
                    let rings = self.rings(&series, traffic);
                    ensure(rings == [true, true], "so many events do not ring")?;
                }
                Ok("needs_events")
            }
            Firing::Not(Reason::AlarmAlwaysFiring, _) => {
                let before = every.iter().any(|t| self.in_alarm_without_events(t));
                // A difference of default values comes and goes with the traffic.
                let steps = self.simulation.steps.iter();
                let silent = || steps.copied().any(Step::looks_back) && self.stays_silent(&every);
                ensure(before || silent(), "it is never in ALARM without events")?;
                Ok("always_firing")
            }
            Firing::Not(Reason::AlarmFiresOnce, _) => {
                let rings = self.rings(&[1], every[1]);
                ensure(rings == [true, false], "it does not ring exactly once")?;
                Ok("fires_once")
            }
            Firing::Not(..) => {
                ensure(self.stays_silent(&every), "it rings every time")?;
                Ok("never")
            }
            Firing::Undecided(_) => Ok("undecided"),
        }
    }

    fn minutes(events: impl Fn(usize) -> u32, length: usize, traffic: Traffic<'_>) -> Vec<Minute> {
        (0..length)
            .map(|minute| Minute {
                events: events(minute),
                others: traffic(minute),
            })
            .collect()
    }

    /// Long enough for every earlier event to be forgotten.
    fn silence(&self) -> usize {
        self.simulation.range() * 2 + 5
    }

    /// Isolated events at irregular distances: each makes the alarm go to ALARM,
    /// neither sooner nor later than was said.
    fn rings_at_each(
        &self,
        events: u32,
        traffic: Traffic<'_>,
        (min, max): (u32, u32),
    ) -> Result<(), String> {
        let silence = self.silence();
        let mut places = Vec::new();
        let mut end = 0;
        for gap in self.gaps {
            end += silence + gap;
            places.push(end);
        }
        let minutes = Self::minutes(
            |minute| if places.contains(&minute) { events } else { 0 },
            end + silence,
            traffic,
        );
        let states = self.simulation.states(&minutes);
        for place in places {
            let Some(after) = (0..silence).find(|after| {
                let now = place + after;
                states[now] == State::Alarm && states[now - 1] != State::Alarm
            }) else {
                return Err(format!("{events} events in minute {place} do not ring"));
            };
            // The event is somewhere in its minute, and so is the evaluation.
            let (sooner, later) = (after * 60 + 60, after * 60);
            if sooner < min as usize || later > max as usize {
                return Err(format!("it rings {after} minutes after the event"));
            }
        }
        Ok(())
    }

    /// A long silence, a series of events, a long silence, and the same again;
    /// whether each made the alarm go to ALARM.
    fn rings(&self, series: &[u32], traffic: Traffic<'_>) -> [bool; 2] {
        let silence = self.silence() + series.len();
        let starts = [silence, silence * 2 + series.len()];
        let event = |minute: usize| {
            let started = starts.iter().rev().find(|start| minute >= **start);
            started
                .and_then(|start| series.get(minute - start))
                .copied()
                .unwrap_or(0)
        };
        let minutes = Self::minutes(event, silence * 3 + series.len() * 2, traffic);
        let states = self.simulation.states(&minutes);
        starts.map(|start| {
            (start..start + silence)
                .any(|now| states[now] == State::Alarm && states[now - 1] != State::Alarm)
        })
    }

    /// Whether some number of events in some traffic does not ring.
    fn stays_silent(&self, every: &[Traffic<'_>]) -> bool {
        every.iter().any(|traffic| {
            [1, 2, 3, 5, 100, 1000]
                .iter()
                .any(|events| self.rings(&[*events], traffic) != [true, true])
        })
    }

    fn in_alarm_without_events(&self, traffic: Traffic<'_>) -> bool {
        let minutes = Self::minutes(|_| 0, self.silence(), traffic);
        self.simulation.states(&minutes).contains(&State::Alarm)
    }
}
