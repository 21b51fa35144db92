//! What alarms see: metrics of their own account and Region, of accounts that are
//! linked to it, metric math over them, and Metrics Insights queries of the simplest form
//! (`SELECT SUM(metric) FROM "namespace"`: all metrics of that name, whatever their
//! dimensions).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex_lite::Regex;

use super::math::{Line, Queries};
use super::metric::{Background, MetricKey, Samples, Series};
use super::publishing::unit;
use super::timeline::{Timeline, Traffic};
use super::watching::with_content;
use crate::state::{MetricAlarm, RegionState, WatchedMetric, World};

/// What an alarm of `here` (account and Region) sees.
pub(super) struct View<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) world: &'a World,
    pub(super) here: (&'a str, &'a str),
}

impl View<'_> {
    /// The statistic of a metric in each slot. `account` is the metric's, where it is another one.
    pub(super) fn line(
        &self,
        metric: &WatchedMetric,
        account: Option<&str>,
        slots: &[(i64, i64)],
    ) -> Result<Line, String> {
        let statistic = metric
            .statistic
            .as_deref()
            .or(metric.extended_statistic.as_deref())
            .unwrap_or("Average");
        let account = account.unwrap_or(self.here.0);
        self.statistics(
            account,
            &[key(metric)],
            metric.unit.as_deref(),
            statistic,
            slots,
        )
    }

    /// The statistic in each slot over several metrics of an account.
    fn statistics(
        &self,
        account: &str,
        keys: &[MetricKey],
        unit: Option<&str>,
        statistic: &str,
        slots: &[(i64, i64)],
    ) -> Result<Line, String> {
        let region = (account.to_owned(), self.here.1.to_owned());
        let empty = Series::default();
        let metrics = self.timeline.metrics.get(&region);
        let all: Vec<(&Series, Vec<Background>)> = keys
            .iter()
            .map(|key| {
                let series = metrics.and_then(|metrics| metrics.get(key));
                (series.unwrap_or(&empty), self.background(account, key))
            })
            .collect();
        let of_slot = |&(from, to): &(i64, i64)| {
            let mut samples = Samples::default();
            for (series, background) in &all {
                samples.join(series.samples(from, to, unit, background));
            }
            samples.statistic(statistic)
        };
        slots.iter().map(of_slot).collect()
    }

    /// Default values that the Region's filters publish for the metric while other events arrive.
    fn background(&self, account: &str, key: &MetricKey) -> Vec<Background> {
        if self.timeline.traffic == Traffic::Quiet || !key.dimensions.is_empty() {
            return Vec::new();
        }
        let look = |content: &RegionState| background(content, key);
        with_content(self.world, account, self.here.1, look).unwrap_or_default()
    }

    /// The series that the alarm's returned query gives.
    pub(super) fn expression(
        &self,
        alarm: &MetricAlarm,
        slots: &[(i64, i64)],
        period: i64,
    ) -> Result<Line, String> {
        let mut lines = BTreeMap::new();
        let mut queries = Queries::default();
        for query in &alarm.queries {
            let line = if let Some(metric) = &query.metric {
                self.line(metric, query.account.as_deref(), slots)?
            } else if let Some(insights) = query.expression.as_deref().and_then(Insights::read) {
                self.insights(&insights, slots)?
            } else {
                let expression = query.expression.as_deref().unwrap_or_default();
                queries.expressions.insert(&query.id, expression);
                continue;
            };
            lines.insert(query.id.clone(), line);
            queries.metrics.insert(&query.id);
        }
        let returned = alarm
            .queries
            .iter()
            .find(|query| query.return_data)
            .ok_or("no query returns data")?;
        if let Some(line) = lines.get(&returned.id) {
            return Ok(line.clone());
        }
        let given = queries.result(&returned.id, &lines, period);
        let mut given = given.map_err(|problem| problem.to_string())?;
        match given.pop() {
            Some(series) if given.is_empty() => Ok(series.line),
            _ => Err("an alarm watches one series".to_owned()),
        }
    }

    fn insights(&self, query: &Insights<'_>, slots: &[(i64, i64)]) -> Result<Line, String> {
        let region = (self.here.0.to_owned(), self.here.1.to_owned());
        let known = self.timeline.metrics.get(&region).into_iter();
        let mut keys: Vec<MetricKey> = known
            .flat_map(BTreeMap::keys)
            .filter(|key| query.reads(key) && !key.dimensions.is_empty())
            .cloned()
            .collect();
        // Default values are published without dimensions, and before anything else is.
        keys.push(MetricKey {
            namespace: query.namespace.to_owned(),
            name: query.metric.to_owned(),
            dimensions: BTreeMap::new(),
        });
        self.statistics(self.here.0, &keys, None, query.statistic, slots)
    }
}

