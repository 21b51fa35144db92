//! What must hold after a sweep, whatever happened to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use orgsim::{Scenario, Server, ServerOptions, World};
use serde_json::Value;

use super::disturbance::Disturbance;
use crate::installation::Installation;

/// What an undisturbed sweep found: verdict and reason by account and control.
#[derive(Debug, Clone)]
pub struct Undisturbed {
    pub(super) found: Found,
    pub(super) rows: Vec<Value>,
}

pub(super) type Found = BTreeMap<(String, String), (String, String)>;

impl Undisturbed {
    /// What is found in the demo organization when nobody disturbs the sweep.
    ///
    /// # Panics
    /// When the surroundings are missing, or the sweep fails.
    pub async fn of_demo() -> Self {
        let world = Arc::new(World::build(&Scenario::demo()));
        let server = Server::start(Arc::clone(&world), ServerOptions::default()).await;
        let server = server.expect("a free port");
        let caller = world.delegated_administrator();
        let installation = Installation::on_server()
            .await
            .against(&server.endpoint_url())
            .as_caller_in(&caller.unwrap_or_else(|| world.management_account()));
        installation.run(&["sweep"]).await.with_code(0);
        let rows = settled(&installation).await;
        Self {
            found: found(&rows),
            rows,
        }
    }

    /// What an undisturbed sweep found about a control in an account.
    pub(super) fn verdict(&self, account: &str, control: &str) -> Option<&str> {
        let key = (account.to_owned(), control.to_owned());
        self.found.get(&key).map(|(verdict, _)| verdict.as_str())
    }

    /// How the rows after a quiet sweep differ from these; `without` are accounts that are not
    /// looked at.
    pub(super) fn differences(&self, rows: &[Value], without: &[&str]) -> Vec<String> {
        let looked_at = |row: &&Value| {
            let account = row["account_id"].as_str().unwrap_or_default();
            !without.contains(&account)
        };
        let rows: Vec<&Value> = rows.iter().filter(looked_at).collect();
        let strayed = rows.iter().filter(|row| !self.rows.contains(row));
        let mut differences: Vec<String> = strayed
            .take(3)
            .map(|row| format!("after the quiet sweep: {row}"))
            .collect();
        if rows.len() != self.rows.len() {
            differences.push(format!(
                "{} findings after the quiet sweep, undisturbed {}",
                rows.len(),
                self.rows.len()
            ));
        }
        differences
    }
}

/// Findings without what differs from sweep to sweep.
pub(super) async fn settled(installation: &Installation) -> Vec<Value> {
    let mut rows = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        for key in ["observed_at", "sweep_id", "since", "failing_since"] {
            row.remove(key);
        }
    }
    rows
}

pub(super) fn found(rows: &[Value]) -> Found {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    rows.iter()
        .map(|row| {
            let key = (text(row, "account_id"), text(row, "control"));
            (key, (text(row, "verdict"), text(row, "reason")))
        })
        .collect()
}

/// Where the last finished sweep broke a rule.
pub(super) async fn violations(
    installation: &Installation,
    world: &World,
    disturbances: &[Disturbance],
    undisturbed: &Undisturbed,
) -> Vec<String> {
    let mut violations = Vec::new();
    let rows = settled(installation).await;
    let found_now = found(&rows);
    if found_now.len() != rows.len() {
        violations.push(format!(
            "{} findings of {} accounts and controls",
            rows.len(),
            found_now.len()
        ));
    }
    for (key, (verdict, reason)) in &found_now {
        let (account, control) = key;
        if disturbances.iter().any(|it| it.changes(account)) {
            continue;
        }
        let Some((rightly, because)) = undisturbed.found.get(key) else {
            violations.push(format!(
                "{account} {control}: {verdict} of an account that is never read"
            ));
            continue;
        };
        let same = (verdict, reason) == (rightly, because);
        // What is not known leaves the verdict open; nothing else may change it.
        if !same && verdict != "unknown" && verdict != rightly {
            violations.push(format!(
                "{account} {control}: {verdict} ({reason}), undisturbed {rightly} ({because})"
            ));
        }
    }
    violations.extend(outcomes(installation, world, disturbances).await);
    violations
}

/// Each finding has one open period of its history, the one that holds now.
pub(super) async fn broken_histories(installation: &Installation) -> Option<String> {
    let broken = installation
        .database()
        .number(
            "select count(*) from finding f where 1 <> (
                 select count(*) from finding_history h
                 where h.account_no = f.account_no and h.control_no = f.control_no
                   and h.valid_until is null and h.verdict = f.verdict)",
        )
        .await;
    (broken != Some(0)).then(|| format!("{broken:?} findings without one open period"))
}

/// Every account that was listed has one outcome in the last sweep that was finished.
pub(super) async fn outcomes(
    installation: &Installation,
    world: &World,
    disturbances: &[Disturbance],
) -> Vec<String> {
    let database = installation.database();
    let count = |sql: &'static str| async move { database.number(sql).await.unwrap_or(-1) };
    let mut violations = Vec::new();
    let open = count(
        "select count(*) from sweep_account a join sweep s using (sweep_no)
         where s.state = 'finished' and a.outcome is null",
    )
    .await;
    if open != 0 {
        violations.push(format!(
            "{open} accounts of finished sweeps have no outcome"
        ));
    }
    violations.extend(broken_histories(installation).await);
    let running = count("select count(*) from sweep where state = 'running'").await;
    if running != 0 {
        violations.push(format!("{running} sweeps are still called running"));
    }
    let outcome = installation
        .run(&["accounts", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    for account in world.accounts() {
        if disturbances.iter().any(|it| it.changes(account)) {
            continue;
        }
        let rows: Vec<&Value> = outcome
            .iter()
            .filter(|row| row["account_id"] == account)
            .collect();
        let ended = matches!(
            rows.first().and_then(|row| row["outcome"].as_str()),
            Some("done" | "failed" | "skipped")
        );
        if rows.len() != 1 || !ended {
            let shown: Vec<String> = rows
                .iter()
                .map(|row| format!("{} {}", row["outcome"], row["reason"]))
                .collect();
            violations.push(format!("{account} has no single outcome: {shown:?}"));
        }
    }
    violations
}
