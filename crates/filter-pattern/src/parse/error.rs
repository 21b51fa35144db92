//! Why a text is no filter pattern, and where.

use std::fmt;
use std::ops::Range;

/// Why a text is no filter pattern.
///
/// Spans count bytes in the text that was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    kind: ParseErrorKind,
    span: Range<usize>,
    message: String,
    expected: Option<String>,
}

/// The families of parse errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The text does not follow the grammar.
    Syntax,
    /// The grammar knows it, AWS does not support it (`IS NOT`, `EXISTS`).
    Unsupported,
    /// The pattern is longer than [`PATTERN_CHARACTERS`](crate::limits::PATTERN_CHARACTERS).
    TooLong,
    /// More than one wildcard in a selector.
    WildcardsInSelector,
    /// More than three selectors with a wildcard.
    WildcardSelectors,
    /// More than two regular expressions.
    TooManyRegexes,
    /// A regular expression that AWS does not accept.
    Regex,
    /// Parentheses nested deeper than [`NESTING`](crate::limits::NESTING).
    TooDeep,
}

impl ParseError {
    pub(crate) fn new(
        kind: ParseErrorKind,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            span,
            message: message.into(),
            expected: None,
        }
    }

    pub(crate) fn syntax(span: Range<usize>, message: impl Into<String>) -> Self {
        Self::new(ParseErrorKind::Syntax, span, message)
    }

    pub(crate) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// The family of the error.
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// The bytes of the text that the error is about; may be empty at its end.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is wrong, lower case and without a full stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What could stand there instead.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (at byte {}", self.message, self.span.start)?;
        if let Some(expected) = &self.expected {
            write!(formatter, "; expected {expected}")?;
        }
        formatter.write_str(")")
    }
}

impl std::error::Error for ParseError {}
