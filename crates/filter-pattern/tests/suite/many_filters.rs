//! A log group's other filters: of many, those that are like the required pattern are asked
//! first, and all of them count.

use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema, covers};

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn answer(required: &str, filters: &[String]) -> Covers {
    let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    covers(&pattern(required), &filters, &Schema::any())
}

fn about_other_things() -> Vec<String> {
    let named = |number: usize| format!("{{ $.other{number} = y }}");
    (0..8).map(named).collect()
}

#[test]
fn an_event_that_escapes_the_alike_filters_is_shown_to_the_others() {
    let alike = "{ $.a = x && $.b = 1 }".to_owned();
    #[rustfmt::skip]
    let table: [(&[&str], bool); 4] = [
        (&[],                                          false),
        (&["{ $.a = x* && $.c = 1 }"],                 false),
        (&["{ $.a = x* }"],                            true),
        (&["{ $.a = %^x% && $.c != 1 }", "{ $.a = *x && $.c = 1 }", "{ $.a = x* && $.c NOT EXISTS }", "{ $.c = * || $.c IS NULL || $.a = %x$% }"], true),
    ];
    for (others, covered) in table {
        let mut filters = about_other_things();
        filters.push(alike.clone());
        filters.extend(others.iter().map(|text| (*text).to_owned()));
        let found = answer("{ $.a = x }", &filters);
        assert_eq!(found.is_yes(), covered, "{others:?}: {found:?}");
        if let Covers::No(witness) = found {
            for text in &filters {
                let matches = pattern(text).matches(witness.as_event());
                assert!(!matches, "{text} on {}", witness.to_json());
            }
        }
    }
}

#[test]
fn words_in_exclusions_count_as_far_as_they_stand_in_a_property() {
    let required = pattern("{ $.a = \"b c\" || $.a = d }");
    let filter = pattern("{ $.a = d }");
    let filters = [&filter];
    let with = |except: &str| {
        let except = pattern(except);
        CoverQuestion {
            except: &[&except],
            schema: &Schema::any(),
            ..CoverQuestion::new(&required, &filters)
        }
        .decide()
    };
    assert!(with("\"b c\"").is_yes());
    assert!(with("b").is_yes());
    assert!(!with("x").is_yes());
}
