//! Whether an alarm goes to ALARM on one event and can do so again: its
//! threshold, periods, M-of-N and treatment of missing data against the values
//! that its metric can show. Follows CloudWatch's documented evaluation of
//! alarms and missing data.

use super::judged::{Delay, note};
use crate::finding::{EventsNeeded, Note};
use crate::reason::Reason;
use crate::snapshot::MetricAlarm;

/// What an alarm does on one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Firing {
    /// It goes to ALARM, every time.
    OnOneEvent {
        /// How long after the event reached the log group.
        delay: Delay,
        /// How long it stays in ALARM.
        lasts: Lasting,
        /// Remarks.
        notes: Vec<Note>,
    },
    /// It goes to ALARM on several events only; how many, and why.
    NeedsEvents(EventsNeeded, String),
    /// It does not, or not every time, and why.
    Not(Reason, String),
    /// That cannot be decided, and why.
    Undecided(String),
}

/// Seconds for which one event keeps an alarm in ALARM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasting {
    /// At least; how many datapoints CloudWatch looks at is not documented.
    pub at_least: u32,
    /// At most, when nothing else happens.
    pub at_most: u32,
    /// For so long after the event reached the log group it does not leave ALARM.
    pub until: u32,
}

impl Lasting {
    /// Nothing is known.
    pub(crate) const ANY: Self = Self {
        at_least: 0,
        at_most: u32::MAX,
        until: 0,
    };
}

/// What the watched value can be; `None` is no datapoint.
pub(crate) struct Watched<'a> {
    /// After that many events in one period.
    pub(crate) after: &'a dyn Fn(u32) -> Vec<Option<f64>>,
    /// Without events.
    pub(crate) silence: Vec<Option<f64>>,
}

/// Whether two alarms that ring on one event of the same metric are in ALARM at the
/// same time: they evaluate the same datapoints, each by itself.
pub(crate) fn in_step(one: &MetricAlarm, other: &MetricAlarm) -> bool {
    let (Some(a), Some(b)) = (&one.metric, &other.metric) else {
        return false;
    };
    let periods = [(one, a), (other, b)].map(|(alarm, metric)| Periods::of(alarm, metric.period));
    let [first, second] = periods;
    first.needed == 1
        && second.needed == 1
        && first.window() == second.window()
        && first.seconds == second.seconds
        && one.wall_clock == other.wall_clock
        && one.treat_missing_data == other.treat_missing_data
}

/// Whether several of its datapoints must breach.
pub(crate) fn needs_several(alarm: &MetricAlarm) -> bool {
    Periods::of(alarm, None).needed > 1
}

/// Numbers of events in one period that are tried beyond one.
const MORE_EVENTS: [u32; 7] = [2, 3, 4, 5, 10, 100, 1000];

/// From this many seconds on, ALARM lasts so long that later events join it.
const LONG: u32 = 3600;

/// Periods beyond those that count that CloudWatch may look at, generously.
const EXTRA_PERIODS: u32 = 4;

/// State changes were seen 15 to 100 seconds after the end of a period.
const SOONEST: u32 = 15;
const LATEST: u32 = 100;

/// The parts of an alarm that time depends on, in the bounds that AWS allows.
#[derive(Debug, Clone, Copy)]
struct Periods {
    /// Length of one in seconds.
    seconds: u32,
    /// How many are evaluated.
    evaluated: u32,
    /// How many of them must breach.
    needed: u32,
}

impl Periods {
    fn of(alarm: &MetricAlarm, period: Option<i32>) -> Self {
        let number = |value: i32| u32::try_from(value).unwrap_or(1).max(1);
        let evaluated = number(alarm.evaluation_periods.unwrap_or(1));
        let needed = alarm.datapoints_to_alarm.map_or(evaluated, number);
        Self {
            seconds: period.map_or(0, number),
            evaluated,
            needed: needed.min(evaluated),
        }
    }

    /// Length of all periods that are evaluated.
    fn window(self) -> u32 {
        self.seconds.saturating_mul(self.evaluated)
    }

    /// A window of more than a day is evaluated once an hour, others every minute.
    fn between_evaluations(self) -> u32 {
        if self.window() > 86_400 { 3600 } else { 60 }
    }

    /// From the event in the log group to the change of state, when the breaching
    /// datapoint must be `age` periods old. A window that slides ends at each evaluation, so that
    /// the event is in the next one; by the wall clock its period has to end first, and for a
    /// datapoint that counts by its age a whole period is allowed.
    fn delay(self, age: u32, wall_clock: bool) -> Delay {
        let older = self.seconds.saturating_mul(age - 1);
        let period = if wall_clock || age > 1 {
            self.seconds
        } else {
            0
        };
        let latest = period + self.between_evaluations() + LATEST;
        Delay {
            min_seconds: older.saturating_add(SOONEST),
            max_seconds: older.saturating_add(latest),
        }
    }

