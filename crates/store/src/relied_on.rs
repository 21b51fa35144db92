//! Table `relied_on_snapshot`: facts of accounts that a sweep read only because others are
//! judged by them, kept so that the night can be judged again.

use chrono::{DateTime, SubsecRound, Utc};
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::snapshot::AccountSnapshot;

use crate::error::StoreError;
use crate::snapshot::{Content, restored};
use crate::store::Store;
use crate::sweep::SweepId;

impl Store {
    /// Keeps the facts of an account that others of the sweep rely on. An account that the
    /// sweep selected keeps its facts with its own outcome; for it nothing is written.
    pub async fn record_relied_on(
        &self,
        sweep: SweepId,
        snapshot: &AccountSnapshot,
        observed_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let content = Content::of(snapshot)?;
        let compressed = content.compressed()?;
        self.attempt(|| async {
            sqlx::query!(
                "insert into relied_on_snapshot
                    (sweep_no, account_id, content, content_size, observed_at)
                 select s.sweep_no, $2, $3, $4, $5
                 from sweep s
                 where s.sweep_id = $1 and not exists (
                    select from sweep_account sa
                    join account a using (account_no)
                    where sa.sweep_no = s.sweep_no and a.account_id = $2
                        and sa.outcome is distinct from 'skipped'
                 )
                 on conflict (sweep_no, account_id) do nothing",
                sweep.0,
                snapshot.account.as_str(),
                compressed,
                i32::try_from(content.json.len()).unwrap_or(i32::MAX),
                observed_at.trunc_subsecs(6),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// The facts of an account that others of the sweep relied on and that the sweep did not
    /// select, with the time when they were read.
    pub async fn relied_on(
        &self,
        sweep_no: i32,
        account: &AccountId,
    ) -> Result<Option<(AccountSnapshot, DateTime<Utc>)>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "select content, content_size, observed_at
                 from relied_on_snapshot
                 where sweep_no = $1 and account_id = $2",
                sweep_no,
                account.as_str()
            )
            .fetch_optional(&self.pool)
            .await?
            .map(|row| Ok((restored(&row.content, row.content_size)?, row.observed_at)))
            .transpose()
        })
        .await
    }
}
