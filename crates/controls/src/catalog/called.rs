//! For which control an alarm was made, going by its name and that of its metric. Names prove
//! nothing: they decide what is kept of an account's alarms and what is offered to people, and
//! never a verdict.

use super::{Catalog, Control};
use crate::ids::ControlId;

/// A name without what people spell differently: small letters and digits alone.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

impl Catalog {
    /// The one control that an alarm of these names is called after, its own and its metric's;
    /// `None` when it may be any of several, or of none.
    fn called_after(&self, names: [&str; 2]) -> Option<&Control> {
        let mut called = self.all_called_after(names);
        let first = called.next()?;
        called.next().is_none().then_some(first)
    }

    /// Whether it is `control` that an alarm of these names is called after, and no other.
    pub fn is_for(&self, control: &ControlId, names: [&str; 2]) -> bool {
        self.called_after(names)
            .is_some_and(|called| called.id == *control)
    }

    /// Whether an alarm of these names is called after some control.
    pub(crate) fn is_called_after(&self, names: [&str; 2]) -> bool {
        self.all_called_after(names).next().is_some()
    }

    fn all_called_after(&self, names: [&str; 2]) -> impl Iterator<Item = &Control> {
        let names = names.map(plain);
        self.controls.iter().filter(move |control| {
            let mut called = control.called.iter();
            called.any(|words| names.iter().any(|name| name.contains(words.as_str())))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, metric: &str) -> Option<&'static str> {
        let control = Catalog::builtin().called_after([name, metric]);
        control.map(|control| control.id.as_str())
    }

    /// The metrics' names of the CIS benchmark's audit, of AWS's remediation and of three widely
    /// used public Terraform modules.
    #[test]
    #[rustfmt::skip]
    fn the_names_that_people_use_say_for_which_control_an_alarm_was_made() {
        for (control, names) in [
            ("unauthorized-api-calls",     ["unauthorized_api_calls_metric", "UnauthorizedAPICalls", "AuthorizationFailureCount"]),
            ("console-signin-without-mfa", ["no_mfa_console_signin_metric", "NoMFAConsoleSignin", "ConsoleSignInWithoutMfaCount"]),
            ("root-usage",                 ["root_usage_metric", "RootUsage", "RootAccountUsageCount"]),
            ("iam-policy-changes",         ["iam_changes_metric", "IAMChanges", "IAMPolicyEventCount"]),
            ("cloudtrail-config-changes",  ["cloudtrail_cfg_changes_metric", "CloudTrailCfgChanges", "CloudTrailEventCount"]),
            ("console-auth-failures",      ["console_signin_failure_metric", "ConsoleSigninFailures", "ConsoleSignInFailureCount"]),
            ("kms-cmk-disable-delete",     ["disable_or_delete_cmk_changes_metric", "DisableOrDeleteCMK", "KMSKeyPendingDeletionErrorCount"]),
            ("s3-bucket-policy-changes",   ["s3_bucket_policy_changes_metric", "S3BucketPolicyChanges", "S3BucketActivityEventCount"]),
            ("config-config-changes",      ["aws_config_changes_metric", "AWSConfigChanges", "AWSConfigChangeCount"]),
            ("security-group-changes",     ["security_group_changes_metric", "SecurityGroupChanges", "SecurityGroupEventCount"]),
            ("nacl-changes",               ["nacl_changes_metric", "NACLChanges", "NetworkAclEventCount"]),
            ("network-gateway-changes",    ["network_gw_changes_metric", "NetworkGWChanges", "GatewayEventCount"]),
            ("route-table-changes",        ["route_table_changes_metric", "RouteTableChanges", "RouteTableChangesCount"]),
            ("vpc-changes",                ["vpc_changes_metric", "VPCChanges", "VpcEventCount"]),
            ("organizations-changes",      ["organizations_changes", "OrganizationsChanges", "OrganizationChanges"]),
        ] {
            for name in names {
                assert_eq!(called("alarm-7", name), Some(control), "{name}");
                assert_eq!(called(name, "metric"), Some(control), "{name}");
            }
        }
    }

    #[test]
    fn every_control_is_called_by_its_own_id() {
        for control in Catalog::builtin().controls() {
            let id = control.id.as_str();
            assert_eq!(called(&format!("orgsweep-{id}"), ""), Some(id));
        }
    }

    #[test]
    fn a_name_that_may_mean_several_controls_or_none_means_none() {
        assert_eq!(called("vpc changes and route table changes", ""), None);
        assert_eq!(called("NatGatewayErrors", "ErrorPortAllocation"), None);
        assert_eq!(called("orders", "OrdersFailed"), None);
    }
}
