//! Alarms on an expression of metric math: whether one event of a filter makes the
//! returned expression cross the threshold, whatever its other metrics show, at
//! every time of day, week and year.

mod showing;

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::alarm::{Source, is_of};
use super::datapoints::{Datapoints, NotKnown};
use super::firing::{self, Firing};
use super::judged::note;
use super::metric_math::{Expressions, MissingAmong};
use crate::reason::Reason;
use crate::snapshot::MetricAlarm;
use showing::{Near, Other, Own, Showing, When};

/// Times of day, week and year that are tried at most.
const MOST_TIMES: usize = 4096;

/// What one matching event makes of `alarm`, whose expression reads the metric of `source`.
pub(super) fn firing(source: &Source<'_>, alarm: &MetricAlarm) -> Firing {
    decided(source, alarm).unwrap_or_else(Firing::Undecided)
}

/// The same; `Err` says what is not decided.
fn decided(source: &Source<'_>, alarm: &MetricAlarm) -> Result<Firing, String> {
    let returned: Vec<_> = alarm
        .queries
        .iter()
        .filter(|query| query.return_data)
        .collect();
    let [returned] = returned.as_slice() else {
        return Err("it returns more than one expression".to_owned());
    };
    let texts = alarm
        .queries
        .iter()
        .filter_map(|query| Some((query.id.as_str(), query.expression.as_deref()?)));
    let expressions =
        Expressions::parse(texts).map_err(|id| format!("the expression `{id}` is not decided"))?;
    let mut targets: Vec<(&str, Datapoints)> = Vec::new();
    let mut beside = Vec::new();
    let mut periods = BTreeMap::new();
    let mut period = returned.period;
    for query in &alarm.queries {
        let Some(metric) = &query.metric else {
            continue;
        };
        period = period.or(metric.period);
        periods.insert(query.id.as_str(), metric.period);
        let own = is_of(query, alarm, source.account);
        if own && source.is_counted_in(metric) {
            match Datapoints::of(source.published, metric.statistic.as_deref(), metric.period) {
                Ok(datapoints) if datapoints.has_no_percentiles() => {
                    return Err("metrics with negative values have no percentiles".to_owned());
                }
                Ok(datapoints) => targets.push((&query.id, datapoints)),
                Err(NotKnown(why)) => return Err(why),
            }
        } else {
            beside.push((query.id.as_str(), metric, own));
        }
    }
    let watched = expressions.watched(&returned.id, &periods)?;
    let near = if beside.is_empty() {
        Near::default()
    } else {
        Near::of(&watched.numbers())?
    };
    let others: Vec<Other<'_>> = beside
        .into_iter()
        .map(|(id, metric, own)| Other::of(source, id, metric, own, &near))
        .collect();
    if firing::needs_several(alarm) && (watched.adds_up() || watched.repeats()) {
        return Err(
            "one event may make several of its datapoints breach, as many as CloudWatch fetches"
                .to_owned(),
        );
    }
    if watched.repeats() && (watched.adds_up() || watched.compares_with_earlier()) {
        return Err(
            "what it makes of repeated values depends on how much CloudWatch fetches".to_owned(),
        );
    }
    let falling = |comparison: &str| comparison.starts_with("LessThan");
    if watched.adds_up() && alarm.comparison.as_deref().is_some_and(falling) {
        return Err("when a running sum falls depends on how much CloudWatch fetches".to_owned());
    }
    let times = watched.times();
    let (times, complete) = some_of(&times, &watched.numbers());
    let number_of_times = times.iter().map(|(_, values)| values.len()).product();
    let decide = |missing_among, undiluted| {
        let showing = Showing {
            watched: &watched,
            targets: &targets,
            others: &others,
            pattern: &source.filter.pattern,
            missing_among,
            undiluted,
            seconds: period.map(f64::from),
            times: number_of_times,
        };
        at_all_times(&times, complete, |time| {
            at_one_time(&showing, time, alarm, period)
        })
    };
    let vague = targets.iter().any(|(_, datapoints)| datapoints.is_vague());
    let read_as = |missing_among| -> Result<Firing, String> {
        let decided = decide(missing_among, false)?;
        if vague && !rings(&decided) && rings(&decide(missing_among, true)?) {
            let why = "how its statistic ranks one event among default values is not decided";
            return Err(why.to_owned());
        }
        Ok(decided)
    };
    let skipping = read_as(MissingAmong::Skipped)?;
    if !watched.compares_series() {
        return Ok(skipping);
    }
    let with_zero = read_as(MissingAmong::Zero)?;
    match (skipping, with_zero) {
        (one, other) if rings(&one) != rings(&other) => {
            Err("whether MIN and MAX take a missing value for 0 is not documented".to_owned())
        }
        (Firing::NeedsEvents(..), other) => Ok(other),
        (one, _) => Ok(one),
    }
}

