//! What operators and functions of metric math make of everything that their
//! operands can show, each independently of the others.

use super::parse::Operator;
use super::possible::MissingAmong;
use super::shown::Shown;

/// What an expression or a part of one gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Constant(f64),
    Series(Shown),
    List(Vec<Shown>),
    Text(String),
}

type Applied = Result<Value, String>;

/// Pairs of values that are combined at most.
const MOST_PAIRS: usize = 8_192;

impl Value {
    /// With the smallest and the largest of its values alone.
    pub(super) fn extremes(self) -> Self {
        match self {
            Self::Series(shown) => Self::Series(shown.extremes()),
            Self::List(list) => Self::List(list.into_iter().map(Shown::extremes).collect()),
            other => other,
        }
    }

    fn each(&self, change: &dyn Fn(f64) -> Option<f64>) -> Applied {
        Ok(match self {
            Self::Constant(number) => Self::Constant(change(*number).ok_or("a division by zero")?),
            Self::Series(shown) => Self::Series(shown.map(change)),
            Self::List(list) => Self::List(list.iter().map(|shown| shown.map(change)).collect()),
            Self::Text(_) => return Err("arithmetic on a text is not decided".to_owned()),
        })
    }
}

pub(super) fn negated(value: &Value) -> Applied {
    value.each(&|number| Some(-number))
}

/// What the operator makes of two values. "Missing values in a time series are treated as 0";
/// where every series is missing, nothing is shown, and a number alone makes no datapoint.
pub(super) fn operate(operator: Operator, left: &Value, right: &Value) -> Applied {
    let both = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (None, None) => None,
        (a, b) => apply(operator, a.unwrap_or(0.0), b.unwrap_or(0.0)),
    };
    match (left, right) {
        (value, Value::Constant(b)) => value.each(&|a| apply(operator, a, *b)),
        (Value::Constant(a), value) => value.each(&|b| apply(operator, *a, b)),
        (Value::Series(a), Value::Series(b)) => Ok(Value::Series(pairs(a, b, both)?)),
        // Of one series with several values, each in the list sees the same at a time.
        (Value::List(list), Value::Series(b)) if b.count() == 1 => {
            let each = list.iter().map(|a| pairs(a, b, both));
            Ok(Value::List(each.collect::<Result<_, _>>()?))
        }
        (Value::Series(a), Value::List(list)) if a.count() == 1 => {
            let each = list.iter().map(|b| pairs(a, b, both));
            Ok(Value::List(each.collect::<Result<_, _>>()?))
        }
        _ => Err("arithmetic of lists with others is not decided".to_owned()),
    }
}

fn pairs(
    left: &Shown,
    right: &Shown,
    both: impl Fn(Option<f64>, Option<f64>) -> Option<f64>,
) -> Result<Shown, String> {
    if left.count() * right.count() > MOST_PAIRS {
        return Err("it combines too many values".to_owned());
    }
    let both = &both;
    Ok(left
        .options()
        .flat_map(|a| right.options().map(move |b| both(a, b)))
        .collect())
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

/// How a call is to be read.
pub(super) struct Reading<'a> {
    pub(super) missing_among: MissingAmong,
    /// Whether the smallest and the largest value of the result suffice.
    pub(super) extremes: bool,
    /// Seconds of a period.
    pub(super) seconds: Option<f64>,
    /// What the first argument can have shown in an earlier period.
    pub(super) earlier: &'a dyn Fn() -> Applied,
    /// What it shows while nothing happens.
    pub(super) at_rest: &'a dyn Fn() -> Applied,
}

/// What the function makes of its arguments.
pub(super) fn call(function: &str, arguments: &[Value], reading: &Reading<'_>) -> Applied {
    let series = |shown: Shown| Ok(Value::Series(shown));
    match (function, arguments) {
        ("SUM" | "AVG" | "MIN" | "MAX", [Value::List(list)]) => {
            series(over(function, list, reading)?)
        }
        ("SUM" | "AVG" | "MIN" | "MAX" | "STDDEV" | "DATAPOINT_COUNT", [Value::Series(_)]) => {
            Err(format!(
                "{function} of one series looks at as many datapoints as CloudWatch fetches, which is not documented"
            ))
        }
        ("METRIC_COUNT", [Value::List(list)]) => Ok(Value::Constant(list.len() as f64)),
        ("FIRST", [Value::List(list)]) => series(list.first().cloned().ok_or("an empty list")?),
        ("LAST", [Value::List(list)]) => series(list.last().cloned().ok_or("an empty list")?),
        ("TIME_SERIES", [Value::Constant(number)]) => series(Shown::one(Some(*number))),
        ("FILL", [filled, with]) => fill(filled, with, reading),
        ("IF", [condition, then]) => choose(condition, then, None),
        ("IF", [condition, then, otherwise]) => choose(condition, then, Some(otherwise)),
        ("CEIL", [value]) => value.each(&|number| Some(number.ceil())),
        ("FLOOR", [value]) => value.each(&|number| Some(number.floor())),
        ("ABS", [value]) => value.each(&|number| Some(number.abs())),
        ("DIFF" | "RATE", [Value::Series(now)]) => {
            let per = match (function, reading.seconds) {
                ("DIFF", _) => 1.0,
                (_, Some(seconds)) => seconds,
                (_, None) => return Err("the alarm has no period".to_owned()),
            };
            series(change(function, now, &earlier(reading)?, per)?)
        }
        ("RUNNING_SUM", [Value::Series(now)]) => {
            let Value::Series(rest) = (reading.at_rest)()? else {
                return Err("a running sum of a list is not decided".to_owned());
            };
            if rest.values.iter().any(|value| *value != 0.0) {
                return Err("its running sum grows without events".to_owned());
            }
            series(running_sum(now, &earlier(reading)?))
        }
        ("ANOMALY_DETECTION_BAND", _) => {
            Err("an anomaly-detection band does not say at how many events it rings".to_owned())
        }
        ("SEARCH", _) => Err("CloudWatch makes no alarm of a search".to_owned()),
        _ => Err(format!("the function {function} is not decided")),
    }
}

