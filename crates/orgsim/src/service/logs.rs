//! CloudWatch Logs, reading: groups, streams, metric filters.

use chrono::{DateTime, Duration, Utc};

use super::{Answer, Window, logs_events, logs_test, logs_write};
use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::{LogGroup, LogStream, MetricFilter, MetricTransformation, RegionState, World};

const TOKENS: (&str, &str) = ("nextToken", "limit");
const PAGE: usize = 50;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let Some(state) = world.account(&request.caller.account) else {
        return Err(ServiceError::unrecognized(request.service));
    };
    let nothing = RegionState::default();
    let region = state.region_content(&request.region).unwrap_or(&nothing);
    match request.operation.as_str() {
        "DescribeLogGroups" => log_groups(world, request, region),
        "DescribeMetricFilters" => metric_filters(world, request, region),
        "DescribeLogStreams" => log_streams(world, request, region),
        "TestMetricFilter" => logs_test::answer(request),
        "ListTagsForResource" | "ListTagsLogGroup" => {
            let name = tagged_group(request)?;
            region.log_groups.get(&name).ok_or_else(no_such_group)?;
            let arn = group_arn(world, request, &name);
            let tags = region.tags.get(&arn).cloned().unwrap_or_default();
            Ok(Value::structure([("tags", Some(tags.into()))]))
        }
        "PutLogEvents" | "FilterLogEvents" | "GetLogEvents" | "CreateLogStream"
        | "DeleteLogStream" => {
            drop(state);
            logs_events::answer(world, request)
        }
        _ => {
            drop(state);
            logs_write::answer(world, request)
        }
    }
}

/// ARN of a log group, without the `:*` at its end.
pub(super) fn group_arn(world: &World, request: &Request, name: &str) -> String {
    format!(
        "arn:{}:logs:{}:{}:log-group:{name}",
        world.settings().partition,
        request.region,
        request.caller.account
    )
}

/// The group whose tags a request is about, by name or ARN.
pub(super) fn tagged_group(request: &Request) -> Result<String, ServiceError> {
    let named = request
        .params
        .text("resourceArn")
        .or_else(|| request.params.text("logGroupName"))
        .ok_or_else(|| ServiceError::missing(request.service, "resourceArn"))?;
    let named = named.rsplit("log-group:").next().unwrap_or(named);
    Ok(named.trim_end_matches(":*").to_owned())
}

