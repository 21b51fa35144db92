//! What a witness has in the fields that the patterns leave free: a plain record
//! of an IAM user's call, adjusted to the event name, its service and the
//! identity that the patterns ask for.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::cloudtrail::rule;
use super::event_sources::is_call;
use super::familiar::{usual_event, usual_source};
use super::identity::{Caller, text};
use super::{Records, Schema};
use crate::ast::Selector;
use crate::event::{Event, EventValue};

/// The choices that the rest of a record follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    pub(crate) event_name: Option<String>,
    pub(crate) event_source: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) identity_type: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) error_message: Option<String>,
}

impl Circumstances {
    /// What the sign-in service logs, the best known first; `None` when the event may be another one's.
    pub(crate) fn sign_in_events(&self) -> Option<&'static [&'static str]> {
        let event_type = self.event_type.as_deref();
        match event_type.map(|it| SIGN_IN_TYPES.contains(&it)) {
            Some(true) => Some(&SIGN_INS),
            of_type => {
                let is_its = self.event_source.as_deref() == Some(SIGN_IN);
                is_its.then_some(of_type.map_or(&SIGN_INS[..], |_| &NO_SIGN_INS))
            }
        }
    }
}

/// The account of examples.
pub(super) const ACCOUNT: &str = "111122223333";

/// The account whose events a schema describes, or the one of examples.
pub(crate) fn account_of(schema: &Schema) -> &str {
    let is_account = |known: &Selector| known.field_name() == "recipientAccountId";
    let mut known = schema.known().iter();
    known
        .find_map(|(known, value)| is_account(known).then_some(&**value))
        .unwrap_or(ACCOUNT)
}

/// A record to fill in free fields from when nothing is asked of it.
pub(crate) fn plain_template(schema: &Schema) -> Cow<'static, Event> {
    static PLAIN: LazyLock<Event> = LazyLock::new(|| record(ACCOUNT, &Circumstances::default()));
    match (schema.records(), account_of(schema)) {
        (Records::CloudTrail, ACCOUNT) => Cow::Borrowed(&PLAIN),
        _ => Cow::Owned(template(schema, &Circumstances::default())),
    }
}

/// A record to fill in free fields from; an empty one for arbitrary events.
pub(crate) fn template(schema: &Schema, circumstances: &Circumstances) -> Event {
    if schema.records() != Records::CloudTrail {
        return Event::from_members(Vec::new());
    }
    record(account_of(schema), circumstances)
}

