//! Every reason code has a scenario (`crates/orgsim/data/reasons/<code>.toml`), which is swept and
//! explained: the explanations are the snapshots in `explanations/`. A new code needs its file, and
//! `cargo xtask test --accept every_reason_code`, after which its snapshot is read and committed.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use orgsim::Scenario;
use orgsweep_controls::Reason;
use orgsweep_tests::{Installation, workspace};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::simulated::Simulated;

/// How many scenarios are swept at once.
const AT_ONCE: usize = 3;

#[test]
fn every_reason_code_has_a_scenario_and_every_scenario_a_reason_code() {
    let missing: Vec<_> = Reason::ALL
        .iter()
        .filter(|reason| !file(reason.as_str()).exists())
        .collect();
    assert!(missing.is_empty(), "no scenario for {missing:?}");
    let strangers: Vec<String> = fs::read_dir(folder())
        .expect("the folder of the scenarios")
        .map(|entry| entry.expect("a file").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| !Reason::ALL.iter().any(|reason| reason.as_str() == name))
        .collect();
    assert!(strangers.is_empty(), "no reason code {strangers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_code_is_found_and_explained_in_its_scenario() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut sweeps = JoinSet::new();
    for reason in Reason::ALL {
        let turns = Arc::clone(&turns);
        sweeps.spawn(async move {
            let _turn = turns.acquire().await.expect("it is never closed");
            (reason.as_str(), explanation(reason.as_str()).await)
        });
    }
    let mut explanations = BTreeMap::new();
    while let Some(ended) = sweeps.join_next().await {
        let (code, explanation) = ended.expect("a scenario is swept and explained");
        explanations.insert(code, explanation);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("explanations");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]");
    settings.add_filter(r"\([^()]+ ago\)", "([age] ago)");
    // Every difference is shown, not the first alone.
    let differ: Vec<&str> = explanations
        .iter()
        .filter(|(code, explanation)| {
            let compared = AssertUnwindSafe(|| {
                settings.bind(|| insta::assert_snapshot!(**code, explanation));
            });
            catch_unwind(compared).is_err()
        })
        .map(|(code, _)| *code)
        .collect();
    assert!(differ.is_empty(), "explanations that differ: {differ:?}");
}

/// What `explain` says of the first finding with the reason, after a sweep that found what the
/// scenario claims.
async fn explanation(code: &str) -> String {
    let text = fs::read_to_string(file(code)).expect("the scenario's file");
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{code}: {error}"));
    let simulated = Simulated::of(&scenario).await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated
        .assert_found_as_claimed(&installation, &[], 1)
        .await;
    let findings = installation
        .run(&["findings", "--reason", code, "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let text = |key: &str| {
        let first = findings.first();
        let first = first.unwrap_or_else(|| panic!("the scenario of {code} does not show it"));
        first[key].as_str().expect("a text").to_owned()
    };
    installation
        .run(&["explain", &text("account_id"), &text("control")])
        .await
        .with_code(0)
        .stdout
}

fn folder() -> PathBuf {
    workspace().join("crates/orgsim/data/reasons")
}

fn file(code: &str) -> PathBuf {
    folder().join(format!("{code}.toml"))
}
