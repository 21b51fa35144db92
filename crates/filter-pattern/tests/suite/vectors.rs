//! The vectors of AWS's documentation and of third-party observations on
//! TestMetricFilter, as tables. Two files of one format: the one that the project
//! started from, and what was collected since, each row with its source.

use filter_pattern::{Event, FilterPattern};
use serde_json::Value;

const FILES: [&str; 2] = [
    include_str!("../data/filter_vectors.json"),
    include_str!("../data/more_vectors.json"),
];

/// Each row of the tables whose names are given, with its file.
fn rows(tables: &[&str], mut check: impl FnMut(&Value, &Value)) {
    let mut rows = 0;
    for file in FILES {
        let file: Value = serde_json::from_str(file).expect("the vectors are JSON");
        for table in tables {
            for row in file[table].as_array().into_iter().flatten() {
                check(&file, row);
                rows += 1;
            }
        }
    }
    assert!(rows > 90, "only {rows} rows");
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

/// What went wrong, all of it.
fn agree(disagreements: &[String]) {
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

#[test]
fn json_vectors_agree() {
    let mut disagreements = Vec::new();
    rows(&["docs_json", "observed"], |file, row| {
        let pattern = row["pattern"].as_str().expect("a pattern");
        let event = event_text(&file["events"][row["event"].as_str().expect("an event")]);
        let event = Event::parse(&event).expect("a JSON event");
        let result = match FilterPattern::parse(pattern) {
            Err(_) => "invalid",
            Ok(pattern) if pattern.matches(&event) => "match",
            Ok(_) => "no_match",
        };
        if row["expect"] != result {
            disagreements.push(format!("{pattern}: {result}, but {row}"));
        }
    });
    agree(&disagreements);
}

#[test]
fn text_vectors_agree() {
    let mut disagreements = Vec::new();
    rows(
        &["docs_text", "docs_space_delimited", "observed_text"],
        |_, row| {
            let text = row["pattern"].as_str().expect("a pattern");
            let line = row["line"].as_str().expect("a line");
            let (result, fields) = match FilterPattern::parse(text) {
                Err(_) => ("invalid", None),
                Ok(pattern) => match pattern.test(line) {
                    None => ("no_match", None),
                    fields => ("match", fields),
                },
            };
            if row["expect"] != result {
                disagreements.push(format!("{text} on {line}: {result}, but {row}"));
            }
            for (name, value) in row["extract"].as_object().into_iter().flatten() {
                let found = fields.as_ref().and_then(|fields| fields.get(name));
                if found.map(String::as_str) != value.as_str() && result == "match" {
                    disagreements.push(format!(
                        "{text} on {line}: {name} is {found:?}, not {value}"
                    ));
                }
            }
        },
    );
    agree(&disagreements);
}
