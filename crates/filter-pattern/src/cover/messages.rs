//! Questions between patterns of words and regular expressions: questions about
//! the text of the message, whatever its form.

use crate::ast::Selector;
use crate::evaluate::{OpenQuestion, Reading};
use crate::event::{Event, EventValue};
use crate::pattern::FilterPattern;
use crate::schema::{Circumstances, Records, Schema, template};

use super::answer::{Covers, Proof, Why};
use super::asked::{Asked, Confirm, Confirmation, Outcome};
use super::problem::{Patterns, Problem};
use super::texts;
use super::witness;

/// Decides a question whose required patterns are words or regular expressions.
pub(super) fn decide(patterns: &Patterns<'_>, schema: &Schema, steps: &mut u64) -> Covers {
    match with_question(patterns, schema, |asked| asked.decide(steps)) {
        // That a message is a text is no assumption.
        Some(Outcome::Answer(Covers::Yes(_))) => Covers::Yes(Proof::default()),
        Some(Outcome::Answer(other)) => other,
        // INVARIANT: `confirm` never says so.
        Some(Outcome::Caught) => Covers::Unknown(Why::Unconfirmed),
        None => Covers::Unknown(Why::NotJson),
    }
}

/// The same where only a proof is of use: whether there is one.
pub(super) fn are_covered(patterns: &Patterns<'_>, schema: &Schema, steps: &mut u64) -> bool {
    with_question(patterns, schema, |asked| asked.prove(steps).is_some()).unwrap_or(false)
}

/// Makes the problem of a question about messages and hands it on; `None` when
/// its required patterns are about more than the text.
fn with_question<R>(
    patterns: &Patterns<'_>,
    schema: &Schema,
    answer: impl FnOnce(&Asked<'_, '_>) -> R,
) -> Option<R> {
    let required: Vec<FilterPattern> = patterns
        .required
        .iter()
        .map(|pattern| texts::over_message(pattern))
        .collect::<Option<_>>()?;
    let texts_of = |filters: &[&FilterPattern]| -> Vec<FilterPattern> {
        filters
            .iter()
            .filter_map(|filter| texts::over_message(filter))
            .collect()
    };
    let (filters, except) = (texts_of(patterns.filters), texts_of(patterns.except));
    let all_there =
        filters.len() == patterns.filters.len() && except.len() == patterns.except.len();
    let required: Vec<_> = required.iter().collect();
    let (filters, except): (Vec<_>, Vec<_>) = (filters.iter().collect(), except.iter().collect());
    let messages = Schema::messages();
    let taking_part = Patterns {
        required: &required,
        filters: &filters,
        except: &except,
    };
    let mut problem = Problem::new(&taking_part, &messages);
    problem.inexact = !all_there || schema.records() != Records::Any;
    let confirm = Evaluator { patterns, schema };
    Some(answer(&Asked::new(
        &problem,
        taking_part,
        &messages,
        &confirm,
    )))
}

/// The evaluator on messages.
struct Evaluator<'q, 'f> {
    patterns: &'q Patterns<'f>,
    schema: &'q Schema,
}

impl Confirm for Evaluator<'_, '_> {
    fn confirm(&self, event: &Event, reading: Reading) -> Confirmation {
        let message = event.get(&Selector::of_keys([texts::MESSAGE]));
        let Some(text) = message.and_then(EventValue::as_text) else {
            return Confirmation::Refused;
        };
        let shown = message_event(text, self.schema);
        if witness::message_escapes(&shown, self.patterns, self.schema, reading) {
            Confirmation::ShownAs(shown)
        } else {
            Confirmation::Refused
        }
    }

    /// The text of a message raises none.
    fn raised_by(&self, _event: &Event) -> Vec<OpenQuestion> {
        Vec::new()
    }
}

/// A message with this text in it that a schema admits.
fn message_event(text: &str, schema: &Schema) -> Event {
    if schema.records() == Records::Any {
        return Event::from_root(EventValue::String(text.into()));
    }
    let record = template(schema, &Circumstances::default());
    let EventValue::Object(mut members) = record.into_root() else {
        return Event::from_root(EventValue::String(text.into()));
    };
    for (key, value) in &mut members {
        if **key == *"userAgent" {
            *value = EventValue::String(text.into());
        }
    }
    Event::from_members(members)
}
