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
    "aws:assumedroot",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:sourceidentity",
    "aws:sourcevpcarn",
    "aws:tagkeys",
    "kms:grantisforawsresource",
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
    let mut positive_tests = BTreeSet::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return Truth::Unknown;
        };
        if repeats(keys.keys()) {
            return Truth::Unknown;
        }
        for (key, wanted) in keys {
            let key = key.to_ascii_lowercase();
            all = all.and(one(operator, &key, wanted, request));
            if ["stringequals", "stringlike"].contains(&operator.to_ascii_lowercase().as_str()) {
                positive_tests.insert(key);
            }
        }
    }
    // The two by which the policy of AWS's own key for SNS admits callers: CloudWatch is none
    // ("Why didn't I receive an SNS notification for my CloudWatch alarm trigger?").
    let of_aws_sns = ["kms:calleraccount", "kms:viaservice"];
    if all == Truth::Unknown && of_aws_sns.iter().all(|key| positive_tests.contains(*key)) {
        return Truth::False;
    }
    all
}

/// The keys of conditions of which it is not known whether they hold, as they are written.
pub(super) fn doubtful(conditions: Option<&Value>, request: &Request<'_>) -> Vec<String> {
    let operators = conditions.and_then(Value::as_object);
    let tests = operators
        .into_iter()
        .flatten()
        .flat_map(|(operator, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.map(move |(key, wanted)| (operator, key, wanted))
        });
    let in_doubt = |(operator, key, wanted): &(&String, &String, &Value)| {
        one(operator, &key.to_ascii_lowercase(), wanted, request) == Truth::Unknown
    };
    let keys: BTreeSet<String> = tests
        .filter(in_doubt)
        .map(|(_, key, _)| match key.to_ascii_lowercase().as_str() {
            "aws:currenttime" | "aws:epochtime" => {
                format!("`{key}` (a verdict is not about a time)")
            }
            _ => format!("`{key}`"),
        })
        .collect();
    keys.into_iter().collect()
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
    /// It may be there with this value, or not be there.
    Perhaps(&'a str),
    /// A time that is not known, but not before [`EARLIEST`].
    Time,
    Absent,
    Unknown,
}

/// Nothing was read before this day, in milliseconds since 1970 (2026-01-01): orgsweep is younger.
/// Windows that have begun or ended by then are decided without a clock.
const EARLIEST: i64 = 1_767_225_600_000;

fn look_up<'a>(key: &str, request: &'a Request<'_>) -> Found<'a> {
    if let Some((_, value)) = request.context.iter().find(|(name, _)| *name == key) {
        // For alarms with other letters in their names AWS advises against this key ("Amazon SNS
        // topics permissions" in CloudWatch's guide): how it is compared then is not documented.
        if key == "aws:sourcearn" && !value.is_ascii() {
            return Found::Unknown;
        }
        Found::Value(value)
    } else if let Some((_, value)) = request.perhaps.iter().find(|(name, _)| *name == key) {
        Found::Perhaps(value)
    } else if ["aws:currenttime", "aws:epochtime"].contains(&key) {
        Found::Time
    } else if ABSENT.contains(&key) || absent_prefix(key) {
        Found::Absent
    } else {
        Found::Unknown
    }
}

fn absent_prefix(key: &str) -> bool {
    ["aws:principaltag/", "aws:requesttag/"]
        .iter()
        .any(|prefix| key.starts_with(prefix))
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
    let certain = matches!(found, Found::Value(_));
    let value = match found {
        Found::Value(value) | Found::Perhaps(value) => value,
        Found::Time => return at_some_time(name, negated, wanted),
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
    // A list of names, of which one is known.
    if key == "aws:principalservicenameslist" && (negated || for_all || any == Truth::False) {
        return Truth::Unknown;
    }
    // Without the key there is no value that `ForAnyValue` could find.
    if for_any && !certain {
        return Truth::Unknown;
    }
    match (certain, any) {
        (true, any) if negated => any.not(),
        (true, any) => any,
        // Without the key, a positive test fails and a negated one holds, as with another value.
        (false, Truth::False) if negated || !(if_exists || for_all) => negated.into(),
        (false, _) => Truth::Unknown,
    }
}

/// A test of the time, which is not known but for [`EARLIEST`].
fn at_some_time(name: &str, negated: bool, wanted: &Value) -> Truth {
    let Some(texts) = values(wanted) else {
        return Truth::Unknown;
    };
    let test = name
        .trim_start_matches("date")
        .trim_start_matches("numeric");
    if test == name {
        return Truth::Unknown;
    }
    let over = |text: &String| moment(text).is_some_and(|wanted| wanted < EARLIEST);
    if !texts.iter().all(over) {
        return Truth::Unknown;
    }
    let any: Truth = match test {
        "equals" | "lessthan" | "lessthanequals" => Truth::False,
        "greaterthan" | "greaterthanequals" => Truth::True,
        _ => return Truth::Unknown,
    };
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
        // What such a pattern means is not documented, but not more than this.
        let may = glob(pattern, value);
        return if may { Truth::Unknown } else { Truth::False };
    }
    let same = parts.len() == 6 && wanted.iter().zip(&parts).all(|(w, p)| glob(w, p));
    same.into()
}

fn null(wanted: &Value, found: &Found<'_>) -> Truth {
    let absent = match found {
        Found::Value(_) | Found::Time => Truth::False,
        Found::Absent => Truth::True,
        Found::Perhaps(_) | Found::Unknown => Truth::Unknown,
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
