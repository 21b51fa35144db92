//! Whether an alarm goes to ALARM on one event and can do so again: its
//! threshold, periods, M-of-N and treatment of missing data against the values
//! that its metric can show. Follows CloudWatch's documented evaluation of
//! alarms and missing data.

use crate::finding::Note;
use crate::reason::Reason;
use crate::snapshot::MetricAlarm;

/// What an alarm does on one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Firing {
    /// It goes to ALARM, every time.
    OnOneEvent(Vec<Note>),
    /// It does not, or not every time, and why.
    Not(Reason, String),
    /// That cannot be decided, and why.
    Undecided(String),
}

/// What the watched value can be; `None` is no datapoint.
pub(crate) struct Watched<'a> {
    /// After that many events in one period.
    pub(crate) after: &'a dyn Fn(u32) -> Vec<Option<f64>>,
    /// Without events.
    pub(crate) silence: Vec<Option<f64>>,
}

/// Numbers of events in one period that are tried beyond one.
const MORE_EVENTS: [u32; 7] = [2, 3, 4, 5, 10, 100, 1000];

/// From this many seconds on, ALARM lasts so long that later events join it.
const LONG: i64 = 3600;

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
        return short_of_one(watched, all_breach, comparison, threshold);
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
    over_periods(alarm, period, missing, shows_nothing)
}

fn short_of_one(
    watched: &Watched<'_>,
    all_breach: impl Fn(&[Option<f64>]) -> bool,
    comparison: &str,
    threshold: f64,
) -> Firing {
    let enough = (2..=1000)
        .chain([10_000, 100_000, 1_000_000])
        .find(|count| all_breach(&(watched.after)(*count)));
    let condition = in_words(comparison, threshold);
    match enough {
        Some(count) => Firing::Not(
            Reason::AlarmNeedsMoreEvents,
            format!("it takes {count} events in one period until the value {condition}"),
        ),
        None => Firing::Not(
            Reason::AlarmNeverFires,
            format!("no number of events makes sure that the value {condition}"),
        ),
    }
}

/// One event makes one datapoint breach. Is that enough, and does it end?
fn over_periods(
    alarm: &MetricAlarm,
    period: Option<i32>,
    missing: &str,
    shows_nothing: bool,
) -> Firing {
    let periods = alarm.evaluation_periods.unwrap_or(1).max(1);
    let datapoints = alarm
        .datapoints_to_alarm
        .unwrap_or(periods)
        .clamp(1, periods);
    let seconds = i64::from(period.unwrap_or(0));
    let mut notes = Vec::new();
    if datapoints > 1 {
        // Only missing data that stays missing lets a single old breaching
        // datapoint count ("- - X - -" goes to ALARM).
        if !(shows_nothing && missing == "missing") {
            let why = format!(
                "{datapoints} of {periods} datapoints must breach; one event makes one of them breach"
            );
            return Firing::Not(Reason::AlarmNeedsMoreEvents, why);
        }
        let minutes = seconds * i64::from(datapoints - 1) / 60;
        notes.push(note(
            "delayed",
            format!("a single event counts only about {minutes} minutes later, because {datapoints} datapoints must breach"),
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
            "missing data is ignored: it leaves ALARM only when other events reach the log group"
                .to_owned(),
        )),
        "breaching" => notes.push(note(
            "rings_in_silence",
            "missing data counts as breaching: it also rings when the log group falls silent"
                .to_owned(),
        )),
        other => {
            return Firing::Undecided(format!(
                "the treatment `{other}` of missing data is not decided"
            ));
        }
    }
    if seconds * i64::from(periods) >= LONG {
        let minutes = seconds * i64::from(periods) / 60;
        notes.push(note(
            "long_period",
            format!(
                "ALARM lasts about {minutes} minutes; further events in that time make no message"
            ),
        ));
    }
    if (1..60).contains(&seconds) {
        notes.push(note(
            "high_resolution_period",
            "periods under a minute on a metric with one datapoint a minute".to_owned(),
        ));
    }
    Firing::OnOneEvent(notes)
}

fn note(code: &str, text: String) -> Note {
    Note {
        code: code.to_owned(),
        text,
    }
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
