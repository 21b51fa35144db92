//! Other spellings of one structure: blanks and line breaks, parentheses,
//! quotation marks, brackets around keys. The parser must read the same from
//! all of them.

use std::fmt::Write as _;

use filter_pattern::ast::{Ast, Condition, Expression, Operand, Segment, Test};

use crate::random::Random;

/// Another spelling of a JSON pattern; nothing for other kinds.
pub fn respelled(random: &mut Random, ast: &Ast) -> Option<String> {
    let Ast::Json(expression) = ast else {
        return None;
    };
    let mut text = String::from("{");
    blank(random, &mut text);
    spell(random, &mut text, expression, true);
    text.push('}');
    Some(text)
}

fn blank(random: &mut Random, text: &mut String) {
    text.push_str(random.word(&["", " ", " ", "  ", "\n", "\t"]));
}

fn spell(random: &mut Random, text: &mut String, expression: &Expression, top: bool) {
    let (parts, operator) = match expression {
        Expression::Condition(it) => {
            let around = random.once_in(4);
            if around {
                text.push('(');
            }
            condition(random, text, it);
            blank(random, text);
            if around {
                text.push(')');
                blank(random, text);
            }
            return;
        }
        Expression::And(parts) => (parts, "&&"),
        Expression::Or(parts) => (parts, "||"),
    };
    // `&&` binds tighter, so that a conjunction needs none inside of `||`.
    let around = !top && operator == "||" || random.once_in(4);
    if around {
        text.push('(');
        blank(random, text);
    }
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            text.push_str(operator);
            blank(random, text);
        }
        spell(random, text, part, false);
    }
    if around {
        text.push(')');
        blank(random, text);
    }
}

fn condition(random: &mut Random, text: &mut String, condition: &Condition) {
    text.push('$');
    for segment in condition.selector.segments() {
        let _ = match segment {
            Segment::Key(key) if plain(key) && !random.once_in(5) => write!(text, ".{key}"),
            Segment::Key(key) if random.once_in(2) => write!(text, "[\"{key}\"]"),
            Segment::Key(key) => write!(text, ".['{key}']"),
            Segment::Index(index) => write!(text, "[{index}]"),
            Segment::AnyKey => write!(text, ".*"),
            Segment::AnyIndex => write!(text, "[*]"),
        };
    }
    blank(random, text);
    match &condition.test {
        Test::Equals(it) => operand(random, text, "=", it),
        Test::NotEquals(it) => operand(random, text, "!=", it),
        Test::Compare(comparison, number) => {
            text.push_str(comparison.symbol());
            blank(random, text);
            text.push_str(number.as_str());
        }
        Test::IsNull => text.push_str(" IS NULL"),
        Test::IsTrue => text.push_str(" IS  TRUE"),
        Test::IsFalse => text.push_str(" IS\nFALSE"),
        Test::NotExists => text.push_str(" NOT EXISTS"),
    }
}

fn operand(random: &mut Random, text: &mut String, operator: &str, operand: &Operand) {
    text.push_str(operator);
    blank(random, text);
    match operand {
        Operand::Number(number) => text.push_str(number.as_str()),
        Operand::Regex(regex) => {
            let _ = write!(text, "%{}%", regex.as_str());
        }
        Operand::Text(pattern) => {
            let bare = pattern.as_str();
            let letters = |it: char| it.is_ascii_alphabetic() || it == '*';
            if !bare.is_empty() && bare.chars().all(letters) && random.once_in(2) {
                text.push_str(bare);
            } else {
                let _ = write!(text, "{operand}");
            }
        }
    }
}

fn plain(key: &str) -> bool {
    key.chars()
        .all(|character| character.is_ascii_alphanumeric())
}
