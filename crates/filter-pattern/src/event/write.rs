//! Writes an event in one line.

use std::fmt::Write as _;

use super::EventValue;

pub(super) fn value(json: &mut String, value: &EventValue) {
    match value {
        EventValue::Null => json.push_str("null"),
        EventValue::Bool(true) => json.push_str("true"),
        EventValue::Bool(false) => json.push_str("false"),
        EventValue::Number(text) => json.push_str(text),
        EventValue::String(text) => string(json, text),
        EventValue::Array(elements) => {
            json.push('[');
            for (position, element) in elements.iter().enumerate() {
                if position > 0 {
                    json.push(',');
                }
                self::value(json, element);
            }
            json.push(']');
        }
        EventValue::Object(members) => {
            json.push('{');
            for (position, (key, member)) in members.iter().enumerate() {
                if position > 0 {
                    json.push(',');
                }
                string(json, key);
                json.push(':');
                self::value(json, member);
            }
            json.push('}');
        }
    }
}

fn string(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}
