//! A JSON event whose numbers keep the text in which they were written: AWS
//! compares quoted operands with that text, so `12.0` is not `12`.

mod read;
mod write;

pub use read::EventError;
pub(crate) use read::is_json_number;

use std::collections::HashMap;

use crate::ast::{Segment, Selector};

/// A JSON event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    root: EventValue,
}

/// A JSON value whose numbers are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventValue {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it stands in the event.
    Number(Box<str>),
    /// A text, unescaped.
    String(Box<str>),
    /// Elements in order.
    Array(Vec<EventValue>),
    /// Members in order; of members with the same key the last one counts.
    Object(Vec<(Box<str>, EventValue)>),
}

impl Event {
    /// Reads one JSON object.
    pub fn parse(json: &str) -> Result<Self, EventError> {
        let root = read::value(json)?;
        match root {
            EventValue::Object(_) => Ok(Self { root }),
            _ => Err(EventError::NotAnObject),
        }
    }

    /// Takes over a value that was parsed elsewhere. Number texts are those that
    /// `serde_json` prints. An event that is no object matches no JSON pattern.
    pub fn from_value(value: &serde_json::Value) -> Self {
        Self {
            root: EventValue::from_value(value),
        }
    }

    /// An event with these members.
    pub fn from_members(members: Vec<(Box<str>, EventValue)>) -> Self {
        Self {
            root: EventValue::Object(members),
        }
    }

    pub(crate) fn from_root(root: EventValue) -> Self {
        Self { root }
    }

    pub(crate) fn into_root(self) -> EventValue {
        self.root
    }

    /// The whole event.
    pub fn root(&self) -> &EventValue {
        &self.root
    }

    /// The event in one line, as CloudTrail delivers it.
    pub fn to_json(&self) -> String {
        self.root.to_json()
    }

    /// The value at a selector without wildcards; `None` when it is not there.
    pub fn get(&self, selector: &Selector) -> Option<&EventValue> {
        selector
            .segments()
            .iter()
            .try_fold(&self.root, |value, segment| value.step(segment))
    }

    /// Calls `visit` with each value that a selector stands for, `None` for a
    /// way that ends early, until it returns true; says whether it did. With
    /// `first`, of members with the same key the first one counts.
    pub(crate) fn any(
        &self,
        selector: &Selector,
        first: bool,
        visit: &mut dyn FnMut(Option<&EventValue>) -> bool,
    ) -> bool {
        any_below(Some(&self.root), selector.segments(), first, visit)
    }
}

fn any_below(
    value: Option<&EventValue>,
    segments: &[Segment],
    first: bool,
    visit: &mut dyn FnMut(Option<&EventValue>) -> bool,
) -> bool {
    let Some((segment, rest)) = segments.split_first() else {
        return visit(value);
    };
    match (segment, value) {
        (Segment::AnyIndex, Some(EventValue::Array(elements))) => elements
            .iter()
            .any(|element| any_below(Some(element), rest, first, visit)),
        (Segment::AnyKey, Some(EventValue::Object(members))) => {
            let mut values = counting_members(members, first);
            values.any(|member| any_below(Some(member), rest, first, visit))
        }
        (Segment::AnyIndex | Segment::AnyKey, _) => false,
        (segment, value) => {
            let next = value.and_then(|value| match (value, segment) {
                (EventValue::Object(members), Segment::Key(key)) if first => members
                    .iter()
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value),
                _ => value.step(segment),
            });
            any_below(next, rest, first, visit)
        }
    }
}

/// Members up to which comparing each key with all others is cheaper than a map.
const FEW_MEMBERS: usize = 32;

/// The values of members that count: of those with the same key the last one,
/// or the first one.
pub(crate) fn counting_members(
    members: &[(Box<str>, EventValue)],
    first: bool,
) -> impl Iterator<Item = &EventValue> {
    let places = (members.len() > FEW_MEMBERS).then(|| counting_places(members, first));
    let counts = move |at: usize| {
        let key = &*members[at].0;
        if let Some(places) = &places {
            return places.get(key) == Some(&at);
        }
        let others = if first {
            &members[..at]
        } else {
            &members[at + 1..]
        };
        others.iter().all(|(other, _)| **other != *key)
    };
    let values = members.iter().enumerate();
    values.filter_map(move |(at, (_, value))| counts(at).then_some(value))
}

