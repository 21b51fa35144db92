//! Which alarms of a Region watch which metrics.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm};
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::Region;

use super::super::Writer;
use super::super::operation::DESCRIBE_ALARMS;
use super::NotOthers;
use crate::steps::Metric;

/// The metric alarms of a Region.
#[derive(Debug, Clone, Default)]
pub struct Watching(Vec<MetricAlarm>);

impl Watching {
    /// Reads them.
    pub async fn in_region(writer: &Writer, region: &Region) -> Result<Self, CallFailure> {
        let mut alarms = Vec::new();
        let mut token = None;
        loop {
            let request = writer
                .cloudwatch(region)
                .describe_alarms()
                .alarm_types(AlarmType::MetricAlarm)
                .set_next_token(token);
            let page = writer
                .call(DESCRIBE_ALARMS, region, || request.clone().send())
                .await?;
            alarms.extend(page.metric_alarms.unwrap_or_default());
            token = page.next_token;
            if token.is_none() {
                return Ok(Self(alarms));
            }
        }
    }

    /// The name of one that watches `metric`, by itself or in an expression, beside `except`.
    pub fn of(&self, metric: &Metric, except: &NotOthers<'_>) -> Option<&str> {
        let watches = |alarm: &&MetricAlarm| {
            let plain = (alarm.namespace(), alarm.metric_name());
            let queried = alarm.metrics().iter().filter_map(|query| {
                let metric = query.metric_stat()?.metric()?;
                Some((metric.namespace(), metric.metric_name()))
            });
            let watched: BTreeSet<_> = queried.chain([plain]).collect();
            watched.contains(&(Some(metric.namespace.as_str()), Some(metric.name.as_str())))
        };
        let mut others = self.0.iter().filter(watches).filter(|alarm| {
            let changed = alarm.alarm_configuration_updated_timestamp();
            !except.contain(alarm.alarm_arn(), changed)
        });
        others.find_map(MetricAlarm::alarm_name)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{Metric as SdkMetric, MetricDataQuery, MetricStat};

    use super::*;

    const ARN: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:theirs";

    fn by_itself(name: &str) -> MetricAlarm {
        MetricAlarm::builder()
            .alarm_name("theirs")
            .alarm_arn(ARN)
            .namespace("CISBenchmark")
            .metric_name(name)
            .build()
    }

    fn in_an_expression(name: &str) -> MetricAlarm {
        let metric = SdkMetric::builder()
            .namespace("CISBenchmark")
            .metric_name(name)
            .build();
        let stat = MetricStat::builder().metric(metric).period(300).stat("Sum");
        let query = MetricDataQuery::builder()
            .id("m")
            .metric_stat(stat.build())
            .build();
        let alarm = MetricAlarm::builder().alarm_name("theirs").alarm_arn(ARN);
        alarm.metrics(query).build()
    }

    #[test]
    fn whoever_watches_a_metric_is_found_beside_those_that_do_not_count() {
        let metric = Metric {
            namespace: "CISBenchmark".to_owned(),
            name: "orgsweep-root-usage".to_owned(),
        };
        let nobody = NotOthers::default();
        let own = BTreeSet::from([ARN.parse().unwrap()]);
        let those = NotOthers {
            alarms: Some(&own),
            ..NotOthers::default()
        };
        for alarm in [by_itself, in_an_expression] {
            let watching = Watching(vec![by_itself("other"), alarm("orgsweep-root-usage")]);
            assert_eq!(watching.of(&metric, &nobody), Some("theirs"));
            assert_eq!(watching.of(&metric, &those), None);
            let watching = Watching(vec![alarm("other")]);
            assert_eq!(watching.of(&metric, &nobody), None);
        }
    }
}
