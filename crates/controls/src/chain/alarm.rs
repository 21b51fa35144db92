//! A metric alarm and the metric of a filter: whether the alarm watches exactly
//! that metric, and whether one matching event makes it go to ALARM. A pure
//! function of the filter's transformation and the alarm; actions are `action`'s.

use std::collections::BTreeMap;

use super::datapoints::{Datapoints, NotKnown};
use super::firing::{self, Firing, Watched};
use super::metric_math::Expressions;
use crate::ids::AccountId;
use crate::reason::Reason;
use crate::snapshot::{MetricAlarm, MetricFilter, MetricTransformation, WatchedMetric};

/// How an alarm relates to the metric that a filter publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watching {
    /// It watches it, for the events with these dimension values (empty: for all).
    Yes(Vec<(String, String)>),
    /// It watches one of the same name, but never sees this one, and why.
    Astray(String),
    /// That cannot be decided, and why.
    Undecided(String),
    /// It has nothing to do with it.
    No,
}

/// How `alarm` relates to what `filter` publishes in `account`.
pub(crate) fn watching(
    filter: &MetricFilter,
    published: &MetricTransformation,
    alarm: &MetricAlarm,
    account: &AccountId,
) -> Watching {
    if let Some(metric) = &alarm.metric {
        return sees(filter, published, metric);
    }
    let mut best = Watching::No;
    for query in &alarm.queries {
        if let Some(metric) = &query.metric {
            let elsewhere = query
                .account
                .as_deref()
                .is_some_and(|a| a != account.as_str());
            match sees(filter, published, metric) {
                Watching::No => {}
                _ if elsewhere => {
                    best = Watching::Astray("it watches the metric of another account".to_owned());
                }
                yes @ Watching::Yes(_) => return yes,
                astray => best = astray,
            }
        } else if let Some(text) = &query.expression
            && text.to_ascii_uppercase().trim_start().starts_with("SELECT")
            && text.contains(&published.name)
        {
            return Watching::Undecided("Metrics Insights queries are not decided".to_owned());
        }
    }
    best
}

fn sees(
    filter: &MetricFilter,
    published: &MetricTransformation,
    metric: &WatchedMetric,
) -> Watching {
    if metric.name != published.name {
        return Watching::No;
    }
    if metric.namespace != published.namespace {
        return Watching::Astray(format!(
            "it watches namespace `{}`, the filter publishes to `{}`",
            metric.namespace, published.namespace
        ));
    }
    let published_unit = published.unit.as_deref().unwrap_or("None");
    if let Some(unit) = &metric.unit
        && unit != published_unit
    {
        return Watching::Astray(format!(
            "it insists on unit `{unit}`, the filter publishes `{published_unit}`"
        ));
    }
    let mut dimensions: BTreeMap<&str, &str> = published
        .dimensions
        .iter()
        .map(|(name, selector)| (name.as_str(), selector.as_str()))
        .collect();
    for field in &filter.system_field_dimensions {
        dimensions.insert(field, system_selector(field));
    }
    if !dimensions
        .keys()
        .copied()
        .eq(metric.dimensions.keys().map(String::as_str))
    {
        return Watching::Astray(format!(
            "it watches {}, the filter publishes {}",
            dimensions_in_words(metric.dimensions.keys().map(String::as_str)),
            dimensions_in_words(dimensions.keys().copied())
        ));
    }
    let seen = metric.dimensions.iter();
    Watching::Yes(
        seen.map(|(name, value)| (dimensions[name.as_str()].to_owned(), value.clone()))
            .collect(),
    )
}

/// The event's own field behind a system field of CloudWatch Logs.
pub(crate) fn system_selector(field: &str) -> &'static str {
    match field {
        "@aws.account" => "$.recipientAccountId",
        "@aws.region" => "$.awsRegion",
        // No event has it, so nothing is ever proved through it.
        _ => "$.unknownSystemField",
    }
}

fn dimensions_in_words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "no dimensions".to_owned()
    } else {
        format!("dimensions {}", names.join(", "))
    }
}

/// What one matching event makes of `alarm`, which watches the metric `published`
/// of `filter` in `account`.
pub fn firing(
    filter: &MetricFilter,
    published: &MetricTransformation,
    alarm: &MetricAlarm,
    account: &AccountId,
) -> Firing {
    if let Some(kind) = &alarm.other_kind {
        return Firing::Undecided(format!("alarms of kind {kind} are not decided"));
    }
    if alarm.threshold_metric_id.is_some() {
        return Firing::Undecided(
            "an anomaly-detection band does not say at how many events it rings".to_owned(),
        );
    }
    match &alarm.metric {
        Some(metric) => plain(published, alarm, metric),
        None => math(filter, published, alarm, account),
    }
}

