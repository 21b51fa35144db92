//! Does `filter-pattern` say the truth? This crate asks it the same questions
//! twice, in two independent ways.
//!
//! - Matching: generated (pattern, message) pairs, the crate's evaluator against
//!   the naive [`mod@reference`], which shares the syntax tree (and so the parser)
//!   and nothing else.
//! - Coverage: generated questions, the crate's proof against a bounded
//!   exhaustive [`search`] over the events that the conditions tell apart. Every
//!   witness is judged by both evaluators. `Schema::admits` is shared: it says
//!   which records exist.
//! - Laws that hold between answers, printing and reading, and field selection
//!   criteria.
//!
//! Cases are made from a seed and a number, so that a run says the same on every
//! machine. `cargo xtask verify patterns` is the whole run; the tests are a
//! small one.

pub mod check;
pub mod fuzzing;
pub mod generate;
pub mod nodes;
pub mod random;
pub mod reference;
pub mod report;
pub mod run;
pub mod search;
pub mod shrink;
