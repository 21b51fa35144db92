//! What is printed after a sweep: keys and formats that other programs may
//! rely on, filters, exit codes.

use std::collections::BTreeSet;

use orgsweep_tests::Installation;
use serde_json::Value;

use crate::simulated::Simulated;

async fn swept() -> (Simulated, Installation) {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    (simulated, installation)
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_objects_with_the_promised_keys() {
    let (_simulated, installation) = swept().await;
    let rows = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    assert!(rows.len() > 60 * 10);
    for row in &rows {
        for key in [
            "account_id",
            "account_name",
            "control",
            "verdict",
            "reason",
            "summary",
        ] {
            assert!(
                row[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key} in {row}"
            );
        }
        assert!(row["evidence"].is_object(), "{row}");
        let verdict = row["verdict"].as_str().unwrap_or_default();
        assert!(
            ["pass", "fail", "unknown", "not_applicable"].contains(&verdict),
            "{row}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_findings_to_what_they_name() {
    let (simulated, installation) = swept().await;
    let account = simulated.some_healthy_account();
    let control = "s3-bucket-policy-changes";
    let all = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let cases: [(&[&str], &str, &str); 4] = [
        (&["--control", control], "control", control),
        (&["--verdict", "fail"], "verdict", "fail"),
        (
            &["--verdict", "not_applicable"],
            "verdict",
            "not_applicable",
        ),
        (&["--account", &account], "account_id", &account),
    ];
    for (filter, key, value) in cases {
        let mut arguments = vec!["findings", "--format", "json"];
        arguments.extend(filter);
        let rows = installation.run(&arguments).await.with_code(0).rows();
        let expected: Vec<&Value> = all.iter().filter(|row| row[key] == value).collect();
        assert!(!expected.is_empty(), "nothing to filter for {value}");
        assert_eq!(rows.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let rows = installation
        .run(&[
            "findings",
            "--control",
            control,
            "--account",
            &account,
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_lists_the_same_findings() {
    let (_simulated, installation) = swept().await;
    let mut listed = BTreeSet::new();
    for format in ["json", "jsonl", "csv"] {
        let ended = installation
            .run(&["findings", "--verdict", "fail", "--format", format])
            .await
            .with_code(0);
        let keys: Vec<String> = match format {
            "json" => ended.rows().iter().map(key).collect(),
            "jsonl" => {
                let rows = ended
                    .stdout
                    .lines()
                    .map(|line| serde_json::from_str(line).expect("JSON"));
                rows.map(|row: Value| key(&row)).collect()
            }
            _ => csv_keys(&ended.stdout),
        };
        listed.insert(keys);
    }
    assert_eq!(listed.len(), 1, "{listed:?}");
}

fn key(row: &Value) -> String {
    format!(
        "{} {}",
        row["account_id"].as_str().unwrap_or_default(),
        row["control"].as_str().unwrap_or_default()
    )
}

/// Account and control of each line; those columns contain no quotes or commas.
fn csv_keys(csv: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let column = |name| {
        headers
            .iter()
            .position(|header| header == name)
            .expect(name)
    };
    let (account, control) = (column("account_id"), column("control"));
    reader
        .records()
        .map(|record| {
            let record = record.expect("well-formed");
            format!("{} {}", &record[account], &record[control])
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_shows_the_chain_the_witness_and_the_fix() {
    let (_simulated, installation) = swept().await;
    let rows = installation
        .run(&["findings", "--verdict", "fail", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let row = rows
        .iter()
        .find(|row| row["reason"] == "filter_does_not_cover")
        .expect("the demo organization has one");
    let account = row["account_id"].as_str().expect("text");
    let name = row["account_name"].as_str().expect("text");
    let control = row["control"].as_str().expect("text");
    let by_id = installation
        .run(&["explain", account, control])
        .await
        .with_code(0)
        .stdout;
    for word in [
        account,
        name,
        control,
        "trail",
        "log group",
        "filter",
        "eventName",
    ] {
        assert!(
            by_id.to_lowercase().contains(&word.to_lowercase()),
            "{word} is missing in\n{by_id}"
        );
    }
    let by_name = installation
        .run(&["explain", name, control])
        .await
        .with_code(0)
        .stdout;
    // All but the line that says how long ago the account was read.
    let lasting = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| !line.starts_with("read "))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(lasting(&by_id), lasting(&by_name));
    installation
        .run(&["explain", "999999999999", control])
        .await
        .with_code(1)
        .saying(&["999999999999"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_of_failing_findings_only_when_asked() {
    let (_simulated, installation) = swept().await;
    installation.run(&["sweep"]).await.with_code(0);
    installation
        .run(&["sweep", "--fail-on-findings"])
        .await
        .with_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_says_what_a_person_wants_to_know() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    let ended = installation.run(&["sweep"]).await.with_code(0);
    for word in [
        "would not notice",
        " of 60 read",
        "role_not_assumable",
        "suspended",
        "s3-bucket-policy-changes",
    ] {
        assert!(
            ended.stdout.contains(word),
            "`{word}` is missing in the summary:\n{ended}"
        );
    }
}

#[tokio::test]
async fn the_demo_needs_nothing_and_its_results_can_be_asked_for() {
    let mut installation = Installation::embedded();
    installation.unset("AWS_REGION");
    let ended = installation.run(&["demo"]).await.with_code(0);
    assert!(ended.stdout.contains("would not notice"), "{ended}");
    let rows = installation
        .run(&["findings", "--demo", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    assert!(rows.len() > 60 * 10);
    installation.run(&["demo"]).await.with_code(0);
}

#[tokio::test]
async fn the_demo_shows_a_change_that_somebody_hears_of_and_one_that_nobody_does() {
    let installation = Installation::embedded();
    let shown = installation
        .run(&["demo", "--inject"])
        .await
        .with_code(0)
        .stdout;
    let told = shown.matches("told: ").count();
    assert!(told > 0 && shown.contains("Nobody was told."), "{shown}");
    let (first, second) = shown.split_once("Nobody was told.").expect("it is there");
    assert!(first.contains("pass (covered)"), "{shown}");
    assert!(first.contains("fail ("), "{shown}");
    assert!(second.contains("explain --demo"), "{shown}");
}

#[tokio::test]
async fn help_lists_the_exit_codes_and_every_subcommand() {
    let installation = Installation::embedded();
    let help = installation.run(&["--help"]).await.with_code(0).stdout;
    for word in [
        "sweep",
        "demo",
        "accounts",
        "findings",
        "explain",
        "query",
        "controls",
        "pattern",
        "check-access",
        "config",
        "migrate",
        "db",
        "completions",
        "130",
    ] {
        assert!(help.contains(word), "{word} is missing in\n{help}");
    }
    installation.run(&["no-such-command"]).await.with_code(2);
    installation.run(&[]).await.with_code(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_access_lists_what_is_missing_per_permission() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    let account = simulated.some_healthy_account();
    simulated.when(
        &account,
        "cloudwatch",
        "DescribeAlarms",
        orgsim::Fault::Denied,
    );
    let ended = installation
        .run(&["check-access", "--format", "json"])
        .await;
    let rows = ended.rows();
    let row = rows.iter().find(|row| {
        row["account_id"] == account.as_str() && row.to_string().contains("DescribeAlarms")
    });
    let row = row.unwrap_or_else(|| panic!("{ended}"));
    assert!(row.to_string().contains("denied"), "{row}");
}

#[tokio::test]
async fn there_are_completions_for_every_usual_shell() {
    let installation = Installation::embedded();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = installation
            .run(&["completions", shell])
            .await
            .with_code(0)
            .stdout;
        assert!(
            script.contains("orgsweep") && script.contains("check-access"),
            "{shell}"
        );
    }
    installation.run(&["completions", "cmd"]).await.with_code(2);
}
