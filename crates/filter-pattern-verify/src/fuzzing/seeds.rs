//! What a fuzzer starts from: the patterns and messages of the vectors, the
//! controls' patterns, and some of what the generators make.

use serde_json::Value;

use crate::generate;
use crate::random::Random;

const VECTORS: [&str; 2] = [
    include_str!("../../../filter-pattern/tests/data/filter_vectors.json"),
    include_str!("../../../filter-pattern/tests/data/more_vectors.json"),
];

const CONTROLS: &str = include_str!("../../../filter-pattern/tests/data/control_patterns.json");

/// How many of each kind are generated.
const GENERATED: u64 = 150;

/// The inputs to start a target from; none for a name that is no target's.
pub fn seeds(target: &str) -> Vec<String> {
    let mut seeds = match target {
        "parse" => [rows().map(|row| row.0).collect(), controls()].concat(),
        "evaluate" => rows()
            .map(|(pattern, message)| format!("{pattern}\n{message}"))
            .collect(),
        "covers" => questions(),
        "criteria" => criteria(),
        _ => return Vec::new(),
    };
    let mut random = Random::new(1);
    for _ in 0..GENERATED {
        let pattern = generate::pattern(&mut random);
        let other = generate::pattern(&mut random);
        let line = generate::line(&mut random, false);
        seeds.push(match target {
            "parse" => pattern.to_string(),
            "evaluate" => format!("{pattern}\n{line}"),
            "covers" => format!("{pattern}\n{other}"),
            _ => generate::Criteria::generate(&mut random, 2).text(&mut random),
        });
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Pattern and message of each row of the vectors.
fn rows() -> impl Iterator<Item = (String, String)> {
    let files = VECTORS.map(|file| -> Value { serde_json::from_str(file).expect("JSON") });
    files.into_iter().flat_map(|file| {
        let tables = file.as_object().into_iter().flatten();
        let rows = tables.flat_map(|(_, table)| table.as_array().into_iter().flatten());
        rows.filter_map(|row| {
            let message = match row["line"].as_str() {
                Some(line) => line.to_owned(),
                None => raw(&file["events"][row["event"].as_str()?]),
            };
            Some((row["pattern"].as_str()?.to_owned(), message))
        })
        .collect::<Vec<_>>()
    })
}

/// The event as JSON, with a text `@raw 12.0` as the number text `12.0`.
pub fn raw(event: &Value) -> String {
    let text = event.to_string();
    let mut parts = text.split("\"@raw ");
    let mut json = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        json.push_str(&part.replacen('"', "", 1));
    }
    json
}

fn controls() -> Vec<String> {
    let controls: Vec<Value> = serde_json::from_str(CONTROLS).expect("JSON");
    let patterns = controls.iter().flat_map(|control| {
        [&control["pattern"], &control["security_hub"]]
            .into_iter()
            .filter_map(Value::as_str)
    });
    patterns.map(str::to_owned).collect()
}

/// Each control's pattern beside the next one, and each vector's beside the next.
fn questions() -> Vec<String> {
    let pairs = |patterns: &[String]| -> Vec<String> {
        let pairs = patterns.windows(2);
        pairs.map(|pair| pair.join("\n")).collect()
    };
    let patterns: Vec<String> = rows().map(|row| row.0).collect();
    [pairs(&controls()), pairs(&patterns)].concat()
}

fn criteria() -> Vec<String> {
    [
        r#"@aws.account IN ["111122223333", "444455556666"]"#,
        r#"@aws.region = "us-east-1" AND @aws.account NOT IN ["111122223333"]"#,
        r#"(@aws.region != "eu-west-1") OR @aws.account = "111122223333""#,
    ]
    .map(str::to_owned)
    .into()
}
