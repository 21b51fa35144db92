//! The limits that AWS documents for filter patterns and log groups, and those
//! that are this crate's own. What holds for one pattern is checked by the parser
//! ([`ParseErrorKind`] has a kind for each); what holds for a log group or for a
//! metric filter's dimensions is checked by the functions here.
//!
//! [`ParseErrorKind`]: crate::ParseErrorKind

use crate::ast::PatternKind;
use crate::pattern::FilterPattern;

/// The longest pattern (`API_PutMetricFilter`, `filterPattern`: "Maximum length
/// of 1024"). Counted in characters, as the service's Smithy model counts the
/// length of a string: in Unicode scalar values.
pub const PATTERN_CHARACTERS: usize = 1024;

/// Wildcards (`[*]` or `.*`) in one property selector: "You can only use up to
/// one wildcard selector in a property selector." (`FilterAndPatternSyntax`)
pub const WILDCARDS_PER_SELECTOR: usize = 1;

/// Property selectors with a wildcard in one pattern: "up to three wildcard
/// selectors in a filter pattern with compound expressions."
/// (`FilterAndPatternSyntax`)
pub const WILDCARD_SELECTORS_PER_PATTERN: usize = 3;

/// Regular expressions in one JSON or space-delimited pattern
/// (`regex-expressions`, quotas).
pub const REGEXES_PER_PATTERN: usize = 2;

/// Filter patterns with regular expressions in one log group, metric and
/// subscription filters together (`regex-expressions`, quotas).
pub const REGEX_PATTERNS_PER_LOG_GROUP: usize = 5;

/// Metric filters in one log group (`cloudwatch_limits_cwl`).
pub const METRIC_FILTERS_PER_LOG_GROUP: usize = 100;

/// Subscription filters in one log group (`cloudwatch_limits_cwl`).
pub const SUBSCRIPTION_FILTERS_PER_LOG_GROUP: usize = 2;

/// Dimensions of one metric filter, system fields included
/// (`API_MetricTransformation`, `API_PutMetricFilter`).
pub const DIMENSIONS_PER_METRIC_FILTER: usize = 3;

/// The longest field selection criteria in characters (`API_PutMetricFilter`,
/// `fieldSelectionCriteria`).
pub const CRITERIA_CHARACTERS: usize = 2000;

/// Messages in one TestMetricFilter request (`API_TestMetricFilter`).
pub const TEST_MESSAGES: usize = 50;

/// How deep parentheses may nest. AWS documents no such limit; this one keeps
/// the parser's stack bounded.
pub const NESTING: usize = 200;

/// States that one regular expression may need. AWS documents no such limit;
/// this one keeps memory bounded when repetitions multiply.
pub const REGEX_STATES: usize = 20_000;

/// What a log group or a metric filter has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// Metric filters in a log group.
    #[error("{count} metric filters, a log group has {METRIC_FILTERS_PER_LOG_GROUP} at most")]
    MetricFilters {
        /// How many there are.
        count: usize,
    },
    /// Subscription filters in a log group.
    #[error(
        "{count} subscription filters, a log group has {SUBSCRIPTION_FILTERS_PER_LOG_GROUP} at most"
    )]
    SubscriptionFilters {
        /// How many there are.
        count: usize,
    },
    /// Filters with regular expressions in a log group.
    #[error(
        "{count} filters with regular expressions, a log group has {REGEX_PATTERNS_PER_LOG_GROUP} at most"
    )]
    RegexFilters {
        /// How many there are.
        count: usize,
    },
    /// Dimensions of a metric filter.
    #[error("{count} dimensions, a metric filter has {DIMENSIONS_PER_METRIC_FILTER} at most")]
    Dimensions {
        /// How many there are.
        count: usize,
    },
    /// Dimensions of a filter whose pattern has no fields.
    #[error("only JSON and space-delimited patterns support dimensions")]
    DimensionsOfKind(PatternKind),
    /// Dimensions beside a default value.
    #[error("dimensions and a default value exclude each other")]
    DimensionsWithDefault,
}

