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

const DELETE_TRAIL: &str = "{ $.eventName = DeleteTrail }";

/// Runs a pattern command on a file of filters.
async fn on_filters(command: &[&str], filters: &serde_json::Value) -> Ended {
    let installation = Installation::embedded();
    installation.write("filters.json", &filters.to_string());
    installation.run(command).await
}

#[tokio::test]
async fn a_filter_that_sees_only_some_events_proves_nothing() {
    let filters = json!({ "metricFilters": [{
        "filterName": "narrow",
        "filterPattern": DELETE_TRAIL,
        "fieldSelectionCriteria": "@aws.account IN [\"111122223333\"]",
    }] });
    let asked = |command| {
        [
            "pattern",
            command,
            "--required",
            DELETE_TRAIL,
            "--filter-file",
            "filters.json",
            "--format",
            "json",
        ]
    };
    // What it does not see is another account's event.
    let cover = on_filters(&asked("cover"), &filters).await.with_code(0);
    assert_eq!(cover.json()["covers"], json!("no"), "{cover}");
    assert_ne!(
        cover.json()["witness"]["recipientAccountId"],
        json!("111122223333")
    );
    let mut unclear = filters.clone();
    unclear["metricFilters"][0]["fieldSelectionCriteria"] = json!("@aws.partition = \"aws\"");
    let cover = on_filters(&asked("cover"), &unclear).await.with_code(0);
    assert_eq!(cover.json()["covers"], json!("unknown"), "{cover}");
    let suggest = on_filters(&asked("suggest"), &filters).await.with_code(0);
    assert_eq!(suggest.json()["needed"], json!(true), "{suggest}");

    // Without the narrowing it covers; another pattern does not, however much it sees.
    let mut whole = filters.clone();
    whole["metricFilters"][0]["fieldSelectionCriteria"] = json!("");
    let cover = on_filters(&asked("cover"), &whole).await.with_code(0);
    assert_eq!(cover.json()["covers"], json!("yes"), "{cover}");
    let mut other = filters;
    other["metricFilters"][0]["filterPattern"] = json!("{ $.eventName = StopLogging }");
    let cover = on_filters(&asked("cover"), &other).await.with_code(0);
    assert_eq!(cover.json()["covers"], json!("no"), "{cover}");
}

#[tokio::test]
async fn a_filter_without_its_pattern_ends_with_2() {
    let filters = json!([{ "filterName": "misspelt", "filterpattern": DELETE_TRAIL }]);
    for command in ["cover", "suggest"] {
        let asked = [
            "pattern",
            command,
            "--required",
            DELETE_TRAIL,
            "--filter-file",
            "filters.json",
        ];
        on_filters(&asked, &filters).await.with_code(2).saying(&[
            "filters.json",
            "misspelt",
            "filterPattern",
        ]);
    }
}

#[tokio::test]
async fn filters_that_look_at_different_events_are_never_merged() {
    let filter = |name: &str, group: &str| {
        json!({
            "filterName": name, "filterPattern": DELETE_TRAIL, "logGroupName": group,
            "metricTransformations": [{ "metricName": name }],
        })
    };
    let minimize = [
        "pattern",
        "minimize",
        "--group",
        "filters.json",
        "--across-metrics",
        "--format",
        "json",
    ];
    for (second_group, left) in [("g1", 1), ("g2", 2)] {
        let filters = json!({ "metricFilters": [filter("a", "g1"), filter("b", second_group)] });
        let ended = on_filters(&minimize, &filters).await.with_code(0);
        let filters = ended.json()["filters"].as_array().map(Vec::len);
        assert_eq!(filters, Some(left), "{ended}");
    }
}

#[tokio::test]
async fn the_difference_of_two_patterns_is_told_both_ways() {
    let installation = Installation::embedded();
    let broad = "{ $.eventName = Stop* }";
    let narrow = "{ $.eventName = StopLogging }";
    installation
        .run(&["pattern", "diff", broad, narrow])
        .await
        .with_code(0)
        .printing(&["A matches all events of B, and more"]);
    installation
        .run(&[
            "pattern",
            "diff",
            narrow,
            "{ $.eventName = \"StopLogging\" }",
        ])
        .await
        .with_code(0)
        .printing(&["equivalent"]);
}

#[tokio::test]
async fn a_hole_is_closed_by_the_filter_that_is_suggested() {
    let installation = Installation::embedded();
    let there = "{ ($.eventSource = kms.amazonaws.com) && ($.eventName = DisableKey) }";
    let control = ["--control", "kms-cmk-disable-delete"];
    let suggest = [
        &["pattern", "suggest"],
        &control[..],
        &["--filter", there, "--format", "json"],
    ]
    .concat();
    let ended = installation.run(&suggest).await.with_code(0);
    let answer = ended.json();
    let added = answer["filters"][0].as_str().unwrap();
    let cover = [
        &["pattern", "cover"],
        &control[..],
        &["--filter", there, "--filter", added, "--format", "json"],
    ]
    .concat();
    let ended = installation.run(&cover).await.with_code(0);
    assert_eq!(ended.json()["covers"], json!("yes"), "{ended}");

    let unknown = [
        "pattern",
        "suggest",
        "--control",
        "kms-cmk-disable-delet",
        "--filter",
        there,
    ];
    installation
        .run(&unknown)
        .await
        .with_code(2)
        .saying(&["kms-cmk-disable-delete"]);
}

#[tokio::test]
async fn a_pattern_is_told_in_plain_english_and_made_shorter() {
    let installation = Installation::embedded();
    installation
        .run(&["pattern", "explain", "{ $.eventName = StopLogging }"])
        .await
        .with_code(0)
        .printing(&["StopLogging"]);
    installation
        .run(&[
            "pattern",
            "minimize",
            "{ ($.a = 1) || (($.a = 1) && ($.b = 2)) }",
        ])
        .await
        .with_code(0)
        .printing(&["{ $.a = 1 }", "proved"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_the_rest_is_tested() {
    let installation = Installation::embedded();
    installation.write(
        "good.jsonl",
        "{\"eventName\": \"StopLogging\"}\nnonsense\n{\"eventName\": \"Other\"}\n",
    );
    let test = [
        "pattern",
        "test",
        "{ $.eventName = Stop* }",
        "good.jsonl",
        "--format",
        "json",
    ];
    let ended = installation
        .run(&test)
        .await
        .with_code(1)
        .saying(&["good.jsonl:2"]);
    let answer = ended.json();
    assert_eq!(
        (
            &answer["events"],
            &answer["matched"],
            &answer["results"][0]["line"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
}
