//! Stored facts travel to another database, redacted or not, and give the same verdicts there.

use orgsweep_tests::Installation;
use serde_json::Value;

use crate::simulated::Simulated;

/// How the verdicts are distributed: the same on both sides, whatever the accounts are called.
const VERDICTS: &str = "select control, verdict, reason, count(*) as accounts
    from posture group by 1, 2, 3 order by 1, 2, 3";

#[tokio::test(flavor = "multi_thread")]
async fn exported_facts_give_the_same_verdicts_elsewhere() {
    let simulated = Simulated::demo().await;
    simulated.watch_from_a_monitoring_account();
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.forget_calls();
    let here = installation.query(VERDICTS).await;
    let accounts = installation
        .run(&["accounts", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let text = |arguments: &'static [&'static str]| {
        let arguments = [&["snapshot", "export"], arguments].concat();
        let installation = &installation;
        async move { installation.run(&arguments).await.with_code(0).stdout }
    };
    let plain = text(&["--format", "jsonl"]).await;
    let redacted = text(&["--redact"]).await;
    for account in accounts.iter().filter(|row| !row["observed_at"].is_null()) {
        for key in ["account_id", "account_email"] {
            if let Some(secret) = account[key].as_str() {
                assert!(plain.contains(secret), "{key} {secret}");
                assert!(!redacted.contains(secret), "{key} {secret}");
            }
        }
        let name = format!("\"{}\"", account["account_name"].as_str().expect("a name"));
        assert!(plain.contains(&name) && !redacted.contains(&name), "{name}");
    }

    for document in [&plain, &redacted] {
        let elsewhere = Installation::embedded();
        elsewhere.write("facts", document);
        elsewhere
            .run(&["snapshot", "import", "facts"])
            .await
            .with_code(0)
            .saying(&["imported and judged"]);
        assert_eq!(elsewhere.query(VERDICTS).await, here);
        elsewhere
            .run(&["reevaluate"])
            .await
            .with_code(0)
            .saying(&[", 0 differ"]);
        elsewhere
            .run(&["snapshot", "import", "facts"])
            .await
            .with_code(1)
            .saying(&["already, or newer ones"]);
        assert_eq!(elsewhere.query(VERDICTS).await, here);
    }
    assert_eq!(simulated.calls().len(), 0, "AWS was called");
    installation.write("facts", &plain);
    installation
        .run(&["snapshot", "import", "facts"])
        .await
        .with_code(1)
        .saying(&["the database holds sweeps of its own"]);
    assert_eq!(installation.query(VERDICTS).await, here);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_travels_with_those_that_it_is_judged_by_and_a_bad_file_writes_nothing() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);
    let covered = installation
        .query(
            "select account_id, account_name from posture
             where reason = 'covered_by_organization_trail' order by 1 limit 1",
        )
        .await;
    let id = covered[0]["account_id"].as_str().expect("an account");
    let export = installation
        .run(&[
            "snapshot",
            "export",
            "--account",
            id,
            "--output",
            "one.json",
        ])
        .await
        .with_code(0)
        .saying(&["1 account exported, with the facts of"]);
    assert_eq!(export.stdout, "");
    installation
        .run(&[
            "snapshot",
            "export",
            "--account",
            id,
            "--output",
            "one.json",
        ])
        .await
        .with_code(1)
        .saying(&["`one.json` cannot be written"]);
    let text = std::fs::read_to_string(installation.home().join("one.json")).expect("the file");

    let elsewhere = Installation::embedded();
    let of_account = format!(
        "select control, verdict, reason from posture where account_id = '{id}' order by 1"
    );
    let broken = [
        (text[..text.len() / 2].to_owned(), "it is not JSON"),
        (
            text.replace("\"version\": 1", "\"version\": 9"),
            "of version 9 of the format",
        ),
        (
            text.replace("\"snapshot\":", "\"snapshots\":"),
            "account 1 of it is wrong",
        ),
        ("{}".to_owned(), "no document of `orgsweep snapshot export`"),
    ];
    for (text, words) in broken {
        elsewhere.write("facts", &text);
        elsewhere
            .run(&["snapshot", "import", "facts"])
            .await
            .with_code(1)
            .saying(&["`facts` cannot be imported; nothing was written", words]);
    }
    let nothing: Vec<Value> = Vec::new();
    assert_eq!(
        elsewhere
            .query("select sweep_id from coverage_of_sweep")
            .await,
        nothing
    );
    assert_eq!(
        elsewhere
            .query("select account_id from account_status")
            .await,
        nothing
    );

    elsewhere.write("facts", &text);
    elsewhere
        .run(&["snapshot", "import", "facts"])
        .await
        .with_code(0);
    assert_eq!(
        elsewhere.query(&of_account).await,
        installation.query(&of_account).await
    );
    let others = format!("select account_id from posture where account_id <> '{id}'");
    assert_eq!(elsewhere.query(&others).await, nothing);
}

/// A verdict of each account and control, by account number.
const EACH: &str = "select account_id, account_name, ou_path, control, verdict, reason
    from posture where observed_at is not null order by 1, 4";

#[tokio::test(flavor = "multi_thread")]
async fn an_export_becomes_an_organization_with_the_same_verdicts() {
    let simulated = Simulated::demo().await;
    simulated.watch_from_a_monitoring_account();
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let real = installation.query(EACH).await;
    installation
        .run(&["snapshot", "export", "--output", "real.json"])
        .await
        .with_code(0);
    let here = installation.home().to_owned();
    let export = std::fs::read_to_string(here.join("real.json")).expect("the export");
    let toml = orgsim::Scenario::of_export(&export, "real.json").expect("a scenario");
    std::fs::write(here.join("real.toml"), &toml).expect("the scenario");
    let scenario = orgsim::Scenario::read(&here.join("real.toml"))
        .unwrap_or_else(|error| panic!("{error}\n{toml}"));

    let again = Simulated::of(&scenario).await;
    let installation = again.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let rebuilt = installation.query(EACH).await;
    let differing: Vec<_> = real
        .iter()
        .filter(|row| !rebuilt.contains(row))
        .map(ToString::to_string)
        .collect();
    assert!(
        differing.is_empty(),
        "{} of {} differ:\n{}",
        differing.len(),
        real.len(),
        differing.join("\n")
    );
    assert!(real.len() > 600, "{} verdicts", real.len());
}

#[test]
fn what_is_no_export_becomes_no_organization() {
    let told = |text: &str| {
        let error = orgsim::Scenario::of_export(text, "real.json").expect_err("it is no export");
        error.to_string()
    };
    assert!(told("[]").contains("`orgsweep snapshot export` writes"));
    let other = r#"{"format": "other", "version": 1, "exported_at": "2026-01-01T00:00:00Z", "accounts": []}"#;
    assert!(told(other).contains("its format is `other`"));
    let of_nobody = other.replace("\"other\"", "\"orgsweep-snapshots\"");
    assert!(told(&of_nobody).contains("which account manages the organization"));
    let alone = orgsim::Scenario::parse("exported = \"gone.json\"").expect_err("no folder");
    assert!(
        alone.to_string().starts_with("line 1, column 12"),
        "{alone}"
    );
}
