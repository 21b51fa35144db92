//! `CatalogError`: what is wrong with a catalog file, and where.

use std::ops::Range;

use thiserror::Error;

/// A catalog that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} (line {line}, column {column})")]
pub struct CatalogError {
    message: String,
    span: Option<Range<usize>>,
    line: usize,
    column: usize,
    advice: Option<&'static str>,
}

impl CatalogError {
    pub(super) fn new(toml: &str, message: String, span: Option<Range<usize>>) -> Self {
        let start = span.as_ref().map_or(0, |span| span.start.min(toml.len()));
        let before = toml.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            message,
            span,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            advice: None,
        }
    }

    pub(super) fn advising(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    pub(super) fn without_framework(toml: &str) -> Self {
        let message = "`default_framework` is missing: name one of the file's frameworks";
        Self::new(toml, message.to_owned(), Some(0..0))
    }

    /// What is wrong, in words, without the place.
    pub fn message(&self) -> String {
        self.message.clone()
    }

    /// What helps to mend it, when the message does not say so itself.
    pub fn advice(&self) -> Option<&'static str> {
        self.advice
    }

    /// The place, in bytes of the file.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}
