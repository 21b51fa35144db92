//! CloudWatch, GetMetricData: metrics and metric math over a range of time (API
//! reference, "GetMetricData" and "MetricDataQuery"). Metrics Insights queries,
//! searches, expressions over metrics of several periods, and labels with dynamic parts
//! are not simulated; the first three say so. AWS documents no words for errors in
//! expressions but their beginning; the rest of those messages is this simulator's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::cloudwatch_metrics::{metric_of, moment, periods, place};
use super::{Answer, Window};
use crate::happening::{Line, MetricKey, Queries};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::World;

/// Queries of a request at most.
const MOST_QUERIES: usize = 500;
/// Datapoints of a page at most.
const MOST_DATAPOINTS: usize = 100_800;

/// One query of the request.
struct Query<'a> {
    id: &'a str,
    label: Option<&'a str>,
    returns_data: bool,
    asks: Asks<'a>,
}

enum Asks<'a> {
    Metric(Metric<'a>),
    Expression { text: &'a str, period: Option<i64> },
}

struct Metric<'a> {
    key: MetricKey,
    period: i64,
    statistic: &'a str,
    unit: Option<&'a str>,
}

/// One result: its datapoints in the order in which they are asked for.
struct Series {
    id: String,
    label: String,
    points: Vec<(i64, f64)>,
}

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let queries = queries(request)?;
    check_range(request)?;
    let descending = request.params.text("ScanBy") != Some("TimestampAscending");
    let mut results = results(world, request, &queries)?;
    for series in results.iter_mut().filter(|_| descending) {
        series.points.reverse();
    }
    let mut moments: Vec<(i64, usize)> = Vec::new();
    for (number, series) in results.iter().enumerate() {
        let times = series.points.iter();
        moments.extend(times.map(|(at, _)| (if descending { -at } else { *at }, number)));
    }
    moments.sort_unstable();
    let page = page(world, request, &queries, moments.len())?;
    let shown = |number: usize, moments: &[(i64, usize)]| {
        moments.iter().filter(|(_, of)| *of == number).count()
    };
    let rows = results.iter().enumerate().map(|(number, series)| {
        let start = shown(number, &moments[..page.range.start]);
        let end = start + shown(number, &moments[page.range.clone()]);
        row(series, start, end)
    });
    Ok(Value::structure([
        ("MetricDataResults", Some(Value::list(rows))),
        ("NextToken", page.next.map(Value::Text)),
        ("Messages", Some(Value::List(Vec::new()))),
    ]))
}

fn invalid(request: &Request, message: impl Into<String>) -> ServiceError {
    ServiceError::invalid(request.service, message)
}

fn queries(request: &Request) -> Result<Vec<Query<'_>>, ServiceError> {
    let items = request.params.items("MetricDataQueries");
    if items.len() > MOST_QUERIES {
        let most = format!(
            "The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        );
        return Err(invalid(request, most));
    }
    let mut ids = BTreeSet::new();
    let mut queries = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let query = query(item, &format!("MetricDataQueries.member.{}", number + 1));
        let query = query.map_err(|message| invalid(request, message))?;
        if !ids.insert(query.id) {
            let twice = "The values for parameter id in MetricDataQueries are not unique.";
            return Err(invalid(request, twice));
        }
        queries.push(query);
    }
    Ok(queries)
}

/// `path` is how errors name the query.
fn query<'a>(item: &'a Value, path: &str) -> Result<Query<'a>, String> {
    let id = item.text("Id").unwrap_or_default();
    let follows = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !id.starts_with(|first: char| first.is_ascii_lowercase()) || !id.chars().all(follows) {
        return Err(format!(
            "The value {id} for parameter {path}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        ));
    }
    let asks = match (item.get("MetricStat"), item.text("Expression")) {
        (Some(_), Some(_)) => {
            return Err(format!(
                "The parameters {path}.Expression and {path}.MetricStat are mutually exclusive and you have specified both."
            ));
        }
        // AWS's message ends in a line break, too.
        (None, None) => return Err(format!("The parameter {path}.MetricStat is required.\n")),
        (None, Some(text)) => Asks::Expression {
            text,
            period: period(item, path)?,
        },
        (Some(stat), None) => Asks::Metric(metric(stat, &format!("{path}.MetricStat"))?),
    };
    Ok(Query {
        id,
        label: item.text("Label"),
        returns_data: item.boolean("ReturnData").unwrap_or(true),
        asks,
    })
}

fn metric<'a>(stat: &'a Value, path: &str) -> Result<Metric<'a>, String> {
    let described = stat.get("Metric").cloned().unwrap_or_else(Value::empty);
    let namespace = described
        .text("Namespace")
        .ok_or_else(|| format!("The parameter {path}.Metric.Namespace is required."))?;
    let required = |name: &str| format!("The parameter {path}.{name} is required.");
    Ok(Metric {
        key: metric_of(&described, namespace),
        period: period(stat, path)?.ok_or_else(|| required("Period"))?,
        statistic: stat.text("Stat").ok_or_else(|| required("Stat"))?,
        unit: stat.text("Unit"),
    })
}

/// "The period can be 1, 5, 10, 20, 30, 60, or any multiple of 60."
fn period(of: &Value, path: &str) -> Result<Option<i64>, String> {
    let Some(period) = of.integer("Period") else {
        return Ok(None);
    };
    if [1, 5, 10, 20, 30].contains(&period) || (period > 0 && period % 60 == 0) {
        return Ok(Some(period));
    }
    Err(format!(
        "The value {period} for parameter {path}.Period must be 1, 5, 10, 20, 30 or a multiple of 60."
    ))
}

