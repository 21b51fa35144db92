//! Patterns as they stand in real accounts: those of the monitoring controls,
//! changed the way people change them.

use std::sync::LazyLock;

use filter_pattern::FilterPattern;
use filter_pattern::ast::{Ast, Condition, Expression, Operand, Selector, Span, Test, TextPattern};
use filter_pattern::regex::RegexPattern;

use super::json::joined;
use super::{Flavour, json_pattern};
use crate::random::Random;

/// The patterns of the controls, in every spelling that was seen.
pub struct Controls;

static PATTERNS: LazyLock<Vec<FilterPattern>> = LazyLock::new(|| {
    let data = include_str!("../../../filter-pattern/tests/data/control_patterns.json");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let controls = data.as_array().expect("a list");
    let seen = controls
        .iter()
        .flat_map(|control| control["seen"].as_array().expect("a list"));
    seen.filter_map(|text| text.as_str()?.parse().ok())
        .collect()
});

impl Controls {
    /// One of the patterns.
    pub fn pick(random: &mut Random) -> FilterPattern {
        random.pick(&PATTERNS).clone()
    }
}

/// What was done to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// One alternative is gone.
    Dropped,
    /// One filter for a Region, one for all the others.
    SplitByRegion,
    /// Alternatives in another order.
    Reordered,
    /// A text became its beginning and a wildcard.
    Wildcard,
    /// A text became a regular expression.
    Regex,
    /// A condition with `!=` was added.
    Negated,
    /// Wrapped by the laws of absorption and distribution.
    Nested,
    /// One filter for each half of the alternatives.
    Halved,
    /// A condition on the event's source was added.
    Sourced,
}

/// What a mutation does to the events that are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The filters match the same events.
    Same,
    /// The filters match fewer.
    Fewer,
    /// The filters match more.
    More,
    /// The filters match the same among CloudTrail records.
    SameAmongRecords,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Dropped,
        Self::SplitByRegion,
        Self::Reordered,
        Self::Wildcard,
        Self::Regex,
        Self::Negated,
        Self::Nested,
        Self::Halved,
        Self::Sourced,
    ];

    /// The name that coverage of the generators counts it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dropped => "mutation.dropped",
            Self::SplitByRegion => "mutation.split-by-region",
            Self::Reordered => "mutation.reordered",
            Self::Wildcard => "mutation.wildcard",
            Self::Regex => "mutation.regex",
            Self::Negated => "mutation.negated",
            Self::Nested => "mutation.nested",
            Self::Halved => "mutation.halved",
            Self::Sourced => "mutation.sourced",
        }
    }

    /// The filters that the mutation makes of a pattern; nothing when it does
    /// not apply, or when the result is beyond a limit of AWS.
    pub fn apply(
        self,
        random: &mut Random,
        pattern: &FilterPattern,
    ) -> Option<(Vec<FilterPattern>, Effect)> {
        let Ast::Json(expression) = pattern.ast() else {
            return None;
        };
        let (expressions, effect) = match self {
            Self::Dropped => (
                vec![without_alternative(random, expression)?],
                Effect::Fewer,
            ),
            Self::SplitByRegion => {
                let region = Operand::Text(TextPattern::new("eu-west-1"));
                let tests = [Test::Equals(region.clone()), Test::NotEquals(region)];
                let filters = tests.map(|test| and(expression, condition("awsRegion", test)));
                (filters.into(), Effect::SameAmongRecords)
            }
            Self::Reordered => {
                let mut changed = expression.clone();
                reorder(random, &mut changed);
                (vec![changed], Effect::Same)
            }
            Self::Wildcard => {
                let mut changed = expression.clone();
                let effect = widen_text(random, &mut changed)?;
                (vec![changed], effect)
            }
            Self::Regex => {
                let mut changed = expression.clone();
                let chosen = random.below(count(expression));
                as_regex(&mut changed, &mut { chosen })?;
                (vec![changed], Effect::Same)
            }
            Self::Negated => {
                let operand = Operand::Text(TextPattern::new("*:role/deploy"));
                let added = condition("userIdentity.arn", Test::NotEquals(operand));
                (vec![and(expression, added)], Effect::Fewer)
            }
            Self::Nested => (vec![nested(random, expression)], Effect::Same),
            Self::Halved => {
                let Expression::Or(parts) = expression else {
                    return None;
                };
                let (left, right) = parts.split_at(1 + random.below(parts.len() - 1));
                let filters = [left, right].map(|parts| joined(false, parts.to_vec()));
                (filters.into(), Effect::Same)
            }
            Self::Sourced => {
                let source = random.pick(super::records::SOURCES);
                let operand = Operand::Text(TextPattern::new(*source));
                (
                    vec![and(
                        expression,
                        condition("eventSource", Test::Equals(operand)),
                    )],
                    Effect::Fewer,
                )
            }
        };
        let read = |expression| {
            let made = FilterPattern::from_ast(Ast::Json(expression));
            FilterPattern::parse(&made.to_string()).ok()
        };
        Some((
            expressions.into_iter().map(read).collect::<Option<_>>()?,
            effect,
        ))
    }
}

