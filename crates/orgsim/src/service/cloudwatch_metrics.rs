//! CloudWatch, metrics: values put and read, and states set by hand. What
//! GetMetricData answers is in `metric_data`.

use chrono::{DateTime, Utc};

use super::{Answer, Window};
use crate::happening::{MetricKey, Sample};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{AlarmState, World};

/// Metrics of a page.
const PAGE: usize = 500;
const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "PutMetricData" => put(world, request),
        "ListMetrics" => list(world, request),
        "GetMetricStatistics" => statistics(world, request),
        "GetMetricData" => super::metric_data::answer(world, request),
        "SetAlarmState" => set_state(world, request),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn dimensions(of: &Value) -> std::collections::BTreeMap<String, String> {
    of.items("Dimensions")
        .iter()
        .filter_map(|pair| {
            Some((
                pair.text("Name")?.to_owned(),
                pair.text("Value")?.to_owned(),
            ))
        })
        .collect()
}

pub(super) fn metric_of(of: &Value, namespace: &str) -> MetricKey {
    MetricKey {
        namespace: namespace.to_owned(),
        name: of.text("MetricName").unwrap_or_default().to_owned(),
        dimensions: dimensions(of),
    }
}

pub(super) fn place(request: &Request) -> (&str, &str) {
    (&request.caller.account, &request.region)
}

fn put(world: &World, request: &Request) -> Answer {
    let namespace = request.required("Namespace")?;
    if namespace.starts_with("AWS/") {
        return Err(ServiceError::invalid(
            request.service,
            "The value AWS/ for parameter Namespace is invalid.",
        ));
    }
    for datum in request.params.items("MetricData") {
        let metric = metric_of(datum, namespace);
        let sample = |value, times| Sample {
            at: moment(datum, "Timestamp").unwrap_or_else(|| world.now()),
            value,
            times,
            unit: datum.text("Unit").unwrap_or("None").to_owned(),
        };
        let mut samples = Vec::new();
        if let Some(value) = datum.float("Value") {
            samples.push(sample(value, 1));
        }
        let counts = datum.items("Counts");
        for (place, value) in datum.items("Values").iter().enumerate() {
            let times = counts.get(place).and_then(number).unwrap_or(1.0);
            samples.extend(number(value).map(|value| sample(value, times as usize)));
        }
        for sample in samples {
            world
                .live()
                .put(world, self::place(request), &metric, &sample);
        }
    }
    Ok(Value::empty())
}

fn number(value: &Value) -> Option<f64> {
    structure! { "Number" => value.clone() }.float("Number")
}

/// A moment: as such, as text, or in epoch seconds.
pub(super) fn moment(of: &Value, name: &str) -> Option<DateTime<Utc>> {
    match of.get(name)? {
        Value::Time(at) => Some(*at),
        Value::Text(text) => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| at.to_utc()),
        other => DateTime::from_timestamp_millis((number(other)? * 1000.0) as i64),
    }
}

fn dimension_rows(metric: &MetricKey) -> Value {
    let rows = metric.dimensions.iter();
    Value::list(rows.map(|(name, value)| structure! { "Name" => name, "Value" => value }))
}

fn list(world: &World, request: &Request) -> Answer {
    let params = &request.params;
    let wanted = dimensions(params);
    let mut metrics = world
        .live()
        .known_metrics(&request.caller.account, &request.region);
    metrics.retain(|metric| {
        params
            .text("Namespace")
            .is_none_or(|name| name == metric.namespace)
            && params
                .text("MetricName")
                .is_none_or(|name| name == metric.name)
            && wanted
                .iter()
                .all(|(name, value)| metric.dimensions.get(name) == Some(value))
    });
    let window = Window::of(world, request, metrics.len(), ("NextToken", ""), PAGE)?;
    let rows = metrics[window.range].iter().map(|metric| {
        structure! {
            "Namespace" => &metric.namespace,
            "MetricName" => &metric.name,
            "Dimensions" => dimension_rows(metric),
        }
    });
    Ok(Value::structure([
        ("Metrics", Some(Value::list(rows))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

/// The beginnings of the periods of the request's range.
pub(super) fn periods(request: &Request, period: i64) -> Result<Vec<i64>, ServiceError> {
    let time = |name: &str| {
        moment(&request.params, name)
            .map(|at| at.timestamp())
            .ok_or_else(|| ServiceError::missing(request.service, name))
    };
    let (start, end) = (time("StartTime")?, time("EndTime")?);
    if start >= end {
        return Err(ServiceError::new(
            "InvalidParameterCombination",
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let first = start.div_euclid(period) * period;
    let most = usize::try_from((end - first) / period + 1).unwrap_or(0);
    Ok((0..most.min(100_000) as i64)
        .map(|number| first + number * period)
        .filter(|at| *at < end)
        .collect())
}

fn statistics(world: &World, request: &Request) -> Answer {
    let params = &request.params;
    let metric = metric_of(params, request.required("Namespace")?);
    let period = params.integer("Period").unwrap_or(60).max(1);
    let wanted = params.texts("Statistics");
    let unit = params.text("Unit");
    let mut rows = Vec::new();
    for at in periods(request, period)? {
        let samples = world
            .live()
            .samples(place(request), &metric, (at, at + period), unit);
        if samples.statistic("Sum").is_ok_and(|sum| sum.is_none()) {
            continue;
        }
        let mut row = vec![(
            "Timestamp",
            Value::Time(DateTime::from_timestamp(at, 0).unwrap_or_default()),
        )];
        for name in STATISTICS
            .into_iter()
            .filter(|name| wanted.iter().any(|w| w == name))
        {
            if let Ok(Some(value)) = samples.statistic(name) {
                row.push((name, value.into()));
            }
        }
        row.push(("Unit", unit.unwrap_or("None").into()));
        rows.push(Value::Structure(row));
    }
    Ok(structure! { "Label" => &metric.name, "Datapoints" => Value::List(rows) })
}

fn set_state(world: &World, request: &Request) -> Answer {
    let name = request.required("AlarmName")?;
    let state = match request.required("StateValue")? {
        "ALARM" => AlarmState::Alarm,
        "OK" => AlarmState::Ok,
        _ => AlarmState::InsufficientData,
    };
    let reason = request.required("StateReason")?;
    let (account, region) = place(request);
    if world
        .live()
        .set_state(world, (account, region, name), state, reason)
    {
        Ok(Value::empty())
    } else {
        Err(ServiceError::with_status(404, "ResourceNotFound", ""))
    }
}
