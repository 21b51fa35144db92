//! The patterns of the monitoring controls, in every spelling that was seen.

use filter_pattern::{Covers, Event, FilterPattern, Schema, Why, covers};
use serde_json::Value;

struct Control {
    name: String,
    seen: Vec<(String, Result<FilterPattern, String>)>,
}

fn controls() -> Vec<Control> {
    let data: Value =
        serde_json::from_str(include_str!("../data/control_patterns.json")).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    data.as_array()
        .expect("a list")
        .iter()
        .map(|control| Control {
            name: text(&control["control"]),
            seen: control["seen"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|seen| {
                    (
                        text(seen),
                        text(seen).parse().map_err(|error| format!("{error}")),
                    )
                })
                .collect(),
        })
        .collect()
}

#[test]
fn every_spelling_parses_but_the_one_with_a_blank_in_a_bare_text() {
    let controls = controls();
    assert_eq!(controls.len(), 15);
    for control in &controls {
        for (text, parsed) in &control.seen {
            let bare_blank = text.contains("= Failed authentication");
            assert_eq!(
                parsed.is_err(),
                bare_blank,
                "{}: {text}: {parsed:?}",
                control.name
            );
        }
    }
}

#[test]
fn printing_and_reading_again_gives_the_same_pattern() {
    for control in controls() {
        for pattern in control
            .seen
            .iter()
            .filter_map(|(_, parsed)| parsed.as_ref().ok())
        {
            let printed = pattern.to_string();
            assert_eq!(
                FilterPattern::parse(&printed).as_ref(),
                Ok(pattern),
                "{printed}"
            );
        }
    }
}

#[test]
fn every_decision_between_two_spellings_is_made_and_each_witness_escapes() {
    let schema = Schema::cloudtrail();
    for control in controls() {
        let patterns: Vec<&FilterPattern> = control
            .seen
            .iter()
            .filter_map(|(_, parsed)| parsed.as_ref().ok())
            .collect();
        for required in &patterns {
            for offered in &patterns {
                match covers(required, &[offered], &schema) {
                    Covers::Yes(_) => {}
                    Covers::No(witness) => {
                        let event =
                            Event::parse(&witness.to_json()).expect("a witness is an event");
                        assert!(
                            required.matches(&event),
                            "{required} on {}",
                            witness.to_json()
                        );
                        assert!(
                            !offered.matches(&event),
                            "{offered} on {}",
                            witness.to_json()
                        );
                        assert!(schema.admits(&event), "{}", witness.to_json());
                    }
                    Covers::Unknown(why) => {
                        panic!("{}: {required} by {offered}: {why}", control.name)
                    }
                }
            }
        }
    }
}

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn answer(required: &str, filters: &[&str], schema: &Schema) -> &'static str {
    let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    match covers(&pattern(required), &filters, schema) {
        Covers::Yes(_) => "yes",
        Covers::No(_) => "no",
        Covers::Unknown(Why::Undocumented { .. }) => "undocumented",
        Covers::Unknown(_) => "unknown",
    }
}

