//! CloudWatch, GetMetricData: metrics and metric math over a range of time (API
//! reference, "GetMetricData" and "MetricDataQuery"). Metrics Insights queries,
//! searches, expressions over metrics of several periods, and labels with dynamic parts
//! are not simulated; the first three say so. AWS documents no words for errors in
//! expressions but their beginning; the rest of those messages is this simulator's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::cloudwatch_metrics::{metric_of, moment, periods, place};
use super::{Answer, Window};
use crate::happening::{Line, MetricKey, Problem, Queries};
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
    /// The account that has it, where it is another one.
    owner: Option<&'a str>,
    key: MetricKey,
    period: i64,
    statistic: &'a str,
    unit: Option<&'a str>,
}

/// One result: its datapoints in the order in which they are asked for.
struct Series {
    id: String,
    label: String,
    /// Whether it needs metrics of an account that is not linked to the caller's.
    forbidden: bool,
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
        (Some(stat), None) => {
            let path = format!("{path}.MetricStat");
            Asks::Metric(metric(stat, item.text("AccountId"), &path)?)
        }
    };
    Ok(Query {
        id,
        label: item.text("Label"),
        returns_data: item.boolean("ReturnData").unwrap_or(true),
        asks,
    })
}

fn metric<'a>(stat: &'a Value, owner: Option<&'a str>, path: &str) -> Result<Metric<'a>, String> {
    let described = stat.get("Metric").cloned().unwrap_or_else(Value::empty);
    let namespace = described
        .text("Namespace")
        .ok_or_else(|| format!("The parameter {path}.Metric.Namespace is required."))?;
    let required = |name: &str| format!("The parameter {path}.{name} is required.");
    Ok(Metric {
        owner,
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

/// Every metric of the request by its identifier.
type Metrics<'a> = BTreeMap<&'a str, Fetched>;

struct Fetched {
    label: String,
    period: i64,
    /// `None` when its account does not share it with the caller's.
    line: Option<Line>,
}

/// What a query gives: its period, and series with their labels; `None` where they are forbidden.
type Given = (i64, Vec<(String, Option<Line>)>);

/// The series of every query that returns data, oldest datapoint first.
fn results(
    world: &World,
    request: &Request,
    asked: &[Query<'_>],
) -> Result<Vec<Series>, ServiceError> {
    let mut math = Queries::default();
    let mut metrics = Metrics::new();
    for query in asked {
        match &query.asks {
            Asks::Metric(metric) => {
                math.metrics.insert(query.id);
                let fetched = Fetched {
                    label: query.label.unwrap_or(&metric.key.name).to_owned(),
                    period: metric.period,
                    line: line(world, request, metric)?,
                };
                metrics.insert(query.id, fetched);
            }
            Asks::Expression { text, .. } => {
                math.expressions.insert(query.id, text);
            }
        }
    }
    let mut results = Vec::new();
    for query in asked {
        let (period, series) = match &query.asks {
            Asks::Metric(_) => {
                let fetched = &metrics[query.id];
                let series = (fetched.label.clone(), fetched.line.clone());
                (fetched.period, vec![series])
            }
            Asks::Expression { text, period } => computed(query, text, *period, &math, &metrics)
                .map_err(|problem| invalid(request, problem.to_string()))?,
        };
        if !query.returns_data {
            continue;
        }
        let starts = periods(request, period)?;
        for (label, line) in series {
            let points = starts.iter().zip(line.iter().flatten());
            results.push(Series {
                id: query.id.to_owned(),
                label,
                forbidden: line.is_none(),
                points: points
                    .filter_map(|(at, value)| Some((*at, (*value)?)))
                    .collect(),
            });
        }
    }
    Ok(results)
}

/// What an expression gives; `period` is the one that it asks for.
fn computed(
    query: &Query<'_>,
    text: &str,
    period: Option<i64>,
    math: &Queries<'_>,
    metrics: &Metrics<'_>,
) -> Result<Given, Problem> {
    let problem = |what: &str| Problem {
        expression: query.id.to_owned(),
        what: what.to_owned(),
    };
    let begin = text.trim_start().get(..7).unwrap_or_default();
    if begin.eq_ignore_ascii_case("SELECT ") {
        return Err(problem("Metrics Insights is not simulated"));
    }
    let needed = math.metrics_of(query.id)?;
    let of_metrics = needed.iter().map(|id| metrics[id].period);
    let mut all: BTreeSet<i64> = of_metrics.chain(period).collect();
    let period = all.pop_first().unwrap_or(60);
    if !all.is_empty() {
        return Err(problem("several periods are not simulated"));
    }
    let own_label = query.label.unwrap_or(query.id);
    let lines: Option<BTreeMap<String, Line>> = needed
        .iter()
        .map(|id| Some(((*id).to_owned(), metrics[id].line.clone()?)))
        .collect();
    let Some(lines) = lines else {
        return Ok((period, vec![(own_label.to_owned(), None)]));
    };
    let given = math.result(query.id, &lines, period)?;
    let labelled = given.into_iter().map(|named| {
        let of_metric = named.id.and_then(|id| Some(&*metrics.get(&*id)?.label));
        let label = match (query.label, of_metric) {
            (Some(label), Some(of_metric)) => format!("{label} {of_metric}"),
            (None, Some(of_metric)) => of_metric.to_owned(),
            (_, None) => own_label.to_owned(),
        };
        (label, Some(named.line))
    });
    Ok((period, labelled.collect()))
}

/// The statistic of each period; `None` when the metric's account does not share it with the
/// caller's.
fn line(
    world: &World,
    request: &Request,
    metric: &Metric<'_>,
) -> Result<Option<Line>, ServiceError> {
    let (here, region) = place(request);
    let owner = metric.owner.unwrap_or(here);
    let may_read = world.account(here).is_some_and(|state| {
        let content = state.region_content(region);
        owner == here || content.is_some_and(|it| it.may_watch(here, owner, &metric.key.namespace))
    });
    if !may_read {
        return Ok(None);
    }
    let starts = periods(request, metric.period)?;
    let values = starts.into_iter().map(|at| {
        let range = (at, at + metric.period);
        let live = world.live();
        let samples = live.samples((owner, region), &metric.key, range, metric.unit);
        samples.statistic(metric.statistic)
    });
    let line = values.collect::<Result<_, _>>();
    line.map(Some).map_err(|why| invalid(request, why))
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
    let status = match end == series.points.len() {
        _ if series.forbidden => "Forbidden",
        true => "Complete",
        false => "PartialData",
    };
    structure! {
        "Id" => &series.id,
        "Label" => &series.label,
        "Timestamps" => Value::list(points.iter().map(|(at, _)| time(*at))),
        "Values" => Value::list(points.iter().map(|(_, value)| *value)),
        "StatusCode" => status,
    }
}
