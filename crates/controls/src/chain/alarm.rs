//! A metric alarm and the metric of a filter: whether the alarm watches exactly
//! that metric, and whether one matching event makes it go to ALARM. A pure
//! function of the filter's transformation and the alarm; expressions are
//! `alarm_math`'s, actions `action`'s.

use std::collections::BTreeMap;

use super::alarm_math;
use super::datapoints::{Datapoints, NotKnown};
use super::firing::{self, Firing, Watched};
use crate::ids::AccountId;
use crate::reason::Reason;
use crate::snapshot::{
    MetricAlarm, MetricFilter, MetricQuery, MetricTransformation, WatchedMetric,
};

/// The events of a filter that a metric counts: selectors, and the values that they have
/// (empty: all events).
pub(crate) type Dimensions = Vec<(String, String)>;

/// How an alarm relates to the metric that a filter publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Watching {
    /// It watches it, for the events with any of these dimension values.
    Yes(Vec<Dimensions>),
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
    if let Some(kind) = &alarm.other_kind {
        return if other_kind_may_read(alarm, &published.name) {
            Watching::Undecided(format!("alarms of kind {kind} are not decided"))
        } else {
            Watching::No
        };
    }
    if let Some(metric) = &alarm.metric {
        // One without an account is of the alarm's own.
        return match sees(filter, published, metric) {
            Watching::No => Watching::No,
            _ if alarm.arn.account().as_ref() != Some(account) => Watching::No,
            seen => seen,
        };
    }
    let mut best = Watching::No;
    let mut watched: Vec<Dimensions> = Vec::new();
    for query in &alarm.queries {
        if let Some(metric) = &query.metric {
            match sees(filter, published, metric) {
                Watching::No => {}
                _ if !is_of(query, alarm, account) => {
                    best = Watching::Astray("it watches the metric of another account".to_owned());
                }
                Watching::Yes(dimensions) => {
                    for values in dimensions {
                        if !watched.contains(&values) {
                            watched.push(values);
                        }
                    }
                }
                astray => best = astray,
            }
        } else if let Some(text) = &query.expression
            && text.to_ascii_uppercase().trim_start().starts_with("SELECT")
            && text.contains(&published.name)
        {
            return Watching::Undecided("Metrics Insights queries are not decided".to_owned());
        }
    }
    if watched.is_empty() {
        best
    } else {
        Watching::Yes(watched)
    }
}

/// Whether the metric of one of the alarm's queries is one of `account`.
pub(super) fn is_of(query: &MetricQuery, alarm: &MetricAlarm, account: &AccountId) -> bool {
    match &query.account {
        Some(named) => named == account.as_str(),
        None => alarm.arn.account().as_ref() == Some(account),
    }
}

/// Whether an alarm of a kind of its own may read a metric named `metric`: its query names it, as it is
/// or as Prometheus spells names, or may find it by a pattern, or is not known.
pub(crate) fn other_kind_may_read(alarm: &MetricAlarm, metric: &str) -> bool {
    let as_in_prometheus: String = metric
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let mut texts = alarm.queries.iter().filter_map(|q| q.expression.as_deref());
    alarm.queries.is_empty()
        || texts.any(|text| {
            [metric, &as_in_prometheus, "__name__"]
                .iter()
                .any(|name| text.contains(name))
        })
}

pub(super) fn sees(
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
    let seen = seen.map(|(name, value)| (dimensions[name.as_str()].to_owned(), value.clone()));
    Watching::Yes(vec![seen.collect()])
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

/// The metric of a filter, and what is known beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) filter: &'a MetricFilter,
    pub(super) published: &'a MetricTransformation,
    /// The event's own values of the metric's dimensions.
    pub(super) dimensions: &'a [(String, String)],
    pub(super) account: &'a AccountId,
    /// All filters of the log group.
    pub(super) filters: &'a [MetricFilter],
}

impl Source<'_> {
    /// Whether its events count in `metric` of its account.
    pub(super) fn is_counted_in(&self, metric: &WatchedMetric) -> bool {
        let seen = sees(self.filter, self.published, metric);
        matches!(seen, Watching::Yes(seen) if seen.iter().any(|seen| seen == self.dimensions))
    }
}

/// What one matching event makes of `alarm`, which watches the metric `published`
/// of `filter` in `account`. `filters` are all of the log group: the metrics of the
/// others may be in the alarm's expression, too. Of an alarm that watches the metric
/// for several values of its dimensions, an event with the first of them.
pub fn firing(
    filter: &MetricFilter,
    published: &MetricTransformation,
    alarm: &MetricAlarm,
    account: &AccountId,
    filters: &[MetricFilter],
) -> Firing {
    let watched = match watching(filter, published, alarm, account) {
        Watching::Yes(watched) => watched,
        _ => Vec::new(),
    };
    let source = Source {
        filter,
        published,
        dimensions: watched.first().map_or(&[], Vec::as_slice),
        account,
        filters,
    };
    firing_on(&source, alarm)
}

/// What one event of `source` makes of `alarm`, which watches its metric.
pub(super) fn firing_on(source: &Source<'_>, alarm: &MetricAlarm) -> Firing {
    if alarm.evaluation_error {
        let why = "CloudWatch cannot evaluate it as it is configured (EVALUATION_ERROR)";
        return Firing::Not(Reason::AlarmNeverFires, why.to_owned());
    }
    if let Some(kind) = &alarm.other_kind {
        return Firing::Undecided(format!("alarms of kind {kind} are not decided"));
    }
    if alarm.threshold_metric_id.is_some() {
        return Firing::Undecided(
            "an anomaly-detection band does not say at how many events it rings".to_owned(),
        );
    }
    if let Some(metric) = &alarm.metric {
        return plain(source.published, alarm, metric);
    }
    alarm_math::firing(source, alarm)
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
    if datapoints.has_no_percentiles() {
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