#[test]
fn coverage_is_decided() {
    let stop = "{ $.eventName = StopLogging }";
    #[rustfmt::skip]
    let table: &[(&str, &[&str], &str, &str)] = &[
        // required, filters, under any, under cloudtrail
        (stop, &[stop],                                                                  "yes", "yes"),
        (stop, &["{ $.eventName = \"Stop*\" }"],                                         "yes", "yes"),
        (stop, &["{ $.eventName = %^Stop% }"],                                           "yes", "yes"),
        (stop, &["{ $.eventName != StartLogging }"],                                     "yes", "yes"),
        (stop, &[],                                                                      "no",  "no"),
        (stop, &[""],                                                                    "yes", "yes"),
        (stop, &["{ $.eventName = StopLogging && $.awsRegion = us-east-1 }"],            "no",  "no"),
        (stop, &["{ $.eventName = StopLogging && $.awsRegion = us-east-1 }",
                 "{ $.eventName = StopLogging && $.awsRegion != us-east-1 }"],           "no",  "yes"),
        (stop, &["{ $.eventName = StopLogging && $.errorCode NOT EXISTS }",
                 "{ $.eventName = StopLogging && $.errorCode = * }"],                    "no",  "yes"),
        (stop, &["{ $.eventName = StopLogging && $.errorCode = * }"],                    "no",  "no"),
        (stop, &["{ $.eventSource = cloudtrail.amazonaws.com && $.eventName = StopLogging }"], "no", "yes"),
        ("{ $.eventName = CreatePolicy }",
               &["{ $.eventSource = iam.amazonaws.com && $.eventName = CreatePolicy }"], "no",  "no"),
        ("{ $.eventName = A || $.eventName = B }", &["{ $.eventName = B }", "{ $.eventName = A }"], "yes", "yes"),
        ("{ $.a = 1 && ($.b = 2 || $.c = 3) }",
               &["{ $.a = 1 && $.b = 2 || $.a = 1 && $.c = 3 }"],                        "yes", "yes"),
        ("{ $.a = \"AccessDenied*\" }", &["{ $.a = \"Access*\" }"],                      "yes", "yes"),
        ("{ $.a = \"Access*\" }", &["{ $.a = \"AccessDenied*\" }"],                      "no",  "no"),
        ("{ $.a = \"Access*\" }", &["{ $.a = \"AccessD*\" }", "{ $.a != \"AccessD*\" }"], "yes", "yes"),
        ("{ $.a > 10 }", &["{ $.a > 5 }"],                                               "yes", "yes"),
        ("{ $.a > 5 }", &["{ $.a > 10 }"],                                               "no",  "no"),
        ("{ $.a > 5 }", &["{ $.a >= 10 }", "{ $.a < 10 }"],                              "yes", "yes"),
        ("{ $.a = 12 }", &["{ $.a = 12.0 }"],                                            "no",  "no"),
        ("{ $.a = \"12\" }", &["{ $.a = 12 }"],                                          "yes", "yes"),
        ("{ $.a = 12 }", &["{ $.a = \"12\" }"],                                          "no",  "no"),
        ("{ $.a = * }", &["{ $.a = x }", "{ $.a != x }"],                                "yes", "yes"),
        ("{ $.a != x }", &["{ $.a = * }"],                                       "undocumented", "undocumented"),
        ("{ $.eventName != x }", &["{ $.eventName = * }"],                       "undocumented", "yes"),
        ("{ $.a IS TRUE }", &["{ $.a IS FALSE }"],                                       "no",  "no"),
        ("{ $.a.b = x }", &["{ $.a NOT EXISTS }", "{ $.a.b = x }"],                      "yes", "yes"),
        ("{ $.a.b = x && $.a NOT EXISTS }", &[],                                         "yes", "yes"),
        ("{ $.a[1] = x && $.a[0] NOT EXISTS }", &[],                             "undocumented", "undocumented"),
        ("{ $.a[0] = x && $.a.b = y }", &[],                                             "yes", "yes"),
        ("{ $.a[0] = x }", &["{ $.a[*] = x }"],                                          "yes", "yes"),
        ("{ $.a[*] = x }", &["{ $.a[0] = x }"],                                          "no",  "no"),
        ("{ $.a[*] = x }", &["{ $.a[*] = \"*\" }"],                                      "yes", "yes"),
        ("{ $.a = x }", &["{ $.* = x }"],                                                "yes", "yes"),
        ("{ $.* = us-east-1 }", &["{ $.awsRegion = us-east-1 }"],                        "no",  "no"),
        ("{ $.eventName = StopLogging }", &["{ $.* = \"*\" }"],                          "yes", "yes"),
        ("{ $.requestParameters.x = 1 }", &["{ $.* = \"*\" }"],                          "no",  "yes"),
        ("{ $.userIdentity.type = Root }",
               &["{ $.userIdentity.arn NOT EXISTS || $.userIdentity.arn = \"*:root\" }"], "no", "yes"),
        ("{ $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes }",
               &["{ $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed = No }"], "no", "yes"),
        ("{ $.eventName = PutBucketPolicy }", &["PutBucketPolicy"],                          "yes", "yes"),
        ("{ $.eventName = PutBucketPolicy }", &["PutBucket -Acl"],                   "unknown", "unknown"),
        ("{ $.eventName = PutBucketPolicy }", &["?Foo ?Bucket"],                         "yes", "yes"),
        ("{ $.eventName = PutBucketPolicy }", &["%Bucket%"],                         "unknown", "unknown"),
        ("ERROR", &["ERROR"],                                                            "yes", "yes"),
        ("\"INTERNAL SERVER ERROR\"", &["ERROR"],                                        "yes", "yes"),
        ("ERROR", &["\"SERVER ERROR\""],                                                 "no",  "no"),
        ("ERROR", &["ERROR -WARN", "WARN"],                                              "yes", "yes"),
        ("ERROR", &["?ERROR ?WARN"],                                                     "yes", "yes"),
        ("ERROR", &["?FATAL ?WARN"],                                                     "no",  "no"),
        ("%AUTHORIZED%", &["?UNAUTHORIZED ?AUTHORIZED"],                                 "yes", "yes"),
        ("%^ERROR%", &["ERROR"],                                                         "yes", "yes"),
        ("[a, b = 1]", &["[a, b = 1]"],                                                  "yes", "yes"),
        ("[a, b = 1]", &["[a, b != 1]"],                                             "unknown", "unknown"),
        ("{ $.eventName = PutBucketPolicy }", &["ERROR"],                                "no",  "no"),
    ];
    let mut wrong = Vec::new();
    for (required, filters, any, cloudtrail) in table {
        for (name, schema, expected) in [
            ("any", Schema::any(), any),
            ("cloudtrail", Schema::cloudtrail(), cloudtrail),
        ] {
            let answer = answer(required, filters, &schema);
            if answer != *expected {
                wrong.push(format!(
                    "{name}: {required} by {filters:?}: {answer} instead of {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