fn plain(published: &MetricTransformation, alarm: &MetricAlarm, metric: &WatchedMetric) -> Firing {
    if let Some(why) = starved(alarm, metric) {
        return Firing::Not(Reason::AlarmNeverFires, why);
    }
    if let Some(field) = never_a_number(&published.value) {
        let why =
            format!("its value is taken from `{field}` of the event, which is never a number");
        return Firing::Not(Reason::AlarmNeverFires, why);
    }
    let datapoints = match Datapoints::of(published, metric.statistic.as_deref(), metric.period) {
        Err(NotKnown(why)) => return Firing::Undecided(why),
        Ok(datapoints) => datapoints,
    };
    let statistic = metric.statistic.as_deref().unwrap_or_default();
    if statistic.starts_with('p') && datapoints.may_be_negative() {
        let why = "metrics with negative values have no percentiles";
        return Firing::Not(Reason::AlarmNeverFires, why.to_owned());
    }
    let decide = |datapoints: &Datapoints, silence| {
        let after = |events| datapoints.after(events);
        let after = &after;
        firing::decide(alarm, metric.period, &Watched { after, silence })
    };
    let decided = decide(&datapoints, datapoints.silence());
    if datapoints.is_vague()
        && matches!(decided, Firing::NeedsEvents(..) | Firing::Not(..))
        && matches!(
            decide(&datapoints.undiluted(), datapoints.silence()),
            Firing::OnOneEvent { .. }
        )
    {
        return Firing::Undecided(format!(
            "how `{statistic}` ranks one event among default values is not decided"
        ));
    }
    decided
}

/// Fields of a CloudTrail event that are texts, never numbers ("CloudTrail record contents").
const TEXTS: &[&str] = &[
    "$.eventName",
    "$.eventSource",
    "$.eventTime",
    "$.eventType",
    "$.eventCategory",
    "$.eventID",
    "$.awsRegion",
    "$.userIdentity.type",
    "$.userIdentity.arn",
];

fn never_a_number(value: &str) -> Option<&str> {
    TEXTS.contains(&value.trim()).then(|| value.trim())
}

/// A percentile that waits for samples which an event counter never has.
fn starved(alarm: &MetricAlarm, metric: &WatchedMetric) -> Option<String> {
    let percentile: f64 = metric
        .statistic
        .as_deref()?
        .strip_prefix('p')?
        .parse()
        .ok()?;
    let share = percentile / 100.0;
    let needed = 10.0 / if share < 0.5 { share } else { 1.0 - share };
    (alarm.low_sample_percentile.as_deref() == Some("ignore") && needed > 1.0)
        .then(|| "it ignores percentiles of few samples, and one event is one sample".to_owned())
}

/// Values that metrics of other filters are tried with.
const OTHERS: [Option<f64>; 4] = [None, Some(0.0), Some(1.0), Some(7.0)];
/// The same while none of their events happen.
const QUIET: &[Option<f64>] = &[None, Some(0.0)];
/// Combinations that are tried at most.
const MOST_COMBINATIONS: usize = 4096;

