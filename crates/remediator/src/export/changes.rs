//! Changes of things that exist, as a page for those who keep them in code: they
//! are defined somewhere already, and a second definition would fight the first.

use std::collections::BTreeMap;

use std::fmt::Write;

use super::cli::command;
use super::units::Unit;
use crate::steps::{Action, alarm_name};

/// The page's name in an export.
pub const CHANGES: &str = "CHANGES.md";

/// What to change in code that exists.
struct Change {
    /// Where, in words.
    what: String,
    /// The same for Terraform.
    terraform: String,
    /// The same for CloudFormation.
    cloudformation: String,
}

/// The page for the units' changes; nothing when nothing that exists changes.
pub(super) fn page(units: &[Unit<'_>]) -> Option<String> {
    let mut text = String::from(
        "# Changes of what exists\n\nThese things are defined in code of yours, or were made by hand. Change them where they\n\
         are defined; where nothing defines them, run the command.\n",
    );
    let mut any = false;
    for unit in units {
        for action in &unit.changes {
            any = true;
            let change = change(action);
            let _ = write!(
                text,
                "\n## {what}\n\n- account {account}, {region}: `{resource}`\n- Terraform: {terraform}\n\
                 - CloudFormation: {cloudformation}\n- afterwards: {effect}\n\n```sh\n{command}\n```\n",
                what = change.what,
                account = unit.account,
                region = unit.region,
                resource = action.resource(),
                terraform = change.terraform,
                cloudformation = change.cloudformation,
                effect = action.effect(),
                command = command(action, &BTreeMap::new()),
            );
        }
    }
    any.then_some(text)
}

fn change(action: &Action) -> Change {
    let trail = |what: &str, terraform: &str, cloudformation: &str| Change {
        what: what.to_owned(),
        terraform: format!("in `aws_cloudtrail`: {terraform}"),
        cloudformation: format!("in `AWS::CloudTrail::Trail`: {cloudformation}"),
    };
    match action {
        Action::StartLogging { .. } => trail(
            "Switch the trail on",
            "`enable_logging = true`",
            "`IsLogging: true`",
        ),
        Action::MakeTrailMultiRegion { .. } => trail(
            "Record every Region",
            "`is_multi_region_trail = true` and `include_global_service_events = true`",
            "`IsMultiRegionTrail: true` and `IncludeGlobalServiceEvents: true`",
        ),
        Action::RecordGlobalServiceEvents { .. } => trail(
            "Record global service events",
            "`include_global_service_events = true`",
            "`IncludeGlobalServiceEvents: true`",
        ),
        Action::ConnectLogGroup {
            log_group, role, ..
        } => trail(
            "Deliver to a log group",
            &format!(
                "`cloud_watch_logs_group_arn = \"{log_group}:*\"` and `cloud_watch_logs_role_arn = \"{role}\"`"
            ),
            &format!(
                "`CloudWatchLogsLogGroupArn: {log_group}:*` and `CloudWatchLogsRoleArn: {role}`"
            ),
        ),
        Action::AllowCloudWatch { topic, statement } => {
            let statement = statement.to_json(topic);
            Change {
                what: "Let alarms publish to the topic".to_owned(),
                terraform: format!(
                    "one more statement in the policy of `aws_sns_topic_policy`: `{statement}`"
                ),
                cloudformation: format!(
                    "one more statement in the policy of `AWS::SNS::TopicPolicy`: `{statement}`"
                ),
            }
        }
        Action::EnableAlarmActions { alarm } => Change {
            what: format!("Enable the actions of alarm `{}`", alarm_name(alarm)),
            terraform: "in `aws_cloudwatch_metric_alarm`: `actions_enabled = true`".to_owned(),
            cloudformation: "in `AWS::CloudWatch::Alarm`: `ActionsEnabled: true`".to_owned(),
        },
        Action::AddAlarmAction { alarm, topic } => Change {
            what: format!("Let alarm `{}` notify one more topic", alarm_name(alarm)),
            terraform: format!(
                "in `aws_cloudwatch_metric_alarm`: add `{topic}` to `alarm_actions`"
            ),
            cloudformation: format!("in `AWS::CloudWatch::Alarm`: add `{topic}` to `AlarmActions`"),
        },
        Action::Remove { .. } => Change {
            what: "Take away what nobody needs".to_owned(),
            terraform: "the resource, where one defines it".to_owned(),
            cloudformation: "the resource, where one defines it".to_owned(),
        },
        // What is made is no change; `units` tells them apart.
        Action::CreateLogGroup { .. }
        | Action::CreateDeliveryRole { .. }
        | Action::PutMetricFilter { .. }
        | Action::CreateTopic { .. }
        | Action::Subscribe { .. }
        | Action::PutAlarm { .. } => Change {
            what: action.effect(),
            terraform: "a resource of its own".to_owned(),
            cloudformation: "a resource of its own".to_owned(),
        },
    }
}
