//! How the texts of made patterns are put together.

use filter_pattern::FilterPattern;

/// A pattern within AWS's limits.
pub(crate) fn pattern(text: &str) -> FilterPattern {
    assert!(text.chars().count() <= 1024, "too long: {text}");
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// As many parts as fit into a pattern.
pub(crate) fn joined(parts: impl Iterator<Item = String>, operator: &str) -> String {
    let mut text = String::new();
    for part in parts {
        if text.len() + part.len() + operator.len() > 1018 {
            break;
        }
        if !text.is_empty() {
            text.push_str(operator);
        }
        text.push_str(&part);
    }
    format!("{{ {text} }}")
}

/// The letters, again and again.
pub(crate) fn letter(number: usize) -> char {
    char::from(b'a' + u8::try_from(number % 26).expect("small"))
}
