//! Patterns at AWS's limits that are made to be hard. The budget counts steps,
//! so these tests say the same on every machine.

use filter_pattern::{Budget, CoverQuestion, Covers, FilterPattern, Schema, Why};

fn pattern(text: &str) -> FilterPattern {
    assert!(
        text.chars().count() <= 1024,
        "{} characters",
        text.chars().count()
    );
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn joined(parts: impl Iterator<Item = String>, operator: &str) -> String {
    let mut text = String::new();
    for part in parts {
        if text.len() + part.len() + operator.len() > 920 {
            break;
        }
        if !text.is_empty() {
            text.push_str(operator);
        }
        text.push_str(&part);
    }
    format!("{{ {text} }}")
}

fn letter(number: usize) -> char {
    char::from(b'a' + u8::try_from(number % 26).expect("small"))
}

/// Pairs of a required pattern and a filter.
fn hard_pairs() -> Vec<(String, String)> {
    let contains = |negated: bool| {
        move |number: usize| {
            let operator = if negated { "!=" } else { "=" };
            format!(
                "$.a{operator}*{}{}*",
                letter(number),
                letter(number / 26 + number)
            )
        }
    };
    let all = joined((0..100).map(contains(false)), "&&");
    let any = joined((0..100).map(contains(false)), "||");
    let none = joined((0..100).map(contains(true)), "&&");
    let choices = |field: char| {
        joined(
            (0..40).map(|number| format!("($.{field}{number}=1||$.{field}{}=2)", number + 1)),
            "&&",
        )
    };
    let pigeons = joined(
        (0..9).flat_map(|hole| {
            (0..9).map(move |bird| format!("($.p{bird}={hole}&&$.q{hole}={bird})"))
        }),
        "||",
    );
    let deep = format!("{{ {}$.a = 1{} }}", "(".repeat(190), ")".repeat(190));
    let regexes = "{ $.a = %a.{100}b% && $.a != %b.{90}a% }".to_owned();
    let numbers = joined(
        (0..60).map(|number| format!("$.a>{number}||$.a<-{number}.5")),
        "&&",
    );
    vec![
        (all.clone(), any.clone()),
        (any.clone(), all.clone()),
        (all.clone(), none.clone()),
        (none.clone(), any.clone()),
        (any, none),
        (choices('x'), choices('y')),
        (choices('x'), choices('x').replace("=1", "=3")),
        (pigeons.clone(), pigeons.replace("$.p", "$.r")),
        (deep.clone(), deep.replace("= 1", "!= 1")),
        (regexes.clone(), regexes.replace("90", "80")),
        (numbers.clone(), numbers.replace(".5", ".25")),
        (all, regexes),
    ]
}

#[test]
fn hard_questions_end_within_the_budget() {
    let mut decided = 0;
    for (required, filter) in hard_pairs() {
        let (required, filter) = (pattern(&required), pattern(&filter));
        for schema in [Schema::any(), Schema::cloudtrail()] {
            let filters = [&filter];
            let question = CoverQuestion {
                schema: &schema,
                ..CoverQuestion::new(&required, &filters)
            };
            match question.decide() {
                Covers::No(witness) => {
                    assert!(
                        required.matches(witness.as_event()) && !filter.matches(witness.as_event())
                    );
                    decided += 1;
                }
                Covers::Yes(_) => decided += 1,
                Covers::Unknown(
                    Why::TooManySteps | Why::Undocumented { .. } | Why::Unconfirmed,
                ) => {}
                Covers::Unknown(why) => panic!("{why}"),
            }
        }
    }
    assert!(
        decided >= 12,
        "most of them are decided all the same: {decided}"
    );
}

#[test]
fn a_small_budget_ends_in_unknown_and_not_in_a_wrong_answer() {
    for (required, filter) in hard_pairs() {
        let (required, filter) = (pattern(&required), pattern(&filter));
        let filters = [&filter];
        for steps in [0, 1, 10, 100, 1000] {
            let question = CoverQuestion {
                budget: Budget::steps(steps),
                ..CoverQuestion::new(&required, &filters)
            };
            match question.decide() {
                Covers::No(witness) => {
                    assert!(
                        required.matches(witness.as_event()) && !filter.matches(witness.as_event())
                    );
                }
                Covers::Yes(_) => {
                    let full = CoverQuestion::new(&required, &filters).decide();
                    assert!(full.is_yes(), "{required} by {filter} with {steps} steps");
                }
                Covers::Unknown(_) => {}
            }
        }
    }
}

#[test]
fn many_filters_with_many_choices_end_within_the_stack() {
    let required = pattern("{ $.r = 1 }");
    let filters: Vec<FilterPattern> = (0..100)
        .map(|number| {
            let clauses = (0..20).map(|clause| {
                let field = number * 20 + clause;
                format!("($.x{field} NOT EXISTS&&$.y{field} NOT EXISTS)")
            });
            pattern(&joined(clauses, "||"))
        })
        .collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    let schema = Schema::any();
    for steps in [400_000, 20_000_000] {
        let question = CoverQuestion {
            schema: &schema,
            budget: Budget::steps(steps),
            ..CoverQuestion::new(&required, &filters)
        };
        match question.decide() {
            Covers::No(witness) => assert!(required.matches(witness.as_event())),
            Covers::Unknown(_) => {}
            Covers::Yes(_) => panic!("an event with all the fields escapes"),
        }
    }
}
