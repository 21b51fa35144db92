//! Writing what the accounts' tasks bring, one transaction after the other: a transaction costs
//! about the same for one account as for ten, so it waits a moment for more of them, and takes
//! whatever has been finished while the last one ran. Each account is recorded whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_controls::AccountSnapshot;
use orgsweep_store::{AccountRecord, FindingRecord, Store, StoreError, SweepId};
use tokio::sync::{mpsc, oneshot};

/// Accounts of one transaction at most: few enough that nobody waits long for it.
const LARGEST: usize = 32;

/// How long the first account of a transaction waits for others: about as long as a call to AWS
/// takes, so that no account is noticeably later for it.
const GATHERING: Duration = Duration::from_millis(50);

/// An account that was read and judged.
pub(crate) struct Judged {
    pub(crate) snapshot: Arc<AccountSnapshot>,
    pub(crate) findings: Arc<[FindingRecord]>,
    pub(crate) calls: u32,
    pub(crate) throttles: u32,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: DateTime<Utc>,
}

impl Judged {
    fn record(&self) -> AccountRecord<'_> {
        AccountRecord {
            snapshot: &self.snapshot,
            findings: &self.findings,
            calls: self.calls,
            throttles: self.throttles,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }
}

struct Job {
    account: Judged,
    told: oneshot::Sender<Result<(), StoreError>>,
}

/// Records the accounts of one sweep. Its writer ends with it.
pub(crate) struct Recorder {
    jobs: mpsc::Sender<Job>,
}

impl Recorder {
    /// Starts the writer.
    pub(crate) fn start(store: &Store, sweep: SweepId) -> Self {
        let (jobs, waiting) = mpsc::channel(LARGEST * 2);
        tokio::spawn(write_all(store.clone(), sweep, waiting));
        Self { jobs }
    }

    /// Records an account; returns when it is committed.
    pub(crate) async fn record(&self, account: Judged) -> Result<(), StoreError> {
        let (told, answer) = oneshot::channel();
        let sent = self.jobs.send(Job { account, told }).await;
        match (sent, answer.await) {
            (Ok(()), Ok(answer)) => answer,
            // Without the writer the runtime is going down, and this task with it.
            _ => std::future::pending().await,
        }
    }
}

async fn write_all(store: Store, sweep: SweepId, mut waiting: mpsc::Receiver<Job>) {
    while let Some(first) = waiting.recv().await {
        tokio::time::sleep(GATHERING).await;
        let mut jobs = vec![first];
        while jobs.len() < LARGEST
            && let Ok(more) = waiting.try_recv()
        {
            jobs.push(more);
        }
        write(&store, sweep, jobs).await;
    }
}

/// Writes some accounts at once; one after the other, when one of them is not accepted.
async fn write(store: &Store, sweep: SweepId, jobs: Vec<Job>) {
    let records: Vec<AccountRecord<'_>> = jobs.iter().map(|job| job.account.record()).collect();
    let together = store.record_accounts(sweep, &records).await;
    match together {
        Ok(_) => tell_all(jobs, &Ok(())),
        Err(error) if jobs.len() == 1 || ends_everything(&error) => tell_all(jobs, &Err(error)),
        Err(_) => {
            for job in jobs {
                let alone = store.record_account(sweep, &job.account.record()).await;
                let _ = job.told.send(alone.map(drop));
            }
        }
    }
}

/// Tells all of them the same; a task that has been stopped meanwhile does not listen.
fn tell_all(jobs: Vec<Job>, answer: &Result<(), StoreError>) {
    for job in jobs {
        let _ = job.told.send(answer.clone());
    }
}

/// Whether the next account would be refused for the same reason.
fn ends_everything(error: &StoreError) -> bool {
    error.is_transient() || matches!(error, StoreError::DiskFull { .. })
}
