//! Properties of CloudTrail records with texts that they have, for patterns and
//! for the search over records. Nothing here says which go together: that is
//! the schema's business, and `Schema::admits` is asked about every record.

/// A property of records.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its keys, joined by dots.
    pub(crate) path: &'static str,
    /// Texts that it has.
    pub(crate) texts: &'static [&'static str],
}

/// Properties that patterns are about.
#[rustfmt::skip]
pub(crate) static FIELDS: &[Field] = &[
    Field { path: "eventName", texts: &["StopLogging", "CreatePolicy", "ConsoleLogin", "DescribeInstances", "DeleteTrail", "HeadBucket", "DisableKey"] },
    Field { path: "eventSource", texts: &["cloudtrail.amazonaws.com", "iam.amazonaws.com", "signin.amazonaws.com", "s3.amazonaws.com", "organizations.amazonaws.com", "kms.amazonaws.com"] },
    Field { path: "awsRegion", texts: &["us-east-1", "eu-west-1"] },
    Field { path: "errorCode", texts: &["AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"] },
    Field { path: "errorMessage", texts: &["Failed authentication"] },
    Field { path: "eventType", texts: &["AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn"] },
    Field { path: "readOnly", texts: &["true", "false"] },
    Field { path: "sourceIPAddress", texts: &["delivery.logs.amazonaws.com", "192.0.2.1"] },
    Field { path: "userIdentity.type", texts: &["Root", "IAMUser", "AssumedRole"] },
    Field { path: "userIdentity.arn", texts: &["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/x", "arn:aws:sts::111122223333:assumed-role/r/s"] },
    Field { path: "userIdentity.invokedBy", texts: &["cloudfront.amazonaws.com"] },
    Field { path: "additionalEventData.MFAUsed", texts: &["Yes", "No"] },
    Field { path: "responseElements.ConsoleLogin", texts: &["Success", "Failure"] },
    Field { path: "requestParameters.x", texts: &["1", "y"] },
    Field { path: "recipientAccountId", texts: &["111122223333"] },
];

/// Texts with wildcards that meet several of the properties.
pub(crate) static WILDCARDS: &[&str] = &[
    "*",
    "S*",
    "*Logging",
    "*amazonaws*",
    "us-*",
    "*Operation",
    "*:root",
    "AccessDenied*",
    "*e*",
    "A*s*",
];

/// Properties of a record that says as little as the schema lets it.
pub(crate) static PLAIN_RECORD: &str = r#"{"eventVersion":"1.11","userIdentity":{},"eventTime":"2026-01-01T00:00:00Z","eventSource":"other.amazonaws.com","eventName":"OtherCall","awsRegion":"ap-south-1","sourceIPAddress":"203.0.113.9","requestParameters":null,"responseElements":null,"eventID":"e","eventType":"AwsApiCall"}"#;

/// Services of which a record may have to come.
pub(crate) static SOURCES: &[&str] = &[
    "other.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "iam.amazonaws.com",
    "signin.amazonaws.com",
    "s3.amazonaws.com",
    "ec2.amazonaws.com",
    "kms.amazonaws.com",
    "config.amazonaws.com",
    "organizations.amazonaws.com",
];
