//! Everything that an expression can show in one period. Where each metric occurs
//! once, the parts are independent of each other, and what the whole can show
//! follows from what its parts can. Most of metric math is monotone in each of its
//! series: there the smallest and the largest value of a part stand for all. What
//! occurs several times is tried value by value.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::functions::{self, Reading, Value};
use super::parse::{Expression, Operator};
use super::shown::Shown;

/// What metrics and functions of time can show, by their names.
pub(crate) type Showing<'a> = BTreeMap<&'a str, Shown>;

/// How a missing value counts where the smallest or largest of several series is taken: AWS
/// documents it for arithmetic and means only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingAmong {
    /// The others decide.
    Skipped,
    /// It is 0.
    Zero,
}

/// One period, and those before it.
#[derive(Debug, Clone)]
pub(crate) struct Moment<'a> {
    /// What each can show in the period.
    pub(crate) now: Showing<'a>,
    /// What each can have shown in an earlier one.
    pub(crate) before: Showing<'a>,
    /// What each shows while nothing happens.
    pub(crate) at_rest: Showing<'a>,
    /// How `MIN` and `MAX` read missing values.
    pub(crate) missing_among: MissingAmong,
    /// Seconds of it, where they are known.
    pub(crate) seconds: Option<f64>,
}

/// Parts of an expression that are looked at to follow it once, at most.
const MOST_PARTS: usize = 500_000;

/// The same for all moments of one decision, which bounds its time.
const MOST_PARTS_IN_ALL: usize = 5_000_000;

/// Everything that `expression` can show at the moment; `spent` counts the parts that were looked
/// at for all moments. `Err` says what is not decided.
pub(super) fn shown(
    expression: &Expression,
    moment: &Moment<'_>,
    spent: &Cell<usize>,
) -> Result<Shown, String> {
    let looked_at = Cell::new(0);
    // An alarm compares with a threshold, for which the extremes suffice.
    let shown = tried(expression, moment, true, &looked_at);
    spent.set(spent.get() + looked_at.get());
    if spent.get() > MOST_PARTS_IN_ALL {
        return Err("it combines too many metrics and times".to_owned());
    }
    shown
}

fn tried(
    expression: &Expression,
    moment: &Moment<'_>,
    extremes: bool,
    looked_at: &Cell<usize>,
) -> Result<Shown, String> {
    let repeated = repeated(expression, moment);
    let size = size(expression);
    let effort = match repeated.len() {
        0 | 1 => size,
        _ => size * size,
    };
    looked_at.set(looked_at.get() + effort);
    if looked_at.get() > MOST_PARTS {
        return Err("it combines too many metrics".to_owned());
    }
    if !repeated.is_empty() && looks_back(expression) {
        return Err("it looks at earlier values of the same metric several times".to_owned());
    }
    if let Some((part, times)) = part_by_itself(expression, &repeated)
        && let Ok(values) = tried(part, moment, false, looked_at)
    {
        if times == 1 {
            let known = replaced(expression, part, &values);
            return tried(&known, moment, extremes, looked_at);
        }
        let tries = values.options().map(|value| {
            let assumed = replaced(expression, part, &Shown::one(value));
            tried(&assumed, moment, extremes, looked_at)
        });
        return union(tries);
    }
    let fewest = repeated.iter().min_by_key(|id| moment.now[**id].count());
    let Some(id) = fewest else {
        let follower = Follower { moment };
        return match follower.value(expression, extremes)? {
            Value::Constant(value) => Ok(Shown::one(Some(value))),
            Value::Series(shown) => Ok(shown),
            _ => Err("the expression returns several series".to_owned()),
        };
    };
    let tries = moment.now[*id].options().map(|value| {
        let mut assumed = moment.clone();
        if let Some(shown) = assumed.now.get_mut(id) {
            *shown = Shown::one(value);
        }
        tried(expression, &assumed, extremes, looked_at)
    });
    union(tries)
}

fn size(expression: &Expression) -> usize {
    1 + expression.parts().into_iter().map(size).sum::<usize>()
}

fn union(mut tries: impl Iterator<Item = Result<Shown, String>>) -> Result<Shown, String> {
    tries.try_fold(Shown::default(), |all, shown| Ok(all.or(&shown?)))
}

/// Names that occur more than once and can show more than one thing, now or earlier.
fn repeated<'a>(expression: &'a Expression, moment: &Moment<'_>) -> Vec<&'a str> {
    let all = occurrences(expression);
    let back = looks_back(expression);
    let varies = |id: &str| {
        let several = |showing: &Showing<'_>| showing.get(id).is_some_and(|s| s.count() > 1);
        several(&moment.now) || back && several(&moment.before)
    };
    all.into_iter()
        .filter(|(id, times)| *times > 1 && varies(id))
        .map(|(id, _)| id)
        .collect()
}

fn occurrences(expression: &Expression) -> BTreeMap<&str, usize> {
    fn add<'a>(expression: &'a Expression, all: &mut BTreeMap<&'a str, usize>) {
        if let Expression::Name(id) = expression {
            *all.entry(id).or_default() += 1;
        }
        for part in expression.parts() {
            add(part, all);
        }
    }
    let mut all = BTreeMap::new();
    add(expression, &mut all);
    all
}

