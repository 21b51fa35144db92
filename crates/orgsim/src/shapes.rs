//! What AWS checks of a request before a service looks at it: required members,
//! types, lengths, ranges, patterns and enumerations. They come from botocore's
//! service models (`data/shapes`, written by `tests/botocore/input_shapes.py`).

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use regex_lite::Regex;
use serde::Deserialize;

use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::service::Service;

/// The longest list of things that are wrong with one request.
const MOST_ERRORS: usize = 10;

const FILES: [(Service, &str); 11] = [
    (
        Service::Organizations,
        include_str!("../data/shapes/organizations.json"),
    ),
    (Service::Sts, include_str!("../data/shapes/sts.json")),
    (
        Service::Account,
        include_str!("../data/shapes/account.json"),
    ),
    (
        Service::CloudTrail,
        include_str!("../data/shapes/cloudtrail.json"),
    ),
    (Service::Logs, include_str!("../data/shapes/logs.json")),
    (
        Service::CloudWatch,
        include_str!("../data/shapes/cloudwatch.json"),
    ),
    (Service::Sns, include_str!("../data/shapes/sns.json")),
    (Service::Kms, include_str!("../data/shapes/kms.json")),
    (Service::Iam, include_str!("../data/shapes/iam.json")),
    (Service::Sqs, include_str!("../data/shapes/sqs.json")),
    (Service::Oam, include_str!("../data/shapes/oam.json")),
];

/// The inputs of a service's operations.
#[derive(Deserialize)]
struct Model {
    /// Input shape by operation; `None` for an operation without input.
    operations: BTreeMap<String, Option<String>>,
    shapes: HashMap<String, Shape>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    members: BTreeMap<String, String>,
    /// Shape of a list's items.
    member: Option<String>,
    key: Option<String>,
    value: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(rename = "enum", default)]
    allowed: Vec<String>,
    pattern: Option<String>,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Structure,
    List,
    Map,
    String,
    Blob,
    Boolean,
    Integer,
    Long,
    Double,
    Timestamp,
}

impl Shape {
    /// Whether the whole text has the shape's pattern; always, when there is none.
    fn fits_pattern(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| {
            let pattern = self.pattern.as_ref()?;
            Regex::new(&format!("^(?:{pattern})$")).ok()
        });
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

fn models() -> &'static HashMap<Service, Model> {
    static MODELS: OnceLock<HashMap<Service, Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        FILES
            .iter()
            .map(|(service, text)| {
                let model = serde_json::from_str(text).expect("the data is tested");
                (*service, model)
            })
            .collect()
    })
}

/// Every service.
#[cfg(test)]
pub(crate) fn services() -> impl Iterator<Item = Service> {
    FILES.iter().map(|(service, _)| *service)
}

/// Checks the request's input against the model of its operation.
pub(crate) fn check(request: &Request) -> Result<(), ServiceError> {
    let model = &models()[&request.service];
    let Some(input) = model.operations.get(&request.operation) else {
        return Err(ServiceError::unknown_operation(
            request.service,
            &request.operation,
        ));
    };
    let Some(input) = input else {
        return Ok(());
    };
    let mut check = Check {
        service: request.service,
        shapes: &model.shapes,
        wrong: Vec::new(),
    };
    check.value(input, &request.params, "")?;
    match &check.wrong[..] {
        [] => Ok(()),
        [only] if only.missing && request.service != Service::CloudWatch => {
            Err(ServiceError::missing(request.service, &only.path))
        }
        wrong => {
            let plural = if wrong.len() == 1 { "" } else { "s" };
            let list: Vec<&str> = wrong.iter().map(|wrong| wrong.text.as_str()).collect();
            Err(ServiceError::invalid(
                request.service,
                format!(
                    "{} validation error{plural} detected: {}",
                    wrong.len(),
                    list.join("; ")
                ),
            ))
        }
    }
}

