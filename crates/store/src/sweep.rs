//! Table `sweep`: the life of a sweep from start to end, and the one that was cut short.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::summary::{ControlSummary, control_summaries};
use crate::text::storable;

/// Id of a sweep (UUID, version 7: ordered by time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SweepId(pub Uuid);

impl fmt::Display for SweepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for SweepId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What is known of a sweep when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSweep {
    /// What started it: `manual`, `schedule`, `demo` …
    pub trigger: String,
    /// Whether only accounts that somebody named are to be read: no night of the organization.
    pub is_partial: bool,
    /// The organization, when it is already known.
    pub organization: Option<OrganizationId>,
    /// SHA-256 of the catalog that decides.
    pub catalog_digest: String,
    /// The framework whose requirements decide, for example `cis-7.0.0`.
    pub framework: String,
    /// SHA-256 of the configuration, without secrets.
    pub config_digest: String,
    /// Version of orgsweep.
    pub program_version: String,
}

/// A sweep that was cut short and can be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedSweep {
    /// Its id.
    pub id: SweepId,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// SHA-256 of the configuration that it started with.
    pub config_digest: String,
    /// SHA-256 of the catalog that it started with.
    pub catalog_digest: String,
    /// Accounts with an outcome.
    pub done: u64,
    /// Accounts without one. With none done and none pending the inventory was not stored yet.
    pub pending: u64,
}

/// What a process adds to a sweep when it ends it or leaves it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepTotals {
    /// AWS calls that this process made, whatever for.
    pub calls: u64,
    /// Calls of these that were throttled.
    pub throttles: u64,
    /// Whether the sweep was cut short and should be resumable. Otherwise it ends here, and
    /// accounts without an outcome are marked as failed.
    pub interrupted: bool,
}

/// Reason code of accounts whose sweep ended before they were reached.
const NOT_REACHED: &str = "not_reached";

