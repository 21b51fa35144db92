//! Events that a pattern without one of its parts may match otherwise than before: made
//! of the part alone, and shown to the evaluator. Most parts of most patterns are
//! needed, and one such event says so in a fraction of the time of a proof.

use std::cell::OnceCell;

use crate::ast::Ast;
use crate::cover::overlaid;
use crate::edits::{Edit, Lists};
use crate::event::{Event, EventValue};
use crate::pattern::FilterPattern;
use crate::prover::Prover;

/// Makes events for the edits of one pattern.
pub(crate) struct Counterexamples<'p> {
    pattern: &'p FilterPattern,
    /// An event that the pattern matches, if one was found, once it was looked for.
    matched: OnceCell<Option<Event>>,
}

impl<'p> Counterexamples<'p> {
    /// For the edits of this pattern and of others that match the same events.
    pub(crate) fn of(pattern: &'p FilterPattern) -> Self {
        Self {
            pattern,
            matched: OnceCell::new(),
        }
    }

    /// Whether some event shows that an edit of the pattern makes a difference: all of
    /// `required` match it, and none of `filters`.
    pub(crate) fn refute(
        &self,
        edit: &Edit,
        lists: Lists,
        required: &[&FilterPattern],
        filters: &[&FilterPattern],
        prover: &Prover<'_>,
    ) -> bool {
        if !matches!(edit.pattern.ast(), Ast::Json(_)) {
            return false;
        }
        let events = match lists {
            // What only the alternative matches.
            Lists::Alternatives => an_event_of(&edit.removed, prover).into_iter().collect(),
            // What fails the condition, and nothing else.
            Lists::Conjuncts => self.failing(&edit.removed, prover),
        };
        events
            .iter()
            .any(|event| prover.escapes(event, required, filters))
    }

    /// The matched event with other values where a part asks for something.
    fn failing(&self, part: &FilterPattern, prover: &Prover<'_>) -> Vec<Event> {
        let matched = self
            .matched
            .get_or_init(|| an_event_of(self.pattern, prover));
        let (Some(matched), Ast::Json(expression)) = (matched, part.ast()) else {
            return Vec::new();
        };
        let conditions = expression.conditions();
        let values = [None, Some(EventValue::String("other".into()))];
        let changed = values.into_iter().filter_map(|value| {
            let changes: Vec<_> = conditions
                .iter()
                .filter(|condition| !condition.selector.has_wildcard())
                .map(|condition| (&condition.selector, value.clone()))
                .collect();
            overlaid(matched.clone(), &changes)
        });
        changed.collect()
    }
}

fn an_event_of(pattern: &FilterPattern, prover: &Prover<'_>) -> Option<Event> {
    let found = prover.covers(pattern, &[]);
    found.witness().map(|witness| witness.as_event().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edits::without_part;
    use crate::schema::Schema;

    #[test]
    fn parts_that_are_needed_are_refuted_and_others_are_not() {
        #[rustfmt::skip]
        let table = [
            ("{ $.a = 1 || $.b = 2 }",                 Lists::Alternatives, [true, true]),
            // One event of `x*` is tried, and `x` is the plainest.
            ("{ $.a = x || $.a = x* }",                Lists::Alternatives, [false, false]),
            ("{ $.a = x || $.a = xy* }",               Lists::Alternatives, [true, true]),
            ("{ $.a = 1 && $.b NOT EXISTS }",          Lists::Conjuncts,    [true, true]),
            ("{ $.a[0] = x && $.a[1] != y }",          Lists::Conjuncts,    [true, true]),
            ("{ $.a = xy && $.a = x* }",               Lists::Conjuncts,    [false, false]),
            ("{ $.a = xy && $.a != z* }",              Lists::Conjuncts,    [true, false]),
            ("{ $.a > 1 && ($.b IS NULL || $.c = q) }", Lists::Conjuncts,   [true, true]),
        ];
        for schema in [Schema::any(), Schema::cloudtrail()] {
            for (text, lists, expected) in table {
                let pattern: FilterPattern = text.parse().unwrap();
                let prover = Prover::new(&schema);
                let examples = Counterexamples::of(&pattern);
                for (number, expected) in expected.into_iter().enumerate() {
                    let edit = without_part(&pattern, lists, number).unwrap();
                    let (required, filters) = match lists {
                        Lists::Alternatives => (&pattern, &edit.pattern),
                        Lists::Conjuncts => (&edit.pattern, &pattern),
                    };
                    let refuted = examples.refute(&edit, lists, &[required], &[filters], &prover);
                    assert_eq!(refuted, expected, "{text} without {}", edit.removed);
                }
            }
        }
    }
}
