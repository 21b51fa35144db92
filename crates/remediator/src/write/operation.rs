//! The operations that the remediator uses, each once, with the quota that it
//! counts against (the services' quota pages: requests per second, per account
//! and Region). Policies for the remediator's role come from here.

use orgsweep_aws_access::{CallKind, Quota};

/// Declares the operations as one table.
macro_rules! operations {
    ($($name:ident = $service:literal, $operation:literal, $quota:expr;)*) => {
        $(
            #[doc = concat!("`", $service, ":", $operation, "`.")]
            pub const $name: &CallKind = &CallKind {
                service: $service,
                operation: $operation,
                quota: $quota,
            };
        )*

        /// All of them.
        pub const ALL: &[&CallKind] = &[$($name),*];
    };
}

const fn rate(name: &'static str, per_second: u32) -> Quota {
    Quota::Rate {
        name,
        per_second,
        global: false,
    }
}

/// CloudTrail's get, describe and list operations together.
const TRAIL_READ: Quota = rate("cloudtrail read", 10);
/// CloudTrail's other operations: each has a rate of its own of 1.
const TRAIL_WRITE: u32 = 1;
/// IAM publishes no rates.
const IAM: Quota = Quota::Rate {
    name: "iam",
    per_second: 5,
    global: true,
};
/// Tags of log groups; no rate is published.
const LOG_TAGS: Quota = rate("logs tags", 5);
const SNS_TAGS: Quota = rate("sns tags", 10);
const SNS_LISTS: Quota = rate("sns lists", 30);
const SNS_SUBSCRIBING: Quota = rate("sns subscribing", 100);

operations! {
    DESCRIBE_TRAILS             = "cloudtrail", "DescribeTrails",           TRAIL_READ;
    GET_TRAIL_STATUS            = "cloudtrail", "GetTrailStatus",           TRAIL_READ;
    LIST_TRAIL_TAGS             = "cloudtrail", "ListTags",                 TRAIL_READ;
    START_LOGGING               = "cloudtrail", "StartLogging",             rate("cloudtrail:StartLogging", TRAIL_WRITE);
    STOP_LOGGING                = "cloudtrail", "StopLogging",              rate("cloudtrail:StopLogging", TRAIL_WRITE);
    UPDATE_TRAIL                = "cloudtrail", "UpdateTrail",              rate("cloudtrail:UpdateTrail", TRAIL_WRITE);
    DESCRIBE_LOG_GROUPS         = "logs",       "DescribeLogGroups",        rate("logs:DescribeLogGroups", 10);
    DESCRIBE_LOG_STREAMS        = "logs",       "DescribeLogStreams",       rate("logs:DescribeLogStreams", 25);
    LIST_LOG_GROUP_TAGS         = "logs",       "ListTagsForResource",      LOG_TAGS;
    CREATE_LOG_GROUP            = "logs",       "CreateLogGroup",           rate("logs:CreateLogGroup", 10);
    DELETE_LOG_GROUP            = "logs",       "DeleteLogGroup",           rate("logs:DeleteLogGroup", 10);
    DESCRIBE_METRIC_FILTERS     = "logs",       "DescribeMetricFilters",    rate("logs:DescribeMetricFilters", 5);
    PUT_METRIC_FILTER           = "logs",       "PutMetricFilter",          rate("logs:PutMetricFilter", 5);
    DELETE_METRIC_FILTER        = "logs",       "DeleteMetricFilter",       rate("logs:DeleteMetricFilter", 5);
    DESCRIBE_ALARMS             = "cloudwatch", "DescribeAlarms",           rate("cloudwatch:DescribeAlarms", 9);
    DESCRIBE_ALARM_HISTORY      = "cloudwatch", "DescribeAlarmHistory",     rate("cloudwatch:DescribeAlarmHistory", 20);
    SET_ALARM_STATE             = "cloudwatch", "SetAlarmState",            rate("cloudwatch:SetAlarmState", 3);
    LIST_ALARM_TAGS             = "cloudwatch", "ListTagsForResource",      rate("cloudwatch:ListTagsForResource", 10);
    PUT_METRIC_ALARM            = "cloudwatch", "PutMetricAlarm",           rate("cloudwatch:PutMetricAlarm", 3);
    ENABLE_ALARM_ACTIONS        = "cloudwatch", "EnableAlarmActions",       rate("cloudwatch:EnableAlarmActions", 3);
    DISABLE_ALARM_ACTIONS       = "cloudwatch", "DisableAlarmActions",      rate("cloudwatch:DisableAlarmActions", 3);
    DELETE_ALARMS               = "cloudwatch", "DeleteAlarms",             rate("cloudwatch:DeleteAlarms", 3);
    GET_TOPIC_ATTRIBUTES        = "sns",        "GetTopicAttributes",       Quota::SnsTopics;
    LIST_TOPIC_TAGS             = "sns",        "ListTagsForResource",      SNS_TAGS;
    CREATE_TOPIC                = "sns",        "CreateTopic",              Quota::SnsTopics;
    SET_TOPIC_ATTRIBUTES        = "sns",        "SetTopicAttributes",       Quota::SnsTopics;
    DELETE_TOPIC                = "sns",        "DeleteTopic",              Quota::SnsTopics;
    LIST_SUBSCRIPTIONS_BY_TOPIC = "sns",        "ListSubscriptionsByTopic", SNS_LISTS;
    SUBSCRIBE                   = "sns",        "Subscribe",                SNS_SUBSCRIBING;
    UNSUBSCRIBE                 = "sns",        "Unsubscribe",              SNS_SUBSCRIBING;
    GET_ROLE                    = "iam",        "GetRole",                  IAM;
    GET_ROLE_POLICY             = "iam",        "GetRolePolicy",            IAM;
    CREATE_ROLE                 = "iam",        "CreateRole",               IAM;
    PUT_ROLE_POLICY             = "iam",        "PutRolePolicy",            IAM;
    DELETE_ROLE_POLICY          = "iam",        "DeleteRolePolicy",         IAM;
    DELETE_ROLE                 = "iam",        "DeleteRole",               IAM;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_declared_once() {
        let mut names: Vec<String> = ALL.iter().map(|kind| kind.permission()).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
