//! The vectors of AWS's documentation and of third-party observations on
//! TestMetricFilter, as one table each.

use filter_pattern::{Event, FilterPattern};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("data/filter_vectors.json")).expect("the vectors are JSON")
}

/// An event of the table; a text `@raw 12.0` stands for the number text `12.0`.
fn event_text(event: &Value) -> String {
    let text = event.to_string();
    let mut output = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("\"@raw ") {
        output.push_str(&rest[..at]);
        let raw = &rest[at + 6..];
        let end = raw.find('"').expect("a closed text");
        output.push_str(&raw[..end]);
        rest = &raw[end + 1..];
    }
    output + rest
}

#[test]
fn json_vectors_agree() {
    let vectors = vectors();
    for table in ["docs_json", "observed"] {
        let rows = vectors[table].as_array().expect("a table");
        assert!(!rows.is_empty());
        for row in rows {
            let pattern = row["pattern"].as_str().expect("a pattern");
            let event = event_text(&vectors["events"][row["event"].as_str().expect("an event")]);
            let event = Event::parse(&event).expect("a JSON event");
            let result = match FilterPattern::parse(pattern) {
                Err(_) => "invalid",
                Ok(pattern) if pattern.matches(&event) => "match",
                Ok(_) => "no_match",
            };
            assert_eq!(row["expect"], result, "{table}: {pattern}");
        }
    }
}

#[test]
fn text_vectors_agree() {
    let vectors = vectors();
    for table in ["docs_text", "docs_space_delimited"] {
        let rows = vectors[table].as_array().expect("a table");
        assert!(!rows.is_empty());
        for row in rows {
            let text = row["pattern"].as_str().expect("a pattern");
            let line = row["line"].as_str().expect("a line");
            let pattern =
                FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let fields = pattern.test(line);
            let result = if fields.is_some() {
                "match"
            } else {
                "no_match"
            };
            assert_eq!(row["expect"], result, "{table}: {text} on {line}");
            for (name, value) in row["extract"].as_object().into_iter().flatten() {
                let fields = fields.as_ref().expect("a match extracts");
                assert_eq!(
                    fields.get(name).map(String::as_str),
                    value.as_str(),
                    "{text}: {name}"
                );
            }
        }
    }
}
