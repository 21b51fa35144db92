//! Writing what the accounts' tasks bring: whatever has been finished while the last
//! transaction ran goes into the next one, so that a transaction costs little when much is to
//! be written and waits for nothing when there is little. Each account is recorded whole or
//! not at all.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orgsweep_controls::AccountSnapshot;
use orgsweep_store::{AccountRecord, FindingRecord, Store, StoreError, SweepId};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Accounts of one transaction at most: few enough that nobody waits long for it.
const LARGEST: usize = 32;

/// Transactions at once. The embedded database has one connection; on a server, one is
/// prepared while the other is written.
const WRITERS: usize = 2;

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

/// Records the accounts of one sweep. Its writers end with it.
pub(crate) struct Recorder {
    jobs: mpsc::Sender<Job>,
}

impl Recorder {
    /// Starts the writers.
    pub(crate) fn start(store: &Store, sweep: SweepId) -> Self {
        let (jobs, waiting) = mpsc::channel(LARGEST * WRITERS);
        let waiting = Arc::new(Mutex::new(waiting));
        let writers = if store.is_embedded() { 1 } else { WRITERS };
        for _ in 0..writers {
            tokio::spawn(write_all(store.clone(), sweep, waiting.clone()));
        }
        Self { jobs }
    }

    /// Records an account; returns when it is committed.
    pub(crate) async fn record(&self, account: Judged) -> Result<(), StoreError> {
        let (told, answer) = oneshot::channel();
        let sent = self.jobs.send(Job { account, told }).await;
        match (sent, answer.await) {
            (Ok(()), Ok(answer)) => answer,
            // Without a writer the runtime is going down, and this task with it.
            _ => std::future::pending().await,
        }
    }
}

async fn write_all(store: Store, sweep: SweepId, waiting: Arc<Mutex<mpsc::Receiver<Job>>>) {
    loop {
        let mut jobs = Vec::new();
        let taken = waiting.lock().await.recv_many(&mut jobs, LARGEST).await;
        if taken == 0 {
            return;
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
