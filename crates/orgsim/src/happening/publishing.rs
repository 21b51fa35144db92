//! Metric filters: which of them match an event that has arrived in a log group,
//! and the datapoint that each publishes (CloudWatch Logs user guide, "Creating
//! metrics from log events using filters").
//!
//! Patterns are parsed and matched by the `filter-pattern` crate, which orgsweep's
//! verdicts rest on as well; that crate is checked against other implementations
//! of its own. Everything else here is this simulator's.

use std::collections::{BTreeMap, HashMap};

use filter_pattern::{Event, FieldSelectionCriteria, FilterPattern};
use serde_json::Value;

use super::event::CloudTrailEvent;
use super::metric::{Datapoint, MetricKey};
use super::recording::Arrival;
use super::trace::{Link, Trace};
use crate::state::{MetricFilter, MetricTransformation, World};

/// Dimensions that AWS adds itself, and the event's field that gives each.
const SYSTEM_FIELDS: [(&str, &str); 2] = [
    ("@aws.account", "recipientAccountId"),
    ("@aws.region", "awsRegion"),
];

/// A datapoint on its way into the metrics of an account and Region.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Published {
    pub(super) metric: MetricKey,
    pub(super) datapoint: Datapoint,
}

/// Patterns that were read before.
pub(super) type Patterns = HashMap<String, Result<FilterPattern, String>>;

/// What the filters of the group publish for the event.
pub(super) fn published(
    world: &World,
    patterns: &mut Patterns,
    arrival: &Arrival,
    event: &CloudTrailEvent,
    trace: &mut Trace,
) -> Vec<Published> {
    let state = world.account(&arrival.account);
    let content = state
        .as_ref()
        .and_then(|state| state.region_content(&arrival.region));
    let Some(group) = content.and_then(|content| content.log_groups.get(&arrival.group)) else {
        trace.stop(Link::LogGroup, &arrival.group, "it does not exist");
        return Vec::new();
    };
    if group.class != "STANDARD" {
        let why = format!("class {} supports no metric filters", group.class);
        trace.stop(Link::LogGroup, &arrival.group, why);
        return Vec::new();
    }
    trace.pass(Link::LogGroup, &arrival.group, "the event arrives");
    let parsed = Event::parse(event.text()).ok();
    let mut published = Vec::new();
    let mut passed_over = 0_usize;
    for (name, filter) in &group.filters {
        let resource = format!("{}:metric-filter:{name}", arrival.group);
        match matched(filter, patterns, event, parsed.as_ref()) {
            Ok(()) => {
                trace.pass(Link::Filter, &resource, "matches");
                for transformation in &filter.transformations {
                    match datapoint((&arrival.group, name), filter, transformation, event) {
                        Ok(point) => {
                            let text = format!("value {}", point.datapoint.value);
                            trace.pass(Link::Metric, &point.metric.to_string(), text);
                            published.push(point);
                        }
                        Err(why) => trace.stop(Link::Metric, &transformation.name, why),
                    }
                }
            }
            Err(NoMatch::Pattern) => passed_over += 1,
            Err(NoMatch::Because(why)) => trace.stop(Link::Filter, &resource, why),
        }
    }
    if published.is_empty() {
        let filters = group.filters.len();
        let why = format!("{passed_over} of its {filters} metric filters do not match");
        trace.stop(Link::Filter, &arrival.group, why);
    }
    published
}

/// Why a filter lets an event pass by.
enum NoMatch {
    /// Its pattern does not match.
    Pattern,
    /// Something that is worth telling.
    Because(String),
}

fn matched(
    filter: &MetricFilter,
    patterns: &mut Patterns,
    event: &CloudTrailEvent,
    parsed: Option<&Event>,
) -> Result<(), NoMatch> {
    if filter.on_transformed_logs {
        return Err(NoMatch::Because("it sees transformed logs".to_owned()));
    }
    if let Some(criteria) = &filter.field_selection {
        let selects = criteria
            .parse::<FieldSelectionCriteria>()
            .is_ok_and(|criteria| selects(&criteria, event));
        if !selects {
            let why = format!("its field-selection criteria leave it out: {criteria}");
            return Err(NoMatch::Because(why));
        }
    }
    if !patterns.contains_key(&filter.pattern) {
        let pattern = FilterPattern::parse(&filter.pattern).map_err(|error| error.to_string());
        patterns.insert(filter.pattern.clone(), pattern);
    }
    let pattern = match &patterns[&filter.pattern] {
        Ok(pattern) => pattern,
        Err(error) => {
            let why = format!("its pattern is not valid: {error}");
            return Err(NoMatch::Because(why));
        }
    };
    if parsed.is_some_and(|event| pattern.matches(event)) {
        Ok(())
    } else {
        Err(NoMatch::Pattern)
    }
}

/// Criteria are about the account and the Region of the log's source.
fn selects(criteria: &FieldSelectionCriteria, event: &CloudTrailEvent) -> bool {
    criteria.admits(event.account(), event.region())
}

fn datapoint(
    (group, name): (&str, &str),
    filter: &MetricFilter,
    transformation: &MetricTransformation,
    event: &CloudTrailEvent,
) -> Result<Published, String> {
    let value = if transformation.value.starts_with('$') {
        let field = event.at_path(&transformation.value);
        number(field).ok_or_else(|| format!("`{}` is no number", transformation.value))?
    } else {
        let text = transformation.value.trim();
        text.parse().map_err(|_| format!("`{text}` is no number"))?
    };
    let mut dimensions = BTreeMap::new();
    for (name, path) in &transformation.dimensions {
        let value = event
            .at_path(path)
            .and_then(text)
            .ok_or_else(|| format!("the event has no `{path}` for the dimension `{name}`"))?;
        dimensions.insert(name.clone(), value);
    }
    for field in &filter.system_field_dimensions {
        let known = SYSTEM_FIELDS.iter().find(|(name, _)| name == field);
        if let Some(value) = known.and_then(|(_, key)| text(&event.record()[*key])) {
            dimensions.insert(field.clone(), value);
        }
    }
    Ok(Published {
        metric: MetricKey {
            namespace: transformation.namespace.clone(),
            name: transformation.name.clone(),
            dimensions,
        },
        datapoint: Datapoint {
            value,
            unit: unit(transformation.unit.as_deref()),
            source: Some(format!("{group}/{name}")),
        },
    })
}

/// The unit under which a value is stored.
pub(super) fn unit(unit: Option<&str>) -> String {
    unit.unwrap_or("None").to_owned()
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
