//! CloudWatch, reading: alarms, their history, tags and mute rules.

use super::alarm_shapes::{composite_alarm_row, log_alarm_row, metric_alarm_row};
use super::{Answer, Window, cloudwatch_metrics, cloudwatch_write};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{
    CompositeAlarm, HistoryItem, LogAlarm, MetricAlarm, MuteRule, RegionState, World,
};

/// Records of a page when the request names no number, and at most.
const USUAL_PAGE: i64 = 50;
const LARGEST_PAGE: usize = 100;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let Some(state) = world.account(&request.caller.account) else {
        return Err(ServiceError::unrecognized(request.service));
    };
    let nothing = RegionState::default();
    let region = state.region_content(&request.region).unwrap_or(&nothing);
    match request.operation.as_str() {
        "DescribeAlarms" => describe_alarms(world, request, region),
        "DescribeAlarmsForMetric" => Ok(alarms_for_metric(request, region)),
        "DescribeAlarmHistory" => alarm_history(world, request, region),
        "ListTagsForResource" => list_tags(request, region),
        "ListAlarmMuteRules" => mute_rules(world, request, region),
        "GetAlarmMuteRule" => {
            let name = request.required("AlarmMuteRuleName")?;
            let rule = region.mute_rules.get(name).ok_or_else(not_found)?;
            Ok(mute_rule(name, rule))
        }
        "PutMetricData"
        | "ListMetrics"
        | "GetMetricStatistics"
        | "GetMetricData"
        | "SetAlarmState" => {
            drop(state);
            cloudwatch_metrics::answer(world, request)
        }
        _ => {
            drop(state);
            cloudwatch_write::answer(world, request)
        }
    }
}

pub(super) fn not_found() -> ServiceError {
    ServiceError::with_status(404, "ResourceNotFoundException", "")
}

/// An alarm of any kind.
enum Alarm<'a> {
    Metric(&'a str, &'a MetricAlarm),
    Composite(&'a str, &'a CompositeAlarm),
    Log(&'a str, &'a LogAlarm),
}

