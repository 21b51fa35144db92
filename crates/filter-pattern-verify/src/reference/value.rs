//! JSON values whose numbers are texts, read with `serde_json` alone.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A JSON value; numbers keep the text in which they stand in the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number's text.
    Number(String),
    /// A text.
    Text(String),
    /// Elements.
    Array(Vec<Value>),
    /// Members; no key stands there twice.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads a value; nothing when the text is no JSON.
    pub fn read(json: &str) -> Option<Self> {
        let raw: &RawValue = serde_json::from_str(json).ok()?;
        Self::of_raw(raw.get())
    }

    fn of_raw(json: &str) -> Option<Self> {
        Some(match json.as_bytes().first()? {
            b'{' => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
                let read = |(key, raw): (String, &RawValue)| Some((key, Self::of_raw(raw.get())?));
                Self::Object(members.into_iter().map(read).collect::<Option<_>>()?)
            }
            b'[' => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
                let read = |raw: &RawValue| Self::of_raw(raw.get());
                Self::Array(elements.into_iter().map(read).collect::<Option<_>>()?)
            }
            b'"' => Self::Text(serde_json::from_str(json).ok()?),
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'n' => Self::Null,
            _ => Self::Number(json.to_owned()),
        })
    }

    /// The value as JSON in one line.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => json.push_str(text),
            Self::Text(text) => write_text(json, text),
            Self::Array(elements) => {
                json.push('[');
                for (position, element) in elements.iter().enumerate() {
                    if position > 0 {
                        json.push(',');
                    }
                    element.write(json);
                }
                json.push(']');
            }
            Self::Object(members) => {
                json.push('{');
                for (position, (key, value)) in members.iter().enumerate() {
                    if position > 0 {
                        json.push(',');
                    }
                    write_text(json, key);
                    json.push(':');
                    value.write(json);
                }
                json.push('}');
            }
        }
    }

    /// The member of an object; nothing for other values.
    pub fn member(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let named = members.iter().find(|(name, _)| name == key)?;
        Some(&named.1)
    }

    /// Sets a member along a way of keys; a value on the way that is no object
    /// is replaced by one.
    pub fn set(&mut self, way: &[&str], value: Self) {
        let Some((key, rest)) = way.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(members) = self else {
            return;
        };
        let at = members.iter().position(|(name, _)| name == key);
        let at = at.unwrap_or_else(|| {
            members.push(((*key).to_owned(), Self::Null));
            members.len() - 1
        });
        members[at].1.set(rest, value);
    }
}

fn write_text(json: &mut String, text: &str) {
    json.push_str(&serde_json::Value::from(text).to_string());
}