/// A constraint that a request does not satisfy.
struct Wrong {
    path: String,
    missing: bool,
    text: String,
}

struct Check<'a> {
    service: Service,
    shapes: &'a HashMap<String, Shape>,
    wrong: Vec<Wrong>,
}

impl Check<'_> {
    /// `Err` for a value of another type: nothing else is looked at then.
    fn value(&mut self, shape: &str, value: &Value, path: &str) -> Result<(), ServiceError> {
        let shape = &self.shapes[shape];
        match shape.kind {
            Kind::Structure => self.structure(shape, value, path),
            Kind::List => self.list(shape, value, path),
            Kind::Map => self.map(shape, value, path),
            Kind::String | Kind::Blob => self.text(shape, value, path),
            Kind::Integer | Kind::Long | Kind::Double => self.number(shape, value, path),
            Kind::Boolean => match value {
                Value::Boolean(_) => Ok(()),
                Value::Text(text) if text == "true" || text == "false" => Ok(()),
                _ => Err(wrong_type(path)),
            },
            Kind::Timestamp => Ok(()),
        }
    }

    fn structure(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), ServiceError> {
        if !matches!(value, Value::Structure(_) | Value::Map(_)) {
            return Err(wrong_type(path));
        }
        for name in &shape.required {
            if value.get(name).is_none() {
                let path = under(path, name);
                let text = format!(
                    "Value at '{path}' failed to satisfy constraint: Member must not be null"
                );
                self.push(path, true, text);
            }
        }
        for (name, of) in &shape.members {
            if let Some(value) = value.get(name) {
                self.value(of, value, &under(path, name))?;
            }
        }
        Ok(())
    }

    fn list(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), ServiceError> {
        let items: &[Value] = match value {
            Value::List(items) => items,
            // The query protocol has nothing else for an empty list.
            Value::Text(text) if text.is_empty() => &[],
            _ => return Err(wrong_type(path)),
        };
        self.length(shape, items.len(), None, path);
        if let Some(of) = &shape.member {
            for (place, item) in items.iter().enumerate() {
                self.value(of, item, &format!("{path}.{}.member", place + 1))?;
            }
        }
        Ok(())
    }

    fn map(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), ServiceError> {
        let entries = match value {
            Value::Map(entries) => entries,
            Value::Structure(members) if members.is_empty() => return Ok(()),
            Value::Text(text) if text.is_empty() => return Ok(()),
            _ => return Err(wrong_type(path)),
        };
        self.length(shape, entries.len(), None, path);
        for (key, value) in entries {
            if let Some(of) = &shape.key {
                self.value(of, &Value::from(key), &format!("{path}.{key}.key"))?;
            }
            if let Some(of) = &shape.value {
                self.value(of, value, &format!("{path}.{key}.member"))?;
            }
        }
        Ok(())
    }

    fn text(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), ServiceError> {
        let Value::Text(text) = value else {
            return Err(wrong_type(path));
        };
        self.length(shape, text.chars().count(), Some(text), path);
        if !shape.allowed.is_empty() && !shape.allowed.contains(text) {
            let set = shape.allowed.join(", ");
            self.fails(
                Some(text),
                path,
                &format!("Member must satisfy enum value set: [{set}]"),
            );
        }
        if !shape.fits_pattern(text) {
            let pattern = shape.pattern.as_deref().unwrap_or_default();
            self.fails(
                Some(text),
                path,
                &format!("Member must satisfy regular expression pattern: {pattern}"),
            );
        }
        Ok(())
    }

    fn number(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), ServiceError> {
        let number = match value {
            Value::Integer(number) => *number as f64,
            Value::Float(number) => *number,
            Value::Text(text) => text.parse().map_err(|_| wrong_type(path))?,
            _ => return Err(wrong_type(path)),
        };
        let shown = number.to_string();
        if let Some(min) = shape.min.filter(|min| number < *min) {
            let why = format!("Member must have value greater than or equal to {min}");
            self.fails(Some(&shown), path, &why);
        }
        if let Some(max) = shape.max.filter(|max| number > *max) {
            let why = format!("Member must have value less than or equal to {max}");
            self.fails(Some(&shown), path, &why);
        }
        Ok(())
    }

    fn length(&mut self, shape: &Shape, length: usize, shown: Option<&str>, path: &str) {
        if let Some(min) = shape.min.filter(|min| (length as f64) < *min) {
            let why = format!("Member must have length greater than or equal to {min}");
            self.fails(shown, path, &why);
        }
        if let Some(max) = shape.max.filter(|max| (length as f64) > *max) {
            let why = format!("Member must have length less than or equal to {max}");
            self.fails(shown, path, &why);
        }
    }

    fn fails(&mut self, shown: Option<&str>, path: &str, constraint: &str) {
        // CloudWatch Logs keeps the value to itself.
        let value = match shown {
            Some(text) if self.service != Service::Logs => format!("Value '{text}'"),
            _ => "Value".to_owned(),
        };
        let text = format!("{value} at '{path}' failed to satisfy constraint: {constraint}");
        self.push(path.to_owned(), false, text);
    }

    fn push(&mut self, path: String, missing: bool, text: String) {
        if self.wrong.len() < MOST_ERRORS {
            self.wrong.push(Wrong {
                path,
                missing,
                text,
            });
        }
    }
}

