//! A step in words: what is true afterwards, and what takes it back.

use super::Action;
use super::action::alarm_name;

impl Action {
    /// What is true afterwards.
    pub fn effect(&self) -> String {
        match self {
            Self::StartLogging { trail } => {
                format!("trail `{}` records events", last(trail.resource()))
            }
            Self::MakeTrailMultiRegion { trail } => {
                format!("trail `{}` records every Region", last(trail.resource()))
            }
            Self::RecordGlobalServiceEvents { trail } => format!(
                "trail `{}` records IAM, sign-in and other global service events",
                last(trail.resource())
            ),
            Self::CreateLogGroup { log_group } => {
                format!("log group `{}` exists", log_group.name())
            }
            Self::CreateDeliveryRole {
                role, log_group, ..
            } => format!(
                "CloudTrail may write to log group `{}` with role `{}`",
                log_group.name(),
                last(role.resource())
            ),
            Self::ConnectLogGroup {
                trail, log_group, ..
            } => format!(
                "trail `{}` delivers to log group `{}`",
                last(trail.resource()),
                log_group.name()
            ),
            Self::PutMetricFilter {
                log_group, metric, ..
            } => format!(
                "each matching event in log group `{}` adds 1 to metric {}/{}",
                log_group.name(),
                metric.namespace,
                metric.name
            ),
            Self::CreateTopic { topic } => format!("topic `{}` exists", topic.resource()),
            Self::AllowCloudWatch { topic, statement } => format!(
                "alarms of account {} may publish to topic `{}`; its other statements stay",
                statement.alarm_account,
                topic.resource()
            ),
            Self::Subscribe { topic, endpoint } => {
                format!("{endpoint} is subscribed to topic `{}`", topic.resource())
            }
            Self::PutAlarm {
                alarm,
                metric,
                topic,
                ..
            } => format!(
                "alarm `{}` notifies topic `{}` when metric {}/{} counts at least 1 in 5 minutes",
                alarm_name(alarm),
                topic.resource(),
                metric.namespace,
                metric.name
            ),
            Self::EnableAlarmActions { alarm } => {
                format!("the actions of alarm `{}` run", alarm_name(alarm))
            }
            Self::AddAlarmAction { alarm, topic } => format!(
                "alarm `{}` also notifies topic `{}`; all else in it stays",
                alarm_name(alarm),
                topic.resource()
            ),
            Self::Remove { made, plan, .. } => {
                format!("{}, which plan {plan} made, is gone", made.thing())
            }
        }
    }

    /// What is made, in words.
    fn thing(&self) -> String {
        match self {
            Self::PutMetricFilter {
                log_group, filter, ..
            } => format!(
                "metric filter `{filter}` of log group `{}`",
                log_group.name()
            ),
            Self::CreateTopic { topic } => format!("topic `{}`", topic.resource()),
            Self::Subscribe { topic, endpoint } => format!(
                "the subscription of {endpoint} to topic `{}`",
                topic.resource()
            ),
            Self::PutAlarm { alarm, .. } => format!("alarm `{}`", alarm_name(alarm)),
            other => other.resource(),
        }
    }

    /// What takes it back, provided that nobody has changed the resource since.
    pub fn inverse(&self) -> String {
        match self {
            Self::StartLogging { .. } => "stop logging".to_owned(),
            Self::MakeTrailMultiRegion { .. } => {
                "update the trail to record its home Region only".to_owned()
            }
            Self::RecordGlobalServiceEvents { .. } => {
                "update the trail to leave global service events out".to_owned()
            }
            Self::CreateLogGroup { .. } => "delete the log group".to_owned(),
            Self::CreateDeliveryRole { .. } => "delete the role and its policy".to_owned(),
            Self::ConnectLogGroup { .. } => {
                "update the trail to the log group and role that it had".to_owned()
            }
            Self::PutMetricFilter { filter, .. } => format!("delete metric filter `{filter}`"),
            Self::CreateTopic { .. } => "delete the topic".to_owned(),
            Self::AllowCloudWatch { statement, .. } => {
                format!("remove statement `{}` from the policy", statement.sid)
            }
            Self::Subscribe { endpoint, .. } => format!("unsubscribe {endpoint}"),
            Self::PutAlarm { alarm, .. } => format!("delete alarm `{}`", alarm_name(alarm)),
            Self::EnableAlarmActions { .. } => "disable the alarm's actions".to_owned(),
            Self::AddAlarmAction { .. } => "take the topic out of the alarm's actions".to_owned(),
            Self::Remove { made, .. } => format!("make {} again as it was", made.thing()),
        }
    }
}

/// The last part of `trail/name` or `role/path/name`.
fn last(resource: &str) -> &str {
    resource.rsplit('/').next().unwrap_or(resource)
}
