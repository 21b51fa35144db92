//! `orgsweep-remediate show`: a plan that was made before, or a run of one.

use clap::Args;
use uuid::Uuid;

use super::arguments::Common;
use super::settings::Settings;
use super::{output, status, stored};

/// Show a plan (as a page, as JSON, or as a shell script), or what a run did step by step.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The id of the plan, or of the run.
    #[arg(value_name = "PLAN_ID|RUN_ID")]
    id: Uuid,

    /// List every step, however many there are.
    #[arg(long)]
    all_steps: bool,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let store = Settings::read(common)?.store().await?;
    let text = async {
        if store.run(arguments.id).await?.is_some() {
            let told = status::Told::of(arguments.id, &store).await?;
            return status::steps(&told, common);
        }
        let plan = stored::plan(arguments.id, &store).await?;
        output::plan(&plan, output::plan_format(common)?, arguments.all_steps)
    }
    .await;
    store.close().await;
    Ok(output::print(&text?)?)
}
