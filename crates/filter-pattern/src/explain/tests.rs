//! The words, as people read them.

use std::fmt::Write as _;

use super::{events_of, explain};
use crate::schema::Schema;

/// The explanation as one text.
fn told(text: &str) -> String {
    let explanation = explain(text, &Schema::cloudtrail()).unwrap();
    let mut told = format!("{text}\n  {}\n", explanation.summary);
    for alternative in &explanation.alternatives {
        let _ = writeln!(told, "    • {alternative}");
    }
    for remark in &explanation.remarks {
        let _ = writeln!(told, "  {}: {}", remark.kind.name(), remark.text);
    }
    told
}

#[test]
fn the_patterns_of_the_benchmarks_read_like_sentences() {
    let patterns: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/data/control_patterns.json")).unwrap();
    let mut texts: Vec<&str> = Vec::new();
    collect(&patterns, &mut texts);
    let mut seen = std::collections::HashSet::new();
    let all: String = texts
        .into_iter()
        .filter(|text| crate::FilterPattern::parse(text).is_ok_and(|pattern| seen.insert(pattern)))
        .map(told)
        .collect();
    insta::assert_snapshot!(all);
}

fn collect<'a>(value: &'a serde_json::Value, texts: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) if text.starts_with('{') => texts.push(text),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        serde_json::Value::Object(items) => items.values().for_each(|item| collect(item, texts)),
        _ => {}
    }
}

#[test]
fn surprises_are_told() {
    let texts = [
        "{ $.eventName = A && $.eventName = B }",
        "{ $.awsRegion = x || $.awsRegion != x }",
        "{ $.errorCode = x || $.eventName != HeadBucket }",
        "{ $.eventName = Put* || $.eventName = PutObject }",
        "{ $.eventName = A || $.eventName = B && $.errorCode NOT EXISTS }",
        "{ $.userIdentity.invokedBy != x }",
        "{ $.userIdentity.invokedBy != x || $.userIdentity.invokedBy NOT EXISTS }",
        "{ $.requestParameters.size = \"12\" && $.responseElements.n >= 4 }",
        "{ $.resources[*].accountId != 111122223333 }",
        "{ $.userIdentity.arn = %role/admin% && $.errorCode = %^Access% }",
        "{ $.eventSource = s3.amazonaws.com && ($.eventName = PutBucketAcl || $.errorCode = *) }",
        "{ $.sourceIPAddress != 10.* && $.eventName != A && $.eventName != B && $.readOnly IS FALSE }",
        "ERROR ?WARN -benign",
        "?ERROR ?WARN",
        "%AUTH%",
        "[ip, user, ..., status = 4* && status != 404, bytes > 1000]",
        "[level = ERROR, message]",
        "",
    ];
    insta::assert_snapshot!(texts.map(told).concat());
}

#[test]
fn what_holds_for_all_alternatives_is_told_before_them() {
    let texts = [
        "{ ($.a = x || $.b = y) && $.c = z }",
        "{ $.c = z && ($.a = x || $.b = y) }",
        "{ $.a = x || $.b = y && $.c = z }",
        "{ ($.a = x || $.b = y) && ($.c = z || $.d = w) && $.e = v }",
        "{ ($.a = x || $.b = y && ($.c = z || $.d = w && $.e = v)) && $.f = u }",
        "{ $.f = u && (($.a = x || $.b = y) && $.c = z || $.d = w) || $.e = v }",
        "{ ($.eventName = A || $.errorCode = *) && $.eventSource = s3.amazonaws.com && $.readOnly IS TRUE }",
        "[level = A || level = B, code = 1 || code > 2 && code < 4, message]",
        "[code = 1 || code > 2 && code < 4]",
    ];
    insta::assert_snapshot!(texts.map(told).concat());
}

