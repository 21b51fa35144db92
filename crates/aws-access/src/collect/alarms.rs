//! Alarms of the Regions in which trails deliver to log groups.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    AlarmType, CompositeAlarm as SdkComposite, Dimension, EvaluationCriteria, EvaluationState,
    LogAlarm as SdkLogAlarm, MetricAlarm as SdkAlarm, MetricDataQuery,
};
use futures::future::join_all;
use orgsweep_controls::snapshot::{
    Alarms, CompositeAlarm, LogAlarm, LogGroup, MetricAlarm, MetricFilter, MetricQuery, Trail,
    WatchedMetric,
};
use orgsweep_controls::{
    AlarmsOnOthers, Arn, Known, LogGroupArn, Region, alarms_on_other_accounts, relevant_alarms,
};

use super::action_history::{self, Rung};
use super::mute_rules;
use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const OPERATION: Operation = Operation::DescribeAlarms;

/// The alarms that could matter to the filters of `groups`, and to those that a group ought to have
/// and another one has, by Region; and those that query a group themselves. Where no trail delivers to a
/// group yet, alarms may wait for one in the Regions where the account's own `trails` are at home.
pub(super) async fn that_matter(
    session: &Session,
    groups: &BTreeMap<LogGroupArn, LogGroup>,
    trails: impl Iterator<Item = &Trail>,
) -> BTreeMap<Region, Known<Alarms>> {
    let mut filters: BTreeMap<Region, Vec<&MetricFilter>> = BTreeMap::new();
    let trails: Vec<&Trail> = trails.collect();
    if trails.iter().all(|trail| trail.log_group.is_none()) {
        let own = trails
            .iter()
            .filter(|trail| trail.arn.account().as_ref() == Some(session.account()));
        filters.extend(own.map(|trail| (trail.home_region.clone(), Vec::new())));
    }
    for (arn, group) in groups {
        let known = group.filters.value().into_iter().flatten();
        let elsewhere = group.filters_elsewhere.values().flatten();
        let of_region = filters.entry(arn.region()).or_default();
        of_region.extend(known.chain(elsewhere));
    }
    let read = filters.iter().map(async |(region, filters)| {
        let (mut alarms, rung) = in_region(session, region).await;
        if let Known::Read { value, .. } = &mut alarms {
            let all = std::mem::take(value);
            *value = relevant_alarms(all, filters);
            let here = |arn: &&LogGroupArn| arn.region() == *region;
            let queried = |alarm: &LogAlarm| {
                let mut here = groups.keys().filter(here);
                here.any(|group| alarm.queries(group))
            };
            value.log.retain(queried);
            ring(session, region, value, &rung).await;
        }
        (region.clone(), alarms)
    });
    join_all(read).await.into_iter().collect()
}

/// The alarms of the account that may read metrics of other accounts, which are linked to it.
pub(super) async fn on_others(session: &Session, region: &Region) -> Known<AlarmsOnOthers> {
    let (mut alarms, rung) = in_region(session, region).await;
    if let Known::Read { value, .. } = &mut alarms {
        let all = std::mem::take(value);
        *value = alarms_on_other_accounts(all, session.account());
        ring(session, region, value, &rung).await;
    }
    alarms.map(|alarms| AlarmsOnOthers::of(alarms, rung.names()))
}

/// Fills in what decides whether alarms that go to ALARM tell somebody.
async fn ring(session: &Session, region: &Region, alarms: &mut Alarms, rung: &Rung) {
    (alarms.mute_rules, alarms.failed_actions) = tokio::join!(
        mute_rules::over(session, region, alarms),
        action_history::failures(session, region, alarms, rung),
    );
}

/// All alarms of the Region, sorted by name, and which of them have rung lately.
async fn in_region(session: &Session, region: &Region) -> (Known<Alarms>, Rung) {
    let mut rung = Rung::default();
    let alarms = match list(session, region, &mut rung).await {
        Ok(mut alarms) => {
            alarms.metric.sort_by(|a, b| a.name.cmp(&b.name));
            alarms.composite.sort_by(|a, b| a.name.cmp(&b.name));
            alarms.log.sort_by(|a, b| a.name.cmp(&b.name));
            Known::read(alarms, OPERATION.call(region))
        }
        Err(error) => error.into_known(),
    };
    (alarms, rung)
}

