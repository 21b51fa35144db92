//! Who makes the call that a witness records: the `userIdentity` element with the
//! fields that go with it, for each kind of caller, as the CloudTrail User Guide
//! shows them.

use crate::event::EventValue;

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Root,
    /// With the user's name, path included.
    User(String),
    /// With the role's name and the session's.
    Role(String, String),
    /// With the federated user's name.
    Federated(String),
    /// An AWS service, with its DNS name.
    Service(String),
    /// An event that no request caused.
    Nobody,
    /// A kind without further fields.
    Other(String),
}

impl Caller {
    /// The plainest caller of a type of identity.
    pub(crate) fn of_type(kind: &str) -> Self {
        match kind {
            "Root" => Self::Root,
            "IAMUser" => Self::example_user(),
            "AssumedRole" => Self::Role("example-role".into(), "session".into()),
            "FederatedUser" => Self::Federated("example-user".into()),
            "AWSService" => Self::Service("cloudtrail.amazonaws.com".into()),
            other => Self::Other(other.into()),
        }
    }

    pub(crate) fn example_user() -> Self {
        Self::User("example-user".into())
    }

    /// The `userIdentity` element.
    pub(crate) fn identity(&self, account: &str) -> EventValue {
        let arn = self.arn(account);
        let named = |kind: &str, principal: &str, more: Vec<(Box<str>, EventValue)>| {
            let mut members = vec![text("type", kind), text("principalId", principal)];
            members.extend(arn.as_deref().map(|arn| text("arn", arn)));
            members.push(text("accountId", account));
            members.extend(more);
            EventValue::Object(members)
        };
        match self {
            Self::Root => named("Root", account, Vec::new()),
            Self::User(name) => {
                let name = name.rsplit('/').next().unwrap_or(name);
                named("IAMUser", "AIDAEXAMPLEID", vec![text("userName", name)])
            }
            Self::Role(role, session) => {
                let issuer = vec![
                    text("type", "Role"),
                    text("principalId", "AROAEXAMPLEID"),
                    text("arn", &format!("arn:aws:iam::{account}:role/{role}")),
                    text("accountId", account),
                    text("userName", role),
                ];
                let context = vec![("sessionIssuer".into(), EventValue::Object(issuer))];
                let more = vec![("sessionContext".into(), EventValue::Object(context))];
                named("AssumedRole", &format!("AROAEXAMPLEID:{session}"), more)
            }
            Self::Federated(name) => {
                named("FederatedUser", &format!("{account}:{name}"), Vec::new())
            }
            Self::Service(name) => {
                EventValue::Object(vec![text("type", "AWSService"), text("invokedBy", name)])
            }
            Self::Nobody => EventValue::Object(vec![
                text("accountId", account),
                text("invokedBy", "AWS Internal"),
            ]),
            Self::Other(kind) => EventValue::Object(vec![text("type", kind)]),
        }
    }

    /// The ARN of the caller, if callers of its kind have one.
    pub(crate) fn arn(&self, account: &str) -> Option<String> {
        Some(match self {
            Self::Root => format!("arn:aws:iam::{account}:root"),
            Self::User(name) => format!("arn:aws:iam::{account}:user/{name}"),
            Self::Role(role, session) => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Self::Federated(name) => format!("arn:aws:sts::{account}:federated-user/{name}"),
            Self::Service(_) | Self::Nobody | Self::Other(_) => return None,
        })
    }

    /// Where the call comes from, for callers that have no address of their own.
    pub(crate) fn source_address(&self) -> Option<&str> {
        match self {
            Self::Service(name) => Some(name),
            Self::Nobody => Some("AWS Internal"),
            _ => None,
        }
    }
}

/// The caller that has an ARN, if it is one of a known kind in this account.
pub(crate) fn caller_of_arn(arn: &str, account: &str) -> Option<Caller> {
    let rest = arn.strip_prefix("arn:aws:")?;
    let of_iam = rest.strip_prefix(&*format!("iam::{account}:"));
    if let Some(resource) = of_iam {
        if resource == "root" {
            return Some(Caller::Root);
        }
        return Some(Caller::User(resource.strip_prefix("user/")?.into()));
    }
    let resource = rest.strip_prefix(&*format!("sts::{account}:"))?;
    if let Some(name) = resource.strip_prefix("federated-user/") {
        return Some(Caller::Federated(name.into()));
    }
    let (role, session) = resource.strip_prefix("assumed-role/")?.split_once('/')?;
    Some(Caller::Role(role.into(), session.into()))
}

/// ARNs of callers that end like a text ends an ARN, those first that need least
/// beyond it: for `:assumed-role/deploy` a session of the role `deploy`.
pub(crate) fn arns_like(part: &str) -> impl Iterator<Item = String> {
    let account = super::template::ACCOUNT;
    let kinds = [
        (
            format!("arn:aws:sts::{account}:assumed-role/"),
            "example-role",
            "/session",
        ),
        (format!("arn:aws:iam::{account}:user/"), "example-user", ""),
        (
            format!("arn:aws:sts::{account}:federated-user/"),
            "example-user",
            "",
        ),
    ];
    let mut found: Vec<(usize, String)> = Vec::new();
    for (start, name, end) in kinds {
        let shared = (0..=part.len())
            .rev()
            .find(|at| part.get(..*at).is_some_and(|head| start.ends_with(head)))
            .unwrap_or(0);
        let rest = &part[shared..];
        let rest = if rest.is_empty() { name } else { rest };
        let end = if rest.contains('/') { "" } else { end };
        found.push((shared, format!("{start}{rest}{end}")));
    }
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    found.into_iter().map(|(_, arn)| arn)
}

pub(super) fn text(key: &str, value: &str) -> (Box<str>, EventValue) {
    (key.into(), EventValue::String(value.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_made_of_their_ends() {
        #[rustfmt::skip]
        let table = [
            (":assumed-role/deploy", "arn:aws:sts::111122223333:assumed-role/deploy/session"),
            ("role/deploy/ci",       "arn:aws:sts::111122223333:assumed-role/deploy/ci"),
            ("user/",                "arn:aws:iam::111122223333:user/example-user"),
            ("deploy",               "arn:aws:sts::111122223333:assumed-role/deploy/session"),
        ];
        for (part, arn) in table {
            assert_eq!(arns_like(part).next().as_deref(), Some(arn), "{part}");
        }
    }

    #[test]
    fn services_call_from_where_they_are() {
        #[rustfmt::skip]
        let table = [
            ("AWSService",    Some("cloudtrail.amazonaws.com")),
            ("IAMUser",       None),
            ("Root",          None),
            ("AssumedRole",   None),
            ("FederatedUser", None),
            ("other",         None),
        ];
        for (kind, address) in table {
            assert_eq!(Caller::of_type(kind).source_address(), address, "{kind}");
        }
        assert_eq!(Caller::Nobody.source_address(), Some("AWS Internal"));
    }

    #[test]
    fn callers_are_found_by_their_arns() {
        let callers = [
            Caller::Root,
            Caller::User("path/name".into()),
            Caller::Role("deploy".into(), "session".into()),
            Caller::Federated("name".into()),
        ];
        for caller in callers {
            let arn = caller.arn("111122223333").expect("has one");
            assert_eq!(caller_of_arn(&arn, "111122223333"), Some(caller));
            assert_eq!(caller_of_arn(&arn, "444455556666"), None);
        }
        assert_eq!(caller_of_arn("arn:aws:iam::1:role/x", "1"), None);
        assert_eq!(caller_of_arn(":assumed-role/deploy", "1"), None);
    }
}
