//! One expression in place of several that build on each other: names of other
//! expressions give way to what they stand for, `METRICS()` to the metrics,
//! `PERIOD(m1)` to the number. What is left are metrics, numbers and functions.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::parse::Expression;
use super::{Expressions, TIMES, Watched};

/// Expressions that build on each other are followed so deep.
const DEEPEST: usize = 20;

/// Parts of an expression, at most; AWS allows 2,048 characters.
const LARGEST: usize = 4096;

/// A function of time as a name, since it is the same for every series.
pub(super) fn of_time(function: &str) -> String {
    format!("{function}()")
}

impl Expressions {
    /// What the query `id` stands for, over metrics of these ids, each with its period in seconds
    /// where it is known. `Err` names what is not decided.
    pub(crate) fn watched(
        &self,
        id: &str,
        metrics: &BTreeMap<&str, Option<i32>>,
    ) -> Result<Watched, String> {
        let mut whole = Whole {
            expressions: self,
            metrics,
            parts: 0,
        };
        let expression = whole.named(id, 0)?;
        Ok(Watched {
            expression,
            spent: Cell::new(0),
        })
    }
}

fn is_name(expression: &Expression) -> bool {
    matches!(expression, Expression::Name(_))
}

struct Whole<'a> {
    expressions: &'a Expressions,
    metrics: &'a BTreeMap<&'a str, Option<i32>>,
    parts: usize,
}

impl Whole<'_> {
    fn named(&mut self, id: &str, depth: usize) -> Result<Expression, String> {
        if self.metrics.contains_key(id) {
            return Ok(Expression::Name(id.to_owned()));
        }
        let expressions = self.expressions;
        match expressions.by_id.get(id) {
            Some(expression) if depth < DEEPEST => self.of(expression, depth + 1),
            _ => Err(format!("`{id}` is no metric of the alarm")),
        }
    }

    fn of(&mut self, expression: &Expression, depth: usize) -> Result<Expression, String> {
        self.parts += 1;
        if self.parts > LARGEST {
            return Err("it is too long".to_owned());
        }
        match expression {
            Expression::Name(id) => self.named(id, depth),
            Expression::Call(function, arguments) => self.call(function, arguments, depth),
            other => other.with_parts(&mut |part| self.of(part, depth)),
        }
    }

    fn call(
        &mut self,
        function: &str,
        arguments: &[Expression],
        depth: usize,
    ) -> Result<Expression, String> {
        match (function, arguments) {
            ("METRICS", []) => Ok(self.metrics_with("")),
            ("METRICS", [Expression::Text(part)]) => Ok(self.metrics_with(part)),
            ("PERIOD", [Expression::Name(id)]) => match self.metrics.get(id.as_str()) {
                Some(Some(seconds)) => Ok(Expression::Number(f64::from(*seconds))),
                _ => Err("PERIOD of something that is no metric is not decided".to_owned()),
            },
            ("FILL", [series, Expression::Name(word)])
                if ["REPEAT", "LINEAR"].contains(&word.as_str()) && !self.knows(word) =>
            {
                let filled = vec![self.of(series, depth)?, Expression::Text(word.clone())];
                Ok(Expression::Call(function.to_owned(), filled))
            }
            ("METRIC_COUNT", [list]) => Ok(match self.of(list, depth)? {
                // How many they are does not depend on what they show.
                Expression::List(items) if items.iter().all(is_name) => {
                    Expression::Number(items.len() as f64)
                }
                list => Expression::Call(function.to_owned(), vec![list]),
            }),
            (_, [_]) if TIMES.iter().any(|(name, _)| *name == function) => {
                Ok(Expression::Name(of_time(function)))
            }
            _ => {
                let parts = arguments.iter().map(|part| self.of(part, depth));
                let parts = parts.collect::<Result<_, _>>()?;
                Ok(Expression::Call(function.to_owned(), parts))
            }
        }
    }

    fn knows(&self, id: &str) -> bool {
        self.metrics.contains_key(id) || self.expressions.by_id.contains_key(id)
    }

    /// `METRICS()`: the metrics whose id has `part` in it.
    fn metrics_with(&self, part: &str) -> Expression {
        let ids = self.metrics.keys().filter(|id| id.contains(part));
        Expression::List(ids.map(|id| Expression::Name((*id).to_owned())).collect())
    }
}
