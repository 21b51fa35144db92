//! Sweeps that several processes share: claims on accounts (column `sweep_account.claim`), the facts that
//! all of them judge others by (table `shared_snapshot`), and their shares of budgets (table
//! `budget_lease`). The queue of accounts is not the store's.

use std::collections::BTreeSet;
use std::time::Duration;

use orgsweep_controls::ids::AccountId;
use orgsweep_controls::snapshot::AccountSnapshot;
use uuid::Uuid;

use crate::error::StoreError;
use crate::snapshot::{Content, restored};
use crate::store::Store;
use crate::sweep::SweepId;

/// A sweep that is under way, as a process that joins it needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningSweep {
    /// SHA-256 of the configuration that it was begun with.
    pub config_digest: String,
    /// SHA-256 of the catalog that it was begun with.
    pub catalog_digest: String,
    /// Version of the program that began it.
    pub program_version: String,
}

/// The facts of an account, and what reading them cost.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedFacts {
    /// The facts.
    pub snapshot: AccountSnapshot,
    /// AWS calls that reading them took.
    pub calls: u32,
    /// Calls of these that were throttled.
    pub throttles: u32,
}

impl Store {
    /// This store for a worker of that name: outcomes are recorded for accounts that the worker has
    /// claimed, and for those alone.
    pub fn claiming_as(&self, worker: Uuid) -> Self {
        let mut claiming = self.clone();
        claiming.claimant = Some(worker);
        claiming
    }

    /// The sweep, when it is under way.
    pub async fn running_sweep(&self, sweep: SweepId) -> Result<Option<RunningSweep>, StoreError> {
        self.attempt(|| async {
            let row = sqlx::query!(
                "select config_digest, catalog_digest, program_version
                 from sweep where sweep_id = $1 and state = 'running'",
                sweep.0
            )
            .fetch_optional(&self.pool)
            .await?;
            Ok(row.map(|row| RunningSweep {
                config_digest: row.config_digest,
                catalog_digest: row.catalog_digest,
                program_version: row.program_version,
            }))
        })
        .await
    }

    /// Claims an account for this worker, whoever had claimed it before. Whether there is anything to do:
    /// the sweep is under way and the account has no outcome.
    pub async fn claim_account(
        &self,
        sweep: SweepId,
        account: &AccountId,
    ) -> Result<bool, StoreError> {
        self.attempt(|| async {
            let claimed = sqlx::query!(
                "update sweep_account sa
                 set claim = $3
                 from sweep s, account a
                 where s.sweep_id = $1 and s.state = 'running' and sa.sweep_no = s.sweep_no
                    and a.account_id = $2 and sa.account_no = a.account_no and sa.outcome is null",
                sweep.0,
                account.as_str(),
                self.claimant
            )
            .execute(&self.pool)
            .await?;
            Ok(claimed.rows_affected() == 1)
        })
        .await
    }

    /// Takes back all claims on accounts that have no outcome.
    pub async fn release_claims(&self, sweep: SweepId) -> Result<(), StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "update sweep_account
                 set claim = null
                 where sweep_no = (select sweep_no from sweep where sweep_id = $1)
                    and outcome is null and claim is not null",
                sweep.0
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Accounts of a sweep that have no outcome, and accounts that have failed.
    pub async fn left_and_failed(&self, sweep: SweepId) -> Result<(u64, u64), StoreError> {
        self.attempt(|| async {
            let row = sqlx::query!(
                r#"select
                    count(*) filter (where outcome is null) as "left!",
                    count(*) filter (where outcome = 'failed') as "failed!"
                 from sweep_account
                 where sweep_no = (select sweep_no from sweep where sweep_id = $1)"#,
                sweep.0
            )
            .fetch_one(&self.pool)
            .await?;
            Ok((row.left.unsigned_abs(), row.failed.unsigned_abs()))
        })
        .await
    }

    /// Adds calls that a worker has made to those of the sweep.
    pub async fn add_calls(
        &self,
        sweep: SweepId,
        calls: u64,
        throttles: u64,
    ) -> Result<(), StoreError> {
        // Once: a repetition would add them twice.
        sqlx::query!(
            "update sweep set calls = calls + $2, throttles = throttles + $3 where sweep_id = $1",
            sweep.0,
            i64::try_from(calls).unwrap_or(i64::MAX),
            i64::try_from(throttles).unwrap_or(i64::MAX),
        )
        .execute(&self.pool)
        .await
        .map_err(|error| self.explain(error.into()))?;
        Ok(())
    }

