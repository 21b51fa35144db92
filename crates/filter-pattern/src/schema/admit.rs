//! Whether an event is one of a schema's. The check on witnesses, independent of
//! the search that finds them.

use crate::ast::Selector;
use crate::event::{Event, EventValue};

use super::cloudtrail::{self, CALL_TYPES, FieldRule, Presence};
use super::event_sources::{Claim, is_call, is_write_event, services_of_call, sources_of_event};
use super::{Kinds, Records, Schema};

impl Schema {
    /// Whether an event is one that the schema describes.
    pub fn admits(&self, event: &Event) -> bool {
        let known = self.known.iter().all(
            |(selector, value)| matches!(event.get(selector), Some(EventValue::String(text)) if **text == **value),
        );
        let object = matches!(event.root(), EventValue::Object(_));
        object && known && (self.records != Records::CloudTrail || is_cloudtrail_record(event))
    }
}

/// An event without the members, at any depth, that a record need not have.
pub(crate) fn only_mandatory(event: &Event) -> Event {
    let EventValue::Object(members) = event.root() else {
        return event.clone();
    };
    let mandatory = |key: &str| cloudtrail::mandatory().any(|rule| rule.path == key);
    let bare = |value: &EventValue| match value {
        EventValue::Object(_) => EventValue::Object(Vec::new()),
        other => other.clone(),
    };
    let kept = members.iter().filter(|(key, _)| mandatory(key));
    Event::from_members(
        kept.map(|(key, value)| (key.clone(), bare(value)))
            .collect(),
    )
}

/// An event that does not say who caused it.
pub(crate) fn without_caller(event: &Event) -> Event {
    let EventValue::Object(members) = event.root() else {
        return event.clone();
    };
    let nobody = |(key, value): &(Box<str>, EventValue)| match value {
        EventValue::Object(_) if &**key == "userIdentity" => {
            (key.clone(), EventValue::Object(Vec::new()))
        }
        _ => (key.clone(), value.clone()),
    };
    Event::from_members(members.iter().map(nobody).collect())
}

fn is_cloudtrail_record(event: &Event) -> bool {
    let text = |path: &str| match event.get(&Selector::of_keys(path.split('.'))) {
        Some(EventValue::String(text)) => Some(&**text),
        _ => None,
    };
    let fields = cloudtrail::rules()
        .iter()
        .all(|(selector, rule)| follows(rule, event.get(selector)));
    let source = match (
        text("eventName").and_then(sources_of_event),
        text("eventSource"),
    ) {
        (Some((Claim::Only, sources)), Some(source)) => sources.contains(&source),
        _ => true,
    };
    let related = cloudtrail::relations()
        .iter()
        .all(|relation| !relation.when.matches(event) || relation.then.matches(event));
    let written = !text("eventName").is_some_and(is_write_event)
        || cloudtrail::not_read_only().matches(event);
    let called = !text("eventName").is_some_and(is_call) || cloudtrail::no_sign_in().matches(event);
    let known_call =
        text("eventName")
            .and_then(services_of_call)
            .is_some_and(|(claim, services)| {
                claim == Claim::Only || text("eventSource").is_some_and(|it| services.contains(&it))
            });
    let typed = !known_call || text("eventType").is_some_and(|it| CALL_TYPES.contains(&it));
    fields && source && related && written && called && typed
}

fn follows(rule: &FieldRule, value: Option<&EventValue>) -> bool {
    match value {
        None => rule.presence == Presence::Optional,
        Some(value) => {
            let listed = match value {
                EventValue::String(text) => {
                    rule.values.is_empty() || rule.values.contains(&&**text)
                }
                _ => true,
            };
            rule.kinds.contains(kind_of(value)) && listed
        }
    }
}

fn kind_of(value: &EventValue) -> Kinds {
    match value {
        EventValue::Null => Kinds::NULL,
        EventValue::Bool(_) => Kinds::BOOLEAN,
        EventValue::Number(_) => Kinds::NUMBER,
        EventValue::String(_) => Kinds::STRING,
        EventValue::Array(_) => Kinds::ARRAY,
        EventValue::Object(_) => Kinds::OBJECT,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain_template;
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_record_has_what_is_documented_of_its_fields() {
        let schema = Schema::cloudtrail();
        let record: Value = serde_json::from_str(&plain_template(&schema).to_json()).unwrap();
        #[rustfmt::skip]
        let table = [
            ("eventType",     Some(json!("AwsServiceEvent")), true),
            ("eventType",     Some(json!("other")),           false),
            ("eventType",     Some(json!(5)),                 false),
            ("eventCategory", Some(json!("other")),           false),
            ("awsRegion",     Some(json!("anywhere")),        true),
            ("awsRegion",     Some(json!(null)),              false),
            ("awsRegion",     None,                           false),
            ("readOnly",      Some(json!(true)),              true),
            ("readOnly",      Some(json!("true")),            false),
            ("readOnly",      None,                           true),
            ("errorCode",     Some(json!("x")),               true),
            ("errorCode",     Some(json!(["x"])),             false),
            ("free",          Some(json!([1])),               true),
        ];
        for (field, value, expected) in table {
            let mut record = record.clone();
            let members = record.as_object_mut().unwrap();
            match &value {
                Some(value) => members.insert(field.to_owned(), value.clone()),
                None => members.remove(field),
            };
            let event = Event::from_value(&record);
            assert_eq!(schema.admits(&event), expected, "{field}: {value:?}");
            assert!(Schema::any().admits(&event));
        }
    }

    #[test]
    fn of_the_caller_nothing_is_left_and_of_the_rest_everything() {
        let event = Event::parse(r#"{"userIdentity":{"a":1},"x":{"b":2},"y":3}"#).unwrap();
        let expected = r#"{"userIdentity":{},"x":{"b":2},"y":3}"#;
        assert_eq!(without_caller(&event).to_json(), expected);
    }
}
