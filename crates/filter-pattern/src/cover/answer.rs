//! The three answers to a coverage question, each with its reasons.

use std::fmt;

use crate::evaluate::OpenQuestion;

use super::assumption::Assumption;
use super::witness::Witness;

/// Whether every event that the required pattern matches is matched by a filter.
#[derive(Clone, Debug)]
pub enum Covers {
    /// Yes, proved.
    Yes(Proof),
    /// No, and here is an event that escapes.
    No(Box<Witness>),
    /// Not decided.
    Unknown(Why),
}

impl Covers {
    /// Whether coverage is proved.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_))
    }

    /// The event that escapes, if one was found.
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::No(witness) => Some(witness),
            _ => None,
        }
    }
}

/// What a proved answer rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    pub(super) assumptions: Vec<Assumption>,
    pub(super) needs_exclusions: bool,
}

impl Proof {
    /// The statements of the schema that the proof needs; without any of them it
    /// would not hold.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// Whether events escape the filters that only the exclusions excuse.
    pub fn needs_exclusions(&self) -> bool {
        self.needs_exclusions
    }
}

/// Why a question was not decided.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Why {
    /// The budget of steps was spent.
    TooManySteps,
    /// Filters that are no JSON patterns match part of the events; whether they
    /// match all the rest is not decided.
    NotJson,
    /// The answer depends on what AWS leaves undocumented.
    Undocumented {
        /// The questions whose answers let the event escape.
        questions: Vec<OpenQuestion>,
        /// An event that escapes if they are answered with yes.
        witness: Box<Witness>,
    },
    /// An event was found that should escape, but the evaluator did not agree,
    /// or no complete event could be made.
    Unconfirmed,
}

impl Why {
    /// What to change so that the question can be decided.
    pub fn simplify_hint(&self) -> &'static str {
        match self {
            Self::TooManySteps => {
                "use fewer wildcards and regular expressions on the same field, or split the pattern into several filters"
            }
            Self::NotJson => "write the filters as JSON patterns, `{ $.field = value }`",
            Self::Undocumented { .. } => {
                "add a condition that settles the kind of the value, or ask AWS with TestMetricFilter"
            }
            Self::Unconfirmed => "use fewer array indices, wildcard selectors and number wildcards",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManySteps => formatter
                .write_str("the patterns are too complex to decide within the budget of steps"),
            Self::NotJson => formatter.write_str(
                "patterns that are no JSON patterns take part, and coverage by them is not decided",
            ),
            Self::Undocumented { questions, .. } => {
                formatter.write_str("the answer depends on what AWS does not document: ")?;
                for (position, question) in questions.iter().enumerate() {
                    if position > 0 {
                        formatter.write_str(", and ")?;
                    }
                    question.fmt(formatter)?;
                }
                Ok(())
            }
            Self::Unconfirmed => formatter.write_str(
                "no complete event could be confirmed to escape, and none was proved to be missing",
            ),
        }
    }
}

/// How many steps a decision may take. A step is a test of one condition or one
/// move of one automaton, so that the same question takes the same steps on
/// every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    steps: u64,
}

impl Budget {
    /// A budget of this many steps.
    pub const fn steps(steps: u64) -> Self {
        Self { steps }
    }

    /// The number of steps.
    pub const fn remaining(self) -> u64 {
        self.steps
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::steps(120_000)
    }
}
