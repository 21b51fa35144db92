//! What patterns of the other kinds than JSON match, one row for each rule, with
//! its source.

use filter_pattern::FilterPattern;

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn extracted_values_have_the_names_of_test_metric_filter() {
    let fields =
        pattern("{ $.a.b = * && $.n > 1 || $.missing = x }").test(r#"{"a":{"b":"x"},"n":2.50}"#);
    let fields: Vec<(String, String)> = fields.expect("a match").into_iter().collect();
    assert_eq!(
        fields,
        [
            ("$.a.b".to_owned(), "x".to_owned()),
            ("$.n".to_owned(), "2.50".to_owned())
        ]
    );
    let fields = pattern("[..., status, bytes > 10]")
        .test("a \"b c\" [d e] 404 11")
        .expect("a match");
    assert_eq!(
        fields.into_iter().collect::<Vec<_>>(),
        [
            ("$1", "a"),
            ("$2", "b c"),
            ("$3", "d e"),
            ("$bytes", "11"),
            ("$status", "404")
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn words_match_as_documented() {
    #[rustfmt::skip]
    let table = [
        ("-ERROR",               "all fine",            true),
        ("-ERROR",               "an ERROR",            false),
        ("?ERROR -WARN",         "nothing of both",     true), // `?` is ignored beside other terms
        ("\"a b\" -\"c d\"",     "x a b y",             true),
        ("\"a b\" -\"c d\"",     "a b c d",             false),
        ("error",                "ERROR",               false),
        ("%^\\[ERROR%",          "[ERROR] x",           true),
        ("  ",                   "anything",            true),
        ("-\"a b\" ?c",           "c",                   true),
        ("-  ERROR",              "an ERROR",            false), // the blank of the edition of 2018
        ("Exception",             "InvalidQueryException", true), // inside words, API_TestMetricFilter
        ("ERROR ERROR",           "one ERROR",           true),
        ("\"\\\"level\\\":\\\"error\\\"\"", "{\"level\":\"error\"}", true), // recorded
        ("\"a\\\\b\"",          "a\\b",               true), // recorded
        ("\"a\\nb\"",            "a\\nb",              true), // other backslashes stand for themselves
        ("\"é\"",                "café",                true),
        ("\" \"",                "anything",            true), // "match everything"
        ("\" \" ERROR",          "ERROR",               true),
        ("\" \" ERROR",          "x y",                 false),
        ("?\" \" ?ERROR",        "anything",            true),
        ("?\" \" ERROR",         "x y",                 false),
        ("\" \" ?ERROR",         "x",                   true),
        ("-\" \"",               "x y",                 false),
        ("-\" \"",               "xy",                  true),
    ];
    for (text, message, expected) in table {
        assert_eq!(
            pattern(text).test(message).is_some(),
            expected,
            "{text} on {message}"
        );
    }
}

#[test]
fn space_delimited_patterns_count_fields() {
    #[rustfmt::skip]
    let table = [
        ("[a, b]",               "1",          false),
        ("[a, b]",               "1 2",        true),
        ("[a, b]",               "1 2 3",      true), // the last field takes the rest
        ("[a, b=\"2 3\"]",       "1 2 3",      true),
        ("[..., b=3]",           "1 2 3",      true),
        ("[a=1, ..., b=3]",      "1 3",        true),
        ("[a=1, ...]",           "1",          true),
        ("[a=1 || a=2, b]",      "2 x",        true),
        ("[a>1 && a<3 || a=9]",  "9",          true),
        ("[a>1 && a<3 || a=9]",  "3",          false),
        ("[a=01]",               "1",          true), // by value, as in JSON patterns
        ("[a=\"01\"]",           "1",          false),
        ("[_, _, level=WARN]",   "a b WARN",   true), // a name may come twice
        ("[a!=x]",               "y",          true),
        ("[a=%^[0-9]+$%]",       "12",         true),
        ("[]",                   "1 2 3",      true), // API_TestMetricFilter
        ("[ ]",                  "",           true),
        ("[...]",                "1",          true),
        ("[a, , c=3]",           "1 2 3",      true), // nothing is a field without a name
        ("[a, , c]",             "1 2",        false),
        ("[..., c=3,]",          "1 2 3 4",    true), // API_TestMetricFilter
        ("[..., c=3,]",          "1 2 3",      false),
        ("[w1=A || W1=B, w2]",   "B x",        true), // the page's own spelling
        ("[a=A, b]",             "A\tb",       true), // tabs separate too
        ("[a=\"b c\", d]",       "[b c] d",    true),
        ("[a=\"b c\", d]",       "\"b c\" d",  true),
        ("[a=\"\", d]",          "\"\" d",     true),
        ("[a > 1]",              "x",          false), // no number, no order
        ("[a != 1]",             "x",          true),
        ("[a = 1e3]",            "1000",       true),
        ("[w1=ERROR]",           "ERROR x",    false), // "you must include a blank indicator"
    ];
    for (text, message, expected) in table {
        assert_eq!(
            pattern(text).test(message).is_some(),
            expected,
            "{text} on {message}"
        );
    }
}

#[test]
fn a_json_pattern_extracts_texts_numbers_and_booleans() {
    let text = "{ $.a = x && $.b > 1 && $.c IS TRUE && $.d IS FALSE && $.e IS NULL && $.f[*] = 1 }";
    let message = r#"{"a":"x","b":2.0,"c":true,"d":false,"e":null,"f":[1]}"#;
    let found = pattern(text).test(message).expect("it matches");
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .collect();
    let expected = [
        ("$.a", "x"),
        ("$.b", "2.0"),
        ("$.c", "true"),
        ("$.d", "false"),
    ];
    assert_eq!(found, expected);
}
