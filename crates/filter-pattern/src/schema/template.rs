//! What a witness has in the fields that the patterns leave free: a plain record
//! of an IAM user's call, adjusted to the event name, its service and the
//! identity that the patterns ask for.

use super::{Records, Schema, sources_of_event};
use crate::ast::Selector;
use crate::event::{Event, EventValue};

/// The choices that the rest of a record follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    pub(crate) event_name: Option<String>,
    pub(crate) event_source: Option<String>,
    pub(crate) identity_type: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) identity_arn: Option<String>,
}

/// A record to fill in free fields from; an empty one for arbitrary events.
pub(crate) fn template(schema: &Schema, circumstances: &Circumstances) -> Event {
    if schema.records() != Records::CloudTrail {
        return Event::from_members(Vec::new());
    }
    let account = known_account(schema).unwrap_or("111122223333");
    let source = circumstances.event_source.as_deref();
    let name = circumstances.event_name.as_deref();
    let source = source.or_else(|| {
        name.is_none()
            .then(|| source_of_error(circumstances.error_code.as_deref()))
            .flatten()
    });
    let name = name.unwrap_or_else(|| usual_event(source));
    let source = source.unwrap_or_else(|| usual_source(name));
    let sign_in = source == "signin.amazonaws.com";
    let read_only = ["Get", "List", "Describe", "Head", "Lookup"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let mut members: Vec<(Box<str>, EventValue)> = vec![
        text("eventVersion", "1.11"),
        (
            "userIdentity".into(),
            identity(identity_type(circumstances), account),
        ),
        text("eventTime", "2026-01-15T09:30:00Z"),
        text("eventSource", source),
        text("eventName", name),
        text("awsRegion", "us-east-1"),
        text("sourceIPAddress", "192.0.2.10"),
        text(
            "userAgent",
            if sign_in {
                "Mozilla/5.0"
            } else {
                "aws-cli/2.31.0"
            },
        ),
        ("requestParameters".into(), EventValue::Null),
        ("responseElements".into(), EventValue::Null),
    ];
    if !sign_in {
        members.push(text("requestID", "6f1c2a4e-0f0d-4c53-9a55-1c2f5e1b7a10"));
    }
    members.extend([
        text("eventID", "0d3f6b1e-58a7-4f0e-8d0a-3a5f6c9b2e41"),
        ("readOnly".into(), EventValue::Bool(read_only)),
        text(
            "eventType",
            if sign_in {
                "AwsConsoleSignIn"
            } else {
                "AwsApiCall"
            },
        ),
        ("managementEvent".into(), EventValue::Bool(true)),
        text("recipientAccountId", account),
        text("eventCategory", "Management"),
    ]);
    Event::from_members(members)
}

fn text(key: &str, value: &str) -> (Box<str>, EventValue) {
    (key.into(), EventValue::String(value.into()))
}

fn known_account(schema: &Schema) -> Option<&str> {
    let selector = Selector::of_keys(["recipientAccountId"]);
    schema
        .known()
        .iter()
        .find(|(known, _)| *known == selector)
        .map(|(_, value)| &**value)
}

/// The kind of identity asked for, or the one that the ARN asked for has; an
/// empty one for an ARN of another kind.
fn identity_type(circumstances: &Circumstances) -> Option<&str> {
    let of_arn = |arn: &str| {
        [
            (":root", "Root"),
            (":user/", "IAMUser"),
            (":assumed-role/", "AssumedRole"),
        ]
        .into_iter()
        .find_map(|(part, kind)| arn.contains(part).then_some(kind))
        .unwrap_or("")
    };
    circumstances
        .identity_type
        .as_deref()
        .or_else(|| circumstances.identity_arn.as_deref().map(of_arn))
}

fn identity(kind: Option<&str>, account: &str) -> EventValue {
    let (kind, principal, arn, name) = match kind.unwrap_or("IAMUser") {
        "Root" => (
            "Root",
            account.to_owned(),
            format!("arn:aws:iam::{account}:root"),
            None,
        ),
        "AssumedRole" => (
            "AssumedRole",
            "AROAEXAMPLEID:session".to_owned(),
            format!("arn:aws:sts::{account}:assumed-role/example-role/session"),
            None,
        ),
        "IAMUser" => {
            let arn = format!("arn:aws:iam::{account}:user/example-user");
            (
                "IAMUser",
                "AIDAEXAMPLEID".to_owned(),
                arn,
                Some("example-user"),
            )
        }
        "" => return EventValue::Object(Vec::new()),
        other => return EventValue::Object(vec![text("type", other)]),
    };
    let mut members = vec![
        text("type", kind),
        text("principalId", &principal),
        text("arn", &arn),
    ];
    members.push(text("accountId", account));
    members.extend(name.map(|name| text("userName", name)));
    EventValue::Object(members)
}

/// A service that logs an event name.
pub(crate) fn usual_source(name: &str) -> &'static str {
    sources_of_event(name)
        .and_then(|(_, sources)| sources.first().copied())
        .unwrap_or("ec2.amazonaws.com")
}

