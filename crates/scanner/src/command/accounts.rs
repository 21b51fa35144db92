//! `orgsweep accounts`: every account, and how its last sweep ended.

use clap::Args;
use orgsweep_store::AccountRow;

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::number::moment;
use crate::output::{Column, Format, listing, terminal};

/// List every account with how its last sweep ended.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only accounts whose last sweep ended so: done, failed or skipped.
    #[arg(long, value_name = "OUTCOME", value_parser = ["done", "failed", "skipped"])]
    outcome: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let store = context::store(&settings).await?;
    let rows = store.accounts().await;
    store.close().await;
    let mut rows = rows?;
    if let Some(outcome) = &arguments.outcome {
        rows.retain(|row| row.outcome.as_deref() == Some(outcome));
    }
    if rows.is_empty() && settings.format == Format::Table {
        terminal::tell(
            "no accounts; `orgsweep sweep` reads the organization, `orgsweep demo` an invented one",
        );
        return Ok(Exit::Fine);
    }
    terminal::print(&listing(
        &rows,
        &columns(),
        settings.format,
        terminal::width(),
    )?)?;
    Ok(Exit::Fine)
}

fn columns() -> [Column<AccountRow>; 12] {
    [
        Column::new("account_id", "account", |row| row.account_id.to_string()),
        Column::new("account_name", "name", |row| row.account_name.clone()),
        Column::new("ou_path", "OU", |row| {
            row.ou_path.clone().unwrap_or_default()
        }),
        Column::new("state", "state", |row| row.state.clone()),
        Column::new("outcome", "last sweep", |row| {
            row.outcome.clone().unwrap_or_default()
        }),
        Column::new("reason", "reason", |row| {
            row.reason.clone().unwrap_or_default()
        }),
        Column::csv_only("message", |row| row.message.clone().unwrap_or_default()),
        Column::new("passing", "pass", |row| row.passing.to_string()),
        Column::new("failing", "fail", |row| row.failing.to_string()),
        Column::new("unknown", "unknown", |row| row.unknown.to_string()),
        Column::csv_only("not_applicable", |row| row.not_applicable.to_string()),
        Column::new("observed_at", "read at", |row| {
            row.observed_at.map(moment).unwrap_or_default()
        }),
    ]
}
