//! The process that began a shared sweep: it reads the accounts that others are judged by, fills the
//! queue, takes part in emptying it, and waits until every account has its outcome.

use std::sync::atomic::Ordering;
use std::time::Duration;

use orgsweep_store::{Store, StoreError, SweepId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::sharing::working::Part;
use crate::sweep::account::AccountWork;
use crate::sweep::progress::Counts;
use crate::sweep::run::{Limits, Stopped, relied_on_first, write_off};

/// How often it is asked how many accounts have no outcome.
const LOOK: Duration = Duration::from_millis(250);
/// When no account has ended for so long, those without an outcome whose job was lost are put into
/// the queue again.
const STALLED: Duration = Duration::from_secs(10);

/// Shares the accounts that have no outcome with all workers. `Ok` means that every account has one.
pub(crate) async fn share(
    part: &Part<'_>,
    work: AccountWork,
    limits: Limits,
    interruption: &CancellationToken,
) -> Result<(), Stopped> {
    let (store, sweep) = (part.store, work.sweep);
    // Before anybody is judged by them, and by the same facts in every process.
    relied_on_first(&work, interruption).await;
    let stop = interruption.child_token();
    let ((), waited) = tokio::join!(
        async {
            if let Err(error) = part.take(&stop).await {
                // The other workers go on; without them the deadline comes.
                tracing::error!(
                    error = format!("{error:#}"),
                    "this process takes no accounts"
                );
            }
        },
        async {
            let waited = wait(part, sweep, limits.deadline, &stop).await;
            stop.cancel();
            waited
        }
    );
    match waited.map_err(Stopped::NotRecorded)? {
        Waited::Done => Ok(()),
        Waited::Stopped => Err(Stopped::Interrupted),
        Waited::OutOfTime => write_off(store, sweep, limits.deadline)
            .await
            .map_err(Stopped::NotRecorded),
    }
}

/// How waiting ended.
enum Waited {
    /// Every account has its outcome.
    Done,
    /// Somebody asked to stop.
    Stopped,
    /// The sweep's deadline passed.
    OutOfTime,
}

/// Waits until every account has its outcome, and keeps the queue filled.
async fn wait(
    part: &Part<'_>,
    sweep: SweepId,
    deadline: Duration,
    stop: &CancellationToken,
) -> Result<Waited, StoreError> {
    let ends = Instant::now() + deadline;
    let mut put = false;
    let (mut before, mut since) = (None, Instant::now());
    loop {
        let left = progressed(part.store, sweep, &part.counts).await?;
        if left == 0 {
            return Ok(Waited::Done);
        }
        if before.replace(left) != Some(left) {
            since = Instant::now();
        }
        if !put || since.elapsed() >= STALLED {
            since = Instant::now();
            let accounts = part.store.pending_accounts(sweep).await?;
            let filled = if put {
                part.queue.put_lost(sweep, &accounts).await
            } else {
                part.queue.put(sweep, &accounts).await
            };
            match filled {
                Ok(()) => put = true,
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "accounts were not put into the queue");
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = tokio::time::sleep_until(ends) => return Ok(Waited::OutOfTime),
            () = stop.cancelled() => return Ok(Waited::Stopped),
        }
    }
}

/// Accounts that have no outcome; counts what all processes have done.
async fn progressed(store: &Store, sweep: SweepId, counts: &Counts) -> Result<u64, StoreError> {
    let (left, failed) = store.left_and_failed(sweep).await?;
    let total = counts.total.load(Ordering::Relaxed);
    counts
        .ended
        .store(total.saturating_sub(left), Ordering::Relaxed);
    counts.failed.store(failed, Ordering::Relaxed);
    Ok(left)
}
