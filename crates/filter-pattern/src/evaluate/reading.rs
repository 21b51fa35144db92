//! The points of the language that AWS leaves undocumented, and how one run of
//! the evaluator reads them.

use std::fmt;

use crate::cover::Assumption;
use crate::event::EventValue;

/// A point of the language that AWS does not document and that changes which
/// events match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OpenQuestion {
    /// Does `!=` match a property that is `null`?
    NotEqualsOnNull,
    /// Does `!=` match a property that is `true` or `false`, when `=` does not?
    NotEqualsOnBoolean,
    /// Do `=` and `!=` compare `true` and `false` as texts?
    BooleanAsText,
    /// Does `NOT EXISTS` match a property that is there and `null`?
    NotExistsOnNull,
    /// Does `IS TRUE` match the text `"true"`, `IS FALSE` the text `"false"`?
    IsBooleanOnText,
    /// Does `!=` with a wildcard selector ask every element, not just one?
    NotEqualsOnEveryElement,
}

impl OpenQuestion {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NotEqualsOnNull,
        Self::NotEqualsOnBoolean,
        Self::BooleanAsText,
        Self::NotExistsOnNull,
        Self::IsBooleanOnText,
        Self::NotEqualsOnEveryElement,
    ];

    /// What an answer rests on when this question is answered so: an assumption
    /// of the same name.
    pub fn assumption(self, answer: bool) -> Assumption {
        let answer = if answer { "yes" } else { "no" };
        Assumption::new(
            self.name(),
            format!("{self}: {answer}"),
            "not documented by AWS",
        )
    }

    /// Whether the question is about values like this one.
    pub(crate) fn is_about(self, value: &EventValue) -> bool {
        match self {
            Self::NotEqualsOnNull | Self::NotExistsOnNull => *value == EventValue::Null,
            Self::NotEqualsOnBoolean | Self::BooleanAsText => {
                matches!(value, EventValue::Bool(_))
            }
            Self::IsBooleanOnText => {
                matches!(value.as_text(), Some("true" | "false"))
            }
            Self::NotEqualsOnEveryElement => false,
        }
    }

    /// A stable name, lower case with hyphens.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotEqualsOnNull => "not-equals-on-null",
            Self::NotEqualsOnBoolean => "not-equals-on-boolean",
            Self::BooleanAsText => "boolean-as-text",
            Self::NotExistsOnNull => "not-exists-on-null",
            Self::IsBooleanOnText => "is-boolean-on-text",
            Self::NotEqualsOnEveryElement => "not-equals-on-every-element",
        }
    }
}

impl fmt::Display for OpenQuestion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotEqualsOnNull => "whether `!=` matches a property that is null",
            Self::NotEqualsOnBoolean => "whether `!=` matches a property that is true or false",
            Self::BooleanAsText => "whether `=` and `!=` compare true and false as texts",
            Self::NotExistsOnNull => "whether `NOT EXISTS` matches a property that is null",
            Self::IsBooleanOnText => {
                "whether `IS TRUE` and `IS FALSE` match the texts \"true\" and \"false\""
            }
            Self::NotEqualsOnEveryElement => {
                "whether `!=` with a wildcard selector asks every element"
            }
        })
    }
}

/// How the open questions are read: each one with no unless named.
///
/// The default answers every question with no: only texts and numbers are
/// compared, and a wildcard selector asks for one element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reading {
    yes: u8,
    /// Points on which the evaluator does otherwise than it should, to find out
    /// whether an answer rests on them.
    departs: u8,
}

impl Reading {
    /// The same reading with one question answered with yes.
    pub fn with(self, question: OpenQuestion) -> Self {
        Self {
            yes: self.yes | 1 << question as u8,
            ..self
        }
    }

    pub(crate) fn departing(self, point: super::Taken) -> Self {
        Self {
            departs: self.departs | 1 << point as u8,
            ..self
        }
    }

    pub(crate) fn departs_from(self, point: super::Taken) -> bool {
        self.departs & 1 << point as u8 != 0
    }

    /// Whether a question is answered with yes.
    pub fn answers_yes(self, question: OpenQuestion) -> bool {
        self.yes & 1 << question as u8 != 0
    }

    /// The questions answered with yes.
    pub fn affirmed(self) -> impl Iterator<Item = OpenQuestion> {
        OpenQuestion::ALL
            .into_iter()
            .filter(move |question| self.answers_yes(*question))
    }
}
