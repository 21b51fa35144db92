//! CloudWatch Logs, events: streams made, lines put and read. Lines that are put
//! go through the group's metric filters.

use chrono::{DateTime, Utc};

use super::logs::no_such_group;
use super::{Answer, Window};
use crate::happening::{CloudTrailEvent, store_event};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{LogEvent, LogStream, RegionState, World};

const PAGE: usize = 10_000;

/// Operations on streams and events.
pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "PutLogEvents" => put(world, request),
        "FilterLogEvents" => filter(world, request),
        "GetLogEvents" => get(world, request),
        "CreateLogStream" | "DeleteLogStream" => stream(world, request),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

/// The group that a request names by name or ARN.
fn group_name(request: &Request) -> Result<String, ServiceError> {
    let named = request
        .params
        .text("logGroupName")
        .or_else(|| request.params.text("logGroupIdentifier"))
        .ok_or_else(|| ServiceError::missing(request.service, "logGroupName"))?;
    let named = named.rsplit("log-group:").next().unwrap_or(named);
    Ok(named.trim_end_matches(":*").to_owned())
}

fn no_such_stream() -> ServiceError {
    ServiceError::new(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
}

fn stream(world: &World, request: &Request) -> Answer {
    let name = request.required("logStreamName")?;
    let group = group_name(request)?;
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let region = state.region(&request.region);
    let streams = &mut region
        .log_groups
        .get_mut(&group)
        .ok_or_else(no_such_group)?
        .streams;
    if request.operation == "DeleteLogStream" {
        streams.remove(name).ok_or_else(no_such_stream)?;
        let events = region.log_events.entry(group).or_default();
        events.retain(|event| event.stream != name);
        return Ok(Value::empty());
    }
    if streams.contains_key(name) {
        return Err(ServiceError::new(
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
        ));
    }
    let made = LogStream {
        created: world.now(),
        minutes_since_event: None,
    };
    streams.insert(name.to_owned(), made);
    Ok(Value::empty())
}

fn put(world: &World, request: &Request) -> Answer {
    let group = group_name(request)?;
    let stream = request.required("logStreamName")?;
    let account = &request.caller.account;
    {
        let state = world
            .account(account)
            .ok_or_else(|| ServiceError::unrecognized(request.service))?;
        let content = state.region_content(&request.region);
        let there = content.and_then(|content| content.log_groups.get(&group));
        let there = there.ok_or_else(no_such_group)?;
        if !there.streams.contains_key(stream) {
            return Err(no_such_stream());
        }
    }
    let place = (account.as_str(), request.region.as_str(), group.as_str());
    for line in request.params.items("logEvents") {
        let message = line.text("message").unwrap_or_default();
        let now = world.now();
        let at = line
            .integer("timestamp")
            .and_then(DateTime::<Utc>::from_timestamp_millis)
            .unwrap_or(now);
        store_event(world, place, stream, (at, now), message);
        let event = CloudTrailEvent::of_line(message, account, &request.region);
        world.live().arrive(world, place, &event);
    }
    Ok(structure! { "nextSequenceToken" => "0" })
}

fn filter(world: &World, request: &Request) -> Answer {
    let params = &request.params;
    let group = group_name(request)?;
    let pattern = params.text("filterPattern").unwrap_or_default();
    let pattern = filter_pattern::FilterPattern::parse(pattern)
        .map_err(|_| ServiceError::invalid(request.service, "Invalid filter pattern"))?;
    let names = params.texts("logStreamNames");
    let prefix = params.text("logStreamNamePrefix").unwrap_or_default();
    let (events, _) = lines(world, request, &group)?;
    let fits = |event: &&LogEvent| {
        (names.is_empty() || names.contains(&event.stream))
            && event.stream.starts_with(prefix)
            && within(request, event)
            && filter_pattern::Event::parse(&event.message)
                .is_ok_and(|parsed| pattern.matches(&parsed))
    };
    let found: Vec<&LogEvent> = events.iter().filter(fits).collect();
    let window = Window::of(world, request, found.len(), ("nextToken", "limit"), PAGE)?;
    let rows = found[window.range].iter().map(|event| {
        structure! {
            "logStreamName" => &event.stream,
            "timestamp" => event.at.timestamp_millis(),
            "message" => &event.message,
            "ingestionTime" => event.arrived.timestamp_millis(),
            "eventId" => format!("{:056}", event.number),
        }
    });
    Ok(Value::structure([
        ("events", Some(Value::list(rows))),
        ("searchedLogStreams", Some(Value::List(Vec::new()))),
        ("nextToken", window.next.map(Value::Text)),
    ]))
}

fn get(world: &World, request: &Request) -> Answer {
    let group = group_name(request)?;
    let stream = request.required("logStreamName")?;
    let (events, has_stream) = lines(world, request, &group)?;
    if !has_stream {
        return Err(no_such_stream());
    }
    let rows = events
        .iter()
        .filter(|event| event.stream == stream && within(request, event))
        .map(|event| {
            structure! {
                "timestamp" => event.at.timestamp_millis(),
                "message" => &event.message,
                "ingestionTime" => event.arrived.timestamp_millis(),
            }
        });
    Ok(structure! {
        "events" => Value::list(rows),
        "nextForwardToken" => format!("f/{:056}", events.len()),
        "nextBackwardToken" => format!("b/{:056}", 0),
    })
}

/// The group's events, and whether it has the stream that the request names.
fn lines(
    world: &World,
    request: &Request,
    group: &str,
) -> Result<(Vec<LogEvent>, bool), ServiceError> {
    let state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let nothing = RegionState::default();
    let region = state.region_content(&request.region).unwrap_or(&nothing);
    let there = region.log_groups.get(group).ok_or_else(no_such_group)?;
    let stream = request.params.text("logStreamName").unwrap_or_default();
    let events = region.log_events.get(group).cloned().unwrap_or_default();
    Ok((events, there.streams.contains_key(stream)))
}

fn within(request: &Request, event: &LogEvent) -> bool {
    let at = event.at.timestamp_millis();
    let params = &request.params;
    params.integer("startTime").is_none_or(|start| at >= start)
        && params.integer("endTime").is_none_or(|end| at < end)
}
