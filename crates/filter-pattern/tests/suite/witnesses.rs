//! The values that witnesses show: the plainest that do.

use filter_pattern::{Covers, FilterPattern, Schema, covers, never_matches};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn witness(required: &str, filters: &[&str]) -> String {
    let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    match covers(&pattern(required), &filters, &Schema::any()) {
        Covers::No(witness) => witness.to_json(),
        other => panic!("{required} {filters:?}: {other:?}"),
    }
}

#[test]
fn witnesses_are_plain() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], &str); 22] = [
        ("{ $.a = foo* }",                                            &[],                                       r#"{"a":"foo"}"#),
        ("{ $.a = *foo }",                                            &[],                                       r#"{"a":"foo"}"#),
        ("{ $.a = foo* }",                                            &["{ $.a = foo }"],                        r#"{"a":"foox"}"#),
        ("{ $.a = foo* }",                                            &["{ $.a = foo }", "{ $.a = foox }"],      r#"{"a":"fooexample"}"#),
        ("{ $.a = foo* && $.a = *bar }",                              &[],                                       r#"{"a":"foobar"}"#),
        ("{ $.a = *mid* && $.a = foo* && $.a = *bar }",               &[],                                       r#"{"a":"foomidbar"}"#),
        ("{ $.a = *one* && $.a = *two* }",                            &[],                                       r#"{"a":"onetwo"}"#),
        ("{ $.a = fo* && $.a = foo* && $.a = *r && $.a = *bar }",     &[],                                       r#"{"a":"foobar"}"#),
        ("{ $.a = * }",                                               &["{ $.a = other* }"],                     r#"{"a":""}"#),
        ("{ $.a = * }",                                               &["{ $.a = %o% }", "{ $.a > 0 }"],         r#"{"a":""}"#),
        ("{ $.a > 5 }",                                               &[],                                       r#"{"a":6}"#),
        ("{ $.a > 5 && $.a < 6 }",                                    &[],                                       r#"{"a":5.5}"#),
        ("{ $.a > 5 }",                                               &["{ $.a > 6 }"],                          r#"{"a":6}"#),
        ("{ $.a = 5 }",                                               &["{ $.a = \"5\" }"],                      r#"{"a":5.0}"#),
        ("{ $.a > 40 && $.a = 5* }",                                  &[],                                       r#"{"a":50}"#),
        ("{ $.a < -40 && $.a = *7 }",                                 &[],                                       r#"{"a":-47}"#),
        ("{ $.a > 1000 && $.a = 5* && $.a != 5*0 }",                  &[],                                       r#"{"a":5000}"#),
        ("{ $.a = %^[b-d]x$% }",                                      &["{ $.a = bx }"],                         r#"{"a":"cx"}"#),
        ("{ $.a = %[0-9]e[0-9]% || $.a <= 4 }",                       &["{ $.a IS NULL || $.a = %[0-9]e[0-9]% }", "{ $.a = 4* }"], r#"{"a":3}"#),
        ("{ $.a IS NULL || $.a = x }",                                &[],                                       r#"{"a":"x"}"#),
        ("{ $.a IS NULL || $.a > 3 }",                                &[],                                       r#"{"a":4}"#),
        ("{ $.a >= 12 && $.a <= 12 && $.a != \"12\" }",               &[],                                       r#"{"a":12.0}"#),
    ];
    let mut wrong = Vec::new();
    for (required, filters, expected) in table {
        let found = witness(required, filters);
        if found != expected {
            wrong.push(format!("{required} {filters:?}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_root_of_an_event_has_no_elements() {
    for text in [
        "{ $[0] = x }",
        "{ $[0].a = x }",
        "{ $[1] NOT EXISTS && $[0] = x }",
    ] {
        let never = never_matches(&pattern(text), &Schema::any());
        assert!(never.is_yes(), "{text}: {never:?}");
    }
    assert_eq!(witness("{ $[0] NOT EXISTS }", &[]), "{}");
}
