//! Evaluation of JSON patterns. Sources: AWS's `FilterAndPatternSyntax` page and
//! results of TestMetricFilter that third parties recorded.

use std::cmp::Ordering;

use crate::ast::{Expression, NumberLiteral, Operand, Test};
use crate::event::{Event, EventValue};

use super::reading::{OpenQuestion, Reading};
use super::{MatchedFields, Taken};

pub(super) fn matches(expression: &Expression, event: &Event, reading: Reading) -> bool {
    if !matches!(event.root(), EventValue::Object(_)) {
        return false;
    }
    holds(expression, event, reading)
}

fn holds(expression: &Expression, event: &Event, reading: Reading) -> bool {
    match expression {
        Expression::And(parts) => parts.iter().all(|part| holds(part, event, reading)),
        Expression::Or(parts) => parts.iter().any(|part| holds(part, event, reading)),
        Expression::Condition(condition) => {
            let selector = &condition.selector;
            let first = reading.departs_from(Taken::LastMemberCounts);
            let every = matches!(condition.test, Test::NotEquals(_))
                && selector.has_wildcard()
                && reading.answers_yes(OpenQuestion::NotEqualsOnEveryElement);
            if every {
                let mut elements = 0;
                let one_fails = event.any(selector, first, &mut |value| {
                    elements += 1;
                    !test_holds(&condition.test, value, reading)
                });
                return elements > 0 && !one_fails;
            }
            event.any(selector, first, &mut |value| {
                test_holds(&condition.test, value, reading)
            })
        }
    }
}

/// Whether a test holds for the value of a property; `None` is a missing one.
pub(crate) fn test_holds(test: &Test, value: Option<&EventValue>, reading: Reading) -> bool {
    let yes = |question| reading.answers_yes(question);
    match (test, value) {
        (Test::NotExists, None) => true,
        (Test::NotExists, Some(EventValue::Null)) => yes(OpenQuestion::NotExistsOnNull),
        (Test::IsNull, Some(value)) => *value == EventValue::Null,
        (Test::IsTrue, Some(value)) => is_boolean(true, value, reading),
        (Test::IsFalse, Some(value)) => is_boolean(false, value, reading),
        (Test::Equals(operand), Some(EventValue::Bool(value))) => {
            yes(OpenQuestion::BooleanAsText) && equals_text(operand, boolean_text(*value), reading)
        }
        (Test::NotEquals(operand), Some(EventValue::Bool(value))) => {
            (yes(OpenQuestion::NotEqualsOnBoolean) || yes(OpenQuestion::BooleanAsText))
                && !equals_text(operand, boolean_text(*value), reading)
        }
        (Test::NotEquals(_), Some(EventValue::Null)) => yes(OpenQuestion::NotEqualsOnNull),
        (Test::Equals(operand), Some(value)) => equals(operand, value, reading) == Some(true),
        (Test::NotEquals(operand), Some(value)) => equals(operand, value, reading) == Some(false),
        (Test::Compare(comparison, literal), Some(EventValue::Number(text))) => {
            compared(text, literal, reading).is_some_and(|ordering| comparison.holds(ordering))
        }
        (Test::NotExists | Test::Compare(..), Some(_)) | (_, None) => false,
    }
}

fn is_boolean(expected: bool, value: &EventValue, reading: Reading) -> bool {
    match value {
        EventValue::Bool(value) => *value == expected,
        EventValue::String(text) => {
            reading.answers_yes(OpenQuestion::IsBooleanOnText) && **text == *boolean_text(expected)
        }
        _ => false,
    }
}

fn boolean_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Whether a text or number equals an operand; `None` for every other kind of
/// value, which neither `=` nor `!=` matches.
fn equals(operand: &Operand, value: &EventValue, reading: Reading) -> Option<bool> {
    match (operand, value) {
        // An unquoted number is compared with a number by value, `12` with `12.0`.
        (Operand::Number(literal), EventValue::Number(text)) => {
            Some(compared(text, literal, reading).is_some_and(Ordering::is_eq))
        }
        (Operand::Number(_), EventValue::String(_))
            if reading.departs_from(Taken::NumbersAsTexts) =>
        {
            Some(false)
        }
        // Everything else compares texts: a quoted `"12"` is not the number `12.0`.
        (_, EventValue::String(text) | EventValue::Number(text)) => {
            Some(equals_text(operand, text, reading))
        }
        _ => None,
    }
}

/// How the value of a number text compares to a literal's.
pub(super) fn compared(text: &str, literal: &NumberLiteral, reading: Reading) -> Option<Ordering> {
    if reading.departs_from(Taken::ExactNumbers) {
        let literal: f64 = literal.as_str().parse().ok()?;
        return text.parse::<f64>().ok()?.partial_cmp(&literal);
    }
    literal.value().compared_with(text)
}

/// Whether a text equals an operand; an unquoted number counts as its text.
pub(super) fn equals_text(operand: &Operand, text: &str, reading: Reading) -> bool {
    match operand {
        Operand::Text(pattern) if reading.departs_from(Taken::LeftmostWildcards) => {
            pattern.matches_with_backtracking(text)
        }
        Operand::Text(pattern) => pattern.matches(text),
        Operand::Number(literal) => literal.as_str() == text,
        Operand::Regex(regex) => regex.is_match(text),
    }
}

/// The texts and numbers at the pattern's selectors, wildcards excepted.
pub(super) fn extract(expression: &Expression, event: &Event) -> MatchedFields {
    let mut fields = MatchedFields::new();
    for condition in expression.conditions() {
        if condition.selector.has_wildcard() {
            continue;
        }
        let text = match event.get(&condition.selector) {
            Some(EventValue::String(text) | EventValue::Number(text)) => text.to_string(),
            Some(EventValue::Bool(value)) => boolean_text(*value).to_owned(),
            _ => continue,
        };
        fields.insert(condition.selector.to_string(), text);
    }
    fields
}
