//! What is stored of a night is enough to judge it again without AWS, and to say
//! what became of it.

use orgsweep_tests::Installation;

use crate::simulated::Simulated;

/// A framework under which fewer findings fail.
const OTHER: &str = "cis-4.0.1";

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_night_is_judged_again_and_compared() {
    judged_again_and_compared(Installation::on_server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_night_is_judged_again_and_compared_on_the_embedded_database() {
    judged_again_and_compared(Installation::embedded()).await;
}

async fn judged_again_and_compared(installation: Installation) {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(installation);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.silence_every_alarm();
    installation.run(&["sweep"]).await.with_code(0);
    simulated.forget_calls();

    // The same logic judges the same facts alike, in the last night and in the one before.
    for night in [
        ["--sweep", "last"],
        ["--sweep", "1"],
        ["--as-of", "2100-01-01"],
    ] {
        let ended = installation
            .run(&["reevaluate", night[0], night[1], "--format", "json"])
            .await
            .with_code(0)
            .saying(&["judged again, 0 differ"]);
        assert_eq!(ended.rows(), Vec::<serde_json::Value>::new(), "{night:?}");
    }
    // Another framework does not require the rules of security groups.
    let other = installation
        .run(&[
            "reevaluate",
            "--sweep",
            "1",
            "--framework",
            OTHER,
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    assert!(!other.is_empty());
    for row in &other {
        assert_eq!(row["before"]["reason"], "filter_does_not_cover", "{row}");
        assert_eq!(row["after"]["verdict"], "pass", "{row}");
    }
    let csv = installation
        .run(&[
            "reevaluate",
            "--sweep",
            "1",
            "--framework",
            OTHER,
            "--format",
            "csv",
        ])
        .await
        .with_code(0);
    assert_eq!(csv.stdout.lines().count(), other.len() + 1);

    let forth = diff(&installation, &[]).await;
    assert!(
        forth["counts"]["new"].as_u64() > Some(100),
        "{}",
        forth["counts"]
    );
    assert_eq!(forth["counts"]["fixed"], 0);
    assert!(forth["counts"]["still_open"].as_u64() > Some(100));
    // One silenced chain of the organization is one cause, however many accounts rely on it.
    let largest = &forth["causes"][0];
    assert_eq!(largest["change"], "new");
    assert!(largest["findings"].as_array().map_or(0, Vec::len) > 10);
    let back = diff(&installation, &["last", "previous"]).await;
    // What was not known before fails now: the way back ends in not knowing, not in a pass.
    let doubts = |row: &&serde_json::Value| row["before"]["verdict"] == "unknown";
    let doubted = rows(&forth, "new").iter().filter(doubts).count();
    assert_eq!(
        rows(&back, "fixed").len() + doubted,
        rows(&forth, "new").len()
    );
    assert_eq!(back["counts"]["new"], 0);
    let page = installation.run(&["diff"]).await.with_code(0).stdout;
    assert!(page.starts_with("From sweep 1 of "), "{page}");

    assert_eq!(simulated.calls().len(), 0, "AWS was called");
    installation
        .run(&["diff", "1", "99"])
        .await
        .with_code(2)
        .saying(&["there is no sweep `99`"]);
    installation
        .run(&["reevaluate", "--framework", "cis-0.1"])
        .await
        .with_code(2)
        .saying(&["there is no framework `cis-0.1`", "cis-1.2.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_one_member_keeps_what_it_is_judged_by() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    let (member, _) = simulated
        .call_budgets()
        .into_iter()
        .find(|(account, calls)| {
            *calls == 3 && ![simulated.caller(), simulated.management_account()].contains(account)
        })
        .expect("a member without a trail of its own");
    let selector = format!("account={member}");
    for (sweep, scope) in [
        ("1", ["--include", &selector]),
        ("2", ["--accounts", &member]),
    ] {
        installation
            .run(&["sweep", scope[0], scope[1]])
            .await
            .with_code(0);
        installation
            .run(&["reevaluate", "--sweep", sweep])
            .await
            .with_code(0)
            .saying(&["1 account with 15 findings judged again, 0 differ"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_of_named_accounts_is_no_night() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    let member = simulated.some_healthy_account();
    let accounts = async || {
        let exported = installation.run(&["snapshot", "export"]).await.with_code(0);
        exported.stdout.lines().count()
    };
    // Until the organization is swept, there is nothing else to export.
    let named = ["sweep", "--accounts", &member];
    installation.run(&named).await.with_code(0);
    let few = accounts().await;
    installation.run(&["sweep"]).await.with_code(0);
    let all = accounts().await;
    assert!(all > few + 10, "{few} and {all} lines");
    installation.run(&named).await.with_code(0);
    assert_eq!(accounts().await, all);
    let partial = "select sweep_no, is_partial from coverage_of_sweep order by 1";
    assert_eq!(
        installation.query(partial).await,
        serde_json::json!([
            {"sweep_no": 1, "is_partial": true},
            {"sweep_no": 2, "is_partial": false},
            {"sweep_no": 3, "is_partial": true},
        ])
        .as_array()
        .expect("rows")
        .clone()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_come_and_go_are_told_apart_from_findings() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);
    let gone = simulated.some_healthy_account();
    simulated.leave(&gone);
    installation.run(&["sweep"]).await.with_code(0);
    let forth = diff(&installation, &[]).await;
    assert_eq!(forth["accounts"][0]["account_id"], gone.as_str());
    assert_eq!(forth["accounts"][0]["change"], "left");
    assert_eq!(forth["counts"]["new"], 0);
    assert_eq!(forth["counts"]["fixed"], 0);
    let back = diff(&installation, &["last", "previous"]).await;
    assert_eq!(back["accounts"][0]["change"], "appeared");
}

/// The findings with that change.
fn rows(document: &serde_json::Value, change: &str) -> Vec<serde_json::Value> {
    let causes = document["causes"].as_array().expect("causes");
    let of_change = causes.iter().filter(|cause| cause["change"] == change);
    of_change
        .flat_map(|cause| cause["findings"].as_array().expect("findings").clone())
        .collect()
}

async fn diff(installation: &Installation, sweeps: &[&str]) -> serde_json::Value {
    let arguments = [&["diff"], sweeps, &["--format", "json"]].concat();
    installation.run(&arguments).await.with_code(0).json()
}
