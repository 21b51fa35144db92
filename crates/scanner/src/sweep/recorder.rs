//! Writing what the accounts' tasks bring, several accounts a transaction. Each account is
//! recorded whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_controls::AccountSnapshot;
use orgsweep_store::{AccountRecord, FindingRecord, GroupCommit, Store, StoreError, SweepId};

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

/// Records the accounts of one sweep. Its writer ends with it.
pub(crate) struct Recorder {
    commits: GroupCommit<Judged>,
}

impl Recorder {
    /// Starts the writer.
    pub(crate) fn start(store: &Store, sweep: SweepId) -> Self {
        let store = store.clone();
        let commits = GroupCommit::start(LARGEST, GATHERING, move |accounts: &[Judged]| {
            let store = store.clone();
            Box::pin(async move {
                let records: Vec<_> = accounts.iter().map(Judged::record).collect();
                store.record_accounts(sweep, &records).await.map(drop)
            })
        });
        Self { commits }
    }

    /// Records an account; returns when it is committed.
    pub(crate) async fn record(&self, account: Judged) -> Result<(), StoreError> {
        self.commits.put(account).await
    }
}
