//! Bounded exhaustive search for an event that escapes: of all events that the
//! conditions of a question tell apart, one of each kind, up to a bound on
//! arrays, on texts and on the number of events.
//!
//! The search knows nothing of the crate's proofs. It asks the reference what
//! each condition says of a value, keeps one value for each combination of
//! answers, and puts those together to objects and arrays.

mod atoms;
mod candidates;
mod texts;

use filter_pattern::ast::Ast;
use filter_pattern::{Event, FilterPattern, Reading};

use crate::generate::{Case, Events};
use crate::random::Random;
use crate::reference::{self, Value};
use atoms::{Atoms, Formula};

/// What a search found.
#[derive(Debug)]
pub struct Outcome {
    /// An event that the required pattern matches and nothing else does.
    pub escaping: Option<Value>,
    /// Events of different kinds that were looked at.
    pub events: usize,
    /// Whether all combinations were looked at, within the bounds on texts and
    /// arrays.
    pub exhaustive: bool,
}

/// Looks for an event that escapes under one reading of the open questions.
pub fn search(case: &Case, reading: Reading, random: &mut Random) -> Outcome {
    let Some(atoms) = Atoms::of(case) else {
        return Outcome {
            escaping: None,
            events: 0,
            exhaustive: false,
        };
    };
    let mut maker = candidates::Maker::new(&atoms, case, reading, random);
    let events = maker.events();
    let exhaustive = maker.exhaustive;
    let schema = (case.events != Events::Any).then(|| case.schema());
    let required = Judge::new(&case.required, &atoms);
    let others: Vec<Judge<'_>> = case
        .filters
        .iter()
        .chain(&case.except)
        .map(|pattern| Judge::new(pattern, &atoms))
        .collect();
    let escapes = |event: &Value| {
        let answers = atoms.answers(event, reading);
        required.matches(answers, event, reading)
            && !others
                .iter()
                .any(|other| other.matches(answers, event, reading))
    };
    let admitted = |event: &Value| {
        schema.as_ref().is_none_or(|schema| {
            Event::parse(&event.to_json()).is_ok_and(|event| schema.admits(&event))
        })
    };
    let looked_at = events.len();
    let escaping = events
        .into_iter()
        .find(|event| escapes(event) && admitted(event));
    Outcome {
        escaping,
        events: looked_at,
        exhaustive,
    }
}

/// Whether an event escapes, by the reference alone.
pub fn escapes(case: &Case, event: &Value, reading: Reading) -> bool {
    escapes_as(case, event, &event.to_json(), reading)
}

/// The same for an event that is written like this: patterns of words look at
/// the text, in which the order of members counts.
pub fn escapes_as(case: &Case, event: &Value, message: &str, reading: Reading) -> bool {
    let matches =
        |pattern: &FilterPattern| reference::matches(pattern.ast(), Some(event), message, reading);
    matches(&case.required) && !case.filters.iter().chain(&case.except).any(matches)
}

/// Whether an event escapes, by the crate's evaluator alone.
pub fn escapes_evaluator(case: &Case, event: &Event, reading: Reading) -> bool {
    let matches = |pattern: &FilterPattern| pattern.matches_under(event, reading);
    matches(&case.required) && !case.filters.iter().chain(&case.except).any(matches)
}

/// A pattern as a formula over the answers of conditions, where it is one.
enum Judge<'a> {
    Formula(Formula),
    Whole(&'a FilterPattern),
}

impl<'a> Judge<'a> {
    fn new(pattern: &'a FilterPattern, atoms: &Atoms<'_>) -> Self {
        match pattern.ast() {
            Ast::Json(expression) => Self::Formula(atoms.formula(expression)),
            _ => Self::Whole(pattern),
        }
    }

    fn matches(&self, answers: u128, event: &Value, reading: Reading) -> bool {
        match self {
            Self::Formula(formula) => formula.holds(answers),
            Self::Whole(pattern) => {
                reference::matches(pattern.ast(), Some(event), &event.to_json(), reading)
            }
        }
    }
}
