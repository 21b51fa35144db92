//! Coverage, proved: does every event that a required pattern matches get
//! matched by at least one filter?
//!
//! The question becomes a formula over the values of finitely many fields
//! ([`problem`]); [`search`] looks for an event that escapes. What it finds is
//! built into a complete event and confirmed by the evaluator ([`witness`]);
//! when it finds nothing, that is the proof.

mod answer;
mod asked;
mod assumption;
mod builder;
mod calls;
mod cells;
mod class_truth;
mod classes;
mod decision;
mod drafts;
mod elements;
mod facts;
mod formula;
mod interval;
mod messages;
mod narrowing;
mod needed;
mod overlay;
mod polish;
mod problem;
mod question;
mod relevance;
mod restrict;
mod search;
mod state;
mod text_places;
mod texts;
mod witness;

pub use answer::{Budget, Covers, Proof, Why};
pub use assumption::Assumption;
pub(crate) use decision::{decide, prove};
pub use narrowing::{NarrowingClause, Noise, beyond, narrowing_clauses, noise};
pub(crate) use overlay::overlaid;
pub(crate) use problem::Patterns;
pub use question::{CoverQuestion, covers, equivalent, missing_values, never_matches, overlap};
pub use witness::Witness;

use crate::ast::{Operand, Test};

/// The one text that a test asks for, if it is such a test.
fn named_text(test: &Test) -> Option<&str> {
    match test {
        Test::Equals(Operand::Text(pattern)) if pattern.is_literal() => Some(pattern.as_str()),
        _ => None,
    }
}
