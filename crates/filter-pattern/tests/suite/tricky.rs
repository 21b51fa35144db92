//! Corners of the language, by rule: what the answer must be was written down from the rule's
//! source before the engine was asked.

use filter_pattern::FilterPattern;
use serde_json::Value;

#[test]
fn corners_of_the_language_are_as_their_rules_have_them() {
    let rules: Value =
        serde_json::from_str(include_str!("../data/tricky_cases.json")).expect("JSON");
    let mut cases = 0;
    for rule in rules.as_array().expect("rules") {
        for case in rule["cases"].as_array().expect("cases") {
            let text = |at: usize| case[at].as_str().expect("a text");
            let answer = match FilterPattern::parse(text(0)) {
                Ok(pattern) => Value::Bool(pattern.matches_message(text(1))),
                Err(_) => Value::String("refused".to_owned()),
            };
            assert_eq!(answer, case[2], "{case} ({})", rule["rule"]);
            cases += 1;
        }
    }
    assert!(cases > 600, "{cases}");
}
