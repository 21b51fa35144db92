//! From a solution of the search to a complete event: choose the plainest class
//! left for each field, fill free fields from the schema's template, and let the
//! evaluator confirm the result.

use std::borrow::Cow;

use crate::ast::Selector;
use crate::evaluate::Reading;
use crate::event::{Event, EventValue, is_json_number};
use crate::pattern::FilterPattern;
use crate::schema::{
    self, Circumstances, Schema, only_mandatory, plain_template, template, without_caller,
};

use super::assumption::Assumption;
use super::cells::{Cells, Filled};
use super::classes::Class;
use super::overlay::overlaid;
use super::problem::{Field, Patterns, Source};
use super::state::State;

/// An event that the required pattern matches and no filter does.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    event: Event,
    value: serde_json::Value,
    assumptions: Vec<Assumption>,
}

impl Witness {
    pub(super) fn new(event: Event, assumptions: Vec<Assumption>) -> Self {
        let value = json_value(event.root());
        Self {
            event,
            value,
            assumptions,
        }
    }

    /// The event as a JSON value; a log message of another form is a text.
    /// A number that `serde_json` cannot hold stands
    /// there as a text; [`Witness::to_json`] has all numbers as they are.
    pub fn event(&self) -> &serde_json::Value {
        &self.value
    }

    /// The event as the evaluator takes it.
    pub fn as_event(&self) -> &Event {
        &self.event
    }

    /// The event in one line, number texts kept; a log message of another form
    /// is a JSON text.
    pub fn to_json(&self) -> String {
        self.event.to_json()
    }

    /// The answers to open questions that the witness rests on; empty when the
    /// event escapes however they are answered.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }
}

fn json_value(value: &EventValue) -> serde_json::Value {
    use serde_json::Value;
    match value {
        EventValue::Null => Value::Null,
        EventValue::Bool(value) => Value::Bool(*value),
        EventValue::Number(text) => match serde_json::from_str::<serde_json::Number>(text) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text.to_string()),
        },
        EventValue::String(text) => Value::String(text.to_string()),
        EventValue::Array(elements) => Value::Array(elements.iter().map(json_value).collect()),
        EventValue::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| (key.to_string(), json_value(value)))
                .collect(),
        ),
    }
}

/// An event for a state that satisfies all goals, and how it reads AWS's open
/// questions; nothing when no value is known for some field.
pub(super) fn event_of(
    state: &State,
    cells: &mut Cells<'_, '_>,
    schema: &Schema,
    budget: &mut u64,
) -> Option<(Vec<Event>, Reading)> {
    let problem = cells.problem();
    let mut reading = Reading::default();
    for field in &problem.fields {
        if let Source::Question(question) = field.source
            && !state.has_class(field, 0)
        {
            reading = reading.with(question);
        }
    }
    // What the rest of the record follows comes first.
    let mut circumstances = Circumstances::default();
    let mut plain = plain_template(schema);
    let leading: [(&[&str], Place); 6] = [
        (&["eventSource"], |it| &mut it.event_source),
        (&["eventType"], |it| &mut it.event_type),
        (&["eventName"], |it| &mut it.event_name),
        (&["userIdentity", "type"], |it| &mut it.identity_type),
        (&["errorCode"], |it| &mut it.error_code),
        (&["errorMessage"], |it| &mut it.error_message),
    ];
    let mut changed = false;
    for (keys, place) in leading {
        let selector = Selector::of_keys(keys.iter().copied());
        let Some(field) = problem.find_field(&selector) else {
            continue;
        };
        // Without a source the name decides it, and the other way round.
        if std::mem::take(&mut changed) {
            plain = Cow::Owned(template(schema, &circumstances));
        }
        let usual = plain.get(&selector);
        let value = match likely_name(state, cells, field, &circumstances) {
            Some(name) => Some(name),
            None => choose(state, cells, field, usual, budget)?,
        };
        let forced = usual != value.as_ref() || classes_left(state, &problem.fields[field]) == 1;
        if let (true, Some(EventValue::String(text))) = (forced, value) {
            *place(&mut circumstances) = Some(text.into());
            changed = true;
        }
    }
    if changed {
        plain = Cow::Owned(template(schema, &circumstances));
    }
    let mut chosen: Vec<(&Selector, Option<EventValue>)> = Vec::new();
    for (number, field) in problem.fields.iter().enumerate() {
        if let Some(selector) = field.selector() {
            let value = match likely_source(state, cells, number, &plain) {
                Some(source) => Some(source),
                None => choose(state, cells, number, plain.get(selector), budget)?,
            };
            chosen.push((selector, value));
        }
    }
    chosen.sort_by_key(|(selector, _)| selector.segments().len());
    let bare = overlaid(only_mandatory(&plain), &chosen)?;
    // What is chosen about the caller need not go with the usual one.
    let of_anyone = overlaid(without_caller(&plain), &chosen)?;
    let rich = overlaid(plain.into_owned(), &chosen)?;
    let renamed = other_name(state, cells, &rich).and_then(|name| {
        overlaid(
            rich.clone(),
            &[(&Selector::of_keys(["eventName"]), Some(name))],
        )
    });
    let events = [rich, of_anyone, bare].into_iter().chain(renamed);
    Some((events.collect(), reading))
}

