//! Values put into an event at selectors, with the objects and arrays above them.

use crate::ast::{Segment, Selector};
use crate::event::{Event, EventValue};

/// An index beyond this makes an event that nobody wants to see.
const MOST_ELEMENTS: usize = 4096;

/// The chosen values put over an event, parents first: `None` takes a value away.
/// Nothing when an element is too far away.
pub(crate) fn overlaid(event: Event, chosen: &[(&Selector, Option<EventValue>)]) -> Option<Event> {
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
            let changed = overlaid(event, &[(&place, value)]).expect("no far index");
            assert_eq!(changed.to_json(), expected, "{selector}");
        }
        let far: Selector = "$.a[4096]".parse().unwrap();
        let event = Event::parse("{}").unwrap();
        assert!(overlaid(event, &[(&far, Some(EventValue::Null))]).is_none());
    }
}
