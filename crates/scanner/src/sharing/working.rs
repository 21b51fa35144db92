//! Taking accounts from the queue: each is claimed, read, judged and recorded as in a sweep of
//! one process.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::Utc;
use orgsweep_aws_access::Access;
use orgsweep_controls::Catalog;
use orgsweep_store::{Store, SweepId};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::config::Settings;
use crate::decisions::DecisionBook;
use crate::sharing::queue::{Queue, ReadAccount};
use crate::sharing::{HEARTBEAT, lease};
use crate::sweep::account::{AccountEnd, AccountWork};
use crate::sweep::digests::config_digest;
use crate::sweep::perform::{Sweeping, about};
use crate::sweep::plan::Scope;
use crate::sweep::progress::Counts;
use crate::sweep::roster::Roster;
use crate::sweep::run::PANICKED;
use crate::telemetry::Trace;

/// After so many tries an account whose session expires early has failed by itself.
const TRIES: i16 = 4;
/// Expiries in a row after which the caller's credentials are taken to have expired.
const IN_A_ROW: u32 = 3;

/// A process's part in shared sweeps: with what it takes accounts from the queue.
pub(crate) struct Part<'a> {
    pub(crate) store: &'a Store,
    pub(crate) access: &'a Access,
    pub(crate) queue: &'a Queue,
    pub(crate) settings: &'a Settings,
    pub(crate) catalog: &'a Catalog,
    pub(crate) decisions: &'a DecisionBook,
    /// What is counted; shared with whoever shows it.
    pub(crate) counts: Arc<Counts>,
    /// Whether its calls are added to the sweep's as they are made. The process that began the
    /// sweep adds its own at the end.
    pub(crate) adds_calls: bool,
}

impl Part<'_> {
    /// Takes accounts until stopped.
    ///
    /// # Errors
    /// When this process must not take part: it was set up otherwise than the one that began the sweep, or
    /// its credentials have expired.
    pub(crate) async fn take(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut failures = 0;
        while !stop.is_cancelled() {
            let session = stop.child_token();
            let working = Working::new(self, session.clone());
            let ran = self.session(&working, &session).await;
            if let Some(why) = working.unfit() {
                anyhow::bail!(why);
            }
            match ran {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "no accounts can be taken from the queue"
                    );
                    tokio::select! {
                        () = tokio::time::sleep(pause(failures)) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes accounts under one name, until stopped or given up.
    async fn session(&self, working: &Working, session: &CancellationToken) -> anyhow::Result<()> {
        let worker = self
            .queue
            .worker(working, self.settings.concurrency, session)
            .await?;
        let over = CancellationToken::new();
        let (ran, ()) = tokio::join!(
            async {
                let ran = Box::pin(worker.run()).await;
                over.cancel();
                ran
            },
            lease::keep(self, working, session, &over),
        );
        ran.context("the queue could not be worked on")
    }
}

/// The pause after so many failures in a row.
fn pause(failures: u32) -> Duration {
    HEARTBEAT
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(Duration::from_secs(30))
}

/// What a worker works with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Working {
    inner: Arc<Inner>,
}

struct Inner {
    /// Records by this worker's claims.
    store: Store,
    access: Access,
    settings: Settings,
    catalog: Catalog,
    decisions: DecisionBook,
    /// What accounts of a sweep are read with.
    joined: tokio::sync::Mutex<Option<Arc<AccountWork>>>,
    /// The sweep that it takes part in.
    sweep: Mutex<Option<SweepId>>,
    counts: Arc<Counts>,
    /// Accounts that are being read.
    in_flight: AtomicU64,
    expired: AtomicU32,
    /// Why this worker must not go on.
    unfit: Mutex<Option<String>>,
    /// Cancelled when it must not.
    stop: CancellationToken,
}

impl fmt::Debug for Working {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Working").finish_non_exhaustive()
    }
}

