//! Metric math, as far as alarms on event counts use it: arithmetic, comparisons,
//! `AND` and `OR`, `SUM`, `MAX`, `MIN`, `AVG` of several series, `METRICS()`, `FILL`,
//! `IF`, `ABS`, `CEIL`, `FLOOR`, `PERIOD`, `RATE` and `DIFF` (CloudWatch user guide,
//! "Using metric math"). Anything else is said not to be simulated.

use std::collections::BTreeMap;

/// A series: a value or a gap for each period, oldest first.
pub(super) type Line = Vec<Option<f64>>;

/// What the identifiers of an expression stand for.
pub(super) struct Inputs<'a> {
    /// The metrics of the request by id; `METRICS()` is all of them.
    pub(super) metrics: &'a BTreeMap<String, Line>,
    /// Results of other expressions by id.
    pub(super) expressions: &'a BTreeMap<String, Line>,
    /// Length of a period in seconds.
    pub(super) period: i64,
}

enum Value {
    Number(f64),
    Series(Line),
    Many(Vec<Line>),
    Text(String),
}

/// The series that the expression gives, or what in it is not simulated.
pub(super) fn evaluate(
    expression: &str,
    inputs: &Inputs<'_>,
    length: usize,
) -> Result<Line, String> {
    let mut reader = Reader {
        tokens: tokens(expression)?,
        next: 0,
        inputs,
        length,
    };
    let value = reader.disjunction()?;
    if reader.next < reader.tokens.len() {
        return Err(format!("`{}` is not simulated", reader.tokens[reader.next]));
    }
    match value {
        Value::Series(line) => Ok(line),
        Value::Number(number) => Ok(vec![Some(number); length]),
        Value::Many(mut lines) if lines.len() == 1 => Ok(lines.remove(0)),
        Value::Many(_) | Value::Text(_) => Err("an alarm watches one series".to_owned()),
    }
}

