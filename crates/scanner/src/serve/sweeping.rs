//! Doing sweeps: when one is due, asked for, or was left unfinished, and no other instance is
//! at it. What is due is asked of the database, so that any number of instances do one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_aws_access::Access;
use orgsweep_store::{SessionLock, Store, SweepId};
use serde::Serialize;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::config::Settings;
use crate::context;
use crate::serve::metrics::Metrics;
use crate::serve::schedule::{Schedule, pause};
use crate::sweep::ending::Performed;
use crate::sweep::perform::{Request, perform_alone};
use crate::sweep::plan::Scope;
use crate::sweep::progress::Counts;
use crate::sweep::resume::Wish;
use crate::sweep::selection::Selection;
use crate::telemetry::Trace;

/// How long to wait for the lock of a process that was killed to end.
const LINGERING: Duration = Duration::from_secs(3);
/// How often it is looked whether a sweep is due: clocks jump, machines sleep.
const LOOK: Duration = Duration::from_secs(20);

/// A sweep that somebody asks for.
pub(crate) struct Asked {
    /// Whether an unfinished one is given up.
    pub(crate) fresh: bool,
    /// Trace that it belongs to.
    pub(crate) trace: Trace,
    /// Gets what becomes of it.
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// What becomes of a sweep that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has begun.
    Begun,
    /// Another process is sweeping.
    Elsewhere,
    /// The database cannot say.
    Unavailable(String),
}

/// What the service is doing.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Doing {
    /// Whether this process is sweeping.
    pub(crate) sweeping: bool,
    /// Since when.
    pub(crate) since: Option<DateTime<Utc>>,
    /// The last error, until a sweep has finished.
    pub(crate) last_error: Option<String>,
    /// When the next sweep is due.
    pub(crate) next: Option<DateTime<Utc>>,
}

/// What the parts of the service share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
    /// When the loop was last seen alive, in seconds since the epoch.
    pub(crate) alive: AtomicI64,
    doing: Mutex<Doing>,
    running: Mutex<Option<(Access, Arc<Counts>)>>,
    /// The sweep that the figures are about.
    summarized: Mutex<Option<SweepId>>,
}

impl Shared {
    pub(crate) fn new(store: Store, stop: CancellationToken) -> Self {
        Self {
            store,
            metrics: Metrics::new(),
            stop,
            alive: AtomicI64::new(Utc::now().timestamp()),
            doing: Mutex::default(),
            running: Mutex::default(),
            summarized: Mutex::default(),
        }
    }

    /// What the service is doing.
    pub(crate) fn doing(&self) -> Doing {
        self.with_doing(|doing| doing.clone())
    }

    fn with_doing<T>(&self, with: impl FnOnce(&mut Doing) -> T) -> T {
        with(&mut self.doing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the figures of the process and of the running sweep up to date.
    pub(crate) fn observe(&self) {
        let tasks = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        self.metrics.held(self.store.pool().size(), tasks);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((access, counts)) = running.as_ref() {
            self.metrics.asked(access);
            let (ended, failed) = (
                counts.ended.load(Ordering::Relaxed),
                counts.failed.load(Ordering::Relaxed),
            );
            let queued = counts.total.load(Ordering::Relaxed).saturating_sub(ended);
            self.metrics.progressed(queued, ended, failed);
        }
    }

    fn begin(&self) {
        self.metrics.begun();
        self.with_doing(|doing| {
            doing.sweeping = true;
            doing.since = Some(Utc::now());
        });
    }

    /// Brings the figures of the last finished sweep up to date, whichever process did it.
    pub(crate) async fn refresh_summary(&self, last: Option<SweepId>) {
        let known = *self
            .summarized
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(sweep) = last.filter(|last| Some(*last) != known) else {
            return;
        };
        if let Ok(summary) = self.store.sweep_summary(sweep).await {
            self.metrics.summarized(&summary);
            *self
                .summarized
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(sweep);
        }
    }

    fn beat(&self) {
        self.alive.store(Utc::now().timestamp(), Ordering::Relaxed);
    }
}

/// The loop that does sweeps.
pub(crate) struct Sweeper {
    pub(crate) shared: Arc<Shared>,
    pub(crate) settings: Settings,
    pub(crate) schedule: Schedule,
    pub(crate) channels: Vec<&'static str>,
    /// Told when a sweep has left something in the outbox.
    pub(crate) ended: Arc<Notify>,
}

/// Why a sweep begins.
enum Why {
    /// Its time has come.
    Schedule,
    /// An earlier one was cut short.
    Unfinished,
    /// Somebody asks for it.
    Asked(Asked),
}

impl Why {
    fn trigger(&self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Unfinished => "resume",
            Self::Asked(_) => "api",
        }
    }

    /// Answers whoever asked.
    fn answer(self, answer: Answer) {
        if let Self::Asked(asked) = self {
            // Who does not wait any more has gone.
            let _ = asked.answer.send(answer);
        }
    }
}

/// How an attempt to sweep ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a sweep, or with nothing left to do.
    Swept,
    /// Another process is sweeping.
    Elsewhere,
    /// With an error.
    Failed,
}