impl Store {
    /// Starts a sweep.
    pub async fn start_sweep(&self, new: &NewSweep) -> Result<SweepId, StoreError> {
        let id = SweepId(Uuid::now_v7());
        let trigger = storable(&new.trigger);
        self.attempt(|| async {
            sqlx::query!(
                "insert into sweep
                    (sweep_id, triggered_by, organization_id, catalog_digest, config_digest, program_version, framework, is_partial)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)
                 on conflict (sweep_id) do nothing",
                id.0,
                trigger.as_ref(),
                new.organization.as_ref().map(OrganizationId::as_str),
                new.catalog_digest,
                new.config_digest,
                new.program_version,
                new.framework,
                new.is_partial,
            )
            .execute(&self.pool)
            .await?;
            Ok(id)
        })
        .await
    }

    /// The last sweep, when it is neither finished nor abandoned.
    pub async fn unfinished_sweep(&self) -> Result<Option<UnfinishedSweep>, StoreError> {
        self.attempt(|| async {
            let row = sqlx::query!(
                r#"select
                    s.sweep_id, s.started_at, s.config_digest, s.catalog_digest, s.state,
                    count(sa.outcome) as "done!",
                    count(sa.account_no) - count(sa.outcome) as "pending!"
                 from sweep s
                 left join sweep_account sa using (sweep_no)
                 where s.sweep_no = (select max(sweep_no) from sweep)
                 group by s.sweep_no"#
            )
            .fetch_optional(&self.pool)
            .await?;
            Ok(row
                .filter(|row| matches!(row.state.as_str(), "running" | "interrupted"))
                .map(|row| UnfinishedSweep {
                    id: SweepId(row.sweep_id),
                    started_at: row.started_at,
                    config_digest: row.config_digest,
                    catalog_digest: row.catalog_digest,
                    done: row.done.unsigned_abs(),
                    pending: row.pending.unsigned_abs(),
                }))
        })
        .await
    }

    /// When the last night started, however it went on. Sweeps of named accounts are none.
    pub async fn last_night_started(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.attempt(|| async {
            let started = sqlx::query_scalar!(
                "select started_at from sweep where not is_partial order by sweep_no desc limit 1"
            )
            .fetch_optional(&self.pool)
            .await?;
            Ok(started)
        })
        .await
    }

    /// The last night that has finished; where only named accounts were ever read, the last of
    /// those sweeps.
    pub async fn last_finished_sweep(&self) -> Result<Option<SweepId>, StoreError> {
        self.attempt(|| async {
            let sweep = sqlx::query_scalar!(
                "select sweep_id from sweep where state = 'finished' order by is_partial, sweep_no desc limit 1"
            )
            .fetch_optional(&self.pool)
            .await?;
            Ok(sweep.map(SweepId))
        })
        .await
    }

    /// Ends a sweep that will not be resumed; accounts without an outcome become failed
    /// with the reason `not_reached`. A sweep that has ended stays as it is.
    pub async fn abandon_sweep(&self, sweep: SweepId, why: &str) -> Result<(), StoreError> {
        let totals = SweepTotals::default();
        self.attempt(|| self.end_sweep(sweep, "abandoned", Some(why), totals, &[]))
            .await
    }

    /// Ends a sweep, or leaves it to be resumed. A sweep that has ended stays as it is.
    pub async fn finish_sweep(
        &self,
        sweep: SweepId,
        totals: &SweepTotals,
    ) -> Result<(), StoreError> {
        self.finish_sweep_telling(sweep, totals, &[]).await
    }

    /// The same; a sweep that ends here leaves a notification for each of these channels in
    /// the outbox, in the same transaction.
    pub async fn finish_sweep_telling(
        &self,
        sweep: SweepId,
        totals: &SweepTotals,
        channels: &[&str],
    ) -> Result<(), StoreError> {
        if totals.interrupted {
            self.attempt(|| self.leave_sweep(sweep, *totals)).await
        } else {
            self.attempt(|| self.end_sweep(sweep, "finished", None, *totals, channels))
                .await?;
            self.tidy().await;
            Ok(())
        }
    }

    async fn leave_sweep(&self, sweep: SweepId, totals: SweepTotals) -> Result<(), StoreError> {
        sqlx::query!(
            "update sweep set state = 'interrupted', calls = calls + $2, throttles = throttles + $3
             where sweep_id = $1 and state in ('running', 'interrupted')",
            sweep.0,
            i64::try_from(totals.calls).unwrap_or(i64::MAX),
            i64::try_from(totals.throttles).unwrap_or(i64::MAX),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn end_sweep(
        &self,
        sweep: SweepId,
        state: &str,
        why: Option<&str>,
        totals: SweepTotals,
        channels: &[&str],
    ) -> Result<(), StoreError> {
        let why = why.map(storable);
        let mut transaction = self.begin().await?;
        let open = sqlx::query_scalar!(
            "select sweep_no from sweep
             where sweep_id = $1 and finished_at is null
             for update",
            sweep.0
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(sweep_no) = open else {
            return Ok(());
        };
        sqlx::query!(
            "with unreached as (
                update sweep_account
                set outcome = 'failed', reason = $2, message = $3, finished_at = now()
                where sweep_no = $1 and outcome is null
                returning account_no, reason, message
             )
             update account a
             set last_sweep = $1, last_outcome = 'failed', last_reason = u.reason, last_message = u.message
             from unreached u
             where a.account_no = u.account_no and coalesce(a.last_sweep, 0) <= $1",
            sweep_no,
            NOT_REACHED,
            "the sweep ended before this account was read",
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "update sweep s
             set state = $2, state_reason = $3, finished_at = now(),
                 calls = s.calls + $4, throttles = s.throttles + $5,
                 accounts_listed = n.listed, accounts_done = n.done,
                 accounts_failed = n.failed, accounts_skipped = n.skipped,
                 oldest_observed_at = (select min(observed_at) from account where closed_at is null)
             from (
                select
                    count(*)::integer as listed,
                    count(*) filter (where outcome = 'done')::integer as done,
                    count(*) filter (where outcome = 'failed')::integer as failed,
                    count(*) filter (where outcome = 'skipped')::integer as skipped
                from sweep_account
                where sweep_no = $1
             ) n
             where s.sweep_no = $1",
            sweep_no,
            state,
            why.as_deref(),
            i64::try_from(totals.calls).unwrap_or(i64::MAX),
            i64::try_from(totals.throttles).unwrap_or(i64::MAX),
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!("delete from shared_snapshot where sweep_no <= $1", sweep_no)
            .execute(&mut *transaction)
            .await?;
        announce(&mut transaction, sweep_no).await?;
        put_into_outbox(&mut transaction, sweep_no, channels).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives the space of replaced rows back to the tables that every night rewrites, and
    /// refreshes what the planner knows. A server does so by itself, but later; the
    /// embedded database never does.
    async fn tidy(&self) {
        for table in [
            "vacuum (analyze) sweep_account",
            "vacuum (analyze) account",
            "vacuum (analyze) finding",
            "vacuum (analyze) finding_detail",
            "vacuum (analyze) finding_history",
        ] {
            if let Err(error) = sqlx::raw_sql(table).execute(&self.pool).await {
                // The sweep is complete; somebody who is not the tables' owner only gets a
                // warning from the server, and a lost connection shows in the next step.
                tracing::debug!(%error, "could not tidy up");
            }
        }
    }
}

/// Tells whoever listens to `orgsweep_sweep` that a sweep has ended and what it changed: when
/// the transaction commits, and not at all otherwise.
async fn announce(connection: &mut PgConnection, sweep_no: i32) -> Result<(), StoreError> {
    let controls = control_summaries(&mut *connection, sweep_no).await?;
    let sum = |count: fn(&ControlSummary) -> u64| {
        i64::try_from(controls.iter().map(count).sum::<u64>()).unwrap_or(i64::MAX)
    };
    sqlx::query!(
        "select pg_notify('orgsweep_sweep', json_build_object(
            'sweep_id', s.sweep_id, 'state', s.state, 'triggered_by', s.triggered_by,
            'accounts_listed', s.accounts_listed, 'accounts_done', s.accounts_done,
            'accounts_failed', s.accounts_failed, 'accounts_skipped', s.accounts_skipped,
            'new', $2::bigint, 'fixed', $3::bigint, 'still_failing', $4::bigint
         )::text)
         from sweep s
         where s.sweep_no = $1",
        sweep_no,
        sum(|control| control.new),
        sum(|control| control.fixed),
        sum(|control| control.still_failing),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// One notification per channel; a second end of the same sweep adds none.
async fn put_into_outbox(
    connection: &mut PgConnection,
    sweep_no: i32,
    channels: &[&str],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = channels.iter().map(|_| Uuid::now_v7()).collect();
    let channels: Vec<String> = channels.iter().map(|&channel| channel.to_owned()).collect();
    sqlx::query!(
        "insert into notification (notification_id, sweep_no, channel)
         select id, $1, channel
         from unnest($2::uuid[], $3::text[]) as wanted (id, channel)
         on conflict (sweep_no, channel) do nothing",
        sweep_no,
        &ids,
        &channels,
    )
    .execute(connection)
    .await?;
    Ok(())
}
