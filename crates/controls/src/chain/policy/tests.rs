//! Topic policies of known effect on an alarm's message.

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alerts";
const ALARM: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:s3";

fn publish(statements: &str) -> &'static str {
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let request = Request::of_alarm("sns:Publish", TOPIC, ALARM, "111122223333");
    match decide(&policy, &request) {
        Decision::Allowed => "allowed",
        Decision::Denied(_) => "denied",
        Decision::Undecided(_) => "undecided",
    }
}

#[test]
fn how_the_arn_of_an_alarm_with_other_letters_is_compared_is_not_decided() {
    let alarm = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:ÄnderungS3";
    let request = Request::of_alarm("sns:Publish", TOPIC, alarm, "111122223333");
    let decided = |condition: &str| {
        let cloudwatch = r#""Principal":{"Service":"cloudwatch.amazonaws.com"}"#;
        let statement = statement("Allow", cloudwatch, r#""Action":"sns:Publish""#, condition);
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        decide(&policy, &request)
    };
    let by_arn =
        decided(r#""ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:111122223333:alarm:*"}"#);
    assert!(matches!(by_arn, Decision::Undecided(_)));
    let by_account = decided(r#""StringEquals":{"aws:SourceAccount":"111122223333"}"#);
    assert!(matches!(by_account, Decision::Allowed));
}

/// A statement from effect, principal, action and condition (JSON texts).
fn statement(effect: &str, principal: &str, action: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"{effect}",{principal},{action},"Resource":"{TOPIC}","Condition":{{{condition}}}}}"#
    )
}

