//! Patterns about messages that are no JSON: words, fields, one regular
//! expression, nothing at all.

use filter_pattern::FilterPattern;
use filter_pattern::ast::{Ast, Field, FieldCondition, FieldList, Term, TermRole, Terms, Test};

use super::json::comparison;
use super::operand::{number, operand, regex};
use crate::random::Random;

/// Words that patterns and messages share.
pub(super) static WORDS: &[&str] = &[
    "x", "y", "ERROR", "xy", "12", "12.0", "a b", "q\"", "é", "404", "-3",
];

/// A pattern of one of the kinds that are not JSON.
pub fn text_pattern(random: &mut Random) -> FilterPattern {
    loop {
        let ast = match random.below(16) {
            0 => Ast::Empty,
            1 | 2 => Ast::Regex(regex(random)),
            3..=9 => Ast::SpaceDelimited(field_list(random)),
            _ => Ast::Terms(terms(random)),
        };
        let made = FilterPattern::from_ast(ast);
        if let Ok(pattern) = FilterPattern::parse(&made.to_string()) {
            return pattern;
        }
    }
}

fn terms(random: &mut Random) -> Terms {
    let alone = random.once_in(3);
    let terms = (0..=random.below(3))
        .map(|_| Term {
            role: match random.below(5) {
                _ if alone => TermRole::Optional,
                0 => TermRole::Optional,
                1 => TermRole::Excluded,
                _ => TermRole::Required,
            },
            text: (*random.pick(WORDS)).into(),
        })
        .collect();
    Terms { terms }
}

fn field_list(random: &mut Random) -> FieldList {
    let count = random.below(5);
    let mut fields: Vec<Field> = (0..count)
        .map(|position| match random.below(5) {
            0 if count > 1 => Field::Unnamed,
            _ => Field::Named {
                name: format!("f{position}").into(),
                condition: random.once_in(2).then(|| field_condition(random)),
            },
        })
        .collect();
    if random.once_in(2) {
        fields.insert(random.below(count + 1), Field::Ellipsis);
    }
    FieldList { fields }
}

fn field_condition(random: &mut Random) -> FieldCondition {
    let mut alternatives: Vec<FieldCondition> = Vec::new();
    for _ in 0..=usize::from(random.once_in(4)) {
        let mut tests: Vec<FieldCondition> = (0..=usize::from(random.once_in(3)))
            .map(|_| FieldCondition::Test(field_test(random)))
            .collect();
        alternatives.push(if tests.len() == 1 {
            tests.remove(0)
        } else {
            FieldCondition::And(tests)
        });
    }
    if alternatives.len() == 1 {
        alternatives.remove(0)
    } else {
        FieldCondition::Or(alternatives)
    }
}

fn field_test(random: &mut Random) -> Test {
    match random.below(6) {
        0..=2 => Test::Equals(operand(random)),
        3 => Test::NotEquals(operand(random)),
        _ => Test::Compare(comparison(random), number(random)),
    }
}
