//! A match with what it rests on: the points that AWS leaves open and whose other
//! reading would change it.

use crate::ast::{Ast, Test};
use crate::cover::Assumption;

use super::reading::{OpenQuestion, Reading};
use super::taken::Taken;

/// Whether a pattern matches, and on which assumptions the answer rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchAnswer {
    matches: bool,
    assumptions: Vec<Assumption>,
}

impl MatchAnswer {
    /// An answer that rests on nothing open.
    pub(super) fn settled(matches: bool) -> Self {
        Self {
            matches,
            assumptions: Vec::new(),
        }
    }

    /// Whether the pattern matches.
    pub fn matches(&self) -> bool {
        self.matches
    }

    /// What AWS leaves undocumented and the answer hangs on: with one of these
    /// the other way, alone or together with others of them, it could differ.
    /// Empty when the answer follows from the documentation.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }
}

/// The answer by default, and which points change it.
pub(super) fn answer(pattern: &Ast, matches: impl Fn(Reading) -> bool) -> MatchAnswer {
    let base = matches(Reading::default());
    let questions = touched(pattern);
    let readings: Vec<(u32, bool)> = (0..1_u32 << questions.len())
        .map(|chosen| {
            let reading = questions
                .iter()
                .enumerate()
                .filter(|(at, _)| chosen & 1 << at != 0)
                .fold(Reading::default(), |reading, (_, question)| {
                    reading.with(*question)
                });
            (chosen, matches(reading))
        })
        .collect();
    let changes = |at: usize| {
        let flip = 1 << at;
        readings
            .iter()
            .any(|(chosen, answer)| readings[(chosen ^ flip) as usize].1 != *answer)
    };
    let open = questions
        .iter()
        .enumerate()
        .filter(|(at, _)| changes(*at))
        .map(|(_, question)| question.assumption(false));
    let taken = Taken::ALL
        .into_iter()
        .filter(|point| matches(Reading::default().departing(*point)) != base)
        .map(Taken::assumption);
    MatchAnswer {
        matches: base,
        assumptions: open.chain(taken).collect(),
    }
}

/// The questions that a pattern's tests can raise.
fn touched(pattern: &Ast) -> Vec<OpenQuestion> {
    let Ast::Json(expression) = pattern else {
        return Vec::new();
    };
    let raises = |question: &OpenQuestion| {
        expression.conditions().into_iter().any(|condition| {
            use OpenQuestion as Q;
            match (&condition.test, question) {
                (Test::Equals(_) | Test::NotEquals(_), Q::BooleanAsText)
                | (Test::NotEquals(_), Q::NotEqualsOnNull | Q::NotEqualsOnBoolean)
                | (Test::NotExists, Q::NotExistsOnNull)
                | (Test::IsTrue | Test::IsFalse, Q::IsBooleanOnText) => true,
                (Test::NotEquals(_), Q::NotEqualsOnEveryElement) => {
                    condition.selector.has_wildcard()
                }
                _ => false,
            }
        })
    };
    OpenQuestion::ALL.into_iter().filter(raises).collect()
}
