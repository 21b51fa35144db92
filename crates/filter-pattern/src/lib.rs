//! The CloudWatch Logs filter-pattern language: read a pattern, ask which
//! events it matches, and prove what it covers.
//!
//! # Reading and matching
//!
//! [`FilterPattern::parse`] reads patterns of every kind, JSON (`{ … }`),
//! space-delimited (`[ … ]`), words, and regular expressions (`%…%`), within
//! AWS's [limits]. Errors point at the character and say what was expected.
//! `Display` writes the canonical form.
//!
//! ```
//! use filter_pattern::{Event, FilterPattern};
//!
//! let pattern: FilterPattern = "{ $.eventName = Delete* && $.errorCode NOT EXISTS }".parse()?;
//! let event = Event::parse(r#"{"eventName": "DeleteTrail", "awsRegion": "eu-west-1"}"#)?;
//! assert!(pattern.matches(&event));
//!
//! let error = FilterPattern::parse("{ $.eventName == x }").unwrap_err();
//! assert_eq!((error.span(), error.expected()), (14..16, Some("`=`")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Matching follows what was observed on AWS's TestMetricFilter where the
//! documentation is silent: wildcards do not backtrack, a quoted operand meets
//! the text of a number and an unquoted one its value, a missing property
//! matches neither `=` nor `!=`. What nobody has observed either is an
//! [`OpenQuestion`], answered with no unless a [`Reading`] says otherwise.
//! [`FilterPattern::answer`] names the [`Assumption`]s that a match rests on.
//!
//! [`test_metric_filter`] answers as the API call does; [`limits`] checks what
//! holds for a log group's filters together; [`FieldSelectionCriteria`] is the
//! second language, by which a filter is narrowed to accounts and Regions.
//!
//! # Coverage, proved
//!
//! [`covers`] decides whether every event that one pattern matches is matched by
//! at least one of several others: yes with a [`Proof`], no with a [`Witness`]
//! (an event that escapes, confirmed by the evaluator), or unknown with a
//! [`Why`]. It decides over a [`Schema`]: with CloudTrail's record contents
//! known, a filter for one Region and a filter for all others cover together.
//!
//! ```
//! use filter_pattern::{Covers, FilterPattern, Schema, covers};
//!
//! let required: FilterPattern = "{ $.eventName = StopLogging }".parse()?;
//! let here: FilterPattern = "{ $.eventName = Stop* && $.awsRegion = eu-west-1 }".parse()?;
//! let elsewhere: FilterPattern = "{ $.eventName = Stop* && $.awsRegion != eu-west-1 }".parse()?;
//!
//! let Covers::Yes(proof) = covers(&required, &[&here, &elsewhere], &Schema::cloudtrail()) else {
//!     panic!("the two cover together");
//! };
//! // It takes that each record has a Region and that it is a text.
//! assert_eq!(proof.assumptions().len(), 2);
//!
//! let Covers::No(witness) = covers(&required, &[&here], &Schema::cloudtrail()) else {
//!     panic!("one alone does not");
//! };
//! assert_ne!(witness.event()["awsRegion"], "eu-west-1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Decisions take a bounded number of steps ([`Budget`]); past it the answer is
//! unknown, never wrong. The crate does no I/O, reads no clock and has no unsafe
//! code.

#![forbid(unsafe_code)]

pub mod ast;
pub mod compare;
mod counterexample;
mod cover;
mod criteria;
mod decimal;
mod display;
mod edits;
mod evaluate;
mod event;
pub mod explain;
mod language;
pub mod limits;
mod metric_filter;
pub mod minimize;
mod parse;
mod pattern;
mod prover;
pub mod regex;
mod schema;
mod spelling;
pub mod suggest;
pub mod trace;

pub use ast::PatternKind;
pub use cover::{
    Assumption, Budget, CoverQuestion, Covers, NarrowingClause, Noise, Proof, Why, Witness, beyond,
    covers, equivalent, missing_values, narrowing_clauses, never_matches, noise, overlap,
};
pub use criteria::FieldSelectionCriteria;
pub use decimal::Decimal;
pub use evaluate::{MatchAnswer, MatchedFields, OpenQuestion, Reading, split_fields};
pub use event::{Event, EventError, EventValue};
pub use metric_filter::{MetricFilterMatch, TestMetricFilterError, test_metric_filter};
pub use parse::{ParseError, ParseErrorKind};
pub use pattern::FilterPattern;
pub use schema::Schema;

/// The README's examples run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
