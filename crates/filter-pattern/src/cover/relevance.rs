//! Which filters can match any event of the required pattern at all. A log
//! group's other filters name other events; seeing that from the texts alone
//! keeps the problem small.

use crate::ast::{Ast, Condition, Expression, Operand, Selector, Test};
use crate::evaluate::{Reading, test_holds};
use crate::event::{EventValue, is_json_number};
use crate::pattern::FilterPattern;

/// The fields that the required pattern holds to a few texts.
pub(super) struct Required<'a> {
    fields: Vec<(&'a Selector, Vec<&'a str>, Shapes)>,
}

/// Which lengths and first letters some texts have, to tell most other texts
/// apart at a glance.
#[derive(Clone, Copy, Debug, Default)]
struct Shapes(u64);

impl Shapes {
    fn of(text: &str) -> u64 {
        let first = text.bytes().next().unwrap_or_default();
        let last = text.bytes().next_back().unwrap_or_default();
        let mixed = text.len() ^ usize::from(first) << 1 ^ usize::from(last) << 3;
        1 << (mixed % 64)
    }

    fn may_have(self, text: &str) -> bool {
        self.0 & Self::of(text) != 0
    }
}

/// The filters that share a condition with the required patterns, apart from
/// names of events that many patterns list.
pub(super) fn kin<'b>(
    required: &[&FilterPattern],
    filters: impl Iterator<Item = &'b FilterPattern>,
) -> Vec<&'b FilterPattern> {
    let mut asked: Vec<(&Selector, &Test)> = Vec::new();
    for pattern in required {
        if let Ast::Json(expression) = pattern.ast() {
            visit(expression, &mut |condition| {
                asked.push((&condition.selector, &condition.test));
                true
            });
        }
    }
    let shares = |filter: &&FilterPattern| match filter.ast() {
        Ast::Json(expression) => !visit(expression, &mut |condition| {
            !asked.iter().any(|(selector, test)| {
                **selector == condition.selector && **test == condition.test
            })
        }),
        _ => true,
    };
    filters.filter(shares).collect()
}

/// Shows each condition until one is enough; says whether all were shown.
fn visit<'e>(expression: &'e Expression, show: &mut dyn FnMut(&'e Condition) -> bool) -> bool {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            parts.iter().all(|part| visit(part, show))
        }
        Expression::Condition(condition) => show(condition),
    }
}

impl<'a> Required<'a> {
    pub(super) fn new(required: &[&'a FilterPattern]) -> Self {
        let mut fields = Vec::new();
        for pattern in required {
            if let Ast::Json(expression) = pattern.ast() {
                let parts = match expression {
                    Expression::And(parts) => parts.as_slice(),
                    other => std::slice::from_ref(other),
                };
                fields.extend(parts.iter().filter_map(texts_of).map(|(selector, texts)| {
                    let shapes = texts
                        .iter()
                        .fold(0, |shapes, text| shapes | Shapes::of(text));
                    (selector, texts, Shapes(shapes))
                }));
            }
        }
        Self { fields }
    }

    /// The filters that may match an event that the required pattern matches.
    pub(super) fn meeting<'b>(&self, filters: &[&'b FilterPattern]) -> Vec<&'b FilterPattern> {
        filters
            .iter()
            .filter(|filter| self.may_meet(filter))
            .copied()
            .collect()
    }

    /// Whether a filter may match an event that the required pattern matches;
    /// never no when it does.
    fn may_meet(&self, filter: &FilterPattern) -> bool {
        match filter.ast() {
            Ast::Json(expression) => self.may_hold(expression),
            _ => true,
        }
    }

    fn may_hold(&self, expression: &Expression) -> bool {
        match expression {
            Expression::And(parts) => parts.iter().all(|part| self.may_hold(part)),
            Expression::Or(parts) => parts.iter().any(|part| self.may_hold(part)),
            Expression::Condition(condition) => {
                let known = self
                    .fields
                    .iter()
                    .filter(|(selector, ..)| **selector == condition.selector);
                known.into_iter().all(|(_, texts, shapes)| {
                    match super::named_text(&condition.test) {
                        Some(text) => shapes.may_have(text) && texts.contains(&text),
                        None => texts.iter().any(|text| holds(&condition.test, text)),
                    }
                })
            }
        }
    }
}

fn holds(test: &Test, text: &str) -> bool {
    match test {
        Test::Equals(Operand::Text(pattern)) => pattern.matches(text),
        Test::NotEquals(Operand::Text(pattern)) => !pattern.matches(text),
        Test::Equals(Operand::Regex(regex)) => regex.is_match(text),
        // The kinds of tests whose answer on a text is open, or only taken as given, stay possible.
        Test::IsTrue
        | Test::IsFalse
        | Test::Equals(Operand::Number(_))
        | Test::NotEquals(Operand::Number(_)) => true,
        other => test_holds(
            other,
            Some(&EventValue::String(text.into())),
            Reading::default(),
        ),
    }
}

/// A field and the texts that it may have, for `f = a || f = b`.
fn texts_of(expression: &Expression) -> Option<(&Selector, Vec<&str>)> {
    let parts = match expression {
        Expression::Or(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut found: Option<(&Selector, Vec<&str>)> = None;
    for part in parts {
        let Expression::Condition(condition) = part else {
            return None;
        };
        let text = super::named_text(&condition.test)?;
        // Such a text may also be met by a number or a boolean.
        if is_json_number(text)
            || matches!(text, "true" | "false")
            || condition.selector.has_wildcard()
        {
            return None;
        }
        let (selector, texts) = found.get_or_insert((&condition.selector, Vec::new()));
        if **selector != condition.selector {
            return None;
        }
        texts.push(text);
    }
    found
}

#[cfg(test)]
mod tests;
