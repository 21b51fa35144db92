//! Events of a control, as CloudTrail writes them: one for each event name, in
//! several shapes. They are written down here and not taken from the engine that
//! decides coverage; those that the control's pattern does not describe are left out.

use std::sync::OnceLock;

use filter_pattern::{Event, FilterPattern};
use orgsweep_controls::Control;
use serde_json::{Value, json};

/// Which Regions an event can happen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// Every enabled one.
    Everywhere,
    /// The partition's main one.
    MainRegion,
}

/// An event that still lacks its account and Region.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) record: Value,
    pub(crate) place: Where,
}

impl Draft {
    /// The record as `account` writes it in `region`.
    pub(crate) fn at(&self, account: &str, region: &str) -> Value {
        let mut record = self.record.clone();
        record["recipientAccountId"] = account.into();
        record["awsRegion"] = region.into();
        let identity = record["userIdentity"]["type"].as_str().unwrap_or_default();
        let (arn, of) = match identity {
            "Root" => (format!("arn:aws:iam::{account}:root"), account),
            "IAMUser" => (format!("arn:aws:iam::{account}:user/jo"), account),
            "AssumedRole" => (
                format!("arn:aws:sts::{account}:assumed-role/admin/jo"),
                account,
            ),
            _ => return record,
        };
        record["userIdentity"]["arn"] = arn.into();
        record["userIdentity"]["accountId"] = of.into();
        record
    }
}

/// The drafts of the control's events.
pub(crate) fn drafts(control: &Control, required: &[&FilterPattern]) -> Vec<Draft> {
    let names = names(&required[0].to_string());
    let mut drafts = Vec::new();
    if names.is_empty()
        || names
            .iter()
            .all(|name| name == "ConsoleLogin" || name == "HeadBucket")
    {
        drafts.extend(special().iter().cloned());
    } else {
        for name in &names {
            for source in sources(control, name) {
                for identity in ["IAMUser", "AssumedRole", "Root"] {
                    drafts.push(call(&source, name, identity));
                }
                let mut refused = call(&source, name, "AssumedRole");
                refused.record["errorCode"] = "AccessDenied".into();
                refused.record["errorMessage"] = "You are not authorized to do this".into();
                drafts.push(refused);
            }
        }
    }
    drafts.retain(|draft| {
        let event = Event::from_value(&draft.at("111122223333", "us-east-1"));
        required.iter().any(|pattern| pattern.matches(&event))
    });
    drafts
}

/// Event names that the pattern's text compares `$.eventName` with.
fn names(pattern: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in pattern.split("$.eventName").skip(1) {
        let value = part
            .trim_start()
            .strip_prefix('=')
            .unwrap_or_default()
            .trim();
        let name: String = value
            .trim_start_matches('"')
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '*')
            .collect();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Services that write events of the name.
fn sources(control: &Control, name: &str) -> Vec<String> {
    let fixed = match name {
        "ConsoleLogin" => Some("signin.amazonaws.com"),
        _ => None,
    };
    match fixed {
        Some(source) => vec![source.to_owned()],
        None => control.event_sources.clone(),
    }
}

fn call(source: &str, name: &str, identity: &str) -> Draft {
    let mut user = json!({ "type": identity, "principalId": "AIDAEXAMPLE" });
    match identity {
        "IAMUser" => user["userName"] = "jo".into(),
        "AssumedRole" => {
            user["sessionContext"] = json!({ "attributes": { "mfaAuthenticated": "false" } });
        }
        _ => {}
    }
    let reading = ["Get", "List", "Describe", "Head"];
    Draft {
        record: json!({
            "eventVersion": "1.11",
            "userIdentity": user,
            "eventTime": "2026-11-24T09:00:00Z",
            "eventSource": source,
            "eventName": name,
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2.31",
            "requestParameters": null,
            "responseElements": null,
            "requestID": "b1f3a1c4-0000-4000-8000-000000000001",
            "eventID": "b1f3a1c4-0000-4000-8000-000000000002",
            "readOnly": reading.iter().any(|begin| name.starts_with(begin)),
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "eventCategory": "Management",
        }),
        place: if is_global(source) {
            Where::MainRegion
        } else {
            Where::Everywhere
        },
    }
}

fn is_global(source: &str) -> bool {
    [
        "iam.amazonaws.com",
        "organizations.amazonaws.com",
        "cloudfront.amazonaws.com",
    ]
    .contains(&source)
}

/// Sign-ins, calls of the root user, and refused calls.
fn special() -> &'static [Draft] {
    static SPECIAL: OnceLock<Vec<Draft>> = OnceLock::new();
    SPECIAL.get_or_init(|| {
        let mut drafts = Vec::new();
        for (identity, mfa, succeeds) in [
            ("IAMUser", Some("No"), true),
            ("IAMUser", Some("Yes"), true),
            ("IAMUser", Some("No"), false),
            ("AssumedRole", Some("No"), true),
            ("Root", Some("No"), true),
            ("Root", Some("No"), false),
        ] {
            drafts.push(sign_in(identity, mfa, succeeds));
        }
        for (source, name) in [
            ("ec2.amazonaws.com", "RunInstances"),
            ("s3.amazonaws.com", "CreateBucket"),
            ("iam.amazonaws.com", "CreateUser"),
            ("kms.amazonaws.com", "DisableKey"),
            ("ec2.amazonaws.com", "DescribeInstances"),
        ] {
            drafts.push(call(source, name, "Root"));
            let code = if source.starts_with("ec2") {
                "Client.UnauthorizedOperation"
            } else {
                "AccessDenied"
            };
            let mut refused = call(source, name, "AssumedRole");
            refused.record["errorCode"] = code.into();
            refused.record["errorMessage"] = "You are not authorized to do this".into();
            drafts.push(refused);
        }
        drafts
    })
}

fn sign_in(identity: &str, mfa: Option<&str>, succeeds: bool) -> Draft {
    let mut draft = call("signin.amazonaws.com", "ConsoleLogin", identity);
    draft.record["eventType"] = "AwsConsoleSignIn".into();
    draft.place = Where::Everywhere;
    if let Some(mfa) = mfa {
        draft.record["additionalEventData"] = json!({ "MFAUsed": mfa, "MobileVersion": "No" });
    }
    let outcome = if succeeds { "Success" } else { "Failure" };
    draft.record["responseElements"] = json!({ "ConsoleLogin": outcome });
    if !succeeds {
        draft.record["errorMessage"] = "Failed authentication".into();
    }
    draft
}

#[cfg(test)]
mod tests {
    use orgsweep_controls::Catalog;

    use super::*;

    #[test]
    fn every_control_has_events_in_several_shapes() {
        let catalog = Catalog::builtin();
        for control in catalog.controls() {
            let requirement = control.requirement(catalog.framework()).unwrap();
            let required: Vec<&FilterPattern> = requirement.parsed().collect();
            let drafts = drafts(control, &required);
            assert!(!drafts.is_empty(), "{}", control.id);
            let names = names(&required[0].to_string());
            for name in names.iter().filter(|name| *name != "HeadBucket") {
                let named = drafts
                    .iter()
                    .any(|draft| draft.record["eventName"] == **name);
                assert!(named, "{}: {name}", control.id);
            }
        }
    }
}
