//! Smithy RPC v2 over CBOR: the operation in the path, timestamps with tag 1.

use ciborium::Value as Cbor;

use crate::neutral::Value;
use crate::request::ServiceError;
use crate::service::Service;

/// CBOR's tag for a moment in epoch seconds.
const EPOCH_TAG: u64 = 1;

/// The operation that a path such as `/service/…/operation/DescribeAlarms` asks for.
pub(super) fn operation(service: Service, path: &str) -> Option<&str> {
    let (name, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    (name == service.target()).then_some(operation)
}

/// The input of an operation; an empty body is an empty input.
pub(super) fn decode(body: &[u8]) -> Result<Value, ServiceError> {
    if body.is_empty() {
        return Ok(Value::empty());
    }
    ciborium::from_reader(body)
        .ok()
        .and_then(neutral)
        .ok_or_else(|| ServiceError::new("SerializationException", "the body is no CBOR map"))
}

/// The output of an operation.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    written(&to_cbor(value))
}

/// An error, named by the absolute id of its shape.
pub(super) fn encode_error(error: &ServiceError) -> Vec<u8> {
    let text = |text: &str| Cbor::Text(text.to_owned());
    written(&Cbor::Map(vec![
        (
            text("__type"),
            Cbor::Text(format!("com.amazonaws.cloudwatch#{}", error.code)),
        ),
        (text("message"), text(&error.message)),
    ]))
}

fn written(cbor: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(cbor, &mut bytes).expect("writing CBOR into memory cannot fail");
    bytes
}

fn neutral(cbor: Cbor) -> Option<Value> {
    Some(match cbor {
        Cbor::Bool(truth) => Value::Boolean(truth),
        Cbor::Integer(number) => Value::Integer(i64::try_from(number).ok()?),
        Cbor::Float(number) => Value::Float(number),
        Cbor::Text(text) => Value::Text(text),
        Cbor::Tag(EPOCH_TAG, seconds) => Value::Time(moment(&seconds)?),
        Cbor::Array(items) => Value::List(items.into_iter().map(neutral).collect::<Option<_>>()?),
        Cbor::Map(entries) => Value::Map(
            entries
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| Some((key.into_text().ok()?, neutral(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

fn moment(seconds: &Cbor) -> Option<chrono::DateTime<chrono::Utc>> {
    let millis = match seconds {
        Cbor::Integer(whole) => i64::try_from(*whole).ok()?.checked_mul(1000)?,
        Cbor::Float(number) => (number * 1000.0).round() as i64,
        _ => return None,
    };
    chrono::DateTime::from_timestamp_millis(millis)
}

fn to_cbor(value: &Value) -> Cbor {
    match value {
        Value::Boolean(truth) => Cbor::Bool(*truth),
        Value::Integer(number) => Cbor::Integer((*number).into()),
        Value::Float(number) => Cbor::Float(*number),
        Value::Text(text) => Cbor::Text(text.clone()),
        Value::Time(moment) => Cbor::Tag(
            EPOCH_TAG,
            Box::new(Cbor::Float(moment.timestamp_millis() as f64 / 1000.0)),
        ),
        Value::List(items) => Cbor::Array(items.iter().map(to_cbor).collect()),
        Value::Structure(members) => Cbor::Map(
            members
                .iter()
                .map(|(name, value)| (Cbor::Text((*name).to_owned()), to_cbor(value)))
                .collect(),
        ),
        Value::Map(entries) => Cbor::Map(
            entries
                .iter()
                .map(|(key, value)| (Cbor::Text(key.clone()), to_cbor(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::structure;
    use chrono::DateTime;

    #[test]
    fn the_operation_is_in_the_path() {
        let path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        assert_eq!(operation(Service::CloudWatch, path), Some("DescribeAlarms"));
        assert_eq!(operation(Service::Logs, path), None);
        assert_eq!(operation(Service::CloudWatch, "/"), None);
    }

    #[test]
    fn timestamps_carry_tag_one() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_500).unwrap();
        // map(1), text(2) "At", tag(1), float64 1700000000.5
        let bytes = [
            0xa1, 0x62, b'A', b't', 0xc1, 0xfb, 0x41, 0xd9, 0x54, 0xfc, 0x40, 0x20, 0x00, 0x00,
        ];
        assert_eq!(encode(&structure! { "At" => at }), bytes);
        assert_eq!(decode(&bytes).unwrap().get("At"), Some(&Value::Time(at)));
    }

    #[test]
    fn maps_of_indefinite_length_are_read() {
        // map(*), text(1) "N", unsigned(5), break: what SDKs send
        let input = decode(&[0xbf, 0x61, b'N', 0x05, 0xff]).unwrap();
        assert_eq!(input.integer("N"), Some(5));
        assert!(decode(&[0xff]).is_err());
    }
}
