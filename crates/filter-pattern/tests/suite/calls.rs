//! What kind of event a name of a call is: `eventType` in filters on the events of the
//! monitoring controls.

use filter_pattern::{Covers, FilterPattern, Schema, covers, never_matches};
use serde_json::Value;

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn names(answer: &Covers) -> Vec<&str> {
    match answer {
        Covers::Yes(proof) => proof
            .assumptions()
            .iter()
            .map(filter_pattern::Assumption::name)
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The spellings of a control's pattern, without their braces.
fn spellings(control: &str) -> Vec<String> {
    let data: Value = serde_json::from_str(include_str!("../data/control_patterns.json")).unwrap();
    let controls = data.as_array().unwrap().iter();
    let mut of_control = controls.filter(|it| it["control"] == control);
    let seen = of_control.next().expect(control)["seen"]
        .as_array()
        .unwrap();
    let inner = |text: &Value| {
        let text = text.as_str().unwrap().trim();
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        inner.expect("a JSON pattern").to_owned()
    };
    seen.iter().map(inner).collect()
}

const CONTROLS: [(&str, &str); 11] = [
    ("iam-policy-changes", "iam.amazonaws.com"),
    ("cloudtrail-config-changes", "cloudtrail.amazonaws.com"),
    ("kms-cmk-disable-delete", "kms.amazonaws.com"),
    ("s3-bucket-policy-changes", "s3.amazonaws.com"),
    ("config-config-changes", "config.amazonaws.com"),
    ("security-group-changes", "ec2.amazonaws.com"),
    ("nacl-changes", "ec2.amazonaws.com"),
    ("network-gateway-changes", "ec2.amazonaws.com"),
    ("route-table-changes", "ec2.amazonaws.com"),
    ("vpc-changes", "ec2.amazonaws.com"),
    ("organizations-changes", "organizations.amazonaws.com"),
];

#[test]
fn a_filter_for_calls_covers_the_controls_whose_events_are_calls() {
    #[rustfmt::skip]
    let table = [
        ("$.eventType = \"AwsApiCall\"",                                       true),
        ("$.eventType = AwsApiCall",                                           true),
        ("$.eventType = AwsApi*",                                              true),
        ("$.eventType = %^AwsApiCall$%",                                       true),
        ("$.eventType != AwsServiceEvent",                                     true),
        ("$.eventType != AwsServiceEvent && $.eventType != AwsConsoleSignIn",  true),
        ("($.eventType = AwsApiCall || $.eventType = AwsServiceEvent)",        true),
        ("$.eventType = AwsServiceEvent",                                      false),
        ("$.eventType = AwsConsoleSignIn",                                     false),
        ("$.eventType = AwsConsoleAction",                                     false),
        ("$.eventType != AwsApiCall",                                          false),
        ("$.eventType = awsapicall",                                           false),
    ];
    let schema = Schema::cloudtrail().with_fact("eventCategory", "Management");
    for (control, source) in CONTROLS {
        for spelling in spellings(control) {
            let required = pattern(&format!("{{ ({spelling}) && $.eventSource = {source} }}"));
            for (clause, expected) in table {
                let filter = pattern(&format!("{{ ({spelling}) && {clause} }}"));
                let answer = covers(&required, &[&filter], &schema);
                assert_eq!(answer.is_yes(), expected, "{filter}: {answer:?}");
                if expected {
                    let names = names(&answer);
                    assert!(
                        names.contains(&"event-type-of-calls"),
                        "{filter}: {names:?}"
                    );
                } else {
                    let witness = answer.witness().expect("an answer").event();
                    assert_eq!(witness["eventType"], "AwsApiCall", "{filter}");
                }
            }
        }
    }
}

#[test]
fn what_holds_without_it_does_not_name_it() {
    #[rustfmt::skip]
    let table = [
        ("{ $.eventName = StopLogging }", "{ $.eventName = StopLogging && $.eventType = * }"),
        ("{ $.eventName = StopLogging }", "{ $.eventName = StopLogging && $.eventType != AwsConsoleSignIn }"),
        ("{ $.eventName = StopLogging && $.eventType = AwsApiCall }", "{ $.eventName = Stop* && $.eventType = AwsApi* }"),
        ("{ $.eventName = StopLogging && $.eventType = AwsServiceEvent }", "{ $.eventType != AwsApiCall }"),
    ];
    for (required, filter) in table {
        let answer = covers(
            &pattern(required),
            &[&pattern(filter)],
            &Schema::cloudtrail(),
        );
        let names = names(&answer);
        assert!(
            !names.contains(&"event-type-of-calls"),
            "{filter}: {names:?}"
        );
    }
}

#[test]
fn service_events_of_known_calls_are_none() {
    #[rustfmt::skip]
    let table = [
        ("{ $.eventName = StopLogging && $.eventType = AwsServiceEvent }", true),
        ("{ $.eventName = StopLogging && $.eventType NOT EXISTS }",        true),
        ("{ $.eventName = DeletePolicy && $.eventSource = iam.amazonaws.com && $.eventType = AwsServiceEvent }", true),
        // Of an endpoint.
        ("{ $.eventName = StopLogging && $.eventType = AwsVpceEvents }",   false),
        ("{ $.eventName = StopLogging && $.eventType = AwsApiCall }",      false),
        // Other services log the name, too.
        ("{ $.eventName = DeletePolicy && $.eventType = AwsServiceEvent }", false),
        ("{ $.eventName = DeletePolicy && $.eventSource = iot.amazonaws.com && $.eventType = AwsServiceEvent }", false),
        ("{ $.eventName = RotateKey && $.eventType = AwsServiceEvent }",   false),
        // Familiar, but of no list of a control's events.
        ("{ $.eventName = DescribeInstances && $.eventType = AwsServiceEvent }", false),
        ("{ $.eventName = HeadBucket && $.eventType = AwsServiceEvent }",  false),
        ("{ $.eventName = ConsoleLogin && $.eventType = AwsApiCall }",     true),
        ("{ $.eventName = Stop* && $.eventType = AwsServiceEvent }",       false),
        ("{ $.eventName = Stop*Logging && $.eventType = AwsServiceEvent }", false),
    ];
    for (text, never) in table {
        let answer = never_matches(&pattern(text), &Schema::cloudtrail());
        assert!(!matches!(answer, Covers::Unknown(_)), "{text}: {answer:?}");
        assert_eq!(answer.is_yes(), never, "{text}: {answer:?}");
    }
}

const ROOT: &str = "{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsServiceEvent }";
const DENIED: &str = "{ $.errorCode = *UnauthorizedOperation || $.errorCode = AccessDenied* }";

/// The type that a filter asks for leaves out others, of which the witness is one.
#[test]
fn events_without_a_name_of_a_call_may_be_of_any_type() {
    #[rustfmt::skip]
    let table = [
        (ROOT, "{ $.userIdentity.type = Root && $.eventType = AwsApiCall }", "AwsConsoleSignIn"),
        (DENIED, "{ ($.errorCode = *UnauthorizedOperation || $.errorCode = AccessDenied*) && $.eventType = AwsApiCall }", ""),
        ("{ $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes }",
         "{ $.eventName = ConsoleLogin && $.eventType = AwsApiCall }", "AwsConsoleSignIn"),
        ("{ $.eventName = CreateRoute }", "{ $.eventName = CreateRoute && $.eventType = AwsApiCall }", ""),
    ];
    let schema = Schema::cloudtrail().with_fact("eventCategory", "Management");
    for (required, filter, kind) in table {
        let answer = covers(&pattern(required), &[&pattern(filter)], &schema);
        let Covers::No(witness) = answer else {
            panic!("{filter}: {answer:?}");
        };
        let found = &witness.event()["eventType"];
        assert!(kind.is_empty() || found == kind, "{filter}: {found}");
    }
}

#[test]
fn what_is_known_of_all_events_counts_as_named() {
    let route = Schema::cloudtrail().with_fact("eventName", "CreateRoute");
    let of_ec2 = route.clone().with_fact("eventSource", "ec2.amazonaws.com");
    let stop = Schema::cloudtrail().with_fact("eventName", "StopLogging");
    for (schema, never) in [(route, false), (of_ec2, true), (stop, true)] {
        let answer = never_matches(&pattern("{ $.eventType = AwsServiceEvent }"), &schema);
        assert!(!matches!(answer, Covers::Unknown(_)), "{answer:?}");
        assert_eq!(answer.is_yes(), never, "{answer:?}");
    }
}

/// A filter for other events escapes a call as one that is plausible.
#[test]
fn a_call_that_an_endpoint_reports_is_a_network_activity_event() {
    let required = pattern("{ $.eventName = StopLogging }");
    let filter = pattern("{ $.eventName = StopLogging && $.eventType = AwsApiCall }");
    let answer = covers(&required, &[&filter], &Schema::cloudtrail());
    let event = answer.witness().expect("an event").event();
    assert_eq!(event["eventType"], "AwsVpceEvents");
    assert_eq!(event["eventCategory"], "NetworkActivity");
    assert_eq!(event["eventSource"], "cloudtrail.amazonaws.com");
}

/// Of a name that several services log, the event of a service that is not known to log it as a call.
#[test]
fn a_service_event_of_a_shared_name_is_another_services() {
    #[rustfmt::skip]
    let table = [
        ("CreateRoute",     "apigateway.amazonaws.com"),
        ("DeletePolicy",    "iot.amazonaws.com"),
        ("PutBucketPolicy", "s3-outposts.amazonaws.com"),
    ];
    for (name, source) in table {
        let required = pattern(&format!("{{ $.eventName = {name} }}"));
        let filter = pattern(&format!(
            "{{ $.eventName = {name} && $.eventType != AwsServiceEvent }}"
        ));
        let answer = covers(&required, &[&filter], &Schema::cloudtrail());
        let event = answer.witness().expect("an event").event();
        assert_eq!(event["eventSource"], source, "{name}");
        assert_eq!(event["eventType"], "AwsServiceEvent", "{name}");
    }
}
