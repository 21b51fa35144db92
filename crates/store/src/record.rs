//! Recording one account of a sweep: snapshot, findings, history and outcome in one
//! transaction, which changes nothing when the account already has its outcome.

use chrono::{DateTime, SubsecRound, Utc};
use orgsweep_controls::finding::Finding;
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::snapshot::AccountSnapshot;
use sqlx::PgConnection;

use crate::difference::difference;
use crate::error::StoreError;
use crate::finding::{ended_periods, put_difference, stored_findings};
use crate::outcome::{Fence, claim_outcome};
use crate::snapshot::Content;
use crate::store::Store;
use crate::sweep::SweepId;

/// An account that was read and judged.
#[derive(Debug, Clone, Copy)]
pub struct AccountRecord<'a> {
    /// Its facts.
    pub snapshot: &'a AccountSnapshot,
    /// Its findings: all of them; a stored one that is missing here ends.
    pub findings: &'a [Finding],
    /// AWS calls made for it.
    pub calls: u32,
    /// Calls of these that were throttled.
    pub throttles: u32,
    /// When work on it started.
    pub started_at: DateTime<Utc>,
    /// When its facts were complete.
    pub finished_at: DateTime<Utc>,
}

/// What recording an account wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// The account got its outcome.
    Written {
        /// Whether its facts differ from all that were stored before.
        new_snapshot: bool,
        /// Findings with a new verdict or reason.
        turned: usize,
        /// Findings whose evidence alone is new.
        refreshed: usize,
        /// Findings that ended.
        removed: usize,
    },
    /// The account has had its outcome in this sweep, or another worker has claimed it; nothing
    /// was written.
    AlreadyRecorded,
}

impl Store {
    /// Stores what was found in an account, in one transaction. Idempotent: an account that
    /// has its outcome in the sweep is left as it is.
    ///
    /// When a later sweep has read the account meanwhile, only facts and outcome are kept;
    /// the findings stay those of the later sweep.
    pub async fn record_account(
        &self,
        sweep: SweepId,
        record: &AccountRecord<'_>,
    ) -> Result<Recorded, StoreError> {
        let content = Content::of(record.snapshot)?;
        self.attempt(|| self.record_account_once(sweep, record, &content))
            .await
    }

    async fn record_account_once(
        &self,
        sweep: SweepId,
        record: &AccountRecord<'_>,
        content: &Content,
    ) -> Result<Recorded, StoreError> {
        let account = &record.snapshot.account;
        let mut transaction = self.pool.begin().await?;
        let Some(fence) = claim_outcome(&mut transaction, sweep, account, self.claimant).await?
        else {
            return Ok(Recorded::AlreadyRecorded);
        };
        let (snapshot_no, new_snapshot) =
            put_snapshot(&mut transaction, &fence, record, content).await?;
        let mut recorded = Recorded::Written {
            new_snapshot,
            turned: 0,
            refreshed: 0,
            removed: 0,
        };
        if !fence.superseded {
            let stored = stored_findings(&mut transaction, fence.account_no).await?;
            let ended =
                ended_periods(&mut transaction, fence.account_no, &stored, record.findings).await?;
            let step = difference(&stored, &ended, record.findings, record.finished_at)?;
            put_difference(&mut transaction, &fence, &step).await?;
            recorded = Recorded::Written {
                new_snapshot,
                turned: step.turned.len(),
                refreshed: step.refreshed.len(),
                removed: step.removed.len(),
            };
        }
        put_done(&mut transaction, &fence, record, snapshot_no).await?;
        transaction.commit().await?;
        Ok(recorded)
    }
}

/// The number of the snapshot with this content, and whether it is new.
async fn put_snapshot(
    connection: &mut PgConnection,
    fence: &Fence,
    record: &AccountRecord<'_>,
    content: &Content,
) -> Result<(i64, bool), StoreError> {
    let known = sqlx::query_scalar!(
        "select snapshot_no from snapshot where account_no = $1 and digest = $2",
        fence.account_no,
        content.digest
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(snapshot_no) = known {
        return Ok((snapshot_no, false));
    }
    let snapshot_no = sqlx::query_scalar!(
        "insert into snapshot (account_no, digest, content, content_size, first_sweep, taken_at)
         values ($1, $2, $3, $4, $5, $6)
         returning snapshot_no",
        fence.account_no,
        content.digest,
        content.compressed()?,
        i32::try_from(content.json.len()).unwrap_or(i32::MAX),
        fence.sweep_no,
        record.finished_at,
    )
    .fetch_one(connection)
    .await?;
    Ok((snapshot_no, true))
}

/// The outcome, and the account's last state. An account that was read is not closed.
async fn put_done(
    connection: &mut PgConnection,
    fence: &Fence,
    record: &AccountRecord<'_>,
    snapshot_no: i64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with done as (
            update sweep_account
            set outcome = 'done', snapshot_no = $3, calls = $4, throttles = $5,
                started_at = $6, finished_at = $7
            where sweep_no = $1 and account_no = $2
         )
         update account
         set observed_at = $7, observed_in = $1, last_sweep = $1, last_outcome = 'done',
            last_reason = null, last_message = null, closed_at = null,
            state = case when closed_at is null then state else 'active' end
         where account_no = $2 and not $8",
        fence.sweep_no,
        fence.account_no,
        snapshot_no,
        i32::try_from(record.calls).unwrap_or(i32::MAX),
        i32::try_from(record.throttles).unwrap_or(i32::MAX),
        record.started_at.trunc_subsecs(6),
        record.finished_at.trunc_subsecs(6),
        fence.superseded,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Identifies the account in errors and logs.
pub(crate) fn not_in_sweep(sweep: SweepId, account: &AccountId) -> StoreError {
    StoreError::NotInSweep {
        account: account.clone(),
        sweep,
    }
}
