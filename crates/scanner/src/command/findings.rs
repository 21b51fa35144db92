//! `orgsweep findings`: the verdicts of the last sweeps. The keys of its JSON
//! are a contract.

use clap::Args;
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_controls::reason::Reason;
use orgsweep_store::{FindingFilter, FindingRow, Store};

use crate::command::names::{account_named, known_control};
use crate::config::suggest::nearest;
use crate::context::{self, Context};
use crate::exit::{Exit, usage};
use crate::output::number::{counted, moment};
use crate::output::{Column, Format, listing, terminal};

/// List verdicts, as of the last time that each account was read.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Of this control only (can be repeated).
    #[arg(long = "control", value_name = "ID")]
    controls: Vec<String>,

    /// With this verdict only: pass, fail, unknown or `not_applicable` (can be repeated).
    #[arg(long = "verdict", value_name = "VERDICT", value_parser = ["pass", "fail", "unknown", "not_applicable"])]
    verdicts: Vec<String>,

    /// Of this account only, by number or name (can be repeated).
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    /// At or below this OU only, by its path (Workloads/Prod) or id (can be repeated).
    #[arg(long = "ou", value_name = "OU")]
    ous: Vec<String>,

    /// With this reason code only (can be repeated).
    #[arg(long = "reason", value_name = "CODE")]
    reasons: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let catalog = context::catalog(&settings)?;
    let controls = arguments
        .controls
        .iter()
        .map(|text| known_control(&catalog, text))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let verdicts = arguments
        .verdicts
        .iter()
        .filter_map(|text| verdict_named(text))
        .collect();
    for reason in &arguments.reasons {
        check_reason(reason)?;
    }
    let store = context::store(&settings).await?;
    let found = found(&store, controls, verdicts, &arguments).await;
    store.close().await;
    let rows = found?;
    if rows.is_empty() && settings.format == Format::Table {
        terminal::tell(
            "no findings; `orgsweep sweep` reads the organization, `orgsweep demo` an invented one",
        );
        return Ok(Exit::Fine);
    }
    terminal::print(&listing(
        &rows,
        &columns(),
        settings.format,
        terminal::width(),
    )?)?;
    if settings.format == Format::Table {
        terminal::tell(&format!(
            "{}; `orgsweep explain ACCOUNT CONTROL` shows the proof of one",
            counted(rows.len() as u64, "finding")
        ));
    }
    Ok(Exit::Fine)
}

async fn found(
    store: &Store,
    controls: Vec<ControlId>,
    verdicts: Vec<Verdict>,
    arguments: &Arguments,
) -> anyhow::Result<Vec<FindingRow>> {
    let mut accounts: Vec<AccountId> = Vec::new();
    for text in &arguments.accounts {
        accounts.push(account_named(store, text).await?);
    }
    let filter = FindingFilter {
        controls,
        verdicts,
        accounts,
        reasons: arguments.reasons.clone(),
        ous: arguments.ous.clone(),
    };
    Ok(store.findings(&filter).await?)
}

fn verdict_named(text: &str) -> Option<Verdict> {
    Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.as_str() == text)
}

fn check_reason(text: &str) -> anyhow::Result<()> {
    if Reason::ALL.iter().any(|reason| reason.as_str() == text) {
        return Ok(());
    }
    let hint = nearest(text, Reason::ALL.iter().map(|reason| reason.as_str()))
        .map(|meant| format!("; did you mean `{meant}`?"))
        .unwrap_or_default();
    Err(usage(format!("there is no reason code `{text}`{hint}")))
}

fn columns() -> [Column<FindingRow>; 14] {
    [
        Column::new("account_id", "account", |row| row.account_id.to_string()),
        Column::new("account_name", "name", |row| row.account_name.clone()),
        Column::csv_only("ou_path", |row| row.ou_path.clone().unwrap_or_default()),
        Column::new("control", "control", |row| row.control.to_string()),
        Column::csv_only("control_title", |row| row.control_title.clone()),
        Column::new("verdict", "verdict", |row| row.verdict.to_string()),
        Column::new("reason", "reason", |row| row.reason.clone()),
        Column::new("summary", "summary", |row| row.summary.clone()),
        Column::csv_only("covered_regions", |row| row.covered_regions.join(" ")),
        Column::csv_only("uncovered_regions", |row| row.uncovered_regions.join(" ")),
        Column::csv_only("since", |row| moment(row.since)),
        Column::csv_only("observed_at", |row| {
            row.observed_at.map(moment).unwrap_or_default()
        }),
        Column::csv_only("failing_since", |row| {
            row.failing_since.map(moment).unwrap_or_default()
        }),
        Column::csv_only("not_read_reason", |row| {
            row.not_read_reason.clone().unwrap_or_default()
        }),
    ]
}
