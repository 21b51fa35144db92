//! What the fuzz targets do with arbitrary bytes. The targets in `fuzz/` and the
//! tests that run the corpus call the same functions.

use filter_pattern::{
    Budget, CoverQuestion, Covers, Event, EventValue, FieldSelectionCriteria, FilterPattern,
    Reading, Schema, Witness, limits, overlap,
};

use crate::reference;

mod seeds;

pub use seeds::{raw, seeds};

/// A fuzz target.
pub type Target = fn(&[u8]);

/// All targets with their names, which are those of the programs in `fuzz/`.
pub const TARGETS: [(&str, Target); 4] = [
    ("parse", parse),
    ("evaluate", evaluate),
    ("covers", covers),
    ("criteria", criteria),
];

/// Reads a pattern: errors point into the text, and what is printed reads as the
/// same pattern.
pub fn parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match FilterPattern::parse(text) {
        Ok(pattern) => {
            let printed = pattern.to_string();
            if printed.chars().count() <= limits::PATTERN_CHARACTERS {
                assert_eq!(
                    FilterPattern::parse(&printed).as_ref(),
                    Ok(&pattern),
                    "{printed}"
                );
            }
        }
        Err(error) => {
            assert!(
                text.get(error.span()).is_some(),
                "{error} points outside of the text"
            );
            assert!(!error.message().is_empty());
        }
    }
}

/// Two texts between which the first line break stands.
fn two_texts(data: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(data).ok()?.split_once('\n')
}

/// A pattern in the first line meets the message in the others, by the
/// evaluator and the reference.
pub fn evaluate(data: &[u8]) {
    let Some((pattern, message)) = two_texts(data) else {
        return;
    };
    let Ok(pattern) = FilterPattern::parse(pattern) else {
        return;
    };
    let answer = pattern.test(message);
    if is_comparable(message) && is_comparable(&pattern.to_string()) {
        let expected = reference::matches_message(pattern.ast(), message, Reading::default());
        assert_eq!(answer.is_some(), expected, "{pattern} on {message}");
    }
    if let Ok(event) = Event::parse(message) {
        let again = Event::parse(&event.to_json());
        assert_eq!(
            again.as_ref(),
            Ok(&event),
            "an event reads as it was written"
        );
    }
}

/// The reference writes out all digits of a number, and `serde_json` reads less
/// deep than the crate: texts beyond that are left to the evaluator alone.
fn is_comparable(text: &str) -> bool {
    let mut exponent = 0;
    let mut after_e = false;
    for byte in text.bytes() {
        match byte {
            b'e' | b'E' => (after_e, exponent) = (true, 0),
            b'+' | b'-' => {}
            b'0'..=b'9' if after_e => exponent += 1,
            _ => after_e = false,
        }
        if exponent > 3 {
            return false;
        }
    }
    let nesting = text
        .bytes()
        .filter(|byte| matches!(byte, b'[' | b'{'))
        .count();
    nesting < 100
}

/// A pattern in the first line is asked of those in the other lines, over any
/// object and over records; a witness escapes by the evaluator.
pub fn covers(data: &[u8]) {
    let Some((required, filters)) = two_texts(data) else {
        return;
    };
    let Ok(required) = FilterPattern::parse(required) else {
        return;
    };
    let filters: Vec<FilterPattern> = filters
        .lines()
        .take(8)
        .filter_map(|it| it.parse().ok())
        .collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    for schema in [Schema::any(), Schema::cloudtrail()] {
        let question = CoverQuestion {
            schema: &schema,
            budget: Budget::steps(50_000),
            ..CoverQuestion::new(&required, &filters)
        };
        if let Covers::No(witness) = question.decide() {
            assert!(
                notices(&required, &witness),
                "{required} on {}",
                witness.to_json()
            );
            for filter in &filters {
                assert!(
                    !notices(filter, &witness),
                    "{filter} on {}",
                    witness.to_json()
                );
            }
        }
    }
    if let [first, ..] = filters.as_slice()
        && let Covers::No(witness) = overlap(&required, first, &Schema::any())
    {
        assert!(notices(&required, &witness) && notices(first, &witness));
    }
}

/// Whether a pattern matches a witness; one that is no JSON object is a message
/// of that text.
fn notices(pattern: &FilterPattern, witness: &Witness) -> bool {
    match witness.as_event().root() {
        EventValue::String(text) => pattern.test(text).is_some(),
        _ => pattern.matches(witness.as_event()),
    }
}

/// Reads field selection criteria: what is printed reads as the same.
pub fn criteria(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match FieldSelectionCriteria::parse(text) {
        Ok(criteria) => {
            let _ = criteria.admits("111122223333", "eu-west-1");
            let printed = criteria.to_string();
            if printed.chars().count() <= limits::CRITERIA_CHARACTERS {
                assert_eq!(
                    FieldSelectionCriteria::parse(&printed).as_ref(),
                    Ok(&criteria),
                    "{printed}"
                );
            }
        }
        Err(error) => assert!(
            text.get(error.span()).is_some(),
            "{error} points outside of the text"
        ),
    }
}
