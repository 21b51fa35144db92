//! The limits that AWS documents for filter patterns, and the one that is this
//! crate's own. Each is a constant here and a [`ParseErrorKind`] where it is
//! checked.
//!
//! [`ParseErrorKind`]: crate::ParseErrorKind

/// The longest pattern in characters (`PutMetricFilter`, `filterPattern`).
pub const PATTERN_CHARACTERS: usize = 1024;

/// Wildcards (`[*]` or `.*`) in one property selector.
pub const WILDCARDS_PER_SELECTOR: usize = 1;

/// Property selectors with a wildcard in one compound pattern.
pub const WILDCARD_SELECTORS_PER_PATTERN: usize = 3;

/// Regular expressions in one JSON or space-delimited pattern.
pub const REGEXES_PER_PATTERN: usize = 2;

/// Filter patterns with regular expressions in one log group, metric and
/// subscription filters together.
pub const REGEX_PATTERNS_PER_LOG_GROUP: usize = 5;

/// Metric filters in one log group.
pub const METRIC_FILTERS_PER_LOG_GROUP: usize = 100;

/// The longest field selection criteria in characters.
pub const CRITERIA_CHARACTERS: usize = 2000;

/// How deep parentheses may nest. AWS documents no such limit; this one keeps
/// the parser's stack bounded.
pub const NESTING: usize = 200;

/// States that one regular expression may need. AWS documents no such limit;
/// this one keeps memory bounded when repetitions multiply.
pub const REGEX_STATES: usize = 20_000;
