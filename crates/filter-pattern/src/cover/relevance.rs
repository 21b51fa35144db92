//! Which filters can match any event of the required pattern at all. A log
//! group's other filters name other events; seeing that from the texts alone
//! keeps the problem small.

use crate::ast::{Ast, Expression, Operand, Selector, Test};
use crate::evaluate::{Reading, test_holds};
use crate::event::{EventValue, is_json_number};
use crate::pattern::FilterPattern;

/// The fields that the required pattern holds to a few texts.
pub(super) struct Required<'a> {
    fields: Vec<(&'a Selector, Vec<&'a str>)>,
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
                fields.extend(parts.iter().filter_map(texts_of));
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
                    .filter(|(selector, _)| **selector == condition.selector);
                known
                    .into_iter()
                    .all(|(_, texts)| texts.iter().any(|text| holds(&condition.test, text)))
            }
        }
    }
}

fn holds(test: &Test, text: &str) -> bool {
    match test {
        Test::Equals(Operand::Text(pattern)) => pattern.matches(text),
        // The kinds of tests whose answer on a text is open stay possible.
        Test::IsTrue | Test::IsFalse => true,
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
