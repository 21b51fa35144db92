//! Conditions of a policy statement. Keys that a service's request is known not
//! to carry make a positive test false and a negated one true, as IAM documents;
//! keys of which that is not known leave the statement undecided.

use std::collections::BTreeSet;

use chrono::DateTime;
use serde_json::Value;

use super::{Request, Truth};
use crate::chain::glob::glob;

/// Keys that the request of an AWS service does not carry, in lower case.
const ABSENT: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltype",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpcsourceip",
    "aws:userid",
    "aws:username",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:federatedprovider",
    "aws:referer",
    "aws:tokenissuetime",
    "sns:endpoint",
    "sns:protocol",
];

/// Whether every condition holds.
pub(super) fn hold(conditions: Option<&Value>, request: &Request<'_>) -> Truth {
    let Some(conditions) = conditions else {
        return Truth::True;
    };
    let Value::Object(operators) = conditions else {
        return Truth::Unknown;
    };
    // IAM refuses an operator that is written twice; which one counts is not known.
    if repeats(operators.keys()) {
        return Truth::Unknown;
    }
    let mut all = Truth::True;
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return Truth::Unknown;
        };
        if repeats(keys.keys()) {
            return Truth::Unknown;
        }
        for (key, wanted) in keys {
            all = all.and(one(operator, &key.to_ascii_lowercase(), wanted, request));
        }
    }
    all
}

/// Whether two names differ in case only: key names are case-insensitive.
fn repeats<'a>(names: impl Iterator<Item = &'a String>) -> bool {
    let mut seen = BTreeSet::new();
    !names
        .map(|name| name.to_ascii_lowercase())
        .all(|name| seen.insert(name))
}

enum Found<'a> {
    Value(&'a str),
    Absent,
    Unknown,
}

fn look_up<'a>(key: &str, request: &'a Request<'_>) -> Found<'a> {
    if let Some((_, value)) = request.context.iter().find(|(name, _)| *name == key) {
        Found::Value(value)
    } else if ABSENT.contains(&key) || key.starts_with("aws:principaltag/") {
        Found::Absent
    } else {
        Found::Unknown
    }
}

fn one(operator: &str, key: &str, wanted: &Value, request: &Request<'_>) -> Truth {
    let operator = operator.to_ascii_lowercase();
    let (operator, for_all, for_any) = match operator.split_once(':') {
        Some(("forallvalues", rest)) => (rest.to_owned(), true, false),
        Some(("foranyvalue", rest)) => (rest.to_owned(), false, true),
        Some(_) => return Truth::Unknown,
        None => (operator, false, false),
    };
    let found = look_up(key, request);
    if operator == "null" {
        return null(wanted, &found);
    }
    let (name, if_exists) = match operator.strip_suffix("ifexists") {
        Some(name) => (name, true),
        None => (operator.as_str(), false),
    };
    let (name, negated) = positive(name);
    if !KNOWN_OPERATORS.contains(&name) {
        return Truth::Unknown;
    }
    let value = match found {
        Found::Value(value) => value,
        // `ForAnyValue` wants a value that passes, a negated test included.
        Found::Absent if for_any && !if_exists => return Truth::False,
        Found::Absent if for_any => return Truth::Unknown,
        Found::Absent => return (negated || if_exists || for_all).into(),
        Found::Unknown => return Truth::Unknown,
    };
    let Some(texts) = values(wanted) else {
        return Truth::Unknown;
    };
    let mut any = Truth::False;
    for text in texts {
        any = match (any, matches(name, &text, value)) {
            (Truth::True, _) | (_, Truth::True) => Truth::True,
            (Truth::False, Truth::False) => Truth::False,
            _ => Truth::Unknown,
        };
    }
    if negated { any.not() } else { any }
}

