//! The CloudWatch Logs filter-pattern language: read a pattern, ask which
//! events it matches, and prove what it covers.

#![forbid(unsafe_code)]

pub mod ast;
mod cover;
mod criteria;
mod decimal;
mod display;
mod evaluate;
mod event;
mod language;
pub mod limits;
mod parse;
mod pattern;
pub mod regex;
mod schema;

pub use ast::PatternKind;
pub use cover::{
    Assumption, Budget, CoverQuestion, Covers, Proof, Why, Witness, covers, equivalent,
    missing_values, never_matches, overlap,
};
pub use criteria::FieldSelectionCriteria;
pub use decimal::Decimal;
pub use evaluate::{MatchedFields, OpenQuestion, Reading, split_fields};
pub use event::{Event, EventError, EventValue};
pub use parse::{ParseError, ParseErrorKind};
pub use pattern::FilterPattern;
pub use schema::Schema;