fn math(
    filter: &MetricFilter,
    published: &MetricTransformation,
    alarm: &MetricAlarm,
    account: &AccountId,
) -> Firing {
    let returned: Vec<_> = alarm
        .queries
        .iter()
        .filter(|query| query.return_data)
        .collect();
    let [returned] = returned.as_slice() else {
        return Firing::Undecided("it returns more than one expression".to_owned());
    };
    let texts = alarm
        .queries
        .iter()
        .filter_map(|query| Some((query.id.as_str(), query.expression.as_deref()?)));
    let expressions = match Expressions::parse(texts) {
        Ok(expressions) => expressions,
        Err(id) => return Firing::Undecided(format!("the expression `{id}` is not decided")),
    };
    let mut targets: Vec<(&str, Datapoints)> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    let mut period = returned.period;
    for query in &alarm.queries {
        let Some(metric) = &query.metric else {
            continue;
        };
        period = period.or(metric.period);
        let own = query
            .account
            .as_deref()
            .is_none_or(|a| a == account.as_str());
        if own && matches!(sees(filter, published, metric), Watching::Yes(_)) {
            match Datapoints::of(published, metric.statistic.as_deref(), metric.period) {
                Ok(datapoints) => targets.push((&query.id, datapoints)),
                Err(NotKnown(why)) => return Firing::Undecided(why),
            }
        } else {
            others.push(&query.id);
        }
    }
    if OTHERS
        .len()
        .pow(u32::try_from(others.len()).unwrap_or(u32::MAX).min(8))
        > MOST_COMBINATIONS
    {
        return Firing::Undecided("it combines too many metrics".to_owned());
    }
    let at = |time: &BTreeMap<&str, Option<f64>>| {
        let show = |own: &dyn Fn(&Datapoints) -> Vec<Option<f64>>, others_show: &[Option<f64>]| {
            results(
                &expressions,
                &returned.id,
                time,
                &targets,
                own,
                &others,
                others_show,
            )
        };
        // Everything is tried once here, so that what follows cannot fail.
        let silence = match show(&Datapoints::silence, QUIET) {
            Ok(silence) => silence,
            Err(why) => return Firing::Undecided(why),
        };
        if let Err(why) = show(&|datapoints| datapoints.after(1), &OTHERS) {
            return Firing::Undecided(why);
        }
        let decide = |others: &[Option<f64>]| {
            let after =
                |events| show(&|datapoints| datapoints.after(events), others).unwrap_or_default();
            let silence = silence.clone();
            firing::decide(
                alarm,
                period,
                &Watched {
                    after: &after,
                    silence,
                },
            )
        };
        match (decide(&OTHERS), decide(QUIET)) {
            (rings @ Firing::OnOneEvent { .. }, _) => rings,
            (_, Firing::OnOneEvent { .. }) => {
                Firing::Undecided("it also depends on the values of its other metrics".to_owned())
            }
            (_, silent) => silent,
        }
    };
    at_all_times(&expressions, at)
}

/// Whether the alarm rings on one event at every time of day, week and year.
fn at_all_times(
    expressions: &Expressions,
    at: impl Fn(&BTreeMap<&str, Option<f64>>) -> Firing,
) -> Firing {
    let mut times: Vec<BTreeMap<&str, Option<f64>>> = vec![BTreeMap::new()];
    for (function, values) in expressions.times() {
        if times.len() * values.len() > MOST_COMBINATIONS {
            return Firing::Undecided("it combines too many functions of time".to_owned());
        }
        times = times
            .iter()
            .flat_map(|time| {
                values.iter().map(|value| {
                    let mut longer = time.clone();
                    longer.insert(function, Some(*value));
                    longer
                })
            })
            .collect();
    }
    let mut rings = None;
    let mut silent = None;
    for time in &times {
        match at(time) {
            undecided @ Firing::Undecided(_) => return undecided,
            yes @ Firing::OnOneEvent { .. } => rings = rings.or(Some(yes)),
            no => silent = silent.or(Some((time, no))),
        }
    }
    match (rings, silent) {
        (Some(rings), None) => rings,
        (Some(_), Some((time, _))) => {
            let when: Vec<String> = time
                .iter()
                .filter_map(|(function, value)| Some(format!("{function} is {}", (*value)?)))
                .collect();
            Firing::Not(
                Reason::AlarmConditional,
                format!("it does not ring on events while {}", when.join(" and ")),
            )
        }
        (None, Some((_, silent))) => silent,
        (None, None) => Firing::Undecided("it has no value at any time".to_owned()),
    }
}

/// What the returned expression shows over every combination of what the
/// filter's metric and the other metrics can show.
fn results(
    expressions: &Expressions,
    returned: &str,
    time: &BTreeMap<&str, Option<f64>>,
    targets: &[(&str, Datapoints)],
    own: &dyn Fn(&Datapoints) -> Vec<Option<f64>>,
    others: &[&str],
    others_show: &[Option<f64>],
) -> Result<Vec<Option<f64>>, String> {
    let mut combinations: Vec<BTreeMap<&str, Option<f64>>> = vec![time.clone()];
    let choices = targets
        .iter()
        .map(|(id, datapoints)| (*id, own(datapoints)))
        .chain(others.iter().map(|id| (*id, others_show.to_vec())));
    for (id, values) in choices {
        combinations = combinations
            .into_iter()
            .flat_map(|combination| {
                values.iter().map(move |value| {
                    let mut longer = combination.clone();
                    longer.insert(id, *value);
                    longer
                })
            })
            .collect();
        if combinations.len() > MOST_COMBINATIONS {
            return Err("it combines too many metrics".to_owned());
        }
    }
    let mut shown: Vec<Option<f64>> = combinations
        .iter()
        .map(|metrics| expressions.value(returned, metrics))
        .collect::<Result<_, _>>()?;
    shown.dedup();
    Ok(shown)
}