fn earlier(reading: &Reading<'_>) -> Result<Shown, String> {
    match (reading.earlier)()? {
        Value::Series(shown) => Ok(shown),
        _ => Err("earlier values of a list are not decided".to_owned()),
    }
}

/// The statistic over several series. "Missing values are treated as 0" in means; a sum is the
/// same either way.
fn over(function: &str, list: &[Shown], reading: &Reading<'_>) -> Result<Shown, String> {
    let skips = reading.missing_among == MissingAmong::Skipped;
    let of_two = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) if skips => Some(one),
        (a, b) => {
            let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
            Some(match function {
                "MIN" => a.min(b),
                "MAX" => a.max(b),
                _ => a + b,
            })
        }
    };
    let (first, others) = list.split_first().ok_or("a function of no series")?;
    let mut all = first.clone();
    for shown in others {
        all = pairs(&all, shown, of_two)?;
        if reading.extremes {
            all = all.extremes();
        }
    }
    let number = list.len() as f64;
    Ok(match function {
        "AVG" => all.map(|sum| Some(sum / number)),
        _ => all,
    })
}

fn fill(filled: &Value, with: &Value, reading: &Reading<'_>) -> Applied {
    let filler = match with {
        Value::Constant(number) => Shown::one(Some(*number)),
        Value::Series(shown) => shown.clone(),
        // The last value before the gap, or one between those around it; at the beginning of what
        // CloudWatch fetches there is neither.
        Value::Text(_) => earlier(reading)?.or(&Shown::NOTHING),
        Value::List(_) => return Err("filling with a list is not decided".to_owned()),
    };
    let each = |shown: &Shown| -> Shown {
        let there = shown.values.iter().copied().map(Some);
        let instead = filler.options().filter(|_| shown.missing);
        there.chain(instead).collect()
    };
    match filled {
        Value::Series(shown) => Ok(Value::Series(each(shown))),
        Value::List(list) if filler.count() == 1 => {
            Ok(Value::List(list.iter().map(each).collect()))
        }
        _ => Err("FILL of such a value is not decided".to_owned()),
    }
}

/// A condition is false where it is 0, and decides nothing where it is missing. What is chosen and
/// missing is 0, unless it is what stands for a false condition.
fn choose(condition: &Value, then: &Value, otherwise: Option<&Value>) -> Applied {
    let number = |value: &Value| match value {
        Value::Constant(number) => Ok(Shown::one(Some(*number))),
        Value::Series(shown) => Ok(shown.clone()),
        _ => Err("IF over lists is not decided".to_owned()),
    };
    let condition = number(condition)?;
    let then = number(then)?;
    let otherwise = otherwise.map(number).transpose()?;
    let mut all = Shown::default();
    if condition.missing {
        all = all.or(&Shown::NOTHING);
    }
    if condition.values.iter().any(|value| *value != 0.0) {
        let chosen = then.options().map(|value| Some(value.unwrap_or(0.0)));
        all = all.or(&chosen.collect());
    }
    if condition.values.contains(&0.0) {
        all = all.or(otherwise.as_ref().unwrap_or(&Shown::NOTHING));
    }
    Ok(Value::Series(all))
}

/// A value less the one before it. Nothing where there was none: CloudWatch fetches some periods
/// only, so that after a longer silence there is nothing before an event.
fn change(function: &str, now: &Shown, before: &Shown, per: f64) -> Result<Shown, String> {
    if !before.missing {
        return Err(format!(
            "{function} compares with the period before, which may have events, too"
        ));
    }
    let changes = pairs(now, before, |now, before| Some((now? - before?) / per))?;
    Ok(changes.or(&Shown::NOTHING))
}

/// A value and those before it, as many as CloudWatch fetches.
fn running_sum(now: &Shown, before: &Shown) -> Shown {
    /// Periods that add up, for example.
    const SOME: f64 = 10.0;
    let earlier = before
        .values
        .iter()
        .flat_map(|value| [*value, value * SOME]);
    let earlier: Vec<f64> = earlier.collect();
    let sums = now.values.iter().flat_map(|value| {
        let earlier = earlier.iter().map(move |sum| Some(value + sum));
        std::iter::once(Some(*value)).chain(earlier)
    });
    // In a gap it shows what was summed up, or nothing.
    let in_gap = earlier.iter().map(|sum| Some(*sum)).chain([None]);
    sums.chain(in_gap.filter(|_| now.missing)).collect()
}
