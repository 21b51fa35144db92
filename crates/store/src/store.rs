//! `Store`: opening and closing it, and trying again when a connection is lost.
//! What it stores is in the other files, one per table or view family.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, Postgres, Transaction};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::config::{Location, StoreConfig, connect_options};
use crate::error::StoreError;
use crate::migrate::{self, MigrationReport};

#[cfg(feature = "embedded")]
use crate::embedded::Embedded;

/// PostgreSQL 15, as `server_version_num` has it.
const OLDEST_SERVER: u32 = 150_000;

/// How long closing waits for connections that are busy.
const CLOSING: Duration = Duration::from_secs(2);

/// The store: one PostgreSQL database, on a server or embedded. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    location: Arc<Location>,
    patience: Duration,
    /// The worker whose claims outcomes are recorded by; any, when none is named.
    pub(crate) claimant: Option<Uuid>,
    #[cfg(feature = "embedded")]
    embedded: Option<Arc<Embedded>>,
}

impl Store {
    /// Connects (starting the embedded database when no server is named) and brings
    /// the schema up to date.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let store = Self::connect(config).await?;
        match store.migrate().await {
            Ok(report) => {
                if !report.applied.is_empty() {
                    tracing::info!(
                        applied = report.applied.len(),
                        version = report.version,
                        "migrated the database"
                    );
                }
                Ok(store)
            }
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let location = config.location()?;
        let place = location.to_string();
        match &location {
            Location::Server { .. } => {
                let url = config.database_url.as_deref().unwrap_or_default();
                let options = named(connect_options(url)?);
                check(&options, config.connect_timeout)
                    .await
                    .map_err(|error| error.located(&place))?;
                let pool = pool_of(options, config, config.max_connections.max(1));
                Ok(Self {
                    pool,
                    location: Arc::new(location),
                    patience: config.patience,
                    claimant: None,
                    #[cfg(feature = "embedded")]
                    embedded: None,
                })
            }
            #[cfg(feature = "embedded")]
            Location::Embedded { path } => {
                let embedded = Embedded::start(path).await?;
                let pool = pool_of(named(embedded.options()), config, 1);
                Ok(Self {
                    pool,
                    location: Arc::new(location),
                    patience: Duration::ZERO,
                    claimant: None,
                    embedded: Some(Arc::new(embedded)),
                })
            }
            #[cfg(not(feature = "embedded"))]
            Location::Embedded { .. } => Err(StoreError::NoEmbedded),
        }
    }

    /// Applies the migrations that the database lacks; one process at a time.
    pub async fn migrate(&self) -> Result<MigrationReport, StoreError> {
        migrate::migrate(&self.pool)
            .await
            .map_err(|error| self.explain(error))
    }

    /// Whether the database answers, asked once.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("select 1")
            .execute(&self.pool)
            .await
            .map_err(|error| self.explain(error.into()))?;
        Ok(())
    }

    /// The connections, for parts that bring tables of their own. Tables of the store are
    /// nobody else's: read them through the views.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Where the store is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether this is the embedded database, which has a single connection.
    pub fn is_embedded(&self) -> bool {
        matches!(*self.location, Location::Embedded { .. })
    }

    /// Gives up the only connection of the embedded database, so that another program can
    /// have it until the store is closed; the URL to connect to, in libpq's form. `None`
    /// when the store is on a server.
    #[cfg_attr(
        not(feature = "embedded"),
        expect(
            clippy::unused_async,
            reason = "only the embedded database has to wait"
        )
    )]
    pub async fn hand_over(&self) -> Option<String> {
        #[cfg(feature = "embedded")]
        if let Some(embedded) = &self.embedded {
            self.pool.close().await;
            return embedded.url();
        }
        None
    }

    /// Ends all connections; stops the embedded database. Every clone is closed with it.
    pub async fn close(self) {
        // A connection that is busy with a query that nobody waits for any more is left.
        let closed = timeout(CLOSING, self.pool.close()).await;
        #[cfg(feature = "embedded")]
        if let (Some(embedded), Ok(())) = (self.embedded, closed) {
            embedded.stop(CLOSING).await;
        }
        #[cfg(not(feature = "embedded"))]
        drop(closed);
    }

    /// Does `work`, and again when the connection is lost, for as long as patience lasts.
    /// Work is safe to repeat: each is one transaction that finds what it has written.
    pub(crate) async fn attempt<T, F, W>(&self, work: F) -> Result<T, StoreError>
    where
        F: Fn() -> W,
        W: Future<Output = Result<T, StoreError>>,
    {
        let until = Instant::now() + self.patience;
        let mut pause = Duration::from_millis(100);
        loop {
            #[cfg(feature = "embedded")]
            if let Some(error) = self.embedded.as_ref().and_then(|embedded| embedded.ended()) {
                return Err(error);
            }
            match work().await {
                Err(error) if error.is_transient() && Instant::now() + pause < until => {
                    tracing::warn!(%error, "trying again");
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(error) => return Err(self.explain(error)),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Begins a transaction. In a task of its own: a caller that is stopped just then would leave its connection
    /// in the pool inside a transaction that nobody knows of, for sqlx takes back only what has begun.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin().await });
        let begun = begun.await.map_err(|error| StoreError::Bug {
            message: error.to_string(),
        })?;
        Ok(begun?)
    }

    /// The error with its place, or with what the embedded database's directory tells about it.
    pub(crate) fn explain(&self, error: StoreError) -> StoreError {
        #[cfg(feature = "embedded")]
        if let Some(embedded) = &self.embedded {
            return embedded.explain(error);
        }
        error.located(&self.location.to_string())
    }
}

fn named(options: PgConnectOptions) -> PgConnectOptions {
    options
        .application_name("orgsweep")
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Debug, Duration::from_secs(1))
}

/// Shows with one connection that the server is there and new enough. The pool would go on
/// trying until its time is over and then not say why.
async fn check(options: &PgConnectOptions, patience: Duration) -> Result<(), StoreError> {
    let connection = match timeout(patience, PgConnection::connect_with(options)).await {
        Ok(connected) => connected?,
        Err(_) => {
            return Err(StoreError::Unreachable {
                location: String::new(),
                message: format!("no answer within {} s", patience.as_secs()),
                hint: "check host, port and firewall".to_owned(),
            });
        }
    };
    let version = connection.server_version_num();
    connection.close().await?;
    match version {
        Some(number) if number < OLDEST_SERVER => Err(StoreError::ServerTooOld {
            version: format!("{}.{}", number / 10_000, number % 10_000),
        }),
        _ => Ok(()),
    }
}

fn pool_of(options: PgConnectOptions, config: &StoreConfig, connections: u32) -> PgPool {
    let idle = config
        .idle_transactions
        .map(|idle| format!("{} ms", idle.as_millis()));
    PgPoolOptions::new()
        .after_connect(move |connection, _| {
            let idle = idle.clone();
            Box::pin(async move {
                if let Some(idle) = idle {
                    sqlx::query(
                        "select set_config('idle_in_transaction_session_timeout', $1, false)",
                    )
                    .bind(idle)
                    .execute(connection)
                    .await?;
                }
                Ok(())
            })
        })
        .max_connections(connections)
        .acquire_timeout(config.connect_timeout.max(Duration::from_secs(30)))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // With one connection, waiting for it is how things go, not news.
        .acquire_slow_threshold(Duration::from_hours(1))
        .connect_lazy_with(options)
}
