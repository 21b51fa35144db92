//! Times every command that asks several questions about one pattern, on patterns
//! that are made to be hard: one line of JSON for each, `commands [NAME [COMMAND]]`.

#[path = "../benches/workload/hard.rs"]
mod hard;
#[path = "../benches/workload/text.rs"]
mod text;

use std::hint::black_box;
use std::time::Instant;

use filter_pattern::compare::difference;
use filter_pattern::explain::explain;
use filter_pattern::minimize::minimize;
use filter_pattern::suggest::suggest;
use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema};
use hard::HardPattern;

type Command = (&'static str, fn(&HardPattern, &Schema));

const COMMANDS: &[Command] = &[
    ("parse", |hard, _| {
        let pattern = FilterPattern::parse(&hard.text).expect("a pattern");
        black_box(pattern.to_string());
    }),
    ("never", |hard, schema| {
        black_box(filter_pattern::never_matches(&hard.pattern, schema));
    }),
    ("cover", |hard, schema| {
        cover(&hard.pattern, &hard.alike, schema);
    }),
    ("cover back", |hard, schema| {
        cover(&hard.alike, &hard.pattern, schema);
    }),
    ("diff", |hard, schema| {
        black_box(difference(&hard.pattern, &hard.alike, schema));
    }),
    ("minimize", |hard, schema| {
        black_box(minimize(&hard.pattern, schema));
    }),
    ("suggest", |hard, schema| {
        black_box(suggest(&[&hard.pattern], &[&hard.alike], &[], schema));
    }),
    ("suggest all", |hard, schema| {
        black_box(suggest(&[&hard.pattern], &[], &[], schema));
    }),
    ("explain", |hard, schema| {
        black_box(explain(&hard.text, schema).expect("a pattern"));
    }),
];

/// What `cover` asks: whether, and if not, why and what is missing.
fn cover(required: &FilterPattern, filter: &FilterPattern, schema: &Schema) {
    let filters = [filter];
    let question = CoverQuestion {
        schema,
        ..CoverQuestion::new(required, &filters)
    };
    let answer = question.decide();
    if let Covers::No(witness) = &answer {
        black_box(question.narrowing_clauses(witness.as_event()));
    }
    if !answer.is_yes() {
        black_box(question.missing_values("eventName"));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let schemas = [("any", Schema::any()), ("cloudtrail", Schema::cloudtrail())];
    for hard in hard::hard_patterns() {
        if arguments.first().is_some_and(|name| *name != hard.name) {
            continue;
        }
        for (command, run) in COMMANDS {
            if arguments.get(1).is_some_and(|name| name != command) {
                continue;
            }
            for (name, schema) in &schemas {
                let times = (0..3).map(|_| {
                    let start = Instant::now();
                    run(&hard, schema);
                    start.elapsed()
                });
                let least = times.min().unwrap_or_default();
                println!(
                    "{}",
                    serde_json::json!({
                        "pattern": hard.name,
                        "characters": hard.text.chars().count(),
                        "command": command,
                        "schema": name,
                        "least_ns": least.as_nanos(),
                    })
                );
            }
        }
    }
}
