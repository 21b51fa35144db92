//! Making text fit for PostgreSQL, which takes any character but NUL, whatever name or
//! policy it came from.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::StoreError;

/// The text without NUL characters; each becomes U+FFFD.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The value as JSON that `jsonb` takes.
pub(crate) fn storable_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, StoreError> {
    let mut json =
        serde_json::to_value(value).map_err(|error| StoreError::corrupt("a value", &error))?;
    clean(&mut json);
    Ok(json)
}

/// The value as the text of JSON that `jsonb` takes.
pub(crate) fn storable_text<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, StoreError> {
    let corrupt = |error: serde_json::Error| StoreError::corrupt("a value", &error);
    let text = to_raw_value(value).map_err(corrupt)?;
    // Written so, or as the letters that look like it: the slow way tells them apart.
    if text.get().contains("\\u0000") {
        return to_raw_value(&storable_json(value)?).map_err(corrupt);
    }
    Ok(text)
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(cleaned) = storable(text) {
                *text = cleaned;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => {
            if members.keys().any(|key| key.contains('\0')) {
                let old = std::mem::take(members);
                members.extend(
                    old.into_iter()
                        .map(|(key, member)| (storable(&key).into_owned(), member)),
                );
            }
            members.values_mut().for_each(clean);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_is_replaced_in_keys_and_values_at_any_depth() {
        let value = json!({"a\0": ["x\0y", {"b": "\0"}], "c": 1, "d": "\\u0000"});
        let cleaned = json!({
            "a\u{fffd}": ["x\u{fffd}y", {"b": "\u{fffd}"}], "c": 1, "d": "\\u0000",
        });
        assert_eq!(storable_json(&value).unwrap(), cleaned);
        let text = storable_text(&value).unwrap();
        assert_eq!(text.get().parse::<Value>().unwrap(), cleaned);
    }
}