fn wrong_type(path: &str) -> ServiceError {
    ServiceError::new(
        "SerializationException",
        format!("the value of `{path}` has another type"),
    )
    .query_code("MalformedInput")
}

/// Services show their members' names with a small letter in front.
fn under(path: &str, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let name: String = first.into_iter().chain(letters).collect();
    if path.is_empty() {
        name
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::structure;
    use crate::request::Caller;

    fn message(service: Service, operation: &str, params: Value) -> String {
        let request = Request {
            service,
            operation: operation.to_owned(),
            region: "us-east-1".to_owned(),
            caller: Caller {
                account: "111111111111".to_owned(),
                session: None,
            },
            params,
        };
        check(&request).err().map_or_else(String::new, |error| {
            format!("{}: {}", error.code, error.message)
        })
    }

    #[test]
    fn every_pattern_can_be_read() {
        for (service, model) in models() {
            for (name, shape) in &model.shapes {
                shape.fits_pattern("");
                let read = shape.compiled.get().and_then(Option::as_ref).is_some();
                assert_eq!(read, shape.pattern.is_some(), "{service} {name}");
            }
        }
    }

    #[test]
    fn constraints_are_told_in_the_words_of_the_services() {
        let filter = |pattern: String| {
            structure! {
                "logGroupName" => "g", "filterName" => "f", "filterPattern" => pattern,
                "metricTransformations" => Value::list([structure! {
                    "metricName" => "m", "metricNamespace" => "n", "metricValue" => "1",
                }]),
            }
        };
        let logs = |params| message(Service::Logs, "PutMetricFilter", params);
        assert_eq!(logs(filter(String::new())), "");
        assert_eq!(
            logs(filter("x".repeat(1025))),
            "InvalidParameterException: 1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: Member must have length less than or equal to 1024"
        );
        assert_eq!(
            message(Service::Logs, "CreateLogGroup", Value::empty()),
            "InvalidParameterException: 1 validation error detected: Value at 'logGroupName' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(
            message(
                Service::CloudWatch,
                "SetAlarmState",
                structure! { "AlarmName" => "a", "StateValue" => "LOUD", "StateReason" => "r" }
            ),
            "ValidationError: 1 validation error detected: Value 'LOUD' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [OK, ALARM, INSUFFICIENT_DATA]"
        );
        assert!(
            message(Service::Kms, "DescribeKey", structure! { "KeyId" => 1_i64 })
                .starts_with("SerializationException")
        );
    }
}