fn record(account: &str, circumstances: &Circumstances) -> Event {
    let source = circumstances.event_source.as_deref();
    let name = circumstances.event_name.as_deref();
    let event_type = circumstances.event_type.as_deref();
    let of_sign_in = event_type.map(|it| SIGN_IN_TYPES.contains(&it));
    let source = source.or_else(|| (of_sign_in == Some(true)).then_some(SIGN_IN));
    let source = source.or_else(|| {
        name.is_none()
            .then(|| source_of_error(circumstances.error_code.as_deref()))
            .flatten()
    });
    let name = name.unwrap_or(match (source, of_sign_in) {
        (Some(SIGN_IN), Some(false)) => NO_SIGN_INS[0],
        _ => usual_event(source),
    });
    let source = source.unwrap_or_else(|| usual_source(name));
    let sign_in = source == SIGN_IN;
    let console_login = sign_in && name == "ConsoleLogin";
    let read_only = ["Get", "List", "Describe", "Head", "Lookup"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let caller = Caller::of_type(circumstances.identity_type.as_deref().unwrap_or("IAMUser"));
    let agent = if sign_in {
        "Mozilla/5.0"
    } else {
        "aws-cli/2.31.0"
    };
    // A user name that does not exist, of which AWS has a sample, spells the type otherwise.
    let unknown_user = console_login && event_type == Some(SIGN_IN_TYPES[1]);
    let response = if console_login {
        let failed = circumstances.error_message.is_some() || unknown_user;
        let outcome = if failed { "Failure" } else { "Success" };
        EventValue::Object(vec![text("ConsoleLogin", outcome)])
    } else {
        EventValue::Null
    };
    let of_endpoint = event_type == Some("AwsVpceEvents")
        || circumstances.error_code.as_deref() == Some("VpceAccessDenied");
    let (event_type, category) = match (of_endpoint, sign_in) {
        (true, _) => ("AwsVpceEvents", "NetworkActivity"),
        (false, true) if !is_call(name) => ("AwsConsoleSignIn", "Management"),
        (false, _) => ("AwsApiCall", "Management"),
    };
    let mut members: Vec<(Box<str>, EventValue)> = vec![
        text("eventVersion", "1.11"),
        ("userIdentity".into(), caller.identity(account)),
        text("eventTime", "2026-01-15T09:30:00Z"),
        text("eventSource", source),
        text("eventName", name),
        text("awsRegion", "us-east-1"),
        text(
            "sourceIPAddress",
            caller.source_address().unwrap_or("192.0.2.10"),
        ),
        text("userAgent", caller.source_address().unwrap_or(agent)),
        ("requestParameters".into(), EventValue::Null),
        ("responseElements".into(), response),
    ];
    if console_login {
        let about = vec![
            text("LoginTo", "https://console.aws.amazon.com/console/home"),
            text("MobileVersion", "No"),
            text("MFAUsed", "No"),
        ];
        members.push(("additionalEventData".into(), EventValue::Object(about)));
    }
    if unknown_user {
        members.push(text(
            "errorMessage",
            "No username found in supplied account",
        ));
    }
    if !sign_in {
        members.push(text("requestID", "6f1c2a4e-0f0d-4c53-9a55-1c2f5e1b7a10"));
    }
    members.extend([
        text("eventID", "0d3f6b1e-58a7-4f0e-8d0a-3a5f6c9b2e41"),
        ("readOnly".into(), EventValue::Bool(read_only)),
        text("eventType", event_type),
        (
            "managementEvent".into(),
            EventValue::Bool(category == "Management"),
        ),
        text("recipientAccountId", account),
        text("eventCategory", category),
    ]);
    Event::from_members(members)
}

const SIGN_IN: &str = "signin.amazonaws.com";

const SIGN_IN_TYPES: [&str; 2] = ["AwsConsoleSignIn", "AwsConsoleSignin"];

/// Events of the sign-in service of these types.
const SIGN_INS: [&str; 5] = [
    "ConsoleLogin",
    "CheckMfa",
    "PasswordRecoveryRequested",
    "PasswordRecoveryCompleted",
    "SwitchRole",
];

/// Its events of another type.
const NO_SIGN_INS: [&str; 1] = ["AuthorizeOAuth2Access"];

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

/// Texts that a field often has, the most usual first.
pub(crate) fn usual_texts(selector: &Selector) -> &'static [&'static str] {
    match rule(selector).map_or("", |rule| rule.path) {
        "eventVersion" => &["1.11", "1.10", "1.09", "1.08", "1.12", "2.0"],
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
            "arn:aws:sts::111122223333:federated-user/example-user",
        ],
        "userIdentity.invokedBy" => &["cloudformation.amazonaws.com", "AWS Internal"],
        "userIdentity.accountId" | "recipientAccountId" => &["111122223333", "444455556666"],
        "userAgent" => &["aws-cli/2.31.0", "Mozilla/5.0"],
        "responseElements.ConsoleLogin" => &["Success", "Failure"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_record_follows_its_source_and_its_name() {
        let shown = |source: &str, name: &str| {
            let circumstances = Circumstances {
                event_source: Some(source.into()),
                event_name: Some(name.into()),
                ..Circumstances::default()
            };
            let record = template(&Schema::cloudtrail(), &circumstances);
            let has = |key: &str| record.get(&Selector::of_keys([key])).is_some();
            (has("additionalEventData"), has("requestID"))
        };
        #[rustfmt::skip]
        let table = [
            ("signin.amazonaws.com", "ConsoleLogin", (true,  false)),
            ("signin.amazonaws.com", "ExitRole",     (false, false)),
            ("s3.amazonaws.com",     "ConsoleLogin", (false, true)),
            ("s3.amazonaws.com",     "ListBuckets",  (false, true)),
        ];
        for (source, name, expected) in table {
            assert_eq!(shown(source, name), expected, "{source} {name}");
        }
    }

    #[test]
    fn only_ec2_prefixes_its_error_codes() {
        #[rustfmt::skip]
        let table: [(&str, &str, Option<&str>); 5] = [
            ("AccessDenied",     EC2,                Some("Client.UnauthorizedOperation")),
            ("Client.x",         EC2,                None),
            ("Server.x",         EC2,                None),
            ("Client.x",         "s3.amazonaws.com", Some("AccessDenied")),
            ("AccessDenied",     "s3.amazonaws.com", None),
        ];
        for (code, source, better) in table {
            let found = better_error_codes(code, source).first().copied();
            assert_eq!(found, better, "{code} of {source}");
        }
    }

    #[test]
    fn fields_have_usual_texts_that_their_rules_allow() {
        #[rustfmt::skip]
        let table = [
            ("eventVersion",                  "1.11"),
            ("errorCode",                     "AccessDenied"),
            ("errorMessage",                  "Failed authentication"),
            ("awsRegion",                     "us-east-1"),
            ("sourceIPAddress",               "192.0.2.10"),
            ("eventName",                     "DescribeInstances"),
            ("eventSource",                   "ec2.amazonaws.com"),
            ("userIdentity.type",             "IAMUser"),
            ("userIdentity.userName",         "example-user"),
            ("userIdentity.arn",              "arn:aws:iam::111122223333:user/example-user"),
            ("userIdentity.invokedBy",        "cloudformation.amazonaws.com"),
            ("userIdentity.accountId",        ACCOUNT),
            ("recipientAccountId",            ACCOUNT),
            ("userAgent",                     "aws-cli/2.31.0"),
            ("responseElements.ConsoleLogin", "Success"),
        ];
        for (path, first) in table {
            let texts = usual_texts(&Selector::of_keys(path.split('.')));
            assert_eq!(texts.first(), Some(&first), "{path}");
            let rule = rule(&Selector::of_keys(path.split('.'))).expect(path);
            let allowed = |text: &&str| rule.values.is_empty() || rule.values.contains(text);
            assert!(texts.iter().all(allowed), "{path}: {texts:?}");
        }
        assert!(usual_texts(&Selector::of_keys(["free"])).is_empty());
    }
}
