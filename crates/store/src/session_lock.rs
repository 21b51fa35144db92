//! Rights that one process has at a time, for as long as it lives: to sweep into a database,
//! to send what its outbox holds. The embedded database belongs to one process anyway.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::error::StoreError;
use crate::store::Store;

/// Key of the advisory lock for sweeping, the same for every orgsweep: "orgsweep" in ASCII.
const SWEEPING: i64 = 0x6f72_6773_7765_6570;
/// Key of the advisory lock for sending notifications: "orgsend" in ASCII.
const SENDING: i64 = 0x006f_7267_7365_6e64;

/// A right; ends when it is released or dropped, or its process ends.
#[derive(Debug)]
pub struct SessionLock {
    /// The session that holds the lock; the embedded database needs none.
    pub(crate) session: Option<PgConnection>,
}

impl SessionLock {
    /// Gives the right back.
    pub async fn release(self) {
        if let Some(session) = self.session {
            // The lock ends with its session, however that ends.
            let _ = session.close().await;
        }
    }

    /// Whether the right is still there: the server gives it to another process when it has
    /// lost the session.
    pub async fn holds(&mut self) -> bool {
        match &mut self.session {
            Some(session) => session.ping().await.is_ok(),
            None => true,
        }
    }
}

impl Store {
    /// Takes the right to sweep; `None` when another process still has it after `patience`.
    /// The lock of a process that was killed ends when the server notices, moments later.
    ///
    /// It is a lock of a database session, so a connection pooler in transaction mode must
    /// not stand between.
    pub async fn lock_sweeps(&self, patience: Duration) -> Result<Option<SessionLock>, StoreError> {
        self.lock(SWEEPING, patience).await
    }

    /// Takes the right to send notifications; `None` when another process still has it after
    /// `patience`. While it is held, a notification that is being sent is being sent by the
    /// holder, or was left behind by a process that is gone.
    pub async fn lock_sending(
        &self,
        patience: Duration,
    ) -> Result<Option<SessionLock>, StoreError> {
        self.lock(SENDING, patience).await
    }

    async fn lock(&self, key: i64, patience: Duration) -> Result<Option<SessionLock>, StoreError> {
        if self.is_embedded() {
            return Ok(Some(SessionLock { session: None }));
        }
        let options = self.pool.connect_options();
        let mut session = PgConnection::connect_with(&options)
            .await
            .map_err(|error| self.explain(error.into()))?;
        let until = Instant::now() + patience;
        loop {
            let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
                .bind(key)
                .fetch_one(&mut session)
                .await
                .map_err(|error| self.explain(error.into()))?;
            if taken {
                return Ok(Some(SessionLock {
                    session: Some(session),
                }));
            }
            if Instant::now() > until {
                return Ok(None);
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}