/// Checks the filters of one log group together.
///
/// ```
/// use filter_pattern::limits::{LimitError, check_log_group};
/// use filter_pattern::FilterPattern;
///
/// let regex: FilterPattern = "%ERROR%".parse()?;
/// assert_eq!(check_log_group(&[&regex; 5], &[]), Ok(()));
/// assert_eq!(check_log_group(&[&regex; 5], &[&regex]), Err(LimitError::RegexFilters { count: 6 }));
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn check_log_group(
    metric_filters: &[&FilterPattern],
    subscription_filters: &[&FilterPattern],
) -> Result<(), LimitError> {
    let count = metric_filters.len();
    if count > METRIC_FILTERS_PER_LOG_GROUP {
        return Err(LimitError::MetricFilters { count });
    }
    let count = subscription_filters.len();
    if count > SUBSCRIPTION_FILTERS_PER_LOG_GROUP {
        return Err(LimitError::SubscriptionFilters { count });
    }
    let all = metric_filters.iter().chain(subscription_filters);
    let count = all.filter(|pattern| pattern.has_regex()).count();
    if count > REGEX_PATTERNS_PER_LOG_GROUP {
        return Err(LimitError::RegexFilters { count });
    }
    Ok(())
}

/// Checks a metric filter's dimensions: `dimensions` counts those that take a
/// value from the event and the system fields together.
pub fn check_dimensions(
    pattern: &FilterPattern,
    dimensions: usize,
    has_default_value: bool,
) -> Result<(), LimitError> {
    if dimensions == 0 {
        return Ok(());
    }
    if dimensions > DIMENSIONS_PER_METRIC_FILTER {
        return Err(LimitError::Dimensions { count: dimensions });
    }
    if has_default_value {
        return Err(LimitError::DimensionsWithDefault);
    }
    match pattern.kind() {
        PatternKind::Json | PatternKind::SpaceDelimited => Ok(()),
        kind => Err(LimitError::DimensionsOfKind(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilterPattern {
        FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_log_group_has_a_hundred_metric_filters_and_two_subscriptions() {
        let word = pattern("ERROR");
        assert_eq!(check_log_group(&[&word; 100], &[&word; 2]), Ok(()));
        assert_eq!(
            check_log_group(&[&word; 101], &[]),
            Err(LimitError::MetricFilters { count: 101 })
        );
        assert_eq!(
            check_log_group(&[], &[&word; 3]),
            Err(LimitError::SubscriptionFilters { count: 3 })
        );
    }

    #[test]
    fn regular_expressions_are_counted_by_filter_in_every_kind() {
        let kinds = [
            pattern("{ $.a = %x% && $.b = %y% }"),
            pattern("[a = %x%, b]"),
            pattern("%x%"),
            pattern("{ $.a != %x% }"),
            pattern("[a, b != %x%]"),
        ];
        let mut all: Vec<&FilterPattern> = kinds.iter().collect();
        let quoted = pattern("{ $.a = \"%x%\" }");
        all.push(&quoted);
        assert_eq!(check_log_group(&all, &[]), Ok(()));
        assert_eq!(
            check_log_group(&all, &[&kinds[2]]),
            Err(LimitError::RegexFilters { count: 6 })
        );
    }

    #[test]
    fn dimensions_need_fields_and_exclude_a_default_value() {
        #[rustfmt::skip]
        let table = [
            ("{ $.a = * }", 3, false, Ok(())),
            ("[a, b]",      3, false, Ok(())),
            ("{ $.a = * }", 4, false, Err(LimitError::Dimensions { count: 4 })),
            ("{ $.a = * }", 1, true,  Err(LimitError::DimensionsWithDefault)),
            ("{ $.a = * }", 0, true,  Ok(())),
            ("ERROR",       1, false, Err(LimitError::DimensionsOfKind(PatternKind::Terms))),
            ("%ERROR%",     1, false, Err(LimitError::DimensionsOfKind(PatternKind::Regex))),
            ("",            1, false, Err(LimitError::DimensionsOfKind(PatternKind::Empty))),
            ("ERROR",       0, true,  Ok(())),
        ];
        for (text, dimensions, default, expected) in table {
            let result = check_dimensions(&pattern(text), dimensions, default);
            assert_eq!(result, expected, "{text} with {dimensions}");
        }
    }
}
