//! Whether a step may be done: a function of the step and of what was just read.

use sha2::{Digest, Sha256};

use super::seen::Seen;
use crate::steps::{Action, Precondition, Step, alarm_name};
use crate::write::alarm::Alarm;
use crate::write::filter::MetricFilter;
use crate::write::{Marks, role, trail};

/// Whether a step may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Its preconditions hold.
    Ready,
    /// What it would make true is true already.
    There,
    /// What it would make is there for every plan to use: another one made it.
    Shared,
    /// Its name is taken; by the plan itself, if tags say so. Otherwise, this is what changed.
    Taken(String),
    /// Something has changed since the plan was made.
    Changed(String),
}

use Readiness::{Changed, Ready, Taken, There};

/// Whether `step` may be done, now that `seen` was read.
pub(super) fn readiness(step: &Step, seen: &Seen, marks: &Marks) -> Readiness {
    if let Action::Remove { .. } = step.action {
        return removable(step, seen);
    }
    match (&step.action, seen) {
        (Action::StartLogging { .. }, Seen::Trail(trail)) => ready_unless(trail.logging),
        (Action::MakeTrailMultiRegion { .. }, Seen::Trail(trail)) => {
            ready_unless(trail.multi_region)
        }
        (Action::RecordGlobalServiceEvents { .. }, Seen::Trail(trail)) => {
            ready_unless(trail.global_service_events)
        }
        (
            Action::ConnectLogGroup {
                log_group, role, ..
            },
            Seen::Trail(now),
        ) => {
            let wanted = trail::log_group_name(log_group);
            let group_as_planned = step.preconditions.iter().any(|precondition| {
                matches!(precondition, Precondition::TrailDeliversTo { log_group, .. }
                    if log_group.as_ref().map(trail::log_group_name) == now.log_group)
            });
            if now.log_group.as_ref() == Some(&wanted)
                && now.log_role.as_deref() == Some(role.as_str())
            {
                There
            } else if group_as_planned {
                Ready
            } else {
                Changed(match &now.log_group {
                    Some(group) => format!("the trail delivers to {group} now"),
                    None => "the trail delivers to no log group now".to_owned(),
                })
            }
        }
        (
            Action::CreateLogGroup { .. }
            | Action::CreateDeliveryRole { .. }
            | Action::CreateTopic { .. }
            | Action::PutMetricFilter { .. }
            | Action::PutAlarm { .. }
            | Action::Subscribe { .. },
            Seen::Nothing,
        ) => Ready,
        (Action::CreateLogGroup { log_group }, Seen::LogGroup(_)) => Taken(format!(
            "log group `{}` exists now, and this plan did not make it",
            log_group.name()
        )),
        (
            Action::CreateDeliveryRole {
                log_group,
                organization,
                ..
            },
            Seen::Role(now),
        ) => match &now.policy {
            // A role without its policy is what a run that was cut short leaves.
            None if marks.are_on(&now.tags) => Ready,
            Some(policy)
                if marks.are_on(&now.tags)
                    && *policy == role::policy(log_group, organization.as_ref()) =>
            {
                There
            }
            _ => {
                Changed("a role of this name exists now, and this plan did not make it".to_owned())
            }
        },
        (Action::CreateTopic { topic }, Seen::Topic(_)) => Taken(format!(
            "topic `{}` exists now, and no plan made it: plan with another name \
             (`remediator.topic`), or delete it",
            topic.resource()
        )),
        (
            Action::PutMetricFilter {
                filter,
                pattern,
                metric,
                ..
            },
            Seen::Filter(now),
        ) => {
            if *now == MetricFilter::counting(pattern, metric) {
                There
            } else {
                Changed(format!(
                    "a metric filter `{filter}` exists now, and it is another one"
                ))
            }
        }
        (
            Action::PutAlarm {
                alarm,
                metric,
                topic,
                control,
            },
            Seen::Alarm(now),
        ) => {
            if *now == Alarm::on(metric, topic, control) {
                There
            } else {
                Taken(format!(
                    "an alarm `{}` exists now, and it is another one",
                    alarm_name(alarm)
                ))
            }
        }
        (Action::Subscribe { .. }, Seen::Subscription(_)) => There,
        (Action::AllowCloudWatch { statement, .. }, Seen::Topic(now)) => {
            let policy = now.policy.as_deref().unwrap_or_default();
            let digest = hex::encode(Sha256::digest(policy));
            let as_planned = step.preconditions.iter().all(|precondition| {
                !matches!(precondition, Precondition::TopicPolicyIs { sha256, .. } if *sha256 != digest)
            });
            if as_planned {
                Ready
            } else if has_statement(policy, &statement.to_json(&topic_of(&step.action))) {
                There
            } else {
                Changed("the topic's policy is another one now".to_owned())
            }
        }
        (Action::EnableAlarmActions { .. }, Seen::Alarm(now)) => ready_unless(now.actions_enabled),
        (Action::AddAlarmAction { .. }, Seen::Alarm(now)) if now.is_composite() => {
            Changed("the alarm is a composite one now, which is put in another way".to_owned())
        }
        (Action::AddAlarmAction { topic, .. }, Seen::Alarm(now)) => {
            let planned = step
                .preconditions
                .iter()
                .find_map(|precondition| match precondition {
                    Precondition::AlarmActionsAre { actions, .. } => Some(actions),
                    _ => None,
                });
            if now
                .alarm_actions
                .iter()
                .any(|action| action == topic.as_str())
            {
                There
            } else if planned.is_none_or(|planned| *planned == now.alarm_actions) {
                Ready
            } else {
                Changed("the alarm has other actions now".to_owned())
            }
        }
        (_, Seen::Nothing) => Changed(format!("{} does not exist any more", step.resource)),
        // INVARIANT: `look` reads for each kind of action its own kind of resource.
        (_, other) => Changed(format!(
            "{} is something else now: {other:?}",
            step.resource
        )),
    }
}

/// Whether something may be taken away: when it is as the run left it that made it.
fn removable(step: &Step, seen: &Seen) -> Readiness {
    if *seen == Seen::Nothing {
        return There;
    }
    let left = step.preconditions.iter().find_map(|fact| match fact {
        Precondition::IsAsLeft { left, .. } => serde_json::from_value::<Seen>(left.clone()).ok(),
        _ => None,
    });
    match left {
        Some(left) if seen.is_still(&left) => Ready,
        Some(_) => Changed(format!(
            "{} is not as the run that made it left it",
            step.resource
        )),
        None => Changed("what the run that made it left is not recorded".to_owned()),
    }
}

fn ready_unless(there: bool) -> Readiness {
    if there { There } else { Ready }
}

fn topic_of(action: &Action) -> orgsweep_controls::Arn {
    match action {
        Action::AllowCloudWatch { topic, .. } => topic.clone(),
        _ => unreachable!("only that kind has a statement"),
    }
}

fn has_statement(policy: &str, statement: &serde_json::Value) -> bool {
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap_or_default();
    match &policy["Statement"] {
        serde_json::Value::Array(statements) => statements.contains(statement),
        single => single == statement,
    }
}

/// Resources that `action` builds upon: it may take a while until one that was just made is
/// there for everybody.
pub(super) fn built_upon(action: &Action) -> Vec<String> {
    match action {
        Action::ConnectLogGroup {
            log_group, role, ..
        } => vec![log_group.to_string(), role.to_string()],
        Action::PutMetricFilter { log_group, .. } => vec![log_group.to_string()],
        Action::AllowCloudWatch { topic, .. } | Action::Subscribe { topic, .. } => {
            vec![topic.to_string()]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
