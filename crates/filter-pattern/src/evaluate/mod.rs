//! Which events and messages a pattern matches, with the semantics that were
//! observed on AWS's TestMetricFilter.

mod json;
mod reading;
mod space_delimited;
mod terms;

pub(crate) use json::test_holds;
pub use reading::{OpenQuestion, Reading};
pub use space_delimited::split_fields;

use std::collections::BTreeMap;

use crate::ast::Ast;
use crate::event::Event;

/// Values that a matching message had, by the name that TestMetricFilter gives
/// them: `$.eventName` for JSON patterns, `$status_code` for space-delimited ones.
pub type MatchedFields = BTreeMap<String, String>;

pub(crate) fn event(pattern: &Ast, event: &Event, reading: Reading) -> bool {
    match pattern {
        Ast::Empty => true,
        Ast::Json(expression) => json::matches(expression, event, reading),
        other => message_text(other, &event.to_json()).is_some(),
    }
}

pub(crate) fn message(pattern: &Ast, message: &str, reading: Reading) -> Option<MatchedFields> {
    match pattern {
        Ast::Json(expression) => {
            let event = Event::parse(message).ok()?;
            json::matches(expression, &event, reading).then(|| json::extract(expression, &event))
        }
        other => message_text(other, message),
    }
}

fn message_text(pattern: &Ast, message: &str) -> Option<MatchedFields> {
    let matches = match pattern {
        Ast::SpaceDelimited(fields) => return space_delimited::extract(fields, message),
        Ast::Empty => true,
        Ast::Terms(terms) => terms::matches(terms, message),
        Ast::Regex(regex) => regex.is_match(message),
        Ast::Json(_) => false,
    };
    matches.then(MatchedFields::new)
}
