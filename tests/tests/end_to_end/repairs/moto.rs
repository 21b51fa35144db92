//! The same at moto, an AWS that knows nothing of orgsweep: what was made is looked at
//! with boto3 (`tests/moto/look.py`).

use std::collections::BTreeSet;

use orgsweep_tests::{Installation, Moto, python, workspace};
use serde_json::Value;

use super::{ROLE, TOLD, findings, run_id};

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmarks_four_steps_and_many_other_repairs_are_there_and_gone_again() {
    let moto = Moto::with_chains("own").await;
    let installation = Installation::on_server()
        .await
        .against(moto.endpoint())
        .with_credentials(&moto.credentials("management"));
    installation.run(&["sweep"]).await.with_code(0);

    installation.write("selected.sql", &failing_claims(moto.seeded()));
    let plan = installation
        .run(&[
            "remediate",
            "plan",
            "--from-query",
            "selected.sql",
            "--subscribe",
            TOLD,
            "--allow-trail-changes",
            "--offline",
            "--format",
            "json",
        ])
        .await
        .with_code(0);
    installation.write("plan.json", &plan.stdout);
    let plan = plan.json();
    let steps = plan["steps"].as_array().expect("steps");
    let kinds: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step["kind"].as_str())
        .collect();
    for kind in [
        "put_metric_filter",
        "create_topic",
        "subscribe",
        "put_alarm",
    ] {
        assert!(
            kinds.contains(kind),
            "the benchmark's steps are among {kinds:?}"
        );
    }
    let accounts: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step["account_id"].as_str())
        .collect();
    assert!(
        accounts.len() >= 11,
        "{} accounts are repaired",
        accounts.len()
    );

    let (id, digest) = (&plan["plan_id"], &plan["digest"]);
    let [id, digest] = [id, digest].map(|text| text.as_str().expect("a text"));
    let confirmed = ["--digest", digest, "--role-name", ROLE, "--format", "json"];
    let mut apply = vec!["remediate", "apply", id, "--canary", "3"];
    apply.extend(confirmed);
    let told = installation.run(&apply).await.with_code(0).json();
    assert_eq!(look(&moto, &installation, "there").await, [""; 0]);
    assert_eq!(findings(&told, "still_failing"), 0, "{told}");
    assert_eq!(findings(&told, "not_judged"), 0, "{told}");
    assert!(findings(&told, "verified") >= 11, "{told}");

    let mut undo = vec!["remediate", "undo", run_id(&told)];
    undo.extend(confirmed);
    installation.run(&undo).await.with_code(0);
    assert_eq!(look(&moto, &installation, "gone").await, [""; 0]);
}

/// A query for the findings that the seed claims to fail.
fn failing_claims(seeded: &Value) -> String {
    let rows: Vec<String> = seeded["claims"]
        .as_array()
        .expect("claims")
        .iter()
        .filter(|claim| claim[3] == "fail")
        .map(|claim| {
            let text = |place: usize| claim[place].as_str().expect("a text").to_owned();
            format!("('{}', '{}')", text(1), text(2))
        })
        .collect();
    format!(
        "select account_id, control from failing where (account_id, control) in ({})",
        rows.join(", ")
    )
}

/// What is not as the plan says, looked at with boto3.
async fn look(moto: &Moto, installation: &Installation, wanted: &str) -> Vec<String> {
    let script = workspace().join("tests/moto/look.py");
    let plan = installation.home().join("plan.json");
    let [script, plan] = [script, plan].map(|path| path.display().to_string());
    let looked = installation
        .run_of(&python(), &[&script, moto.endpoint(), &plan, wanted])
        .await
        .with_code(0);
    serde_json::from_str(&looked.stdout).expect("a list")
}
