//! What is wrong with a scenario file, and where.

use std::fmt;
use std::ops::Range;

use toml::Spanned;

/// A scenario that cannot be built. Its text names line and column where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    message: String,
    span: Option<Range<usize>>,
    /// Line and column, from 1.
    position: Option<(usize, usize)>,
}

impl ScenarioError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            span: None,
            position: None,
        }
    }

    pub(super) fn at<T>(place: &Spanned<T>, message: impl Into<String>) -> Self {
        Self {
            span: Some(place.span()),
            ..Self::new(message)
        }
    }

    pub(super) fn of_toml(error: &toml::de::Error) -> Self {
        Self {
            span: error.span(),
            ..Self::new(error.message().trim_end())
        }
    }

    /// The same error, knowing the text that it is about.
    pub(super) fn within(mut self, text: &str) -> Self {
        self.position = self.span.as_ref().map(|span| {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            (line, column)
        });
        self
    }

    /// The bytes of the text that are wrong.
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.position {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScenarioError {}