fn tokens(expression: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        let length = if first == '"' || first == '\'' {
            let end = rest[1..].find(first).ok_or("a text without end")?;
            end + 2
        } else if word(first) {
            rest.find(|letter| !word(letter)).unwrap_or(rest.len())
        } else {
            let double = ["<=", ">=", "==", "!=", "||", "&&"];
            let two = double.iter().any(|symbol| rest.starts_with(symbol));
            if two { 2 } else { first.len_utf8() }
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: Vec<String>,
    next: usize,
    inputs: &'a Inputs<'a>,
    length: usize,
}

type Read = Result<Value, String>;

impl Reader<'_> {
    fn peek(&self) -> &str {
        self.tokens.get(self.next).map_or("", String::as_str)
    }

    fn take(&mut self, wanted: &[&str]) -> Option<String> {
        let found = wanted
            .iter()
            .any(|word| word.eq_ignore_ascii_case(self.peek()));
        found.then(|| {
            self.next += 1;
            self.tokens[self.next - 1].to_ascii_uppercase()
        })
    }

    fn need(&mut self, symbol: &str) -> Result<(), String> {
        self.take(&[symbol])
            .map(drop)
            .ok_or_else(|| format!("`{symbol}` expected before `{}`", self.peek()))
    }

    fn disjunction(&mut self) -> Read {
        let mut left = self.conjunction()?;
        while self.take(&["OR", "||"]).is_some() {
            let right = self.conjunction()?;
            left = pointwise(left, right, |a, b| Some(truth(a != 0.0 || b != 0.0)))?;
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Read {
        let mut left = self.comparison()?;
        while self.take(&["AND", "&&"]).is_some() {
            let right = self.comparison()?;
            left = pointwise(left, right, |a, b| Some(truth(a != 0.0 && b != 0.0)))?;
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Read {
        let mut left = self.sum()?;
        while let Some(operator) = self.take(&["<=", ">=", "==", "!=", "<", ">"]) {
            let right = self.sum()?;
            left = pointwise(left, right, |a, b| {
                Some(truth(match operator.as_str() {
                    "<=" => a <= b,
                    ">=" => a >= b,
                    "==" => a.total_cmp(&b).is_eq(),
                    "!=" => a.total_cmp(&b).is_ne(),
                    "<" => a < b,
                    _ => a > b,
                }))
            })?;
        }
        Ok(left)
    }

    fn sum(&mut self) -> Read {
        let mut left = self.product()?;
        while let Some(operator) = self.take(&["+", "-"]) {
            let right = self.product()?;
            let add = operator == "+";
            left = pointwise(left, right, |a, b| Some(if add { a + b } else { a - b }))?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Read {
        let mut left = self.factor()?;
        while let Some(operator) = self.take(&["*", "/"]) {
            let right = self.factor()?;
            let multiply = operator == "*";
            left = pointwise(left, right, |a, b| {
                if multiply {
                    Some(a * b)
                } else {
                    (b != 0.0).then(|| a / b)
                }
            })?;
        }
        Ok(left)
    }

    fn factor(&mut self) -> Read {
        if self.take(&["-"]).is_some() {
            let value = self.factor()?;
            return pointwise(Value::Number(0.0), value, |a, b| Some(a - b));
        }
        if self.take(&["("]).is_some() {
            let value = self.disjunction()?;
            self.need(")")?;
            return Ok(value);
        }
        if self.take(&["["]).is_some() {
            return self.list().map(Value::Many);
        }
        let token = self.peek().to_owned();
        self.next += 1;
        if let Ok(number) = token.parse() {
            return Ok(Value::Number(number));
        }
        if let Some(text) = token.strip_prefix(['"', '\'']) {
            return Ok(Value::Text(text[..text.len() - 1].to_owned()));
        }
        if self.peek() == "(" {
            return self.call(&token.to_ascii_uppercase());
        }
        let known = self.inputs.metrics.get(&token);
        known
            .or_else(|| self.inputs.expressions.get(&token))
            .cloned()
            .map(Value::Series)
            .ok_or_else(|| format!("`{token}` is not simulated"))
    }

    fn list(&mut self) -> Result<Vec<Line>, String> {
        let mut lines = Vec::new();
        loop {
            match self.disjunction()? {
                Value::Series(line) => lines.push(line),
                Value::Many(more) => lines.extend(more),
                Value::Number(number) => lines.push(vec![Some(number); self.length]),
                Value::Text(_) => return Err("a text in a list".to_owned()),
            }
            if self.take(&[","]).is_none() {
                self.need("]")?;
                return Ok(lines);
            }
        }
    }

    fn call(&mut self, name: &str) -> Read {
        self.need("(")?;
        let mut arguments = Vec::new();
        while self.take(&[")"]).is_none() {
            // REPEAT and LINEAR are words, not series.
            if let Some(word) = self.take(&["REPEAT", "LINEAR"]) {
                arguments.push(Value::Text(word));
            } else {
                arguments.push(self.disjunction()?);
            }
            if self.take(&[","]).is_none() {
                self.need(")")?;
                break;
            }
        }
        self.apply(name, arguments)
    }

    fn apply(&self, name: &str, mut arguments: Vec<Value>) -> Read {
        let unknown = || Err(format!("`{name}` is not simulated in this form"));
        let first = if arguments.is_empty() {
            None
        } else {
            Some(arguments.remove(0))
        };
        match (name, first, arguments.len()) {
            ("METRICS", None, 0) => {
                Ok(Value::Many(self.inputs.metrics.values().cloned().collect()))
            }
            ("METRICS", Some(Value::Text(part)), 0) => {
                let matching = self.inputs.metrics.iter();
                let matching = matching.filter(|(id, _)| id.contains(&part));
                Ok(Value::Many(
                    matching.map(|(_, line)| line.clone()).collect(),
                ))
            }
            ("SUM" | "MAX" | "MIN" | "AVG", Some(Value::Many(lines)), 0) => {
                Ok(Value::Series(over(name, &lines, self.length)))
            }
            ("FILL", Some(Value::Series(line)), 1) => fill(line, &arguments[0]).map(Value::Series),
            ("FILL", Some(Value::Many(lines)), 1) => lines
                .into_iter()
                .map(|line| fill(line, &arguments[0]))
                .collect::<Result<_, _>>()
                .map(Value::Many),
            ("IF", Some(Value::Series(condition)), 1 | 2) => {
                let otherwise = arguments.get(1);
                let mut result = Vec::new();
                for (place, condition) in condition.into_iter().enumerate() {
                    result.push(match condition {
                        None => None,
                        Some(0.0) => otherwise.and_then(|value| at(value, place)),
                        Some(_) => Some(at(&arguments[0], place).unwrap_or(0.0)),
                    });
                }
                Ok(Value::Series(result))
            }
            ("ABS" | "CEIL" | "FLOOR", Some(Value::Series(line)), 0) => {
                let apply = |value: f64| match name {
                    "ABS" => value.abs(),
                    "CEIL" => value.ceil(),
                    _ => value.floor(),
                };
                Ok(Value::Series(
                    line.into_iter().map(|v| v.map(apply)).collect(),
                ))
            }
            ("PERIOD", Some(Value::Series(_)), 0) => Ok(Value::Number(self.inputs.period as f64)),
            ("RATE" | "DIFF", Some(Value::Series(line)), 0) => {
                let per = if name == "RATE" {
                    self.inputs.period as f64
                } else {
                    1.0
                };
                Ok(Value::Series(changes(
                    &line,
                    per,
                    name == "RATE",
                    self.inputs.period,
                )))
            }
            _ => unknown(),
        }
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn at(value: &Value, place: usize) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Series(line) => line.get(place).copied().flatten(),
        Value::Many(_) | Value::Text(_) => None,
    }
}

/// "Missing values in a time series are treated as 0"; where every input is missing there is no value.
fn pointwise(left: Value, right: Value, apply: impl Fn(f64, f64) -> Option<f64>) -> Read {
    let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (None, None) => None,
        (a, b) => apply(a.unwrap_or(0.0), b.unwrap_or(0.0)),
    };
    let with_number = |line: Line, number, number_first: bool| {
        let one = |value: Option<f64>| {
            value.and_then(|value| {
                if number_first {
                    apply(number, value)
                } else {
                    apply(value, number)
                }
            })
        };
        line.into_iter().map(one).collect::<Line>()
    };
    Ok(match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            Value::Number(apply(a, b).ok_or("a division by zero")?)
        }
        (Value::Series(line), Value::Number(number)) => {
            Value::Series(with_number(line, number, false))
        }
        (Value::Number(number), Value::Series(line)) => {
            Value::Series(with_number(line, number, true))
        }
        (Value::Series(a), Value::Series(b)) => {
            Value::Series(a.into_iter().zip(b).map(|(a, b)| both(a, b)).collect())
        }
        _ => return Err("arithmetic on lists is not simulated".to_owned()),
    })
}

/// The statistic over several series, period by period.
fn over(name: &str, lines: &[Line], length: usize) -> Line {
    (0..length)
        .map(|place| {
            let values: Vec<f64> = lines.iter().filter_map(|line| line[place]).collect();
            if values.is_empty() {
                return None;
            }
            Some(match name {
                "SUM" => values.iter().sum(),
                "AVG" => values.iter().sum::<f64>() / lines.len() as f64,
                "MAX" => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
                _ => values.into_iter().fold(f64::INFINITY, f64::min),
            })
        })
        .collect()
}

fn fill(line: Line, with: &Value) -> Result<Line, String> {
    match with {
        Value::Number(number) => Ok(line
            .into_iter()
            .map(|value| value.or(Some(*number)))
            .collect()),
        Value::Text(word) if word == "REPEAT" => {
            let mut last = None;
            Ok(line
                .into_iter()
                .map(|value| {
                    last = value.or(last);
                    last
                })
                .collect())
        }
        _ => Err("this filling is not simulated".to_owned()),
    }
}

/// The difference of a value and the one before it; nothing where there is none before.
fn changes(line: &[Option<f64>], per: f64, is_rate: bool, period: i64) -> Line {
    let mut last: Option<(usize, f64)> = None;
    line.iter()
        .enumerate()
        .map(|(place, value)| {
            let value = (*value)?;
            let before = last.replace((place, value));
            let (place_before, before) = before?;
            let seconds = (place - place_before) as f64 * period as f64;
            Some((value - before) / if is_rate { seconds } else { per })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(expression: &str) -> Result<String, String> {
        let line = |values: &[&str]| -> Line { values.iter().map(|v| v.parse().ok()).collect() };
        let metrics = BTreeMap::from([
            ("m1".to_owned(), line(&["30", "20", "0", "0"])),
            ("m2".to_owned(), line(&["20", "-", "20", "-"])),
            ("m3".to_owned(), line(&["-", "-", "1", "-"])),
        ]);
        let inputs = Inputs {
            metrics: &metrics,
            expressions: &BTreeMap::new(),
            period: 300,
        };
        let line = evaluate(expression, &inputs, 4)?;
        let shown = line
            .iter()
            .map(|v| v.map_or("-".to_owned(), |v| v.to_string()));
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn expressions_give_what_the_documentation_says() {
        #[rustfmt::skip]
        let rows = [
            ("m1<m2",                 "0 0 1 0"),
            ("m1 + m2",               "50 20 20 0"),
            ("m3 * 2",                "- - 2 -"),
            ("m1 / m2",               "1.5 - 0 -"),
            ("-m3",                   "- - -1 -"),
            ("SUM([m2, m3])",         "20 - 21 -"),
            ("AVG([m2, m3])",         "10 - 10.5 -"),
            ("MAX(METRICS())",        "30 20 20 0"),
            ("SUM(METRICS(\"m3\"))",  "- - 1 -"),
            ("FILL(m3, 0)",           "0 0 1 0"),
            ("FILL(m3, REPEAT)",      "- - 1 1"),
            ("IF(m1 > 10, 1, 0)",     "1 1 0 0"),
            ("IF(m3 >= 1, 1)",        "- - 1 -"),
            ("m1 >= 20 AND m2 >= 20", "1 0 0 0"),
            ("m1 > 25 || m3",         "1 0 1 0"),
            ("(m1 - m2) * 2",         "20 40 -40 0"),
            ("RATE(m3)",              "- - - -"),
            ("DIFF(m1)",              "- -10 -20 0"),
            ("m1 / PERIOD(m1) * 300", "30 20 0 0"),
        ];
        for (expression, expected) in rows {
            assert_eq!(result(expression).as_deref(), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn what_is_not_simulated_says_so() {
        for expression in [
            "ANOMALY_DETECTION_BAND(m1)",
            "SEARCH('x', 'Sum')",
            "m9",
            "[m1, m2]",
            "m1 +",
        ] {
            assert!(result(expression).is_err(), "{expression}");
        }
    }
}
