//! Metric-math alarms: everything that the returned expression can show in one
//! period, from what its metrics can show in it (CloudWatch user guide, *Using
//! metric math*). What AWS does not document, or what looks at more datapoints
//! than one period has, is said not to be decided.
//!
//! [`parse`] reads an expression, [`whole`] puts the others that it builds on into
//! it, [`possible`] follows it, [`functions`] has what is applied to values.

mod functions;
mod parse;
mod possible;
mod shown;
#[cfg(test)]
mod tests;
mod whole;

use std::cell::Cell;
use std::collections::BTreeMap;

use parse::Expression;
pub(crate) use possible::{MissingAmong, Moment};
pub(crate) use shown::Shown;

/// Expressions of an alarm by their id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expressions {
    by_id: BTreeMap<String, Expression>,
}

/// Functions of time, with the range of their values.
const TIMES: [(&str, std::ops::RangeInclusive<u8>); 5] = [
    ("MINUTE", 0..=59),
    ("HOUR", 0..=23),
    ("DAY", 1..=7),
    ("DATE", 1..=31),
    ("MONTH", 1..=12),
];

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
}

/// The expression that an alarm watches, with everything that it builds on.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    expression: Expression,
    /// How many of its parts were looked at so far to follow it.
    spent: Cell<usize>,
}

impl Watched {
    /// The functions of time that occur, as they are written in [`Moment::now`], with all the
    /// values that they take.
    pub(crate) fn times(&self) -> Vec<(String, Vec<f64>)> {
        let called = |name: &str| {
            let of_time = whole::of_time(name);
            let is = |part: &Expression| matches!(part, Expression::Name(id) if *id == of_time);
            self.expression.has(&is).then_some(of_time)
        };
        TIMES
            .into_iter()
            .filter_map(|(name, range)| Some((called(name)?, range.map(f64::from).collect())))
            .collect()
    }

    /// The numbers in it.
    pub(crate) fn numbers(&self) -> Vec<f64> {
        fn add(expression: &Expression, all: &mut Vec<f64>) {
            if let Expression::Number(number) = expression {
                all.push(*number);
            }
            for part in expression.parts() {
                add(part, all);
            }
        }
        let mut all = Vec::new();
        add(&self.expression, &mut all);
        all
    }

    /// Whether one of its functions adds up what earlier periods showed.
    pub(crate) fn adds_up(&self) -> bool {
        self.expression.calls("RUNNING_SUM")
    }

    /// Whether one of its functions compares with what an earlier period showed.
    pub(crate) fn compares_with_earlier(&self) -> bool {
        self.expression.calls("DIFF") || self.expression.calls("RATE")
    }

    /// Whether it fills gaps by repeating what was there before.
    pub(crate) fn repeats(&self) -> bool {
        let repeat = |part: &Expression| *part == Expression::Text("REPEAT".to_owned());
        self.expression.has(&|part| {
            matches!(part, Expression::Call(function, of) if function == "FILL" && of.iter().any(repeat))
        })
    }

    /// Whether the metric of that id is in it.
    pub(crate) fn reads(&self, id: &str) -> bool {
        let is_it = |part: &Expression| matches!(part, Expression::Name(name) if name == id);
        self.expression.has(&is_it)
    }

    /// Whether it takes the smallest or the largest of several series, of which AWS does not say
    /// whether a missing value counts as 0 there.
    pub(crate) fn compares_series(&self) -> bool {
        self.expression.calls("MIN") || self.expression.calls("MAX")
    }

    /// All that it can show at the moment. `Err` says what is not decided.
    pub(crate) fn shows(&self, moment: &Moment<'_>) -> Result<Shown, String> {
        possible::shown(&self.expression, moment, &self.spent)
    }
}
