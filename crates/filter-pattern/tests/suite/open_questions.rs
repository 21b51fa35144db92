//! What an answer rests on that AWS does not document: which open questions, and whether
//! wildcards go back.

use filter_pattern::{
    Assumption, Covers, FilterPattern, OpenQuestion, Reading, Schema, Why, covers, never_matches,
};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn answer(required: &str, filters: &[&str]) -> Covers {
    let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    covers(&pattern(required), &filters, &Schema::any())
}

#[test]
fn a_witness_says_when_it_escapes_only_because_wildcards_do_not_go_back() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], &str, bool); 6] = [
        ("{ $.a = %^abab$% }", &["{ $.a = \"*ab\" }"],                   r#"{"a":"abab"}"#, true),
        ("{ $.a = %^abab$% }", &["{ $.a = \"*ba\" }"],                   r#"{"a":"abab"}"#, false),
        ("{ $.a = %^abab$% }", &["{ $.a = \"x*ab\" }", "{ $.b = *ab }"], r#"{"a":"abab"}"#, false),
        ("{ $.a = %^abab$% }", &["{ $.a = x && $.a = \"*ab\" }"],        r#"{"a":"abab"}"#, true),
        ("{ $.a = x }",        &["{ $.a = y }"],                         r#"{"a":"x"}"#,    false),
        ("{ $.a > 3 }",        &["{ $.a = \"*4*44\" }", "{ $.a < 4 }"],  r#"{"a":4}"#,      false),
    ];
    for (required, filters, event, rests_on_it) in table {
        let Covers::No(witness) = answer(required, filters) else {
            panic!("{required} escapes {filters:?}");
        };
        assert_eq!(witness.to_json(), event, "{required} {filters:?}");
        let mut names = witness.assumptions().iter().map(Assumption::name);
        let found = names.any(|name| name == "leftmost-wildcards");
        assert_eq!(found, rests_on_it, "{required} {filters:?}: {witness:?}");
    }
}

#[test]
fn conditions_on_booleans_hang_on_open_questions_in_lists_too() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], OpenQuestion); 5] = [
        ("{ $.a IS TRUE || $.a IS FALSE }", &["{ $.a = true || $.a = false }"],          OpenQuestion::BooleanAsText),
        ("{ $.a IS TRUE }",                 &["{ $.a = true || $.a = x }"],              OpenQuestion::BooleanAsText),
        ("{ $.a IS TRUE }",                 &["{ $.a = x || $.a = true || $.a = y }"],   OpenQuestion::BooleanAsText),
        ("{ $.a = true || $.a = false }",   &["{ $.a IS TRUE || $.a IS FALSE }"],        OpenQuestion::IsBooleanOnText),
        ("{ $.a != x && $.a != y }",        &["{ $.a = * || $.a IS TRUE || $.a IS FALSE }"], OpenQuestion::NotEqualsOnNull),
    ];
    for (required, filters, question) in table {
        match answer(required, filters) {
            Covers::No(witness) => {
                let mut names = witness.assumptions().iter().map(|it| it.name().to_owned());
                assert!(
                    names.any(|name| name == question.name()),
                    "{required}: {witness:?}"
                );
            }
            Covers::Unknown(Why::Undocumented { questions, .. }) => {
                assert!(questions.contains(&question), "{required}: {questions:?}");
            }
            other => panic!("{required}: {other:?}"),
        }
    }
}

#[test]
fn open_questions_are_named_in_words() {
    let mut words: Vec<String> = OpenQuestion::ALL.iter().map(ToString::to_string).collect();
    for text in &words {
        assert!(text.starts_with("whether "), "{text}");
    }
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), OpenQuestion::ALL.len());
}

#[test]
fn numbers_that_only_exponents_spell_are_found() {
    #[rustfmt::skip]
    let table = [
        ("{ $.a > 5 && $.a = %^7e[0-9]$% }",       true),
        ("{ $.a > 5 && $.a = %^7[eE][0-9][0-9]$% }", true),
        ("{ $.a > 5 && $.a = %^x[0-9]$% }",        false),
        ("{ $.a > 5 && $.a < 7 && $.a = %^7$% }",  false),
    ];
    for (text, some) in table {
        let found = never_matches(&pattern(text), &Schema::any());
        assert_eq!(found.is_yes(), !some, "{text}: {found:?}");
        assert_eq!(matches!(found, Covers::No(_)), some, "{text}: {found:?}");
    }
}

#[test]
fn a_text_that_booleans_may_equal_leaves_a_field_of_booleans_undecided() {
    let schema = Schema::cloudtrail();
    for required in [
        "{ $.readOnly = true }",
        "{ $.readOnly = bob || $.readOnly = true }",
        "{ $.readOnly = true || $.readOnly = false }",
    ] {
        let found = covers(&pattern(required), &[], &schema);
        let Covers::Unknown(Why::Undocumented { questions, .. }) = &found else {
            panic!("{required}: {found:?}");
        };
        assert_eq!(questions, &[OpenQuestion::BooleanAsText], "{required}");
    }
    let texts = pattern("{ $.readOnly = bob || $.readOnly = alice }");
    assert!(covers(&texts, &[], &schema).is_yes());
}

#[test]
fn a_proof_rests_on_wildcards_only_where_it_needs_them() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], bool); 4] = [
        ("{ $.a = x && $.b = 1 }", &["{ $.a = x* && $.b = 1 }", "{ $.a = *ab }"], false),
        ("{ $.a = x }",            &["{ $.a != y && $.a != *ab }"],               false),
        ("{ $.a = abab }",         &["{ $.a != *ab }"],                           true),
        ("{ $.a = *ab }",          &["{ $.a != abab && $.a = * }"],               true),
    ];
    for (required, filters, needed) in table {
        let Covers::Yes(proof) = answer(required, filters) else {
            panic!("{required} {filters:?} is covered");
        };
        let mut names = proof.assumptions().iter().map(Assumption::name);
        let found = names.any(|name| name == "leftmost-wildcards");
        assert_eq!(found, needed, "{required} {filters:?}");
    }
}

#[test]
fn a_question_is_answered_once_however_often_it_is_said() {
    for question in OpenQuestion::ALL {
        let once = Reading::default().with(question);
        assert_eq!(once.with(question), once, "{question}");
        assert_ne!(once, Reading::default(), "{question}");
    }
}
