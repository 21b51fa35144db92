//! `orgsweep worker`: takes part in sweeps that another process begins.

use std::sync::Arc;

use clap::Args;

use crate::config::Key;
use crate::config::layers::FlagValue;
use crate::context::{self, Context};
use crate::exit::{self, Exit};
use crate::output::terminal;
use crate::sharing::queue::Queue;
use crate::sharing::working::Part;
use crate::sweep::interruption;

/// Take part in sweeps that `sweep` or `serve` begins, here or on another machine.
///
/// Sweeps are shared where `sweep.shared` is set; all processes need the same configuration and a
/// PostgreSQL server. Workers can come and go: the accounts of one that is killed are
/// taken by others within seconds. SIGTERM stops cleanly.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct Arguments {
    /// Accounts in flight at once [default: 64].
    #[arg(long, value_name = "NUMBER")]
    concurrency: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let flag = arguments.concurrency.clone();
    let flags = flag.map(|text| (Key::Concurrency, "--concurrency", FlagValue::One(text)));
    let mut settings = context.settings_with(flags.into_iter().collect())?;
    settings.shared = true;
    let catalog = context::catalog(&settings)?;
    let decisions = context::decisions(&settings, &catalog)?;
    let stop = interruption::token();
    let store = context::store(&settings).await?;
    terminal::into_the_log();
    let taken = async {
        let queue = Queue::of(&store)?;
        queue.prepare().await?;
        let access = context::access(&settings).await?;
        let part = Part {
            store: &store,
            access: &access,
            queue: &queue,
            settings: &settings,
            catalog: &catalog,
            decisions: &decisions,
            counts: Arc::default(),
            adds_calls: true,
        };
        tracing::info!(concurrency = settings.concurrency, "waiting for accounts");
        part.take(&stop).await
    }
    .await;
    store.close().await;
    taken?;
    tracing::info!("stopped");
    Ok(Exit::Fine)
}
