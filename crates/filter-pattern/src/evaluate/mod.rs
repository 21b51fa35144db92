//! Which events and messages a pattern matches, with the semantics that were
//! observed on AWS's TestMetricFilter.

mod answer;
mod json;
mod reading;
mod space_delimited;
mod taken;
mod terms;

pub use answer::MatchAnswer;
pub(crate) use json::test_holds;
pub use reading::{OpenQuestion, Reading};
pub use space_delimited::split_fields;
pub(crate) use taken::Taken;

use std::collections::BTreeMap;

use crate::ast::Ast;
use crate::event::Event;

/// Values that a matching message had, by the name that a metric value or a
/// dimension refers to them with: `$.eventName` for JSON patterns, `$status_code`
/// or `$7` for space-delimited ones.
pub type MatchedFields = BTreeMap<String, String>;

pub(crate) fn event(pattern: &Ast, event: &Event, reading: Reading) -> bool {
    match pattern {
        Ast::Empty => true,
        Ast::Json(expression) => json::matches(expression, event, reading),
        other => text(other, &event.to_json(), reading),
    }
}

pub(crate) fn message(pattern: &Ast, message: &str, reading: Reading) -> bool {
    match pattern {
        Ast::Json(expression) => {
            Event::parse(message).is_ok_and(|event| json::matches(expression, &event, reading))
        }
        other => text(other, message, reading),
    }
}

pub(crate) fn answer_event(pattern: &Ast, event: &Event) -> MatchAnswer {
    answer::answer(pattern, |reading| self::event(pattern, event, reading))
}

pub(crate) fn answer_message(pattern: &Ast, message: &str) -> MatchAnswer {
    match pattern {
        Ast::Json(_) => match Event::parse(message) {
            Ok(event) => answer_event(pattern, &event),
            Err(_) => MatchAnswer::settled(false),
        },
        other => answer::answer(pattern, |reading| text(other, message, reading)),
    }
}

/// The values of a message that matches; `None` when it does not.
pub(crate) fn extract(pattern: &Ast, message: &str) -> Option<MatchedFields> {
    match pattern {
        Ast::Json(expression) => {
            let event = Event::parse(message).ok()?;
            json::matches(expression, &event, Reading::default())
                .then(|| json::extract(expression, &event))
        }
        Ast::SpaceDelimited(fields) => space_delimited::extract(fields, message),
        other => text(other, message, Reading::default()).then(MatchedFields::new),
    }
}

/// Patterns of other kinds than JSON look at the text of a message.
fn text(pattern: &Ast, message: &str, reading: Reading) -> bool {
    match pattern {
        Ast::SpaceDelimited(fields) => space_delimited::matches(fields, message, reading),
        Ast::Empty => true,
        Ast::Terms(terms) => terms::matches(terms, message, reading),
        Ast::Regex(regex) => regex.is_match(message),
        Ast::Json(_) => false,
    }
}
