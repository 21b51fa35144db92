//! What patterns match, one row for each rule, with the source of the rule:
//! AWS's documentation, results of TestMetricFilter that third parties recorded,
//! or, where AWS says nothing, this crate's default reading.

use filter_pattern::{Event, FilterPattern, OpenQuestion, Reading};

const DOCUMENTED: &str = "FilterAndPatternSyntax";
const OBSERVED: &str = "recorded TestMetricFilter results";
const DEFAULT: &str = "undocumented, the default reading";

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn conditions_match_as_documented_and_observed() {
    let event = r#"{"text": "111.111.111.111", "empty": "", "int": 123, "float": 12.0, "object": {}, "array": [],
        "null": null, "true": true, "digits": "012345678901", "list": ["a", "b", {"id": 7}], "a.b": "dotted",
        "nested": {"k-1": {"_x": "deep"}}, "quote": "say \"hi\"", "slash": "a\\b", "wide": "é*"}"#;
    #[rustfmt::skip]
    let table = [
        ("{ $.text = 111.111.111.111 }",           true,  DOCUMENTED),
        ("{ $.text = \"111.111.111.111\" }",       true,  DOCUMENTED),
        ("{ $.TEXT = 111.111.111.111 }",           false, DOCUMENTED), // case counts
        ("{ $.int = \"123\" }",                    true,  OBSERVED), // a quoted value meets the number's text
        ("{ $.int != \"123.0\" }",                 true,  OBSERVED),
        ("{ $.float != \"12\" }",                  true,  OBSERVED),
        ("{ $.int = 123.0 }",                      true,  OBSERVED), // an unquoted one its value
        ("{ $.float = 12 }",                       true,  OBSERVED),
        ("{ $.float = 1.2e1 }",                    true,  DOCUMENTED),
        ("{ $.int = 1* }",                         true,  OBSERVED), // wildcards meet number texts
        ("{ $.int = *23 }",                        true,  OBSERVED),
        ("{ $.float = \"*.0\" }",                  true,  OBSERVED),
        ("{ $.empty = * }",                        true,  OBSERVED), // `*` is any text or number
        ("{ $.empty = \"\" }",                     true,  OBSERVED),
        ("{ $.text != 111 }",                      true,  OBSERVED),
        ("{ $.text = 123 }",                       false, OBSERVED),
        ("{ $.digits = 012345678901 }",            true,  DEFAULT), // leading zeros are text on a text
        ("{ $.digits = 12345678901 }",             false, DEFAULT),
        ("{ $.text > 1 }",                         false, OBSERVED), // texts have no order
        ("{ $.int >= 123 && $.int <= 123 }",       true,  DOCUMENTED),
        ("{ $.int > 122.99 && $.int < 1.231e2 }",  true,  DOCUMENTED),
        ("{ $.object = * }",                       false, DOCUMENTED), // objects and arrays never match
        ("{ $.object != 1 }",                      false, OBSERVED),
        ("{ $.array != \"x\" }",                   false, OBSERVED),
        ("{ $.array NOT EXISTS }",                 false, DOCUMENTED),
        ("{ $.missing = * }",                      false, OBSERVED), // nor do missing properties
        ("{ $.missing != x }",                     false, OBSERVED),
        ("{ $.missing NOT EXISTS }",               true,  DOCUMENTED),
        ("{ $.missing.deeper NOT EXISTS }",        true,  DOCUMENTED),
        ("{ $.text.deeper NOT EXISTS }",           true,  DEFAULT),
        ("{ $.null IS NULL }",                     true,  DOCUMENTED),
        ("{ $.null NOT EXISTS }",                  false, DEFAULT),
        ("{ $.null != x }",                        false, DEFAULT),
        ("{ $.true IS TRUE }",                     true,  DOCUMENTED),
        ("{ $.true IS FALSE }",                    false, DOCUMENTED),
        ("{ $.true is true }",                     true,  DEFAULT), // keywords in any case
        ("{ $.true = true }",                      false, DEFAULT),
        ("{ $.true != x }",                        false, DEFAULT),
        ("{ $.text != 111*111 }",                  true,  OBSERVED), // no backtracking
        ("{ $.int != \"1*3\" }",                   false, OBSERVED),
        ("{ $.list[0] = a }",                      true,  DOCUMENTED),
        ("{ $.list[9] NOT EXISTS }",               true,  DOCUMENTED),
        ("{ $.list[2].id = 7 }",                   true,  DOCUMENTED),
        ("{ $.list[*] = b }",                      true,  DOCUMENTED),
        ("{ $.list[*].id = 7 }",                   true,  DOCUMENTED),
        ("{ $.list[*] = c }",                      false, DOCUMENTED),
        ("{ $.list[*] != a }",                     true,  DEFAULT), // some element differs
        ("{ $.* = dotted }",                       true,  DOCUMENTED),
        ("{ $.nested.* = deep }",                  false, DEFAULT), // one level
        ("{ $.true[0] = value }",                  false, OBSERVED),
        ("{ $.['a.b'] = dotted }",                 true,  DOCUMENTED),
        ("{ $.[\"a.b\"] = dotted }",               true,  DEFAULT),
        ("{ $['a.b'] = dotted }",                  true,  DEFAULT),
        ("{ $.nested.k-1._x = deep }",             true,  DOCUMENTED),
        ("{ $.quote = \"say \\\"hi\\\"\" }",       true,  DEFAULT),
        ("{ $.slash = \"a\\\\b\" }",               true,  DEFAULT),
        ("{ $.slash = \"a\\b\" }",                 true,  DEFAULT), // other backslashes stand for themselves
        ("{ $.wide = \"é*\" }",                    true,  DEFAULT),
        ("{ $.text = %^1+\\.1% }",                 true,  DOCUMENTED),
        ("{ $.text != %2% }",                      true,  DEFAULT),
        ("{ $.int = %^12% }",                      true,  DEFAULT), // regular expressions meet number texts
        ("{\n  $.int = 123 &&\n\t$.float = 12\n}", true,  DEFAULT), // newlines are blanks
        ("{$.int=123||$.a=1&&$.b=2}",              true,  DOCUMENTED), // `&&` binds tighter
        ("{($.int=123||$.a=1)&&$.b=2}",            false, DOCUMENTED),
        ("",                                       true,  DOCUMENTED),
    ];
    let event = Event::parse(event).expect("an event");
    for (text, expected, source) in table {
        assert_eq!(pattern(text).matches(&event), expected, "{text} ({source})");
    }
}