/// Where the member of each key stands that counts.
fn counting_places(members: &[(Box<str>, EventValue)], first: bool) -> HashMap<&str, usize> {
    let places = members
        .iter()
        .enumerate()
        .map(|(at, (key, _))| (&**key, at));
    // Of pairs with the same key, a map keeps the last one.
    if first {
        places.rev().collect()
    } else {
        places.collect()
    }
}

impl EventValue {
    /// The value one step below; `None` when there is none.
    pub fn step(&self, segment: &Segment) -> Option<&Self> {
        match (self, segment) {
            (Self::Object(members), Segment::Key(key)) => members
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            (Self::Array(elements), Segment::Index(index)) => elements.get(*index as usize),
            _ => None,
        }
    }

    /// Takes over a value that was parsed elsewhere.
    pub fn from_value(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.to_string().into()),
            Value::String(text) => Self::String(text.as_str().into()),
            Value::Array(elements) => Self::Array(elements.iter().map(Self::from_value).collect()),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(key, value)| (key.as_str().into(), Self::from_value(value)))
                    .collect(),
            ),
        }
    }

    /// The text of a string or a number, the two kinds that conditions compare.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The value in one line.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        write::value(&mut json, self);
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_texts_are_kept_as_they_stand() {
        let json = r#"{"a":12.0,"b":1e400,"c":-0,"d":123456789012345678901234567890}"#;
        assert_eq!(Event::parse(json).expect("valid").to_json(), json);
    }

    #[test]
    fn of_members_with_the_same_key_the_last_one_counts() {
        let event = Event::parse(r#"{"a":1,"a":2}"#).expect("valid");
        let value = event.get(&Selector::of_keys(["a"]));
        assert_eq!(value, Some(&EventValue::Number("2".into())));
    }

    #[test]
    fn a_wildcard_passes_over_members_that_do_not_count() {
        let event = Event::parse(r#"{"a":1,"b":2,"a":3}"#).expect("valid");
        let selector: Selector = "*".parse().expect("valid");
        let seen = |first| {
            let mut seen = Vec::new();
            event.any(&selector, first, &mut |value| {
                seen.extend(value.and_then(EventValue::as_text).map(str::to_owned));
                false
            });
            seen
        };
        assert_eq!(seen(false), ["2", "3"]);
        assert_eq!(seen(true), ["1", "2"]);
    }

    #[test]
    fn of_very_many_members_the_same_ones_count_as_of_few() {
        let number = |number: usize| EventValue::Number(number.to_string().into());
        // Each key comes twice, the second time with a greater number.
        let keys = 3 * FEW_MEMBERS;
        let members: Vec<(Box<str>, EventValue)> = (0..2 * keys)
            .map(|at| ((at % keys).to_string().into(), number(at)))
            .collect();
        let counting =
            |first| -> Vec<EventValue> { counting_members(&members, first).cloned().collect() };
        let numbers = |range: std::ops::Range<usize>| range.map(number).collect::<Vec<_>>();
        assert_eq!(counting(true), numbers(0..keys));
        assert_eq!(counting(false), numbers(keys..2 * keys));
    }

    #[test]
    fn texts_survive_reading_and_writing() {
        let json =
            r#"{"a":"tab\tquote\"slash\\é\u0001 \u001f~","b":[],"c":{"d":null,"e":[true,false]}}"#;
        assert_eq!(Event::parse(json).expect("valid").to_json(), json);
        let escaped = Event::parse(r#"{"a":"\u00e9\ud83d\ude00\/"}"#).expect("valid");
        assert_eq!(escaped.to_json(), r#"{"a":"é😀/"}"#);
    }
}
