//! Which services log which event names: the names of the monitoring controls,
//! from the services' own CloudTrail pages. Other names may come from anywhere.

use Claim::{Among, Only};

/// What the list of an event's sources claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// No other service has an operation of that name.
    Only,
    /// Other services have an operation of that name too.
    Among,
}

#[rustfmt::skip]
static EVENT_SOURCES: &[(&str, Claim, &[&str])] = &[
    ("AcceptHandshake",               Only, &["organizations.amazonaws.com"]),
    ("AcceptVpcPeeringConnection",    Only, &["ec2.amazonaws.com"]),
    ("AttachClassicLinkVpc",          Only, &["ec2.amazonaws.com"]),
    ("AttachGroupPolicy",             Only, &["iam.amazonaws.com"]),
    ("AttachInternetGateway",         Only, &["ec2.amazonaws.com"]),
    ("AttachPolicy",                  Among, &["organizations.amazonaws.com"]),
    ("AttachRolePolicy",              Only, &["iam.amazonaws.com"]),
    ("AttachUserPolicy",              Only, &["iam.amazonaws.com"]),
    ("AuthorizeSecurityGroupEgress",  Only, &["ec2.amazonaws.com"]),
    ("AuthorizeSecurityGroupIngress", Only, &["ec2.amazonaws.com"]),
    ("ConsoleLogin",                  Only, &["signin.amazonaws.com"]),
    ("CreateAccount",                 Among, &["organizations.amazonaws.com"]),
    ("CreateCustomerGateway",         Only, &["ec2.amazonaws.com"]),
    ("CreateInternetGateway",         Only, &["ec2.amazonaws.com"]),
    ("CreateNetworkAcl",              Only, &["ec2.amazonaws.com"]),
    ("CreateNetworkAclEntry",         Only, &["ec2.amazonaws.com"]),
    ("CreateOrganizationalUnit",      Only, &["organizations.amazonaws.com"]),
    ("CreatePolicy",                  Among, &["iam.amazonaws.com", "organizations.amazonaws.com"]),
    ("CreatePolicyVersion",           Among, &["iam.amazonaws.com"]),
    ("CreateRoute",                   Among, &["ec2.amazonaws.com"]),
    ("CreateRouteTable",              Only, &["ec2.amazonaws.com"]),
    ("CreateSecurityGroup",           Among, &["ec2.amazonaws.com"]),
    ("CreateTrail",                   Only, &["cloudtrail.amazonaws.com"]),
    ("CreateVpc",                     Only, &["ec2.amazonaws.com"]),
    ("CreateVpcPeeringConnection",    Among, &["ec2.amazonaws.com"]),
    ("DeclineHandshake",              Only, &["organizations.amazonaws.com"]),
    ("DeleteBucketCors",              Only, &["s3.amazonaws.com"]),
    ("DeleteBucketLifecycle",         Among, &["s3.amazonaws.com", "s3express.amazonaws.com"]),
    ("DeleteBucketPolicy",            Among, &["s3.amazonaws.com", "s3express.amazonaws.com"]),
    ("DeleteBucketReplication",       Among, &["s3.amazonaws.com"]),
    ("DeleteCustomerGateway",         Only, &["ec2.amazonaws.com"]),
    ("DeleteDeliveryChannel",         Only, &["config.amazonaws.com"]),
    ("DeleteGroupPolicy",             Only, &["iam.amazonaws.com"]),
    ("DeleteInternetGateway",         Only, &["ec2.amazonaws.com"]),
    ("DeleteNetworkAcl",              Only, &["ec2.amazonaws.com"]),
    ("DeleteNetworkAclEntry",         Only, &["ec2.amazonaws.com"]),
    ("DeleteOrganization",            Among, &["organizations.amazonaws.com"]),
    ("DeleteOrganizationalUnit",      Only, &["organizations.amazonaws.com"]),
    ("DeletePolicy",                  Among, &["iam.amazonaws.com", "organizations.amazonaws.com"]),
    ("DeletePolicyVersion",           Among, &["iam.amazonaws.com"]),
    ("DeleteRolePolicy",              Only, &["iam.amazonaws.com"]),
    ("DeleteRoute",                   Among, &["ec2.amazonaws.com"]),
    ("DeleteRouteTable",              Only, &["ec2.amazonaws.com"]),
    ("DeleteSecurityGroup",           Among, &["ec2.amazonaws.com"]),
    ("DeleteTrail",                   Only, &["cloudtrail.amazonaws.com"]),
    ("DeleteUserPolicy",              Only, &["iam.amazonaws.com"]),
    ("DeleteVpc",                     Only, &["ec2.amazonaws.com"]),
    ("DeleteVpcPeeringConnection",    Among, &["ec2.amazonaws.com"]),
    ("DetachClassicLinkVpc",          Only, &["ec2.amazonaws.com"]),
    ("DetachGroupPolicy",             Only, &["iam.amazonaws.com"]),
    ("DetachInternetGateway",         Only, &["ec2.amazonaws.com"]),
    ("DetachPolicy",                  Among, &["organizations.amazonaws.com"]),
    ("DetachRolePolicy",              Only, &["iam.amazonaws.com"]),
    ("DetachUserPolicy",              Only, &["iam.amazonaws.com"]),
    ("DisableKey",                    Only, &["kms.amazonaws.com"]),
    ("DisablePolicyType",             Only, &["organizations.amazonaws.com"]),
    ("DisableVpcClassicLink",         Only, &["ec2.amazonaws.com"]),
    ("DisassociateRouteTable",        Only, &["ec2.amazonaws.com"]),
    ("EnablePolicyType",              Only, &["organizations.amazonaws.com"]),
    ("EnableVpcClassicLink",          Only, &["ec2.amazonaws.com"]),
    ("HeadBucket",                    Among, &["s3.amazonaws.com", "s3express.amazonaws.com"]),
    ("InviteAccountToOrganization",   Only, &["organizations.amazonaws.com"]),
    ("LeaveOrganization",             Only, &["organizations.amazonaws.com"]),
    ("ModifySecurityGroupRules",      Only, &["ec2.amazonaws.com"]),
    ("ModifyVpcAttribute",            Only, &["ec2.amazonaws.com"]),
    ("MoveAccount",                   Only, &["organizations.amazonaws.com"]),
    ("PutBucketAcl",                  Only, &["s3.amazonaws.com"]),
    ("PutBucketCors",                 Only, &["s3.amazonaws.com"]),
    ("PutBucketLifecycle",            Among, &["s3.amazonaws.com", "s3express.amazonaws.com"]),
    ("PutBucketPolicy",               Among, &["s3.amazonaws.com", "s3express.amazonaws.com"]),
    ("PutBucketReplication",          Among, &["s3.amazonaws.com"]),
    ("PutConfigurationRecorder",      Only, &["config.amazonaws.com"]),
    ("PutDeliveryChannel",            Only, &["config.amazonaws.com"]),
    ("PutGroupPolicy",                Only, &["iam.amazonaws.com"]),
    ("PutRolePolicy",                 Only, &["iam.amazonaws.com"]),
    ("PutUserPolicy",                 Only, &["iam.amazonaws.com"]),
    ("RejectVpcPeeringConnection",    Only, &["ec2.amazonaws.com"]),
    ("RemoveAccountFromOrganization", Only, &["organizations.amazonaws.com"]),
    ("ReplaceNetworkAclAssociation",  Only, &["ec2.amazonaws.com"]),
    ("ReplaceNetworkAclEntry",        Only, &["ec2.amazonaws.com"]),
    ("ReplaceRoute",                  Only, &["ec2.amazonaws.com"]),
    ("ReplaceRouteTableAssociation",  Only, &["ec2.amazonaws.com"]),
    ("RevokeSecurityGroupEgress",     Only, &["ec2.amazonaws.com"]),
    ("RevokeSecurityGroupIngress",    Only, &["ec2.amazonaws.com"]),
    ("ScheduleKeyDeletion",           Only, &["kms.amazonaws.com"]),
    ("StartLogging",                  Only, &["cloudtrail.amazonaws.com"]),
    ("StopConfigurationRecorder",     Only, &["config.amazonaws.com"]),
    ("StopLogging",                   Only, &["cloudtrail.amazonaws.com"]),
    ("UpdateOrganizationalUnit",      Only, &["organizations.amazonaws.com"]),
    ("UpdatePolicy",                  Among, &["organizations.amazonaws.com"]),
    ("UpdateTrail",                   Only, &["cloudtrail.amazonaws.com"]),
];