/// A name of no known event in place of one that was made up and happens to be known, about which
/// the schema says more than the search took into account.
fn other_name(state: &State, cells: &Cells<'_, '_>, event: &Event) -> Option<EventValue> {
    let selector = Selector::of_keys(["eventName"]);
    let made_up = event.get(&selector).and_then(EventValue::as_text)?;
    let is_known = |name: &str| schema::sources_of_event(name).is_some();
    let field = cells.problem().find_field(&selector)?;
    let names = &cells.problem().fields[field].classes;
    if !is_known(made_up) || names.of_named_text(made_up).is_some() {
        return None;
    }
    let name = cells.readable_text(state, field, |name| !is_known(name))?;
    Some(EventValue::String(name.into()))
}

/// For the field of the event's source: a service that logs the event's name.
fn likely_source(
    state: &State,
    cells: &Cells<'_, '_>,
    field: usize,
    plain: &Event,
) -> Option<EventValue> {
    if *cells.problem().fields[field].selector()? != Selector::of_keys(["eventSource"]) {
        return None;
    }
    let name = plain
        .get(&Selector::of_keys(["eventName"]))
        .and_then(EventValue::as_text)?;
    let sources = schema::likely_sources(name).map(|source| EventValue::String(source.into()));
    sources
        .into_iter()
        .find(|source| admits(state, cells, field, source))
}

/// For the field of the event's name, once it is known that the event is of the sign-in service: what
/// that logs, since every other familiar name is that of a call.
fn likely_name(
    state: &State,
    cells: &Cells<'_, '_>,
    field: usize,
    circumstances: &Circumstances,
) -> Option<EventValue> {
    if *cells.problem().fields[field].selector()? != Selector::of_keys(["eventName"]) {
        return None;
    }
    let names = circumstances.sign_in_events()?;
    let names = names.iter().map(|name| EventValue::String((*name).into()));
    names
        .into_iter()
        .find(|name| admits(state, cells, field, name))
}

type Place = fn(&mut Circumstances) -> &mut Option<String>;

fn classes_left(state: &State, field: &Field<'_>) -> usize {
    (0..field.classes.list.len())
        .filter(|class| state.has_class(field, *class))
        .count()
}

