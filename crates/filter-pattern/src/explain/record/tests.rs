use super::*;
use crate::ast::Ast;
use crate::pattern::FilterPattern;

#[test]
fn what_does_not_go_with_a_record_is_told() {
    use RemarkKind::{FieldKind, UnknownField, UnusualValue};
    #[rustfmt::skip]
    let table = [
        ("$.Records[0].eventName = x",          UnknownField, "without the `Records` of CloudTrail's files: write `$.eventName`"),
        ("$.Records[*].userIdentity.type = x",  UnknownField, ": write `$.userIdentity.type`"),
        ("$.detail.eventName = x",              UnknownField, "EventBridge, which records in a log group do not have: write `$.eventName`"),
        ("$.eventname = x",                     UnknownField, "no field `eventname`; is `eventName` meant?"),
        ("$.requestParameter.bucketName = x",   UnknownField, "no field `requestParameter`; is `requestParameters` meant?"),
        ("$.sourceIPAdress = 1*",               UnknownField, "is `sourceIPAddress` meant?"),
        ("$.sourceIP = 1*",                     UnknownField, "is `sourceIPAddress` meant?"),
        ("$.userIdentity.username = x",         UnknownField, "no field `userIdentity.username`; is `userIdentity.userName` meant?"),
        ("$.userIdentity.sessionContext.sessionissuer.arn = x", UnknownField, "is `userIdentity.sessionContext.sessionIssuer` meant?"),
        ("$.additionalEventData.MfaUsed = No",  UnknownField, "is `additionalEventData.MFAUsed` meant?"),
        ("$.readOnly = \"true\"",               FieldKind,    "`readOnly` is true or false in CloudTrail records, and AWS documents no comparison of a text with these: write `$.readOnly IS TRUE`"),
        ("$.readOnly != true",                  FieldKind,    "write `$.readOnly IS FALSE`"),
        ("$.managementEvent = false",           FieldKind,    "write `$.managementEvent IS FALSE`"),
        ("$.managementEvent != false",          FieldKind,    "write `$.managementEvent IS TRUE`"),
        ("$.readOnly = yes",                    FieldKind,    "documents no comparison of a text with these"),
        ("$.sessionCredentialFromConsole IS TRUE", FieldKind, "documents `IS TRUE` for true and false only: write `$.sessionCredentialFromConsole = \"true\"`"),
        ("$.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE", FieldKind, "mfaAuthenticated = \"false\"`"),
        ("$.errorCode IS TRUE",                 FieldKind,    "`errorCode` is a text"),
        ("$.errorCode IS NULL",                 FieldKind,    "write `$.errorCode NOT EXISTS`"),
        ("$.userIdentity = *root*",             FieldKind,    "ask for a member of it, as in `$.userIdentity.type`"),
        ("$.requestParameters != x",            FieldKind,    "`requestParameters` is an object"),
        ("$.resources = x",                     FieldKind,    "as in `$.resources[*]`"),
        ("$.eventTime > 5",                     FieldKind,    "compare numbers only"),
        ("$.eventName = \"s3:PutBucketPolicy\"", UnusualValue, "write `$.eventName = \"PutBucketPolicy\"`, and if need be `$.eventSource = \"s3.amazonaws.com\"`"),
        ("$.eventName = consolelogin",          UnusualValue, "is `ConsoleLogin` meant?"),
        ("$.eventName = replaceNetworkAclEntry", UnusualValue, "is `ReplaceNetworkAclEntry` meant?"),
        ("$.eventName != attachInternetGateway", UnusualValue, "is `AttachInternetGateway` meant?"),
        ("$.eventName = PutBucketLifecycleConfiguration", UnusualValue, "Amazon S3 logs `PutBucketLifecycleConfiguration` as `PutBucketLifecycle`"),
        ("$.eventName = PutPublicAccessBlock",  UnusualValue, "as `PutBucketPublicAccessBlock` of a bucket and `PutAccountPublicAccessBlock` of an account"),
        ("$.eventName != DeletePublicAccessBlock", UnusualValue, "as `DeleteBucketPublicAccessBlock` of a bucket and `DeleteAccountPublicAccessBlock` of an account"),
        ("$.errorCode = \"\"",                  UnusualValue, "`errorCode` is missing where a call succeeded, and never empty: write `$.errorCode NOT EXISTS`"),
        ("$.errorCode != \"\"",                 UnusualValue, "`errorCode` is missing where a call succeeded, and never empty: write `$.errorCode = *`"),
        ("$.eventSource = s3",                  UnusualValue, "is `s3.amazonaws.com` meant?"),
        ("$.eventSource = API-gateway",         UnusualValue, "is `api-gateway.amazonaws.com` meant?"),
        ("$.eventSource = S3.amazonaws.com",    UnusualValue, "is `s3.amazonaws.com` meant?"),
        ("$.eventSource = s3.AmazonAWS.com",    UnusualValue, "is `s3.amazonaws.com` meant?"),
        ("$.userIdentity.type = root",          UnusualValue, "is `Root` meant?"),
        ("$.eventType = AwsApicall",            UnusualValue, "is `AwsApiCall` meant?"),
        ("$.additionalEventData.MFAUsed = true", UnusualValue, "`additionalEventData.MFAUsed` is one of Yes, No"),
    ];
    for (condition, kind, words) in table {
        let (found, text) = told(condition).unwrap_or_else(|| panic!("{condition}"));
        assert_eq!(found, kind, "{condition}: {text}");
        assert!(text.contains(words), "{condition}: {text}");
    }
}

