//! The queue of accounts: `graphile_worker`'s, in a schema of its own beside the store's
//! tables. A job says which account of which sweep; whatever it says, the store decides
//! whether there is anything to do, so a job that is there twice, too late or for a
//! sweep that is over does no harm.

use anyhow::Context as _;
use graphile_worker::sqlx::SqlxDatabase;
use graphile_worker::{
    Database, IntoTaskHandlerResult, JobKeyMode, JobSpec, JobSpecBuilder, LocalQueueConfig,
    RawJobSpec, TaskHandler, Worker, WorkerContext, WorkerOptions, WorkerRecoveryConfig,
    WorkerShutdownConfig, WorkerUtils,
};
use orgsweep_controls::ids::AccountId;
use orgsweep_store::{Store, SweepId};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::exit::usage;
use crate::sharing::working::Working;
use crate::sharing::{GIVEN_UP, HEARTBEAT};

/// The schema of the queue.
const SCHEMA: &str = "orgsweep_queue";
/// Jobs that are put with one statement.
const BATCH: usize = 500;

/// One account of a sweep.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReadAccount {
    pub(crate) sweep: SweepId,
    pub(crate) account: AccountId,
}

impl TaskHandler for ReadAccount {
    const IDENTIFIER: &'static str = "read_account";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let tries = *context.job().attempts();
        match context.get_ext::<Working>().cloned() {
            Some(working) => working.done(&self, tries).await,
            None => Err("the worker was started without what it works with".to_owned()),
        }
    }
}

/// The queue.
pub(crate) struct Queue {
    database: Database,
}

impl Queue {
    /// The queue beside the store's tables.
    pub(crate) fn of(store: &Store) -> anyhow::Result<Self> {
        if store.is_embedded() {
            return Err(usage(
                "several processes can share a sweep only in a PostgreSQL server's database: the embedded one \
                 belongs to one process; set DATABASE_URL (or `--database-url`)",
            ));
        }
        Ok(Self {
            database: SqlxDatabase::new(store.pool().clone()).into(),
        })
    }

    /// Makes its tables, or brings them up to date.
    pub(crate) async fn prepare(&self) -> anyhow::Result<()> {
        self.utils().migrate().await.context(
            "the queue's tables cannot be made; the user needs the right to create a schema",
        )
    }

    /// Puts accounts of a sweep into the queue. One that waits there stays as it is; one that is being
    /// read is put again, and whoever takes it then is the one whose outcome counts.
    pub(crate) async fn put(&self, sweep: SweepId, accounts: &[AccountId]) -> anyhow::Result<()> {
        for accounts in accounts.chunks(BATCH) {
            let jobs = accounts
                .iter()
                .map(|account| {
                    Ok(RawJobSpec {
                        identifier: ReadAccount::IDENTIFIER.to_owned(),
                        payload: serde_json::to_value(job(sweep, account))?,
                        spec: spec(sweep, account, JobKeyMode::PreserveRunAt),
                    })
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            self.utils()
                .add_raw_jobs(&jobs)
                .await
                .context("accounts cannot be put into the queue")?;
        }
        Ok(())
    }

    /// Puts those of the accounts into the queue that have no job in it, waiting or being worked on.
    pub(crate) async fn put_lost(
        &self,
        sweep: SweepId,
        accounts: &[AccountId],
    ) -> anyhow::Result<()> {
        for account in accounts {
            self.utils()
                .add_job(
                    job(sweep, account),
                    spec(sweep, account, JobKeyMode::UnsafeDedupe),
                )
                .await
                .context("accounts cannot be put into the queue")?;
        }
        Ok(())
    }

    /// A worker that takes accounts from the queue until `stop`.
    pub(crate) async fn worker(
        &self,
        working: &Working,
        concurrency: usize,
        stop: &CancellationToken,
    ) -> anyhow::Result<Worker> {
        let stopped = stop.clone();
        let recovery = WorkerRecoveryConfig::default()
            .enabled(true)
            .heartbeat_interval(HEARTBEAT)
            .sweep_interval(HEARTBEAT)
            .sweep_threshold(GIVEN_UP)
            .recovery_delay(std::time::Duration::ZERO);
        let shutdown = WorkerShutdownConfig::default()
            .listen_os_shutdown_signals(false)
            .grace_period(crate::sweep::tasks::GRACE)
            .interrupted_job_retry_delay(std::time::Duration::ZERO)
            .shutdown_signal(async move { stopped.cancelled().await });
        let concurrency = concurrency.max(1);
        // Without jobs at hand each slot takes one and waits for the next poll. As many as there are
        // slots, so that the last ones of a sweep are not kept from others.
        let at_hand = LocalQueueConfig::default().with_size(concurrency);
        WorkerOptions::default()
            .database(self.database.clone())
            .schema(SCHEMA)
            .concurrency(concurrency)
            .local_queue(at_hand)
            .poll_interval(HEARTBEAT)
            .worker_recovery(recovery)
            .worker_shutdown(shutdown)
            .define_job::<ReadAccount>()
            .add_extension(working.clone())
            .init()
            .await
            .context("the queue cannot be used")
    }

    fn utils(&self) -> WorkerUtils {
        WorkerUtils::new(self.database.clone(), SCHEMA)
    }
}

fn job(sweep: SweepId, account: &AccountId) -> ReadAccount {
    ReadAccount {
        sweep,
        account: account.clone(),
    }
}

/// One job per account and sweep, tried for as long as the sweep lasts.
fn spec(sweep: SweepId, account: &AccountId, mode: JobKeyMode) -> JobSpec {
    JobSpecBuilder::new()
        .job_key(format!("{sweep}:{account}"))
        .job_key_mode(mode)
        .max_attempts(i16::MAX)
        .build()
}