/// Whether it looks at earlier periods: what a part shows now does not say all of it there.
fn looks_back(expression: &Expression) -> bool {
    expression.has(&|part| match part {
        Expression::Call(function, arguments) => match function.as_str() {
            "DIFF" | "RATE" | "RUNNING_SUM" => true,
            "FILL" => matches!(arguments.last(), Some(Expression::Text(_))),
            _ => false,
        },
        _ => false,
    })
}

/// A part that has every occurrence of what is in it, once or several times over, and how often it
/// occurs: what it can show depends on nothing outside, and it has fewer values than there are
/// combinations of its metrics'.
fn part_by_itself<'a>(
    expression: &'a Expression,
    repeated: &[&str],
) -> Option<(&'a Expression, usize)> {
    if repeated.len() < 2 {
        return None;
    }
    let all = occurrences(expression);
    let mut parts = Vec::new();
    collect(expression, &mut parts);
    let proper = parts.into_iter().skip(1).filter(|part| {
        matches!(part, Expression::Binary(..) | Expression::Call(..))
            && occurrences(part).keys().any(|id| repeated.contains(id))
    });
    proper
        .map(|part| (part, count(expression, part)))
        .find(|(part, times)| {
            let mut of_part = occurrences(part).into_iter();
            of_part.all(|(id, once)| all.get(id) == Some(&(once * times)))
        })
}

fn collect<'a>(expression: &'a Expression, all: &mut Vec<&'a Expression>) {
    all.push(expression);
    for part in expression.parts() {
        collect(part, all);
    }
}

fn count(expression: &Expression, part: &Expression) -> usize {
    if expression == part {
        return 1;
    }
    expression
        .parts()
        .into_iter()
        .map(|one| count(one, part))
        .sum()
}

fn replaced(expression: &Expression, part: &Expression, by: &Shown) -> Expression {
    if expression == part {
        return Expression::Known(by.clone());
    }
    let changed: Result<_, std::convert::Infallible> =
        expression.with_parts(&mut |one| Ok(replaced(one, part, by)));
    match changed {
        Ok(expression) => expression,
        Err(never) => match never {},
    }
}

/// Follows an expression in which nothing that varies occurs twice.
struct Follower<'a> {
    moment: &'a Moment<'a>,
}

impl Follower<'_> {
    /// What the expression gives. With `extremes`, what is asked of it is monotone in it, so that
    /// its smallest and largest value stand for those between.
    fn value(&self, expression: &Expression, extremes: bool) -> Result<Value, String> {
        let value = match expression {
            Expression::Number(number) => Value::Constant(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Known(shown) => Value::Series(shown.clone()),
            Expression::Name(id) => match self.moment.now.get(id.as_str()) {
                Some(shown) => Value::Series(shown.clone()),
                None => return Err(format!("`{id}` is no metric of the alarm")),
            },
            Expression::Negated(inner) => functions::negated(&self.value(inner, extremes)?)?,
            Expression::Binary(operator, left, right) => {
                let (of_left, of_right) = match operator {
                    // Monotone in either operand, whatever the other is.
                    Operator::Add | Operator::Subtract | Operator::Multiply => (extremes, extremes),
                    // Both outcomes are met at extremes, if at all.
                    Operator::Less
                    | Operator::LessOrEqual
                    | Operator::Greater
                    | Operator::GreaterOrEqual => (true, true),
                    // Not across a divisor of 0.
                    Operator::Divide => (extremes, false),
                    Operator::Or
                    | Operator::And
                    | Operator::Equal
                    | Operator::NotEqual
                    | Operator::Power => (false, false),
                };
                let left = self.value(left, of_left)?;
                let right = self.value(right, of_right)?;
                functions::operate(*operator, &left, &right)?
            }
            Expression::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    match self.value(item, extremes)? {
                        Value::Constant(value) => list.push(Shown::one(Some(value))),
                        Value::Series(shown) => list.push(shown),
                        Value::List(several) => list.extend(several),
                        Value::Text(_) => return Err("a text is in a list".to_owned()),
                    }
                }
                Value::List(list)
            }
            Expression::Call(function, arguments) => self.call(function, arguments, extremes)?,
        };
        Ok(if extremes { value.extremes() } else { value })
    }

    fn call(
        &self,
        function: &str,
        arguments: &[Expression],
        extremes: bool,
    ) -> Result<Value, String> {
        let monotone = |place: usize| match function {
            // Only whether its condition is 0 matters.
            "IF" => extremes && place > 0,
            "ABS" => false,
            _ => extremes,
        };
        let values = arguments
            .iter()
            .enumerate()
            .map(|(place, argument)| self.value(argument, monotone(place)))
            .collect::<Result<Vec<_>, _>>()?;
        let first = |showing: &Showing<'_>| -> Result<Value, String> {
            let then = Moment {
                now: showing.clone(),
                ..self.moment.clone()
            };
            Follower { moment: &then }.value(&arguments[0], extremes)
        };
        let reading = Reading {
            missing_among: self.moment.missing_among,
            extremes,
            seconds: self.moment.seconds,
            earlier: &|| first(&self.moment.before),
            at_rest: &|| first(&self.moment.at_rest),
        };
        functions::call(function, &values, &reading)
    }
}
