//! CloudWatch, writing: alarms put, deleted, switched.

use super::alarm_shapes::metric_alarm;
use super::cloudwatch::not_found;
use super::{Answer, mute_rules};
use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::{AlarmState, CompositeAlarm, HistoryItem, RegionState, World};

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let region = state.region(&request.region);
    match request.operation.as_str() {
        "PutAlarmMuteRule" | "DeleteAlarmMuteRule" => mute_rules::answer(world, request, region),
        "PutMetricAlarm" => {
            let put = put_metric_alarm(world, request, region);
            drop(state);
            if put.is_ok() {
                let name = request.required("AlarmName")?;
                let place = (&*request.caller.account, &*request.region, name);
                world.live().expect_evaluation(world, place);
            }
            put
        }
        "PutCompositeAlarm" => put_composite_alarm(world, request, region),
        "DeleteAlarms" => delete_alarms(request, region),
        "EnableAlarmActions" => Ok(switch_actions(request, region, true)),
        "DisableAlarmActions" => Ok(switch_actions(request, region, false)),
        "TagResource" => {
            let arn = request.required("ResourceARN")?;
            let tags = region.tags.entry(arn.to_owned()).or_default();
            tags.extend(tag_pairs(&request.params));
            Ok(Value::empty())
        }
        "UntagResource" => {
            let tags = region
                .tags
                .get_mut(request.required("ResourceARN")?)
                .ok_or_else(not_found)?;
            for key in request.params.texts("TagKeys") {
                tags.remove(&key);
            }
            Ok(Value::empty())
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn alarm_arn(world: &World, request: &Request, name: &str) -> String {
    format!(
        "arn:{}:cloudwatch:{}:{}:alarm:{name}",
        world.settings().partition,
        request.region,
        request.caller.account
    )
}

fn tag_pairs(params: &Value) -> impl Iterator<Item = (String, String)> + '_ {
    params
        .items("Tags")
        .iter()
        .filter_map(|tag| Some((tag.text("Key")?.to_owned(), tag.text("Value")?.to_owned())))
}

fn put_metric_alarm(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let params = &request.params;
    let name = request.required("AlarmName")?;
    request.required("ComparisonOperator")?;
    if params.integer("EvaluationPeriods").is_none() {
        return Err(ServiceError::missing(request.service, "evaluationPeriods"));
    }
    if params.has("MetricName") == params.has("Metrics") {
        return Err(ServiceError::invalid(
            request.service,
            "Exactly one of MetricName and Metrics must be specified",
        ));
    }
    refuse_actions_elsewhere(world, request)?;
    let arn = alarm_arn(world, request, name);
    let before = region.metric_alarms.get(name);
    let is_new = before.is_none();
    let alarm = metric_alarm(params, arn.clone(), before, world.now());
    // Tags of the request count for a new alarm only.
    if is_new && params.has("Tags") {
        region.tags.insert(arn, tag_pairs(params).collect());
    }
    region.metric_alarms.insert(name.to_owned(), alarm);
    remember_configuration(world, region, name, "MetricAlarm", is_new);
    Ok(Value::empty())
}

/// Topics of other Regions and partitions are refused; whether a topic exists is not looked at.
fn refuse_actions_elsewhere(world: &World, request: &Request) -> Result<(), ServiceError> {
    let partition = &world.settings().partition;
    for list in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
        for action in request.params.texts(list) {
            let parts: Vec<&str> = action.split(':').collect();
            let [_, of_partition, "sns", of_region, ..] = parts[..] else {
                continue;
            };
            let wrong = if of_partition == partition {
                (of_region != request.region).then(|| {
                    format!(
                        "Invalid region {of_region} specified. Only {} is supported.",
                        request.region
                    )
                })
            } else {
                Some(format!(
                    "Invalid partition {of_partition} specified. Only {partition} is supported."
                ))
            };
            if let Some(message) = wrong {
                return Err(ServiceError::invalid(request.service, message));
            }
        }
    }
    Ok(())
}

