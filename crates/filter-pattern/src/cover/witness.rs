//! From a solution of the search to a complete event: choose the plainest class
//! left for each field, fill free fields from the schema's template, and let the
//! evaluator confirm the result.

use crate::ast::{Segment, Selector};
use crate::evaluate::Reading;
use crate::event::{Event, EventValue};
use crate::pattern::FilterPattern;
use crate::schema::{self, Circumstances, Schema, better_error_codes, only_mandatory, template};

use super::assumption::Assumption;
use super::cells::{Cells, Filled};
use super::classes::Class;
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
    let mut plain = template(schema, &circumstances);
    let leading: [(&[&str], Place); 5] = [
        (&["eventSource"], |it| &mut it.event_source),
        (&["eventName"], |it| &mut it.event_name),
        (&["userIdentity", "type"], |it| &mut it.identity_type),
        (&["errorCode"], |it| &mut it.error_code),
        (&["userIdentity", "arn"], |it| &mut it.identity_arn),
    ];
    for (keys, place) in leading {
        let selector = Selector::of_keys(keys.iter().copied());
        let Some(field) = problem.find_field(&selector) else {
            continue;
        };
        let usual = plain.get(&selector);
        let value = choose(state, cells, field, usual, budget)?;
        let forced = usual != value.as_ref() || classes_left(state, &problem.fields[field]) == 1;
        if let (true, Some(EventValue::String(text))) = (forced, value) {
            *place(&mut circumstances) = Some(text.into());
            plain = template(schema, &circumstances);
        }
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
    fit_error_code(state, cells, &plain, &mut chosen);
    chosen.sort_by_key(|(selector, _)| selector.segments().len());
    let rich = overlay(plain.clone(), &chosen)?;
    let bare = overlay(only_mandatory(&plain), &chosen)?;
    Some((vec![rich, bare], reading))
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

type Place = fn(&mut Circumstances) -> &mut Option<String>;

fn classes_left(state: &State, field: &Field<'_>) -> usize {
    (0..field.classes.list.len())
        .filter(|class| state.has_class(field, *class))
        .count()
}

/// Puts an error code of the event's own service in the place of another
/// service's, where the patterns leave the choice.
fn fit_error_code(
    state: &State,
    cells: &Cells<'_, '_>,
    plain: &Event,
    chosen: &mut [(&Selector, Option<EventValue>)],
) {
    let code = Selector::of_keys(["errorCode"]);
    let source = Selector::of_keys(["eventSource"]);
    let named = chosen
        .iter()
        .find(|(selector, _)| **selector == source)
        .and_then(|(_, value)| value.as_ref());
    let Some(EventValue::String(source)) = named.or_else(|| plain.get(&source)).cloned() else {
        return;
    };
    let Some(field) = cells.problem().find_field(&code) else {
        return;
    };
    let classes = &cells.problem().fields[field].classes;
    for (selector, value) in chosen.iter_mut() {
        let (true, Some(EventValue::String(text))) = (**selector == code, &value) else {
            continue;
        };
        let in_cell = |text: &str| classes.of_named_text(text).is_none();
        let fits = |better: &&&str| {
            in_cell(text) && in_cell(better) && cells.admits_text(state, field, better)
        };
        if let Some(better) = better_error_codes(text, &source).iter().find(fits) {
            *value = Some(EventValue::String((*better).into()));
        }
    }
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
    if left(field.classes.missing()) {
        return Some(None);
    }
    for (position, class) in field.classes.list.iter().enumerate() {
        if !left(position) {
            continue;
        }
        if let Some(value) = class.value() {
            return Some(Some(value));
        }
        if let Filled::Value(value) = cells.fill(state, field_number, position, budget) {
            return Some(Some(value));
        }
    }
    None
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

/// An index beyond this makes an event that nobody wants to see.
const MOST_ELEMENTS: usize = 4096;

/// The chosen values put over an event, parents first.
fn overlay(event: Event, chosen: &[(&Selector, Option<EventValue>)]) -> Option<Event> {
    let mut root = event.into_root();
    for (selector, value) in chosen {
        match value {
            Some(value) => put(&mut root, selector.segments(), value)?,
            None => remove(&mut root, selector.segments()),
        }
    }
    Some(Event::from_root(root))
}

fn put(target: &mut EventValue, segments: &[Segment], value: &EventValue) -> Option<()> {
    let Some((segment, rest)) = segments.split_first() else {
        let same_container = matches!(
            (&*target, value),
            (EventValue::Object(_), EventValue::Object(_))
                | (EventValue::Array(_), EventValue::Array(_))
        );
        if !same_container {
            *target = value.clone();
        }
        return Some(());
    };
    match segment {
        Segment::Key(key) => {
            if !matches!(target, EventValue::Object(_)) {
                *target = EventValue::Object(Vec::new());
            }
            let EventValue::Object(members) = target else {
                return None;
            };
            let position = members
                .iter()
                .position(|(name, _)| name == key)
                .unwrap_or_else(|| {
                    members.push((key.clone(), EventValue::Null));
                    members.len() - 1
                });
            put(&mut members[position].1, rest, value)
        }
        Segment::Index(index) => {
            let index = *index as usize;
            if !matches!(target, EventValue::Array(_)) {
                *target = EventValue::Array(Vec::new());
            }
            let EventValue::Array(elements) = target else {
                return None;
            };
            if index >= MOST_ELEMENTS {
                return None;
            }
            while elements.len() <= index {
                elements.push(EventValue::Object(Vec::new()));
            }
            put(&mut elements[index], rest, value)
        }
        Segment::AnyKey | Segment::AnyIndex => None,
    }
}

fn remove(target: &mut EventValue, segments: &[Segment]) {
    let Some((segment, rest)) = segments.split_first() else {
        return;
    };
    match (segment, target) {
        (Segment::Key(key), EventValue::Object(members)) => {
            if rest.is_empty() {
                members.retain(|(name, _)| name != key);
            } else if let Some((_, member)) = members.iter_mut().find(|(name, _)| name == key) {
                remove(member, rest);
            }
        }
        (Segment::Index(index), EventValue::Array(elements)) => {
            if rest.is_empty() {
                elements.truncate(*index as usize);
            } else if let Some(element) = elements.get_mut(*index as usize) {
                remove(element, rest);
            }
        }
        _ => {}
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

/// Whether a filter or an exclusion matches an event.
pub(super) fn is_matched(event: &Event, patterns: &Patterns<'_>, reading: Reading) -> bool {
    let matches = |pattern: &&FilterPattern| pattern.matches_under(event, reading);
    patterns.filters.iter().chain(patterns.except).any(matches)
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
    fn values_are_put_and_removed_where_selectors_point() {
        #[rustfmt::skip]
        let table = [
            ("$.a",      Some("1"), r#"{"a":"1","b":{"c":[1,2,{"d":3}]}}"#),
            ("$.b.c[2].d", Some("1"), r#"{"a":0,"b":{"c":[1,2,{"d":"1"}]}}"#),
            ("$.b.c[0]", Some("1"), r#"{"a":0,"b":{"c":["1",2,{"d":3}]}}"#),
            ("$.b.c[4]", Some("1"), r#"{"a":0,"b":{"c":[1,2,{"d":3},{},"1"]}}"#),
            ("$.a.x",    Some("1"), r#"{"a":{"x":"1"},"b":{"c":[1,2,{"d":3}]}}"#),
            ("$.a",      None,      r#"{"b":{"c":[1,2,{"d":3}]}}"#),
            ("$.b.c[2].d", None,    r#"{"a":0,"b":{"c":[1,2,{}]}}"#),
            // Later elements would move up: they go as well.
            ("$.b.c[1]", None,      r#"{"a":0,"b":{"c":[1]}}"#),
            ("$.b.c",    None,      r#"{"a":0,"b":{}}"#),
            ("$.z.y",    None,      r#"{"a":0,"b":{"c":[1,2,{"d":3}]}}"#),
        ];
        for (selector, value, expected) in table {
            let event = Event::parse(r#"{"a":0,"b":{"c":[1,2,{"d":3}]}}"#).unwrap();
            let place: Selector = selector.parse().unwrap();
            let value = value.map(|text| EventValue::String(text.into()));
            let changed = overlay(event, &[(&place, value)]).expect("no far index");
            assert_eq!(changed.to_json(), expected, "{selector}");
        }
        let far: Selector = "$.a[4096]".parse().unwrap();
        let event = Event::parse("{}").unwrap();
        assert!(overlay(event, &[(&far, Some(EventValue::Null))]).is_none());
    }

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
}
