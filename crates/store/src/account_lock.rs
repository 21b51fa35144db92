//! One run at a time per account: the right to change accounts, held by one process
//! for as long as it lives. The embedded database belongs to one process anyway.

use std::time::Duration;

use orgsweep_controls::ids::AccountId;
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::error::StoreError;
use crate::session_lock::SessionLock;
use crate::store::Store;

/// Keys of the advisory locks: this, and the account's number, which has 40 bits at most.
const KEYS: i64 = 0x6f72_0000_0000_0000;

/// What came of asking for the right.
#[derive(Debug)]
pub enum Locking {
    /// It is ours.
    Ours(SessionLock),
    /// Another process is changing this account.
    Others(AccountId),
}

impl Store {
    /// Takes the right to change `accounts`, all of them or none. Waits for `patience`: the
    /// locks of a process that was killed end when the server notices, moments later.
    ///
    /// They are locks of a database session, so a connection pooler in transaction mode must
    /// not stand between.
    pub async fn lock_accounts(
        &self,
        accounts: impl IntoIterator<Item = &AccountId>,
        patience: Duration,
    ) -> Result<Locking, StoreError> {
        if self.is_embedded() {
            return Ok(Locking::Ours(SessionLock { session: None }));
        }
        let options = self.pool.connect_options();
        let mut session = PgConnection::connect_with(&options)
            .await
            .map_err(|error| self.explain(error.into()))?;
        let until = Instant::now() + patience;
        for account in accounts {
            while !self.lock_account(&mut session, account).await? {
                if Instant::now() > until {
                    // What was taken so far ends with the session.
                    let _ = session.close().await;
                    return Ok(Locking::Others(account.clone()));
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(Locking::Ours(SessionLock {
            session: Some(session),
        }))
    }

    async fn lock_account(
        &self,
        session: &mut PgConnection,
        account: &AccountId,
    ) -> Result<bool, StoreError> {
        let number: i64 = account.as_str().parse().unwrap_or_default();
        sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(KEYS | number)
            .fetch_one(session)
            .await
            .map_err(|error| self.explain(error.into()))
    }
}