fn put_composite_alarm(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let params = &request.params;
    let name = request.required("AlarmName")?;
    let rule = request.required("AlarmRule")?;
    refuse_actions_elsewhere(world, request)?;
    let now = world.now();
    let before = region.composite_alarms.get(name);
    let is_new = before.is_none();
    let alarm = CompositeAlarm {
        arn: alarm_arn(world, request, name),
        description: params.text("AlarmDescription").map(str::to_owned),
        rule: rule.to_owned(),
        actions_enabled: params.boolean("ActionsEnabled").unwrap_or(true),
        alarm_actions: params.texts("AlarmActions"),
        ok_actions: params.texts("OKActions"),
        insufficient_data_actions: params.texts("InsufficientDataActions"),
        suppressor: params.text("ActionsSuppressor").map(|suppressor| {
            let seconds = |name| params.integer(name).unwrap_or(0);
            (
                suppressor.to_owned(),
                seconds("ActionsSuppressorWaitPeriod"),
                seconds("ActionsSuppressorExtensionPeriod"),
            )
        }),
        state: before.map_or(AlarmState::InsufficientData, |before| before.state),
        state_updated: before.map_or(now, |before| before.state_updated),
        configured: now,
    };
    region.composite_alarms.insert(name.to_owned(), alarm);
    remember_configuration(world, region, name, "CompositeAlarm", is_new);
    Ok(Value::empty())
}

fn remember_configuration(
    world: &World,
    region: &mut RegionState,
    name: &str,
    alarm_type: &'static str,
    is_new: bool,
) {
    let what = if is_new { "created" } else { "updated" };
    region.alarm_history.push(HistoryItem {
        alarm: name.to_owned(),
        alarm_type,
        at: world.now(),
        kind: "ConfigurationUpdate",
        summary: format!("Alarm \"{name}\" {what}"),
        data: "{\"version\":\"1.0\"}".to_owned(),
    });
}

/// Names that do not exist are passed over; an alarm that a composite needs is not deleted.
fn delete_alarms(request: &Request, region: &mut RegionState) -> Answer {
    let names = request.params.texts("AlarmNames");
    let needed: Vec<&String> = names
        .iter()
        .filter(|name| {
            region
                .composite_alarms
                .iter()
                .any(|(composite, alarm)| !names.contains(composite) && mentions(&alarm.rule, name))
        })
        .collect();
    if let Some(first) = needed.first() {
        return Err(ServiceError::invalid(
            request.service,
            format!("Cannot delete {first} as there are composite alarm(s) depending on it."),
        ));
    }
    let composites = names
        .iter()
        .filter(|name| region.composite_alarms.contains_key(*name))
        .count();
    if composites > 1 {
        return Err(ServiceError::invalid(
            request.service,
            "At most one composite alarm can be deleted at a time.",
        ));
    }
    for name in &names {
        let metric = region.metric_alarms.remove(name).map(|alarm| alarm.arn);
        let composite = region.composite_alarms.remove(name).map(|alarm| alarm.arn);
        for arn in metric.into_iter().chain(composite) {
            region.tags.remove(&arn);
        }
    }
    Ok(Value::empty())
}

/// Whether a composite's rule names the alarm, by name or ARN.
fn mentions(rule: &str, name: &str) -> bool {
    rule.split(['(', ')', ',', '"', ' ', '\n'])
        .any(|word| word == name || word.rsplit(":alarm:").next() == Some(name))
}

fn switch_actions(request: &Request, region: &mut RegionState, on: bool) -> Value {
    for name in request.params.texts("AlarmNames") {
        if let Some(alarm) = region.metric_alarms.get_mut(&name) {
            alarm.actions_enabled = on;
        }
        if let Some(alarm) = region.composite_alarms.get_mut(&name) {
            alarm.actions_enabled = on;
        }
    }
    Value::empty()
}