/// Operators whose meaning is known here, without negation.
const KNOWN_OPERATORS: &[&str] = &[
    "stringequals",
    "stringequalsignorecase",
    "stringlike",
    "arnlike",
    "bool",
    "ipaddress",
    "numericequals",
    "numericlessthan",
    "numericlessthanequals",
    "numericgreaterthan",
    "numericgreaterthanequals",
    "dateequals",
    "datelessthan",
    "datelessthanequals",
    "dategreaterthan",
    "dategreaterthanequals",
    "binaryequals",
];

/// The positive operator, and whether it was negated.
fn positive(name: &str) -> (&str, bool) {
    match name {
        "stringnotequals" => ("stringequals", true),
        "stringnotequalsignorecase" => ("stringequalsignorecase", true),
        "stringnotlike" => ("stringlike", true),
        "arnnotequals" | "arnnotlike" => ("arnlike", true),
        "arnequals" => ("arnlike", false),
        "notipaddress" => ("ipaddress", true),
        "numericnotequals" => ("numericequals", true),
        "datenotequals" => ("dateequals", true),
        other => (other, false),
    }
}

fn matches(operator: &str, wanted: &str, value: &str) -> Truth {
    if wanted.contains("${") {
        return Truth::Unknown;
    }
    match operator {
        "stringequals" => (wanted == value).into(),
        "stringequalsignorecase" | "bool" => wanted.eq_ignore_ascii_case(value).into(),
        "stringlike" => glob(wanted, value).into(),
        "arnlike" => arn_like(wanted, value),
        operator => match operator.split_at_checked("numeric".len()) {
            Some(("numeric", test)) => compare(test, number(wanted), number(value)),
            _ => match operator.strip_prefix("date") {
                Some(test) => compare(test, moment(wanted), moment(value)),
                None => Truth::Unknown,
            },
        },
    }
}

fn compare<T: PartialOrd>(test: &str, wanted: Option<T>, value: Option<T>) -> Truth {
    let (Some(wanted), Some(value)) = (wanted, value) else {
        return Truth::Unknown;
    };
    match test {
        "equals" => (value == wanted).into(),
        "lessthan" => (value < wanted).into(),
        "lessthanequals" => (value <= wanted).into(),
        "greaterthan" => (value > wanted).into(),
        "greaterthanequals" => (value >= wanted).into(),
        _ => Truth::Unknown,
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// Milliseconds since 1970; IAM takes ISO 8601 times and seconds.
fn moment(text: &str) -> Option<i64> {
    let seconds = || text.trim().parse::<i64>().ok()?.checked_mul(1000);
    DateTime::parse_from_rfc3339(text.trim())
        .ok()
        .map(|time| time.timestamp_millis())
        .or_else(seconds)
}

/// Compares part by part: a `*` does not reach over a colon, except in the last
/// part, which holds the rest.
fn arn_like(pattern: &str, value: &str) -> Truth {
    if pattern == "*" {
        return Truth::True;
    }
    let wanted: Vec<&str> = pattern.splitn(6, ':').collect();
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    if wanted.len() != 6 {
        return Truth::Unknown;
    }
    let same = parts.len() == 6 && wanted.iter().zip(&parts).all(|(w, p)| glob(w, p));
    same.into()
}

fn null(wanted: &Value, found: &Found<'_>) -> Truth {
    let absent = match found {
        Found::Value(_) => Truth::False,
        Found::Absent => Truth::True,
        Found::Unknown => Truth::Unknown,
    };
    let wanted = values(wanted).unwrap_or_default();
    match wanted.as_slice() {
        [one] if one.eq_ignore_ascii_case("true") => absent,
        [one] if one.eq_ignore_ascii_case("false") => absent.not(),
        _ => Truth::Unknown,
    }
}

/// The wanted values as texts; booleans and numbers count as theirs. `None` when
/// one is of another kind, or there is none.
fn values(wanted: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let all: Vec<String> = match wanted {
        Value::Array(list) => list.iter().map(text).collect::<Option<_>>()?,
        other => vec![text(other)?],
    };
    (!all.is_empty()).then_some(all)
}
