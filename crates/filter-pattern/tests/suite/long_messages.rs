//! Messages of a log event's size that are made to be hard: the time that they take
//! must grow with their length, not with its square. With its square, each of these
//! tests takes minutes.

use filter_pattern::{Event, FilterPattern};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An object whose keys are these numbers, with the same value each.
fn object(keys: std::ops::Range<u32>, value: u32) -> String {
    let members: Vec<String> = keys.map(|key| format!("\"k{key}\":{value}")).collect();
    members.join(",")
}

#[test]
fn a_line_of_marks_that_are_never_closed_is_read_once() {
    let pattern = pattern("[..., last = x]");
    for marks in ["[ ", "] [ ", "\" \" [ "] {
        let line = format!("{}x", marks.repeat(2_000_000 / marks.len()));
        assert!(pattern.test(&line).is_some(), "{marks}");
    }
}

#[test]
fn a_wildcard_goes_once_through_an_object_of_very_many_keys() {
    let pattern = pattern("{ $.* = 1 }");
    let matches = |members: &[String]| {
        let event = Event::parse(&format!("{{{}}}", members.join(",")));
        pattern.matches(&event.unwrap_or_else(|error| panic!("{error}")))
    };
    let keys = 0..200_000;
    assert!(!matches(&[object(keys.clone(), 0)]));
    // Of members with the same key the last one counts.
    assert!(!matches(&[
        object(keys.clone(), 1),
        object(keys.clone(), 0)
    ]));
    assert!(matches(&[object(keys.clone(), 0), object(keys, 1)]));
}