async fn list(session: &Session, region: &Region, rung: &mut Rung) -> Result<Alarms, CallError> {
    let garbled = |message: &str| CallError::garbled(OPERATION, region, message);
    let client = session.clients().cloudwatch(region);
    let mut alarms = Alarms::default();
    let mut pages = Pages::default();
    let mut token: Option<String> = None;
    // Without types, AWS returns metric alarms only.
    let mut kinds = vec![
        AlarmType::MetricAlarm,
        AlarmType::CompositeAlarm,
        AlarmType::LogAlarm,
    ];
    loop {
        let request = client
            .describe_alarms()
            .set_alarm_types(Some(kinds.clone()))
            .max_records(100)
            .set_next_token(token.clone());
        let answer = session
            .call(OPERATION, region, || request.clone().send())
            .await;
        let page = match answer {
            // A Region that does not know log alarms has none.
            Err(error)
                if error.kind == FaultKind::Invalid && token.is_none() && kinds.len() > 2 =>
            {
                kinds.pop();
                continue;
            }
            answer => answer?,
        };
        for alarm in page.log_alarms.unwrap_or_default() {
            alarms
                .log
                .push(log_alarm(alarm).ok_or_else(|| garbled("an alarm has no name or ARN"))?);
        }
        for alarm in page.metric_alarms.unwrap_or_default() {
            rung.note(
                alarm.alarm_name().unwrap_or_default(),
                alarm.state_value(),
                alarm.state_transitioned_timestamp(),
                alarm.alarm_configuration_updated_timestamp(),
            );
            alarms
                .metric
                .push(metric_alarm(alarm).ok_or_else(|| garbled("an alarm has no name or ARN"))?);
        }
        for alarm in page.composite_alarms.unwrap_or_default() {
            rung.note(
                alarm.alarm_name().unwrap_or_default(),
                alarm.state_value(),
                alarm.state_transitioned_timestamp(),
                alarm.alarm_configuration_updated_timestamp(),
            );
            alarms.composite.push(
                composite_alarm(alarm).ok_or_else(|| garbled("an alarm has no name or ARN"))?,
            );
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

fn metric_alarm(alarm: SdkAlarm) -> Option<MetricAlarm> {
    let mut queries: Vec<MetricQuery> = alarm
        .metrics
        .unwrap_or_default()
        .into_iter()
        .map(query)
        .collect();
    let metric = alarm.metric_name.map(|name| WatchedMetric {
        namespace: alarm.namespace.unwrap_or_default(),
        name,
        dimensions: dimensions(alarm.dimensions),
        statistic: alarm
            .statistic
            .map(|statistic| statistic.as_str().to_owned())
            .or(alarm.extended_statistic),
        period: alarm.period,
        unit: alarm.unit.map(|unit| unit.as_str().to_owned()),
    });
    let other_kind = match &alarm.evaluation_criteria {
        Some(EvaluationCriteria::PromQlCriteria(criteria)) => {
            queries = vec![prom_ql(criteria.query().unwrap_or_default())];
            Some("PromQL".to_owned())
        }
        Some(_) => Some("unknown".to_owned()),
        None => (metric.is_none() && queries.is_empty()).then(|| "unknown".to_owned()),
    };
    Some(MetricAlarm {
        name: alarm.alarm_name?,
        arn: alarm.alarm_arn?.parse::<Arn>().ok()?,
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        ok_actions: alarm.ok_actions.unwrap_or_default(),
        insufficient_data_actions: alarm.insufficient_data_actions.unwrap_or_default(),
        metric,
        queries,
        threshold_metric_id: alarm.threshold_metric_id,
        other_kind,
        evaluation_periods: alarm.evaluation_periods,
        datapoints_to_alarm: alarm.datapoints_to_alarm,
        threshold: alarm.threshold,
        comparison: alarm
            .comparison_operator
            .map(|operator| operator.as_str().to_owned()),
        treat_missing_data: alarm.treat_missing_data,
        low_sample_percentile: alarm.evaluate_low_sample_count_percentile,
        wall_clock: alarm
            .evaluation_window
            .is_some_and(|window| !window.is_sliding_window()),
        evaluation_error: alarm.evaluation_state == Some(EvaluationState::EvaluationError),
        warm_up_minutes: alarm
            .warm_up_configuration
            .and_then(|warm_up| warm_up.warm_up_period_duration_in_minutes),
    })
}

/// The query of a PromQL alarm, as an expression.
fn prom_ql(query: &str) -> MetricQuery {
    MetricQuery {
        id: "promql".to_owned(),
        metric: None,
        expression: Some(query.to_owned()),
        period: None,
        return_data: true,
        account: None,
    }
}

fn query(query: MetricDataQuery) -> MetricQuery {
    let metric = query.metric_stat.map(|stat| {
        let metric = stat
            .metric
            .unwrap_or_else(|| aws_sdk_cloudwatch::types::Metric::builder().build());
        WatchedMetric {
            namespace: metric.namespace.unwrap_or_default(),
            name: metric.metric_name.unwrap_or_default(),
            dimensions: dimensions(metric.dimensions),
            statistic: stat.stat,
            period: stat.period,
            unit: stat.unit.map(|unit| unit.as_str().to_owned()),
        }
    });
    MetricQuery {
        id: query.id.unwrap_or_default(),
        metric,
        expression: query.expression,
        period: query.period,
        // AWS's default.
        return_data: query.return_data.unwrap_or(true),
        account: query.account_id,
    }
}

fn dimensions(listed: Option<Vec<Dimension>>) -> BTreeMap<String, String> {
    let named = listed.unwrap_or_default().into_iter();
    named
        .map(|dimension| {
            (
                dimension.name.unwrap_or_default(),
                dimension.value.unwrap_or_default(),
            )
        })
        .collect()
}

fn log_alarm(alarm: SdkLogAlarm) -> Option<LogAlarm> {
    let query = alarm.scheduled_query_configuration;
    let query = query.as_ref();
    Some(LogAlarm {
        name: alarm.alarm_name?,
        arn: alarm.alarm_arn?.parse::<Arn>().ok()?,
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        log_groups: query
            .map(|query| query.log_group_identifiers().to_vec())
            .unwrap_or_default(),
        query: query
            .and_then(|query| query.query_string())
            .unwrap_or_default()
            .to_owned(),
    })
}

fn composite_alarm(alarm: SdkComposite) -> Option<CompositeAlarm> {
    Some(CompositeAlarm {
        name: alarm.alarm_name?,
        arn: alarm.alarm_arn?.parse::<Arn>().ok()?,
        rule: alarm.alarm_rule.unwrap_or_default(),
        actions_enabled: alarm.actions_enabled.unwrap_or(true),
        alarm_actions: alarm.alarm_actions.unwrap_or_default(),
        actions_suppressor: alarm.actions_suppressor.filter(|name| !name.is_empty()),
        suppressor_wait: alarm.actions_suppressor_wait_period,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{Metric, MetricStat, Statistic};

    use super::*;

    fn named() -> aws_sdk_cloudwatch::types::builders::MetricAlarmBuilder {
        SdkAlarm::builder()
            .alarm_name("a")
            .alarm_arn("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a")
    }

    #[test]
    fn a_plain_alarm_names_its_metric_and_one_with_queries_does_not() {
        let plain = named()
            .namespace("CIS")
            .metric_name("m")
            .statistic(Statistic::Sum)
            .period(300)
            .build();
        let plain = metric_alarm(plain).unwrap();
        let metric = plain.metric.unwrap();
        assert_eq!(
            (metric.name.as_str(), metric.statistic.as_deref()),
            ("m", Some("Sum"))
        );
        assert_eq!(plain.other_kind, None);

        let watched = Metric::builder().namespace("CIS").metric_name("m").build();
        let stat = MetricStat::builder()
            .metric(watched)
            .stat("Sum")
            .period(60)
            .build();
        let math = named()
            .metrics(
                MetricDataQuery::builder()
                    .id("m1")
                    .metric_stat(stat)
                    .build(),
            )
            .build();
        let math = metric_alarm(math).unwrap();
        assert_eq!(math.metric, None);
        assert!(math.queries[0].return_data);
        assert_eq!(math.other_kind, None);

        assert_eq!(
            metric_alarm(named().build()).unwrap().other_kind.as_deref(),
            Some("unknown")
        );
        assert_eq!(
            metric_alarm(SdkAlarm::builder().alarm_name("a").build()),
            None
        );
    }
}
