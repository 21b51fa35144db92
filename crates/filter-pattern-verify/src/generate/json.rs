//! JSON expressions: over few short properties, so that conditions meet, or
//! over the properties of CloudTrail records.

use filter_pattern::ast::{
    Comparison, Condition, Expression, Operand, Segment, Selector, Span, Test, TextPattern,
};

use super::operand::{number, operand};
use super::records;
use crate::random::Random;

/// What a pattern is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Few short properties, selectors of every form.
    Letters,
    /// The same without wildcard selectors.
    Plain,
    /// Properties of CloudTrail records.
    Trail,
}

/// Conditions joined by `&&` and `||`.
pub fn expression(random: &mut Random, flavour: Flavour, depth: usize) -> Expression {
    if depth == 0 || random.once_in(3) {
        return Expression::Condition(condition(random, flavour));
    }
    let conjunction = random.once_in(2);
    let parts = (0..2 + random.below(2))
        .map(|_| expression(random, flavour, depth - 1))
        .collect();
    joined(conjunction, parts)
}

/// Parts as one list, without nested lists of the same kind.
pub(super) fn joined(conjunction: bool, parts: Vec<Expression>) -> Expression {
    let mut flat = Vec::new();
    for part in parts {
        match (conjunction, part) {
            (true, Expression::And(inner)) | (false, Expression::Or(inner)) => flat.extend(inner),
            (_, part) => flat.push(part),
        }
    }
    match (flat.len(), conjunction) {
        (1, _) => flat.remove(0),
        (_, true) => Expression::And(flat),
        (_, false) => Expression::Or(flat),
    }
}

/// A condition with a selector of any depth and a test of any kind.
fn condition(random: &mut Random, flavour: Flavour) -> Condition {
    let (selector, test) = match flavour {
        Flavour::Trail => trail(random),
        _ => (selector(random, flavour == Flavour::Letters), test(random)),
    };
    Condition {
        selector,
        test,
        span: Span::default(),
    }
}

fn key(name: &str) -> Segment {
    Segment::Key(name.into())
}

fn selector(random: &mut Random, wildcards: bool) -> Selector {
    let segments = match random.below(if wildcards { 17 } else { 12 }) {
        0..=4 => vec![key("a")],
        5 | 6 => vec![key("b")],
        7 => vec![key("b"), key("c")],
        8 => vec![key("b"), Segment::Index(0)],
        9 => vec![key("b"), Segment::Index(1)],
        10 => vec![key("b"), key("k.l é")],
        11 => vec![key("b"), Segment::Index(0), Segment::Index(1)],
        12 => vec![key("b"), Segment::AnyIndex],
        13 => vec![Segment::AnyKey],
        14 => vec![key("b"), Segment::AnyKey],
        15 => vec![Segment::AnyKey, key("c")],
        _ => vec![key("b"), Segment::AnyIndex, key("c")],
    };
    Selector::new(segments)
}

fn test(random: &mut Random) -> Test {
    match random.below(14) {
        0..=4 => Test::Equals(operand(random)),
        5..=7 => Test::NotEquals(operand(random)),
        8 | 9 => Test::Compare(comparison(random), number(random)),
        10 => Test::IsNull,
        11 => Test::IsTrue,
        12 => Test::IsFalse,
        _ => Test::NotExists,
    }
}

pub(super) fn comparison(random: &mut Random) -> Comparison {
    *random.pick(&[
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ])
}

fn trail(random: &mut Random) -> (Selector, Test) {
    let field = random.pick(records::FIELDS);
    let text = if random.once_in(4) {
        *random.pick(records::WILDCARDS)
    } else {
        *random.pick(field.texts)
    };
    let operand = Operand::Text(TextPattern::new(text));
    let test = match random.below(12) {
        0..=5 => Test::Equals(operand),
        6..=8 => Test::NotEquals(operand),
        9 => Test::NotExists,
        10 => Test::IsTrue,
        _ => Test::IsNull,
    };
    (Selector::of_keys(field.path.split('.')), test)
}
