//! CloudWatch alarms. Putting one replaces all of it, so that one that exists is
//! put again from the very values that were read.

mod configuration;
mod watching;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, CompositeAlarm, MetricAlarm, Statistic, Tag,
};
use chrono::{DateTime, Utc};
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, ControlId, Region};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::operation::{
    DELETE_ALARMS, DESCRIBE_ALARMS, DISABLE_ALARM_ACTIONS, ENABLE_ALARM_ACTIONS, LIST_ALARM_TAGS,
    PUT_METRIC_ALARM,
};
use super::{Marks, Writer, found, gone};
use crate::steps::{Metric, alarm_name};
use configuration::{composite_configuration, metric_configuration, present};
pub use watching::Watching;

/// Names that DescribeAlarms takes at once, and alarms that a page of it holds at most.
const NAMES_PER_CALL: usize = 100;

/// An alarm, as far as anybody sets it; its state is none of that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// What it does when it goes to ALARM.
    pub alarm_actions: Vec<String>,
    /// All else that was set, by the names of the API.
    pub configuration: BTreeMap<String, Value>,
}

/// An alarm as CloudWatch shows it, from which it can be put again.
#[derive(Debug, Clone)]
pub enum FoundAlarm {
    /// On a metric or on metric math.
    Metric(Box<MetricAlarm>),
    /// On other alarms.
    Composite(Box<CompositeAlarm>),
}

impl FoundAlarm {
    fn name(&self) -> &str {
        let name = match self {
            Self::Metric(alarm) => alarm.alarm_name(),
            Self::Composite(alarm) => alarm.alarm_name(),
        };
        name.unwrap_or_default()
    }

    /// What was set of it.
    pub fn seen(&self) -> Alarm {
        match self {
            Self::Metric(alarm) => Alarm {
                actions_enabled: alarm.actions_enabled.unwrap_or(true),
                alarm_actions: alarm.alarm_actions().to_vec(),
                configuration: metric_configuration(alarm),
            },
            Self::Composite(alarm) => Alarm {
                actions_enabled: alarm.actions_enabled.unwrap_or(true),
                alarm_actions: alarm.alarm_actions().to_vec(),
                configuration: composite_configuration(alarm),
            },
        }
    }
}

impl Alarm {
    /// Whether it is on other alarms' states.
    pub fn is_composite(&self) -> bool {
        self.configuration.get("Type").and_then(Value::as_str) == Some("CompositeAlarm")
    }

    /// The alarm that [`put`] makes.
    pub fn on(metric: &Metric, topic: &Arn, control: &ControlId) -> Self {
        let configuration = json!({
            "Type": "MetricAlarm",
            "AlarmDescription": description(control),
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        });
        Self {
            actions_enabled: true,
            alarm_actions: vec![topic.to_string()],
            configuration: present(configuration),
        }
    }
}

