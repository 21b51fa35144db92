//! What JSON patterns match, one row for each rule, with the source of the rule:
//! AWS's documentation (`FilterAndPatternSyntax`, of today and of 2018), results
//! of TestMetricFilter and FilterLogEvents that third parties recorded, or, where
//! AWS says nothing, this crate's default reading. The other kinds of patterns
//! have `semantics_text.rs`.

use filter_pattern::{Event, FilterPattern, OpenQuestion, Reading};

const DOCUMENTED: &str = "FilterAndPatternSyntax";
const EDITION_2018: &str = "FilterAndPatternSyntax of 2018";
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
        ("{ $.true IS TRUE }",                     true,  EDITION_2018),
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
        ("{ $.quote = \"say \\\"hi\\\"\" }",       true,  OBSERVED), // an escaped quotation mark
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
fn numbers_are_read_and_compared_as_documented() {
    let event = r#"{"n": 1000, "half": 0.5, "neg": -12.0, "zero": -0, "big": 123456789012345678901,
        "tiny": 1e-400, "huge": 1E+400, "dec": 12.340, "exp": 1.5e3, "text": "0.5", "zeros": "007"}"#;
    #[rustfmt::skip]
    let table = [
        ("{ $.n = 1e3 }",                          true,  DOCUMENTED),
        ("{ $.n = 1e+3 }",                         true,  DOCUMENTED),
        ("{ $.n = +1000 }",                        true,  EDITION_2018),
        ("{ $.n < 10e3 }",                         true,  EDITION_2018),
        ("{ $.n < 10e-3 }",                        false, EDITION_2018),
        ("{ $.n > +999.99 }",                      true,  EDITION_2018),
        ("{ $.n = 01000 }",                        true,  DEFAULT), // leading zeros count for nothing on a number
        ("{ $.zeros = 7 }",                        false, DEFAULT), // and are characters of a text
        ("{ $.half = .5 }",                        true,  DEFAULT),
        ("{ $.half > .49 && $.half < +.51 }",      true,  DEFAULT),
        ("{ $.text = .5 }",                        false, DEFAULT),
        ("{ $.neg = -12 }",                        true,  OBSERVED), // by value, of both signs
        ("{ $.neg = \"-12\" }",                    false, OBSERVED),
        ("{ $.neg = -1* }",                        true,  OBSERVED), // a wildcard makes it a text
        ("{ $.neg < -11.5 }",                      true,  EDITION_2018),
        ("{ $.zero = 0 }",                         true,  DEFAULT),
        ("{ $.zero = \"-0\" }",                    true,  OBSERVED), // number texts stay as they are
        ("{ $.zero = \"0\" }",                     false, OBSERVED),
        ("{ $.dec = 12.34 }",                      true,  OBSERVED),
        ("{ $.dec = \"12.34\" }",                  false, OBSERVED),
        ("{ $.dec = *40 }",                        true,  OBSERVED),
        ("{ $.exp = 1500 }",                       true,  DOCUMENTED),
        ("{ $.exp = 1.5e* }",                      true,  OBSERVED),
        ("{ $.exp = 15* }",                        false, OBSERVED),
        ("{ $.big = 123456789012345678901 }",      true,  DEFAULT),
        ("{ $.big = 123456789012345678902 }",      false, DEFAULT), // nothing is rounded
        ("{ $.tiny > 0 }",                         true,  DEFAULT),
        ("{ $.huge > 1e399 && $.huge < 1e401 }",   true,  DEFAULT),
    ];
    let event = Event::parse(event).expect("an event");
    for (text, expected, source) in table {
        assert_eq!(pattern(text).matches(&event), expected, "{text} ({source})");
    }
}

#[test]
fn spellings_that_run_on_aws_are_read() {
    let event = r#"{"source": "milo-medical", "detail-type": "x", "log": "\"GET / HTTP/1.1\" 500 12", "p": "50%",
        "arn": "arn:aws:iam::111122223333:role/deploy", "m": "→ 사실층 폴백 |", "e": "a&&b || (c)", "@timestamp": 1}"#;
    #[rustfmt::skip]
    let table = [
        ("{ $.detail-type = \"x\" && $.source=\"milo*\" }", true),
        ("{ $.log = \"*HTTP/1.1\\\" 5*\" }",               true),
        ("{ $.log = %HTTP/[0-9.]+..5[0-9]{2}.% }",          true),
        ("{ $.p = \"50%\" }",                               true),
        ("{ $.p = \"%50%\" }",                              false), // a quoted percent sign is a character
        ("{ $.arn = arn:aws:iam::*:role/deploy }",          true),
        ("{ $.arn != \"arn:aws:iam::*:role/deploy\" }",     false),
        ("{ $.m = \"*사실층 폴백*\" }",                      true),
        ("{ $.e = \"a&&b || (c)\" }",                       true),
        ("{$.p=\"50%\"&&($.source!=x||$.detail-type=y)}",   true),
        ("{ ((($.source = milo-medical))) }",               true),
        ("{\r\n\t$.source\n=\nmilo-medical\n}",             true),
        ("{ $.['@timestamp'] = 1 }",                        true),
        ("{ $.source = milo-medical } ",                    true),
        ("{ $.source Is Null || $.nothing nOt ExIsTs }",    true), // keywords in any case, by default
    ];
    let event = Event::parse(event).expect("an event");
    for (text, expected) in table {
        assert_eq!(pattern(text).matches(&event), expected, "{text}");
    }
}

