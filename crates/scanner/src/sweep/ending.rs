//! How a sweep ends: its books are closed, whatever became of the work.

use anyhow::{Context as _, bail};
use orgsweep_store::{Ending, Store, StoreError, SweepId, SweepSummary, SweepTotals};

use crate::sweep::run::Stopped;

/// How a sweep ended that did not fail.
pub(crate) enum Performed {
    /// Every account has an outcome.
    Finished(Box<SweepSummary>),
    /// A signal stopped it; it can be resumed.
    Interrupted,
}

/// Closes the books on a run.
pub(super) async fn ended(
    store: &Store,
    sweep: SweepId,
    totals: &SweepTotals,
    channels: &[&str],
    result: anyhow::Result<Result<(), Stopped>>,
    ending: Vec<Ending>,
) -> anyhow::Result<Performed> {
    let result = match result {
        Ok(result) => result,
        Err(error) => {
            store.finish_sweep(sweep, totals).await?;
            return Err(error.context("the sweep stopped"));
        }
    };
    match result {
        Ok(()) => {
            store.finish_sweep_telling(sweep, totals, channels).await?;
            let mut summary = store.sweep_summary(sweep).await?;
            summary.ending.extend(ending);
            Ok(Performed::Finished(Box::new(summary)))
        }
        Err(Stopped::Interrupted | Stopped::OutOfTime) => {
            store.finish_sweep(sweep, totals).await?;
            Ok(Performed::Interrupted)
        }
        Err(Stopped::CredentialsExpired(message)) => {
            store.finish_sweep(sweep, totals).await?;
            bail!("the sweep stopped: {message}")
        }
        Err(Stopped::NotRecorded(error)) => {
            let hint = match &error {
                StoreError::Unreachable { .. } | StoreError::DiskFull { .. } => {
                    "the sweep stopped, because what it reads cannot be kept; \
                     `orgsweep sweep --resume` goes on once the database is back"
                }
                _ => "the sweep stopped, because what it reads cannot be kept",
            };
            Err(error).context(hint)
        }
    }
}