/// The plainest value left for a field; the outer option is whether one is known.
#[expect(
    clippy::option_option,
    reason = "a missing field and an unknown value are two things"
)]
fn choose(
    state: &State,
    cells: &mut Cells<'_, '_>,
    field_number: usize,
    usual: Option<&EventValue>,
    budget: &mut u64,
) -> Option<Option<EventValue>> {
    if let Some(value) = usual
        && admits(state, cells, field_number, value)
    {
        return Some(Some(value.clone()));
    }
    let field = &cells.problem().fields[field_number];
    let left = |class: usize| state.has_class(field, class);
    // What the plain record has is best there, with another value.
    if usual.is_none() && left(field.classes.missing()) {
        return Some(None);
    }
    let classes = field.classes.list.iter().enumerate();
    let mut in_order: Vec<(usize, &Class<'_>)> = classes.filter(|it| left(it.0)).collect();
    let names_number = |class: &Class<'_>| matches!(class, Class::NumberAt(_));
    if in_order.iter().any(|(_, class)| names_number(class)) {
        // What is compared with a number is one, rather than a text of the same digits.
        in_order
            .sort_by_key(|(_, class)| matches!(class, Class::Text(text) if is_json_number(text)));
    }
    for (position, class) in in_order {
        if let Some(value) = class.value() {
            return Some(Some(value));
        }
        if let Filled::Value(value) = cells.fill(state, field_number, position, budget) {
            return Some(Some(value));
        }
    }
    left(field.classes.missing()).then_some(None)
}

/// Whether a value is left for a field.
fn admits(state: &State, cells: &Cells<'_, '_>, field_number: usize, value: &EventValue) -> bool {
    let field = &cells.problem().fields[field_number];
    let Some(class) = field
        .classes
        .of_value(value)
        .filter(|class| state.has_class(field, *class))
    else {
        return false;
    };
    match (&field.classes.list[class], value) {
        (Class::OtherText, EventValue::String(text)) => {
            cells.admits_text(state, field_number, text)
        }
        (Class::NumberAt(_) | Class::NumberBetween(..), _) => false,
        _ => true,
    }
}

/// Whether an event really is one that the patterns let slip, under a reading,
/// and one that the schema admits.
pub(super) fn escapes(
    event: &Event,
    patterns: &Patterns<'_>,
    schema: &Schema,
    reading: Reading,
) -> bool {
    let matches = |pattern: &&FilterPattern| pattern.matches_under(event, reading);
    patterns.required.iter().all(matches)
        && !patterns.filters.iter().any(matches)
        && !patterns.except.iter().any(matches)
        && schema.admits(event)
}

/// The same for messages, whose text counts when they are no objects.
pub(super) fn message_escapes(
    message: &Event,
    patterns: &Patterns<'_>,
    schema: &Schema,
    reading: Reading,
) -> bool {
    let EventValue::String(text) = message.root() else {
        return escapes(message, patterns, schema, reading);
    };
    let matches = |pattern: &&FilterPattern| pattern.test(text).is_some();
    patterns.required.iter().all(matches)
        && !patterns.filters.iter().any(matches)
        && !patterns.except.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_escapes_when_it_is_required_and_nothing_else_matches_it() {
        let pattern = |text: &str| FilterPattern::parse(text).unwrap();
        let (a, b, c) = (pattern("a"), pattern("b"), pattern("c"));
        let asked = Patterns {
            required: &[&a],
            filters: &[&b],
            except: &[&c],
        };
        for (text, expected) in [("a", true), ("x", false), ("a b", false), ("a c", false)] {
            let message = Event::from_root(EventValue::String(text.into()));
            let found = message_escapes(&message, &asked, &Schema::any(), Reading::default());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_record_escapes_when_the_schema_has_it_too() {
        let pattern = |text: &str| FilterPattern::parse(text).unwrap();
        let (a, b, c) = (pattern("zza"), pattern("zzb"), pattern("zzc"));
        let asked = Patterns {
            required: &[&a],
            filters: &[&b],
            except: &[&c],
        };
        let record = plain_template(&Schema::cloudtrail()).into_owned();
        for (text, expected) in [
            ("zza", true),
            ("x", false),
            ("zza zzb", false),
            ("zza zzc", false),
        ] {
            let agent = Selector::of_keys(["userAgent"]);
            let value = EventValue::String(text.into());
            let message = overlaid(record.clone(), &[(&agent, Some(value))]).unwrap();
            let schema = Schema::cloudtrail();
            let found = message_escapes(&message, &asked, &schema, Reading::default());
            assert_eq!(found, expected, "{text}");
        }
        let only_a = Event::parse(r#"{"userAgent":"zza"}"#).unwrap();
        for (schema, expected) in [(Schema::any(), true), (Schema::cloudtrail(), false)] {
            let found = message_escapes(&only_a, &asked, &schema, Reading::default());
            assert_eq!(found, expected, "{schema:?}");
        }
    }
}