fn describe_alarms(world: &World, request: &Request, region: &RegionState) -> Answer {
    let params = &request.params;
    let kinds = params.texts("AlarmTypes");
    // Without AlarmTypes only metric alarms are shown.
    let wants = |kind: &str| kinds.iter().any(|wanted| wanted == kind);
    let names = params.texts("AlarmNames");
    let prefix = params.text("AlarmNamePrefix").unwrap_or_default();
    let action_prefix = params.text("ActionPrefix");
    let state = params.text("StateValue");
    let fits = |name: &str, actions: [&Vec<String>; 3], in_state: &str| {
        (names.is_empty() || names.iter().any(|wanted| wanted == name))
            && name.starts_with(prefix)
            && state.is_none_or(|wanted| wanted == in_state)
            && action_prefix.is_none_or(|prefix| {
                actions
                    .iter()
                    .any(|list| list.iter().any(|action| action.starts_with(prefix)))
            })
    };
    let metric = region.metric_alarms.iter().filter(|(name, alarm)| {
        let actions = [
            &alarm.alarm_actions,
            &alarm.ok_actions,
            &alarm.insufficient_data_actions,
        ];
        (kinds.is_empty() || wants("MetricAlarm")) && fits(name, actions, alarm.state.as_str())
    });
    let composite = region.composite_alarms.iter().filter(|(name, alarm)| {
        let actions = [
            &alarm.alarm_actions,
            &alarm.ok_actions,
            &alarm.insufficient_data_actions,
        ];
        wants("CompositeAlarm") && fits(name, actions, alarm.state.as_str())
    });
    let log = region.log_alarms.iter().filter(|(name, alarm)| {
        let nothing = Vec::new();
        let actions = [&alarm.alarm_actions, &nothing, &nothing];
        wants("LogAlarm") && fits(name, actions, "INSUFFICIENT_DATA")
    });
    let alarms: Vec<Alarm<'_>> = metric
        .map(|(name, alarm)| Alarm::Metric(name, alarm))
        .chain(composite.map(|(name, alarm)| Alarm::Composite(name, alarm)))
        .chain(log.map(|(name, alarm)| Alarm::Log(name, alarm)))
        .collect();
    let window = page(world, request, alarms.len())?;
    let (mut metric, mut composite, mut log) = (Vec::new(), Vec::new(), Vec::new());
    for alarm in &alarms[window.range] {
        match alarm {
            Alarm::Metric(name, alarm) => {
                let can_evaluate = region.can_evaluate(&request.caller.account, alarm);
                metric.push(metric_alarm_row(name, alarm, can_evaluate));
            }
            Alarm::Log(name, alarm) => log.push(log_alarm_row(name, alarm)),
            Alarm::Composite(name, alarm) => composite.push(composite_alarm_row(name, alarm)),
        }
    }
    Ok(Value::structure([
        ("CompositeAlarms", Some(Value::List(composite))),
        ("MetricAlarms", Some(Value::List(metric))),
        ("LogAlarms", (!log.is_empty()).then_some(Value::List(log))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

fn page(world: &World, request: &Request, length: usize) -> Result<Window, ServiceError> {
    let asked = request.params.integer("MaxRecords").unwrap_or(USUAL_PAGE);
    if !(1..=LARGEST_PAGE as i64).contains(&asked) {
        return Err(ServiceError::invalid(
            request.service,
            format!(
                "1 validation error detected: Value '{asked}' at 'maxRecords' failed to satisfy constraint: Member must have value between 1 and 100"
            ),
        ));
    }
    Window::of(
        world,
        request,
        length,
        ("NextToken", "MaxRecords"),
        asked as usize,
    )
}

/// Alarms on one metric; AWS leaves out metric-math and composite ones.
fn alarms_for_metric(request: &Request, region: &RegionState) -> Value {
    let params = &request.params;
    let dimensions: Vec<(&str, &str)> = params
        .items("Dimensions")
        .iter()
        .filter_map(|pair| Some((pair.text("Name")?, pair.text("Value")?)))
        .collect();
    let rows = region.metric_alarms.iter().filter_map(|(name, alarm)| {
        let metric = alarm.metric.as_ref()?;
        let same = Some(metric.name.as_str()) == params.text("MetricName")
            && Some(metric.namespace.as_str()) == params.text("Namespace")
            && metric.dimensions.len() == dimensions.len()
            && dimensions.iter().all(|(key, value)| {
                metric
                    .dimensions
                    .get(*key)
                    .is_some_and(|known| known == value)
            });
        same.then(|| metric_alarm_row(name, alarm, true))
    });
    structure! { "MetricAlarms" => Value::list(rows) }
}

fn alarm_history(world: &World, request: &Request, region: &RegionState) -> Answer {
    let params = &request.params;
    let kinds = params.texts("AlarmTypes");
    let mut items: Vec<&HistoryItem> = region
        .alarm_history
        .iter()
        .filter(|item| {
            params
                .text("AlarmName")
                .is_none_or(|name| name == item.alarm)
                && params
                    .text("HistoryItemType")
                    .is_none_or(|kind| kind == item.kind)
                && if kinds.is_empty() {
                    item.alarm_type == "MetricAlarm"
                } else {
                    kinds.iter().any(|kind| kind == item.alarm_type)
                }
        })
        .collect();
    if params.text("ScanBy") != Some("TimestampAscending") {
        items.reverse();
    }
    let window = page(world, request, items.len())?;
    let rows = items[window.range].iter().map(|item| {
        structure! {
            "AlarmName" => &item.alarm,
            "AlarmType" => item.alarm_type,
            "Timestamp" => item.at,
            "HistoryItemType" => item.kind,
            "HistorySummary" => &item.summary,
            "HistoryData" => &item.data,
        }
    });
    Ok(Value::structure([
        ("AlarmHistoryItems", Some(Value::list(rows))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

fn list_tags(request: &Request, region: &RegionState) -> Answer {
    let arn = request.required("ResourceARN")?;
    let known = region.metric_alarms.values().any(|alarm| alarm.arn == arn)
        || region
            .composite_alarms
            .values()
            .any(|alarm| alarm.arn == arn);
    if !known {
        return Err(not_found());
    }
    let tags = region.tags.get(arn).into_iter().flatten();
    Ok(structure! {
        "Tags" => Value::list(tags.map(|(key, value)| structure! { "Key" => key, "Value" => value }))
    })
}

fn mute_rules(world: &World, request: &Request, region: &RegionState) -> Answer {
    let params = &request.params;
    let statuses = params.texts("Statuses");
    let rules: Vec<(&String, &MuteRule)> = region
        .mute_rules
        .iter()
        .filter(|(_, rule)| {
            params
                .text("AlarmName")
                .is_none_or(|alarm| rule.alarm_names.iter().any(|name| name == alarm))
                && (statuses.is_empty() || statuses.contains(&rule.status))
        })
        .collect();
    let window = page(world, request, rules.len())?;
    let rows = rules[window.range].iter().map(|(_, rule)| {
        structure! {
            "AlarmMuteRuleArn" => &rule.arn,
            "Status" => &rule.status,
            "LastUpdatedTimestamp" => rule.updated,
        }
    });
    Ok(Value::structure([
        ("AlarmMuteRuleSummaries", Some(Value::list(rows))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

fn mute_rule(name: &str, rule: &MuteRule) -> Value {
    let schedule = Value::structure([
        ("Expression", Some((&rule.expression).into())),
        ("Duration", Some((&rule.duration).into())),
        ("Timezone", rule.timezone.as_ref().map(Value::from)),
    ]);
    structure! {
        "Name" => name,
        "AlarmMuteRuleArn" => &rule.arn,
        "Rule" => structure! { "Schedule" => schedule },
        "MuteTargets" => structure! { "AlarmNames" => Value::list(&rule.alarm_names) },
        "Status" => &rule.status,
        "LastUpdatedTimestamp" => rule.updated,
    }
}
