//! The kinds of steps, each with the values that its AWS call needs. Names and
//! patterns are final here: whoever executes a step chooses nothing.

use orgsweep_controls::{AccountId, Arn, ControlId, LogGroupArn, OrganizationId, Region};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::endpoint::Endpoint;

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Switches a trail on.
    StartLogging {
        /// The trail.
        trail: Arn,
    },
    /// Lets a trail record every Region (and with that global services).
    MakeTrailMultiRegion {
        /// The trail.
        trail: Arn,
    },
    /// Lets a trail record global service events.
    RecordGlobalServiceEvents {
        /// The trail.
        trail: Arn,
    },
    /// Makes a log group that a trail writes to.
    CreateLogGroup {
        /// The group.
        log_group: LogGroupArn,
    },
    /// Makes the role with which CloudTrail writes to a log group.
    CreateDeliveryRole {
        /// The role.
        role: Arn,
        /// The group that it may write to.
        log_group: LogGroupArn,
        /// The organization whose members' streams it may write, for an
        /// organization trail.
        organization: Option<OrganizationId>,
    },
    /// Lets a trail deliver to a log group.
    ConnectLogGroup {
        /// The trail.
        trail: Arn,
        /// The group.
        log_group: LogGroupArn,
        /// The role with which CloudTrail writes.
        role: Arn,
    },
    /// Puts a metric filter that was not there.
    PutMetricFilter {
        /// The group.
        log_group: LogGroupArn,
        /// The filter's name.
        filter: String,
        /// Its pattern.
        pattern: String,
        /// The metric that it publishes, with value 1 per event.
        metric: Metric,
    },
    /// Makes a topic.
    CreateTopic {
        /// The topic.
        topic: Arn,
    },
    /// Adds a statement to a topic's policy and keeps the others.
    AllowCloudWatch {
        /// The topic.
        topic: Arn,
        /// The statement.
        statement: TopicStatement,
    },
    /// Subscribes an endpoint to a topic.
    Subscribe {
        /// The topic.
        topic: Arn,
        /// Who is told.
        endpoint: Endpoint,
    },
    /// Puts an alarm that was not there: Sum over 300 s, at least 1, one of one.
    PutAlarm {
        /// The alarm.
        alarm: Arn,
        /// The metric that it watches.
        metric: Metric,
        /// The topic that it acts on.
        topic: Arn,
        /// The control that it is for.
        control: ControlId,
    },
    /// Enables the actions of an alarm that exists.
    EnableAlarmActions {
        /// The alarm.
        alarm: Arn,
    },
    /// Adds an action to an alarm that exists and keeps all else.
    AddAlarmAction {
        /// The alarm.
        alarm: Arn,
        /// The topic.
        topic: Arn,
    },
    /// Takes away what an earlier run made, provided that it is as that run left it.
    Remove {
        /// What made it.
        made: Box<Action>,
        /// The plan that held this; its id is on what was made.
        plan: Uuid,
        /// The control that is on it.
        control: Option<ControlId>,
        /// For a topic: endpoints that runs subscribed. Others keep it.
        subscribed: Vec<Endpoint>,
    },
}

/// A metric without dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// The statement that lets CloudWatch alarms of one account publish to a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicStatement {
    /// Its Sid, not used by another statement of the policy.
    pub sid: String,
    /// The account whose alarms may publish.
    pub alarm_account: AccountId,
}

impl TopicStatement {
    /// The statement as it stands in the policy of `topic`. It names the source
    /// account alone: `aws:SourceArn` fails for alarm names outside ASCII.
    pub fn to_json(&self, topic: &Arn) -> serde_json::Value {
        serde_json::json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic.as_str(),
            "Condition": {"StringEquals": {"aws:SourceAccount": self.alarm_account.as_str()}},
        })
    }
}

