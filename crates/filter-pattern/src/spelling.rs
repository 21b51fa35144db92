//! The shortest spelling of a pattern: no blanks that mean nothing, quotation
//! marks only where AWS needs them. Where a pattern does not fit into 1,024
//! characters in its canonical form, it may fit in this one.

use crate::ast::{Ast, Condition, Expression, Operand, Test};
use crate::parse::ParseErrorKind;
use crate::pattern::FilterPattern;

/// The pattern in few characters. It parses to an equal pattern.
///
/// ```
/// use filter_pattern::{FilterPattern, minimize::shortest_spelling};
///
/// let pattern: FilterPattern = r#"{ ($.a = "x") || ($.b = "y z" && $.c NOT EXISTS) }"#.parse()?;
/// assert_eq!(shortest_spelling(&pattern), r#"{$.a=x||$.b="y z"&&$.c NOT EXISTS}"#);
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn shortest_spelling(pattern: &FilterPattern) -> String {
    let canonical = pattern.to_string();
    let Ast::Json(expression) = pattern.ast() else {
        return canonical;
    };
    let mut text = String::from("{");
    write(expression, &mut text);
    text.push('}');
    // What parses to something else is no spelling of it.
    match FilterPattern::parse(&text) {
        Ok(read) if read != *pattern => canonical,
        Err(error) if error.kind() != ParseErrorKind::TooLong => canonical,
        _ => text,
    }
}

/// How many characters AWS counts in the shortest spelling.
pub(crate) fn shortest_length(pattern: &FilterPattern) -> usize {
    shortest_spelling(pattern).chars().count()
}

fn write(expression: &Expression, text: &mut String) {
    let (parts, operator) = match expression {
        Expression::Condition(condition) => return write_condition(condition, text),
        Expression::And(parts) => (parts, "&&"),
        Expression::Or(parts) => (parts, "||"),
    };
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            text.push_str(operator);
        }
        // `&&` binds tighter than `||`.
        if matches!(part, Expression::Or(_)) {
            text.push('(');
            write(part, text);
            text.push(')');
        } else {
            write(part, text);
        }
    }
}

fn write_condition(condition: &Condition, text: &mut String) {
    text.push_str(&condition.selector.to_string());
    let operand = match &condition.test {
        Test::Equals(operand) => {
            text.push('=');
            operand
        }
        Test::NotEquals(operand) => {
            text.push_str("!=");
            operand
        }
        Test::Compare(comparison, number) => {
            text.push_str(comparison.symbol());
            text.push_str(number.as_str());
            return;
        }
        test @ (Test::IsNull | Test::IsTrue | Test::IsFalse | Test::NotExists) => {
            text.push(' ');
            text.push_str(&test.to_string());
            return;
        }
    };
    match operand {
        Operand::Text(value) if may_stand_bare(value.as_str(), operand) => {
            text.push_str(value.as_str());
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Whether AWS was seen to take a text without quotation marks, and the parser
/// reads the same from it.
fn may_stand_bare(value: &str, operand: &Operand) -> bool {
    let seen = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '_' | ':' | '-');
    let plain = !value.is_empty() && !value.starts_with('-') && value.chars().all(seen);
    plain && {
        let read = FilterPattern::parse(&format!("{{$.a={value}}}"));
        let conditions = read.as_ref().ok().map(|pattern| match pattern.ast() {
            Ast::Json(expression) => expression.conditions(),
            _ => Vec::new(),
        });
        matches!(
            conditions.as_deref(),
            Some([condition]) if matches!(&condition.test, Test::Equals(found) if found == operand)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_spelling_reads_the_same() {
        #[rustfmt::skip]
        let table = [
            (r#"{ $.a = "x" }"#,                              "{$.a=x}"),
            (r#"{ $.a = "12" }"#,                             r#"{$.a="12"}"#),
            ("{ $.a = 12 }",                                  "{$.a=12}"),
            (r#"{ $.a = "x y" || ($.b > 1 && $.c IS NULL) }"#, r#"{$.a="x y"||$.b>1&&$.c IS NULL}"#),
            (r#"{ $.a = "" && ($.b = "*z" || $.c = %r%) }"#,  r#"{$.a=""&&($.b=*z||$.c=%r%)}"#),
            (r#"{ $.a = "s3.amazonaws.com" }"#,               "{$.a=s3.amazonaws.com}"),
            (r#"{ $.['a b'] != "-x" }"#,                      r#"{$.['a b']!="-x"}"#),
            ("ERROR -x",                                      "ERROR -x"),
        ];
        for (text, shortest) in table {
            let pattern: FilterPattern = text.parse().unwrap();
            assert_eq!(shortest_spelling(&pattern), shortest);
            assert_eq!(
                shortest_spelling(&pattern)
                    .parse::<FilterPattern>()
                    .unwrap(),
                pattern
            );
        }
    }

    #[test]
    fn what_no_filter_may_be_as_long_as_is_spelled_short_all_the_same() {
        let condition = |number: usize| {
            let text = format!("{{ $.a = \"{}{number}\" }}", "x".repeat(200));
            let pattern: FilterPattern = text.parse().unwrap();
            match pattern.ast() {
                Ast::Json(expression) => expression.clone(),
                other => panic!("{other:?}"),
            }
        };
        let parts: Vec<Expression> = (0..8).map(condition).collect();
        let long = FilterPattern::from_ast(Ast::Json(Expression::Or(parts)));
        let length = "$.a=0".len() + 200;
        assert_eq!(
            shortest_length(&long),
            "{}".len() + 8 * length + 7 * "||".len()
        );
    }

    #[test]
    fn a_spelling_is_as_long_as_aws_counts_it() {
        for (text, length) in [("{ $.a = x }", 7), ("{ $.a = \"é y\" }", 11)] {
            assert_eq!(shortest_length(&text.parse().unwrap()), length, "{text}");
        }
    }
}