fn condition(path: &str, test: Test) -> Expression {
    let selector = Selector::of_keys(path.split('.'));
    Expression::Condition(Condition {
        selector,
        test,
        span: Span::default(),
    })
}

fn and(expression: &Expression, other: Expression) -> Expression {
    joined(true, vec![expression.clone(), other])
}

/// Conditions of an expression.
fn count(expression: &Expression) -> usize {
    expression.conditions().len()
}

fn without_alternative(random: &mut Random, expression: &Expression) -> Option<Expression> {
    match expression {
        Expression::Or(parts) => {
            let mut parts = parts.clone();
            parts.remove(random.below(parts.len()));
            Some(joined(false, parts))
        }
        Expression::And(parts) => {
            let mut parts = parts.clone();
            let at = parts
                .iter()
                .position(|part| matches!(part, Expression::Or(_)))?;
            parts[at] = without_alternative(random, &parts[at])?;
            Some(joined(true, parts))
        }
        Expression::Condition(_) => None,
    }
}

fn reorder(random: &mut Random, expression: &mut Expression) {
    if let Expression::And(parts) | Expression::Or(parts) = expression {
        random.shuffle(parts);
        for part in parts {
            reorder(random, part);
        }
    }
}

/// Makes a text a wildcard: `=` matches more then, `!=` less.
fn widen_text(random: &mut Random, expression: &mut Expression) -> Option<Effect> {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            let at = random.below(parts.len());
            widen_text(random, &mut parts[at])
        }
        Expression::Condition(condition) => {
            let (operand, effect) = match &mut condition.test {
                Test::Equals(operand) => (operand, Effect::More),
                Test::NotEquals(operand) => (operand, Effect::Fewer),
                _ => return None,
            };
            let Operand::Text(text) = operand else {
                return None;
            };
            let characters: Vec<char> = text.as_str().chars().collect();
            if !text.is_literal() || characters.len() < 2 {
                return None;
            }
            let kept: String = characters[..=random.below(characters.len() - 1)]
                .iter()
                .collect();
            *operand = Operand::Text(TextPattern::new(format!("{kept}*")));
            Some(effect)
        }
    }
}

/// Makes the text of one condition a regular expression of the same meaning.
fn as_regex(expression: &mut Expression, chosen: &mut usize) -> Option<()> {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            parts.iter_mut().find_map(|part| as_regex(part, chosen))
        }
        Expression::Condition(condition) => {
            if *chosen > 0 {
                *chosen -= 1;
                return None;
            }
            let (Test::Equals(operand) | Test::NotEquals(operand)) = &mut condition.test else {
                return None;
            };
            let Operand::Text(text) = operand else {
                return None;
            };
            let text = text.as_str();
            let escaped: String = text
                .chars()
                .map(|it| {
                    if it.is_ascii_alphanumeric() {
                        it.to_string()
                    } else {
                        format!("\\{it}")
                    }
                })
                .collect();
            let simple = text
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || ".-_:/".contains(it));
            if !simple || text.is_empty() {
                return None;
            }
            *operand = Operand::Regex(RegexPattern::new(&format!("^{escaped}$")).ok()?);
            Some(())
        }
    }
}

/// The same expression in other words.
fn nested(random: &mut Random, expression: &Expression) -> Expression {
    let any = match json_pattern(random, Flavour::Plain, 0).ast() {
        Ast::Json(any) => any.clone(),
        _ => expression.clone(),
    };
    let whole = || expression.clone();
    match (random.below(4), expression) {
        // p || p && q, p && (p || q)
        (0, _) => joined(false, vec![whole(), joined(true, vec![whole(), any])]),
        (1, _) => joined(true, vec![whole(), joined(false, vec![whole(), any])]),
        // (a || b) && c into a && c || b && c
        (_, Expression::And(parts)) => {
            let Some(at) = parts
                .iter()
                .position(|part| matches!(part, Expression::Or(_)))
            else {
                return joined(true, vec![whole(), whole()]);
            };
            let mut others = parts.clone();
            let Expression::Or(alternatives) = others.remove(at) else {
                return whole();
            };
            let distributed = alternatives.into_iter().map(|alternative| {
                let mut together = others.clone();
                together.push(alternative);
                joined(true, together)
            });
            joined(false, distributed.collect())
        }
        // a && b || c into (a || c) && (b || c)
        (_, Expression::Or(parts)) => {
            let Some(at) = parts
                .iter()
                .position(|part| matches!(part, Expression::And(_)))
            else {
                return joined(false, vec![whole(), parts[0].clone()]);
            };
            let mut others = parts.clone();
            let Expression::And(conditions) = others.remove(at) else {
                return whole();
            };
            let distributed = conditions.into_iter().map(|condition| {
                let mut together = others.clone();
                together.push(condition);
                joined(false, together)
            });
            joined(true, distributed.collect())
        }
        (_, Expression::Condition(_)) => joined(true, vec![whole(), whole()]),
    }
}