/// A service that reports an error code.
fn source_of_error(code: Option<&str>) -> Option<&'static str> {
    Some(if is_ec2_code(code?) {
        EC2
    } else {
        "s3.amazonaws.com"
    })
}

/// EC2 prefixes its error codes.
fn is_ec2_code(code: &str) -> bool {
    code.starts_with("Client.") || code.starts_with("Server.")
}

const EC2: &str = "ec2.amazonaws.com";

/// Error codes to put in the place of one that the service of the event would
/// not report, the best first; none when the code fits.
pub(crate) fn better_error_codes(code: &str, source: &str) -> &'static [&'static str] {
    match (source == EC2, is_ec2_code(code)) {
        (true, false) => &["Client.UnauthorizedOperation"],
        (false, true) => &["AccessDenied", "UnauthorizedOperation"],
        _ => &[],
    }
}

/// An event that a service logs.
fn usual_event(source: Option<&str>) -> &'static str {
    match source {
        Some("s3.amazonaws.com") => "ListBuckets",
        Some("iam.amazonaws.com") => "ListUsers",
        Some("kms.amazonaws.com") => "ListKeys",
        Some("cloudtrail.amazonaws.com") => "DescribeTrails",
        Some("config.amazonaws.com") => "DescribeConfigurationRecorders",
        Some("organizations.amazonaws.com") => "ListAccounts",
        Some("signin.amazonaws.com") => "ConsoleLogin",
        Some("sts.amazonaws.com") => "GetCallerIdentity",
        _ => "DescribeInstances",
    }
}

/// Texts that a field often has, the most usual first.
pub(crate) fn usual_texts(selector: &Selector) -> &'static [&'static str] {
    match selector.field_name().as_str() {
        "errorCode" => &[
            "AccessDenied",
            "Client.UnauthorizedOperation",
            "AccessDeniedException",
            "ThrottlingException",
            "ValidationException",
        ],
        "errorMessage" => &[
            "Failed authentication",
            "User is not authorized to perform this operation",
        ],
        "awsRegion" => &["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2"],
        "sourceIPAddress" => &[
            "192.0.2.10",
            "198.51.100.7",
            "10.0.0.10",
            "172.16.0.10",
            "192.168.0.10",
            "AWS Internal",
            "cloudtrail.amazonaws.com",
        ],
        "eventName" => &["DescribeInstances", "ListBuckets", "GetCallerIdentity"],
        "eventSource" => &[
            "ec2.amazonaws.com",
            "s3.amazonaws.com",
            "iam.amazonaws.com",
            "sts.amazonaws.com",
        ],
        "userIdentity.type" => &["IAMUser", "AssumedRole", "Root", "AWSService"],
        "userIdentity.userName" => &["example-user", "another-user"],
        "userIdentity.arn" => &[
            "arn:aws:iam::111122223333:user/example-user",
            "arn:aws:sts::111122223333:assumed-role/example-role/session",
            "arn:aws:iam::111122223333:root",
        ],
        "userIdentity.invokedBy" => &["cloudformation.amazonaws.com", "AWS Internal"],
        "userIdentity.accountId" | "recipientAccountId" => &["111122223333", "444455556666"],
        "userAgent" => &["aws-cli/2.31.0", "Mozilla/5.0"],
        "responseElements.ConsoleLogin" => &["Success", "Failure"],
        _ => &[],
    }
}
