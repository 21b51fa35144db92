//! `orgsweep migrate`: brings the database's schema up to date. Every command
//! that opens the database does so, too; this one does nothing else.

use clap::Args;

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::{Format, escaped, json, terminal};

/// Bring the database's schema up to date.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(_: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let store = context::store(&settings).await?;
    let report = store.migrate().await;
    let location = store.location().to_string();
    store.close().await;
    let version = report?.version;
    terminal::print(&match settings.format {
        Format::Table => format!(
            "the database at {} has schema version {version}\n",
            escaped(&location)
        ),
        Format::Json | Format::Jsonl => {
            json::line(&serde_json::json!({ "location": location, "schema_version": version }))?
        }
        Format::Csv => crate::output::csv::table(
            &["location", "schema_version"],
            std::iter::once(vec![location, version.to_string()]),
        )?,
    })?;
    Ok(Exit::Fine)
}