    /// How long one event keeps the alarm in ALARM: as long as its datapoint is one of
    /// those that are evaluated, less the time until it is seen. Beyond the periods that
    /// count, CloudWatch looks at some more, which AWS's examples put at two. Nothing is
    /// promised where the datapoint counts by its age.
    fn alarm_lasts(self, missing: &str) -> Lasting {
        let delay = self.between_evaluations() + LATEST;
        let more = self.seconds.saturating_mul(EXTRA_PERIODS);
        Lasting {
            at_least: match self.needed {
                1 => self.window().saturating_sub(delay),
                _ => 0,
            },
            at_most: if ends_by_itself(missing) {
                self.window().saturating_add(more).saturating_add(delay)
            } else {
                u32::MAX
            },
            until: match self.needed {
                1 => self.window(),
                _ => 0,
            },
        }
    }
}

/// Whether one of the values breaches, as far as is known.
pub(crate) fn may_breach(alarm: &MetricAlarm, values: &[Option<f64>]) -> bool {
    let breaches = alarm.comparison.as_deref().and_then(comparison_named);
    let (Some(threshold), Some(breaches)) = (alarm.threshold, breaches) else {
        return true;
    };
    let mut shown = values.iter().flatten();
    shown.any(|value| breaches(*value, threshold))
}

/// Decides what `alarm` does when the value that it watches behaves like `watched`.
pub(crate) fn decide(alarm: &MetricAlarm, period: Option<i32>, watched: &Watched<'_>) -> Firing {
    let (Some(threshold), Some(comparison)) = (alarm.threshold, alarm.comparison.as_deref()) else {
        return Firing::Undecided("the alarm has no static threshold".to_owned());
    };
    let Some(breaches) = comparison_named(comparison) else {
        return Firing::Undecided(format!("the comparison `{comparison}` is not decided"));
    };
    let breaches = |value: f64| breaches(value, threshold);
    let all_breach = |values: &[Option<f64>]| {
        !values.is_empty() && values.iter().all(|value| value.is_some_and(breaches))
    };

    let missing = alarm.treat_missing_data.as_deref().unwrap_or("missing");
    let shows_nothing = watched.silence.iter().all(Option::is_none);
    if watched
        .silence
        .iter()
        .flatten()
        .any(|value| breaches(*value))
    {
        let why = format!(
            "without any event its value already {}",
            in_words(comparison, threshold)
        );
        return Firing::Not(Reason::AlarmAlwaysFiring, why);
    }
    if shows_nothing && missing == "breaching" {
        let why = "missing data counts as breaching, and the metric is missing without events";
        return Firing::Not(Reason::AlarmAlwaysFiring, why.to_owned());
    }

    let one = (watched.after)(1);
    if !all_breach(&one) {
        let condition = in_words(comparison, threshold);
        return short_of_one(
            watched,
            all_breach,
            &condition,
            Periods::of(alarm, period),
            ends_by_itself(missing),
        );
    }
    if let Some(count) = MORE_EVENTS
        .into_iter()
        .find(|n| !all_breach(&(watched.after)(*n)))
    {
        let why = format!(
            "one event breaches, but {count} events in one period do not: the comparison ({}) is reversed",
            in_words(comparison, threshold)
        );
        return Firing::Not(Reason::AlarmNeverFires, why);
    }
    over_periods(alarm, Periods::of(alarm, period), missing, shows_nothing)
}

fn short_of_one(
    watched: &Watched<'_>,
    all_breach: impl Fn(&[Option<f64>]) -> bool,
    condition: &str,
    periods: Periods,
    ends_by_itself: bool,
) -> Firing {
    // Where a thousand do not do, fewer do not either: more than enough must do, too.
    let few = all_breach(&(watched.after)(1000)).then_some(2..=1000);
    let enough = few
        .into_iter()
        .flatten()
        .chain([10_000, 100_000, 1_000_000])
        .find(|count| all_breach(&(watched.after)(*count)));
    // More than enough must do, too: else the comparison is the wrong way round.
    let enough = enough.filter(|count| {
        let more = MORE_EVENTS.into_iter().filter(|more| more > count);
        more.chain([count + 1])
            .all(|n| all_breach(&(watched.after)(n)))
    });
    match enough {
        Some(count) => {
            let needed = EventsNeeded {
                events: count.saturating_mul(periods.needed),
                within_seconds: match periods.needed {
                    1 => periods.seconds,
                    _ => periods.window(),
                },
                in_periods: periods.needed,
            };
            let why = format!("it takes {count} events in one period until the value {condition}");
            needs_events(needed, why, ends_by_itself)
        }
        None => Firing::Not(
            Reason::AlarmNeverFires,
            format!("no number of events makes sure that the value {condition}"),
        ),
    }
}

