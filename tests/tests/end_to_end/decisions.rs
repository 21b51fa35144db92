//! Recorded decisions: exceptions stand beside failing findings and turn nothing; decisions of
//! the file turn verdicts, and every finding that rests on one names it.

use chrono::{Days, Utc};
use orgsweep_tests::Installation;
use serde_json::{Value, json};

use crate::simulated::Simulated;

const CONTROL: &str = "security-group-changes";

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_marks_failing_findings_until_it_ends_and_turns_nothing() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let verdicts = "select account_id, control, verdict, reason from posture order by 1, 2";
    let before = installation.query(verdicts).await;

    for (mistake, words) in [
        (&["--days", "9"][..], "an exception without a condition"),
        (
            &["--control", "security-groups", "--days", "9"],
            "did you mean",
        ),
        (
            &["--reason", "no_alarms", "--days", "9"],
            "did you mean `no_alarm`?",
        ),
        (
            &["--control", CONTROL, "--until", "2020-01-01"],
            "ends in the future",
        ),
    ] {
        let arguments = [&["exception", "add", "--why", "w", "--who", "me"], mistake].concat();
        installation
            .run(&arguments)
            .await
            .with_code(2)
            .saying(&[words]);
    }
    let added = add(&installation, &["--control", CONTROL, "--days", "9"]).await;
    assert_eq!(added["state"], "ends_soon");
    let accepted = added["findings"].as_u64().expect("a number");
    assert!(accepted > 3, "{added}");

    assert_eq!(installation.query(verdicts).await, before);
    let marked = installation
        .query("select distinct exception_id, exception_reason from failing where exception_id is not null")
        .await;
    assert_eq!(marked[0]["exception_id"], added["exception_id"]);
    let failing = installation
        .run(&[
            "findings",
            "--control",
            CONTROL,
            "--verdict",
            "fail",
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    assert_eq!(failing.len() as u64, accepted);
    assert!(
        failing
            .iter()
            .all(|row| row["exception"]["id"] == added["exception_id"])
    );
    let account = failing[0]["account_id"].as_str().expect("an account");
    installation
        .run(&["explain", account, CONTROL])
        .await
        .with_code(0)
        .printing(&["FAIL", "accepted until", "tolerated for a while"]);
    installation.run(&["sweep"]).await.with_code(0).printing(&[
        &format!("Accepted  {accepted} failing findings by exceptions"),
        "Decision  exception",
        "of security-team ends on",
    ]);

    // Narrower conditions accept less.
    let one = add(
        &installation,
        &[
            "--account",
            account,
            "--reason",
            "no_alarm",
            "--days",
            "400",
        ],
    )
    .await;
    assert_eq!(one["state"], "in_force");
    assert!(one["findings"].as_u64() < Some(accepted));

    let id = added["exception_id"].as_str().expect("an id");
    let renewed = printed(
        &installation,
        &["exception", "renew", id, "--who", "other", "--days", "90"],
    )
    .await;
    assert_eq!(renewed["renews"], added["exception_id"]);
    assert_eq!(
        (&renewed["state"], &renewed["author"]),
        (&json!("in_force"), &json!("other"))
    );
    let new = renewed["exception_id"].as_str().expect("an id");
    installation
        .run(&["exception", "renew", id, "--who", "x", "--days", "9"])
        .await
        .with_code(1)
        .saying(&["was taken back before"]);
    let removed = printed(
        &installation,
        &["exception", "remove", new, "--who", "other"],
    )
    .await;
    assert_eq!(
        (&removed["state"], &removed["findings"]),
        (&json!("withdrawn"), &json!(0))
    );
    let listed = |all: &'static [&'static str]| {
        let arguments = [&["exception", "list", "--format", "json"], all].concat();
        let installation = &installation;
        async move { installation.run(&arguments).await.with_code(0).rows() }
    };
    assert_eq!(listed(&[]).await.len(), 1);
    assert_eq!(listed(&["--all"]).await.len(), 3);
    assert_eq!(installation.query(verdicts).await, before);
}

async fn add(installation: &Installation, conditions: &[&str]) -> Value {
    let who = ["--who", "security-team", "--why", "tolerated for a while"];
    printed(
        installation,
        &[&["exception", "add"], &who[..], conditions].concat(),
    )
    .await
}

/// The one row that a command prints.
async fn printed(installation: &Installation, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    installation
        .run(&arguments)
        .await
        .with_code(0)
        .rows()
        .remove(0)
}

/// A file with one exclusion that is good for so many days.
fn excluding(days: i64) -> String {
    let today = Utc::now().date_naive();
    let last = if days < 0 {
        today - Days::new(days.unsigned_abs())
    } else {
        today + Days::new(days.unsigned_abs())
    };
    format!(
        "[[exclusion]]\nid = \"rules\"\ncontrols = [\"{CONTROL}\"]\n\
         pattern = '{{ $.eventName = ModifySecurityGroupRules }}'\n\
         owner = \"network-team\"\nreason = \"told elsewhere\"\nexpires = {last}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exclusion_turns_what_it_excuses_and_each_finding_names_it() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);
    let excused = "select account_id from posture where control = 'security-group-changes'
        and reason = 'filter_does_not_cover'
        and evidence -> 'missing_events' = '[\"ModifySecurityGroupRules\"]' order by 1";
    let before = installation.query(excused).await;
    assert!(!before.is_empty());

    installation.set("ORGSWEEP_CONTROLS_DECISIONS", "decisions.toml");
    installation.write("decisions.toml", &excluding(10));
    installation
        .run(&["sweep"])
        .await
        .with_code(0)
        .printing(&["Decision  exclusion `rules` of network-team ends on"]);
    let resting = installation
        .query(
            "select account_id from posture where verdict = 'pass'
             and evidence @? '$.decisions[*] ? (@.id == \"rules\" && @.decides == true)' order by 1",
        )
        .await;
    assert_eq!(resting, before);
    let account = before[0]["account_id"].as_str().expect("an account");
    installation
        .run(&["explain", account, CONTROL])
        .await
        .with_code(0)
        .printing(&[
            "PASS",
            "by exclusion `rules` of network-team until",
            "Rests on exclusion `rules` of network-team",
            "Note (decision_ends_soon)",
        ]);

    // An ended one does not count; facts and file together decide, without AWS.
    installation.write("decisions.toml", &excluding(-1));
    let differing = installation
        .run(&["reevaluate", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    assert_eq!(differing.len(), before.len());
    assert!(
        differing
            .iter()
            .all(|row| row["after"]["verdict"] == "fail")
    );
    installation
        .run(&["sweep"])
        .await
        .with_code(0)
        .printing(&["Decision  exclusion `rules` of network-team ended on"]);
    assert_eq!(installation.query(excused).await, before);

    installation.write("decisions.toml", &excluding(10).replace("owner", "onwer"));
    installation
        .run(&["sweep"])
        .await
        .with_code(2)
        .saying(&["decisions.toml:5:1", "onwer"]);
}