    /// Shares the facts of an account that others are judged by. The first to do so wins; its facts are
    /// returned.
    pub async fn share_facts(
        &self,
        sweep: SweepId,
        facts: &SharedFacts,
    ) -> Result<SharedFacts, StoreError> {
        let content = Content::of(&facts.snapshot)?;
        let compressed = content.compressed()?;
        let account = &facts.snapshot.account;
        self.attempt(|| async {
            sqlx::query!(
                "insert into shared_snapshot (sweep_no, account_id, content, content_size, calls, throttles)
                 select sweep_no, $2, $3, $4, $5, $6 from sweep where sweep_id = $1
                 on conflict (sweep_no, account_id) do nothing",
                sweep.0,
                account.as_str(),
                compressed,
                i32::try_from(content.json.len()).unwrap_or(i32::MAX),
                i32::try_from(facts.calls).unwrap_or(i32::MAX),
                i32::try_from(facts.throttles).unwrap_or(i32::MAX),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await?;
        let kept = self.shared_facts(sweep, account).await?;
        Ok(kept.unwrap_or_else(|| facts.clone()))
    }

    /// The shared facts of an account, when it was read.
    pub async fn shared_facts(
        &self,
        sweep: SweepId,
        account: &AccountId,
    ) -> Result<Option<SharedFacts>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "select content, content_size, calls, throttles
                 from shared_snapshot
                 where sweep_no = (select sweep_no from sweep where sweep_id = $1) and account_id = $2",
                sweep.0,
                account.as_str()
            )
            .fetch_optional(&self.pool)
            .await?
            .map(|row| {
                Ok(SharedFacts {
                    snapshot: restored(&row.content, row.content_size)?,
                    calls: row.calls.unsigned_abs(),
                    throttles: row.throttles.unsigned_abs(),
                })
            })
            .transpose()
        })
        .await
    }

    /// Accounts whose facts are shared.
    pub async fn shared_owners(&self, sweep: SweepId) -> Result<BTreeSet<AccountId>, StoreError> {
        self.attempt(|| async {
            sqlx::query_scalar!(
                "select account_id from shared_snapshot
                 where sweep_no = (select sweep_no from sweep where sweep_id = $1)",
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

    /// Leases this worker's share of a budget for so long, or renews it: an equal part of the whole, as far
    /// as others have not leased more. They give theirs up when they renew.
    pub async fn lease_budget(&self, budget: &str, lasts: Duration) -> Result<f64, StoreError> {
        self.lease_budget_once(budget, lasts)
            .await
            .map_err(|error| self.explain(error))
    }

    async fn lease_budget_once(&self, budget: &str, lasts: Duration) -> Result<f64, StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("orgsweep budget {budget}"))
            .execute(&mut *transaction)
            .await?;
        let share = sqlx::query_scalar!(
            r#"with gone as (
                delete from budget_lease where budget = $1 and expires_at <= clock_timestamp()
             ),
             others as (
                select count(*) as holders, coalesce(sum(share), 0) as leased
                from budget_lease
                where budget = $1 and holder <> $2 and expires_at > clock_timestamp()
             )
             insert into budget_lease (budget, holder, share, expires_at)
             select $1, $2,
                greatest(least(1.0::float8 / (holders + 1), 1.0::float8 - leased), 0.0::float8),
                clock_timestamp() + make_interval(secs => $3)
             from others
             on conflict (budget, holder) do update
                set share = excluded.share, expires_at = excluded.expires_at
             returning share"#,
            budget,
            self.claimant.unwrap_or_default(),
            lasts.as_secs_f64(),
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(share)
    }

    /// Gives this worker's share of a budget back.
    pub async fn end_budget_lease(&self, budget: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from budget_lease where budget = $1 and holder = $2",
            budget,
            self.claimant.unwrap_or_default()
        )
        .execute(&self.pool)
        .await
        .map_err(|error| self.explain(error.into()))?;
        Ok(())
    }
}