#[test]
fn an_allow_counts_when_principal_action_and_conditions_match() {
    let everybody = r#""Principal":{"AWS":"*"}"#;
    let cloudwatch = r#""Principal":{"Service":["cloudwatch.amazonaws.com"]}"#;
    let root = r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#;
    let but_root = r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"}"#;
    let act = r#""Action":["SNS:GetTopicAttributes","SNS:Publish"]"#;
    let not_act = r#""NotAction":"sns:Publish""#;
    for (expected, principal, action, condition) in [
        (
            "allowed",
            everybody,
            act,
            r#""StringEquals":{"AWS:SourceOwner":"111122223333"}"#,
        ),
        (
            "denied",
            everybody,
            act,
            r#""StringEquals":{"AWS:SourceOwner":"999922223333"}"#,
        ),
        ("allowed", r#""Principal":"*""#, act, ""),
        ("allowed", cloudwatch, r#""Action":"sns:Pub*""#, ""),
        (
            "allowed",
            cloudwatch,
            r#""Action":"*""#,
            r#""ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:111122223333:alarm:*"}"#,
        ),
        (
            "denied",
            cloudwatch,
            act,
            r#""ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:us-east-1:*:alarm:*"}"#,
        ),
        ("denied", root, act, ""),
        ("allowed", but_root, act, ""),
        (
            "denied",
            r#""Principal":{"Service":"events.amazonaws.com"}"#,
            act,
            "",
        ),
        ("denied", cloudwatch, not_act, ""),
        ("denied", cloudwatch, r#""Action":"sns:Subscribe""#, ""),
        (
            "denied",
            everybody,
            act,
            r#""StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}"#,
        ),
        (
            "allowed",
            everybody,
            act,
            r#""StringEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"}"#,
        ),
        (
            "undecided",
            everybody,
            act,
            r#""StringEquals":{"aws:SourceOrgID":"o-abcdefghij"}"#,
        ),
        (
            "allowed",
            everybody,
            act,
            r#""Null":{"aws:PrincipalOrgID":"true"}"#,
        ),
        (
            "denied",
            everybody,
            act,
            r#""Null":{"aws:SourceAccount":"true"}"#,
        ),
        (
            "allowed",
            everybody,
            act,
            r#""StringLike":{"aws:SourceAccount":["9999*","1111*"]}"#,
        ),
        (
            "undecided",
            everybody,
            act,
            r#""StringFuzzy":{"aws:SourceAccount":"1"}"#,
        ),
        (
            "denied",
            everybody,
            act,
            r#""IpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#,
        ),
    ] {
        let text = statement("Allow", principal, action, condition);
        assert_eq!(publish(&text), expected, "{text}");
    }
}

#[test]
fn a_deny_that_matches_wins() {
    let allow = r#"{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"*"}"#;
    let everybody = r#""Principal":"*""#;
    for (expected, principal, condition) in [
        ("denied", everybody, ""),
        (
            "allowed",
            everybody,
            r#""Bool":{"aws:SecureTransport":"false"}"#,
        ),
        (
            "denied",
            everybody,
            r#""StringNotEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}"#,
        ),
        (
            "allowed",
            everybody,
            r#""StringNotEquals":{"aws:PrincipalOrgID":"o-abcdefghij"},"Bool":{"aws:PrincipalIsAWSService":false}"#,
        ),
        (
            "denied",
            everybody,
            r#""StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"}"#,
        ),
        (
            "undecided",
            everybody,
            r#""StringNotEquals":{"aws:SourceOrgID":"o-abcdefghij"}"#,
        ),
        ("denied", r#""NotPrincipal":{"AWS":"111122223333"}"#, ""),
        (
            "allowed",
            r#""NotPrincipal":{"Service":"cloudwatch.amazonaws.com"}"#,
            "",
        ),
    ] {
        let deny = statement("Deny", principal, r#""Action":"sns:*""#, condition);
        assert_eq!(publish(&format!("{allow},{deny}")), expected, "{deny}");
    }
}

#[test]
#[rustfmt::skip]
fn a_time_is_decided_where_any_time_will_do() {
    let allow = |condition: &str| statement("Allow", r#""Principal":"*""#, r#""Action":"sns:Publish""#, condition);
    for (expected, condition) in [
        ("allowed",   r#""DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#),
        ("denied",    r#""DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#),
        ("denied",    r#""DateLessThanIfExists":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#),
        ("undecided", r#""DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}"#),
        ("undecided", r#""DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}"#),
        ("undecided", r#""DateGreaterThan":{"aws:CurrentTime":"yesterday"}"#),
        ("denied",    r#""DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2021-01-01T00:00:00Z"}"#),
        ("allowed",   r#""NumericGreaterThan":{"aws:EpochTime":"1577836800"}"#),
        ("denied",    r#""DateEquals":{"aws:EpochTime":"1577836800"}"#),
        ("allowed",   r#""DateNotEquals":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#),
        ("denied",    r#""Null":{"aws:CurrentTime":"true"}"#),
        ("undecided", r#""StringLike":{"aws:CurrentTime":"2020-*"}"#),
    ] {
        assert_eq!(publish(&allow(condition)), expected, "{condition}");
    }
    // A window of a Deny that is over, and one that is not.
    let always = allow("");
    for (expected, year) in [("allowed", 2020), ("undecided", 2030)] {
        let window = format!(r#""DateLessThan":{{"aws:CurrentTime":"{year}-01-01T00:00:00Z"}}"#);
        let deny = statement("Deny", r#""Principal":"*""#, r#""Action":"*""#, &window);
        assert_eq!(publish(&format!("{always},{deny}")), expected, "{year}");
    }
}

#[test]
fn a_doubt_names_the_conditions_that_it_is_about() {
    let condition = r#""StringEquals":{"aws:SourceAccount":"111122223333","aws:SourceOrgID":"o-abcdefghij"},"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}"#;
    let allow = statement(
        "Allow",
        r#""Principal":"*""#,
        r#""Action":"sns:Publish""#,
        condition,
    );
    let policy = format!(r#"{{"Statement":[{allow}]}}"#);
    let request = Request::of_alarm("sns:Publish", TOPIC, ALARM, "111122223333");
    let Decision::Undecided(why) = decide(&policy, &request) else {
        panic!("it is decided");
    };
    assert_eq!(
        why,
        "whether statement 1, which asks for `aws:CurrentTime` (a verdict is not about a time) and `aws:SourceOrgID`, allows it cannot be decided"
    );
}

#[test]
#[rustfmt::skip]
fn conditions_of_keys_and_of_more_services_are_decided_by_what_a_service_sends() {
    let everybody = r#""Principal":{"AWS":"*"}"#;
    let cloudwatch = r#""Principal":{"Service":"cloudwatch.amazonaws.com"}"#;
    let own = r#""kms:CallerAccount":"111122223333""#;
    let other = r#""kms:CallerAccount":"444455556666""#;
    let via = r#""kms:ViaService":"sns.eu-west-1.amazonaws.com""#;
    let via_sqs = r#""kms:ViaService":"sqs.eu-west-1.amazonaws.com""#;
    let context = format!(r#""kms:EncryptionContext:aws:sns:topicArn":"{TOPIC}""#);
    let equals = |keys: &[&str]| format!(r#""StringEquals":{{{}}}"#, keys.join(","));
    for (expected, principal, condition) in [
        ("allowed",   cloudwatch, String::new()),
        ("allowed",   cloudwatch, r#""StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:111122223333:alarm:*"}"#.to_owned()),
        ("denied",    r#""Principal":{"AWS":"arn:aws:iam::111122223333:root"}"#, String::new()),
        // The policy of AWS's own key for SNS.
        ("denied",    everybody,  equals(&[own, via])),
        ("denied",    everybody,  r#""StringEquals":{"kms:CallerAccount":"111122223333"},"StringLike":{"kms:ViaService":"sns.*.amazonaws.com"}"#.to_owned()),
        // One of the two alone may be what keeps CloudWatch out.
        ("undecided", everybody,  equals(&[own])),
        ("undecided", everybody,  equals(&[via])),
        ("denied",    everybody,  equals(&[other])),
        ("denied",    everybody,  equals(&[via_sqs])),
        ("undecided", cloudwatch, equals(&[&context])),
        ("denied",    cloudwatch, equals(&[r#""kms:EncryptionContext:aws:sns:topicArn":"arn:aws:sns:eu-west-1:111122223333:other""#])),
        ("undecided", cloudwatch, r#""StringEqualsIfExists":{"kms:ViaService":"sqs.eu-west-1.amazonaws.com"}"#.to_owned()),
        ("allowed",   cloudwatch, r#""StringNotEquals":{"kms:ViaService":"sqs.eu-west-1.amazonaws.com"}"#.to_owned()),
        ("undecided", cloudwatch, r#""StringNotEquals":{"kms:ViaService":"sns.eu-west-1.amazonaws.com"}"#.to_owned()),
        ("denied",    cloudwatch, r#""Bool":{"kms:GrantIsForAWSResource":"true"}"#.to_owned()),
    ] {
        let policy = format!(r#"{{"Statement":[{{"Effect":"Allow",{principal},"Action":"kms:*","Resource":"*","Condition":{{{condition}}}}}]}}"#);
        let topic: Arn = TOPIC.parse().unwrap();
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
        let request = Request::of_alarm("kms:Decrypt", key, ALARM, "111122223333").about_key_of(&topic);
        let decided = match decide(&policy, &request) {
            Decision::Allowed => "allowed",
            Decision::Denied(_) => "denied",
            Decision::Undecided(_) => "undecided",
        };
        assert_eq!(decided, expected, "{condition}");
    }
    let act = r#""Action":"sns:Publish""#;
    for (expected, condition) in [
        ("allowed",   r#""StringEquals":{"aws:RequestedRegion":"eu-west-1"}"#),
        ("denied",    r#""StringEquals":{"aws:RequestedRegion":"us-east-1"}"#),
        ("denied",    r#""StringEquals":{"aws:ResourceAccount":"444455556666"}"#),
        ("undecided", r#""StringEquals":{"aws:ResourceAccount":"111122223333"}"#),
        ("allowed",   r#""StringNotEquals":{"aws:ResourceAccount":"444455556666"}"#),
        ("denied",    r#""ForAnyValue:StringEquals":{"aws:CalledVia":"cloudformation.amazonaws.com"}"#),
        ("allowed",   r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#),
        ("allowed",   r#""StringEquals":{"aws:PrincipalServiceName":"cloudwatch.amazonaws.com"}"#),
        ("denied",    r#""StringEquals":{"aws:PrincipalServiceName":"events.amazonaws.com"}"#),
        ("allowed",   r#""ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":"cloudwatch.amazonaws.com"}"#),
        ("undecided", r#""ForAllValues:StringEquals":{"aws:PrincipalServiceNamesList":"cloudwatch.amazonaws.com"}"#),
        ("allowed",   r#""Bool":{"aws:ViaAWSService":"false"}"#),
        ("allowed",   r#""Bool":{"aws:SecureTransport":"true"}"#),
        ("denied",    r#""ArnLike":{"aws:SourceArn":"arn:aws:events:*"}"#),
        ("undecided", r#""ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*"}"#),
        ("allowed",   r#""ArnEquals":{"aws:SourceArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"}"#),
        ("denied",    r#""StringEquals":{"aws:SourceArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"}"#),
    ] {
        let text = statement("Allow", everybody, act, condition);
        assert_eq!(publish(&text), expected, "{condition}");
    }
}

#[test]
#[rustfmt::skip]
fn what_a_policy_leaves_open_is_undecided() {
    let everybody = r#""Principal":"*""#;
    let act = r#""Action":"sns:Publish""#;
    for (expected, principal, condition) in [
        // The same key twice, in different case.
        ("undecided", everybody, r#""StringEquals":{"aws:SourceAccount":"111122223333","AWS:SourceAccount":"1"}"#),
        ("undecided", everybody, r#""StringEquals":{"aws:SourceAccount":[]}"#),
        ("undecided", everybody, r#""StringEquals":{"aws:SourceAccount":{"a":"b"}}"#),
        ("undecided", everybody, r#""StringEquals":{"aws:SourceAccount":["111122223333",null]}"#),
        ("undecided", everybody, r#""StringEquals":{"aws:SourceAccount":"${aws:PrincipalAccount}"}"#),
        // An operator that is not known, on a key that is known to be absent.
        ("undecided", everybody, r#""StringFuzzy":{"aws:PrincipalOrgID":"o-1"}"#),
        ("undecided", r#""Principal":{"Service":["cloudwatch.amazonaws.com",7]}"#, ""),
        ("undecided", r#""Principal":7"#, ""),
        ("denied",    everybody, r#""NumericLessThan":{"aws:SourceAccount":"100"}"#),
        ("allowed",   everybody, r#""NumericGreaterThanEquals":{"aws:SourceAccount":111122223333}"#),
        ("undecided", everybody, r#""NumericEquals":{"aws:SourceArn":"1"}"#),
        ("denied",    everybody, r#""DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}"#),
        ("allowed",   everybody, r#""ForAllValues:StringEquals":{"aws:PrincipalTag/team":["a"]}"#),
        ("denied",    everybody, r#""ForAnyValue:StringEquals":{"aws:PrincipalTag/team":["a"]}"#),
        ("denied",    everybody, r#""ForAnyValue:StringNotEquals":{"aws:PrincipalTag/team":["a"]}"#),
        ("undecided", everybody, r#""ForAnyValue:StringEqualsIfExists":{"aws:PrincipalTag/team":["a"]}"#),
        ("undecided", r#""Principal":{"Service":"*"}"#, ""),
        ("denied",    everybody, r#""Null":{"aws:PrincipalOrgID":"false"}"#),
        ("undecided", everybody, r#""Null":{"aws:PrincipalOrgID":["true","false"]}"#),
        ("allowed",   everybody, r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}"#),
    ] {
        let text = statement("Allow", principal, act, condition);
        assert_eq!(publish(&text), expected, "{text}");
    }
    let with_variable = r#"{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"arn:aws:sns:*:*:${aws:PrincipalTag/x}"}"#;
    assert_eq!(publish(with_variable), "undecided");
}

#[test]
fn a_policy_that_cannot_be_read_is_undecided() {
    let request = Request::of_alarm("sns:Publish", TOPIC, ALARM, "111122223333");
    for policy in ["", "{", "{}", r#"{"Statement":"x"}"#] {
        assert!(
            matches!(decide(policy, &request), Decision::Undecided(_)),
            "{policy}"
        );
    }
    assert_eq!(publish(""), "denied");
}
