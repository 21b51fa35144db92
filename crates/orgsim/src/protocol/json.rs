//! AWS JSON 1.0 and 1.1: the operation in `X-Amz-Target`, JSON in and out,
//! timestamps as epoch seconds.

use http::{HeaderMap, header};
use serde_json::{Map, Number, json};

use super::{Protocol, text_header};
use crate::neutral::Value;
use crate::request::ServiceError;
use crate::service::Service;

/// Which of the two versions the request speaks.
pub(super) fn version(headers: &HeaderMap) -> Protocol {
    match text_header(headers, header::CONTENT_TYPE.as_str()) {
        Some(content) if content.starts_with("application/x-amz-json-1.0") => Protocol::Json10,
        _ => Protocol::Json11,
    }
}

/// The input of an operation; an empty body is an empty input.
pub(super) fn decode(body: &[u8]) -> Result<Value, ServiceError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::empty());
    }
    serde_json::from_slice(body)
        .map(neutral)
        .map_err(|error| ServiceError::new("SerializationException", error.to_string()))
}

/// The output of an operation.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    to_json(value).to_string().into_bytes()
}

/// An error. Organizations, CloudTrail and SNS spell the member `Message`.
pub(super) fn encode_error(service: Service, error: &ServiceError) -> Vec<u8> {
    let member = match service {
        Service::Organizations | Service::CloudTrail => "Message",
        _ => "message",
    };
    json!({ "__type": error.code, member: error.message })
        .to_string()
        .into_bytes()
}

fn neutral(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::empty(),
        serde_json::Value::Bool(truth) => Value::Boolean(truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(neutral).collect()),
        // A member that is `null` counts as absent.
        serde_json::Value::Object(members) => Value::Map(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, neutral(value)))
                .collect(),
        ),
    }
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Boolean(truth) => (*truth).into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => {
            Number::from_f64(*number).map_or(serde_json::Value::Null, serde_json::Value::Number)
        }
        Value::Text(text) => text.as_str().into(),
        Value::Time(moment) => json!(moment.timestamp_millis() as f64 / 1000.0),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Structure(members) => members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::structure;
    use chrono::DateTime;

    #[test]
    fn timestamps_are_epoch_seconds() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_500).unwrap();
        let value = structure! { "At" => at, "On" => true, "Names" => Value::list(["a"]) };
        assert_eq!(
            String::from_utf8(encode(&value)).unwrap(),
            r#"{"At":1700000000.5,"Names":["a"],"On":true}"#
        );
    }

    #[test]
    fn null_members_are_absent_and_an_empty_body_is_an_empty_input() {
        assert!(!decode(br#"{"NextToken":null}"#).unwrap().has("NextToken"));
        assert_eq!(decode(b"").unwrap(), Value::empty());
        assert_eq!(decode(b"{").unwrap_err().code, "SerializationException");
    }
}