fn rings(firing: &Firing) -> bool {
    matches!(firing, Firing::OnOneEvent { .. })
}

/// Decides at a time of day, week and year. The alarm rings when it does whatever
/// the other metrics show. Metrics that count events of the same log group are quiet
/// most of the time, as other children of a composite are; of any other metric it is
/// not known that it ever lets the alarm leave ALARM.
fn at_one_time(
    showing: &Showing<'_>,
    time: &BTreeMap<&str, f64>,
    alarm: &MetricAlarm,
    period: Option<i32>,
) -> Result<Firing, String> {
    let decide_after = |around: When, silence: Vec<Option<f64>>| -> Result<Firing, String> {
        let failed = RefCell::new(None);
        let after = |events| {
            let shown = showing.values(time, Own::After(events), around);
            shown.unwrap_or_else(|why| {
                failed.replace(Some(why));
                Vec::new()
            })
        };
        let after = &after;
        let watched = firing::Watched { after, silence };
        let decided = firing::decide(alarm, period, &watched);
        failed.into_inner().map_or(Ok(decided), Err)
    };
    let decide = |around: When, silent: When| {
        decide_after(around, showing.values(time, Own::Silence, silent)?)
    };
    let ever = decide(When::Ever, When::Quiet)?;
    let quiet = decide(When::Quiet, When::Quiet)?;
    let still = decide(When::Still, When::Still)?;
    match (ever, quiet, still) {
        (Firing::OnOneEvent { .. }, ..) if may_stay(showing, time, alarm) => Err(format!(
            "it leaves ALARM only when metrics show something of which nothing is known: {}",
            showing.named(false)
        )),
        (ever @ Firing::OnOneEvent { .. }, ..) if showing.watched.repeats() => {
            let lately = showing.values(time, Own::SilenceAfterEvents, When::Quiet)?;
            let kept = decide_after(When::Quiet, lately)?;
            repeating(ever, &kept, showing.ends_by_default())
        }
        (ever @ Firing::OnOneEvent { .. }, ..) => Ok(ever),
        // Its events may be among those that the filter's own metric counts, so that it takes
        // nothing away from the one in question.
        (_, Firing::OnOneEvent { .. }, _) => Err(format!(
            "whether it rings also depends on what other filters count in the same period: {}",
            showing.named(true)
        )),
        (_, _, Firing::OnOneEvent { .. }) => Err(depends_on(&showing.named(false))),
        (_, _, silent) => {
            let shared = decide(When::Shared, When::Quiet)?;
            if rings(&shared) {
                return Err(
                    "whether several filters count one event as several is not decided".to_owned(),
                );
            }
            unless_held(showing, time, alarm, silent, &decide)
        }
    }
}

/// An alarm that is `silent`, unless it rings while metrics of which nothing is known each show some
/// value all the time, as a heartbeat does: then that is not known, either.
fn unless_held(
    showing: &Showing<'_>,
    time: &BTreeMap<&str, f64>,
    alarm: &MetricAlarm,
    silent: Firing,
    decide: &dyn Fn(When, When) -> Result<Firing, String>,
) -> Result<Firing, String> {
    let (held, complete) = showing.held();
    let after_one = |when| showing.values(time, Own::After(1), when);
    if held.is_empty() && complete || !firing::may_breach(alarm, &after_one(When::Ever)?) {
        return Ok(silent);
    }
    for when in held {
        if firing::may_breach(alarm, &after_one(when)?) && rings(&decide(when, when)?) {
            return Err(depends_on(&showing.named(false)));
        }
    }
    if complete {
        Ok(silent)
    } else {
        Err(depends_on(&showing.named(false)))
    }
}

