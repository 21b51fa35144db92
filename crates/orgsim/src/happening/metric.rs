//! Metrics: datapoints by the minute, and the statistic of a period.
//!
//! A filter with a default value publishes it for every minute in which events
//! arrive and none matches ("Metric filters", `defaultValue`). Those values are not
//! stored: they follow from the minutes in which the filter did match.

use std::collections::BTreeMap;
use std::fmt;

/// Seconds of a minute: metrics of filters have this resolution.
pub(super) const MINUTE: i64 = 60;

/// A metric: alarms watch exactly this.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MetricKey {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Dimensions.
    pub dimensions: BTreeMap<String, String>,
}

impl fmt::Display for MetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)?;
        for (name, value) in &self.dimensions {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Datapoint {
    pub(super) value: f64,
    /// Unit, `None` by default.
    pub(super) unit: String,
    /// Group and filter that published it; nothing for PutMetricData.
    pub(super) source: Option<String>,
}

/// What a filter publishes in minutes in which other events arrive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Background {
    pub(super) value: f64,
    pub(super) unit: String,
    /// Group and filter.
    pub(super) source: String,
}

/// The values of a metric, by the second at which their minute begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Series(BTreeMap<i64, Vec<Datapoint>>);

impl Series {
    pub(super) fn add(&mut self, minute: i64, datapoint: Datapoint) {
        self.0.entry(minute).or_default().push(datapoint);
    }

    /// Every sample of `[from, to)` with `unit` (any, when there is none), those of `background`
    /// included.
    pub(super) fn samples(
        &self,
        from: i64,
        to: i64,
        unit: Option<&str>,
        background: &[Background],
    ) -> Samples {
        let mut samples = Samples::default();
        let wanted = |of: &str| unit.is_none_or(|unit| unit == of);
        for datapoint in self.0.range(from..to).flat_map(|(_, points)| points) {
            if wanted(&datapoint.unit) {
                samples.add(datapoint.value, 1);
            }
        }
        let minutes = (to - from).div_euclid(MINUTE).max(1);
        for default in background.iter().filter(|default| wanted(&default.unit)) {
            let matched = self
                .0
                .range(from..to)
                .filter(|(_, points)| {
                    points
                        .iter()
                        .any(|point| point.source.as_ref() == Some(&default.source))
                })
                .count();
            samples.add(default.value, minutes - matched as i64);
        }
        samples
    }
}

/// The samples of a period: values and how often each occurs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Samples(Vec<(f64, i64)>);

impl Samples {
    fn add(&mut self, value: f64, times: i64) {
        if times > 0 {
            self.0.push((value, times));
        }
    }

    /// Adds the samples of another metric.
    pub(super) fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    fn count(&self) -> i64 {
        self.0.iter().map(|(_, times)| times).sum()
    }

    fn sum(&self) -> f64 {
        self.0
            .iter()
            .map(|(value, times)| value * *times as f64)
            .sum()
    }

    /// The statistic, `None` without samples; `Err` names a statistic that is not simulated.
    pub(crate) fn statistic(&self, name: &str) -> Result<Option<f64>, String> {
        let count = self.count();
        if count == 0 {
            return Ok(None);
        }
        let values = || self.0.iter().map(|(value, _)| *value);
        Ok(Some(match name {
            "SampleCount" => count as f64,
            "Sum" => self.sum(),
            "Average" => self.sum() / count as f64,
            "Minimum" => values().fold(f64::INFINITY, f64::min),
            "Maximum" => values().fold(f64::NEG_INFINITY, f64::max),
            _ => match name
                .strip_prefix('p')
                .and_then(|rank| rank.parse::<f64>().ok())
            {
                // "Percentiles are not available when any metric value is negative."
                Some(_) if values().any(|value| value < 0.0) => return Ok(None),
                Some(rank) => self.percentile(rank),
                None => return Err(format!("the statistic {name} is not simulated")),
            },
        }))
    }

    /// The smallest value that `rank` percent of the samples do not exceed.
    fn percentile(&self, rank: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
        let wanted = (rank / 100.0 * self.count() as f64).ceil().max(1.0) as i64;
        let mut seen = 0;
        for (value, times) in &sorted {
            seen += times;
            if seen >= wanted {
                return *value;
            }
        }
        sorted.last().map_or(0.0, |(value, _)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: f64, source: Option<&str>) -> Datapoint {
        Datapoint {
            value,
            unit: "None".to_owned(),
            source: source.map(str::to_owned),
        }
    }

    #[test]
    fn statistics_are_those_of_the_samples() {
        let mut series = Series::default();
        for (minute, value) in [(0, 1.0), (60, 4.0), (60, 1.0), (300, 9.0)] {
            series.add(minute, point(value, None));
        }
        let samples = series.samples(0, 300, None, &[]);
        #[rustfmt::skip]
        let rows = [
            ("SampleCount", 3.0), ("Sum", 6.0), ("Average", 2.0), ("Minimum", 1.0), ("Maximum", 4.0),
            ("p50", 1.0), ("p90", 4.0), ("p100", 4.0),
        ];
        for (name, value) in rows {
            assert_eq!(samples.statistic(name), Ok(Some(value)), "{name}");
        }
        assert!(samples.statistic("tm90").is_err());
        assert_eq!(
            series.samples(600, 900, None, &[]).statistic("Sum"),
            Ok(None)
        );
        let of_unit = series.samples(0, 300, Some("Count"), &[]);
        assert_eq!(of_unit.statistic("Sum"), Ok(None));
    }

    #[test]
    fn a_default_value_fills_the_minutes_in_which_its_filter_matches_nothing() {
        let mut series = Series::default();
        series.add(120, point(1.0, Some("group/filter")));
        let background = [Background {
            value: 0.0,
            unit: "None".to_owned(),
            source: "group/filter".to_owned(),
        }];
        let samples = series.samples(0, 300, None, &background);
        assert_eq!(samples.statistic("SampleCount"), Ok(Some(5.0)));
        assert_eq!(samples.statistic("Average"), Ok(Some(0.2)));
        assert_eq!(samples.statistic("Minimum"), Ok(Some(0.0)));
    }
}
