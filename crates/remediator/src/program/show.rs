//! `orgsweep-remediate show`: a plan that was made before.

use anyhow::bail;
use clap::Args;
use orgsweep_remediator::Plan;
use orgsweep_remediator::document::FORMAT;
use orgsweep_store::Store;
use uuid::Uuid;

use super::arguments::Common;
use super::output;
use super::settings::Settings;

/// Show a plan: as a page, as JSON, or as a shell script.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plan's id.
    #[arg(value_name = "PLAN_ID")]
    plan: Uuid,

    /// List every step, however many there are.
    #[arg(long)]
    all_steps: bool,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let format = output::plan_format(common)?;
    let store = Settings::read(common)?.store().await?;
    let result = stored(arguments.plan, &store).await;
    store.close().await;
    let text = output::plan(&result?, format, arguments.all_steps)?;
    Ok(output::print(&text)?)
}

/// The plan as it was stored, provided that it is whole.
async fn stored(id: Uuid, store: &Store) -> anyhow::Result<Plan> {
    let Some(row) = store.plan(id).await? else {
        bail!("there is no plan `{id}`; `orgsweep remediate list` lists them");
    };
    let format = row
        .document
        .get("format")
        .and_then(serde_json::Value::as_u64);
    if format.is_some_and(|format| format > u64::from(FORMAT)) {
        bail!("plan `{id}` was made by a newer orgsweep; install that one to read it");
    }
    let plan: Plan = serde_json::from_value(row.document).map_err(|error| {
        anyhow::anyhow!("plan `{id}` cannot be understood: {error}; plan again")
    })?;
    if !plan.is_intact() || plan.digest != row.digest {
        bail!(
            "plan `{id}` was changed after it was made: its digest is not that of its content; plan again"
        );
    }
    Ok(plan)
}
