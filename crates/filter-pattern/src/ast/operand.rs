//! What a property is compared with: texts with wildcards, numbers, regular
//! expressions. Whether a value equals an operand is decided in `evaluate`;
//! the wildcard matching itself lives here because parser, evaluator and proof
//! share it.

use std::hash::{Hash, Hasher};

use crate::decimal::Decimal;
use crate::regex::RegexPattern;

/// The right-hand side of `=` and `!=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A text, with or without wildcards, written with or without quotes.
    Text(TextPattern),
    /// An unquoted number.
    Number(NumberLiteral),
    /// A regular expression between percent signs.
    Regex(RegexPattern),
}

/// A text in which `*` stands for any characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextPattern {
    text: Box<str>,
}

impl TextPattern {
    /// The pattern with this text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into() }
    }

    /// The text with its wildcards.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern has no wildcard and so stands for one text.
    pub fn is_literal(&self) -> bool {
        !self.text.contains('*')
    }

    /// Whether the pattern is nothing but wildcards and so stands for every text.
    pub fn is_universal(&self) -> bool {
        !self.text.is_empty() && self.text.bytes().all(|byte| byte == b'*')
    }

    /// Whether a text is one that the pattern would stand for if AWS did
    /// backtrack, as wildcards usually do.
    pub(crate) fn matches_with_backtracking(&self, text: &str) -> bool {
        let Some((first, rest)) = self.text.split_once('*') else {
            return *self.text == *text;
        };
        let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let inner = text
            .strip_prefix(first)
            .and_then(|inner| inner.strip_suffix(last));
        let Some(mut inner) = inner else {
            return false;
        };
        between.split('*').all(|piece| match inner.find(piece) {
            Some(at) => {
                inner = &inner[at + piece.len()..];
                true
            }
            None => false,
        })
    }

    /// Whether backtracking makes a difference for some text: only when the last
    /// piece is tied to the end.
    pub(crate) fn depends_on_backtracking(&self) -> bool {
        !self.is_literal() && !self.text.ends_with('*')
    }

    /// Whether a text is one that the pattern stands for.
    ///
    /// AWS does not backtrack: each piece between wildcards is found at its
    /// first place after the piece before, and the last piece must end there
    /// exactly with the text. So `*111.111` does not match `111.111.111`
    /// (observed on TestMetricFilter).
    pub fn matches(&self, text: &str) -> bool {
        let mut pieces = self.text.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(mut piece) = pieces.next() else {
            return rest.is_empty();
        };
        for next in pieces {
            let Some(at) = rest.find(piece) else {
                return false;
            };
            rest = &rest[at + piece.len()..];
            piece = next;
        }
        piece.is_empty()
            || rest
                .find(piece)
                .is_some_and(|at| at + piece.len() == rest.len())
    }
}

/// An unquoted number as it was written, with its exact value.
#[derive(Clone, Debug)]
pub struct NumberLiteral {
    text: Box<str>,
    value: Decimal,
}

impl NumberLiteral {
    /// Reads a number; `None` when the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self {
            value: Decimal::parse(text)?,
            text: text.into(),
        })
    }

    /// The number as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The exact value.
    pub fn value(&self) -> &Decimal {
        &self.value
    }
}

impl PartialEq for NumberLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NumberLiteral {}

impl Hash for NumberLiteral {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_leftmost_and_do_not_backtrack() {
        #[rustfmt::skip]
        let table = [
            // pattern           text               matches
            ("*",               "",                true),
            ("*",               "anything",        true),
            ("**",              "anything",        true),
            ("abc",             "abc",             true),
            ("abc",             "abcd",            false),
            ("a*",              "abc",             true),
            ("*c",              "abc",             true),
            ("a*c",             "abc",             true),
            ("a*c",             "ac",              true),
            ("ab*ba",           "aba",             false),
            ("*b*",             "abc",             true),
            ("*UnauthorizedOperation", "Client.UnauthorizedOperation", true),
            ("*111.111.111",    "111.111.111.111", false),
            ("*.111.111.111",   "111.111.111.111", true),
            ("111*111",         "111.111.111.111", false),
            ("1*3",             "123",             true),
            ("*ab",             "abab",            false),
            ("*é",              "café",            true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(
                TextPattern::new(pattern).matches(text),
                expected,
                "{pattern} on {text}"
            );
        }
    }

    #[test]
    fn with_backtracking_wildcards_are_the_usual_ones() {
        #[rustfmt::skip]
        let table = [
            ("*ab",          "abab",            true),
            ("*111.111.111", "111.111.111.111", true),
            ("111*111",      "111.111.111.111", true),
            ("ab*ba",        "aba",             false),
            ("a*b*c",        "abcbc",           true),
            ("a*b*",         "cab",             false),
            ("*",            "",                true),
            ("x",            "x",               true),
        ];
        for (pattern, text, expected) in table {
            let matches = TextPattern::new(pattern).matches_with_backtracking(text);
            assert_eq!(matches, expected, "{pattern} on {text}");
        }
    }
}
