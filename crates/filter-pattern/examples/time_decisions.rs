//! Times the coverage decision for the controls against a union of filters.
use std::time::Instant;

use filter_pattern::{FilterPattern, Schema, covers};

fn main() {
    let data: serde_json::Value =
        serde_json::from_str(include_str!("../tests/data/control_patterns.json")).expect("JSON");
    let all: Vec<FilterPattern> = data
        .as_array()
        .expect("a list")
        .iter()
        .map(|control| {
            control["pattern"]
                .as_str()
                .expect("a text")
                .parse()
                .expect("a pattern")
        })
        .collect();
    // A union as operators have it: each control's pattern split by Region, spelled differently.
    let split: Vec<FilterPattern> = all
        .iter()
        .flat_map(|pattern| {
            let inner = pattern.to_string();
            let inner = inner
                .trim_start_matches('{')
                .trim_end_matches('}')
                .to_owned();
            ["=", "!="].map(|op| format!("{{ ($.awsRegion {op} us-east-1) && ({inner}) }}"))
        })
        .filter_map(|text| text.parse().ok())
        .collect();
    let filters: Vec<&FilterPattern> = split.iter().collect();
    let own: Vec<&FilterPattern> = all.iter().collect();
    let schema = Schema::cloudtrail();
    for (name, filters) in [
        ("split", &filters[..]),
        ("own", &own[..]),
        ("none but first", &own[..1]),
    ] {
        let mut times = Vec::new();
        for (number, required) in all.iter().enumerate() {
            let first = times.len();
            for _ in 0..200 {
                let start = Instant::now();
                let answer = covers(required, filters, &schema);
                times.push(start.elapsed());
                std::hint::black_box(answer);
            }
            let mut own = times[first..].to_vec();
            own.sort_unstable();
            println!("  control {}: p50 {:?}", number + 1, own[own.len() / 2]);
        }
        times.sort_unstable();
        println!(
            "{name}: p50 {:?} p99 {:?} max {:?}",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times[times.len() - 1]
        );
    }
}
