//! Any text at all: nothing panics, errors point into the text, what parses
//! prints and reads back, and JSON is read exactly when it is JSON.

use filter_pattern::{
    Covers, Event, EventError, FieldSelectionCriteria, FilterPattern, Schema, covers,
};
use proptest::prelude::*;

/// Texts made of the language's own tokens, mostly malformed.
fn token_soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        " ",
        "\n",
        "$",
        ".",
        "*",
        "a",
        "b.c",
        "$.a",
        "$.b[0]",
        "$.c[*]",
        "['k é']",
        "=",
        "!=",
        "<",
        ">=",
        "&&",
        "||",
        "IS",
        "NULL",
        "TRUE",
        "NOT",
        "EXISTS",
        "12",
        "-1.5e3",
        "\"x\"",
        "\"x*\"",
        "\"",
        "\\",
        "%a[0-9]+%",
        "%",
        "%(%",
        "é",
        "...",
        ",",
        "-",
        "?",
        "ERROR",
        "@aws.account",
        "IN",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// JSON patterns that are often well formed.
fn likely_pattern() -> impl Strategy<Value = String> {
    let condition = prop::sample::select(vec![
        "$.a = x",
        "$.a != \"x*\"",
        "$.b[0] > 1.5",
        "$.a.c NOT EXISTS",
        "($.a IS TRUE || $.b = %^x%)",
        "$.c[*] = 1",
        "$.* != y",
        "$['k'] IS NULL",
        "$.a=1 && $.b<=2 || $.c=*",
    ]);
    (
        prop::collection::vec(condition, 1..5),
        prop::sample::select(vec![" && ", "||", " || "]),
    )
        .prop_map(|(conditions, operator)| format!("{{ {} }}", conditions.join(operator)))
}

fn check(text: &str) -> Result<(), TestCaseError> {
    match FilterPattern::parse(text) {
        Ok(pattern) => {
            let printed = pattern.to_string();
            // The canonical form has more blanks and quotation marks, so it may be too long.
            if printed.chars().count() <= 1024 {
                let again = FilterPattern::parse(&printed);
                prop_assert_eq!(again.as_ref(), Ok(&pattern), "{}", printed);
            }
            let _ = pattern.test("{\"a\": \"x\", \"b\": [1.5], \"c\": [1]}");
            let _ = pattern.test("some [bracketed text] \"and quoted\" é");
        }
        Err(error) => {
            prop_assert!(
                text.get(error.span()).is_some(),
                "{:?} in {:?}",
                error.span(),
                text
            );
            prop_assert!(!error.message().is_empty() && !error.message().ends_with('.'));
        }
    }
    if let Err(error) = FieldSelectionCriteria::parse(text) {
        prop_assert!(
            text.get(error.span()).is_some(),
            "{:?} in {:?}",
            error.span(),
            text
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,40}") {
        check(&text)?;
        check(&format!("{{ {text} }}"))?;
        check(&format!("{{ $.a = %{text}% }}"))?;
    }

    #[test]
    fn any_tokens_are_parsed_or_refused(text in token_soup()) {
        check(&text)?;
        check(&format!("{{ {text} }}"))?;
    }

    #[test]
    fn json_is_read_exactly_when_it_is_json(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+ tn-]{0,16}") {
        let read = Event::parse(&text);
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(value) if value.is_object() => prop_assert_eq!(read.map(|event| event.to_json().len() <= text.len() * 6), Ok(true)),
            Ok(_) => prop_assert_eq!(read, Err(EventError::NotAnObject)),
            // Numbers that are too large for `serde_json`, and halves of surrogate
            // pairs, are JSON all the same.
            Err(error) if ["out of range", "surrogate", "hex escape"]
                .iter()
                .any(|reason| error.to_string().contains(reason)) => {}
            Err(_) => prop_assert!(matches!(read, Err(EventError::Invalid { .. })), "{}", text),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_parses_can_be_compared(required in likely_pattern(), filter in likely_pattern()) {
        let (Ok(required), Ok(filter)) = (FilterPattern::parse(&required), FilterPattern::parse(&filter)) else {
            return Ok(());
        };
        for schema in [Schema::any(), Schema::cloudtrail()] {
            if let Covers::No(witness) = covers(&required, &[&filter], &schema) {
                prop_assert!(required.matches(witness.as_event()) && !filter.matches(witness.as_event()));
                prop_assert!(schema.admits(witness.as_event()));
            }
        }
    }
}
