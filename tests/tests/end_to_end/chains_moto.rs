//! Chains of known truth in an AWS that knows nothing of orgsweep: accounts
//! set up as people and their modules do it (`tests/moto/own_chains.py`,
//! `tests/moto/shared_chains.py`), swept, and found to be what the seed says.

use orgsweep_tests::{Installation, Moto};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn accounts_with_chains_of_their_own_are_found_as_they_are() {
    assert_found_as_claimed("own", 65).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_under_an_organization_trail_are_found_as_they_are() {
    assert_found_as_claimed("shared", 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_under_a_delegated_administrators_trail_are_found_as_they_are() {
    assert_found_as_claimed("delegated", 30).await;
}

/// Sweeps the seeded organization once; every claim holds, and there are at least `at_least` of them.
async fn assert_found_as_claimed(organization: &str, at_least: usize) {
    let moto = Moto::with_chains(organization).await;
    let installation = Installation::on_server()
        .await
        .against(moto.endpoint())
        .with_credentials(&moto.credentials("management"));
    installation.run(&["sweep"]).await.with_code(0);
    let found = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();

    let claims = moto.seeded()["claims"].as_array().expect("claims");
    assert!(claims.len() >= at_least, "the seed claims too little");
    let wrong: Vec<String> = claims
        .iter()
        .filter_map(|claim| disagreement(claim, &found))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} claims do not hold:\n{}",
        wrong.len(),
        claims.len(),
        wrong.join("\n")
    );
}

/// What is found instead of `[name, account, control, verdict, [reasons]]`.
fn disagreement(claim: &Value, found: &[Value]) -> Option<String> {
    let row = found
        .iter()
        .find(|row| row["account_id"] == claim[1] && row["control"] == claim[2]);
    let agrees = row.is_some_and(|row| {
        let reasons = claim[4].as_array().expect("reasons");
        row["verdict"] == claim[3] && reasons.contains(&row["reason"])
    });
    (!agrees).then(|| {
        let finding = row.map(|row| format!("{} {}", row["verdict"], row["reason"]));
        format!("{claim} is {finding:?}")
    })
}