impl Sweeper {
    /// Sweeps until stopped.
    pub(crate) async fn run(self, mut asked: mpsc::Receiver<Asked>) {
        let mut failures = 0;
        let mut not_before = Instant::now();
        loop {
            self.shared.beat();
            let next = self.schedule.next(Utc::now());
            self.shared.metrics.scheduled(next);
            self.shared.with_doing(|doing| doing.next = next);
            let due = if Instant::now() >= not_before && !self.shared.stop.is_cancelled() {
                self.due().await
            } else {
                None
            };
            let end = if let Some(why) = due {
                self.sweep(why).await
            } else {
                tokio::select! {
                    () = self.shared.stop.cancelled() => return,
                    Some(request) = asked.recv() => self.sweep(Why::Asked(request)).await,
                    () = tokio::time::sleep(until(next)) => continue,
                }
            };
            failures = if end == End::Failed { failures + 1 } else { 0 };
            not_before = Instant::now()
                + match end {
                    End::Swept => Duration::ZERO,
                    // It is looked again whether there is anything left to do.
                    End::Elsewhere => LOOK,
                    End::Failed => pause(failures),
                };
        }
    }

    /// Why a sweep should begin now, if one should.
    async fn due(&self) -> Option<Why> {
        let looked = async {
            let last = self.shared.store.last_night_started().await?;
            if self.schedule.due(last, Utc::now()).is_some() {
                return Ok(Some(Why::Schedule));
            }
            let unfinished = self.shared.store.unfinished_sweep().await?;
            let within =
                TimeDelta::from_std(self.settings.resume_within).unwrap_or(TimeDelta::MAX / 2);
            let young = unfinished.is_some_and(|sweep| Utc::now() - sweep.started_at <= within);
            anyhow::Ok(young.then_some(Why::Unfinished))
        }
        .await;
        match looked {
            Ok(why) => why,
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "it is not known whether a sweep is due"
                );
                None
            }
        }
    }

    /// Does a sweep, unless another process is at it.
    async fn sweep(&self, why: Why) -> End {
        let lock = match self.shared.store.lock_sweeps(LINGERING).await {
            Ok(Some(lock)) => lock,
            Ok(None) => {
                why.answer(Answer::Elsewhere);
                return End::Elsewhere;
            }
            Err(error) => {
                tracing::warn!(%error, "the right to sweep could not be taken");
                why.answer(Answer::Unavailable(error.to_string()));
                return End::Failed;
            }
        };
        // Another instance may have done it meanwhile.
        if !matches!(why, Why::Asked(_)) && self.due().await.is_none() {
            lock.release().await;
            return End::Swept;
        }
        let trigger = why.trigger();
        let (wish, trace) = match &why {
            Why::Asked(asked) if asked.fresh => (Wish::Fresh, asked.trace.clone()),
            Why::Asked(asked) => (Wish::Whatever, asked.trace.clone()),
            _ => (Wish::Whatever, Trace::new()),
        };
        let span = tracing::info_span!("sweep", trace_id = %trace, trigger);
        trace.takes(&span);
        self.shared.begin();
        why.answer(Answer::Begun);
        self.sweep_holding(lock, trigger, wish)
            .instrument(span)
            .await
    }

    /// Does a sweep with the right to.
    async fn sweep_holding(&self, lock: SessionLock, trigger: &str, wish: Wish) -> End {
        let shared = &self.shared;
        let begun = Instant::now();
        tracing::info!("a sweep begins");
        let performed = tokio::select! {
            performed = self.performed(trigger, wish) => performed,
            // Never ends before the sweep: only keeps telling that the service is alive.
            () = self.beating() => unreachable!("beats go on for ever"),
        };
        shared.observe();
        *shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        lock.release().await;
        let (result, error) = match performed {
            Ok(Performed::Finished(summary)) => {
                tracing::info!(
                    sweep_id = %summary.id, read = summary.read, failed = summary.failed,
                    new = summary.new, fixed = summary.fixed, still_failing = summary.still_failing,
                    calls = summary.calls, throttles = summary.throttles,
                    "the sweep has finished"
                );
                ("finished", None)
            }
            Ok(Performed::Interrupted) => {
                tracing::info!("the sweep was interrupted and can be resumed");
                ("interrupted", None)
            }
            Err(error) => {
                let words = format!("{error:#}");
                tracing::error!(error = words, "the sweep failed");
                ("failed", Some(words))
            }
        };
        shared.metrics.ended(trigger, result, begun.elapsed());
        let failed = error.is_some();
        shared.with_doing(|doing| {
            doing.sweeping = false;
            doing.since = None;
            if error.is_some() || result == "finished" {
                doing.last_error = error;
            }
        });
        self.ended.notify_one();
        if failed { End::Failed } else { End::Swept }
    }

    async fn performed(&self, trigger: &str, wish: Wish) -> anyhow::Result<Performed> {
        let settings = &self.settings;
        // Read for each sweep, so that a changed file counts from the next night on.
        let catalog = context::catalog(settings)?;
        let decisions = context::decisions(settings, &catalog)?;
        let access = context::access(settings).await?;
        let selection = Selection::new(&settings.include, &settings.exclude)?;
        let counts: Arc<Counts> = Arc::default();
        *self
            .shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((access.clone(), counts.clone()));
        let request = Request {
            scope: Scope::Organization(selection),
            wish,
            trigger: trigger.to_owned(),
            channels: self.channels.clone(),
            counts,
            verbosity: 1,
        };
        perform_alone(
            settings,
            &catalog,
            &decisions,
            &access,
            &self.shared.store,
            &request,
            &self.shared.stop,
        )
        .await
    }

    async fn beating(&self) {
        loop {
            self.shared.beat();
            self.shared.observe();
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

/// How long to wait before it is looked again.
fn until(next: Option<DateTime<Utc>>) -> Duration {
    let wait = next.map(|next| (next - Utc::now()).to_std().unwrap_or_default());
    wait.unwrap_or(LOOK).clamp(Duration::from_millis(50), LOOK)
}
