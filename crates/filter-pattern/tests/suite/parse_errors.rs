//! What is no pattern, where, and what could stand there instead.

use filter_pattern::{FilterPattern, ParseErrorKind};

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
