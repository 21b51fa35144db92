//! Which accounts are swept: by OU (with what is below it), tag, name and
//! number, included and excluded; the others are recorded as not selected.

use std::collections::BTreeSet;

use orgsweep_tests::Installation;

use crate::simulated::Simulated;

#[tokio::test(flavor = "multi_thread")]
async fn selectors_choose_accounts_and_the_others_are_not_selected() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    let number = simulated.some_healthy_account();
    let cases: [(&[&str], &str); 6] = [
        (
            &["--include", "ou=Workloads/Prod"],
            "ou_path like '%Workloads/Prod%'",
        ),
        (&["--include", "ou=Workloads"], "ou_path like '%Workloads%'"),
        (
            &["--include", "tag=environment=prod"],
            "tags ->> 'environment' = 'prod'",
        ),
        (&["--include", "name=shop-*"], "account_name like 'shop-%'"),
        (
            &[
                "--include",
                "ou=Workloads",
                "--exclude",
                "tag=environment=test",
            ],
            "ou_path like '%Workloads%' and tags ->> 'environment' is distinct from 'test'",
        ),
        (
            &["--include", &format!("account={number}")],
            &format!("account_id = '{number}'"),
        ),
    ];
    // Everything once, with tags, so that SQL knows what each account is.
    let mut first = simulated.installation(Installation::on_server().await);
    first.set("ORGSWEEP_INVENTORY_TAGS", "true");
    first.run(&["sweep"]).await.with_code(0);
    for (selectors, condition) in cases {
        let mut arguments = vec!["sweep", "--fresh"];
        arguments.extend(selectors);
        installation.run(&arguments).await.with_code(0);
        let rows = installation
            .run(&["accounts", "--format", "json"])
            .await
            .with_code(0)
            .rows();
        let selected: BTreeSet<String> = rows
            .iter()
            .filter(|row| row["outcome"] != "skipped")
            .filter_map(|row| row["account_id"].as_str().map(str::to_owned))
            .collect();
        let meant = format!("select distinct account_id from posture where {condition}");
        let meant: BTreeSet<String> = first
            .query(&meant)
            .await
            .iter()
            .filter_map(|row| row["account_id"].as_str().map(str::to_owned))
            .collect();
        assert!(!meant.is_empty(), "{condition} fits nothing");
        assert!(
            meant.is_subset(&selected),
            "{selectors:?}: {meant:?} are not all in {selected:?}"
        );
        let skipped = rows
            .iter()
            .filter(|row| row["reason"] == "not_selected")
            .count();
        assert!(
            skipped > 0,
            "{selectors:?}: nothing is recorded as not selected"
        );
        // Accounts that cannot be read have no row in posture.
        assert!(
            selected.len() <= meant.len() + 4,
            "{selectors:?}: {selected:?} are more than {meant:?}"
        );
    }
}

#[tokio::test]
async fn a_selector_that_is_none_is_refused() {
    for selector in ["Workloads", "colour=red", "account=12", "ou="] {
        Installation::embedded()
            .run(&["sweep", "--include", selector])
            .await
            .with_code(2)
            .saying(&[selector]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_of_ones_own_is_judged_beside_the_fifteen() {
    let simulated = Simulated::demo().await;
    let installation = simulated
        .installation(Installation::on_server().await)
        .with_configuration("[controls]\ncatalog = \"mine.toml\"\n");
    installation.write("mine.toml", OWN_CONTROL);
    installation.run(&["controls"]).await.with_code(0);
    installation.run(&["sweep"]).await.with_code(0);
    let rows = installation
        .run(&[
            "findings",
            "--control",
            "guardduty-changes",
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    assert_eq!(rows.len(), simulated.readable().len());
    for row in rows {
        assert_ne!(
            row["verdict"], "pass",
            "no account has a filter for it: {row}"
        );
    }
    simulated
        .assert_found_as_expected_of_the_fifteen(&installation)
        .await;
}

const OWN_CONTROL: &str = r#"
[[control]]
id = "guardduty-changes"
number = 16
title = "GuardDuty changes"
description = "GuardDuty switched off."
rationale = "Whoever breaks in switches the detector off first."
scope = "every_account"
recorded = "regional"
classes = ["write"]
event_sources = ["guardduty.amazonaws.com"]

[[control.requirement]]
frameworks = ["cis-7.0.0"]
pattern = '{ ($.eventSource = guardduty.amazonaws.com) && ($.eventName = DeleteDetector) }'
"#;
