//! What the snapshot showed and must still be so when a step is done. Whoever
//! executes the step reads it again and stops when it has changed.

use std::fmt;

use orgsweep_controls::{Arn, LogGroupArn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::action::alarm_name;

/// One fact that a step relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Precondition {
    /// The trail exists and is switched off.
    TrailIsOff {
        /// The trail.
        trail: Arn,
    },
    /// The trail records its home Region only.
    TrailIsSingleRegion {
        /// The trail.
        trail: Arn,
    },
    /// The trail leaves global service events out.
    TrailLeavesGlobalEventsOut {
        /// The trail.
        trail: Arn,
    },
    /// The trail delivers to this group, or to none.
    TrailDeliversTo {
        /// The trail.
        trail: Arn,
        /// The group that it delivers to now.
        log_group: Option<LogGroupArn>,
    },
    /// No such log group exists.
    LogGroupAbsent {
        /// The group.
        log_group: LogGroupArn,
    },
    /// No role of this name exists.
    RoleAbsent {
        /// The role.
        role: Arn,
    },
    /// The group has no filter of this name and room for one more.
    FilterAbsent {
        /// The group.
        log_group: LogGroupArn,
        /// The filter's name.
        filter: String,
    },
    /// No alarm of this name exists.
    AlarmAbsent {
        /// The alarm.
        alarm: Arn,
    },
    /// The alarm exists with its actions disabled.
    AlarmActionsDisabled {
        /// The alarm.
        alarm: Arn,
    },
    /// The alarm runs exactly these when it goes to ALARM.
    AlarmActionsAre {
        /// The alarm.
        alarm: Arn,
        /// Its actions.
        actions: Vec<String>,
    },
    /// No such topic exists.
    TopicAbsent {
        /// The topic.
        topic: Arn,
    },
    /// The topic's policy is the one that was read.
    TopicPolicyIs {
        /// The topic.
        topic: Arn,
        /// SHA-256 of the policy's text.
        sha256: String,
    },
    /// It is as a run left it.
    IsAsLeft {
        /// What it is.
        resource: String,
        /// The run.
        run: Uuid,
        /// What the run left, as its row has it.
        left: Value,
    },
    /// The endpoint is not subscribed to the topic.
    NotSubscribed {
        /// The topic.
        topic: Arn,
        /// Who would be told.
        endpoint: String,
    },
}

impl fmt::Display for Precondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrailIsOff { trail } => write!(f, "{trail} is switched off"),
            Self::TrailIsSingleRegion { trail } => {
                write!(f, "{trail} records its home Region only")
            }
            Self::TrailLeavesGlobalEventsOut { trail } => {
                write!(f, "{trail} leaves global service events out")
            }
            Self::TrailDeliversTo {
                trail,
                log_group: Some(group),
            } => write!(f, "{trail} delivers to {group}"),
            Self::TrailDeliversTo {
                trail,
                log_group: None,
            } => write!(f, "{trail} delivers to no log group"),
            Self::LogGroupAbsent { log_group } => {
                write!(f, "log group `{}` does not exist", log_group.name())
            }
            Self::RoleAbsent { role } => write!(f, "{role} does not exist"),
            Self::FilterAbsent { log_group, filter } => write!(
                f,
                "log group `{}` has no filter `{filter}` and fewer than 100 filters",
                log_group.name()
            ),
            Self::AlarmAbsent { alarm } => {
                write!(f, "no alarm is named `{}`", alarm_name(alarm))
            }
            Self::AlarmActionsDisabled { alarm } => {
                write!(f, "alarm `{}` has its actions disabled", alarm_name(alarm))
            }
            Self::AlarmActionsAre { alarm, actions } if actions.is_empty() => {
                write!(f, "alarm `{}` has no actions", alarm_name(alarm))
            }
            Self::AlarmActionsAre { alarm, actions } => write!(
                f,
                "alarm `{}` acts on {}",
                alarm_name(alarm),
                actions.join(", ")
            ),
            Self::TopicAbsent { topic } => {
                write!(f, "topic `{}` does not exist", topic.resource())
            }
            Self::TopicPolicyIs { topic, .. } => {
                write!(f, "the policy of topic `{}` is as read", topic.resource())
            }
            Self::IsAsLeft { resource, run, .. } => {
                write!(f, "{resource} is as run {run} left it")
            }
            Self::NotSubscribed { topic, endpoint } => write!(
                f,
                "{endpoint} is not subscribed to topic `{}`",
                topic.resource()
            ),
        }
    }
}
