//! What is no pattern, where, and what could stand there instead.

use filter_pattern::{FieldSelectionCriteria, FilterPattern, ParseErrorKind};

/// The text with a line of carets below the place, as an editor would show it.
fn shown(text: &str) -> String {
    let error = FilterPattern::parse(text).expect_err(text);
    let span = error.span();
    let before = text[..span.start].chars().count();
    let carets = text[span.clone()].chars().count().max(1);
    let expected = error
        .expected()
        .map(|expected| format!("\n  expected {expected}"))
        .unwrap_or_default();
    format!(
        "{text}\n{}{}\n  {}{expected}",
        " ".repeat(before),
        "^".repeat(carets),
        error.message()
    )
}

#[test]
fn errors_point_at_the_character_and_say_what_was_expected() {
    let texts = [
        "{ $.a = 1",
        "{ }",
        "{ a = 1 }",
        "{ $.a }",
        "{ $.a == 1 }",
        "{ $.a = }",
        "{ $.a = 'x' }",
        "{ $.a = \"x }",
        "{ $.errorMessage = Failed authentication }",
        "{ $.a = 1 & $.b = 2 }",
        "{ $.a = A or $.b = 1 }",
        "{ $.a = A and ($.b = 1) }",
        "{ $.a = A OR B }",
        "{ $.a = Simon and Garfunkel }",
        "{ $.a = 1 AND $.b = 2 }",
        "{ $.a IS TRUE or $.b = 2 }",
        "{ ($.a = A) Or ($.b = B) }",
        "{ ($.a = A && ($.b = B) and $.c = C) }",
        "{ $.a = A order $.b = 1 }",
        "{ ($.a = 1 }",
        "{ $.a = 1) }",
        "{ $.a > \"1\" }",
        "{ $.a > x }",
        "{ $.a > 1* }",
        "{ $.a IS NOT NULL }",
        "{ $.a IS NOT EXISTS }",
        "{ $.a IS NOT TRUE }",
        "{ $.a IS NOT x }",
        "{ $.a EXISTS }",
        "{ $.a NOT }",
        "{ $.a. = 1 }",
        "{ $.a[x] = 1 }",
        "{ $.a['b = 1 }",
        "{ $.a[*].b[*] = 1 }",
        "{ $.a = %(x)% }",
        "{ $.a = %x[(]% }",
        "{ $.a = %x }",
        "{ $.a = %\\(x\\)% }",
        "{ $.a = %é% }",
        "{ $.a = %a{,}% }",
        "{ $.a = %[z-a]% }",
        "{ $.a = user@example.com }",
        "{ $.a = é }",
        "{ $.a = $x }",
        "{ $.\"detail-type\" = x }",
        "{ $.a = 1, $.b = 2 }",
        "{ status = \"401\" }",
        " { $.a = 1 }",
        "{ $.a = 1 } x",
        "{ $.é = 1 }",
        "[a, b",
        "[..., ...]",
        "[a = 1 && b = 2]",
        "[a = 1 or a = 2, b]",
        "[a or b]",
        "[a, b =]",
        "[a = 'x', b]",
        "some-thing",
        "ERROR: x",
        "\"open",
        "\"\"",
        "?",
        "é",
        "-",
        "%something!%",
        "%^(GET|PUT) %",
    ];
    let all: Vec<String> = texts.into_iter().map(shown).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn limits_are_errors_of_their_own_kind() {
    let condition = |count: usize, text: &str| format!("{{ {} }}", vec![text; count].join(" && "));
    let table = [
        (format!("{{ $.a = \"{}\" }}", "x".repeat(1012)), None),
        (
            format!("{{ $.a = \"{}\" }}", "x".repeat(1013)),
            Some(ParseErrorKind::TooLong),
        ),
        (format!("{{ $.a = \"{}\" }}", "é".repeat(1012)), None),
        (
            "{ $.a[*].*.b = 1 }".to_owned(),
            Some(ParseErrorKind::WildcardsInSelector),
        ),
        (condition(3, "$.a[*] = 1"), None),
        (
            condition(4, "$.a[*] = 1"),
            Some(ParseErrorKind::WildcardSelectors),
        ),
        (condition(2, "$.a = %x%"), None),
        (
            condition(3, "$.a = %x%"),
            Some(ParseErrorKind::TooManyRegexes),
        ),
        ("[a=%x%, b=%x%, c]".to_owned(), None),
        (
            "[a=%x%, b=%x%, c=%x%]".to_owned(),
            Some(ParseErrorKind::TooManyRegexes),
        ),
        ("{ $.a = %x!% }".to_owned(), Some(ParseErrorKind::Regex)),
        (
            "{ $.a IS NOT NULL }".to_owned(),
            Some(ParseErrorKind::Unsupported),
        ),
        (
            format!("{{ {}$.a = 1{} }}", "(".repeat(201), ")".repeat(201)),
            Some(ParseErrorKind::TooDeep),
        ),
        (
            format!("{{ {}$.a = 1{} }}", "(".repeat(200), ")".repeat(200)),
            None,
        ),
    ];
    for (text, expected) in table {
        let kind = FilterPattern::parse(&text).err().map(|error| error.kind());
        assert_eq!(kind, expected, "{text}");
    }
}

#[test]
fn errors_span_the_character_that_they_are_about() {
    let deep = format!("{{ {}$.a = 1", "(".repeat(201));
    #[rustfmt::skip]
    let table = [
        ("{ $.a > \"1\" }",             8..9,     "`>` compares numbers, not texts"),
        ("{ $.a = 'x' }",               8..9,     "a text stands in double quotation marks, not in single ones"),
        ("{ $.a = \"x }",                8..9,     "the text that starts here is not closed"),
        ("{ $.a = %x }",                8..9,     "the regular expression that starts here is not closed"),
        ("{ $.a[99999999999] = 1 }",    6..17,    "`99999999999` is too large for an index"),
        ("{ $.a = %(x)% }",             9..10,    "groups are not part of CloudWatch's regular expressions"),
        ("{ $.a = %x]% }",              10..11,   "`]` has no opening counterpart; write `\\]`"),
        ("{ $.a = %x}% }",              10..11,   "`}` has no opening counterpart; write `\\}`"),
        ("{ $.a = %*% }",               9..10,    "`*` has nothing before it to repeat"),
        ("{ $.a = %a{3,2}% }",          9..15,    "the regular expression is not valid: invalid repetition count range"),
        ("{ $.a = %[]% }",              9..11,    "the character class is empty"),
        ("{ $.a = %x[^]% }",            10..13,   "the character class is empty"),
        ("{ $.a = %x[a% }",             10..11,   "`[` is not closed; write `\\[` for the character"),
        ("{ $.a = %xa{2% }",            11..12,   "`{` is not closed; write `\\{` for the character"),
        ("{ $.a = %\\b% }",             9..11,    "`\\b` is not supported in regular expressions"),
        ("{ $.a = %\\!% }",             9..11,    "`!` is not supported in regular expressions of filter patterns; write `\\x21`"),
        (&deep,                         202..203, "parentheses nest deeper than 200"),
        ("{ $.a = 1 b }",               10..11,   "unexpected `b`"),
        ("{ $.a = 1 then }",            10..14,   "unexpected `then`"),
        ("{ status = 401 }",            2..8,     "unexpected `status`"),
        ("{ élan = 1 }",                2..7,     "unexpected `élan`"),
        ("{ $.a[first] = 1 }",          6..11,    "unexpected `first`"),
        ("{ $.a NOT NULL }",            10..14,   "unexpected `NULL`"),
        ("{ $.a no-value }",            6..14,    "unexpected `no-value`"),
        ("[a or b]",                    3..5,     "unexpected `or`"),
        ("{ $.a = 1 } rest",            12..16,   "unexpected `rest`"),
        ("{ $.a IS TRUE ( }",           14..15,   "unexpected `(`"),
        ("{ $.a = x \"b\" }",           10..11,   "unexpected `\"`"),
        ("{ $.a IS TRUE b }",           14..15,   "unexpected `b`"),
    ];
    for (text, span, message) in table {
        let error = FilterPattern::parse(text).expect_err(text);
        assert!(error.message().starts_with(message), "{text}: {error}");
        assert_eq!(error.span(), span, "{text}: {error}");
    }
}

/// Where another program or another language left its traces: which ones, and what to write.
#[test]
fn what_is_written_out_of_habit_is_told_with_what_stands_for_it() {
    let typographic = "is a typographic quotation mark; a text stands in straight ones";
    let escaped = "is a quotation mark as other programs escape it";
    #[rustfmt::skip]
    let table = [
        // Text, place, how the message goes on after it, what stands there instead.
        ("{ $.a = “x” }",                        "“",          typographic,                               "`\"`"),
        ("{ $.a = „x“ }",                        "„",          typographic,                               "`\"`"),
        ("{ $.a = ‘x’ }",                        "‘",          typographic,                               "`\"`"),
        ("{ $.a = «x» }",                        "«",          typographic,                               "`\"`"),
        ("{ $.a = x” }",                         "”",          typographic,                               "`\"`"),
        ("{ $.a[“x”] = 1 }",                     "“",          typographic,                               "`\"`"),
        ("[a = “x”, b]",                         "“",          typographic,                               "`\"`"),
        ("“some words”",                         "“",          typographic,                               "`\"`"),
        ("{ $.a = &quot;x&quot; }",              "&quot;",     "is HTML for `\"`",                        "`\"`"),
        ("{ $.a = &#34;x&#34; }",                "&#34;",      "is HTML for `\"`",                        "`\"`"),
        ("{ $.a = 1 &amp;&amp; $.b = 2 }",       "&amp;&amp;", "is HTML for `&&`",                        "`&&`"),
        ("{ $.a = x &amp;&amp; $.b = 2 }",       "&amp;&amp;", "is HTML for `&&`",                        "`&&`"),
        ("{ $.a &gt; 1 }",                       "&gt;",       "is HTML for `>`",                         "`>`"),
        ("{ $.a &lt;= 1 }",                      "&lt;",       "is HTML for `<`",                         "`<`"),
        ("&quot;some words&quot;",               "&quot;",     "is HTML for `\"`",                        "`\"`"),
        ("{ $.a = \"\"x\"\" }",                  "\"\"",       "is one quotation mark as other programs double it", "`\"`"),
        ("{ $.a = \"x\"\" }",                   "\"\"",       "is one quotation mark as other programs double it", "`\"`"),
        ("{ $.a = \"\"two words\"\" }",          "\"\"",       "is one quotation mark as other programs double it", "`\"`"),
        ("{ $.a = \\\"x\\\" }",                "\\\"",       escaped,                                   "`\"`"),
        ("{ $.a = x\\\" }",                     "\\\"",       escaped,                                   "`\"`"),
        ("\\\"some words\\\"",                 "\\\"",       escaped,                                   "`\"`"),
        ("{ \\$.a = 1 }",                       "\\$",        "is a dollar sign as shells escape it",    "`$`"),
        ("{ $.a <> x }",                         "<>",         "",                                        "`!=`"),
        ("{ $.a == x }",                         "==",         "",                                        "`=`"),
        ("{ $.a === x }",                        "===",        "",                                        "`=`"),
        ("{ $.a !== x }",                        "!==",        "",                                        "`!=`"),
        ("{ $.a => 1 }",                         "=>",         "",                                        "`>=`"),
        ("{ $.a =< 1 }",                         "=<",         "",                                        "`<=`"),
        ("[a <> x, b]",                          "<>",         "",                                        "`!=`"),
        ("{ $.a NOTEXISTS }",                    "NOTEXISTS",  "",                                        "`NOT EXISTS`"),
        ("{ $.a NOT_EXISTS }",                   "NOT_EXISTS", "",                                        "`NOT EXISTS`"),
        ("{ $.a notExists && $.b = 1 }",         "notExists",  "",                                        "`NOT EXISTS`"),
        ("{ $.a ISNULL }",                       "ISNULL",     "",                                        "`IS NULL`"),
        ("{ $.a LIKE x }",                       "LIKE",       "",                                        "`=` and a text with `*`"),
        ("{ $.a IN (x) }",                       "IN",         "",                                        "`=` and a text, for each of several texts joined with `||`"),
        ("{ $.a = 1 AND $.b = 2 }",              "AND",        "; conditions are joined with `&&`",       "`&&` and a condition"),
        ("{ $.a NOT EXISTS OR $.b = 2 }",        "OR",         "; conditions are joined with `||`",       "`||` and a condition"),
        ("{ $.a IS NOT NULL }",                  "IS NOT",     "; write `= *` for a text or number that is there", ""),
    ];
    for (text, place, rest, expected) in table {
        let error = FilterPattern::parse(text).expect_err(text);
        let (_, from) = error
            .message()
            .split_once(&format!("`{place}`"))
            .expect(text);
        assert!(from.trim_start().starts_with(rest), "{text}: {error}");
        assert_eq!(&text[error.span()], place, "{text}: {error}");
        assert_eq!(error.expected().unwrap_or_default(), expected, "{text}");
    }
}

#[test]
fn a_text_that_a_typographic_mark_was_to_close_says_so() {
    let text = "{ $.a = \"x” }";
    let error = FilterPattern::parse(text).expect_err(text);
    assert_eq!(error.span(), 8..9);
    assert_eq!(
        error.message(),
        "the text that starts here is not closed; `”` is a typographic quotation mark and closes nothing"
    );
    let closed = FilterPattern::parse("{ $.a = \"“x”\" }");
    assert!(closed.is_ok(), "in a text, each mark stands for itself");
}

#[test]
fn an_error_in_one_line_says_what_where_and_what_was_expected() {
    for (text, line) in [
        (
            "{ $.a == 1 }",
            "unknown operator `==` (at byte 6; expected `=`)",
        ),
        (
            "{ $.a = %*% }",
            "`*` has nothing before it to repeat (at byte 9)",
        ),
    ] {
        let error = FilterPattern::parse(text).expect_err(text);
        assert_eq!(error.to_string(), line);
    }
}

#[test]
fn parentheses_in_criteria_nest_as_deep_as_in_patterns() {
    let nested = |levels: usize| {
        let (open, close) = ("(".repeat(levels), ")".repeat(levels));
        FieldSelectionCriteria::parse(&format!("{open}@aws.account = 1{close}"))
    };
    assert!(nested(200).is_ok());
    let error = nested(201).expect_err("too deep");
    assert_eq!(
        (error.kind(), error.span()),
        (ParseErrorKind::TooDeep, 200..201)
    );
}