/// A Metrics Insights query without conditions, groups or limits.
#[derive(Debug, PartialEq)]
struct Insights<'a> {
    statistic: &'static str,
    metric: &'a str,
    namespace: &'a str,
}

impl<'a> Insights<'a> {
    /// `None` when the text is another expression, or a query of another form.
    fn read(text: &'a str) -> Option<Self> {
        static FORM: OnceLock<Option<Regex>> = OnceLock::new();
        let form = FORM.get_or_init(|| {
            Regex::new(concat!(
                r#"(?i)^\s*SELECT\s+(AVG|COUNT|MAX|MIN|SUM)\s*\(\s*("[^"]+"|\w+)\s*\)"#,
                r#"\s+FROM\s+("[^"]+"|\w+)\s*$"#
            ))
            .ok()
        });
        let found = form.as_ref()?.captures(text)?;
        let part = |number| Some(found.get(number)?.as_str());
        let statistic = match &*part(1)?.to_ascii_uppercase() {
            "AVG" => "Average",
            "COUNT" => "SampleCount",
            "MAX" => "Maximum",
            "MIN" => "Minimum",
            _ => "Sum",
        };
        Some(Self {
            statistic,
            metric: part(2)?.trim_matches('"'),
            namespace: part(3)?.trim_matches('"'),
        })
    }

    fn reads(&self, key: &MetricKey) -> bool {
        key.name == self.metric && key.namespace == self.namespace
    }
}

/// Whether an alarm of the account `here` sees the metric of the account `owner`.
pub(super) fn sees(alarm: &MetricAlarm, here: &str, owner: &str, metric: &MetricKey) -> bool {
    let plain = alarm.metric.as_ref();
    plain.is_some_and(|watched| here == owner && key(watched) == *metric)
        || alarm.queries.iter().any(|query| {
            if let Some(watched) = &query.metric {
                let of = query.account.as_deref().unwrap_or(here);
                return of == owner && key(watched) == *metric;
            }
            let insights = query.expression.as_deref().and_then(Insights::read);
            here == owner && insights.is_some_and(|insights| insights.reads(metric))
        })
}

fn key(metric: &WatchedMetric) -> MetricKey {
    MetricKey {
        namespace: metric.namespace.clone(),
        name: metric.name.clone(),
        dimensions: metric.dimensions.clone(),
    }
}

fn background(content: &RegionState, key: &MetricKey) -> Vec<Background> {
    let mut defaults = Vec::new();
    for (group, log_group) in &content.log_groups {
        for (name, filter) in &log_group.filters {
            for transformation in &filter.transformations {
                let same = transformation.namespace == key.namespace
                    && transformation.name == key.name
                    && transformation.dimensions.is_empty();
                if let Some(value) = transformation.default_value.filter(|_| same) {
                    defaults.push(Background {
                        value,
                        unit: unit(transformation.unit.as_deref()),
                        source: format!("{group}/{name}"),
                    });
                }
            }
        }
    }
    defaults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_the_simplest_form_are_read() {
        let read = |text| Insights::read(text).map(|q| (q.statistic, q.metric, q.namespace));
        #[rustfmt::skip]
        let rows = [
            ("SELECT SUM(calls) FROM app",                  Some(("Sum", "calls", "app"))),
            ("select max(\"a-b\") from \"AWS/x y\"",        Some(("Maximum", "a-b", "AWS/x y"))),
            ("SELECT COUNT( calls )  FROM  app ",           Some(("SampleCount", "calls", "app"))),
            ("SELECT SUM(calls) FROM app GROUP BY By",      None),
            ("SELECT SUM(calls) FROM SCHEMA(app, By)",      None),
            ("SELECT SUM(calls) FROM app WHERE By = 'x'",   None),
            ("SUM(METRICS())",                              None),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
