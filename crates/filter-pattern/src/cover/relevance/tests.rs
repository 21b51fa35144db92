use super::*;

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn filters_that_name_other_texts_are_left_out() {
    #[rustfmt::skip]
    let table = [
        ("{ $.a = x && $.b = 1 }",            "{ $.a = x }",                          true),
        ("{ $.a = x && $.b = 1 }",            "{ $.a = y }",                          false),
        ("{ $.a = x && $.b = 1 }",            "{ $.c = y }",                          true),
        ("{ $.a = x || $.a = y }",            "{ $.a = y }",                          true),
        ("{ $.a = x || $.a = y }",            "{ $.a = z }",                          false),
        ("{ $.a = x || $.b = y }",            "{ $.a = z }",                          true),
        ("{ $.a = x || $.a = y* }",           "{ $.a = z }",                          true),
        ("{ $.a = x || ($.a = y && $.b = 1) }", "{ $.a = z }",                        true),
        // Parts of the filter.
        ("{ $.a = x }",                       "{ $.c = 1 && $.a = y }",               false),
        ("{ $.a = x }",                       "{ $.c = 1 || $.a = y }",               true),
        ("{ $.a = x }",                       "{ $.a = z || $.a = y }",               false),
        // Tests other than naming a text.
        ("{ $.a = xy }",                      "{ $.a = x* }",                         true),
        ("{ $.a = xy }",                      "{ $.a = y* }",                         false),
        ("{ $.a = xy }",                      "{ $.a != x* }",                        false),
        ("{ $.a = xy }",                      "{ $.a != y* }",                        true),
        ("{ $.a = xy }",                      "{ $.a = %y$% }",                       true),
        ("{ $.a = xy }",                      "{ $.a = %^y% }",                       false),
        ("{ $.a = xy }",                      "{ $.a NOT EXISTS }",                   false),
        ("{ $.a = xy }",                      "{ $.a IS NULL }",                      false),
        ("{ $.a = xy }",                      "{ $.a > 3 }",                          false),
        ("{ $.a = xy }",                      "{ $.a IS TRUE }",                      true),
        // Texts that numbers and booleans are equal to, and wildcard selectors.
        ("{ $.a = 5 || $.a = 6 }",            "{ $.a = 7 }",                          true),
        ("{ $.a = \"5\" }",                   "{ $.a = \"7\" }",                      true),
        ("{ $.a = true }",                    "{ $.a = y }",                          true),
        ("{ $.a = false }",                   "{ $.a = y }",                          true),
        ("{ $.a[*] = x }",                    "{ $.a[*] = y }",                       true),
        // Patterns of other kinds.
        ("{ $.a = x }",                       "word",                                 true),
        ("word",                              "{ $.a = y }",                          true),
    ];
    for (required, filter, expected) in table {
        let (required, filter) = (pattern(required), pattern(filter));
        let found = Required::new(&[&required]).meeting(&[&filter]);
        assert_eq!(
            found.len(),
            usize::from(expected),
            "{required} and {filter}"
        );
    }
}

#[test]
fn kin_share_a_condition() {
    let required = pattern("{ $.a = x && ($.b = 1 || $.c NOT EXISTS) }");
    #[rustfmt::skip]
    let table = [
        ("{ $.a = x }",                   true),
        ("{ $.z = 1 && $.c NOT EXISTS }", true),
        ("{ $.z = 1 || $.b = 1 }",        true),
        ("{ $.a = y }",                   false),
        ("{ $.z = x }",                   false),
        ("word",                          true),
    ];
    for (filter, expected) in table {
        let filter = pattern(filter);
        let found = kin(&[&required], [&filter].into_iter());
        assert_eq!(found.len(), usize::from(expected), "{filter}");
    }
}
