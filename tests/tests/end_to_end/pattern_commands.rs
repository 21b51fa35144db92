//! `orgsweep pattern`: what other programs may rely on of its JSON and exit codes.

use std::fs;

use orgsweep_tests::{Ended, Installation, workspace};
use serde_json::{Value, json};

const DELETE: &str = r#"{ "eventSource": "s3.amazonaws.com", "eventName": "DeleteBucketPolicy" }"#;

#[tokio::test]
async fn test_says_whether_an_event_matches() {
    let installation = Installation::embedded();
    installation.write("event.json", DELETE);
    let cases = [
        (true, "{ $.eventName = DeleteBucketPolicy }"),
        (
            true,
            r#"{ ($.eventSource = s3.amazonaws.com) && ($.eventName = "Delete*") }"#,
        ),
        (false, "{ $.eventName = PutBucketPolicy }"),
        (false, "{ $.errorCode != AccessDenied }"),
        (true, "{ $.errorCode NOT EXISTS }"),
    ];
    for (matches, pattern) in cases {
        let ended = installation
            .run(&["pattern", "test", pattern, "event.json", "--format", "json"])
            .await
            .with_code(0);
        assert_eq!(ended.json()["matches"], json!(matches), "{pattern}");
    }
}

#[tokio::test]
async fn an_invalid_pattern_ends_with_2_and_a_picture_of_where() {
    let installation = Installation::embedded();
    installation.write("event.json", DELETE);
    for invalid in [
        "{ $.eventName = }",
        "{ ($.eventName = a }",
        "{ $.eventName ~ a }",
        "{ eventName = a }",
    ] {
        for format in ["json", "table"] {
            let ended = installation
                .run(&["pattern", "test", invalid, "event.json", "--format", format])
                .await
                .with_code(2)
                .saying(&[invalid, "^"]);
            assert!(ended.stdout.is_empty(), "{ended}");
        }
    }
}

#[tokio::test]
async fn an_event_file_that_is_no_json_ends_with_2() {
    let installation = Installation::embedded();
    installation.write("event.json", "not json");
    installation
        .run(&["pattern", "test", "{ $.a = b }", "event.json"])
        .await
        .with_code(2)
        .saying(&["event.json"]);
    installation
        .run(&["pattern", "test", "{ $.a = b }", "missing.json"])
        .await
        .with_code(2)
        .saying(&["missing.json"]);
}

#[tokio::test]
async fn cover_says_yes_to_a_union_that_covers() {
    let required = "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)) }";
    let ended = cover(
        required,
        &[
            "{ $.eventName = DisableKey }",
            r#"{ $.eventName = "Schedule*" && $.eventSource = "kms.amazonaws.com" }"#,
        ],
    )
    .await;
    assert_eq!(ended["covers"], "yes", "{ended}");
    assert_eq!(ended["witness"], Value::Null);
    assert!(ended["reason"].is_string() || ended["reason"].is_null());
}

#[tokio::test]
async fn cover_says_no_with_an_event_that_really_slips_through() {
    let required = "{ ($.eventName = PutBucketAcl) || ($.eventName = DeleteBucketPolicy) }";
    let filter = "{ $.eventName = Put* }";
    let ended = cover(required, &[filter]).await;
    assert_eq!(ended["covers"], "no", "{ended}");
    let witness = &ended["witness"];
    assert_eq!(witness["eventName"], "DeleteBucketPolicy");

    let installation = Installation::embedded();
    installation.write("witness.json", &witness.to_string());
    for (matches, pattern) in [(true, required), (false, filter)] {
        let ended = installation
            .run(&[
                "pattern",
                "test",
                pattern,
                "witness.json",
                "--format",
                "json",
            ])
            .await
            .with_code(0);
        assert_eq!(
            ended.json()["matches"],
            json!(matches),
            "{pattern}: {witness}"
        );
    }
}

#[tokio::test]
async fn every_control_is_covered_by_its_own_pattern_and_by_none_of_the_others() {
    let patterns: Value = serde_json::from_str(
        &fs::read_to_string(workspace().join("tests/moto/patterns.json")).expect("there is one"),
    )
    .expect("JSON");
    let patterns: Vec<&str> = patterns
        .as_object()
        .expect("an object")
        .values()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(patterns.len(), 15);
    for (index, required) in patterns.iter().enumerate() {
        assert_eq!(
            cover(required, &[required]).await["covers"],
            "yes",
            "{required}"
        );
        let other = patterns[(index + 1) % patterns.len()];
        let ended = cover(required, &[other]).await;
        assert_eq!(ended["covers"], "no", "{required} by {other}: {ended}");
    }
}

async fn cover(required: &str, filters: &[&str]) -> Value {
    let mut arguments = vec![
        "pattern",
        "cover",
        "--required",
        required,
        "--format",
        "json",
    ];
    for filter in filters {
        arguments.extend(["--filter", filter]);
    }
    let ended: Ended = Installation::embedded().run(&arguments).await.with_code(0);
    ended.json()
}
