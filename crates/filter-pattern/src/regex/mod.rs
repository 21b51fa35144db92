//! The regular expressions of filter patterns: which ones AWS accepts, and what
//! they match. AWS documents a subset (`regex-expressions`): no groups, no
//! characters of several bytes, few symbols; `\xhh` stands for every other one.
//! Matching is an unanchored search.

mod automaton;
mod search;
mod syntax;

pub(crate) use automaton::RegexState;
pub use syntax::RegexError;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use automaton::Nfa;

/// A regular expression of a filter pattern, checked and ready to match.
#[derive(Clone)]
pub struct RegexPattern {
    text: Box<str>,
    nfa: Arc<Nfa>,
}

impl RegexPattern {
    /// Checks an expression (without its percent signs) against AWS's subset.
    pub fn new(text: &str) -> Result<Self, RegexError> {
        let hir = syntax::translate(text)?;
        let nfa = Nfa::compile(&hir).ok_or_else(|| RegexError::too_large(text.len()))?;
        Ok(Self {
            text: text.into(),
            nfa: Arc::new(nfa),
        })
    }

    /// The expression without its percent signs.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the text contains a match.
    pub fn is_match(&self, text: &str) -> bool {
        search::contains(&self.nfa, text).unwrap_or_else(|| self.is_match_by_states(text))
    }

    fn is_match_by_states(&self, text: &str) -> bool {
        let mut state = self.nfa.start();
        for character in text.chars() {
            if state.is_matched() {
                return true;
            }
            state = self.nfa.step(&state, character);
        }
        self.nfa.accepts(&state)
    }

    pub(crate) fn nfa(&self) -> &Arc<Nfa> {
        &self.nfa
    }
}

pub(crate) use automaton::Nfa as RegexAutomaton;

impl std::fmt::Debug for RegexPattern {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RegexPattern({:?})", self.text)
    }
}

impl PartialEq for RegexPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RegexPattern {}

impl Hash for RegexPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching_is_a_search_with_anchors() {
        #[rustfmt::skip]
        let table = [
            (r"AUTHORIZED",                      "UNAUTHORIZED REQUEST", true),
            (r"^AUTHORIZED",                     "UNAUTHORIZED",         false),
            (r"111\.111\.111\.1[0-9]{1,2}",      "111.111.111.111",      true),
            (r"/service/resource/[0-9]+$",       "/service/resource/67", true),
            (r"/service/resource/[0-9]+$",       "/service/resource/67/part", false),
            (r"val.{2}",                         "another value",        true),
            (r"val.{2}",                         "val",                  false),
            (r"^$",                              "",                     true),
            (r"^$",                              "x",                    false),
            (r"a|b$",                            "xb",                   true),
            (r"^a|b$",                           "xa",                   false),
            (r"\d\D\s\S\w\W",                    "1x y_-",               true),
            (r"[\d-]+",                          "-",                    true),
            (r"[^\w]",                           "abc",                  false),
            (r"^[b-b]$",                         "b",                    true),
            (r"[a-c\-]",                         "-",                    true),
            (r"\x41",                            "A",                    true),
            (r"a+?b",                            "aab",                  true),
            (r"x*",                              "",                     true),
            (r"^a{,2}$",                         "aaa",                  false),
            (r"^a{,2}$",                         "aa",                   true),
            (r"shutting down",                   "shutting down",        true),
            (r"[ ]x",                            "a x",                  true),
            (r"\.\[\]\{\}\|\*\+\?\^\$\\",    r".[]{}|*+?^$\",         true),
            (r".",                               "é",                    true),
            (r"[^a]",                            "é",                    true),
        ];
        for (pattern, text, expected) in table {
            let regex =
                RegexPattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), expected, "{pattern} on {text}");
            assert_eq!(
                regex.is_match_by_states(text),
                expected,
                "{pattern} on {text}"
            );
        }
    }

    #[test]
    fn long_expressions_match_as_short_ones_do() {
        for length in [1, 20, 60, 62, 63, 64, 65, 100, 130, 500, 520] {
            let regex = RegexPattern::new(&format!("^x?[ab]{{{length}}}c+$")).unwrap();
            let letters = |count: usize| "ab".repeat(count)[..count].to_owned();
            for (text, expected) in [
                (format!("{}c", letters(length)), true),
                (format!("x{}ccc", letters(length)), true),
                (letters(length), false),
                (format!("{}c", letters(length - 1)), false),
                (format!("{}c", letters(length + 1)), false),
                (format!("{}cx", letters(length)), false),
            ] {
                assert_eq!(regex.is_match(&text), expected, "{length}: {text}");
                assert_eq!(
                    regex.is_match_by_states(&text),
                    expected,
                    "{length}: {text}"
                );
            }
        }
    }

    #[test]
    fn what_aws_does_not_accept_is_refused() {
        for pattern in [
            "",
            "something!",
            "(a)",
            "é",
            r"\(ab\)",
            r"\!",
            r"\b",
            r"\n",
            r"\x4",
            r"\x4g",
            "[",
            "[]",
            "[z-a]",
            "a{2,1}",
            "*a",
            "a**",
            r"a\",
            "a{",
            "a{}",
            "a{,}",
            "a{2, 3}",
            "a{+2}",
            "[[:alpha:]]",
            "{2}",
            "a{2}{3}",
        ] {
            assert!(
                RegexPattern::new(pattern).is_err(),
                "`{pattern}` is refused"
            );
        }
    }

    #[test]
    fn repetitions_that_multiply_are_refused_as_too_large() {
        let error = RegexPattern::new("a{1000}b{1000}c{1000}d{1000}".repeat(8).as_str())
            .expect_err("too large");
        assert!(error.message().contains("too large"), "{error}");
    }
}
