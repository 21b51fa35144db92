//! The IAM actions that a step needs: to read its preconditions again and to
//! make its change.

use super::Action;

impl Action {
    /// IAM actions, the reading ones first.
    pub fn permissions(&self) -> &'static [&'static str] {
        match self {
            Self::StartLogging { .. } => &["cloudtrail:GetTrailStatus", "cloudtrail:StartLogging"],
            Self::MakeTrailMultiRegion { .. } | Self::RecordGlobalServiceEvents { .. } => {
                &["cloudtrail:DescribeTrails", "cloudtrail:UpdateTrail"]
            }
            Self::CreateLogGroup { .. } => &["logs:DescribeLogGroups", "logs:CreateLogGroup"],
            Self::CreateDeliveryRole { .. } => &[
                "iam:ListRoles",
                "iam:CreateRole",
                "iam:PutRolePolicy",
                "iam:TagRole",
            ],
            Self::ConnectLogGroup { .. } => &[
                "cloudtrail:DescribeTrails",
                "cloudtrail:UpdateTrail",
                "iam:PassRole",
            ],
            Self::PutMetricFilter { .. } => &["logs:DescribeMetricFilters", "logs:PutMetricFilter"],
            Self::CreateTopic { .. } => &["sns:ListTopics", "sns:CreateTopic", "sns:TagResource"],
            Self::AllowCloudWatch { .. } => &["sns:GetTopicAttributes", "sns:SetTopicAttributes"],
            Self::Subscribe { .. } => &["sns:ListSubscriptionsByTopic", "sns:Subscribe"],
            Self::PutAlarm { .. } => &[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
            ],
            Self::EnableAlarmActions { .. } => {
                &["cloudwatch:DescribeAlarms", "cloudwatch:EnableAlarmActions"]
            }
            Self::AddAlarmAction { .. } => {
                &["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
            }
        }
    }
}
