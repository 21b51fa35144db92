//! The quotas of AWS that the scanner's calls count against, with the rates
//! that AWS publishes (per account and Region unless said otherwise).

use orgsweep_controls::Region;

use crate::account_session::Quota;

/// A quota that one or more operations share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    /// All STS operations, charged to the account of the caller.
    Sts,
    /// All Organizations operations. No rate is published.
    Organizations,
    /// `account:ListRegions`, per account.
    AccountListRegions,
    /// CloudTrail's get, describe and list operations together.
    CloudTrailRead,
    /// `logs:DescribeLogGroups`.
    DescribeLogGroups,
    /// `logs:DescribeMetricFilters`; not adjustable.
    DescribeMetricFilters,
    /// `logs:DescribeLogStreams`.
    DescribeLogStreams,
    /// `logs:TestMetricFilter`; not adjustable.
    TestMetricFilter,
    /// `cloudwatch:DescribeAlarms`.
    DescribeAlarms,
    /// `cloudwatch:DescribeAlarmHistory`; not adjustable.
    DescribeAlarmHistory,
    /// `cloudwatch:ListAlarmMuteRules`.
    ListAlarmMuteRules,
    /// `cloudwatch:GetAlarmMuteRule`.
    GetAlarmMuteRule,
    /// `oam:ListLinks`. No rate is published.
    ListLinks,
    /// `oam:GetLink`. No rate is published.
    GetLink,
    /// SNS's list operations; a hard limit.
    SnsList,
    /// SNS's get and set operations together; depends on the Region.
    SnsGet,
    /// KMS's describe and get operations that the scanner uses.
    KmsRead,
    /// One that another crate declares for its calls.
    Declared(Quota),
}

/// Requests per second that Organizations is asked at most. Nothing is
/// published; throttles are seen with a few callers at once.
const ORGANIZATIONS_CEILING: u32 = 20;

/// Requests per second that each operation of Observability Access Manager is asked at most, as
/// much as other lists of CloudWatch allow. Nothing is published.
const OBSERVABILITY_ACCESS_CEILING: u32 = 10;

/// SNS's pooled quota in the Regions where it is not 30.
const SNS_GET_BY_REGION: [(&str, u32); 3] =
    [("us-east-1", 3_000), ("us-west-2", 900), ("eu-west-1", 900)];

/// Large Regions, in which SNS's pooled quota is 150.
const SNS_GET_LARGE: [&str; 8] = [
    "us-east-2",
    "us-west-1",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-north-1",
];

impl Bucket {
    /// The published rate in requests per second.
    pub(crate) fn quota(self, region: &Region) -> u32 {
        match self {
            Self::Sts => 600,
            Self::Organizations => ORGANIZATIONS_CEILING,
            Self::AccountListRegions | Self::DescribeMetricFilters | Self::TestMetricFilter => 5,
            Self::CloudTrailRead | Self::DescribeLogGroups => 10,
            Self::ListLinks | Self::GetLink => OBSERVABILITY_ACCESS_CEILING,
            Self::DescribeAlarms => 9,
            Self::DescribeLogStreams => 25,
            Self::ListAlarmMuteRules => 50,
            Self::GetAlarmMuteRule | Self::DescribeAlarmHistory => 20,
            Self::SnsList => 30,
            Self::SnsGet | Self::Declared(Quota::SnsTopics) => sns_get_quota(region),
            Self::KmsRead => 1_000,
            Self::Declared(Quota::Rate { per_second, .. }) => per_second,
        }
    }

    /// Whether all Regions of an account share it.
    pub(crate) fn is_global(self) -> bool {
        matches!(
            self,
            Self::AccountListRegions
                | Self::Organizations
                | Self::Declared(Quota::Rate { global: true, .. })
        )
    }

    /// Requests per second that may be used of it: the share, at least one.
    pub(crate) fn allowance(self, region: &Region, share: f64) -> u32 {
        // No quota is known for Organizations, so there is nothing to take a share of.
        let share = if self == Self::Organizations {
            1.0
        } else {
            share
        };
        ((f64::from(self.quota(region)) * share).floor() as u32).max(1)
    }
}

fn sns_get_quota(region: &Region) -> u32 {
    let named = SNS_GET_BY_REGION
        .iter()
        .find(|(name, _)| *name == region.as_str());
    match named {
        Some((_, quota)) => *quota,
        None if SNS_GET_LARGE.contains(&region.as_str()) => 150,
        None => 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn allowances_are_the_share_of_the_published_quota_and_at_least_one() {
        for (bucket,                        region,         share, expected) in [
            (Bucket::Sts,                   "us-east-1",    0.5,   300),
            (Bucket::Organizations,         "us-east-1",    0.5,   20),
            (Bucket::AccountListRegions,    "us-east-1",    0.5,   2),
            (Bucket::CloudTrailRead,        "eu-west-1",    0.5,   5),
            (Bucket::DescribeMetricFilters, "eu-west-1",    0.5,   2),
            (Bucket::DescribeMetricFilters, "eu-west-1",    0.1,   1),
            (Bucket::TestMetricFilter,      "eu-west-1",    1.0,   5),
            (Bucket::DescribeAlarms,        "eu-west-1",    0.5,   4),
            (Bucket::DescribeAlarms,        "eu-west-1",    1.0,   9),
            (Bucket::SnsList,               "eu-west-1",    0.5,   15),
            (Bucket::SnsGet,                "us-east-1",    0.5,   1_500),
            (Bucket::SnsGet,                "eu-central-1", 0.5,   75),
            (Bucket::SnsGet,                "mx-central-1", 0.5,   15),
        ] {
            let region = region.parse().unwrap();
            assert_eq!(bucket.allowance(&region, share), expected, "{bucket:?} in {region} at {share}");
        }
    }
}
