//! Table `sweep_account`: the one outcome of each account in a sweep, and the fence that
//! keeps it the only one.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use orgsweep_controls::ids::AccountId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::StoreError;
use crate::record::not_in_sweep;
use crate::store::Store;
use crate::sweep::SweepId;
use crate::text::storable;

/// The right to give an account its outcome, for as long as the transaction lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fence {
    pub(crate) sweep_no: i32,
    pub(crate) account_no: i32,
    /// A later sweep has dealt with the account.
    pub(crate) superseded: bool,
}

/// Locks accounts and their places in the sweep, in the order of the accounts' numbers, so that
/// two batches never wait for each other in a circle. One entry per account, in the order in
/// which they are named; nothing for one that has its outcome, or that is not the claimant's.
pub(crate) async fn claim_outcomes(
    connection: &mut PgConnection,
    sweep: SweepId,
    accounts: &[&AccountId],
    claimant: Option<Uuid>,
) -> Result<Vec<Option<Fence>>, StoreError> {
    let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        r#"select a.account_id, sa.sweep_no, sa.account_no, sa.outcome, sa.claim,
            coalesce(a.observed_in > sa.sweep_no, false) as "superseded!"
         from sweep_account sa
         join account a using (account_no)
         where sa.sweep_no = (select sweep_no from sweep where sweep_id = $1)
            and a.account_id = any ($2)
         order by a.account_no
         for no key update of sa, a"#,
        sweep.0,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut claimed: HashMap<String, Option<Fence>> = rows
        .into_iter()
        .map(|row| {
            // A worker that was given up has lost its claim to another.
            let is_claimants = claimant.is_none() || row.claim == claimant;
            let fence = (row.outcome.is_none() && is_claimants).then_some(Fence {
                sweep_no: row.sweep_no,
                account_no: row.account_no,
                superseded: row.superseded,
            });
            (row.account_id, fence)
        })
        .collect();
    accounts
        .iter()
        .map(|account| {
            let claim = claimed.get_mut(account.as_str());
            // An account that is named twice is recorded once.
            claim
                .map(Option::take)
                .ok_or_else(|| not_in_sweep(sweep, account))
        })
        .collect()
}

impl Store {
    /// Accounts of a sweep that have no outcome yet, sorted.
    pub async fn pending_accounts(&self, sweep: SweepId) -> Result<Vec<AccountId>, StoreError> {
        self.attempt(|| async {
            sqlx::query_scalar!(
                "select a.account_id
                 from sweep s
                 join sweep_account sa using (sweep_no)
                 join account a using (account_no)
                 where s.sweep_id = $1 and sa.outcome is null
                 order by a.account_id",
                sweep.0
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|id| {
                id.parse()
                    .map_err(|error| StoreError::corrupt("an account number", &error))
            })
            .collect()
        })
        .await
    }

    /// Stores that an account could not be read. Its findings stay as they were, marked.
    /// An account that has its outcome in the sweep is left as it is.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one column of the outcome"
    )]
    pub async fn record_failure(
        &self,
        sweep: SweepId,
        account: &AccountId,
        reason: &str,
        message: &str,
        calls: u32,
        throttles: u32,
        started_at: DateTime<Utc>,
        finished_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (reason, message) = (storable(reason), storable(message));
        self.attempt(|| async {
            let mut transaction = self.begin().await?;
            let claimed =
                claim_outcomes(&mut transaction, sweep, &[account], self.claimant).await?;
            let Some(Some(fence)) = claimed.first() else {
                return Ok(());
            };
            sqlx::query!(
                "with failed as (
                    update sweep_account
                    set outcome = 'failed', reason = $3, message = $4, calls = $5, throttles = $6,
                        started_at = $7, finished_at = $8
                    where sweep_no = $1 and account_no = $2
                 )
                 update account
                 set last_sweep = $1, last_outcome = 'failed', last_reason = $3, last_message = $4
                 where account_no = $2 and not $9",
                fence.sweep_no,
                fence.account_no,
                reason.as_ref(),
                message.as_ref(),
                i32::try_from(calls).unwrap_or(i32::MAX),
                i32::try_from(throttles).unwrap_or(i32::MAX),
                started_at.trunc_subsecs(6),
                finished_at.trunc_subsecs(6),
                fence.superseded,
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(())
        })
        .await
    }
}
