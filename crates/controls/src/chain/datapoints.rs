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
                "the metric's value is taken from `{}` of the event",
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
            statistic,
            value,
            default: transformation.default_value,
            minutes: u32::try_from(seconds / 60).unwrap_or(1).max(1),
        })
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

fn statistic_named(name: &str) -> Option<Statistic> {
    Some(match name {
        "Sum" => Statistic::Sum,
        "SampleCount" => Statistic::SampleCount,
        "Average" => Statistic::Average,
        "Maximum" => Statistic::Maximum,
        "Minimum" => Statistic::Minimum,
        "IQM" => Statistic::Between,
        _ => {
            let number = ["p", "tm", "wm"]
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix))?;
            number.parse::<f64>().ok()?;
            Statistic::Between
        }
    })
}