impl Action {
    /// The stable name of the kind, as it stands in JSON.
    pub fn kind(&self) -> &'static str {
        self.step_kind().as_str()
    }

    /// ARN of what is made or changed; for a filter, its group's ARN and its name.
    pub fn resource(&self) -> String {
        match self {
            Self::StartLogging { trail }
            | Self::MakeTrailMultiRegion { trail }
            | Self::RecordGlobalServiceEvents { trail }
            | Self::ConnectLogGroup { trail, .. } => trail.to_string(),
            Self::CreateLogGroup { log_group } => log_group.to_string(),
            Self::CreateDeliveryRole { role, .. } => role.to_string(),
            Self::PutMetricFilter {
                log_group, filter, ..
            } => filter_resource(log_group, filter),
            Self::CreateTopic { topic }
            | Self::AllowCloudWatch { topic, .. }
            | Self::Subscribe { topic, .. } => topic.to_string(),
            Self::PutAlarm { alarm, .. }
            | Self::EnableAlarmActions { alarm }
            | Self::AddAlarmAction { alarm, .. } => alarm.to_string(),
            Self::Remove { made, .. } => made.resource(),
        }
    }

    /// The account in which it is done.
    ///
    /// # Panics
    /// Never: the planner makes actions from ARNs that name an account.
    pub fn account(&self) -> AccountId {
        match self {
            Self::CreateLogGroup { log_group } | Self::PutMetricFilter { log_group, .. } => {
                log_group.account()
            }
            Self::StartLogging { trail: arn }
            | Self::MakeTrailMultiRegion { trail: arn }
            | Self::RecordGlobalServiceEvents { trail: arn }
            | Self::ConnectLogGroup { trail: arn, .. }
            | Self::CreateDeliveryRole { role: arn, .. }
            | Self::CreateTopic { topic: arn }
            | Self::AllowCloudWatch { topic: arn, .. }
            | Self::Subscribe { topic: arn, .. }
            | Self::PutAlarm { alarm: arn, .. }
            | Self::EnableAlarmActions { alarm: arn }
            | Self::AddAlarmAction { alarm: arn, .. } => {
                arn.account().expect("actions name their account")
            }
            Self::Remove { made, .. } => made.account(),
        }
    }

    /// The Region in which the call is made. A role has none of its own: it is
    /// made from the Region of its log group.
    ///
    /// # Panics
    /// Never: the planner makes actions from ARNs that name a Region.
    pub fn region(&self) -> Region {
        match self {
            Self::CreateLogGroup { log_group }
            | Self::CreateDeliveryRole { log_group, .. }
            | Self::PutMetricFilter { log_group, .. } => log_group.region(),
            Self::StartLogging { trail: arn }
            | Self::MakeTrailMultiRegion { trail: arn }
            | Self::RecordGlobalServiceEvents { trail: arn }
            | Self::ConnectLogGroup { trail: arn, .. }
            | Self::CreateTopic { topic: arn }
            | Self::AllowCloudWatch { topic: arn, .. }
            | Self::Subscribe { topic: arn, .. }
            | Self::PutAlarm { alarm: arn, .. }
            | Self::EnableAlarmActions { alarm: arn }
            | Self::AddAlarmAction { alarm: arn, .. } => {
                arn.region().expect("actions name their Region")
            }
            Self::Remove { made, .. } => made.region(),
        }
    }

    /// Whether it changes a trail or gives CloudTrail a role, which a plan holds
    /// only when it was allowed to.
    pub fn changes_trail(&self) -> bool {
        self.step_kind().is_risky()
    }

    /// Whether it makes something that was not there; all else changes what exists.
    pub fn makes_something(&self) -> bool {
        matches!(
            self,
            Self::CreateLogGroup { .. }
                | Self::CreateDeliveryRole { .. }
                | Self::PutMetricFilter { .. }
                | Self::CreateTopic { .. }
                | Self::Subscribe { .. }
                | Self::PutAlarm { .. }
        )
    }

    /// ARN of the thing that exists and that it changes or adds to; none when it makes something
    /// that stands alone.
    pub fn touches(&self) -> Option<String> {
        match self {
            Self::PutMetricFilter { log_group, .. } => Some(log_group.to_string()),
            Self::CreateLogGroup { .. }
            | Self::CreateDeliveryRole { .. }
            | Self::CreateTopic { .. }
            | Self::PutAlarm { .. } => None,
            // Filters and subscriptions have no tags that could say whose they are.
            Self::Remove { made, .. } => {
                matches!(**made, Self::CreateTopic { .. } | Self::PutAlarm { .. })
                    .then(|| made.resource())
            }
            _ => Some(self.resource()),
        }
    }

    /// Its place among the steps of one account: what others build upon first.
    pub(crate) fn order(&self) -> u8 {
        match self {
            Self::CreateLogGroup { .. } => 0,
            Self::CreateDeliveryRole { .. } => 1,
            Self::ConnectLogGroup { .. } => 2,
            Self::MakeTrailMultiRegion { .. } => 3,
            Self::RecordGlobalServiceEvents { .. } => 4,
            Self::StartLogging { .. } => 5,
            Self::CreateTopic { .. } => 6,
            Self::AllowCloudWatch { .. } => 7,
            Self::Subscribe { .. } => 8,
            Self::PutMetricFilter { .. } => 9,
            Self::PutAlarm { .. } => 10,
            Self::AddAlarmAction { .. } => 11,
            Self::EnableAlarmActions { .. } => 12,
            // What builds upon others goes first.
            Self::Remove { made, .. } => 13 + 12u8.saturating_sub(made.order()),
        }
    }
}

/// The name of the alarm that `arn` names.
pub(crate) fn alarm_name(arn: &Arn) -> &str {
    arn.resource().strip_prefix("alarm:").unwrap_or_default()
}

/// How a filter is named, which has no ARN: its group's ARN and its name.
pub(crate) fn filter_resource(log_group: &LogGroupArn, filter: &str) -> String {
    format!("{log_group}:metric-filter:{filter}")
}
