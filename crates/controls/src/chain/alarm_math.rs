//! Alarms on an expression of metric math: whether one event of a filter makes the
//! returned expression cross the threshold, whatever its other metrics show, at
//! every time of day, week and year.

use std::collections::BTreeMap;

use super::alarm::{Source, Watching, is_of, sees};
use super::datapoints::{Datapoints, NotKnown};
use super::firing::{self, Firing, Watched};
use super::metric_math::Expressions;
use crate::reason::Reason;
use crate::snapshot::{MetricAlarm, WatchedMetric};

/// Combinations that are tried at most.
const MOST_COMBINATIONS: usize = 4096;

/// Values that a metric is tried with of which nothing is known.
const ANYTHING: [Option<f64>; 8] = [
    None,
    Some(0.0),
    Some(0.5),
    Some(1.0),
    Some(7.0),
    Some(1e9),
    Some(-1.0),
    Some(-1e9),
];

/// A metric of the expression beside the filter's own.
struct Other<'a> {
    id: &'a str,
    /// What it shows when nothing happens, as far as it is an event counter; else anything.
    quiet: Vec<Option<f64>>,
    /// What it shows at any time.
    ever: Vec<Option<f64>>,
    /// Whether it counts events of the same log group, so that it is quiet most of the time.
    counts_events: bool,
}

/// What one matching event makes of `alarm`, whose expression reads the metric of `source`.
pub(super) fn firing(source: &Source<'_>, alarm: &MetricAlarm) -> Firing {
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
    let mut others: Vec<Other<'_>> = Vec::new();
    let mut period = returned.period;
    for query in &alarm.queries {
        let Some(metric) = &query.metric else {
            continue;
        };
        period = period.or(metric.period);
        let own = is_of(query, alarm, source.account);
        if own
            && matches!(
                sees(source.filter, source.published, metric),
                Watching::Yes(_)
            )
        {
            match Datapoints::of(source.published, metric.statistic.as_deref(), metric.period) {
                Ok(datapoints) => targets.push((&query.id, datapoints)),
                Err(NotKnown(why)) => return Firing::Undecided(why),
            }
        } else {
            others.push(other(source, &query.id, metric, own));
        }
    }
    let showing = Showing {
        expressions: &expressions,
        returned: &returned.id,
        targets: &targets,
        others: &others,
    };
    at_all_times(&expressions, |time| {
        at_one_time(&showing, time, alarm, period)
    })
}

fn other<'a>(source: &Source<'_>, id: &'a str, metric: &WatchedMetric, own: bool) -> Other<'a> {
    let mut counted: Vec<Datapoints> = Vec::new();
    for filter in source.filters.iter().filter(|_| own) {
        for published in &filter.transformations {
            if matches!(sees(filter, published, metric), Watching::Yes(_))
                && let Ok(datapoints) =
                    Datapoints::of(published, metric.statistic.as_deref(), metric.period)
            {
                counted.push(datapoints);
            }
        }
    }
    if counted.is_empty() {
        return Other {
            id,
            quiet: ANYTHING.to_vec(),
            ever: ANYTHING.to_vec(),
            counts_events: false,
        };
    }
    let distinct = |values: Vec<Option<f64>>| {
        let mut all: Vec<Option<f64>> = Vec::new();
        for value in values {
            if !all.contains(&value) {
                all.push(value);
            }
        }
        all
    };
    let quiet = distinct(counted.iter().flat_map(Datapoints::silence).collect());
    let happening = counted
        .iter()
        .flat_map(|datapoints| [1, 7].map(|events| datapoints.after(events)))
        .flatten();
    Other {
        id,
        ever: distinct(quiet.iter().copied().chain(happening).collect()),
        quiet,
        counts_events: true,
    }
}

/// The returned expression over everything that its metrics can show.
struct Showing<'a> {
    expressions: &'a Expressions,
    returned: &'a str,
    targets: &'a [(&'a str, Datapoints)],
    others: &'a [Other<'a>],
}

/// Which values of the other metrics are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// While no event of another counter happens; what counts no events may show anything.
    Quiet,
    /// At any time.
    Ever,
    /// While nothing at all happens elsewhere: no datapoint, or zero.
    Still,
    /// As `Quiet`, where what counts no events shows nothing, which may last.
    Absent,
}

