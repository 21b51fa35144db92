//! The CloudWatch Logs filter-pattern language: read a pattern, ask which
//! events it matches, and prove what it covers.

#![forbid(unsafe_code)]

pub mod ast;
mod decimal;
mod display;
mod evaluate;
mod event;
pub mod limits;
mod parse;
mod pattern;
pub mod regex;

pub use ast::PatternKind;
pub use decimal::Decimal;
pub use evaluate::{MatchedFields, OpenQuestion, Reading, split_fields};
pub use event::{Event, EventError, EventValue};
pub use parse::{ParseError, ParseErrorKind};
pub use pattern::FilterPattern;
