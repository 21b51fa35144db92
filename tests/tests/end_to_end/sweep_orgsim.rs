//! A sweep of a simulated organization finds every account and control as the
//! scenario's author claims, in few calls, all of them reads.

use std::collections::BTreeMap;

use orgsweep_tests::{Database, Installation, workspace};

use crate::simulated::{Simulated, assert_same_rows, settled};

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_is_what_the_scenario_claims() {
    finds_what_the_scenario_claims(Installation::on_server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_is_what_the_scenario_claims_on_the_embedded_database() {
    finds_what_the_scenario_claims(Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_is_what_the_scenario_claims_on_an_older_server() {
    let database = Database::on_older_server().await;
    finds_what_the_scenario_claims(Installation::embedded().keeping_in(database)).await;
}

async fn finds_what_the_scenario_claims(installation: Installation) {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(installation);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
    simulated
        .assert_every_account_has_an_outcome(&installation)
        .await;
    simulated.assert_unread_as_expected(&installation).await;

    let before = settled(&installation).await;
    installation.run(&["sweep"]).await.with_code(0);
    assert_same_rows(&settled(&installation).await, &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sweep_of_an_unchanged_organization_adds_no_snapshot_and_no_history() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let database = installation.database();
    let tables = ["snapshot", "finding_history", "finding", "account"];
    let mut before = BTreeMap::new();
    for table in tables {
        let rows = database
            .number(&format!("select count(*) from {table}"))
            .await;
        assert!(rows > Some(0), "{table} is empty");
        before.insert(table, rows);
    }
    installation.run(&["sweep"]).await.with_code(0);
    for table in tables {
        let rows = database
            .number(&format!("select count(*) from {table}"))
            .await;
        assert_eq!(rows, before[table], "rows of {table}");
    }
    assert_eq!(database.number("select count(*) from sweep").await, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_shows_at_least_once_in_the_demo_organization() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);
    let findings = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let missing: Vec<_> = orgsweep_controls::Reason::ALL
        .iter()
        .filter(|reason| !findings.iter().any(|row| row["reason"] == reason.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "the demo organization does not show {missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_takes_few_calls_and_all_of_them_read() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);

    for call in simulated.calls() {
        let reads = ["Describe", "List", "Get", "AssumeRole"];
        assert!(
            reads
                .iter()
                .any(|prefix| call.operation.starts_with(prefix)),
            "{call:?} is no read"
        );
    }
    let calls = simulated.calls_by_account();
    let mut beyond = Vec::new();
    let mut most: BTreeMap<&str, BTreeMap<usize, usize>> = BTreeMap::new();
    for (account, budget) in simulated.call_budgets() {
        let took = calls.get(&account).map_or(0, Vec::len);
        let mut by_operation: BTreeMap<&str, usize> = BTreeMap::new();
        for call in calls.get(&account).into_iter().flatten() {
            *by_operation.entry(call).or_default() += 1;
        }
        by_operation.insert(ALL_CALLS, took);
        for (operation, took) in by_operation {
            let most = most
                .entry(operation)
                .or_default()
                .entry(budget)
                .or_default();
            *most = took.max(*most);
        }
        if took == 0 || took > budget {
            beyond.push(format!(
                "{account}: {took} calls, {budget} allowed: {:?}",
                calls.get(&account)
            ));
        }
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
    let table = call_table(&most);
    println!("{table}");
    let page = std::fs::read_to_string(workspace().join("docs/PERFORMANCE.md")).expect("the page");
    assert!(
        page.contains(&table),
        "docs/PERFORMANCE.md does not have this table:\n{table}"
    );
}

/// The row of the sum, last in the table.
const ALL_CALLS: &str = "~ all";

/// The most calls of each operation in one account, as docs/PERFORMANCE.md has it.
fn call_table(most: &BTreeMap<&str, BTreeMap<usize, usize>>) -> String {
    let heading =
        "| call | own multi-Region trail | member of an organization trail |\n|---|---:|---:|";
    let rows = most.iter().map(|(operation, by_budget)| {
        let of = |budget: usize| by_budget.get(&budget).copied().unwrap_or_default();
        let name = if *operation == ALL_CALLS {
            "all, at most".to_owned()
        } else {
            format!("`{operation}`")
        };
        format!("\n| {name} | {} | {} |", of(10), of(3))
    });
    [heading.to_owned()].into_iter().chain(rows).collect()
}
