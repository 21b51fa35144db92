//! `Value`: what a request carries and an answer holds, whatever the wire
//! protocol. The protocols translate it to bytes and back; the services know
//! nothing else. A structure (fixed members) and a map (free keys) are told
//! apart because the query protocol writes them differently.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// A value without a protocol.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Truth value.
    Boolean(bool),
    /// Whole number.
    Integer(i64),
    /// Floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Moment: ISO 8601 in XML, epoch seconds in JSON, tag 1 in CBOR.
    Time(DateTime<Utc>),
    /// List.
    List(Vec<Value>),
    /// Structure: members in the order in which they are written.
    Structure(Vec<(&'static str, Value)>),
    /// Map with keys from the user.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// A structure without members.
    pub(crate) fn empty() -> Self {
        Self::Structure(Vec::new())
    }

    /// A structure of those members that are present.
    pub(crate) fn structure<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Self {
        Self::Structure(
            members
                .into_iter()
                .filter_map(|(name, value)| value.map(|value| (name, value)))
                .collect(),
        )
    }

    /// A list of anything that becomes a value.
    pub(crate) fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// The member or entry `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Structure(members) => members
                .iter()
                .find(|(member, _)| *member == name)
                .map(|(_, value)| value),
            Self::Map(entries) => entries.get(name),
            _ => None,
        }
    }

    /// This value as text, when it is text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_text()
    }

    /// The number `name`; the query protocol sends it as text.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Self::Integer(number) => Some(*number),
            Self::Float(number) => Some(*number as i64),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The floating-point number `name`.
    pub(crate) fn float(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The truth value `name`.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Self::Boolean(truth) => Some(*truth),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of the list `name`; none when it is absent.
    pub(crate) fn items(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    /// The texts of the list `name`.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.items(name)
            .iter()
            .filter_map(|item| item.as_text().map(str::to_owned))
            .collect()
    }

    /// The texts of the map `name`.
    pub(crate) fn text_map(&self, name: &str) -> BTreeMap<String, String> {
        match self.get(name) {
            Some(Self::Map(entries)) => entries
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), value.as_text()?.to_owned())))
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    /// Whether the member or entry `name` is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::Time(moment)
    }
}

impl From<BTreeMap<String, String>> for Value {
    fn from(entries: BTreeMap<String, String>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key, Self::Text(value)))
                .collect(),
        )
    }
}

/// A structure whose members are all present: `structure! { "Name" => name, … }`.
macro_rules! structure {
    ($($name:literal => $value:expr),* $(,)?) => {
        $crate::neutral::Value::Structure(vec![$(($name, $crate::neutral::Value::from($value))),*])
    };
}

pub(crate) use structure;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_truth_values_may_arrive_as_text() {
        let value = structure! { "Count" => "7", "Share" => "0.5", "On" => "true" };
        assert_eq!(value.integer("Count"), Some(7));
        assert_eq!(value.float("Share"), Some(0.5));
        assert_eq!(value.boolean("On"), Some(true));
        assert_eq!(value.integer("Missing"), None);
    }

    #[test]
    fn a_structure_leaves_absent_members_out() {
        let value = Value::structure([("A", Some("a".into())), ("B", None)]);
        assert_eq!(value, structure! { "A" => "a" });
    }
}
