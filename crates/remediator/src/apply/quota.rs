//! What to do when an account has as many things of a kind as AWS lets it have. No plan counts
//! them before: the error says so at once, has no effect, and is not tried again.

use orgsweep_aws_access::CallFailure;

/// What to do about a quota that is used up, in words that follow the failure's own; `None` when
/// it failed for another reason.
pub(super) fn advice(failure: &CallFailure) -> Option<&'static str> {
    Some(match (&*failure.permission, failure.code.as_deref()?) {
        ("sns:CreateTopic", "TopicLimitExceeded") => {
            "the account has as many topics as it may: delete topics that nobody needs, or have the \
             quota raised (Service Quotas, Amazon SNS); then `apply --resume` goes on"
        }
        ("sns:Subscribe", "SubscriptionLimitExceeded") => {
            "there are as many subscriptions as there may be: end those that nobody needs, or have \
             the quota raised (Service Quotas, Amazon SNS); then `apply --resume` goes on"
        }
        ("logs:PutMetricFilter", "LimitExceededException") => {
            "the log group has as many metric filters as it may, and AWS raises that for nobody: \
             delete filters that nobody needs; then `apply --resume` goes on"
        }
        ("cloudwatch:PutMetricAlarm", "LimitExceeded" | "LimitExceededFault") => {
            "the account has as many alarms in this Region as it may: delete alarms that nobody \
             needs, or have the quota raised (Service Quotas, Amazon CloudWatch); then `apply \
             --resume` goes on"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use orgsweep_aws_access::FaultKind;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn a_quota_that_is_used_up_is_told_with_what_to_do() {
        for (permission, code, words) in [
            ("sns:CreateTopic",           Some("TopicLimitExceeded"),        Some("delete topics")),
            ("sns:Subscribe",             Some("SubscriptionLimitExceeded"), Some("end those")),
            ("logs:PutMetricFilter",      Some("LimitExceededException"),    Some("delete filters")),
            ("cloudwatch:PutMetricAlarm", Some("LimitExceeded"),             Some("delete alarms")),
            ("cloudwatch:PutMetricAlarm", Some("ValidationError"),           None),
            ("sns:CreateTopic",           Some("InvalidParameter"),          None),
            ("sns:CreateTopic",           None,                              None),
        ] {
            let failure = CallFailure {
                permission: permission.to_owned(),
                region: "eu-west-1".parse().unwrap(),
                kind: FaultKind::Invalid,
                code: code.map(str::to_owned),
                words: String::new(),
            };
            let told = advice(&failure);
            assert_eq!(told.is_some(), words.is_some(), "{permission} {code:?}");
            assert!(told.unwrap_or_default().contains(words.unwrap_or_default()), "{told:?}");
        }
    }
}