/// The services that log an event name, and whether that is all of them.
pub(crate) fn sources_of_event(name: &str) -> Option<(Claim, &'static [&'static str])> {
    let at = EVENT_SOURCES
        .binary_search_by_key(&name, |(name, _, _)| *name)
        .ok()?;
    let (_, claim, sources) = EVENT_SOURCES[at];
    Some((claim, sources))
}

/// Whether every service that logs an event name logs it as a write event: all that is listed changes
/// something, but for what CIS names in an exclusion.
pub(crate) fn is_write_event(name: &str) -> bool {
    name != "HeadBucket" && sources_of_event(name).is_some()
}

/// Whether an event name is that of a call, whichever service logs it: all that is listed or familiar
/// but sign-ins.
pub(crate) fn is_call(name: &str) -> bool {
    let familiar = || super::familiar::familiar_events().any(|(event, _)| event == name);
    name != "ConsoleLogin" && (sources_of_event(name).is_some() || familiar())
}

/// Where an event of this name is known to be an API call, as the services' own pages list it: from
/// any service when no other logs the name, else from the services named.
pub(crate) fn services_of_call(name: &str) -> Option<(Claim, &'static [&'static str])> {
    let is_call = !matches!(name, "ConsoleLogin" | "HeadBucket");
    sources_of_event(name).filter(|_| is_call)
}

