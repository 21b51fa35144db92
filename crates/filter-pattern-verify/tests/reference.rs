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
                None => fuzzing::raw(&vectors["events"][row["event"].as_str().expect("an event")]),
            };
            let expected = row["expect"] == "match";
            let found = matches_message(pattern.ast(), &message, Reading::default());
            assert_eq!(found, expected, "{table}: {text} on {message}");
            judged += 1;
        }
    }
    assert!(judged >= 100, "{judged} rows");
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
