//! Every operation of AWS that orgsweep's scanner uses, once: its name in IAM
//! policies, and the quota that it counts against. The lists of permissions in
//! the documentation and in `check-access` come from here.

use orgsweep_controls::{Call, Region};

use crate::account_session::CallKind;
use crate::budget::Bucket;

/// Who needs the permission for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// The role that is assumed in each account.
    InEachAccount,
    /// The caller, to list the organization.
    ForInventory,
    /// The caller, always.
    ByCaller,
    /// The caller, when somebody asks for it by name: no sweep makes this call.
    OnRequest,
}

/// Declares the operations as one table.
macro_rules! operations {
    ($($variant:ident = $service:literal, $bucket:ident, $needed:ident;)*) => {
        /// An operation of AWS.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Operation {
            $($variant,)*
            /// One that another crate declares and makes through an account's session.
            Declared(&'static CallKind),
        }

        impl Operation {
            /// IAM service prefix.
            pub(crate) fn service(self) -> &'static str {
                match self {
                    $(Self::$variant => $service,)*
                    Self::Declared(kind) => kind.service,
                }
            }

            /// Name of the operation.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                    Self::Declared(kind) => kind.operation,
                }
            }

            /// The quota that it counts against.
            pub(crate) fn bucket(self) -> Bucket {
                match self {
                    $(Self::$variant => Bucket::$bucket,)*
                    Self::Declared(kind) => Bucket::Declared(kind.quota),
                }
            }
        }

        const PERMISSIONS: &[(&str, Needed)] = &[
            $((concat!($service, ":", stringify!($variant)), Needed::$needed)),*
        ];
    };
}

operations! {
    //  operation                       IAM        quota                    permission needed
    GetCallerIdentity                 = "sts",           Sts,                   ByCaller;
    AssumeRole                        = "sts",           Sts,                   ForInventory;
    DescribeOrganization              = "organizations", Organizations,         ForInventory;
    ListAccounts                      = "organizations", Organizations,         ForInventory;
    ListRoots                         = "organizations", Organizations,         ForInventory;
    ListOrganizationalUnitsForParent  = "organizations", Organizations,         ForInventory;
    ListAccountsForParent             = "organizations", Organizations,         ForInventory;
    ListTagsForResource               = "organizations", Organizations,         ForInventory;
    ListRegions                       = "account",       AccountListRegions,    InEachAccount;
    DescribeTrails                    = "cloudtrail",    CloudTrailRead,        InEachAccount;
    GetTrailStatus                    = "cloudtrail",    CloudTrailRead,        InEachAccount;
    GetEventSelectors                 = "cloudtrail",    CloudTrailRead,        InEachAccount;
    DescribeLogGroups                 = "logs",          DescribeLogGroups,     InEachAccount;
    DescribeMetricFilters             = "logs",          DescribeMetricFilters, InEachAccount;
    DescribeLogStreams                = "logs",          DescribeLogStreams,    InEachAccount;
    DescribeAlarms                    = "cloudwatch",    DescribeAlarms,        InEachAccount;
    DescribeAlarmHistory              = "cloudwatch",    DescribeAlarmHistory,  InEachAccount;
    ListAlarmMuteRules                = "cloudwatch",    ListAlarmMuteRules,    InEachAccount;
    GetAlarmMuteRule                  = "cloudwatch",    GetAlarmMuteRule,      InEachAccount;
    ListLinks                         = "oam",           ListLinks,             InEachAccount;
    GetLink                           = "oam",           GetLink,               InEachAccount;
    GetTopicAttributes                = "sns",           SnsGet,                InEachAccount;
    ListSubscriptionsByTopic          = "sns",           SnsList,               InEachAccount;
    GetSubscriptionAttributes         = "sns",           SnsGet,                InEachAccount;
    DescribeKey                       = "kms",           KmsRead,               InEachAccount;
    GetKeyPolicy                      = "kms",           KmsRead,               InEachAccount;
    TestMetricFilter                  = "logs",          TestMetricFilter,      OnRequest;
}

impl Operation {
    /// The call of this operation in `region`, as a fact's origin.
    pub(crate) fn call(self, region: &Region) -> Call {
        // Partition-wide services have no Region worth naming.
        let regional = !matches!(self.service(), "account" | "iam" | "organizations");
        Call::new(
            self.service(),
            self.name(),
            regional.then(|| region.clone()),
        )
    }

    /// The IAM action, for example `logs:DescribeLogGroups`.
    pub(crate) fn permission(self) -> String {
        format!("{}:{}", self.service(), self.name())
    }
}

/// The IAM actions that the role in each account needs: all that a sweep reads.
pub fn required_permissions() -> &'static [&'static str] {
    static LIST: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| needed(Needed::InEachAccount));
    &LIST
}

/// The IAM actions that the caller needs to list the organization and to
/// assume the role in its accounts.
pub fn inventory_permissions() -> &'static [&'static str] {
    static LIST: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| needed(Needed::ForInventory));
    &LIST
}

/// The IAM actions that no sweep needs, but the caller for what somebody asks for by name.
pub fn requested_permissions() -> &'static [&'static str] {
    static LIST: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| needed(Needed::OnRequest));
    &LIST
}

fn needed(by: Needed) -> Vec<&'static str> {
    PERMISSIONS
        .iter()
        .filter(|(_, needed)| *needed == by)
        .map(|(permission, _)| *permission)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_are_asked_of_the_role_in_each_account() {
        for permission in required_permissions() {
            let (_, operation) = permission.split_once(':').unwrap();
            let reads = ["Describe", "Get", "List"]
                .iter()
                .any(|verb| operation.starts_with(verb));
            assert!(reads, "{permission}");
        }
        assert!(required_permissions().contains(&"logs:DescribeMetricFilters"));
        assert!(inventory_permissions().contains(&"organizations:ListAccounts"));
        // Who does not ask for it does not need it.
        assert_eq!(requested_permissions(), ["logs:TestMetricFilter"]);
        assert!(!required_permissions().contains(&"logs:TestMetricFilter"));
    }

    #[test]
    fn partition_wide_services_name_no_region() {
        let region: Region = "eu-west-1".parse().unwrap();
        assert_eq!(Operation::ListRegions.call(&region).region, None);
        assert_eq!(Operation::DescribeTrails.call(&region).region, Some(region));
    }
}
