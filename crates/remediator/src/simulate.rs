//! What a snapshot looks like after a step, as far as a chain depends on it.
//! The planner proves with it that a plan makes findings pass; tests prove with
//! it that planning a repaired account gives an empty plan.

use std::collections::BTreeMap;

use orgsweep_controls::snapshot::{
    Alarms, BasicSelector, Delivery, EventSelectors, LogGroup, LogGroupFacts, MetricAlarm,
    MetricFilter, MetricTransformation, Subscription, SubscriptionState, Topic, Trail, TrailStatus,
    WatchedMetric,
};
use orgsweep_controls::{AccountSnapshot, Arn, Call, Known, LogGroupArn, Region, UnreadCause};

use crate::endpoint::Endpoint;
use crate::human::HumanAct;
use crate::steps::{Action, Metric, alarm_name};

/// Changes `snapshot` as `action` would change the account.
///
/// Facts that are unread stay unread: what an action adds to a list that is not
/// known does not make the list known.
pub fn apply_action(snapshot: &mut AccountSnapshot, action: &Action) {
    match action {
        Action::StartLogging { trail } => change_status(snapshot, trail, |status| {
            status.logging = true;
        }),
        Action::MakeTrailMultiRegion { trail } => change_trail(snapshot, trail, |trail| {
            trail.multi_region = true;
            trail.global_service_events = true;
        }),
        Action::RecordGlobalServiceEvents { trail } => change_trail(snapshot, trail, |trail| {
            trail.global_service_events = true;
        }),
        Action::CreateLogGroup { log_group } => create_log_group(snapshot, log_group),
        Action::CreateDeliveryRole { .. } => {}
        Action::ConnectLogGroup {
            trail,
            log_group,
            role,
        } => {
            change_trail(snapshot, trail, |trail| {
                trail.log_group = Some(log_group.clone());
                trail.log_role = Some(role.clone());
            });
            change_status(snapshot, trail, delivers);
        }
        Action::PutMetricFilter {
            log_group,
            filter,
            pattern,
            metric,
        } => put_filter(snapshot, log_group, filter, pattern, metric),
        Action::CreateTopic { topic } => {
            let made = Topic {
                policy: Some(default_policy(topic)),
                kms_key: None,
                fifo: false,
                subscriptions: Known::read(Vec::new(), call("sns", "CreateTopic", topic)),
            };
            let known = Known::read(Some(made), call("sns", "CreateTopic", topic));
            snapshot.topics.insert(topic.clone(), known);
        }
        Action::AllowCloudWatch { topic, statement } => change_topic(snapshot, topic, |facts| {
            let statement = statement.to_json(topic);
            facts.policy = Some(policy_with(facts.policy.as_deref(), statement));
        }),
        Action::Subscribe { topic, endpoint } => subscribe(snapshot, topic, endpoint),
        Action::PutAlarm {
            alarm,
            metric,
            topic,
            ..
        } => put_alarm(snapshot, alarm, metric, topic),
        Action::EnableAlarmActions { alarm } => change_alarm(
            snapshot,
            alarm,
            |metric| metric.actions_enabled = true,
            |composite| composite.actions_enabled = true,
        ),
        Action::AddAlarmAction { alarm, topic } => {
            let add = |actions: &mut Vec<String>| {
                if !actions.iter().any(|action| action == topic.as_str()) {
                    actions.push(topic.to_string());
                }
            };
            change_alarm(
                snapshot,
                alarm,
                |metric| add(&mut metric.alarm_actions),
                |composite| add(&mut composite.alarm_actions),
            );
        }
    }
}

/// Changes `snapshot` as the account changes once a person has done `act`.
pub fn apply_human_act(snapshot: &mut AccountSnapshot, act: &HumanAct) {
    match act {
        HumanAct::ConfirmSubscription { topic, endpoint } => {
            change_topic(snapshot, topic, |facts| {
                change_known(&mut facts.subscriptions, |subscriptions| {
                    for subscription in subscriptions.iter_mut().filter(|s| same(s, endpoint)) {
                        subscription.state = SubscriptionState::Confirmed(subscription_arn(topic));
                    }
                });
            });
        }
        HumanAct::ChooseSubscriber { topic } => change_topic(snapshot, topic, |facts| {
            change_known(&mut facts.subscriptions, |subscriptions| {
                subscriptions.push(Subscription {
                    protocol: "email".to_owned(),
                    endpoint: "somebody".to_owned(),
                    owner: topic.account(),
                    state: SubscriptionState::Confirmed(subscription_arn(topic)),
                });
                subscriptions.sort();
            });
        }),
        HumanAct::RepairDelivery { trail, .. } => change_status(snapshot, trail, delivers),
        HumanAct::RecordManagementEvents { trail } => change_trail(snapshot, trail, |trail| {
            change_known(&mut trail.selectors, |selectors| {
                *selectors = EventSelectors::Basic(vec![BasicSelector {
                    read_write_type: "All".to_owned(),
                    management_events: true,
                    excluded_sources: Vec::new(),
                }]);
            });
        }),
        HumanAct::AllowCloudWatchInKey { topic, key } => allow_in_key(snapshot, topic, key),
        HumanAct::ChangeTrail { change } => apply_action(snapshot, change),
        HumanAct::AllowDelivery { .. }
        | HumanAct::AskTopicOwner { .. }
        | HumanAct::CreateTrail { .. }
        | HumanAct::MakeRoomForFilter { .. } => {}
    }
}

