//! JSON conditions: which values a selector stands for, and what a test asks of
//! each of them.

use std::cmp::Ordering;

use filter_pattern::ast::{Comparison, Expression, Operand, Segment, Test};
use filter_pattern::{OpenQuestion, Reading};

use super::value::Value;
use super::{Number, Regex, wildcard};

/// Whether an expression holds for an event.
pub fn holds(expression: &Expression, event: &Value, reading: Reading) -> bool {
    match expression {
        Expression::And(parts) => !parts.iter().any(|part| !holds(part, event, reading)),
        Expression::Or(parts) => parts.iter().any(|part| holds(part, event, reading)),
        Expression::Condition(condition) => {
            let segments = condition.selector.segments();
            let results: Vec<bool> = values_at(Some(event), segments)
                .into_iter()
                .map(|value| test_holds(&condition.test, value, reading))
                .collect();
            let wildcard = segments
                .iter()
                .any(|it| matches!(it, Segment::AnyKey | Segment::AnyIndex));
            let negated = matches!(condition.test, Test::NotEquals(_));
            let every = reading.answers_yes(OpenQuestion::NotEqualsOnEveryElement);
            if wildcard && negated && every {
                !results.is_empty() && results.iter().all(|result| *result)
            } else {
                results.contains(&true)
            }
        }
    }
}

/// All the values that a selector stands for, from some value on; nothing for a
/// way that ends early.
pub fn values_at<'v>(value: Option<&'v Value>, segments: &[Segment]) -> Vec<Option<&'v Value>> {
    let mut values = vec![value];
    for segment in segments {
        let mut next = Vec::new();
        for value in values {
            match (segment, value) {
                (Segment::AnyKey, Some(Value::Object(members))) => {
                    next.extend(members.iter().map(|(_, value)| Some(value)));
                }
                (Segment::AnyIndex, Some(Value::Array(elements))) => {
                    next.extend(elements.iter().map(Some));
                }
                (Segment::AnyKey | Segment::AnyIndex, _) => {}
                (Segment::Key(key), Some(value)) => next.push(value.member(key)),
                (Segment::Index(index), Some(Value::Array(elements))) => {
                    next.push(elements.get(*index as usize));
                }
                _ => next.push(None),
            }
        }
        values = next;
    }
    values
}

/// Whether a test holds for a value, or for a missing one.
pub fn test_holds(test: &Test, value: Option<&Value>, reading: Reading) -> bool {
    let yes = |question| reading.answers_yes(question);
    match test {
        Test::NotExists => match value {
            None => true,
            Some(Value::Null) => yes(OpenQuestion::NotExistsOnNull),
            Some(_) => false,
        },
        Test::IsNull => value == Some(&Value::Null),
        Test::IsTrue => is_boolean(value, "true", reading),
        Test::IsFalse => is_boolean(value, "false", reading),
        Test::Equals(operand) => match value {
            Some(Value::Text(text)) => text_equals(operand, text),
            Some(Value::Number(text)) => number_equals(operand, text),
            Some(Value::Bool(value)) => {
                yes(OpenQuestion::BooleanAsText) && text_equals(operand, boolean(*value))
            }
            _ => false,
        },
        Test::NotEquals(operand) => match value {
            Some(Value::Text(text)) => !text_equals(operand, text),
            Some(Value::Number(text)) => !number_equals(operand, text),
            Some(Value::Bool(value)) => {
                let asked =
                    yes(OpenQuestion::BooleanAsText) || yes(OpenQuestion::NotEqualsOnBoolean);
                asked && !text_equals(operand, boolean(*value))
            }
            Some(Value::Null) => yes(OpenQuestion::NotEqualsOnNull),
            _ => false,
        },
        Test::Compare(comparison, literal) => match value {
            Some(Value::Number(text)) => compares(*comparison, text, literal.as_str()),
            _ => false,
        },
    }
}

fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn is_boolean(value: Option<&Value>, expected: &str, reading: Reading) -> bool {
    match value {
        Some(Value::Bool(value)) => boolean(*value) == expected,
        Some(Value::Text(text)) => {
            reading.answers_yes(OpenQuestion::IsBooleanOnText) && text == expected
        }
        _ => false,
    }
}

/// Whether a text equals an operand; an unquoted number stands for its text.
pub(super) fn text_equals(operand: &Operand, text: &str) -> bool {
    match operand {
        Operand::Text(pattern) => wildcard::matches(pattern.as_str(), text),
        Operand::Number(literal) => literal.as_str() == text,
        Operand::Regex(regex) => Regex::cached(regex.as_str(), |regex| regex.finds(text)),
    }
}

/// An unquoted number meets the value of a number, everything else its text.
pub(super) fn number_equals(operand: &Operand, text: &str) -> bool {
    match operand {
        Operand::Number(literal) => ordering(text, literal.as_str()) == Some(Ordering::Equal),
        _ => text_equals(operand, text),
    }
}

pub(super) fn compares(comparison: Comparison, text: &str, literal: &str) -> bool {
    let Some(ordering) = ordering(text, literal) else {
        return false;
    };
    match comparison {
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering != Ordering::Greater,
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering != Ordering::Less,
    }
}

fn ordering(left: &str, right: &str) -> Option<Ordering> {
    Some(Number::read(left)?.compare(&Number::read(right)?))
}