#[test]
fn messages_are_events_when_they_are_json_objects_however_they_are_written() {
    #[rustfmt::skip]
    let table = [
        ("\n{\n  \"a\": 1\n}\n    ",                 true), // as json_filter sent it to TestMetricFilter
        ("{\"a\":2,\"a\":1}",                        true), // the last one counts
        ("{\"a\":1,\"a\":2}",                        false),
        ("{\"b\":\"\\ud800\",\"a\":1}",              true), // half of a surrogate pair elsewhere
        ("{\"\\u0061\":1}",                          true), // keys are unescaped as well
        ("\u{feff}{\"a\":1}",                       false), // a byte order mark is no JSON
        ("[{\"a\":1}]",                              false), // nor is an array an object
        ("{\"a\":1}{\"a\":1}",                       false),
        ("{\"a\":1,}",                               false),
        ("{'a':1}",                                  false),
        ("{\"a\":01}",                               false),
        ("2026-11-24 {\"a\":1}",                     false),
    ];
    for (message, expected) in table {
        assert_eq!(
            pattern("{ $.a = 1 }").matches_message(message),
            expected,
            "{message:?}"
        );
    }
    let deep = format!("{{\"a\":1,\"b\":{}{}}}", "[".repeat(300), "]".repeat(300));
    assert!(!pattern("{ $.a = 1 }").matches_message(&deep));
}

fn assumed(text: &str, message: &str) -> (bool, Vec<String>) {
    let answer = pattern(text).answer_message(message);
    let names = answer.assumptions().iter().map(|it| it.name().to_owned());
    (answer.matches(), names.collect())
}

#[test]
fn answers_name_the_assumptions_that_they_rest_on_and_no_others() {
    #[rustfmt::skip]
    let table: &[(&str, &str, bool, &[&str])] = &[
        ("{ $.a = x }",                   r#"{"a":"x"}"#,                      true,  &[]),
        ("{ $.a != x }",                  r#"{"a":"y"}"#,                      true,  &[]),
        ("{ $.a != x }",                  r#"{"b":"y"}"#,                      false, &[]),
        ("{ $.a != x }",                  r#"{"a":null}"#,                     false, &["not-equals-on-null"]),
        ("{ $.a NOT EXISTS }",            r#"{"a":null}"#,                     false, &["not-exists-on-null"]),
        ("{ $.a = true }",                r#"{"a":true}"#,                     false, &["boolean-as-text"]),
        ("{ $.a != true }",               r#"{"a":true}"#,                     false, &[]),
        ("{ $.a != x }",                  r#"{"a":true}"#,                     false, &["not-equals-on-boolean", "boolean-as-text"]),
        ("{ $.a IS TRUE }",               r#"{"a":"true"}"#,                   false, &["is-boolean-on-text"]),
        ("{ $.a[*] != x }",               r#"{"a":["x","y"]}"#,                true,  &["not-equals-on-every-element"]),
        ("{ $.a[*] != x }",               r#"{"a":["y","z"]}"#,                true,  &[]),
        ("{ $.a != x || $.b = y }",       r#"{"a":null,"b":"y"}"#,             true,  &[]),
        ("{ $.a != x && $.b != y }",      r#"{"a":null,"b":true}"#,            false, &["not-equals-on-null", "not-equals-on-boolean", "boolean-as-text"]),
        ("{ $.a = \"*111.111\" }",        r#"{"a":"111.111.111"}"#,            false, &["leftmost-wildcards"]),
        ("{ $.a = \"*.111\" }",           r#"{"a":"x.111"}"#,                  true,  &[]),
        ("{ $.a = 9007199254740993 }",    r#"{"a":9007199254740992}"#,         false, &["exact-numbers"]),
        ("{ $.a = 12 }",                  r#"{"a":"12"}"#,                     true,  &["numbers-as-texts"]),
        ("{ $.a != 12 }",                 r#"{"a":"12"}"#,                     false, &["numbers-as-texts"]),
        ("{ $.a = 12 }",                  r#"{"a":"12.0"}"#,                   false, &[]),
        ("{ $.a != 12 }",                 r#"{"a":"x"}"#,                      true,  &[]),
        ("{ $.a = \"12\" }",              r#"{"a":"12"}"#,                     true,  &[]),
        ("{ $.a = 12 }",                  r#"{"a":12.0}"#,                     true,  &[]),
        ("{ $.a = 1 }",                   r#"{"a":2,"a":1}"#,                  true,  &["last-member-counts"]),
        ("{ $.b = 1 }",                   r#"{"a":2,"a":1,"b":1}"#,            true,  &[]),
        ("{ $.a = 1 }",                   "no json",                           false, &[]),
        ("?ERROR ?WARN INFO",             "an ERROR",                          false, &["optional-terms-ignored"]),
        ("?ERROR ?WARN INFO",             "an ERROR, INFO",                    true,  &[]),
        ("?ERROR ?WARN",                  "an ERROR",                          true,  &[]),
        ("[a=ERROR, b]",                  "ERROR one two",                     true,  &["last-field-takes-the-rest"]),
        ("[a=ERROR, b]",                  "ERROR one",                         true,  &[]),
        ("[a=ERROR, ...]",                "ERROR one two",                     true,  &[]),
    ];
    for (text, message, matches, expected) in table {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(
            assumed(text, message),
            (*matches, expected),
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
        ("[a, b != 1 && b != 2]", false),
        ("[a, b]", false),
        ("%x%", true),
        ("x", false),
        ("", false),
    ] {
        assert_eq!(pattern(text).has_regex(), expected, "{text}");
    }
}
