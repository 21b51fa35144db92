//! What metric math computes: operators and functions on series, period by period.

use super::parsing::Operator;

/// A series: a value or a gap for each period, oldest first.
pub(crate) type Line = Vec<Option<f64>>;

/// A series and the identifier that it comes from; none where it was computed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) id: Option<String>,
    pub(crate) line: Line,
}

/// What an expression or a part of one gives.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(f64),
    Series(Line),
    Many(Vec<Named>),
    Text(String),
}

pub(super) type Applied = Result<Value, String>;

/// The operator between two values. "Missing values in a time series are treated as 0"; where every
/// input is missing there is no value.
pub(super) fn operate(operator: Operator, left: Value, right: Value) -> Applied {
    let apply = |a, b| between(operator, a, b);
    let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (None, None) => None,
        (a, b) => apply(a.unwrap_or(0.0), b.unwrap_or(0.0)),
    };
    let each = |line: Line, apply: &dyn Fn(f64) -> Option<f64>| -> Line {
        line.into_iter().map(|value| apply(value?)).collect()
    };
    Ok(match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            Value::Number(apply(a, b).ok_or("a division by zero")?)
        }
        (Value::Series(line), Value::Number(b)) => Value::Series(each(line, &|a| apply(a, b))),
        (Value::Number(a), Value::Series(line)) => Value::Series(each(line, &|b| apply(a, b))),
        (Value::Series(a), Value::Series(b)) => {
            Value::Series(a.into_iter().zip(b).map(|(a, b)| both(a, b)).collect())
        }
        _ => return Err("arithmetic on lists is not simulated".to_owned()),
    })
}

fn between(operator: Operator, a: f64, b: f64) -> Option<f64> {
    let truth = |holds: bool| f64::from(u8::from(holds));
    Some(match operator {
        Operator::Or => truth(a != 0.0 || b != 0.0),
        Operator::And => truth(a != 0.0 && b != 0.0),
        Operator::AtMost => truth(a <= b),
        Operator::AtLeast => truth(a >= b),
        Operator::Equal => truth(a.total_cmp(&b).is_eq()),
        Operator::Unequal => truth(a.total_cmp(&b).is_ne()),
        Operator::Below => truth(a < b),
        Operator::Above => truth(a > b),
        Operator::Plus => a + b,
        Operator::Minus => a - b,
        Operator::Times => a * b,
        Operator::Over if b == 0.0 => return None,
        Operator::Over => a / b,
    })
}

/// The function `name` of values in periods of `period` seconds.
pub(super) fn call(name: &str, arguments: &[Value], period: i64) -> Applied {
    Ok(match (name, arguments) {
        ("SUM" | "MAX" | "MIN" | "AVG", [Value::Many(lines)]) => Value::Series(over(name, lines)),
        ("FILL", [Value::Series(line), with]) => Value::Series(fill(line, with)?),
        ("FILL", [Value::Many(lines), with]) => {
            let filled = lines.iter().map(|named| {
                let id = named.id.clone();
                fill(&named.line, with).map(|line| Named { id, line })
            });
            Value::Many(filled.collect::<Result<_, _>>()?)
        }
        ("IF", [Value::Series(condition), then]) => Value::Series(choose(condition, then, None)),
        ("IF", [Value::Series(condition), then, otherwise]) => {
            Value::Series(choose(condition, then, Some(otherwise)))
        }
        ("ABS", [Value::Series(line)]) => Value::Series(each(line, f64::abs)),
        ("CEIL", [Value::Series(line)]) => Value::Series(each(line, f64::ceil)),
        ("FLOOR", [Value::Series(line)]) => Value::Series(each(line, f64::floor)),
        ("PERIOD", [Value::Series(_)]) => Value::Number(period as f64),
        ("DIFF", [Value::Series(line)]) => Value::Series(changes(line, |_| 1.0)),
        ("RATE", [Value::Series(line)]) => {
            Value::Series(changes(line, |periods| periods as f64 * period as f64))
        }
        _ => return Err(format!("`{name}` is not simulated in this form")),
    })
}

fn each(line: &Line, apply: fn(f64) -> f64) -> Line {
    line.iter().map(|value| value.map(apply)).collect()
}

/// The value of one period.
fn at(value: &Value, place: usize) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Series(line) => line.get(place).copied().flatten(),
        Value::Many(_) | Value::Text(_) => None,
    }
}

fn choose(condition: &Line, then: &Value, otherwise: Option<&Value>) -> Line {
    let chosen = condition
        .iter()
        .enumerate()
        .map(|(place, condition)| match condition {
            None => None,
            Some(0.0) => otherwise.and_then(|value| at(value, place)),
            Some(_) => Some(at(then, place).unwrap_or(0.0)),
        });
    chosen.collect()
}

/// The statistic over several series, period by period.
fn over(name: &str, lines: &[Named]) -> Line {
    let length = lines.first().map_or(0, |named| named.line.len());
    let at = |place: usize| {
        let values: Vec<f64> = lines.iter().filter_map(|named| named.line[place]).collect();
        if values.is_empty() {
            return None;
        }
        Some(match name {
            "SUM" => values.iter().sum(),
            "AVG" => values.iter().sum::<f64>() / lines.len() as f64,
            "MAX" => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
            _ => values.into_iter().fold(f64::INFINITY, f64::min),
        })
    };
    (0..length).map(at).collect()
}

fn fill(line: &Line, with: &Value) -> Result<Line, String> {
    match with {
        Value::Number(number) => Ok(line.iter().map(|value| value.or(Some(*number))).collect()),
        Value::Text(word) if word == "REPEAT" => {
            let mut last = None;
            let repeated = line.iter().map(|value| {
                last = value.or(last);
                last
            });
            Ok(repeated.collect())
        }
        _ => Err("this filling is not simulated".to_owned()),
    }
}

/// The difference of a value and the one before it, divided by what `per` makes of the number of
/// periods between them; nothing where there is none before.
fn changes(line: &Line, per: impl Fn(usize) -> f64) -> Line {
    let mut last: Option<(usize, f64)> = None;
    let change = |(place, value): (usize, &Option<f64>)| {
        let value = (*value)?;
        let (place_before, before) = last.replace((place, value))?;
        Some((value - before) / per(place - place_before))
    };
    line.iter().enumerate().map(change).collect()
}