/// Whether missing data that is treated so ends ALARM.
fn ends_by_itself(missing: &str) -> bool {
    ["missing", "notBreaching"].contains(&missing)
}

/// A number of events is worth accepting only where the alarm leaves ALARM again.
fn needs_events(needed: EventsNeeded, why: String, ends_by_itself: bool) -> Firing {
    if ends_by_itself {
        Firing::NeedsEvents(needed, why)
    } else {
        Firing::Not(Reason::AlarmNeedsMoreEvents, why)
    }
}

/// One event makes one datapoint breach. Is that enough, and does it end?
fn over_periods(
    alarm: &MetricAlarm,
    periods: Periods,
    missing: &str,
    shows_nothing: bool,
) -> Firing {
    let Periods {
        seconds,
        evaluated,
        needed,
    } = periods;
    let mut notes = Vec::new();
    let mut age = 1;
    if needed > 1 {
        // Only missing data that stays missing lets a single old breaching
        // datapoint count ("- - X - -" goes to ALARM).
        if !(shows_nothing && missing == "missing") {
            let why = format!(
                "{needed} of {evaluated} datapoints must breach; one event makes one of them breach"
            );
            let events = EventsNeeded {
                events: needed,
                within_seconds: periods.window(),
                in_periods: needed,
            };
            return needs_events(events, why, ends_by_itself(missing));
        }
        if alarm.wall_clock || seconds < 60 {
            let why = "how several datapoints are evaluated by the wall clock, or in periods under a minute, is not documented";
            return Firing::Undecided(why.to_owned());
        }
        age = needed;
        let minutes = seconds.saturating_mul(needed - 1) / 60;
        notes.push(note(
            "delayed",
            format!("a single event counts only about {minutes} minutes later, because {needed} datapoints must breach"),
        ));
    }
    match missing {
        "missing" | "notBreaching" => {}
        "ignore" if shows_nothing => {
            let why = "missing data is ignored and the metric is missing without events, so it stays in ALARM";
            return Firing::Not(Reason::AlarmFiresOnce, why.to_owned());
        }
        "ignore" => notes.push(note(
            "late_recovery",
            "missing data is ignored: it leaves ALARM only when other events reach the log group",
        )),
        "breaching" => notes.push(note(
            "rings_in_silence",
            "missing data counts as breaching: it also rings when the log group falls silent",
        )),
        other => {
            return Firing::Undecided(format!(
                "the treatment `{other}` of missing data is not decided"
            ));
        }
    }
    notes.extend(remarks(alarm, periods));
    Firing::OnOneEvent {
        delay: periods.delay(age, alarm.wall_clock),
        lasts: periods.alarm_lasts(missing),
        notes,
    }
}

/// What is worth saying of an alarm that rings on one event.
fn remarks(alarm: &MetricAlarm, periods: Periods) -> Vec<Note> {
    let mut notes = Vec::new();
    if periods.window() >= LONG {
        let minutes = periods.window() / 60;
        notes.push(note(
            "long_period",
            format!(
                "ALARM lasts about {minutes} minutes; further events in that time make no message"
            ),
        ));
    }
    if alarm.wall_clock && periods.seconds >= LONG {
        let hours = periods.seconds / 3600;
        notes.push(note(
            "long_period",
            format!("it looks at whole periods of {hours} h by the wall clock: an event is told when its period has ended"),
        ));
    }
    if (1..60).contains(&periods.seconds) {
        notes.push(note(
            "high_resolution_period",
            "periods under a minute on a metric with one datapoint a minute",
        ));
    }
    if let Some(minutes) = alarm.warm_up_minutes.filter(|minutes| *minutes > 0) {
        notes.push(note(
            "warm_up",
            format!("for up to {minutes} minutes after it was made or changed it does nothing"),
        ));
    }
    notes
}

fn comparison_named(name: &str) -> Option<fn(f64, f64) -> bool> {
    Some(match name {
        "GreaterThanOrEqualToThreshold" => |value, threshold| value >= threshold,
        "GreaterThanThreshold" => |value, threshold| value > threshold,
        "LessThanThreshold" => |value, threshold| value < threshold,
        "LessThanOrEqualToThreshold" => |value, threshold| value <= threshold,
        _ => return None,
    })
}

fn in_words(comparison: &str, threshold: f64) -> String {
    let sign = match comparison {
        "GreaterThanOrEqualToThreshold" => ">=",
        "GreaterThanThreshold" => ">",
        "LessThanThreshold" => "<",
        _ => "<=",
    };
    format!("is {sign} {threshold}")
}