/// The alarm, if there is one of that name, of either kind.
pub async fn read(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<Option<FoundAlarm>, CallFailure> {
    let name = alarm_name(arn).to_owned();
    let mut found = read_named(writer, region, vec![name.clone()]).await?;
    Ok(found.remove(&name).flatten())
}

/// The alarms of the first hundred of those names, of either kind, each with `None` where there is none.
pub async fn read_named(
    writer: &Writer,
    region: &Region,
    mut names: Vec<String>,
) -> Result<BTreeMap<String, Option<FoundAlarm>>, CallFailure> {
    names.truncate(NAMES_PER_CALL);
    let mut alarms: BTreeMap<String, Option<FoundAlarm>> =
        names.iter().map(|name| (name.clone(), None)).collect();
    let mut token = None;
    loop {
        let request = writer
            .cloudwatch(region)
            .describe_alarms()
            .set_alarm_names(Some(names.clone()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .max_records(NAMES_PER_CALL as i32)
            .set_next_token(token);
        let DescribeAlarmsOutput {
            metric_alarms,
            composite_alarms,
            next_token,
            ..
        } = writer
            .call(DESCRIBE_ALARMS, region, || request.clone().send())
            .await?;
        let metric = metric_alarms.unwrap_or_default().into_iter();
        let metric = metric.map(|alarm| FoundAlarm::Metric(Box::new(alarm)));
        let composite = composite_alarms.unwrap_or_default().into_iter();
        let composite = composite.map(|alarm| FoundAlarm::Composite(Box::new(alarm)));
        for alarm in metric.chain(composite) {
            if let Some(place) = alarms.get_mut(alarm.name()) {
                *place = Some(alarm);
            }
        }
        token = next_token;
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

/// Alarms that do not count as others that came to act on a topic, or to watch a metric.
#[derive(Debug, Clone, Default)]
pub struct NotOthers<'a> {
    /// These.
    pub alarms: Option<&'a BTreeSet<Arn>>,
    /// Those that were last changed before then: they acted on it already.
    pub unchanged_since: Option<DateTime<Utc>>,
}

impl NotOthers<'_> {
    fn contain(
        &self,
        alarm: Option<&str>,
        changed: Option<&aws_sdk_cloudwatch::primitives::DateTime>,
    ) -> bool {
        let named = |arns: &BTreeSet<Arn>| arns.iter().any(|one| Some(one.as_str()) == alarm);
        let unchanged =
            |since: DateTime<Utc>| changed.is_some_and(|at| at.secs() < since.timestamp());
        self.alarms.is_some_and(named) || self.unchanged_since.is_some_and(unchanged)
    }
}

/// The name of an alarm of either kind that acts on a topic, if there is one beside `except`: for
/// whichever of its states.
pub async fn acting_on(
    writer: &Writer,
    topic: &Arn,
    region: &Region,
    except: &NotOthers<'_>,
) -> Result<Option<String>, CallFailure> {
    // The prefix of another topic's ARN may be this one's: all that fit are looked at.
    let acts = |lists: [&[String]; 3]| lists.concat().iter().any(|one| one == topic.as_str());
    let mut token = None;
    loop {
        let request = writer
            .cloudwatch(region)
            .describe_alarms()
            .action_prefix(topic.as_str())
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .set_next_token(token);
        let page = writer
            .call(DESCRIBE_ALARMS, region, || request.clone().send())
            .await?;
        let metric = page.metric_alarms().iter().map(|alarm| {
            let lists = [
                alarm.alarm_actions(),
                alarm.ok_actions(),
                alarm.insufficient_data_actions(),
            ];
            let changed = alarm.alarm_configuration_updated_timestamp();
            (alarm.alarm_arn(), changed, alarm.alarm_name(), lists)
        });
        let composite = page.composite_alarms().iter().map(|alarm| {
            let lists = [
                alarm.alarm_actions(),
                alarm.ok_actions(),
                alarm.insufficient_data_actions(),
            ];
            let changed = alarm.alarm_configuration_updated_timestamp();
            (alarm.alarm_arn(), changed, alarm.alarm_name(), lists)
        });
        let found = (metric.chain(composite))
            .find(|(arn, changed, _, lists)| !except.contain(*arn, *changed) && acts(*lists));
        if let Some((_, _, name, _)) = found {
            return Ok(Some(name.unwrap_or_default().to_owned()));
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(None);
        }
    }
}

/// The alarm's tags; none when it does not exist.
pub async fn tags(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<BTreeMap<String, String>, CallFailure> {
    let request = writer
        .cloudwatch(region)
        .list_tags_for_resource()
        .resource_arn(arn.as_str());
    let answer = writer.call(LIST_ALARM_TAGS, region, || request.clone().send());
    let tags = found(answer.await)?.and_then(|answer| answer.tags);
    let pair = |tag: Tag| Some((tag.key?, tag.value?));
    Ok(tags
        .unwrap_or_default()
        .into_iter()
        .filter_map(pair)
        .collect())
}

/// Puts an alarm on a metric: Sum over 300 s, at least 1, one of one. AWS would
/// replace one of the same name: read first.
pub async fn put(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    (metric, topic, control): (&Metric, &Arn, &ControlId),
    marks: &Marks,
) -> Result<(), CallFailure> {
    let tags = marks
        .tags()
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    let request = writer
        .cloudwatch(region)
        .put_metric_alarm()
        .alarm_name(alarm_name(arn))
        .alarm_description(description(control))
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .datapoints_to_alarm(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data("notBreaching")
        .alarm_actions(topic.as_str())
        .set_tags(Some(tags));
    let answer = writer.call(PUT_METRIC_ALARM, region, || request.clone().send());
    answer.await.map(drop)
}

/// Puts an alarm that exists once more, with other actions and all else as it was read.
pub async fn put_actions(
    writer: &Writer,
    alarm: &MetricAlarm,
    region: &Region,
    actions: Vec<String>,
) -> Result<(), CallFailure> {
    let some = |list: &Option<Vec<String>>| list.clone().filter(|list| !list.is_empty());
    let request = writer
        .cloudwatch(region)
        .put_metric_alarm()
        .set_alarm_name(alarm.alarm_name.clone())
        .set_alarm_description(alarm.alarm_description.clone())
        .set_actions_enabled(alarm.actions_enabled)
        .set_ok_actions(some(&alarm.ok_actions))
        .set_alarm_actions(some(&Some(actions)))
        .set_insufficient_data_actions(some(&alarm.insufficient_data_actions))
        .set_metric_name(alarm.metric_name.clone())
        .set_namespace(alarm.namespace.clone())
        .set_statistic(alarm.statistic.clone())
        .set_extended_statistic(alarm.extended_statistic.clone())
        .set_dimensions(alarm.dimensions.clone().filter(|list| !list.is_empty()))
        .set_period(alarm.period)
        .set_unit(alarm.unit.clone())
        .set_evaluation_periods(alarm.evaluation_periods)
        .set_datapoints_to_alarm(alarm.datapoints_to_alarm)
        .set_threshold(alarm.threshold)
        .set_comparison_operator(alarm.comparison_operator.clone())
        .set_treat_missing_data(alarm.treat_missing_data.clone())
        .set_evaluate_low_sample_count_percentile(
            alarm.evaluate_low_sample_count_percentile.clone(),
        )
        .set_metrics(alarm.metrics.clone().filter(|list| !list.is_empty()))
        .set_threshold_metric_id(alarm.threshold_metric_id.clone())
        .set_evaluation_window(alarm.evaluation_window.clone())
        .set_warm_up_configuration(alarm.warm_up_configuration.clone())
        .set_evaluation_criteria(alarm.evaluation_criteria.clone())
        .set_evaluation_interval(alarm.evaluation_interval)
        .set_action_configuration(alarm.action_configuration.clone());
    let answer = writer.call(PUT_METRIC_ALARM, region, || request.clone().send());
    answer.await.map(drop)
}

/// Lets an alarm's actions run, or not.
pub async fn switch_actions(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    on: bool,
) -> Result<(), CallFailure> {
    let client = writer.cloudwatch(region);
    if on {
        let request = client.enable_alarm_actions().alarm_names(alarm_name(arn));
        let answer = writer.call(ENABLE_ALARM_ACTIONS, region, || request.clone().send());
        answer.await.map(drop)
    } else {
        let request = client.disable_alarm_actions().alarm_names(alarm_name(arn));
        let answer = writer.call(DISABLE_ALARM_ACTIONS, region, || request.clone().send());
        answer.await.map(drop)
    }
}

/// Deletes an alarm; one that is gone already is no error.
pub async fn delete(writer: &Writer, arn: &Arn, region: &Region) -> Result<(), CallFailure> {
    let request = writer
        .cloudwatch(region)
        .delete_alarms()
        .alarm_names(alarm_name(arn));
    let answer = writer.call(DELETE_ALARMS, region, || request.clone().send());
    gone(answer.await.map(drop))
}

fn description(control: &ControlId) -> String {
    format!("orgsweep: {control}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_read_back_is_the_one_that_was_put() {
        let metric = Metric {
            namespace: "CISBenchmark".to_owned(),
            name: "orgsweep-root-usage".to_owned(),
        };
        let topic: Arn = "arn:aws:sns:eu-west-1:111122223333:alarms".parse().unwrap();
        let shown = MetricAlarm::builder()
            .alarm_name("orgsweep-root-usage")
            .alarm_description("orgsweep: root-usage")
            .actions_enabled(true)
            .alarm_actions(topic.as_str())
            .namespace(&metric.namespace)
            .metric_name(&metric.name)
            .statistic(Statistic::Sum)
            .period(300)
            .evaluation_periods(1)
            .datapoints_to_alarm(1)
            .threshold(1.0)
            .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
            .treat_missing_data("notBreaching")
            .set_ok_actions(Some(Vec::new()))
            .build();
        let put = Alarm::on(&metric, &topic, &"root-usage".parse().unwrap());
        assert_eq!(FoundAlarm::Metric(Box::new(shown)).seen(), put);
    }
}
