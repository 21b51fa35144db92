//! Events that engineers know, for examples: which service logs them. Nothing
//! is proved from this list; what is claimed stands in `event_sources`.

use super::event_sources::sources_of_event;

#[rustfmt::skip]
static FAMILIAR: &[(&str, &[&str])] = &[
    ("ec2.amazonaws.com", &[
        "DescribeInstances", "RunInstances", "TerminateInstances", "StartInstances", "StopInstances",
        "AuthorizeSecurityGroupIngress", "CreateSecurityGroup", "DeleteSecurityGroup", "CreateVpc", "DeleteVpc",
        "CreateRoute", "ReplaceRoute", "AttachInternetGateway", "DetachInternetGateway", "ModifyVpcAttribute",
        "CreateTags", "ModifyInstanceAttribute", "AttachVolume", "CreateSnapshot", "AssociateRouteTable",
        "EnableVpcClassicLink", "DisableVpcClassicLink", "RevokeSecurityGroupIngress", "AcceptVpcPeeringConnection",
        "RejectVpcPeeringConnection", "ReleaseAddress", "AllocateAddress", "ImportKeyPair", "GetPasswordData",
    ]),
    ("s3.amazonaws.com", &[
        "ListBuckets", "PutBucketPolicy", "DeleteBucketPolicy", "HeadBucket", "GetBucketAcl", "CreateBucket",
        "DeleteBucket", "PutBucketAcl", "GetBucketPolicy",
    ]),
    ("iam.amazonaws.com", &[
        "ListUsers", "CreateUser", "DeleteUser", "AttachRolePolicy", "DetachRolePolicy", "CreatePolicy",
        "DeletePolicy", "PutRolePolicy", "CreateAccessKey", "UpdateAssumeRolePolicy", "GetUser", "AddUserToGroup",
        "RemoveUserFromGroup", "ChangePassword", "EnableMFADevice", "DeactivateMFADevice",
    ]),
    ("sts.amazonaws.com", &["GetCallerIdentity", "AssumeRole"]),
    ("kms.amazonaws.com", &[
        "ListKeys", "ScheduleKeyDeletion", "DisableKey", "EnableKey", "CreateKey", "PutKeyPolicy", "CancelKeyDeletion",
    ]),
    ("cloudtrail.amazonaws.com", &[
        "DescribeTrails", "StopLogging", "StartLogging", "DeleteTrail", "UpdateTrail", "CreateTrail",
        "PutEventSelectors", "LookupEvents",
    ]),
    ("config.amazonaws.com", &[
        "DescribeConfigurationRecorders", "StopConfigurationRecorder", "DeleteDeliveryChannel",
        "PutConfigurationRecorder", "PutDeliveryChannel", "DeleteConfigurationRecorder",
    ]),
    ("organizations.amazonaws.com", &[
        "ListAccounts", "LeaveOrganization", "MoveAccount", "InviteAccountToOrganization", "AcceptHandshake",
        "CreateAccount", "EnablePolicyType", "DisablePolicyType", "CancelHandshake", "DescribeOrganization",
    ]),
    ("signin.amazonaws.com", &["ConsoleLogin"]),
    ("lambda.amazonaws.com", &["Invoke", "ListFunctions20150331"]),
    ("rds.amazonaws.com", &["DescribeDBInstances", "DeleteDBInstance", "ModifyDBInstance"]),
    ("logs.amazonaws.com", &["DescribeLogGroups", "DeleteLogGroup", "PutMetricFilter"]),
    ("sns.amazonaws.com", &["ListTopics", "Subscribe", "Unsubscribe"]),
    ("guardduty.amazonaws.com", &["ListDetectors", "DeleteDetector"]),
    ("secretsmanager.amazonaws.com", &["ListSecrets", "GetSecretValue"]),
    ("ssm.amazonaws.com", &["DescribeInstanceInformation", "SendCommand"]),
    ("s3express.amazonaws.com", &["ListDirectoryBuckets", "PutBucketPolicy", "DeleteBucketPolicy"]),
];

/// Familiar events with their services, those of the best known services first.
pub(crate) fn familiar_events() -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    FAMILIAR
        .iter()
        .flat_map(|(source, names)| names.iter().map(|name| (*name, *source)))
}

/// A service that logs an event name.
pub(crate) fn usual_source(name: &str) -> &'static str {
    if let Some((_, sources)) = sources_of_event(name)
        && let Some(source) = sources.first()
    {
        return source;
    }
    familiar_events()
        .find_map(|(event, source)| (event == name).then_some(source))
        .unwrap_or("ec2.amazonaws.com")
}

/// An event that a service logs.
pub(crate) fn usual_event(source: Option<&str>) -> &'static str {
    FAMILIAR
        .iter()
        .find(|(known, _)| Some(*known) == source)
        .and_then(|(_, names)| names.first().copied())
        .unwrap_or("DescribeInstances")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Claim;

    #[test]
    fn no_familiar_event_contradicts_what_is_claimed() {
        for (name, source) in familiar_events() {
            if let Some((Claim::Only, sources)) = sources_of_event(name) {
                assert!(sources.contains(&source), "{name} of {source}");
            }
        }
    }

    #[test]
    fn events_and_services_find_each_other() {
        assert_eq!(usual_source("HeadBucket"), "s3.amazonaws.com");
        assert_eq!(usual_source("ListBuckets"), "s3.amazonaws.com");
        assert_eq!(usual_source("NoSuchEvent"), "ec2.amazonaws.com");
        assert_eq!(usual_event(Some("signin.amazonaws.com")), "ConsoleLogin");
    }
}
