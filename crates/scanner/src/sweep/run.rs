//! The work of a sweep: the accounts that others rely on first, then all that
//! are handed over, until done, stopped, or out of time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::Utc;
use futures::Stream;
use orgsweep_aws_access::CollectError;
use orgsweep_controls::ids::AccountId;
use orgsweep_store::{Store, StoreError, SweepId};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::output::number::span;
use crate::sweep::account::{AccountEnd, AccountWork};
use crate::sweep::expiry::Expiry;
use crate::sweep::progress::Counts;
use crate::sweep::tasks::{TaskEnd, each_account};

/// Reason code of accounts whose task panicked.
pub(crate) const PANICKED: &str = "panicked";
/// Reason code of accounts that the sweep's deadline left unread.
const SWEEP_DEADLINE: &str = "sweep_deadline";

/// Why a sweep stopped before every account had an outcome.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// By a signal.
    Interrupted,
    /// The caller's credentials have expired.
    CredentialsExpired(String),
    /// The database could not record outcomes.
    NotRecorded(StoreError),
    /// The sweep's deadline has passed.
    OutOfTime,
}

/// Limits of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Accounts in flight.
    pub(crate) concurrency: usize,
    /// Time for the whole.
    pub(crate) deadline: Duration,
}

/// Does all accounts that arrive. `Ok` means that each of them has an outcome.
pub(crate) async fn run(
    work: Arc<AccountWork>,
    accounts: impl Stream<Item = AccountId>,
    limits: Limits,
    counts: &Counts,
    interruption: &CancellationToken,
) -> Result<(), Stopped> {
    let stop = interruption.child_token();
    let out_of_time = CancellationToken::new();
    let timer = tokio::spawn({
        let (stop, out_of_time) = (stop.clone(), out_of_time.clone());
        async move {
            tokio::time::sleep(limits.deadline).await;
            out_of_time.cancel();
            stop.cancel();
        }
    });
    relied_on_first(&work, &stop).await;
    let mut ends = Ends {
        work: work.clone(),
        counts,
        stop: stop.clone(),
        expiry: Expiry::default(),
        broken: None,
    };
    each_account(
        accounts,
        limits.concurrency,
        &stop,
        |account| {
            let work = work.clone();
            let span = tracing::info_span!("account", %account);
            async move { work.done(&account).await }.instrument(span)
        },
        async |account, end| ends.note(account, end).await,
    )
    .await;
    timer.abort();

    if ends.expiry.is_callers() {
        let (_, error) = ends.expiry.valid().swap_remove(0);
        return Err(Stopped::CredentialsExpired(error.message));
    }
    ends.credentials_are_valid().await;
    if let Some(error) = ends.broken {
        return Err(Stopped::NotRecorded(error));
    }
    if interruption.is_cancelled() {
        return Err(Stopped::Interrupted);
    }
    if out_of_time.is_cancelled() {
        return Err(Stopped::OutOfTime);
    }
    Ok(())
}

/// Collects the accounts that most others are judged by: the management account
/// and those that its trails and log groups lead to. What cannot be collected
/// shows up at the accounts that rely on it.
pub(crate) async fn relied_on_first(work: &AccountWork, stop: &CancellationToken) {
    let mut first = BTreeSet::new();
    let mut next: Vec<AccountId> = work.management_account.iter().cloned().collect();
    while let Some(account) = next.pop() {
        if !first.insert(account.clone()) {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            collected = work.owner(&account) => if let Ok(collected) = collected {
                next.extend(collected.snapshot.accounts_relied_on());
            }
        }
    }
}

/// What is done when a task ends.
struct Ends<'a> {
    work: Arc<AccountWork>,
    counts: &'a Counts,
    stop: CancellationToken,
    expiry: Expiry<CollectError>,
    /// The first outcome that could not be recorded.
    broken: Option<StoreError>,
}

impl Ends<'_> {
    async fn note(&mut self, account: AccountId, end: TaskEnd<AccountEnd>) {
        match end {
            TaskEnd::Returned(AccountEnd::Done { failing }) => {
                self.counts.ended.fetch_add(1, Ordering::Relaxed);
                self.counts
                    .failing
                    .fetch_add(u64::from(failing), Ordering::Relaxed);
                self.credentials_are_valid().await;
            }
            TaskEnd::Returned(AccountEnd::Failed { caller_is_valid }) => {
                self.counts.ended.fetch_add(1, Ordering::Relaxed);
                self.counts.failed.fetch_add(1, Ordering::Relaxed);
                if caller_is_valid {
                    self.credentials_are_valid().await;
                }
            }
            TaskEnd::Returned(AccountEnd::Expired(error)) => {
                if self.expiry.expired(account, error) {
                    self.stop.cancel();
                }
            }
            TaskEnd::Returned(AccountEnd::NotRecorded(error)) => {
                self.broken.get_or_insert(error);
                self.stop.cancel();
            }
            TaskEnd::Panicked(words) => {
                tracing::error!(%account, %words, "the account's task panicked");
                let message = format!("a bug in orgsweep ended the account's task: {words}");
                self.failed(&account, PANICKED, &message, 0, 0).await;
            }
            // Has no outcome: the sweep is resumable, or writes it off.
            TaskEnd::Stopped => {}
        }
    }

    /// The caller's credentials work, so accounts that said otherwise failed by themselves.
    async fn credentials_are_valid(&mut self) {
        for (account, error) in self.expiry.valid() {
            let (calls, throttles) = (error.calls, error.throttles);
            self.failed(
                &account,
                error.reason.as_str(),
                &error.message,
                calls,
                throttles,
            )
            .await;
        }
    }

    async fn failed(
        &mut self,
        account: &AccountId,
        reason: &str,
        message: &str,
        calls: u32,
        throttles: u32,
    ) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let now = Utc::now();
        let work = &self.work;
        let written = work
            .store
            .record_failure(
                work.sweep, account, reason, message, calls, throttles, now, now,
            )
            .await;
        if let Err(error) = written {
            self.broken.get_or_insert(error);
            self.stop.cancel();
        }
    }
}

/// Records every account without an outcome as failed: the sweep is out of time.
pub(crate) async fn write_off(
    store: &Store,
    sweep: SweepId,
    deadline: Duration,
) -> Result<(), StoreError> {
    let message = format!(
        "the sweep's deadline of {} passed before the account was read; raise `sweep.deadline` or `sweep.concurrency`",
        span(deadline)
    );
    let now = Utc::now();
    for account in store.pending_accounts(sweep).await? {
        store
            .record_failure(sweep, &account, SWEEP_DEADLINE, &message, 0, 0, now, now)
            .await?;
    }
    Ok(())
}
