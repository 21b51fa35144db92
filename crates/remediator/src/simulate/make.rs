//! What a step makes that was not there: a group, a filter, an alarm, a
//! subscription, a policy statement.

use std::collections::BTreeMap;

use orgsweep_controls::snapshot::{
    Alarms, LogGroup, LogGroupFacts, MessageFilter, MetricAlarm, MetricFilter,
    MetricTransformation, Subscription, SubscriptionState, WatchedMetric,
};
use orgsweep_controls::{AccountSnapshot, Arn, Call, Known, LogGroupArn, Region, UnreadCause};

use super::change::{change_known, change_status, change_topic, delivers, same, subscription_arn};
use crate::endpoint::Endpoint;
use crate::steps::{Metric, alarm_name};

/// The policy that a new topic has: CloudWatch alarms of its account may publish.
pub(super) fn default_policy(topic: &Arn) -> String {
    serde_json::json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": topic.as_str(),
            "Condition": {
                "StringEquals": {"AWS:SourceOwner": topic.account().map(String::from)}
            },
        }],
    })
    .to_string()
}

/// `policy` with `statement` added; its other statements stay as they are.
pub(crate) fn policy_with(policy: Option<&str>, statement: serde_json::Value) -> String {
    use serde_json::{Value, json};
    let mut document = policy
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({"Version": "2012-10-17"}));
    let mut statements = match document["Statement"].take() {
        Value::Array(statements) => statements,
        Value::Null => Vec::new(),
        single => vec![single],
    };
    statements.push(statement);
    document["Statement"] = Value::Array(statements);
    document.to_string()
}

pub(super) fn create_log_group(snapshot: &mut AccountSnapshot, arn: &LogGroupArn) {
    let read = |operation| Call::new("logs", operation, Some(arn.region()));
    let facts = LogGroupFacts {
        class: "STANDARD".to_owned(),
    };
    let made = LogGroup {
        group: Known::read(Some(facts), read("DescribeLogGroups")),
        filters: Known::read(Vec::new(), read("DescribeMetricFilters")),
        arrivals: None,
        filters_elsewhere: BTreeMap::new(),
    };
    if snapshot.account == arn.account() {
        snapshot.log_groups.insert(arn.clone(), made);
        alarms_are_asked_for(snapshot, &arn.region());
    }
    let writers: Vec<Arn> = snapshot
        .distinct_trails()
        .values()
        .filter(|trail| trail.log_group.as_ref() == Some(arn))
        .map(|trail| trail.arn.clone())
        .collect();
    for trail in writers {
        change_status(snapshot, &trail, delivers);
    }
}

/// Mute rules are asked for once an alarm acts; none names an alarm that is new.
pub(super) fn mute_rules_are_asked_for(alarms: &mut Alarms, acting: &Arn) {
    let call = Call::new("cloudwatch", "ListAlarmMuteRules", acting.region());
    let none = || Known::read(Vec::new(), call);
    alarms.mute_rules.get_or_insert_with(none);
}

/// Where no filter needs them, a Region's alarms are not asked for: once one
/// does, they are, and none of them watches a metric that is new.
pub(super) fn alarms_are_asked_for(snapshot: &mut AccountSnapshot, region: &Region) {
    let not_asked = match snapshot.alarms.get(region) {
        None => true,
        Some(Known::Unread(unread)) => unread.cause == UnreadCause::NotAsked,
        Some(Known::Read { .. }) => false,
    };
    if not_asked {
        let call = Call::new("cloudwatch", "DescribeAlarms", Some(region.clone()));
        let none = Known::read(Alarms::default(), call);
        snapshot.alarms.insert(region.clone(), none);
    }
}

pub(super) fn put_filter(
    snapshot: &mut AccountSnapshot,
    group: &LogGroupArn,
    name: &str,
    pattern: &str,
    metric: &Metric,
) {
    alarms_are_asked_for(snapshot, &group.region());
    let Some(group) = snapshot.log_groups.get_mut(group) else {
        return;
    };
    change_known(&mut group.filters, |filters| {
        filters.push(MetricFilter {
            name: name.to_owned(),
            pattern: pattern.to_owned(),
            transformations: vec![MetricTransformation {
                namespace: metric.namespace.clone(),
                name: metric.name.clone(),
                value: "1".to_owned(),
                default_value: None,
                dimensions: BTreeMap::new(),
                unit: None,
            }],
            on_transformed_logs: false,
            field_selection: None,
            system_field_dimensions: Vec::new(),
        });
        filters.sort_by(|a, b| a.name.cmp(&b.name));
    });
}

pub(super) fn put_alarm(snapshot: &mut AccountSnapshot, arn: &Arn, metric: &Metric, topic: &Arn) {
    let Some(alarms) = arn
        .region()
        .and_then(|region| snapshot.alarms.get_mut(&region))
    else {
        return;
    };
    change_known(alarms, |alarms| {
        mute_rules_are_asked_for(alarms, arn);
        alarms.metric.push(MetricAlarm {
            name: alarm_name(arn).to_owned(),
            arn: arn.clone(),
            actions_enabled: true,
            alarm_actions: vec![topic.to_string()],
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            metric: Some(WatchedMetric {
                namespace: metric.namespace.clone(),
                name: metric.name.clone(),
                dimensions: BTreeMap::new(),
                statistic: Some("Sum".to_owned()),
                period: Some(300),
                unit: None,
            }),
            queries: Vec::new(),
            threshold_metric_id: None,
            other_kind: None,
            evaluation_periods: Some(1),
            datapoints_to_alarm: Some(1),
            threshold: Some(1.0),
            comparison: Some("GreaterThanOrEqualToThreshold".to_owned()),
            treat_missing_data: Some("notBreaching".to_owned()),
            low_sample_percentile: None,
            wall_clock: false,
            evaluation_error: false,
            warm_up_minutes: None,
        });
        alarms.metric.sort_by(|a, b| a.name.cmp(&b.name));
    });
}

/// A new subscription has no filter policy.
pub(super) fn unfiltered(topic: &Arn) -> Known<MessageFilter> {
    let call = Call::new("sns", "GetSubscriptionAttributes", topic.region());
    Known::read(MessageFilter::default(), call)
}

pub(super) fn subscribe(snapshot: &mut AccountSnapshot, topic: &Arn, endpoint: &Endpoint) {
    let confirms = topic
        .account()
        .is_some_and(|account| endpoint.confirms_itself(&account));
    change_topic(snapshot, topic, |facts| {
        change_known(&mut facts.subscriptions, |subscriptions| {
            subscriptions.retain(|subscription| !same(subscription, endpoint));
            subscriptions.push(Subscription {
                protocol: endpoint.protocol.clone(),
                endpoint: endpoint.address.clone(),
                owner: topic.account(),
                state: if confirms {
                    SubscriptionState::Confirmed(subscription_arn(topic))
                } else {
                    SubscriptionState::Pending
                },
                filter: Some(unfiltered(topic)),
            });
            subscriptions.sort();
        });
    });
}
