//! Expressions that build on metrics and on each other, as an alarm or a
//! GetMetricData request has them: which metrics each needs, and what it gives.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::functions::{Applied, Line, Named, Value, call, operate};
use super::parsing::Expression;

/// Metrics and expressions by their identifiers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queries<'a> {
    /// The identifiers of all metrics: `METRICS()`.
    pub(crate) metrics: BTreeSet<&'a str>,
    /// The texts of all expressions.
    pub(crate) expressions: BTreeMap<&'a str, &'a str>,
}

/// Why an expression gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Identifier of the expression.
    pub(crate) expression: String,
    /// What is wrong with it, or not simulated.
    pub(crate) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Error in expression '{}': {}",
            self.expression, self.what
        )
    }
}

impl std::error::Error for Problem {}

/// The series that are there, each as long as the others.
struct Series<'a> {
    metrics: &'a BTreeMap<String, Line>,
    /// What expressions gave so far.
    given: BTreeMap<&'a str, Value>,
    period: i64,
}

impl<'a> Queries<'a> {
    /// The metrics that the expression `id` needs, those of the expressions it builds on included.
    pub(crate) fn metrics_of(&self, id: &'a str) -> Result<BTreeSet<&'a str>, Problem> {
        let mut needed = BTreeSet::new();
        let order = self.order(id)?;
        for (_, expression) in &order {
            let (ids, all) = expression.ids();
            let metrics = self.metrics.iter().copied();
            needed.extend(metrics.filter(|metric| all || ids.contains(metric)));
        }
        Ok(needed)
    }

    /// What the expression `id` gives: a series, or several, of periods of `period` seconds.
    /// `metrics` has the series of every metric that it needs.
    pub(crate) fn result(
        &self,
        id: &'a str,
        metrics: &BTreeMap<String, Line>,
        period: i64,
    ) -> Result<Vec<Named>, Problem> {
        let mut series = Series {
            metrics,
            given: BTreeMap::new(),
            period,
        };
        for (expression, tree) in self.order(id)? {
            let value = series.value(&tree);
            let value = value.map_err(|what| problem(expression, what))?;
            series.given.insert(expression, value);
        }
        match series.given.remove(id) {
            Some(Value::Series(line)) => Ok(vec![Named { id: None, line }]),
            Some(Value::Many(lines)) => Ok(lines),
            _ => Err(problem(id, "it gives no time series".to_owned())),
        }
    }

    /// The expression and those that it builds on, each after the ones that it needs itself.
    fn order(&self, id: &'a str) -> Result<Vec<(&'a str, Expression)>, Problem> {
        let mut order = Vec::new();
        self.visit(id, &mut Vec::new(), &mut order)?;
        Ok(order)
    }

    fn visit(
        &self,
        id: &'a str,
        above: &mut Vec<&'a str>,
        order: &mut Vec<(&'a str, Expression)>,
    ) -> Result<(), Problem> {
        if order.iter().any(|(done, _)| *done == id) {
            return Ok(());
        }
        let Some((&id, text)) = self.expressions.get_key_value(id) else {
            return Err(problem(id, format!("ID '{id}' not found")));
        };
        if above.contains(&id) {
            return Err(problem(id, "it builds on itself".to_owned()));
        }
        let tree = Expression::parse(text).map_err(|what| problem(id, what))?;
        above.push(id);
        for part in tree.ids().0 {
            if self.metrics.contains(part) {
                continue;
            }
            let Some((&part, _)) = self.expressions.get_key_value(part) else {
                return Err(problem(id, format!("ID '{part}' not found")));
            };
            self.visit(part, above, order)?;
        }
        above.pop();
        order.push((id, tree));
        Ok(())
    }
}

fn problem(expression: &str, what: String) -> Problem {
    Problem {
        expression: expression.to_owned(),
        what,
    }
}

impl Series<'_> {
    fn value(&self, expression: &Expression) -> Applied {
        match expression {
            Expression::Number(number) => Ok(Value::Number(*number)),
            Expression::Text(text) => Ok(Value::Text(text.clone())),
            Expression::Id(id) => self.named(id),
            Expression::List(items) => self.list(items),
            Expression::Operation(operator, sides) => {
                operate(*operator, self.value(&sides.0)?, self.value(&sides.1)?)
            }
            Expression::Call(name, arguments) => {
                let values = arguments.iter().map(|argument| self.value(argument));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                match (&**name, &*values) {
                    ("METRICS", []) => Ok(self.metrics("")),
                    ("METRICS", [Value::Text(part)]) => Ok(self.metrics(part)),
                    _ => call(name, &values, self.period),
                }
            }
        }
    }

    fn named(&self, id: &str) -> Applied {
        if let Some(line) = self.metrics.get(id) {
            return Ok(Value::Series(line.clone()));
        }
        let given = self.given.get(id).cloned();
        given.ok_or_else(|| format!("ID '{id}' not found"))
    }

    fn list(&self, items: &[Expression]) -> Applied {
        let mut lines = Vec::new();
        for item in items {
            let id = match item {
                Expression::Id(id) => Some(id.clone()),
                _ => None,
            };
            match self.value(item)? {
                Value::Series(line) => lines.push(Named { id, line }),
                Value::Many(more) => lines.extend(more),
                Value::Number(number) => {
                    let length = self.metrics.values().next().map_or(0, Vec::len);
                    let line = vec![Some(number); length];
                    lines.push(Named { id: None, line });
                }
                Value::Text(_) => return Err("a text in a list".to_owned()),
            }
        }
        Ok(Value::Many(lines))
    }

    /// The metrics whose identifiers contain `part`.
    fn metrics(&self, part: &str) -> Value {
        let matching = self.metrics.iter().filter(|(id, _)| id.contains(part));
        let named = matching.map(|(id, line)| Named {
            id: Some(id.clone()),
            line: line.clone(),
        });
        Value::Many(named.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> BTreeMap<String, Line> {
        let line = |values: &[&str]| -> Line { values.iter().map(|v| v.parse().ok()).collect() };
        BTreeMap::from([
            ("m1".to_owned(), line(&["30", "20", "0", "0"])),
            ("m2".to_owned(), line(&["20", "-", "20", "-"])),
            ("m3".to_owned(), line(&["-", "-", "1", "-"])),
        ])
    }

    fn queries<'a>(expressions: &[(&'a str, &'a str)]) -> Queries<'a> {
        Queries {
            metrics: ["m1", "m2", "m3"].into(),
            expressions: expressions.iter().copied().collect(),
        }
    }

    fn shown(named: &Named) -> String {
        let values = named.line.iter();
        let shown = values.map(|v| v.map_or("-".to_owned(), |v| v.to_string()));
        shown.collect::<Vec<_>>().join(" ")
    }

    /// What `e1` gives; several series with their identifiers.
    fn result(expressions: &[(&str, &str)]) -> Result<String, String> {
        let queries = queries(expressions);
        let lines = queries.result("e1", &metrics(), 300);
        let lines = lines.map_err(|problem| problem.to_string())?;
        let texts = lines.iter().map(|named| match &named.id {
            Some(id) => format!("{id}: {}", shown(named)),
            None => shown(named),
        });
        Ok(texts.collect::<Vec<_>>().join("; "))
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
            ("MAX([m2, 5])",          "20 5 20 5"),
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
            ("DIFF(m2)",              "- - 0 -"),
            ("RATE(m1) * 300",        "- -10 -20 0"),
            ("m1 / PERIOD(m1) * 300", "30 20 0 0"),
            ("[m3, m1]",              "m3: - - 1 -; m1: 30 20 0 0"),
            ("FILL(METRICS('3'), 0)", "m3: 0 0 1 0"),
        ];
        for (expression, expected) in rows {
            let given = result(&[("e1", expression)]);
            assert_eq!(given.as_deref(), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn expressions_build_on_each_other_in_any_order() {
        let given = result(&[("e1", "e3 + e2"), ("e2", "m1 * 2"), ("e3", "e2 - m1")]);
        assert_eq!(given.as_deref(), Ok("90 60 0 0"));
        let given = result(&[("e1", "m3 * e2"), ("e2", "2 + 1")]);
        assert_eq!(given.as_deref(), Ok("- - 3 -"));
        let given = result(&[("e1", "SUM(e2)"), ("e2", "METRICS()")]);
        assert_eq!(given.as_deref(), Ok("50 20 21 0"));
    }

    #[test]
    fn the_metrics_of_an_expression_are_those_of_all_it_builds_on() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 4] = [
            ("m1 + 1",           &["m1"]),
            ("e2 + m2",          &["m2", "m3"]),
            ("SUM(METRICS())",   &["m1", "m2", "m3"]),
            ("TIME_SERIES(1)",   &[]),
        ];
        for (expression, expected) in rows {
            let queries = queries(&[("e1", expression), ("e2", "m3 * 2")]);
            let needed = queries.metrics_of("e1").unwrap();
            assert_eq!(needed, expected.iter().copied().collect(), "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_answered_says_so() {
        #[rustfmt::skip]
        let rows: [(&[(&str, &str)], &str); 9] = [
            (&[("e1", "ANOMALY_DETECTION_BAND(m1)")], "'e1': `ANOMALY_DETECTION_BAND` is not simulated in this form"),
            (&[("e1", "SEARCH('x', 'Sum')")],         "'e1': `SEARCH` is not simulated in this form"),
            (&[("e1", "m9")],                         "'e1': ID 'm9' not found"),
            (&[("e1", "e2"), ("e2", "m9 + 1")],       "'e2': ID 'm9' not found"),
            (&[("e1", "e1 + 1")],                     "'e1': it builds on itself"),
            (&[("e1", "e2"), ("e2", "m1 + e1")],      "'e1': it builds on itself"),
            (&[("e1", "METRICS() + 1")],              "'e1': arithmetic on lists is not simulated"),
            (&[("e1", "1 + 1")],                      "'e1': it gives no time series"),
            (&[("e1", "m1 / (1 / 0)")],               "'e1': a division by zero"),
        ];
        for (expressions, expected) in rows {
            let expected = format!("Error in expression {expected}");
            assert_eq!(result(expressions), Err(expected), "{expressions:?}");
        }
    }
}
