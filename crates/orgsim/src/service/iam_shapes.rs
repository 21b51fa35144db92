//! How IAM shows roles and policies. Documents are URL-encoded (RFC 3986).

use std::fmt::Write as _;

use super::errors::tag_rows;
use crate::neutral::{Value, structure};
use crate::request::Request;
use crate::state::{ManagedPolicy, Role, World};

/// Every byte but the unreserved ones as `%XX`.
pub(super) fn encoded(document: &str) -> String {
    let mut text = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(byte as char);
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// A role; `full` is its path and name without the first slash.
pub(super) fn role_row(world: &World, request: &Request, full: &str, role: &Role) -> Value {
    let partition = &world.settings().partition;
    let account = &request.caller.account;
    let (path, name) = full.rsplit_once('/').map_or_else(
        || ("/".to_owned(), full),
        |(path, name)| (format!("/{path}/"), name),
    );
    let joined = world
        .organization()
        .member(account)
        .map_or_else(|| world.now(), |member| member.joined);
    let id = crate::state::drawn(7, full) % 10_u64.pow(17);
    Value::structure([
        ("Path", Some(path.into())),
        ("RoleName", Some(name.into())),
        ("RoleId", Some(format!("AROA{id:017}").into())),
        (
            "Arn",
            Some(format!("arn:{partition}:iam::{account}:role/{full}").into()),
        ),
        ("CreateDate", Some(role.created.unwrap_or(joined).into())),
        (
            "AssumeRolePolicyDocument",
            Some(encoded(&role.trust_policy(partition)).into()),
        ),
        ("Description", role.description.as_ref().map(Value::from)),
        (
            "MaxSessionDuration",
            Some(role.max_session.unwrap_or(3600).into()),
        ),
        (
            "Tags",
            (!role.tags.is_empty()).then(|| tag_rows(&role.tags)),
        ),
    ])
}

/// A managed policy.
pub(super) fn managed_row(arn: &str, policy: &ManagedPolicy, attached: usize) -> Value {
    let id = crate::state::drawn(7, arn) % 10_u64.pow(17);
    Value::structure([
        ("PolicyName", Some((&policy.name).into())),
        ("PolicyId", Some(format!("ANPA{id:017}").into())),
        ("Arn", Some(arn.into())),
        ("Path", Some((&policy.path).into())),
        ("DefaultVersionId", Some("v1".into())),
        ("AttachmentCount", Some((attached as i64).into())),
        ("PermissionsBoundaryUsageCount", Some(0_i64.into())),
        ("IsAttachable", Some(true.into())),
        ("Description", policy.description.as_ref().map(Value::from)),
        ("CreateDate", Some(policy.created.into())),
        ("UpdateDate", Some(policy.created.into())),
    ])
}

/// The only version of a managed policy.
pub(super) fn policy_version(policy: &ManagedPolicy, with_document: bool) -> Value {
    let version = structure! {
        "VersionId" => "v1",
        "IsDefaultVersion" => true,
        "CreateDate" => policy.created,
    };
    match version {
        Value::Structure(mut members) if with_document => {
            members.push(("Document", encoded(&policy.document).into()));
            Value::Structure(members)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_encoded_as_rfc_3986_has_it() {
        assert_eq!(encoded(r#"{"a": "é"}"#), "%7B%22a%22%3A%20%22%C3%A9%22%7D");
    }
}
