//! `orgsweep-remediate show`: a plan that was made before, or a run of one.

use std::path::PathBuf;

use clap::Args;

use super::arguments::Common;
use super::export::Showing;
use super::id::{Id, Named};
use super::settings::Settings;
use super::{accounts, export, output, status, stored};

/// Show a plan (as a page, as JSON, as a shell script, as infrastructure as code), or what a run
/// did step by step.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The id of the plan, or of the run; its first characters will do.
    #[arg(value_name = "PLAN_ID|RUN_ID")]
    id: Id,

    /// List every step, however many there are.
    #[arg(long)]
    all_steps: bool,

    /// Say what carrying the plan out takes: money per month, calls, minutes.
    #[arg(long)]
    estimate: bool,

    /// With --format terraform or cloudformation: the directory that is written.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let settings = Settings::read(common)?;
    let store = settings.store().await?;
    let shown = async {
        let plan = match arguments.id.either(&store).await? {
            Named::Plan(plan) => plan,
            Named::Run(run) => {
                let told = status::Told::of(run, &store).await?;
                return Ok(output::print(&status::steps(&told, common)?)?);
            }
        };
        let format = output::plan_format(common)?;
        let showing = Showing {
            format,
            whole: arguments.all_steps,
            estimated_at: arguments.estimate.then(|| settings.speed()),
            directory: arguments.output.as_deref(),
        };
        export::check(format, showing.directory)?;
        let names = accounts::names(&store).await?;
        export::deliver(&stored::plan(plan, &store).await?, &names, showing)
    }
    .await;
    store.close().await;
    shown
}
