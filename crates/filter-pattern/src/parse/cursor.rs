//! A position in the text, with the few moves that all grammars share.

use super::error::ParseError;
use super::habits;

/// A position in a text.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    /// Moves past `token` when it stands here.
    pub(crate) fn eat(&mut self, token: &str) -> bool {
        let stands_here = self.rest().starts_with(token);
        if stands_here {
            self.at += token.len();
        }
        stands_here
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.skip_while(char::is_whitespace);
    }

    pub(crate) fn skip_while(&mut self, accepts: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accepts) {
            self.bump();
        }
    }

    /// The characters from here as long as they are accepted.
    pub(crate) fn take_while(&mut self, accepts: impl Fn(char) -> bool) -> &'a str {
        let start = self.at;
        self.skip_while(accepts);
        self.since(start)
    }

    /// Moves past a keyword in any case when it stands here as a whole word.
    pub(crate) fn eat_keyword(&mut self, keyword: &str) -> bool {
        let start = self.at;
        let word =
            self.take_while(|character| character.is_ascii_alphanumeric() || character == '_');
        if word.eq_ignore_ascii_case(keyword) {
            return true;
        }
        self.at = start;
        false
    }

    /// An error about the word or the character here.
    pub(crate) fn unexpected(&self, expected: &str) -> ParseError {
        if let Some(error) = habits::of_other_programs(self) {
            return error;
        }
        let Some(character) = self.peek() else {
            let end = self.at..self.at;
            return ParseError::syntax(end, "the pattern ends too early").expecting(expected);
        };
        let of_word = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-');
        let length = if character.is_alphanumeric() {
            let end = self.rest().find(|it| !of_word(it));
            end.unwrap_or(self.rest().len())
        } else {
            character.len_utf8()
        };
        let message = format!("unexpected `{}`", &self.rest()[..length]);
        ParseError::syntax(self.at..self.at + length, message).expecting(expected)
    }

    pub(crate) fn expect_end(&self) -> Result<(), ParseError> {
        if self.rest().is_empty() {
            return Ok(());
        }
        Err(self.unexpected("the end"))
    }
}