/// The event names that documentation gives a service for.
pub(crate) fn documented_events() -> impl Iterator<Item = &'static str> + Clone {
    EVENT_SOURCES.iter().map(|(name, _, _)| *name)
}

/// Services that may log an event name, the best known first: the documented
/// ones, then ones whose API has an operation of that name. For examples only,
/// since nothing documents how the latter log it.
pub(crate) fn likely_sources(name: &str) -> impl Iterator<Item = &'static str> + '_ {
    let documented = sources_of_event(name).map_or(&[][..], |(_, sources)| sources);
    let others: &[&str] = match name {
        "AttachPolicy"
        | "CreatePolicy"
        | "CreatePolicyVersion"
        | "DeletePolicy"
        | "DeletePolicyVersion"
        | "DetachPolicy" => &["iot.amazonaws.com"],
        "UpdatePolicy" => &["verifiedpermissions.amazonaws.com"],
        "CreateRoute" | "DeleteRoute" => &["apigateway.amazonaws.com"],
        "CreateSecurityGroup" | "DeleteSecurityGroup" => &["wickr.amazonaws.com"],
        "CreateVpcPeeringConnection" | "DeleteVpcPeeringConnection" => &["gamelift.amazonaws.com"],
        "CreateAccount" => &["chime.amazonaws.com"],
        "DeleteOrganization" => &["workmail.amazonaws.com"],
        "PutBucketPolicy"
        | "DeleteBucketPolicy"
        | "PutBucketReplication"
        | "DeleteBucketReplication" => &["s3-outposts.amazonaws.com"],
        _ => &[],
    };
    let familiar = super::familiar::familiar_events().filter_map(move |(event, source)| {
        (documented.is_empty() && event == name).then_some(source)
    });
    let documented = documented.iter().chain(others).copied();
    documented.chain(familiar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_found() {
        assert!(EVENT_SOURCES.is_sorted_by_key(|(name, _, _)| *name));
        assert_eq!(
            sources_of_event("CreateTrail"),
            Some((Only, ["cloudtrail.amazonaws.com"].as_slice()))
        );
        assert!(sources_of_event("CreatePolicy").is_some_and(|(claim, _)| claim == Among));
        assert_eq!(sources_of_event("NoSuchEvent"), None);
    }

    #[test]
    fn the_documented_sources_of_an_event_come_first() {
        #[rustfmt::skip]
        let table: [(&str, &[&str]); 10] = [
            ("StopLogging",                &["cloudtrail.amazonaws.com"]),
            ("DetachPolicy",               &["organizations.amazonaws.com", "iot.amazonaws.com"]),
            ("UpdatePolicy",               &["organizations.amazonaws.com", "verifiedpermissions.amazonaws.com"]),
            ("CreateRoute",                &["ec2.amazonaws.com", "apigateway.amazonaws.com"]),
            ("CreateSecurityGroup",        &["ec2.amazonaws.com", "wickr.amazonaws.com"]),
            ("DeleteVpcPeeringConnection", &["ec2.amazonaws.com", "gamelift.amazonaws.com"]),
            ("CreateAccount",              &["organizations.amazonaws.com", "chime.amazonaws.com"]),
            ("DeleteOrganization",         &["organizations.amazonaws.com", "workmail.amazonaws.com"]),
            ("ListKeys",                   &["kms.amazonaws.com"]),
            ("NoSuchEvent",                &[]),
        ];
        for (name, sources) in table {
            let found: Vec<&str> = likely_sources(name).collect();
            assert_eq!(found, sources, "{name}");
        }
        let of_buckets: Vec<&str> = likely_sources("PutBucketReplication").collect();
        assert_eq!(of_buckets.first(), Some(&"s3.amazonaws.com"));
        assert_eq!(of_buckets.last(), Some(&"s3-outposts.amazonaws.com"));
    }

    #[test]
    fn what_is_a_call_is_said_of_a_service() {
        #[rustfmt::skip]
        let table: [(&str, Option<Claim>); 6] = [
            ("StopLogging",       Some(Only)),
            ("CreateRoute",       Some(Among)),
            ("PutBucketPolicy",   Some(Among)),
            ("ConsoleLogin",      None),
            ("HeadBucket",        None),
            ("DescribeInstances", None),
        ];
        for (name, expected) in table {
            let claim = services_of_call(name).map(|(claim, _)| claim);
            assert_eq!(claim, expected, "{name}");
        }
        let calls = documented_events().filter(|name| services_of_call(name).is_some());
        assert_eq!(calls.count(), 89);
    }

    #[test]
    fn what_changes_something_is_a_write_event() {
        assert!(is_write_event("PutBucketAcl") && is_write_event("ConsoleLogin"));
        assert!(!is_write_event("HeadBucket") && !is_write_event("NoSuchEvent"));
    }
}
