//! The naive evaluator: what a pattern matches, written down from AWS's
//! documentation and from what was observed on TestMetricFilter, without any
//! code of the crate but its syntax tree. It is slow and has no cleverness:
//! selectors are expanded into all their values, numbers into all their digits,
//! wildcards and regular expressions into all the places where they may end.

mod condition;
mod fields;
mod number;
mod regex;
mod value;
mod wildcard;

pub use condition::{holds, test_holds, values_at};
pub use number::Number;
pub use regex::Regex;
pub use value::Value;

use filter_pattern::Reading;
use filter_pattern::ast::{Ast, TermRole, Terms};

/// Whether a pattern matches a log message.
pub fn matches_message(ast: &Ast, message: &str, reading: Reading) -> bool {
    let value = match ast {
        Ast::Json(_) => Value::read(message),
        _ => None,
    };
    matches(ast, value.as_ref(), message, reading)
}

/// Whether a pattern matches a message whose JSON value is known.
pub fn matches(ast: &Ast, value: Option<&Value>, message: &str, reading: Reading) -> bool {
    match ast {
        Ast::Empty => true,
        Ast::Json(expression) => match value {
            Some(value @ Value::Object(_)) => holds(expression, value, reading),
            _ => false,
        },
        Ast::SpaceDelimited(list) => fields::extract(list, message).is_some(),
        Ast::Terms(terms) => terms_match(terms, message),
        Ast::Regex(regex) => Regex::cached(regex.as_str(), |regex| regex.finds(message)),
    }
}

/// The named fields that a space-delimited pattern takes from a message.
pub fn extracted(ast: &Ast, message: &str) -> Option<Vec<(String, String)>> {
    match ast {
        Ast::SpaceDelimited(list) => fields::extract(list, message),
        _ => None,
    }
}

/// "If you combine `?` with other filter patterns, all question mark terms will
/// be ignored."
fn terms_match(terms: &Terms, message: &str) -> bool {
    let texts = |role: TermRole| {
        let of_role = terms.terms.iter().filter(move |term| term.role == role);
        of_role.map(|term| &*term.text)
    };
    let plain = texts(TermRole::Required).count() + texts(TermRole::Excluded).count();
    if plain == 0 {
        return texts(TermRole::Optional).any(|text| message.contains(text));
    }
    texts(TermRole::Required).all(|text| message.contains(text))
        && !texts(TermRole::Excluded).any(|text| message.contains(text))
}