impl Working {
    /// A worker with a name of its own; `stop` is cancelled when it must not go on.
    fn new(part: &Part<'_>, stop: CancellationToken) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: part.store.claiming_as(Uuid::now_v7()),
                access: part.access.clone(),
                settings: part.settings.clone(),
                catalog: part.catalog.clone(),
                decisions: part.decisions.clone(),
                joined: tokio::sync::Mutex::default(),
                sweep: Mutex::default(),
                counts: part.counts.clone(),
                in_flight: AtomicU64::new(0),
                expired: AtomicU32::new(0),
                unfit: Mutex::new(None),
                stop,
            }),
        }
    }

    /// The store, which records by this worker's claims.
    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Whether accounts are being read.
    pub(crate) fn is_busy(&self) -> bool {
        self.inner.in_flight.load(Ordering::Relaxed) > 0
    }

    /// The sweep that it takes part in.
    pub(crate) fn sweep(&self) -> Option<SweepId> {
        let sweep = self.inner.sweep.lock();
        *sweep.unwrap_or_else(PoisonError::into_inner)
    }

    /// Why this worker must not go on, if so.
    fn unfit(&self) -> Option<String> {
        let unfit = self.inner.unfit.lock();
        unfit.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does the account of a job. An error leaves it to be tried again, by this worker or another.
    pub(crate) async fn done(&self, job: &ReadAccount, tries: i16) -> Result<(), String> {
        let _counted = InFlight::count(&self.inner.in_flight);
        let span = tracing::info_span!("account", account = %job.account, sweep = %job.sweep);
        Trace::of_sweep(job.sweep).takes(&span);
        self.claimed_and_done(job, tries).instrument(span).await
    }

    async fn claimed_and_done(&self, job: &ReadAccount, tries: i16) -> Result<(), String> {
        let inner = &self.inner;
        let work = self.work_for(job.sweep).await?;
        let Some(work) = work else {
            // The sweep is over: there is nothing to do.
            return Ok(());
        };
        let claimed = inner.store.claim_account(job.sweep, &job.account).await;
        if !claimed.map_err(|error| error.to_string())? {
            return Ok(());
        }
        let reading = tokio::spawn({
            let (work, account) = (work.clone(), job.account.clone());
            async move { work.done(&account).await }.in_current_span()
        });
        // A worker that is given up stops reading, too.
        let reading = AbortOnDrop(reading);
        match reading.ended().await {
            Ok(AccountEnd::Done { failing }) => {
                inner.expired.store(0, Ordering::Relaxed);
                inner
                    .counts
                    .failing
                    .fetch_add(u64::from(failing), Ordering::Relaxed);
                Ok(())
            }
            Ok(AccountEnd::Failed { caller_is_valid }) => {
                if caller_is_valid {
                    inner.expired.store(0, Ordering::Relaxed);
                }
                inner.counts.failed.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Ok(AccountEnd::Expired(error)) => {
                let in_a_row = inner.expired.fetch_add(1, Ordering::Relaxed) + 1;
                if in_a_row >= IN_A_ROW {
                    self.give_up(error.message.clone());
                    return Err(error.message);
                }
                if tries >= TRIES {
                    let reason = error.reason.as_str();
                    return self
                        .failed(job, reason, &error.message, (error.calls, error.throttles))
                        .await;
                }
                Err(error.message)
            }
            Ok(AccountEnd::NotRecorded(error)) => Err(error.to_string()),
            Err(words) => {
                tracing::error!(%words, "the account's task panicked");
                let message = format!("a bug in orgsweep ended the account's task: {words}");
                self.failed(job, PANICKED, &message, (0, 0)).await
            }
        }
    }

    /// Records that an account could not be read.
    async fn failed(
        &self,
        job: &ReadAccount,
        reason: &str,
        message: &str,
        (calls, throttles): (u32, u32),
    ) -> Result<(), String> {
        let now = Utc::now();
        self.inner
            .store
            .record_failure(
                job.sweep,
                &job.account,
                reason,
                message,
                calls,
                throttles,
                now,
                now,
            )
            .await
            .map_err(|error| error.to_string())?;
        self.inner.counts.failed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// What accounts of the sweep are read with; `None` when it is over.
    async fn work_for(&self, sweep: SweepId) -> Result<Option<Arc<AccountWork>>, String> {
        let mut joined = self.inner.joined.lock().await;
        if let Some(work) = joined.as_ref().filter(|work| work.sweep == sweep) {
            return Ok(Some(work.clone()));
        }
        let Some(work) = self
            .join(sweep)
            .await
            .map_err(|error| format!("{error:#}"))?
        else {
            return Ok(None);
        };
        let work = Arc::new(work);
        *joined = Some(work.clone());
        *self
            .inner
            .sweep
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(sweep);
        Ok(Some(work))
    }

    /// Joins a sweep that another process began, when this one would do the same.
    async fn join(&self, sweep: SweepId) -> anyhow::Result<Option<AccountWork>> {
        let inner = &self.inner;
        let Some(begun) = inner.store.running_sweep(sweep).await? else {
            return Ok(None);
        };
        let selection = crate::sweep::selection::Selection::new(
            &inner.settings.include,
            &inner.settings.exclude,
        )?;
        let scope = Scope::Organization(selection.clone());
        let config = config_digest(&inner.settings, &inner.access, &scope, &inner.decisions);
        let differs = match () {
            () if begun.program_version != env!("CARGO_PKG_VERSION") => Some("program version"),
            () if begun.catalog_digest != inner.catalog.digest() => Some("catalog of controls"),
            () if begun.config_digest != config => {
                Some("caller, selection, role, endpoint or decisions")
            }
            () => None,
        };
        if let Some(what) = differs {
            let why = format!(
                "the sweep that is shared was begun with another {what} than this worker has; \
                 start the worker with the same version, configuration and credentials"
            );
            self.give_up(why.clone());
            anyhow::bail!(why);
        }
        let Some(inventory) = inner.store.last_inventory().await? else {
            anyhow::bail!("the sweep that is shared has no inventory");
        };
        let owners = inner.store.shared_owners(sweep).await?;
        let roster = Roster::new(inner.decisions.clone(), Utc::now().date_naive(), []);
        roster.add(&inventory.accounts, &selection.applied(&inventory));
        roster.complete();
        tracing::info!(%sweep, "taking part in a sweep");
        Ok(Some(AccountWork {
            shared_owners: Some(owners),
            ..about(
                &inner.access,
                &inner.store,
                &inner.catalog,
                &inner.settings,
                Sweeping {
                    sweep,
                    management_account: inventory.management_account,
                    roster,
                },
            )
        }))
    }

    fn give_up(&self, why: String) {
        let mut unfit = self
            .inner
            .unfit
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unfit.get_or_insert(why);
        self.inner.stop.cancel();
    }
}

/// An account that is being read, counted for as long as it is.
struct InFlight<'a>(&'a AtomicU64);

impl<'a> InFlight<'a> {
    fn count(number: &'a AtomicU64) -> Self {
        number.fetch_add(1, Ordering::Relaxed);
        Self(number)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    /// What it returned, or what its panic said.
    async fn ended(mut self) -> Result<T, String> {
        match (&mut self.0).await {
            Ok(value) => Ok(value),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => Err(crate::sweep::tasks::words_of(&*panic)),
                Err(_) => Err("it was stopped".to_owned()),
            },
        }
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
