//! The values that a metric filter's metric shows in one period: after some
//! matching events, and in silence. A filter publishes its value per matching
//! event, and its default value for minutes with other events only (CloudWatch
//! Logs, "Monitoring log data"); how many such minutes a period has depends on
//! the traffic, so every number of them is possible.

use crate::snapshot::MetricTransformation;

/// What a metric can show in one period; `None` is no datapoint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Datapoints {
    statistic: Statistic,
    /// Whether the statistic is a percentile.
    percentile: bool,
    value: f64,
    default: Option<f64>,
    minutes: u32,
}

/// Why a metric's values are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotKnown(pub(crate) String);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Statistic {
    Sum,
    SampleCount,
    Average,
    Maximum,
    Minimum,
    /// A percentile or a trimmed mean: some value between the smallest and the largest.
    Between,
}

impl Datapoints {
    /// What `transformation` shows under a statistic, in periods of that length.
    pub(crate) fn of(
        transformation: &MetricTransformation,
        statistic: Option<&str>,
        period: Option<i32>,
    ) -> Result<Self, NotKnown> {
        let name = statistic.unwrap_or("none");
        let statistic = statistic_named(name)
            .ok_or_else(|| NotKnown(format!("the statistic `{name}` is not decided")))?;
        let value: f64 = transformation.value.trim().parse().map_err(|_| {
            NotKnown(format!(
                "the metric's value is taken from `{}` of the event; where that is absent or no number, nothing is published",
                transformation.value
            ))
        })?;
        if !value.is_finite() {
            return Err(NotKnown(format!(
                "the metric's value is `{}`",
                transformation.value
            )));
        }
        let seconds = period.ok_or_else(|| NotKnown("the alarm has no period".to_owned()))?;
        Ok(Self {
            percentile: name.starts_with('p'),
            statistic,
            value,
            default: transformation.default_value,
            minutes: u32::try_from(seconds / 60).unwrap_or(1).max(1),
        })
    }

    /// Whether the statistic of matching events alone is known, but not how it
    /// ranks them among default values.
    pub(crate) fn is_vague(&self) -> bool {
        self.statistic == Statistic::Between && self.default.is_some()
    }

    /// Whether it is a percentile of values of which some are negative: there is none.
    pub(crate) fn has_no_percentiles(&self) -> bool {
        self.percentile && (self.value < 0.0 || self.default.is_some_and(|value| value < 0.0))
    }

    /// Whether it shows something while other events arrive.
    pub(crate) fn has_default(&self) -> bool {
        self.default.is_some()
    }

    /// The same while no other events reach the log group.
    pub(crate) fn undiluted(&self) -> Self {
        Self {
            default: None,
            ..self.clone()
        }
    }

    /// What a period with `events` matching events can show.
    pub(crate) fn after(&self, events: u32) -> Vec<Option<f64>> {
        let count = f64::from(events);
        let Some(default) = self.default else {
            return vec![Some(match self.statistic {
                Statistic::Sum => self.value * count,
                Statistic::SampleCount => count,
                _ => self.value,
            })];
        };
        let value = self.value;
        let mut shown: Vec<Option<f64>> = Vec::new();
        for others in self.other_minutes() {
            let weight = f64::from(others);
            let shows = match self.statistic {
                Statistic::Sum => vec![value * count + default * weight],
                Statistic::SampleCount => vec![count + weight],
                Statistic::Average => vec![(value * count + default * weight) / (count + weight)],
                Statistic::Maximum if others > 0 => vec![value.max(default)],
                Statistic::Minimum if others > 0 => vec![value.min(default)],
                Statistic::Between if others > 0 => vec![value, default],
                _ => vec![value],
            };
            shown.extend(shows.into_iter().map(Some));
        }
        shown
    }

    /// What a period without matching events can show.
    pub(crate) fn silence(&self) -> Vec<Option<f64>> {
        let Some(default) = self.default else {
            return vec![None];
        };
        let per_minute = |minutes: u32| match self.statistic {
            Statistic::Sum => default * f64::from(minutes),
            Statistic::SampleCount => f64::from(minutes),
            _ => default,
        };
        vec![None, Some(per_minute(1)), Some(per_minute(self.minutes))]
    }

    /// In how many minutes of the period only other events may arrive.
    fn other_minutes(&self) -> Vec<u32> {
        let mut minutes = vec![0, 1.min(self.minutes - 1), self.minutes - 1];
        minutes.dedup();
        minutes
    }
}

/// Percentiles and means of a trimmed or winsorized range lie between the
/// smallest and the largest sample. Counts and sums of a trimmed range (`tc`,
/// `ts`) and percentile ranks (`PR`) do not, nor do ranges of absolute values.
fn statistic_named(name: &str) -> Option<Statistic> {
    Some(match name {
        "Sum" => Statistic::Sum,
        "SampleCount" => Statistic::SampleCount,
        "Average" => Statistic::Average,
        "Maximum" => Statistic::Maximum,
        "Minimum" => Statistic::Minimum,
        "IQM" => Statistic::Between,
        _ if name.strip_prefix('p').and_then(percent) == Some(100.0) => Statistic::Maximum,
        _ if name.strip_prefix('p').and_then(percent) == Some(0.0) => Statistic::Minimum,
        _ if is_percentile(name) || is_range_of_percent(name) => Statistic::Between,
        _ => return None,
    })
}

/// `p90`, `tm90`, `wm90`.
fn is_percentile(name: &str) -> bool {
    let number = ["p", "tm", "wm"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    number.and_then(percent).is_some()
}

/// `TM(10%:90%)`, `WM(:95%)`.
fn is_range_of_percent(name: &str) -> bool {
    let inner = ["TM(", "WM("]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix)?.strip_suffix(')'));
    let Some((from, to)) = inner.and_then(|inner| inner.split_once(':')) else {
        return false;
    };
    let is_bound =
        |text: &str| text.is_empty() || text.strip_suffix('%').and_then(percent).is_some();
    !(from.is_empty() && to.is_empty()) && is_bound(from) && is_bound(to)
}

fn percent(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok();
    number.filter(|number| (0.0..=100.0).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn extended_statistics_are_decided_where_they_lie_between_the_samples() {
        for (name, between) in [
            ("p90", true), ("p99.9", true), ("tm95", true), ("wm95", true), ("IQM", true),
            ("TM(10%:90%)", true), ("WM(:95%)", true),
            ("tc90", false), ("ts90", false), ("PR(:300)", false), ("TM(10:90)", false),
            ("TC(0.1:0.9)", false), ("p", false), ("p900", false), ("TM(:)", false),
        ] {
            let statistic = statistic_named(name);
            assert_eq!(statistic == Some(Statistic::Between), between, "{name}");
            assert_eq!(statistic.is_some(), between, "{name}");
        }
        for (name, end) in [("p100", Statistic::Maximum), ("p0", Statistic::Minimum), ("p0.0", Statistic::Minimum)] {
            assert_eq!(statistic_named(name), Some(end), "{name}");
        }
    }
}