/// The policy that a new topic has: CloudWatch alarms of its account may publish.
fn default_policy(topic: &Arn) -> String {
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

fn create_log_group(snapshot: &mut AccountSnapshot, arn: &LogGroupArn) {
    let read = |operation| Call::new("logs", operation, Some(arn.region()));
    let facts = LogGroupFacts {
        class: "STANDARD".to_owned(),
    };
    let made = LogGroup {
        group: Known::read(Some(facts), read("DescribeLogGroups")),
        filters: Known::read(Vec::new(), read("DescribeMetricFilters")),
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

/// Where no filter needs them, a Region's alarms are not asked for: once one
/// does, they are, and none of them watches a metric that is new.
fn alarms_are_asked_for(snapshot: &mut AccountSnapshot, region: &Region) {
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

fn put_filter(
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

fn put_alarm(snapshot: &mut AccountSnapshot, arn: &Arn, metric: &Metric, topic: &Arn) {
    let Some(alarms) = arn
        .region()
        .and_then(|region| snapshot.alarms.get_mut(&region))
    else {
        return;
    };
    change_known(alarms, |alarms| {
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
        });
        alarms.metric.sort_by(|a, b| a.name.cmp(&b.name));
    });
}

fn subscribe(snapshot: &mut AccountSnapshot, topic: &Arn, endpoint: &Endpoint) {
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
            });
            subscriptions.sort();
        });
    });
}

fn allow_in_key(snapshot: &mut AccountSnapshot, topic: &Arn, key: &str) {
    let Some(region) = topic.region() else { return };
    let Some(Known::Read {
        value: Some(key), ..
    }) = snapshot.keys.get_mut(&key_name(&region, key))
    else {
        return;
    };
    change_known(&mut key.policy, |policy| {
        let statement = serde_json::json!({
            "Sid": "AllowCloudWatchAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        });
        *policy = Some(policy_with(policy.as_deref(), statement));
    });
}

/// How a snapshot names the key that a topic of `region` names `key`.
pub(crate) fn key_name(region: &Region, key: &str) -> String {
    format!("{region}/{key}")
}

fn delivers(status: &mut TrailStatus) {
    status.delivery_error = None;
    status.delivery = Delivery::Fresh;
}

/// Every view of the trail: each Region's answer holds one.
fn change_trail(snapshot: &mut AccountSnapshot, arn: &Arn, change: impl Fn(&mut Trail)) {
    for known in snapshot.trails.values_mut() {
        change_known(known, |trails| {
            for trail in trails.iter_mut().filter(|trail| trail.arn == *arn) {
                change(trail);
            }
        });
    }
}

fn change_status(snapshot: &mut AccountSnapshot, arn: &Arn, change: impl Fn(&mut TrailStatus)) {
    change_trail(snapshot, arn, |trail| {
        change_known(&mut trail.status, &change);
    });
}

fn change_topic(snapshot: &mut AccountSnapshot, arn: &Arn, change: impl FnOnce(&mut Topic)) {
    if let Some(Known::Read {
        value: Some(topic), ..
    }) = snapshot.topics.get_mut(arn)
    {
        change(topic);
    }
}

fn change_alarm(
    snapshot: &mut AccountSnapshot,
    arn: &Arn,
    metric: impl FnOnce(&mut MetricAlarm),
    composite: impl FnOnce(&mut orgsweep_controls::snapshot::CompositeAlarm),
) {
    let Some(alarms) = arn
        .region()
        .and_then(|region| snapshot.alarms.get_mut(&region))
    else {
        return;
    };
    change_known(alarms, |alarms| {
        if let Some(alarm) = alarms.metric.iter_mut().find(|alarm| alarm.arn == *arn) {
            metric(alarm);
        } else if let Some(alarm) = alarms.composite.iter_mut().find(|alarm| alarm.arn == *arn) {
            composite(alarm);
        }
    });
}

fn change_known<T>(known: &mut Known<T>, change: impl FnOnce(&mut T)) {
    if let Known::Read { value, .. } = known {
        change(value);
    }
}

fn same(subscription: &Subscription, endpoint: &Endpoint) -> bool {
    subscription.protocol == endpoint.protocol && subscription.endpoint == endpoint.address
}

/// Stands for the ARN that AWS will give to the subscription.
fn subscription_arn(topic: &Arn) -> Arn {
    format!("{topic}:00000000-0000-0000-0000-000000000000")
        .parse()
        .expect("a topic's ARN with a part more is an ARN")
}

fn call(service: &str, operation: &str, arn: &Arn) -> Call {
    Call::new(service, operation, arn.region())
}
