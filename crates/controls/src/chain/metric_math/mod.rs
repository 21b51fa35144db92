//! Metric-math alarms: the returned expression, followed for the ways in which
//! counters of events are really combined (identity, sums, maxima, products
//! with constants, FILL, IF, comparisons). Any other function leaves the alarm
//! undecided. Values are those of one period; `None` is no datapoint.

mod parse;

use std::collections::BTreeMap;

use parse::{Expression, Operator};

/// Expressions of an alarm by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expressions {
    by_id: BTreeMap<String, Expression>,
}

/// A value of one period.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Constant(f64),
    Series(Option<f64>),
    List(Vec<Option<f64>>),
    Text(String),
}

const DEEPEST: usize = 20;

impl Expressions {
    /// Reads the expressions; the id of one that cannot be read is the error.
    pub(crate) fn parse<'a>(
        texts: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut by_id = BTreeMap::new();
        for (id, text) in texts {
            let expression = parse::parse(text).ok_or_else(|| id.to_owned())?;
            by_id.insert(id.to_owned(), expression);
        }
        Ok(Self { by_id })
    }

    /// What the query `id` shows when the metrics show `metrics`. `Err` names
    /// what is not decided.
    pub(crate) fn value(
        &self,
        id: &str,
        metrics: &BTreeMap<&str, Option<f64>>,
    ) -> Result<Option<f64>, String> {
        match self.resolve(id, metrics, 0)? {
            Value::Constant(value) => Ok(Some(value)),
            Value::Series(value) => Ok(value),
            _ => Err("the expression returns several series".to_owned()),
        }
    }

    /// The time functions that occur, with all the values that they take.
    pub(crate) fn times(&self) -> BTreeMap<&'static str, Vec<f64>> {
        let ranges = [
            ("MINUTE()", "MINUTE", 0..=59),
            ("HOUR()", "HOUR", 0..=23),
            ("DAY()", "DAY", 1..=7),
            ("DATE()", "DATE", 1..=31),
            ("MONTH()", "MONTH", 1..=12),
        ];
        let used = |name: &str| self.by_id.values().any(|expression| expression.calls(name));
        ranges
            .into_iter()
            .filter(|(_, function, _)| used(function))
            .map(|(key, _, range)| (key, range.map(f64::from).collect()))
            .collect()
    }

    fn resolve(
        &self,
        id: &str,
        metrics: &BTreeMap<&str, Option<f64>>,
        depth: usize,
    ) -> Result<Value, String> {
        if let Some(value) = metrics.get(id) {
            return Ok(Value::Series(*value));
        }
        match self.by_id.get(id) {
            Some(expression) if depth < DEEPEST => self.evaluate(expression, metrics, depth + 1),
            _ => Err(format!("`{id}` is no metric of the alarm")),
        }
    }

    fn evaluate(
        &self,
        expression: &Expression,
        metrics: &BTreeMap<&str, Option<f64>>,
        depth: usize,
    ) -> Result<Value, String> {
        match expression {
            Expression::Number(number) => Ok(Value::Constant(*number)),
            Expression::Text(text) => Ok(Value::Text(text.clone())),
            Expression::Name(id) => self.resolve(id, metrics, depth),
            Expression::Negated(inner) => match self.evaluate(inner, metrics, depth)? {
                Value::Constant(value) => Ok(Value::Constant(-value)),
                Value::Series(value) => Ok(Value::Series(value.map(|value| -value))),
                _ => Err("a list is negated".to_owned()),
            },
            Expression::Binary(operator, left, right) => {
                let left = self.evaluate(left, metrics, depth)?;
                let right = self.evaluate(right, metrics, depth)?;
                binary(*operator, left, right)
            }
            Expression::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    match self.evaluate(item, metrics, depth)? {
                        Value::Constant(value) => list.push(Some(value)),
                        Value::Series(value) => list.push(value),
                        Value::List(values) => list.extend(values),
                        Value::Text(_) => return Err("a text is in a list".to_owned()),
                    }
                }
                Ok(Value::List(list))
            }
            Expression::Call(function, arguments) => {
                if function == "METRICS" {
                    return metrics_named(arguments, metrics);
                }
                if let [_] = arguments.as_slice()
                    && let Some(value) = metrics.get(format!("{function}()").as_str())
                {
                    return Ok(Value::Series(*value));
                }
                if function == "FILL"
                    && matches!(arguments.get(1), Some(Expression::Name(n)) if !self.by_id.contains_key(n) && !metrics.contains_key(n.as_str()))
                {
                    return Err("FILL with REPEAT or LINEAR is not decided".to_owned());
                }
                let values = arguments
                    .iter()
                    .map(|argument| self.evaluate(argument, metrics, depth))
                    .collect::<Result<Vec<_>, _>>()?;
                call(function, &values)
            }
        }
    }
}

