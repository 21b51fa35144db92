//! The documented permissions are enough, and each of them is needed: sweeps of
//! an `orgsim` that enforces policies.

use orgsweep_tests::{Installation, workspace};
use serde_json::Value;

use crate::simulated::Simulated;

/// The actions that the text of a deployment file names, sorted.
fn actions_in(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join("config/deploy").join(file))
        .expect("the file is there");
    let is_action = |word: &&str| {
        word.split_once(':').is_some_and(|(service, name)| {
            !service.is_empty()
                && service.bytes().all(|byte| byte.is_ascii_lowercase())
                && service != "sts"
                && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        })
    };
    let mut named: Vec<String> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':')
        .filter(is_action)
        .map(str::to_owned)
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

#[test]
fn both_deployment_files_allow_the_same_actions() {
    let actions = actions_in("readonly-role.cfn.yaml");
    assert!(actions.len() > 10, "{actions:?}");
    assert_eq!(actions, actions_in("readonly-role.tf"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_policy_is_enough() {
    let simulated = Simulated::demo().await;
    simulated.enforce_policies();
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_action_it_is_named_as_the_missing_one() {
    let simulated = Simulated::demo().await;
    simulated.enforce_policies();
    let installation = simulated.installation(Installation::on_server().await);
    let actions = actions_in("readonly-role.cfn.yaml");
    let accounts =
        simulated.accounts_that_cover_themselves("s3-bucket-policy-changes", actions.len());
    for (account, action) in accounts.iter().zip(&actions) {
        simulated.take_away(account, action);
    }
    let checked = installation
        .run(&["check-access", "--format", "json"])
        .await;
    let rows: Vec<Value> =
        serde_json::from_str(&checked.stdout).unwrap_or_else(|error| panic!("{error}: {checked}"));
    for (account, action) in accounts.iter().zip(&actions) {
        let denied: Vec<&str> = rows
            .iter()
            .filter(|row| row["account_id"] == account.as_str() && row["outcome"] == "denied")
            .filter_map(|row| row["permission"].as_str())
            .collect();
        assert_eq!(denied, [action.as_str()], "{account}");
    }
}