const STILL: [Option<f64>; 2] = [None, Some(0.0)];

impl Showing<'_> {
    /// What the expression shows where the filter's metric shows one of `own`.
    fn values(
        &self,
        time: &BTreeMap<&str, Option<f64>>,
        own: &dyn Fn(&Datapoints) -> Vec<Option<f64>>,
        when: When,
    ) -> Result<Vec<Option<f64>>, String> {
        let targets = self.targets.iter();
        let others = self.others.iter().map(|other| match when {
            When::Quiet => (other.id, other.quiet.clone()),
            When::Ever => (other.id, other.ever.clone()),
            When::Still => (other.id, STILL.to_vec()),
            When::Absent if other.counts_events => (other.id, other.quiet.clone()),
            When::Absent => (other.id, vec![None]),
        });
        let choices = targets
            .map(|(id, datapoints)| (*id, own(datapoints)))
            .chain(others);
        let mut combinations: Vec<BTreeMap<&str, Option<f64>>> = vec![time.clone()];
        for (id, values) in choices {
            if combinations.len() * values.len() > MOST_COMBINATIONS {
                return Err("it combines too many metrics".to_owned());
            }
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
        }
        let mut shown: Vec<Option<f64>> = combinations
            .iter()
            .map(|metrics| self.expressions.value(self.returned, metrics))
            .collect::<Result<_, _>>()?;
        shown.dedup();
        Ok(shown)
    }
}

/// Decides at a time of day, week and year. The alarm rings when it does whatever
/// the other metrics show. Metrics that count events of the same log group are quiet
/// most of the time, as other children of a composite are; of any other metric it is
/// not known that it ever lets the alarm leave ALARM.
fn at_one_time(
    showing: &Showing<'_>,
    time: &BTreeMap<&str, Option<f64>>,
    alarm: &MetricAlarm,
    period: Option<i32>,
) -> Firing {
    let decide = |around: When, silent: When| -> Result<Firing, String> {
        let silence = showing.values(time, &Datapoints::silence, silent)?;
        // Everything is tried once here, so that what follows cannot fail.
        showing.values(time, &|datapoints| datapoints.after(1), around)?;
        let after = |events| {
            let own = |datapoints: &Datapoints| datapoints.after(events);
            showing.values(time, &own, around).unwrap_or_default()
        };
        let after = &after;
        Ok(firing::decide(alarm, period, &Watched { after, silence }))
    };
    let all = (
        decide(When::Ever, When::Quiet),
        decide(When::Quiet, When::Quiet),
        decide(When::Still, When::Still),
    );
    let (ever, quiet, still) = match all {
        (Ok(ever), Ok(quiet), Ok(still)) => (ever, quiet, still),
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => return Firing::Undecided(why),
    };
    let foreign: Vec<&str> = showing
        .others
        .iter()
        .filter(|other| !other.counts_events)
        .map(|other| other.id)
        .collect();
    // Data that does not come ends no ALARM where it is ignored or counts as breaching.
    let missing = alarm.treat_missing_data.as_deref().unwrap_or("missing");
    let may_stay = ["ignore", "breaching"].contains(&missing)
        && !foreign.is_empty()
        && showing
            .values(time, &Datapoints::silence, When::Absent)
            .is_ok_and(|shown| shown.iter().all(Option::is_none));
    match (ever, quiet, still) {
        (Firing::OnOneEvent { .. }, ..) if may_stay => Firing::Undecided(format!(
            "it leaves ALARM only when metrics show something of which nothing is known: {}",
            foreign.join(", ")
        )),
        (rings @ Firing::OnOneEvent { .. }, ..) => rings,
        (_, Firing::OnOneEvent { .. }, _) => {
            Firing::Undecided("it also depends on the values of its other metrics".to_owned())
        }
        (_, _, Firing::OnOneEvent { .. }) => Firing::Undecided(format!(
            "it also depends on metrics of which nothing is known: {}",
            foreign.join(", ")
        )),
        (_, _, silent) => silent,
    }
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
