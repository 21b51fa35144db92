//! The framework decides: which controls are judged, how they are numbered, and what each of
//! them requires; and controls of one's own are judged beside them.

use std::collections::BTreeMap;

use orgsweep_tests::Installation;
use serde_json::Value;

use crate::simulated::Simulated;

const AS_JSON: [&str; 2] = ["--format", "json"];

#[tokio::test(flavor = "multi_thread")]
async fn a_framework_asked_for_later_gives_what_a_sweep_under_it_gives() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.forget_calls();

    let later = verdicts(&installation, &["--framework", "cis-3.0.0"]).await;
    assert!(later.values().any(|(_, section)| section == "4.10"));
    let newest = verdicts(&installation, &[]).await;
    assert_eq!(newest.len(), later.len());
    assert_ne!(newest, later);
    // The framework without the control does not list it.
    let oldest = verdicts(&installation, &["--framework", "cis-1.2.0"]).await;
    assert!(oldest.len() < later.len());
    assert!(
        oldest
            .values()
            .all(|(_, section)| section.starts_with("3."))
    );

    // Nobody's alarm hears of ModifySecurityGroupRules: required from 5.0.0 on.
    let failing = installation
        .run(&[
            "findings",
            "--control",
            "security-group-changes",
            "--reason",
            "filter_does_not_cover",
            AS_JSON[0],
            AS_JSON[1],
        ])
        .await
        .with_code(0)
        .rows();
    let account = failing
        .iter()
        .find(|row| {
            row["evidence"]["missing_events"] == serde_json::json!(["ModifySecurityGroupRules"])
        })
        .and_then(|row| row["account_id"].as_str())
        .expect("an account whose filter is that of older versions");
    let by_framework = &failing[0]["evidence"]["verdict_by_framework"];
    assert_eq!(by_framework["cis-7.0.0"], "fail");
    installation
        .run(&["explain", account, "4.10", "--framework", "cis-3.0.0"])
        .await
        .with_code(0)
        .printing(&[
            "(security-group-changes, 4.10 of CIS AWS Foundations Benchmark 3.0.0)",
            "PASS",
        ]);
    installation
        .run(&[
            "explain",
            account,
            "organizations-changes",
            "--framework",
            "cis-1.2.0",
        ])
        .await
        .with_code(2)
        .saying(&["CIS AWS Foundations Benchmark 1.2.0 does not have the control"]);
    assert_eq!(simulated.calls().len(), 0, "AWS was called");

    let mut swept = simulated.installation(Installation::embedded());
    swept.set("ORGSWEEP_CONTROLS_FRAMEWORK", "cis-3.0.0");
    swept
        .run(&["sweep"])
        .await
        .with_code(0)
        .saying(&["15 controls of CIS AWS Foundations Benchmark 3.0.0"]);
    assert_eq!(verdicts(&swept, &[]).await, later);
    let stored = swept.query("select distinct framework from posture").await;
    assert_eq!(stored, [serde_json::json!({ "framework": "cis-3.0.0" })]);
    swept
        .run(&["sweep", "--framework", "cis-3.0"])
        .await
        .with_code(2)
        .saying(&[
            "there is no framework `cis-3.0`",
            "did you mean `cis-3.0.0`?",
        ]);
}

/// Verdict with reason, and number, by account and control.
async fn verdicts(
    installation: &Installation,
    flags: &[&str],
) -> BTreeMap<(String, String), (String, String)> {
    let arguments = [&["findings"], flags, &AS_JSON].concat();
    let rows = installation.run(&arguments).await.with_code(0).rows();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    rows.iter()
        .map(|row| {
            let verdict = format!("{} {}", text(&row["verdict"]), text(&row["reason"]));
            let place = (text(&row["account_id"]), text(&row["control"]));
            (place, (verdict, text(&row["section"])))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_of_ones_own_are_swept_with_the_same_proof() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::embedded());
    let example = installation
        .run(&["controls", "example"])
        .await
        .with_code(0);
    installation.write("own.toml", &example.stdout);
    installation.set("ORGSWEEP_CONTROLS_CATALOG", "own.toml");
    installation
        .run(&["sweep"])
        .await
        .with_code(0)
        .saying(&["18 controls of CIS AWS Foundations Benchmark 7.0.0"]);
    let guard_duty = installation
        .query(
            "select verdict, count(*) as accounts from posture
             where control = 'guardduty-switched-off' and verdict = 'fail' group by verdict",
        )
        .await;
    assert!(
        guard_duty[0]["accounts"].as_i64() > Some(10),
        "{guard_duty:?}"
    );
    let one = installation
        .run(&[
            "findings",
            "--control",
            "guardduty-switched-off",
            "--reason",
            "no_filter",
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    let witness = &one[0]["evidence"]["witness"];
    assert_eq!(
        witness["eventSource"], "guardduty.amazonaws.com",
        "{witness}"
    );
    // Of the control about one Region, that Region alone is uncovered.
    let recorder = installation
        .query(
            "select distinct uncovered_regions from posture
             where control = 'config-recorder-stopped-in-frankfurt' and reason = 'no_filter'",
        )
        .await;
    assert_eq!(
        recorder,
        [serde_json::json!({ "uncovered_regions": ["eu-central-1"] })]
    );

    installation.write(
        "own.toml",
        &example.stdout.replace("recorded =", "recordet ="),
    );
    installation.run(&["controls"]).await.with_code(2).saying(&[
        "own.toml:20:1",
        "recordet",
        "orgsweep controls example",
    ]);
}
