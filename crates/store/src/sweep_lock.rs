//! One sweep at a time: the right to sweep into a database, held by one process for as
//! long as it lives. The embedded database belongs to one process anyway.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::error::StoreError;
use crate::store::Store;

/// Key of the advisory lock, the same for every orgsweep: "orgsweep" in ASCII.
const KEY: i64 = 0x6f72_6773_7765_6570;

/// The right to sweep; ends when it is released or dropped, or its process ends.
#[derive(Debug)]
pub struct SweepLock {
    /// The session that holds the lock; the embedded database needs none.
    session: Option<PgConnection>,
}

impl SweepLock {
    /// Gives the right back.
    pub async fn release(self) {
        if let Some(session) = self.session {
            // The lock ends with its session, however that ends.
            let _ = session.close().await;
        }
    }
}

impl Store {
    /// Takes the right to sweep; `None` when another process still has it after `patience`.
    /// The lock of a process that was killed ends when the server notices, moments later.
    ///
    /// It is a lock of a database session, so a connection pooler in transaction mode must
    /// not stand between.
    pub async fn lock_sweeps(&self, patience: Duration) -> Result<Option<SweepLock>, StoreError> {
        if self.is_embedded() {
            return Ok(Some(SweepLock { session: None }));
        }
        let options = self.pool.connect_options();
        let mut session = PgConnection::connect_with(&options)
            .await
            .map_err(|error| self.explain(error.into()))?;
        let until = Instant::now() + patience;
        loop {
            let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
                .bind(KEY)
                .fetch_one(&mut session)
                .await
                .map_err(|error| self.explain(error.into()))?;
            if taken {
                return Ok(Some(SweepLock {
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