#[test]
fn an_alternative_with_alternatives_is_an_entry_of_a_list() {
    let pattern = "{ ($.a = x || $.b = y) && $.c = z || $.d = w }"
        .parse()
        .unwrap();
    assert_eq!(
        events_of(&pattern),
        "events that are one of these: (1) events whose `c` is `z` and that are one of these: \
         (1.1) events whose `a` is `x`; (1.2) events whose `b` is `y`; (2) events whose `d` is `w`"
    );
}

#[test]
fn the_events_of_a_pattern_are_a_phrase() {
    let pattern = "{ $.eventName = StopLogging }".parse().unwrap();
    assert_eq!(events_of(&pattern), "calls of `StopLogging`");
}

#[test]
fn fields_of_records_are_spoken_of_as_people_do() {
    #[rustfmt::skip]
    let table = [
        ("$.eventSource = s3.amazonaws.com || $.eventSource = x.amazonaws.com", "events to S3 or `x.amazonaws.com`"),
        ("$.eventSource = s3*",                                          "events whose `eventSource` begins with `s3`"),
        ("$.userIdentity.type = Root || $.userIdentity.type = Role",     "events by the root user or an identity of type `Role`"),
        ("$.userIdentity.type = *Role",                                  "events whose `userIdentity.type` ends with `Role`"),
        ("$.awsRegion = eu-west-1 || $.awsRegion = eu-west-2",           "events in Region `eu-west-1` or `eu-west-2`"),
        ("$.awsRegion = eu-*",                                           "events whose `awsRegion` begins with `eu-`"),
        (r#"$.recipientAccountId = "1" || $.recipientAccountId = "2""#,  "events in account `1` or `2`"),
        ("$.recipientAccountId = 1*",                                    "events whose `recipientAccountId` begins with `1`"),
        ("$.recipientAccountId = 12",                                    "events whose `recipientAccountId` is 12"),
        ("$.sourceIPAddress = a",                                        "events from `a`"),
        ("$.sourceIPAddress = 10.*",                                     "events whose `sourceIPAddress` begins with `10.`"),
        ("$.userIdentity.arn = a || $.userIdentity.arn = b",             "events by `a` or `b`"),
        ("$.userIdentity.arn = *:root",                                  "events whose `userIdentity.arn` ends with `:root`"),
        ("$.userIdentity.userName = bob",                                "events by the user `bob`"),
        ("$.userIdentity.userName = b*",                                 "events whose `userIdentity.userName` begins with `b`"),
        ("$.userIdentity.sessionContext.sessionIssuer.userName = deploy", "events by the role `deploy`"),
        ("$.userIdentity.sessionContext.sessionIssuer.userName = dep*",  "events whose `userIdentity.sessionContext.sessionIssuer.userName` begins with `dep`"),
        ("$.errorMessage = x",                                           "events with the error message `x`"),
        ("$.errorMessage = *x*",                                         "events whose `errorMessage` contains `x`"),
        ("$.errorCode NOT EXISTS",                                       "calls that succeeded (no error code)"),
        ("$.errorCode = *",                                              "calls that failed (with any error code)"),
        ("$.errorCode = a || $.errorCode = b*",                          "calls that failed with an error code that is `a` or begins with `b`"),
        ("$.responseElements.ConsoleLogin = Success",                    "events that succeeded"),
        ("$.responseElements.ConsoleLogin = Failure",                    "events that failed"),
        ("$.responseElements.ConsoleLogin = x",                          "events whose `responseElements.ConsoleLogin` is `x`"),
        ("$.additionalEventData.MFAUsed = No",                           "events without MFA"),
        ("$.additionalEventData.MFAUsed = Yes",                          "events with MFA"),
        ("$.eventType = AwsServiceEvent || $.eventType = 5",              "events whose `eventType` is `AwsServiceEvent` or 5"),
        ("$.additionalEventData.MFAUsed != Yes && $.additionalEventData.MFAUsed != 5", "events whose `additionalEventData.MFAUsed` is there and is not `Yes` and is there and is not 5"),
        ("$.responseElements.ConsoleLogin = Success || $.responseElements.ConsoleLogin = %x%", "events whose `responseElements.ConsoleLogin` is `Success` or has a part that fits the regular expression `x`"),
        ("$.additionalEventData.MFAUsed = x",                            "events whose `additionalEventData.MFAUsed` is `x`"),
        ("$.userIdentity.invokedBy NOT EXISTS",                          "events that were made directly, not by an AWS service on somebody's behalf"),
        ("$.userIdentity.invokedBy = *",                                 "events that an AWS service made on somebody's behalf"),
        ("$.userIdentity.invokedBy = x",                                 "events whose `userIdentity.invokedBy` is `x`"),
        ("$.readOnly IS TRUE",                                           "events that only read"),
        ("$.readOnly IS FALSE",                                          "events that change something"),
        ("$.readOnly IS NULL",                                           "events whose `readOnly` is null"),
        ("$.eventType = AwsServiceEvent",                                "events that are AWS service events"),
        ("$.eventType = AwsApiCall",                                     "events whose `eventType` is `AwsApiCall`"),
        ("$.a NOT EXISTS",                                               "events without `a`"),
        ("$.a = *",                                                      "events with any `a`"),
        ("$.a = 5 || $.a = x",                                           "events whose `a` is 5 or `x`"),
        ("$.a = 5 || $.a = x* || $.a = *y",                              "events whose `a` is 5, begins with `x` or ends with `y`"),
        ("$.a = *x* || $.a = x*y",                                       "events whose `a` contains `x` or looks like `x*y`"),
        ("$.a = *x*y*",                                                  "events whose `a` looks like `*x*y*`"),
        ("$.a = *x*y",                                                   "events whose `a` looks like `*x*y`"),
        ("$.a = %x%",                                                    "events whose `a` has a part that fits the regular expression `x`"),
        ("$.a > 1 || $.a <= 2",                                          "events whose `a` is more than 1 or is at most 2"),
        ("$.a IS NULL",                                                  "events whose `a` is null"),
        ("$.eventName != A && $.eventName != B",                         "events other than `A` and `B`"),
        ("$.eventName != A*",                                            "events whose `eventName` is there and is not like `A*`"),
        ("$.eventSource != s3.amazonaws.com && $.eventSource != x.amazonaws.com", "events to any service but S3 and `x.amazonaws.com`"),
        ("$.eventSource != s3*",                                         "events whose `eventSource` is there and is not like `s3*`"),
        ("$.sourceIPAddress != a",                                       "events from anywhere but `a`"),
        ("$.sourceIPAddress != 10.*",                                    "events whose `sourceIPAddress` is there and is not like `10.*`"),
        ("$.awsRegion != a && $.awsRegion != b",                         "events in any Region but `a` and `b`"),
        ("$.awsRegion != eu-*",                                          "events whose `awsRegion` is there and is not like `eu-*`"),
        (r#"$.recipientAccountId != "1" && $.recipientAccountId != "2""#, "events in any account but `1` and `2`"),
        ("$.recipientAccountId != 1*",                                   "events whose `recipientAccountId` is there and is not like `1*`"),
        ("$.recipientAccountId != 12",                                   "events whose `recipientAccountId` is there and is not 12"),
        ("$.userIdentity.type != Root",                                  "events by anybody but the root user"),
        ("$.userIdentity.type != Role",                                  "events whose `userIdentity.type` is there and is not `Role`"),
        ("$.userIdentity.arn != a && $.userIdentity.arn != b",           "events by anybody but `a` and `b`"),
        ("$.userIdentity.arn != *a",                                     "events whose `userIdentity.arn` is there and is not like `*a`"),
        ("$.userIdentity.sessionContext.sessionIssuer.arn != a",         "events by anybody but `a`"),
        ("$.userIdentity.sessionContext.sessionIssuer.arn != *a",        "events whose `userIdentity.sessionContext.sessionIssuer.arn` is there and is not like `*a`"),
        ("$.eventType != AwsServiceEvent",                               "events that are not AWS service events"),
        ("$.eventType != AwsApiCall",                                    "events whose `eventType` is there and is not `AwsApiCall`"),
        ("$.additionalEventData.MFAUsed != Yes",                         "events without MFA (`additionalEventData.MFAUsed` is there and is not `Yes`)"),
        ("$.additionalEventData.MFAUsed != No",                          "events whose `additionalEventData.MFAUsed` is there and is not `No`"),
        ("$.a != x && $.a != y",                                         "events whose `a` is there and is neither `x` nor `y`"),
        ("$.a != x",                                                     "events whose `a` is there and is not `x`"),
        ("$.a != 5 && $.a != 6",                                         "events whose `a` is there and is not 5 and is there and is not 6"),
        ("$.a != x* && $.a != y",                                        "events whose `a` is there and is not like `x*` and is there and is not `y`"),
        ("$.a != *",                                                     "events whose `a` is there and matches no text"),
        ("$.a != %x%",                                                   "events whose `a` is there and has no part that fits the regular expression `x`"),
        ("$.eventName = A* || $.eventName = B",                          "calls whose name is `B` or begins with `A`"),
        ("$.eventName = ConsoleLogin",                                   "console sign-ins (`ConsoleLogin`)"),
        ("$.eventName = ConsoleLogin || $.eventName = B",                "calls of `ConsoleLogin` or `B`"),
        ("$.eventName = *",                                              "events with any `eventName`"),
    ];
    for (conditions, words) in table {
        let pattern = format!("{{ {conditions} }}").parse().unwrap();
        assert_eq!(events_of(&pattern), words, "{conditions}");
    }
}

#[test]
fn words_and_fields_are_told_as_they_are_read() {
    #[rustfmt::skip]
    let table = [
        ("ERROR",                        "log events whose text contains `ERROR`"),
        ("ERROR WARN",                   "log events whose text contains `ERROR` and `WARN`"),
        ("-a -b",                        "log events whose text does not contain `a` or `b`"),
        ("a -b",                         "log events whose text contains `a` and does not contain `b`"),
        ("?a ?b",                        "log events whose text contains `a` or `b`"),
        ("[a = 1, b]",                   "log events of at least 2 fields separated by blanks in which `a` is 1"),
        ("[a = 1, ..., b = 2, c = 3]",   "log events of at least 3 fields separated by blanks in which `a` (field 1) is 1, `b` (field 2 from the end) is 2 and `c` (the last field) is 3"),
        ("[a = 1, , c = 3]",             "log events of at least 3 fields separated by blanks in which `a` (field 1) is 1 and `c` (field 3) is 3"),
    ];
    for (text, words) in table {
        assert_eq!(events_of(&text.parse().unwrap()), words, "{text}");
    }
}

#[test]
fn remarks_are_about_the_schema_that_is_asked_about() {
    #[rustfmt::skip]
    let table = [
        ("{ $.eventname = x }",          Schema::cloudtrail(), &["unknown_field"][..]),
        ("{ $.eventname = x }",          Schema::any(),        &[]),
        ("{ $.sourceIPAddress = \"12\" }", Schema::cloudtrail(), &[]),
        ("{ $.sourceIPAddress = \"12\" }", Schema::any(),        &["number_text"]),
        ("{ $.a = %^x% }",               Schema::any(),        &[]),
        ("{ $.a = %x$% }",               Schema::any(),        &[]),
        ("{ $.a = %x% }",                Schema::any(),        &["regex_anywhere"]),
        ("%^AUTH%",                      Schema::any(),        &[]),
        ("%AUTH$%",                      Schema::any(),        &[]),
        ("%AUTH%",                       Schema::any(),        &["regex_anywhere"]),
    ];
    for (text, schema, expected) in table {
        let remarks = explain(text, &schema).unwrap().remarks;
        let kinds: Vec<&str> = remarks.iter().map(|remark| remark.kind.name()).collect();
        assert_eq!(kinds, expected, "{text} {schema:?}");
    }
}