#[test]
fn what_records_have_is_not_remarked_upon() {
    for condition in [
        "$.eventName = PutBucketPolicy",
        "$.eventName = NobodyKnowsThis",
        "$.eventName = put*",
        "$.eventSource = s3*",
        "$.eventSource = \"x.amazonaws.com\"",
        "$.readOnly IS TRUE",
        "$.readOnly NOT EXISTS",
        "$.responseElements IS NULL",
        "$.userIdentity NOT EXISTS",
        "$.requestParameters.anything.at.all > 3",
        "$.requestParameters.eventname = x",
        "$.additionalEventData.MFAUsedOrNot = x",
        "$.additionalEventData.MFAUse = x",
        "$.userIdentity.typo = x",
        "$.eventId = x",
        "$.eventSource = \"s3.x\"",
        "$.eventSource = s3_x",
        "$.userIdentity.type = Root",
        "$.errorCode = accessdenied",
        "$.errorCode = *",
        "$.userAgent = \"\"",
        "$.eventName = PutBucketLifecycle",
        "$.eventName = DeleteAccountPublicAccessBlock",
        "$.eventName = PutPublicAccessBlock*",
        "$.insightDetails.state = Start",
        "$.level = ERROR",
        "$.resources[*].accountId = 111122223333",
        "$.additionalEventData.bytesTransferredIn > 10",
        "$.* = x",
    ] {
        assert_eq!(told(condition), None, "{condition}");
    }
}

#[test]
fn of_texts_compared_with_booleans_only_true_and_false_have_another_spelling() {
    for (condition, instead) in [
        ("$.readOnly = true", Some("TRUE")),
        ("$.readOnly = false", Some("FALSE")),
        ("$.readOnly != true", Some("FALSE")),
        ("$.readOnly != false", Some("TRUE")),
        ("$.readOnly = yes", None),
        ("$.readOnly != yes", None),
        ("$.readOnly = 1", None),
    ] {
        let (_, text) = told(condition).unwrap_or_else(|| panic!("{condition}"));
        let written = instead.map(|it| format!(": write `$.readOnly IS {it}`"));
        match written {
            Some(written) => assert!(text.ends_with(&written), "{condition}: {text}"),
            None => assert!(!text.contains("write"), "{condition}: {text}"),
        }
    }
}

fn told(condition: &str) -> Option<(RemarkKind, String)> {
    let pattern = FilterPattern::parse(&format!("{{ {condition} }}")).unwrap();
    let Ast::Json(expression) = pattern.ast() else {
        panic!("{condition}");
    };
    of_condition(expression.conditions()[0])
}

#[test]
fn letters_in_out_or_changed_are_counted() {
    for (one, other, distance) in [
        ("", "", 0),
        ("", "ab", 2),
        ("abc", "abd", 1),
        ("abc", "ac", 1),
        ("kitten", "sitting", 3),
    ] {
        assert_eq!(edit_distance(one, other), distance, "{one} {other}");
        assert_eq!(edit_distance(other, one), distance, "{other} {one}");
    }
}
