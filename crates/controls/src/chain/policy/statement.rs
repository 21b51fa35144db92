//! One statement of a policy: whether it speaks about a request, by principal,
//! action, resource and conditions.

use serde_json::Value;

use super::condition;
use super::{Request, Truth};
use crate::chain::glob::glob;

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

pub(super) fn effect_of(statement: &Value) -> Option<Effect> {
    match statement.get("Effect")?.as_str()? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        _ => None,
    }
}

/// Its `Sid`, or its place, for people.
pub(super) fn name_of(statement: &Value, index: usize) -> String {
    match statement.get("Sid").and_then(Value::as_str) {
        Some(sid) if !sid.is_empty() => format!("`{sid}`"),
        _ => (index + 1).to_string(),
    }
}

/// Whether the statement applies to the request.
pub(super) fn applies(statement: &Value, request: &Request<'_>) -> Truth {
    principal(statement, request)
        .and(action(statement, request))
        .and(resource(statement, request))
        .and(condition::hold(statement.get("Condition"), request))
}

fn principal(statement: &Value, request: &Request<'_>) -> Truth {
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(named), None) => names_service(named, request),
        (None, Some(others)) => names_service(others, request).not(),
        // Resource policies must name a principal.
        _ => Truth::Unknown,
    }
}

/// Whether a principal element means the service. `{"AWS": "*"}` is everybody,
/// services included; an account or a role is never a service.
fn names_service(principal: &Value, request: &Request<'_>) -> Truth {
    match principal {
        Value::String(text) => (text == "*").into(),
        Value::Object(kinds) => {
            if !kinds.values().all(|named| texts(named).is_some()) {
                return Truth::Unknown;
            }
            let everybody = kinds.get("AWS").is_some_and(|named| {
                texts(named).is_some_and(|mut texts| texts.any(|text| text == "*"))
            });
            let service = kinds.get("Service").is_some_and(|named| {
                texts(named).is_some_and(|mut texts| texts.any(|text| text == request.service))
            });
            // Whether a wildcard stands for services is not documented.
            let any_service = kinds.get("Service").is_some_and(|named| {
                texts(named).is_some_and(|mut texts| texts.any(|text| text.contains('*')))
            });
            match (everybody || service, any_service) {
                (true, _) => Truth::True,
                (false, true) => Truth::Unknown,
                (false, false) => Truth::False,
            }
        }
        _ => Truth::Unknown,
    }
}

fn action(statement: &Value, request: &Request<'_>) -> Truth {
    let wanted = request.action.to_ascii_lowercase();
    let names = |text: &str| {
        text.eq_ignore_ascii_case(&wanted)
            || (text.contains(['*', '?']) && glob(&text.to_ascii_lowercase(), &wanted))
    };
    let named = |value| any_text(value, names);
    match (statement.get("Action"), statement.get("NotAction")) {
        (Some(actions), None) => named(actions),
        (None, Some(others)) => named(others).not(),
        _ => Truth::Unknown,
    }
}

fn resource(statement: &Value, request: &Request<'_>) -> Truth {
    let named = |value| {
        // A policy variable stands for something that is not known here.
        let variable = |text: &str| text.contains("${");
        match any_text(value, |text| glob(text, request.resource)) {
            Truth::False if any_text(value, variable) == Truth::True => Truth::Unknown,
            decided => decided,
        }
    };
    match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(resources), None) => named(resources),
        (None, Some(others)) => named(others).not(),
        // A statement of a key policy may leave the resource out: the key itself.
        (None, None) => Truth::True,
        _ => Truth::Unknown,
    }
}

fn any_text(value: &Value, test: impl Fn(&str) -> bool) -> Truth {
    match texts(value) {
        Some(mut texts) => texts.any(test).into(),
        None => Truth::Unknown,
    }
}

/// The texts of a value that is one or a list of them; `None` when it is neither.
pub(super) fn texts(value: &Value) -> Option<Box<dyn Iterator<Item = &str> + '_>> {
    match value {
        Value::String(text) => Some(Box::new(std::iter::once(text.as_str()))),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            Some(Box::new(values.iter().filter_map(Value::as_str)))
        }
        _ => None,
    }
}