#[test]
fn open_questions_change_what_they_say_and_nothing_else() {
    let event =
        Event::parse(r#"{"n": null, "t": true, "s": "true", "l": ["a", "b"]}"#).expect("an event");
    #[rustfmt::skip]
    let table = [
        ("{ $.n != x }",         OpenQuestion::NotEqualsOnNull),
        ("{ $.n NOT EXISTS }",   OpenQuestion::NotExistsOnNull),
        ("{ $.t != x }",         OpenQuestion::NotEqualsOnBoolean),
        ("{ $.t = true }",       OpenQuestion::BooleanAsText),
        ("{ $.s IS TRUE }",      OpenQuestion::IsBooleanOnText),
    ];
    for (text, question) in table {
        let pattern = pattern(text);
        assert!(!pattern.matches(&event), "{text} by default");
        for other in OpenQuestion::ALL {
            let related = other == question
                || (text == "{ $.t != x }" && other == OpenQuestion::BooleanAsText);
            let matches = pattern.matches_under(&event, Reading::default().with(other));
            assert_eq!(matches, related, "{text} when {other}");
        }
    }
    let every = Reading::default().with(OpenQuestion::NotEqualsOnEveryElement);
    assert!(
        pattern("{ $.l[*] != a }").matches(&event)
            && !pattern("{ $.l[*] != a }").matches_under(&event, every)
    );
    assert!(pattern("{ $.l[*] != c }").matches_under(&event, every));
}

#[test]
fn messages_that_are_no_json_objects_match_no_json_pattern() {
    for message in ["plain text", "[1]", "\"x\"", "null", "{\"a\": 1", ""] {
        assert_eq!(
            pattern("{ $.a NOT EXISTS }").test(message),
            None,
            "{message}"
        );
        assert!(pattern("").test(message).is_some(), "{message}");
    }
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
fn patterns_say_whether_they_use_regular_expressions() {
    for (text, expected) in [
        ("{ $.a = %x% || $.b = 1 }", true),
        ("{ $.a = \"%x%\" }", false),
        ("[a, b != 1 && b = %x%]", true),
        ("[a, b]", false),
        ("%x%", true),
        ("x", false),
        ("", false),
    ] {
        assert_eq!(pattern(text).has_regex(), expected, "{text}");
    }
}
