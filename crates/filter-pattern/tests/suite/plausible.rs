//! Witnesses as an engineer would judge them: what goes together in real records
//! goes together in them.

use filter_pattern::{Covers, FilterPattern, Schema, covers};
use serde_json::{Value, json};

fn witness(required: &str, filters: &[&str]) -> Value {
    let pattern = |text: &&str| {
        text.parse::<FilterPattern>()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    let filters: Vec<FilterPattern> = filters.iter().map(pattern).collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    match covers(&pattern(&required), &filters, &Schema::cloudtrail()) {
        Covers::No(witness) => witness.event().clone(),
        other => panic!("{required}: {other:?}"),
    }
}

#[test]
fn an_excluded_role_escapes_as_a_session_of_that_role() {
    let event = witness(
        "{ $.eventName = StopLogging }",
        &["{ $.eventName = StopLogging && $.userIdentity.arn != *:assumed-role/deploy* }"],
    );
    let identity = &event["userIdentity"];
    assert_eq!(identity["type"], "AssumedRole");
    assert_eq!(
        identity["arn"],
        "arn:aws:sts::111122223333:assumed-role/deploy/session"
    );
    assert_eq!(
        identity["sessionContext"]["sessionIssuer"]["userName"],
        "deploy"
    );
    assert_eq!(event["userAgent"], "aws-cli/2.31.0");
}

#[test]
fn an_excluded_identity_fits_the_rest_of_the_record() {
    let required = "{ $.eventName = RotateKey }";
    #[rustfmt::skip]
    let table = [
        ("$.userIdentity.type != Root",
            json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"})),
        ("$.userIdentity.userName != bob",
            json!({"type": "IAMUser", "userName": "bob", "arn": "arn:aws:iam::111122223333:user/bob"})),
        ("$.sourceIPAddress != delivery.logs.amazonaws.com",
            json!({"type": "AWSService", "invokedBy": "delivery.logs.amazonaws.com"})),
        ("$.eventType != AwsServiceEvent",
            json!({"invokedBy": "AWS Internal", "accountId": "111122223333"})),
        ("$.userIdentity.invokedBy NOT EXISTS",
            json!({"type": "IAMUser", "invokedBy": "cloudformation.amazonaws.com"})),
    ];
    for (clause, expected) in table {
        let event = witness(
            required,
            &[&format!("{{ $.eventName = RotateKey && {clause} }}")],
        );
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(&event["userIdentity"][key], value, "{clause}: {event}");
        }
        let invoked = event["userIdentity"]["invokedBy"].as_str();
        if let Some(invoker) = invoked {
            assert_eq!(event["sourceIPAddress"], invoker, "{clause}");
        }
    }
}

#[test]
fn an_identity_of_another_type_has_nothing_of_a_users() {
    let event = witness("{ $.userIdentity.type != IAMUser }", &[]);
    assert_ne!(event["userIdentity"]["type"], "IAMUser");
    assert!(event["userIdentity"].get("userName").is_none(), "{event}");
}

#[test]
fn a_text_that_ends_like_an_identity_is_plain_in_other_fields() {
    let event = witness("{ $.requestParameters.x = *:user/deploy* }", &[]);
    assert_eq!(event["requestParameters"]["x"], ":user/deploy");
    let event = witness("{ $.userIdentity.arn = *:user/deploy* }", &[]);
    assert_eq!(
        event["userIdentity"]["arn"],
        "arn:aws:iam::111122223333:user/deploy"
    );
}

#[test]
fn a_name_that_is_a_part_becomes_a_real_one() {
    #[rustfmt::skip]
    let table = [
        ("{ $.eventName = Put* }",    "{ $.eventName = PutRolePolicy }", "PutBucketPolicy",  "s3.amazonaws.com"),
        ("{ $.eventName = *Trail* }", "{ $.eventName = CreateTrail }",   "DescribeTrails",   "cloudtrail.amazonaws.com"),
        ("{ $.eventName = Head* }",   "{ $.eventName = HeadObject }",    "HeadBucket",       "s3.amazonaws.com"),
        ("{ $.eventName = Delete* }", "{ $.eventName = x }",             "DeleteSecurityGroup", "ec2.amazonaws.com"),
        ("{ $.errorCode = us-* }",    "{ $.eventName = x }",             "ListBuckets",         "s3.amazonaws.com"),
        ("{ $.eventSource = kms.amazonaws.com && $.eventName = Sched* }", "{ $.eventName = x }",
            "ScheduleKeyDeletion", "kms.amazonaws.com"),
    ];
    for (required, filter, name, source) in table {
        let event = witness(required, &[filter]);
        assert_eq!(event["eventName"], name, "{required}");
        assert_eq!(event["eventSource"], source, "{required}");
    }
}

#[test]
fn a_name_that_several_services_log_is_a_known_ones_where_that_escapes() {
    let policy = "{ $.eventName = DeletePolicy }";
    let route = "{ $.eventName = CreateRoute }";
    #[rustfmt::skip]
    let table: [(&str, &[&str], &str); 10] = [
        (policy, &[], "iam.amazonaws.com"),
        (policy, &["{ $.eventName = DeletePolicy && $.eventSource = iam.amazonaws.com }"], "organizations.amazonaws.com"),
        (policy, &["{ $.eventName = DeletePolicy && $.eventSource = kms.amazonaws.com }"], "iam.amazonaws.com"),
        (policy, &["{ $.eventName = DeletePolicy && $.eventSource = iam.amazonaws.com && $.awsRegion = us-west-1 }",
                   "{ $.eventName = DeletePolicy && $.eventSource = organizations.amazonaws.com && $.awsRegion = us-west-1 }"], "iam.amazonaws.com"),
        ("{ $.eventName = DeletePolicy && $.eventSource != iam.amazonaws.com }", &[], "organizations.amazonaws.com"),
        ("{ $.eventName = DeletePolicy && $.eventSource = *.amazonaws.com }", &["{ $.eventSource = i* }"], "organizations.amazonaws.com"),
        (route,  &["{ $.eventName = CreateRoute && $.eventSource = ec2.amazonaws.com }"], "apigateway.amazonaws.com"),
        (route,  &["{ $.eventSource = signin.amazonaws.com }"], "ec2.amazonaws.com"),
        ("{ $.eventName = CreateRoute && $.eventType = * }", &["{ $.eventSource = ec2.amazonaws.com }"], "apigateway.amazonaws.com"),
        ("{ $.eventName = CreateRoute && $.eventType != AwsApiCall }", &[], "ec2.amazonaws.com"),
    ];
    let mut wrong = Vec::new();
    for (required, filters, source) in table {
        let event = witness(required, filters);
        if event["eventSource"] != source {
            wrong.push(format!("{required} by {filters:?}: {event}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_version_is_one_of_records() {
    #[rustfmt::skip]
    let table = [
        ("$.eventVersion = 1.11",         "1.10"),
        ("$.eventVersion != \"\"",        ""),
        ("$.eventVersion = %.%",          ""),
        ("$.eventVersion = 1.*",          "2.0"),
        ("$.eventVersion = %^1\\.[0-9]+$%", "2.0"),
        ("$.eventVersion = %^[0-9.]+$%",  ""),
    ];
    let pattern = |text: &str| text.parse::<FilterPattern>().expect(text);
    for (clause, version) in table {
        let required = pattern("{ $.eventName = RunInstances }");
        let filter = pattern(&format!("{{ $.eventName = RunInstances && {clause} }}"));
        match covers(&required, &[&filter], &Schema::cloudtrail()) {
            Covers::No(witness) => {
                assert_eq!(witness.event()["eventVersion"], version, "{clause}");
            }
            Covers::Yes(proof) => {
                let mut names = proof
                    .assumptions()
                    .iter()
                    .map(filter_pattern::Assumption::name);
                assert!(version.is_empty(), "{clause}");
                assert!(
                    names.any(|it| it == "event-version-form"),
                    "{clause}: {proof:?}"
                );
            }
            Covers::Unknown(why) => panic!("{clause}: {why}"),
        }
    }
}

#[test]
fn a_sign_in_has_the_fields_of_a_sign_in() {
    let event = witness(
        "{ $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes }",
        &[],
    );
    assert_eq!(
        event["additionalEventData"],
        json!({
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "No",
        })
    );
    assert_eq!(
        event["responseElements"],
        json!({"ConsoleLogin": "Success"})
    );
    let failed = "{ $.eventName = ConsoleLogin && $.errorMessage = \"Failed authentication\" }";
    let event = witness(failed, &[]);
    assert_eq!(
        event["responseElements"],
        json!({"ConsoleLogin": "Failure"})
    );
}

#[test]
fn error_codes_are_those_of_the_service() {
    let denied = "($.errorCode = \"*UnauthorizedOperation\" || $.errorCode = \"AccessDenied*\")";
    #[rustfmt::skip]
    let table = [
        (format!("{{ {denied} && $.eventName = HeadBucket }}"),                     "AccessDenied"),
        (format!("{{ {denied} && $.eventSource = kms.amazonaws.com }}"),            "AccessDenied"),
        (format!("{{ {denied} && $.eventSource = ec2.amazonaws.com }}"),            "Client.UnauthorizedOperation"),
        ("{ $.errorCode = Vpce* && $.eventType != AwsApiCall }".to_owned(),         "VpceAccessDenied"),
    ];
    for (required, code) in table {
        let event = witness(&required, &[]);
        assert_eq!(event["errorCode"], code, "{required}: {event}");
    }
}

#[test]
fn a_denial_by_an_endpoint_is_a_network_activity_event() {
    let pattern = |text: &str| text.parse::<FilterPattern>().expect("valid");
    let required = pattern("{ $.errorCode = VpceAccessDenied && $.eventType = * }");
    let filter = pattern("{ $.errorCode = Vpce* && $.eventType = AwsVpceEvents }");
    let Covers::Yes(proof) = covers(&required, &[&filter], &Schema::cloudtrail()) else {
        panic!("endpoints deny network activity only");
    };
    let names: Vec<&str> = proof
        .assumptions()
        .iter()
        .map(filter_pattern::Assumption::name)
        .collect();
    assert!(names.contains(&"vpc-endpoint-denial"), "{names:?}");
    let event = witness("{ $.errorCode = VpceAccessDenied }", &[]);
    assert_eq!(event["eventType"], "AwsVpceEvents");
    assert_eq!(event["eventCategory"], "NetworkActivity");
}
