//! A sweep of an organization in moto, which knows nothing of orgsweep: every
//! account and control is found to be what the seed says (`tests/moto/seed.py`).

use std::collections::BTreeMap;

use orgsweep_tests::{Installation, Moto};
use serde_json::Value;

type Table = BTreeMap<(String, String), (String, String)>;

#[tokio::test(flavor = "multi_thread")]
async fn the_management_account_finds_every_account_as_it_is() {
    let moto = Moto::start().await;
    let installation = Installation::on_server()
        .await
        .against(moto.endpoint())
        .with_credentials(&moto.credentials("management"));
    moto.forget_calls();
    installation.run(&["sweep"]).await.with_code(0);
    assert_calls_are_few_and_reads(&moto);
    assert_found_as_expected(&installation, &moto).await;

    let before = history(&installation).await;
    installation.run(&["sweep"]).await.with_code(0);
    assert_eq!(
        history(&installation).await,
        before,
        "an unchanged organization adds no row"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegated_administrator_finds_the_same_on_the_embedded_database() {
    let moto = Moto::start().await;
    let installation = Installation::embedded()
        .against(moto.endpoint())
        .with_credentials(&moto.credentials("audit"));
    installation.run(&["sweep"]).await.with_code(0);
    assert_found_as_expected(&installation, &moto).await;
}

async fn assert_found_as_expected(installation: &Installation, moto: &Moto) {
    let found = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0);
    let found: Table = found
        .rows()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (
                (text("account_id"), text("control")),
                (text("verdict"), text("reason")),
            )
        })
        .collect();
    let expected = expected(moto.seeded());
    assert!(expected.len() >= 15 * 15, "the seed claims too little");
    let names = names(moto.seeded());
    let mut differences = Vec::new();
    for ((account, control), claim) in &expected {
        let finding = found.get(&(account.clone(), control.clone()));
        if finding != Some(claim) {
            differences.push(format!(
                "{} {control}: {finding:?} instead of {claim:?}",
                names[account]
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences[..differences.len().min(30)].join("\n")
    );
    assert_eq!(
        found.len(),
        expected.len(),
        "no finding about anything else"
    );

    let accounts = installation
        .run(&["accounts", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    for (account, reason) in moto.seeded()["skipped"]
        .as_object()
        .expect("skipped accounts")
    {
        let row = accounts
            .iter()
            .find(|row| row["account_id"] == account.as_str());
        let row = row.unwrap_or_else(|| panic!("the skipped {account} is not listed"));
        assert!(
            row.to_string().contains(reason.as_str().expect("a reason")),
            "{row}"
        );
    }
}

fn expected(seeded: &Value) -> Table {
    let mut table = Table::new();
    for (account, controls) in seeded["expected"].as_object().expect("expected findings") {
        for (control, claim) in controls.as_object().expect("controls") {
            let text = |index: usize| {
                claim[index]
                    .as_str()
                    .expect("verdict and reason")
                    .to_owned()
            };
            table.insert((account.clone(), control.clone()), (text(0), text(1)));
        }
    }
    table
}

fn names(seeded: &Value) -> BTreeMap<String, String> {
    let accounts = seeded["accounts"].as_object().expect("accounts");
    accounts
        .iter()
        .map(|(name, number)| (number.as_str().expect("a number").to_owned(), name.clone()))
        .collect()
}

/// Rows of the tables that an unchanged night must not add to.
async fn history(installation: &Installation) -> [Option<i64>; 3] {
    let database = installation.database();
    [
        database.number("select count(*) from snapshot").await,
        database
            .number("select count(*) from finding_history")
            .await,
        database.number("select count(*) from finding").await,
    ]
}

/// No account takes more calls than its budget, and none changes anything.
fn assert_calls_are_few_and_reads(moto: &Moto) {
    let calls = moto.calls();
    let caller = moto.credentials("management").key;
    let mut per_account: Vec<usize> = Vec::new();
    for (key, calls) in &calls {
        for call in calls {
            let operation = call.split(':').nth(1).unwrap_or_default();
            let reads = ["Describe", "List", "Get", "AssumeRole", "/listRegions"];
            assert!(
                reads.iter().any(|prefix| operation.starts_with(prefix)),
                "{call} is no read"
            );
        }
        if *key != caller {
            // One more: that of the caller who assumed the role.
            per_account.push(calls.len() + 1);
        }
    }
    per_account.sort_unstable();
    println!("calls per account: {per_account:?}");
    let budgets = moto.seeded()["budgets"].as_object().expect("budgets");
    let mut budgets: Vec<usize> = budgets
        .values()
        .map(|calls| calls.as_u64().map_or(0, |calls| calls as usize))
        .collect();
    budgets.sort_unstable();
    assert_eq!(
        per_account.len(),
        budgets.len(),
        "one session per member: {calls:#?}"
    );
    for (took, budget) in per_account.iter().zip(&budgets) {
        assert!(took <= budget, "{per_account:?} calls, {budgets:?} allowed");
    }
}