fn depends_on(metrics: &str) -> String {
    format!("it also depends on metrics of which nothing is known: {metrics}")
}

/// Data that does not come ends no ALARM where it is ignored or counts as breaching.
fn may_stay(showing: &Showing<'_>, time: &BTreeMap<&str, f64>, alarm: &MetricAlarm) -> bool {
    let missing = alarm.treat_missing_data.as_deref().unwrap_or("missing");
    ["ignore", "breaching"].contains(&missing)
        && showing.others.iter().any(|other| !other.counts_events())
        && showing
            .values(time, Own::Silence, When::Absent)
            .is_ok_and(|shown| shown.iter().all(Option::is_none))
}

/// An alarm whose expression repeats the last value in gaps, when the value of an event, repeated,
/// makes what is `kept`, and default values end that or not.
fn repeating(mut rings: Firing, kept: &Firing, ends_by_default: bool) -> Result<Firing, String> {
    let stays = matches!(kept, Firing::Not(Reason::AlarmAlwaysFiring, _));
    if stays && !ends_by_default {
        return Err(
            "for how long FILL repeats the value of the last event, and so keeps it in ALARM, is not documented"
                .to_owned(),
        );
    }
    if stays && let Firing::OnOneEvent { notes, .. } = &mut rings {
        notes.push(note(
            "late_recovery",
            "gaps repeat the last value: it leaves ALARM only when other events reach the log group",
        ));
    }
    Ok(rings)
}

/// The times to try, and whether they are all. Where they would be too many, those around the
/// `numbers` that an expression compares with, which tell whether it depends on the time.
fn some_of(times: &[(String, Vec<f64>)], numbers: &[f64]) -> (Vec<(String, Vec<f64>)>, bool) {
    let combined: usize = times.iter().map(|(_, values)| values.len()).product();
    if combined <= MOST_TIMES {
        return (times.to_vec(), true);
    }
    let near = |value: f64| numbers.iter().any(|number| (number - value).abs() <= 1.0);
    let some = times.iter().map(|(function, values)| {
        let ends = [values.first(), values.last()];
        let is_end = |value: &f64| ends.contains(&Some(value));
        let some = values
            .iter()
            .copied()
            .filter(|value| near(*value) || is_end(value));
        (function.clone(), some.collect())
    });
    (some.collect(), false)
}

/// Whether the alarm rings on one event at every time of day, week and year, of which these are
/// all or some.
fn at_all_times(
    functions: &[(String, Vec<f64>)],
    complete: bool,
    at: impl Fn(&BTreeMap<&str, f64>) -> Result<Firing, String>,
) -> Result<Firing, String> {
    let too_many = || "it combines too many functions of time".to_owned();
    let mut times: Vec<BTreeMap<&str, f64>> = vec![BTreeMap::new()];
    for (function, values) in functions {
        if times.len() * values.len() > MOST_TIMES {
            return Err(too_many());
        }
        times = times
            .iter()
            .flat_map(|time| {
                values.iter().map(|value| {
                    let mut longer = time.clone();
                    longer.insert(function, *value);
                    longer
                })
            })
            .collect();
    }
    let mut rings = None;
    let mut silent = None;
    for time in &times {
        match at(time)? {
            Firing::Undecided(why) => return Err(why),
            yes @ Firing::OnOneEvent { .. } => rings = rings.or(Some(yes)),
            no => silent = silent.or(Some((time, no))),
        }
    }
    match (rings, silent) {
        (Some(_), None) | (None, Some(_)) if !complete => Err(too_many()),
        (Some(rings), None) => Ok(rings),
        (Some(_), Some((time, _))) => {
            let when: Vec<String> = time
                .iter()
                .map(|(function, value)| format!("{function} is {value}"))
                .collect();
            Ok(Firing::Not(
                Reason::AlarmConditional,
                format!("it does not ring on events while {}", when.join(" and ")),
            ))
        }
        (None, Some((_, silent))) => Ok(silent),
        (None, None) => Err("it has no value at any time".to_owned()),
    }
}
