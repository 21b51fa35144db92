//! The reference itself: against the vectors of AWS's documentation and of what
//! was observed, and its regular expressions against `regex-automata`.

use filter_pattern::{FilterPattern, Reading};
use filter_pattern_verify::random::Random;
use filter_pattern_verify::reference::{Regex, matches_message};
use filter_pattern_verify::{fuzzing, generate};

#[test]
fn the_reference_agrees_with_the_vectors_of_the_documentation() {
    let vectors = include_str!("../../filter-pattern/tests/data/filter_vectors.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).expect("JSON");
    let mut judged = 0;
    for table in ["docs_json", "observed", "docs_text", "docs_space_delimited"] {
        for row in vectors[table].as_array().expect("a table") {
            let text = row["pattern"].as_str().expect("a pattern");
            let Ok(pattern) = FilterPattern::parse(text) else {
                continue;
            };
            let message = match row["line"].as_str() {
                Some(line) => line.to_owned(),
                None => raw(&vectors["events"][row["event"].as_str().expect("an event")]),
            };
            let expected = row["expect"] == "match";
            let found = matches_message(pattern.ast(), &message, Reading::default());
            assert_eq!(found, expected, "{table}: {text} on {message}");
            judged += 1;
        }
    }
    assert!(judged >= 100, "{judged} rows");
}

/// The event with `"@raw 12.0"` as the number text `12.0`.
fn raw(event: &serde_json::Value) -> String {
    let text = event.to_string();
    let mut parts = text.split("\"@raw ");
    let mut json = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        json.push_str(&part.replacen('"', "", 1));
    }
    json
}

#[test]
fn regular_expressions_find_what_regex_automata_finds() {
    let mut random = Random::new(11);
    let mut found = 0;
    for _ in 0..3_000 {
        let pattern = generate::text_pattern(&mut random);
        let filter_pattern::ast::Ast::Regex(regex) = pattern.ast() else {
            continue;
        };
        // Spellings that mean something else elsewhere are left out.
        if regex.as_str().contains(r"\\") || regex.as_str().contains("{,") {
            continue;
        }
        let syntax = regex_automata::util::syntax::Config::new();
        let independent = regex_automata::dfa::regex::Regex::builder()
            .syntax(syntax)
            .build(regex.as_str());
        let Ok(independent) = independent else {
            continue;
        };
        for _ in 0..10 {
            let line = generate::line(&mut random, true);
            if !line.is_ascii() {
                continue;
            }
            let ours = Regex::read(regex.as_str()).finds(&line);
            assert_eq!(ours, independent.is_match(&line), "{regex:?} on {line:?}");
            found += usize::from(ours);
        }
    }
    assert!(found > 100, "{found} found");
}

#[test]
fn fuzz_targets_survive_generated_and_damaged_inputs() {
    let mut random = Random::new(5);
    for _ in 0..4_000 {
        let pattern = generate::pattern(&mut random);
        let other = generate::pattern(&mut random);
        let line = generate::line(&mut random, false);
        let mut inputs = [
            pattern.to_string().into_bytes(),
            format!("{pattern}\n{line}").into_bytes(),
            format!("{pattern}\n{other}").into_bytes(),
            generate::Criteria::generate(&mut random, 2)
                .text(&mut random)
                .into_bytes(),
        ];
        for ((_, target), input) in fuzzing::TARGETS.iter().zip(&mut inputs) {
            target(input);
            for _ in 0..random.below(4) {
                let at = random.below(input.len() + 1);
                let byte = *random.pick(b"{}[]()$.*=!<>&|\"%\\'-?@,0 \n\xc3x");
                match random.below(3) {
                    0 => input.insert(at, byte),
                    1 if at < input.len() => input[at] = byte,
                    _ => input.truncate(at),
                }
            }
            target(input);
        }
    }
}
