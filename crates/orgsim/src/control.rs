//! The control endpoint, beside AWS's operations on the same port: events that
//! happen, the clock, what becomes of events, the state. Paths begin with
//! `/_orgsim/`; bodies are JSON; nothing is signed.

use std::time::Duration;

use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::happening::{CloudTrailEvent, Trace, Traffic};
use crate::state::World;

/// What every path begins with.
pub(crate) const PREFIX: &str = "/_orgsim/";

/// What a request is refused with, and why.
type Refusal = (StatusCode, String);

/// Answers a request whose path begins with [`PREFIX`].
pub(crate) fn answer(world: &World, parts: &Parts, body: &[u8]) -> Response<Vec<u8>> {
    let (status, body) = match carry_out(world, parts, body) {
        Ok(body) => (StatusCode::OK, body),
        Err((status, message)) => (status, json!({ "error": message })),
    };
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

fn carry_out(world: &World, parts: &Parts, body: &[u8]) -> Result<Value, Refusal> {
    let path = parts.uri.path().trim_start_matches(PREFIX);
    match (&parts.method, path) {
        (&Method::POST, "events") => inject(world, parts, body),
        (&Method::GET, "clock") => Ok(json!({ "now": world.now() })),
        (&Method::POST, "clock") => {
            let Advance { seconds } = read(body)?;
            let trace = world.live().advance(world, Duration::from_secs(seconds));
            Ok(shown(world, &trace))
        }
        (&Method::POST, "traffic") => {
            let BusyOrNot { busy } = read(body)?;
            let traffic = if busy { Traffic::Busy } else { Traffic::Quiet };
            world.live().set_traffic(world, traffic);
            Ok(json!({}))
        }
        (&Method::GET, "trace") => {
            world.live().catch_up(world);
            let from = query(parts, "from").and_then(|from| from.parse().ok());
            let (steps, next) = world.live().steps_from(from.unwrap_or(0));
            Ok(json!({ "steps": steps, "next": next, "now": world.now() }))
        }
        (&Method::GET, "state") => serde_json::to_value(world.save())
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
        (&Method::PUT, "state") => {
            world.load(read(body)?);
            Ok(json!({}))
        }
        (&Method::POST, "policies") => {
            let EnforceOrNot { enforce } = read(body)?;
            world.enforce_policies(enforce);
            Ok(json!({}))
        }
        _ => Err((
            StatusCode::NOT_FOUND,
            format!("there is no {} {PREFIX}{path}", parts.method),
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BusyOrNot {
    busy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnforceOrNot {
    enforce: bool,
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

fn query(parts: &Parts, name: &str) -> Option<String> {
    form_urlencoded::parse(parts.uri.query()?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn inject(world: &World, parts: &Parts, body: &[u8]) -> Result<Value, Refusal> {
    let (account, region) = (query(parts, "account"), query(parts, "region"));
    let event = CloudTrailEvent::at(read(body)?, account.as_deref(), region.as_deref())
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    if !world.has_account(event.account()) {
        let why = format!("the organization has no account {}", event.account());
        return Err((StatusCode::NOT_FOUND, why));
    }
    let trace = world.live().inject(world, &event);
    Ok(shown(world, &trace))
}

fn shown(world: &World, trace: &Trace) -> Value {
    json!({
        "now": world.now(),
        "steps": trace.steps,
        "messages": trace.messages,
        "text": trace.steps.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
