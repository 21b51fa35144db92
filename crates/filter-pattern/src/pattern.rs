//! The pattern as callers hold it: a checked AST with its questions.

use std::fmt;
use std::str::FromStr;

use crate::ast::{Ast, Field, PatternKind};
use crate::evaluate::{self, MatchAnswer, MatchedFields, Reading};
use crate::event::Event;
use crate::parse::{self, ParseError};

/// A filter pattern.
///
/// Two patterns are equal when they have the same structure, however they were
/// spelled. `Display` writes the canonical form, which parses to an equal
/// pattern.
///
/// ```
/// use filter_pattern::{Event, FilterPattern};
///
/// let pattern: FilterPattern = "{($.eventName=StopLogging) || ($.eventName = DeleteTrail)}".parse()?;
/// assert_eq!(pattern.to_string(), r#"{ $.eventName = "StopLogging" || $.eventName = "DeleteTrail" }"#);
///
/// let event = Event::parse(r#"{"eventName": "DeleteTrail"}"#)?;
/// assert!(pattern.matches(&event));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilterPattern {
    ast: Ast,
}

impl FilterPattern {
    /// Reads a pattern of any kind, within AWS's limits.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::pattern(text).map(|ast| Self { ast })
    }

    /// The empty pattern, which matches everything.
    pub const fn empty() -> Self {
        Self { ast: Ast::Empty }
    }

    /// A pattern made from its parts.
    pub fn from_ast(ast: Ast) -> Self {
        Self { ast }
    }

    /// Which kind of pattern it is.
    pub fn kind(&self) -> PatternKind {
        match &self.ast {
            Ast::Empty => PatternKind::Empty,
            Ast::Json(_) => PatternKind::Json,
            Ast::SpaceDelimited(_) => PatternKind::SpaceDelimited,
            Ast::Terms(_) => PatternKind::Terms,
            Ast::Regex(_) => PatternKind::Regex,
        }
    }

    /// The parts of the pattern.
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// Whether the pattern has a regular expression; a log group takes
    /// [`REGEX_PATTERNS_PER_LOG_GROUP`](crate::limits::REGEX_PATTERNS_PER_LOG_GROUP)
    /// of such patterns.
    pub fn has_regex(&self) -> bool {
        match &self.ast {
            Ast::Regex(_) => true,
            Ast::Json(expression) => expression
                .conditions()
                .iter()
                .any(|condition| condition.test.has_regex()),
            Ast::SpaceDelimited(list) => list.fields.iter().any(Field::has_regex),
            Ast::Empty | Ast::Terms(_) => false,
        }
    }

    /// Whether the pattern matches an event. Patterns of other kinds than JSON
    /// look at the event's text in one line.
    pub fn matches(&self, event: &Event) -> bool {
        self.matches_under(event, Reading::default())
    }

    /// Whether the pattern matches an event when AWS's open questions are read
    /// in a given way.
    pub fn matches_under(&self, event: &Event, reading: Reading) -> bool {
        evaluate::event(&self.ast, event, reading)
    }

    /// Whether the pattern matches an event, with the [`Assumption`]s that the
    /// answer rests on where AWS's documentation leaves it open. Slower than
    /// [`matches`](Self::matches): it asks what other readings would answer.
    ///
    /// ```
    /// use filter_pattern::{Event, FilterPattern};
    ///
    /// let pattern: FilterPattern = "{ $.errorCode != AccessDenied }".parse()?;
    /// let answer = pattern.answer(&Event::parse(r#"{"errorCode": null}"#)?);
    /// assert!(!answer.matches());
    /// assert_eq!(answer.assumptions()[0].name(), "not-equals-on-null");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [`Assumption`]: crate::Assumption
    pub fn answer(&self, event: &Event) -> MatchAnswer {
        evaluate::answer_event(&self.ast, event)
    }

    /// Whether the pattern matches the text of a log event, with the assumptions
    /// that the answer rests on. A JSON pattern matches JSON objects only.
    pub fn answer_message(&self, message: &str) -> MatchAnswer {
        evaluate::answer_message(&self.ast, message)
    }

    /// Whether the pattern matches the text of a log event.
    pub fn matches_message(&self, message: &str) -> bool {
        evaluate::message(&self.ast, message, Reading::default())
    }

    /// The values of a message that matches, by the names that a metric value or
    /// a dimension refers to them with; `None` when it does not match.
    ///
    /// ```
    /// use filter_pattern::FilterPattern;
    ///
    /// let pattern: FilterPattern = "[..., status = 4*, bytes]".parse()?;
    /// let values = pattern.test("127.0.0.1 \"GET / HTTP/1.1\" 404 1534").expect("a match");
    /// assert_eq!((&*values["$status"], &*values["$2"]), ("404", "GET / HTTP/1.1"));
    /// # Ok::<(), filter_pattern::ParseError>(())
    /// ```
    pub fn test(&self, message: &str) -> Option<MatchedFields> {
        evaluate::extract(&self.ast, message)
    }
}

impl FromStr for FilterPattern {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for FilterPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ast.fmt(formatter)
    }
}