fn check_range(request: &Request) -> Result<(), ServiceError> {
    let time = |name: &str| {
        let at = moment(&request.params, name);
        at.ok_or_else(|| ServiceError::missing(request.service, name))
    };
    let message = match time("StartTime")?.cmp(&time("EndTime")?) {
        std::cmp::Ordering::Less => return Ok(()),
        std::cmp::Ordering::Equal => "The parameter StartTime must not equal parameter EndTime.",
        std::cmp::Ordering::Greater => "The parameter EndTime must be greater than StartTime.",
    };
    Err(invalid(request, message))
}

/// The series of every query that returns data, oldest datapoint first.
fn results(
    world: &World,
    request: &Request,
    asked: &[Query<'_>],
) -> Result<Vec<Series>, ServiceError> {
    let mut math = Queries::default();
    let mut metrics = BTreeMap::new();
    for query in asked {
        match &query.asks {
            Asks::Metric(metric) => {
                math.metrics.insert(query.id);
                let line = line(world, request, metric)?;
                metrics.insert(query.id, (query, metric.period, line));
            }
            Asks::Expression { text, .. } => {
                math.expressions.insert(query.id, text);
            }
        }
    }
    let mut results = Vec::new();
    for query in asked {
        let (period, series) = match &query.asks {
            Asks::Metric(metric) => {
                let line = metrics[query.id].2.clone();
                let label = query.label.unwrap_or(&metric.key.name);
                (metric.period, vec![(label.to_owned(), line)])
            }
            Asks::Expression { text, period } => {
                let problem = |what: String| {
                    invalid(
                        request,
                        format!("Error in expression '{}': {what}", query.id),
                    )
                };
                if text
                    .trim_start()
                    .to_ascii_uppercase()
                    .starts_with("SELECT ")
                {
                    return Err(problem("Metrics Insights is not simulated".to_owned()));
                }
                let told =
                    |problem: crate::happening::Problem| invalid(request, problem.to_string());
                let needed = math.metrics_of(query.id).map_err(told)?;
                let of_metrics = needed.iter().map(|id| metrics[id].1);
                let mut all: BTreeSet<i64> = of_metrics.chain(*period).collect();
                let period = all.pop_first().unwrap_or(60);
                if !all.is_empty() {
                    return Err(problem("several periods are not simulated".to_owned()));
                }
                let lines: BTreeMap<String, Line> = needed
                    .iter()
                    .map(|id| ((*id).to_owned(), metrics[id].2.clone()))
                    .collect();
                let given = math.result(query.id, &lines, period).map_err(told)?;
                let labelled = given.into_iter().map(|named| {
                    let of_metric = named.id.and_then(|id| {
                        let (query, ..) = metrics.get(&*id)?;
                        Some(own_label(query).to_owned())
                    });
                    let label = match (query.label, of_metric) {
                        (Some(label), Some(of_metric)) => format!("{label} {of_metric}"),
                        (None, Some(of_metric)) => of_metric,
                        (label, None) => label.unwrap_or(query.id).to_owned(),
                    };
                    (label, named.line)
                });
                (period, labelled.collect())
            }
        };
        if !query.returns_data {
            continue;
        }
        let starts = periods(request, period)?;
        for (label, line) in series {
            let points = starts.iter().zip(&line);
            results.push(Series {
                id: query.id.to_owned(),
                label,
                points: points
                    .filter_map(|(at, value)| Some((*at, (*value)?)))
                    .collect(),
            });
        }
    }
    Ok(results)
}

/// The label of a query: its own or the one that CloudWatch gives it.
fn own_label<'a>(query: &'a Query<'_>) -> &'a str {
    query.label.unwrap_or(match &query.asks {
        Asks::Metric(metric) => &metric.key.name,
        Asks::Expression { .. } => query.id,
    })
}

fn line(world: &World, request: &Request, metric: &Metric<'_>) -> Result<Line, ServiceError> {
    let starts = periods(request, metric.period)?;
    let values = starts.into_iter().map(|at| {
        let range = (at, at + metric.period);
        let samples = world
            .live()
            .samples(place(request), &metric.key, range, metric.unit);
        samples.statistic(metric.statistic)
    });
    values
        .collect::<Result<_, _>>()
        .map_err(|why| invalid(request, why))
}

/// Which datapoints are shown, counted over all results in the order of their time. "NextToken is not
/// returned if you are performing a math expression": the rest is left out then.
fn page(
    world: &World,
    request: &Request,
    queries: &[Query<'_>],
    length: usize,
) -> Result<Window, ServiceError> {
    let names = ("NextToken", "MaxDatapoints");
    let is_math = |query: &Query<'_>| matches!(query.asks, Asks::Expression { .. });
    if !queries.iter().any(is_math) {
        return Window::of(world, request, length, names, MOST_DATAPOINTS);
    }
    if request.params.has(names.0) {
        return Err(ServiceError::bad_token(request.service));
    }
    let asked = request.params.integer(names.1);
    let asked = asked.map_or(MOST_DATAPOINTS, |most| usize::try_from(most).unwrap_or(1));
    Ok(Window {
        range: 0..asked.clamp(1, MOST_DATAPOINTS).min(length),
        next: None,
    })
}

fn row(series: &Series, start: usize, end: usize) -> Value {
    let points = &series.points[start..end];
    let time = |at: i64| Value::Time(DateTime::from_timestamp(at, 0).unwrap_or_default());
    let is_complete = end == series.points.len();
    structure! {
        "Id" => &series.id,
        "Label" => &series.label,
        "Timestamps" => Value::list(points.iter().map(|(at, _)| time(*at))),
        "Values" => Value::list(points.iter().map(|(_, value)| *value)),
        "StatusCode" => if is_complete { "Complete" } else { "PartialData" },
    }
}