pub(super) fn no_such_group() -> ServiceError {
    ServiceError::new(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
}

fn log_groups(world: &World, request: &Request, region: &RegionState) -> Answer {
    let params = &request.params;
    let (prefix, pattern) = (
        params.text("logGroupNamePrefix"),
        params.text("logGroupNamePattern"),
    );
    if prefix.is_some() && pattern.is_some() {
        return Err(ServiceError::invalid(
            request.service,
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let identifiers = params.texts("logGroupIdentifiers");
    let groups: Vec<(&String, &LogGroup)> = region
        .log_groups
        .iter()
        .filter(|(name, group)| {
            prefix.is_none_or(|prefix| name.starts_with(prefix))
                && pattern.is_none_or(|pattern| name.contains(pattern))
                && params
                    .text("logGroupClass")
                    .is_none_or(|class| class == group.class)
                && (identifiers.is_empty()
                    || identifiers.contains(name)
                    || identifiers.contains(&group_arn(world, request, name)))
        })
        .collect();
    let window = Window::of(world, request, groups.len(), TOKENS, PAGE)?;
    let rows = groups[window.range].iter().map(|(name, group)| {
        let arn = group_arn(world, request, name);
        Value::structure([
            ("logGroupName", Some(name.as_str().into())),
            (
                "creationTime",
                Some(group.created.timestamp_millis().into()),
            ),
            ("retentionInDays", group.retention_days.map(Value::from)),
            (
                "metricFilterCount",
                Some((group.filters.len() as i64).into()),
            ),
            ("arn", Some(format!("{arn}:*").into())),
            ("storedBytes", Some(0_i64.into())),
            ("logGroupClass", Some((&group.class).into())),
            ("logGroupArn", Some(arn.into())),
        ])
    });
    Ok(Value::structure([
        ("logGroups", Some(Value::list(rows))),
        ("nextToken", window.next.map(Value::Text)),
    ]))
}

fn metric_filters(world: &World, request: &Request, region: &RegionState) -> Answer {
    let params = &request.params;
    let group = params.text("logGroupName");
    let metric = (params.text("metricName"), params.text("metricNamespace"));
    if metric.0.is_some() != metric.1.is_some() {
        return Err(ServiceError::invalid(
            request.service,
            "metricName and metricNamespace must be specified together.",
        ));
    }
    if group.is_some_and(|group| !region.log_groups.contains_key(group)) {
        return Err(no_such_group());
    }
    let prefix = params.text("filterNamePrefix").unwrap_or_default();
    let mut filters: Vec<(&String, &String, &MetricFilter)> = region
        .log_groups
        .iter()
        .filter(|(name, _)| group.is_none_or(|group| *name == group))
        .flat_map(|(group, content)| {
            content
                .filters
                .iter()
                .map(move |(name, filter)| (name, group, filter))
        })
        .filter(|(name, _, filter)| {
            name.starts_with(prefix)
                && (metric.0.is_none()
                    || filter.transformations.iter().any(|published| {
                        (
                            Some(published.name.as_str()),
                            Some(published.namespace.as_str()),
                        ) == metric
                    }))
        })
        .collect();
    filters.sort_by_key(|(name, group, _)| (*name, *group));
    let window = Window::of(world, request, filters.len(), TOKENS, PAGE)?;
    let rows = filters[window.range]
        .iter()
        .map(|(name, group, filter)| filter_row(name, group, filter));
    Ok(Value::structure([
        ("metricFilters", Some(Value::list(rows))),
        ("nextToken", window.next.map(Value::Text)),
    ]))
}

fn filter_row(name: &str, group: &str, filter: &MetricFilter) -> Value {
    Value::structure([
        ("filterName", Some(name.into())),
        ("filterPattern", Some((&filter.pattern).into())),
        (
            "metricTransformations",
            Some(Value::list(
                filter.transformations.iter().map(transformation),
            )),
        ),
        (
            "creationTime",
            Some(filter.created.timestamp_millis().into()),
        ),
        ("logGroupName", Some(group.into())),
        (
            "applyOnTransformedLogs",
            Some(filter.on_transformed_logs.into()),
        ),
        (
            "fieldSelectionCriteria",
            filter.field_selection.as_ref().map(Value::from),
        ),
        (
            "emitSystemFieldDimensions",
            (!filter.system_field_dimensions.is_empty())
                .then(|| Value::list(&filter.system_field_dimensions)),
        ),
    ])
}

fn transformation(published: &MetricTransformation) -> Value {
    Value::structure([
        ("metricName", Some((&published.name).into())),
        ("metricNamespace", Some((&published.namespace).into())),
        ("metricValue", Some((&published.value).into())),
        ("defaultValue", published.default_value.map(Value::from)),
        (
            "dimensions",
            (!published.dimensions.is_empty()).then(|| published.dimensions.clone().into()),
        ),
        ("unit", published.unit.as_ref().map(Value::from)),
    ])
}

fn log_streams(world: &World, request: &Request, region: &RegionState) -> Answer {
    let params = &request.params;
    let named = params
        .text("logGroupName")
        .or_else(|| {
            let identifier = params.text("logGroupIdentifier")?;
            Some(identifier.rsplit("log-group:").next().unwrap_or(identifier))
        })
        .ok_or_else(|| ServiceError::missing(request.service, "logGroupName"))?;
    let group = region.log_groups.get(named).ok_or_else(no_such_group)?;
    let prefix = params.text("logStreamNamePrefix");
    let by_time = params.text("orderBy") == Some("LastEventTime");
    if by_time && prefix.is_some() {
        return Err(ServiceError::invalid(
            request.service,
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ));
    }
    let mut streams: Vec<(&String, &LogStream)> = group
        .streams
        .iter()
        .filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix)))
        .collect();
    if by_time {
        streams.sort_by_key(|(_, stream)| std::cmp::Reverse(stream.minutes_since_event));
    }
    if params.boolean("descending") == Some(true) {
        streams.reverse();
    }
    let now = world.now();
    let window = Window::of(world, request, streams.len(), TOKENS, PAGE)?;
    let rows = streams[window.range].iter().map(|(name, stream)| {
        let arn = group_arn(world, request, named);
        stream_row(name, &arn, stream, now)
    });
    Ok(Value::structure([
        ("logStreams", Some(Value::list(rows))),
        ("nextToken", window.next.map(Value::Text)),
    ]))
}

fn stream_row(name: &str, group_arn: &str, stream: &LogStream, now: DateTime<Utc>) -> Value {
    let last = stream
        .minutes_since_event
        .map(|minutes| (now - Duration::minutes(minutes)).timestamp_millis());
    Value::structure([
        ("logStreamName", Some(name.into())),
        (
            "creationTime",
            Some(stream.created.timestamp_millis().into()),
        ),
        (
            "firstEventTimestamp",
            last.map(|_| stream.created.timestamp_millis().into()),
        ),
        ("lastEventTimestamp", last.map(Value::from)),
        ("lastIngestionTime", last.map(Value::from)),
        ("arn", Some(format!("{group_arn}:log-stream:{name}").into())),
        ("storedBytes", Some(0_i64.into())),
    ])
}
