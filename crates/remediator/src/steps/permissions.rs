//! The IAM actions that a step needs: to read its preconditions again and to
//! make its change, those that take it back, and those that tell whose the
//! thing is. The policies of the remediator's role come from here; a test holds
//! them against the operations that `write` declares.

use super::{Action, StepKind};

impl Action {
    /// IAM actions, the reading ones first.
    pub fn permissions(&self) -> &'static [&'static str] {
        match self {
            Self::Remove { made, .. } => match **made {
                Self::Subscribe { .. } => &[
                    "cloudwatch:DescribeAlarms",
                    "sns:ListSubscriptionsByTopic",
                    "sns:Unsubscribe",
                ],
                Self::CreateTopic { .. } => &[
                    "cloudwatch:DescribeAlarms",
                    "sns:GetTopicAttributes",
                    "sns:ListTagsForResource",
                    "sns:ListSubscriptionsByTopic",
                    "sns:DeleteTopic",
                ],
                _ => made.step_kind().undo_permissions(),
            },
            _ => self.step_kind().permissions(),
        }
    }

    /// The reading one of them whose answer serves all steps of its kind that follow each
    /// other, and what it is asked about: a log group's filters, a Region's alarms, a topic's
    /// subscriptions. None for steps that read alone.
    pub fn read_together(&self) -> Option<(&'static str, String)> {
        match self {
            Self::PutMetricFilter { log_group, .. } => {
                Some(("logs:DescribeMetricFilters", log_group.to_string()))
            }
            Self::PutAlarm { .. }
            | Self::EnableAlarmActions { .. }
            | Self::AddAlarmAction { .. } => {
                Some(("cloudwatch:DescribeAlarms", self.region().to_string()))
            }
            Self::Subscribe { topic, .. } => {
                Some(("sns:ListSubscriptionsByTopic", topic.to_string()))
            }
            _ => None,
        }
    }
}

impl StepKind {
    /// IAM actions, the reading ones first.
    pub fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::StartLogging => &[
                "cloudtrail:DescribeTrails",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:StartLogging",
            ],
            Self::MakeTrailMultiRegion | Self::RecordGlobalServiceEvents => &[
                "cloudtrail:DescribeTrails",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:UpdateTrail",
            ],
            Self::CreateLogGroup => &[
                "logs:DescribeLogGroups",
                "logs:ListTagsForResource",
                "logs:CreateLogGroup",
                "logs:TagResource",
            ],
            Self::CreateDeliveryRole => &[
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:CreateRole",
                "iam:PutRolePolicy",
                "iam:TagRole",
            ],
            Self::ConnectLogGroup => &[
                "cloudtrail:DescribeTrails",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:UpdateTrail",
                "iam:PassRole",
            ],
            Self::PutMetricFilter => &["logs:DescribeMetricFilters", "logs:PutMetricFilter"],
            Self::CreateTopic => &[
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "sns:CreateTopic",
                "sns:TagResource",
            ],
            Self::AllowCloudWatch => &["sns:GetTopicAttributes", "sns:SetTopicAttributes"],
            Self::Subscribe => &["sns:ListSubscriptionsByTopic", "sns:Subscribe"],
            Self::PutAlarm => &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
            ],
            Self::EnableAlarmActions => {
                &["cloudwatch:DescribeAlarms", "cloudwatch:EnableAlarmActions"]
            }
            Self::AddAlarmAction => &["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"],
            Self::Remove => &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:DeleteAlarms",
                "logs:DescribeMetricFilters",
                "logs:DeleteMetricFilter",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:ListTagsForResource",
                "sns:DeleteTopic",
                "sns:Unsubscribe",
            ],
        }
    }

    /// IAM actions of the inverse, the reading ones first.
    pub fn undo_permissions(self) -> &'static [&'static str] {
        match self {
            Self::StartLogging => &[
                "cloudtrail:DescribeTrails",
                "cloudtrail:GetTrailStatus",
                "cloudtrail:StopLogging",
            ],
            Self::MakeTrailMultiRegion
            | Self::RecordGlobalServiceEvents
            | Self::ConnectLogGroup
            | Self::AddAlarmAction => self.permissions(),
            // Whether other alarms came to notify the topic.
            Self::AllowCloudWatch => &[
                "cloudwatch:DescribeAlarms",
                "sns:GetTopicAttributes",
                "sns:SetTopicAttributes",
            ],
            Self::CreateLogGroup => &[
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:ListTagsForResource",
                "logs:DeleteLogGroup",
            ],
            Self::CreateDeliveryRole => &[
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:DeleteRolePolicy",
                "iam:DeleteRole",
            ],
            // Whether other alarms came to watch its metric.
            Self::PutMetricFilter => &[
                "cloudwatch:DescribeAlarms",
                "logs:DescribeMetricFilters",
                "logs:DeleteMetricFilter",
            ],
            Self::CreateTopic => &[
                "cloudwatch:DescribeAlarms",
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "sns:ListSubscriptionsByTopic",
                "sns:DeleteTopic",
            ],
            Self::Subscribe => &[
                "cloudwatch:DescribeAlarms",
                "sns:ListSubscriptionsByTopic",
                "sns:Unsubscribe",
            ],
            Self::PutAlarm => &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:DeleteAlarms",
            ],
            Self::EnableAlarmActions => &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:DisableAlarmActions",
            ],
            Self::Remove => &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
                "logs:DescribeMetricFilters",
                "logs:PutMetricFilter",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:CreateTopic",
                "sns:Subscribe",
                "sns:TagResource",
            ],
        }
    }

    /// IAM actions that tell, before a plan holds such a step, whose the thing is that it
    /// changes or adds to.
    pub fn owner_permissions(self) -> &'static [&'static str] {
        match self {
            Self::StartLogging
            | Self::MakeTrailMultiRegion
            | Self::RecordGlobalServiceEvents
            | Self::ConnectLogGroup => &["cloudtrail:ListTags"],
            Self::PutMetricFilter => &["logs:ListTagsForResource"],
            Self::AllowCloudWatch | Self::Subscribe => &["sns:ListTagsForResource"],
            Self::EnableAlarmActions | Self::AddAlarmAction => &["cloudwatch:ListTagsForResource"],
            Self::Remove => &["cloudwatch:ListTagsForResource", "sns:ListTagsForResource"],
            Self::CreateLogGroup
            | Self::CreateDeliveryRole
            | Self::CreateTopic
            | Self::PutAlarm => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::drill;
    use crate::write::operation;

    /// What IAM asks for beside the operations themselves: to tag what is made, and to hand a
    /// role to a service.
    const DEPENDENT: [&str; 5] = [
        "cloudwatch:TagResource",
        "iam:PassRole",
        "iam:TagRole",
        "logs:TagResource",
        "sns:TagResource",
    ];

    #[test]
    fn steps_and_drills_declare_exactly_the_operations_that_writing_declares() {
        let of_steps: BTreeSet<String> = StepKind::ALL
            .iter()
            .flat_map(|kind| {
                [
                    kind.permissions(),
                    kind.undo_permissions(),
                    kind.owner_permissions(),
                ]
            })
            .flatten()
            .chain(drill::PERMISSIONS)
            .map(|action| (*action).to_owned())
            .collect();
        let called = operation::ALL.iter().map(|call| call.permission());
        let needed: BTreeSet<String> = called
            .chain(DEPENDENT.iter().map(|action| (*action).to_owned()))
            .collect();
        assert_eq!(of_steps, needed);
    }
}