fn metrics_named(
    arguments: &[Expression],
    metrics: &BTreeMap<&str, Option<f64>>,
) -> Result<Value, String> {
    let part = match arguments {
        [] => "",
        [Expression::Text(text)] => text,
        _ => return Err("METRICS with these arguments is not decided".to_owned()),
    };
    // Keys of time functions are no metrics.
    let named = metrics
        .iter()
        .filter(|(id, _)| id.contains(part) && !id.ends_with("()"));
    Ok(Value::List(named.map(|(_, value)| *value).collect()))
}

fn binary(operator: Operator, left: Value, right: Value) -> Result<Value, String> {
    let (left, right) = match (left, right) {
        (Value::Constant(a), Value::Constant(b)) => {
            return Ok(Value::Constant(apply(operator, a, b).unwrap_or(0.0)));
        }
        // A constant alone does not make a datapoint.
        (Value::Series(a), Value::Constant(b)) => (a, a.map(|_| b)),
        (Value::Constant(a), Value::Series(b)) => (b.map(|_| a), b),
        (Value::Series(a), Value::Series(b)) => (a, b),
        _ => return Err("arithmetic over lists is not decided".to_owned()),
    };
    // A missing value counts as 0 where the other series has one.
    let value = match (left, right) {
        (None, None) => None,
        (a, b) => apply(operator, a.unwrap_or(0.0), b.unwrap_or(0.0)),
    };
    Ok(Value::Series(value))
}

/// `None`: no datapoint, as for a division by zero.
fn apply(operator: Operator, a: f64, b: f64) -> Option<f64> {
    let truth = |value: bool| if value { 1.0 } else { 0.0 };
    let value = match operator {
        Operator::Or => truth(a != 0.0 || b != 0.0),
        Operator::And => truth(a != 0.0 && b != 0.0),
        Operator::Equal => truth((a - b).abs() < f64::EPSILON),
        Operator::NotEqual => truth((a - b).abs() >= f64::EPSILON),
        Operator::Less => truth(a < b),
        Operator::LessOrEqual => truth(a <= b),
        Operator::Greater => truth(a > b),
        Operator::GreaterOrEqual => truth(a >= b),
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Power => a.powf(b),
    };
    value.is_finite().then_some(value)
}

fn call(function: &str, arguments: &[Value]) -> Result<Value, String> {
    match (function, arguments) {
        ("SUM", [Value::List(values)]) => Ok(Value::Series(
            values.iter().flatten().copied().reduce(|a, b| a + b),
        )),
        ("MAX", [Value::List(values)]) => Ok(Value::Series(
            values.iter().flatten().copied().reduce(f64::max),
        )),
        ("FILL", [series, Value::Constant(fill)]) => match series {
            Value::Series(value) => Ok(Value::Series(Some(value.unwrap_or(*fill)))),
            Value::List(values) => Ok(Value::List(
                values
                    .iter()
                    .map(|value| Some(value.unwrap_or(*fill)))
                    .collect(),
            )),
            _ => Err("FILL of a constant is not decided".to_owned()),
        },
        ("IF", [condition, then]) => Ok(choose(condition, then, None)?),
        ("IF", [condition, then, otherwise]) => choose(condition, then, Some(otherwise)),
        ("CEIL", [value]) => rounded(value, f64::ceil),
        ("FLOOR", [value]) => rounded(value, f64::floor),
        ("ABS", [value]) => rounded(value, f64::abs),
        _ => Err(format!("the function {function} is not decided")),
    }
}

fn choose(condition: &Value, then: &Value, otherwise: Option<&Value>) -> Result<Value, String> {
    let number = |value: &Value| match value {
        Value::Constant(number) => Ok(Some(*number)),
        Value::Series(number) => Ok(*number),
        _ => Err("IF over lists is not decided".to_owned()),
    };
    let value = match number(condition)? {
        None => None,
        Some(condition) if condition != 0.0 => Some(number(then)?.unwrap_or(0.0)),
        Some(_) => otherwise.map(number).transpose()?.flatten(),
    };
    Ok(Value::Series(value))
}

fn rounded(value: &Value, round: fn(f64) -> f64) -> Result<Value, String> {
    match value {
        Value::Constant(number) => Ok(Value::Constant(round(*number))),
        Value::Series(number) => Ok(Value::Series(number.map(round))),
        _ => Err("rounding a list is not decided".to_owned()),
    }
}
