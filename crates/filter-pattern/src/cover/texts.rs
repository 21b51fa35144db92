//! Patterns that look at a message's text, brought into questions about fields.
//!
//! A question between such patterns alone is one about a single field, the
//! message. A filter of words among JSON patterns gets a lower bound: a word
//! that stands in the value of a property stands in the message.

use crate::ast::{
    Ast, Condition, Expression, Operand, Selector, Span, TermRole, Terms, Test, TextPattern,
};
use crate::pattern::FilterPattern;

/// The field that stands for the whole message.
pub(crate) const MESSAGE: &str = "message";

/// A pattern of words or a regular expression as one about the message's text;
/// `None` for other kinds and for words that hold a wildcard character.
pub(super) fn over_message(pattern: &FilterPattern) -> Option<FilterPattern> {
    let message = Selector::of_keys([MESSAGE]);
    let ast = match pattern.ast() {
        Ast::Empty => Ast::Empty,
        Ast::Regex(regex) => Ast::Json(condition(
            &message,
            Test::Equals(Operand::Regex(regex.clone())),
        )),
        Ast::Terms(terms) => Ast::Json(of_terms(terms, |text, excluded| {
            let operand = containing(text)?;
            Some(condition(
                &message,
                if excluded {
                    Test::NotEquals(operand)
                } else {
                    Test::Equals(operand)
                },
            ))
        })?),
        Ast::Json(_) | Ast::SpaceDelimited(_) => return None,
    };
    Some(FilterPattern::from_ast(ast))
}

/// A JSON pattern that matches less than a pattern of words does: the words
/// stand in the values of these properties.
pub(super) fn lower_bound(
    pattern: &FilterPattern,
    selectors: &[&Selector],
) -> Option<FilterPattern> {
    let Ast::Terms(terms) = pattern.ast() else {
        return None;
    };
    let expression = of_terms(terms, |text, excluded| {
        if excluded || !text.bytes().all(is_always_plain) {
            return None;
        }
        let operand = containing(text)?;
        let somewhere = selectors
            .iter()
            .map(|selector| condition(selector, Test::Equals(operand.clone())));
        joined(somewhere.collect(), Expression::Or)
    })?;
    Some(FilterPattern::from_ast(Ast::Json(expression)))
}

/// Whether every common writer of JSON writes a character as it is. `"` and `\` have
/// to be escaped; PHP writes `\/`, Go `<`, `>` and `&` as `\u003c` and the like, Gson
/// also `=` and `'`, .NET also `+` and the backtick.
fn is_always_plain(byte: u8) -> bool {
    let is_escaped_by_some = matches!(
        byte,
        b'"' | b'\\' | b'/' | b'<' | b'>' | b'&' | b'=' | b'\'' | b'+' | b'`'
    );
    matches!(byte, b' '..=b'~') && !is_escaped_by_some
}

/// The terms as an expression; `None` when one of them has none.
fn of_terms(terms: &Terms, one: impl Fn(&str, bool) -> Option<Expression>) -> Option<Expression> {
    let optional_alone = terms
        .terms
        .iter()
        .all(|term| term.role == TermRole::Optional);
    let counting = terms
        .terms
        .iter()
        .filter(|term| optional_alone || term.role != TermRole::Optional);
    let parts: Option<Vec<Expression>> = counting
        .map(|term| one(&term.text, term.role == TermRole::Excluded))
        .collect();
    joined(
        parts?,
        if optional_alone {
            Expression::Or
        } else {
            Expression::And
        },
    )
}

fn joined(
    mut parts: Vec<Expression>,
    list: fn(Vec<Expression>) -> Expression,
) -> Option<Expression> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(list(parts)),
    }
}

fn containing(text: &str) -> Option<Operand> {
    (!text.contains('*')).then(|| Operand::Text(TextPattern::new(format!("*{text}*"))))
}

fn condition(selector: &Selector, test: Test) -> Expression {
    Expression::Condition(Condition {
        selector: selector.clone(),
        test,
        span: Span::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilterPattern {
        FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn shown(pattern: Option<FilterPattern>) -> Option<String> {
        pattern.map(|pattern| pattern.to_string())
    }

    #[test]
    fn words_are_conditions_on_the_message() {
        #[rustfmt::skip]
        let table = [
            ("error",              Some(r#"{ $.message = "*error*" }"#)),
            ("error -debug",       Some(r#"{ $.message = "*error*" && $.message != "*debug*" }"#)),
            ("?error ?warning",    Some(r#"{ $.message = "*error*" || $.message = "*warning*" }"#)),
            ("error ?warning",     Some(r#"{ $.message = "*error*" }"#)),
            ("%err[a-z]%",         Some("{ $.message = %err[a-z]% }")),
            ("",                   Some("")),
            ("\"a*b\"",            None),
            ("{ $.a = x }",        None),
            ("[a, b]",             None),
        ];
        for (text, expected) in table {
            assert_eq!(
                shown(over_message(&pattern(text))).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn words_stand_in_the_values_of_properties() {
        let (a, b): (Selector, Selector) = ("$.a".parse().unwrap(), "$.b".parse().unwrap());
        #[rustfmt::skip]
        let table = [
            ("error",           Some(r#"{ $.a = "*error*" || $.b = "*error*" }"#)),
            ("?error ?warning", Some(r#"{ ($.a = "*error*" || $.b = "*error*") || ($.a = "*warning*" || $.b = "*warning*") }"#)),
            ("error -debug",    None),
            // JSON may write these otherwise.
            ("\"a/b\"",         None),
            ("\"a\\\\b\"",      None),
            ("\"é\"",           None),
            ("\"<b>\"",         None),
            ("\"a & b\"",       None),
            ("\"a=b\"",         None),
            ("\"it's\"",        None),
            ("\"a+b\"",         None),
            ("\"`a`\"",         None),
            ("\"a-b (c): #1!\"", Some(r#"{ $.a = "*a-b (c): #1!*" || $.b = "*a-b (c): #1!*" }"#)),
            ("{ $.a = x }",     None),
        ];
        for (text, expected) in table {
            let found = shown(lower_bound(&pattern(text), &[&a, &b]));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert_eq!(shown(lower_bound(&pattern("error"), &[])), None);
        assert_eq!(
            shown(lower_bound(&pattern("error"), &[&a])).as_deref(),
            Some(r#"{ $.a = "*error*" }"#)
        );
    }
}
