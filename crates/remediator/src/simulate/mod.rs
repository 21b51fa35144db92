//! What a snapshot looks like after a step, as far as a chain depends on it.
//! The planner proves with it that a plan makes findings pass; tests prove with
//! it that planning a repaired account gives an empty plan.

mod change;
mod make;
mod remove;

use orgsweep_controls::snapshot::{
    BasicSelector, Delivery, EventSelectors, Subscription, SubscriptionState, Topic,
};
use orgsweep_controls::{AccountSnapshot, Known};

use crate::human::HumanAct;
use crate::steps::Action;

use change::{
    allow_in_key, call, change_alarm, change_known, change_status, change_topic, change_trail,
    delivers, same, subscription_arn,
};
use make::{
    create_log_group, default_policy, mute_rules_are_asked_for, put_alarm, put_filter, subscribe,
};

use remove::remove;

pub(crate) use make::policy_with;

/// Changes `snapshot` as `action` would change the account.
///
/// Facts that are unread stay unread: what an action adds to a list that is not
/// known does not make the list known.
pub fn apply_action(snapshot: &mut AccountSnapshot, action: &Action) {
    match action {
        Action::StartLogging { trail } => change_status(snapshot, trail, |status| {
            status.logging = true;
            // Its last delivery is old because it was off.
            if status.delivery_error.is_none() {
                status.delivery = Delivery::NotReported;
            }
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
            let here = alarm
                .region()
                .and_then(|region| snapshot.alarms.get_mut(&region));
            if let Some(alarms) = here {
                change_known(alarms, |alarms| mute_rules_are_asked_for(alarms, alarm));
            }
        }
        Action::Remove { made, .. } => remove(snapshot, made),
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
                        let filter = &mut subscription.filter;
                        filter.get_or_insert_with(|| make::unfiltered(topic));
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
                    filter: Some(make::unfiltered(topic)),
                });
                subscriptions.sort();
            });
        }),
        HumanAct::RepairDelivery { trail, .. } => {
            change_status(snapshot, trail, delivers);
            // Whose streams appear then is not foreseen.
            for group in snapshot.log_groups.values_mut() {
                group.arrivals = None;
            }
        }
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
        HumanAct::ChangeTrail { change } | HumanAct::ChangeManaged { change, .. } => {
            apply_action(snapshot, change);
        }
        HumanAct::AllowDelivery { .. }
        | HumanAct::AskTopicOwner { .. }
        | HumanAct::CreateTrail { .. }
        | HumanAct::MakeRoomForFilter { .. } => {}
    }
}
