//! The numbers of a sweep: who was read and who was not, how the controls stand, what is
//! new and what is fixed since before it, and what broke.

use chrono::{DateTime, NaiveDate, Utc};
use orgsweep_controls::ids::{AccountId, ControlId};
use serde::Serialize;
use sqlx::PgExecutor;

use crate::error::StoreError;
use crate::store::Store;
use crate::sweep::SweepId;

/// A sweep in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SweepSummary {
    /// The sweep.
    pub id: SweepId,
    /// `running`, `interrupted`, `finished` or `abandoned`.
    pub state: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether an earlier sweep read any account; without one everything is new.
    pub has_predecessor: bool,
    /// Accounts that were listed.
    pub listed: u64,
    /// Accounts that were read.
    pub read: u64,
    /// Accounts that could not be read.
    pub failed: u64,
    /// Accounts that were left out.
    pub skipped: u64,
    /// Accounts that are still to be read.
    pub pending: u64,
    /// Why accounts were not read, most accounts first.
    pub not_read: Vec<NotRead>,
    /// How each control stands, by number.
    pub controls: Vec<ControlSummary>,
    /// Accounts with at least one failing control.
    pub accounts_failing: u64,
    /// Findings that fail and did not before.
    pub new: u64,
    /// Findings that failed before and pass now.
    pub fixed: u64,
    /// Findings that failed before and still do.
    pub still_failing: u64,
    /// Failing findings that exceptions in force accept, as of now.
    pub excepted: u64,
    /// Exceptions and decisions that end within 30 days, or ended within the last, soonest first.
    pub ending: Vec<Ending>,
    /// What is broken or could not be read, most accounts first. As of now, not of an
    /// earlier sweep.
    pub causes: Vec<Cause>,
    /// When the oldest facts were read that verdicts rest on.
    pub oldest_observed_at: Option<DateTime<Utc>>,
    /// AWS calls made; so far only those for accounts, while it runs.
    pub calls: u64,
    /// Calls of these that were throttled.
    pub throttles: u64,
}

/// A recorded decision that ends soon or has just ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// `exception`, or the kind of decision in words.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts.
    pub until: NaiveDate,
    /// Whether that day is over.
    pub ended: bool,
}

/// Accounts that were not read for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotRead {
    /// `failed` or `skipped`.
    pub outcome: String,
    /// Reason code.
    pub reason: String,
    /// How many.
    pub accounts: u64,
    /// The first of them.
    pub example: AccountId,
    /// What was said of it.
    pub message: Option<String>,
}

/// How a control stands after a sweep, and what the sweep changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlSummary {
    /// The control.
    pub control: ControlId,
    /// Its place in the catalog.
    pub number: i32,
    /// Its title.
    pub title: String,
    /// Accounts that pass.
    pub passing: u64,
    /// Accounts that fail.
    pub failing: u64,
    /// Accounts whose verdict is not known.
    pub unknown: u64,
    /// Accounts that it does not concern.
    pub not_applicable: u64,
    /// Accounts that fail and did not before.
    pub new: u64,
    /// Accounts that failed before and pass now.
    pub fixed: u64,
    /// Accounts that failed before and still do.
    pub still_failing: u64,
}

/// One thing that is broken or could not be read, however many findings it causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Reason and resource.
    pub cause: String,
    /// `fail` or `unknown`.
    pub verdict: String,
    /// Reason code.
    pub reason: String,
    /// Accounts that it concerns.
    pub accounts: u64,
    /// Findings that it causes.
    pub findings: u64,
    /// Controls that it concerns.
    pub controls: Vec<ControlId>,
    /// One of the accounts.
    pub example: AccountId,
    /// The sentence of one of the findings.
    pub summary: String,
}

fn account_of(text: &str) -> Result<AccountId, StoreError> {
    text.parse()
        .map_err(|error| StoreError::corrupt("an account number", &error))
}

fn control_of(text: &str) -> Result<ControlId, StoreError> {
    text.parse()
        .map_err(|error| StoreError::corrupt("a control's name", &error))
}

/// Counts periods: those that hold after the sweep, and those that held before it.
pub(crate) async fn control_summaries(
    executor: impl PgExecutor<'_>,
    sweep_no: i32,
) -> Result<Vec<ControlSummary>, StoreError> {
    sqlx::query!(
        r#"with after as (
            select account_no, control_no, verdict, opened_in
            from finding_history
            where opened_in <= $1 and (closed_in is null or closed_in > $1)
         ),
         before as (
            select account_no, control_no, verdict
            from finding_history
            where closed_in = $1 and opened_in < $1
         ),
         -- Unchanged findings have no row in `before`: what held before still holds.
         compared as (
            select
                coalesce(after.control_no, before.control_no) as control_no,
                after.verdict as now,
                case when after.opened_in < $1 then after.verdict else before.verdict end as earlier
            from after
            full join before using (account_no, control_no)
         )
         select
            c.control_id as "control!", c.number as "number!", c.title as "title!",
            count(*) filter (where now = 'pass') as "passing!",
            count(*) filter (where now = 'fail') as "failing!",
            count(*) filter (where now = 'unknown') as "unknown!",
            count(*) filter (where now = 'not_applicable') as "not_applicable!",
            count(*) filter (where now = 'fail' and earlier is distinct from 'fail') as "new!",
            count(*) filter (
                where earlier = 'fail' and now in ('pass', 'not_applicable')
            ) as "fixed!",
            count(*) filter (where now = 'fail' and earlier = 'fail') as "still_failing!"
         from compared
         join control c using (control_no)
         group by c.control_no
         order by c.number, c.control_id"#,
        sweep_no
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(|row| {
        Ok(ControlSummary {
            control: control_of(&row.control)?,
            number: row.number,
            title: row.title,
            passing: row.passing.unsigned_abs(),
            failing: row.failing.unsigned_abs(),
            unknown: row.unknown.unsigned_abs(),
            not_applicable: row.not_applicable.unsigned_abs(),
            new: row.new.unsigned_abs(),
            fixed: row.fixed.unsigned_abs(),
            still_failing: row.still_failing.unsigned_abs(),
        })
    })
    .collect()
}

impl Store {
    /// A sweep in numbers.
    pub async fn sweep_summary(&self, sweep: SweepId) -> Result<SweepSummary, StoreError> {
        self.attempt(|| self.sweep_summary_once(sweep)).await
    }

    async fn sweep_summary_once(&self, sweep: SweepId) -> Result<SweepSummary, StoreError> {
        let row = sqlx::query!(
            r#"select
                s.sweep_no, s.state, s.started_at, s.finished_at, s.calls, s.throttles,
                exists (
                    select from sweep_account earlier
                    where earlier.sweep_no < s.sweep_no and earlier.outcome = 'done'
                ) as "has_predecessor!",
                n.listed as "listed!", n.read as "read!", n.failed as "failed!",
                n.skipped as "skipped!", n.calls as "account_calls!",
                n.throttles as "account_throttles!",
                (select min(observed_at) from account where closed_at is null) as oldest_observed_at
             from sweep s
             cross join lateral (
                select
                    count(*) as listed,
                    count(*) filter (where outcome = 'done') as read,
                    count(*) filter (where outcome = 'failed') as failed,
                    count(*) filter (where outcome = 'skipped') as skipped,
                    coalesce(sum(calls), 0)::bigint as calls,
                    coalesce(sum(throttles), 0)::bigint as throttles
                from sweep_account
                where sweep_no = s.sweep_no
             ) n
             where s.sweep_id = $1"#,
            sweep.0
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(StoreError::NoSuchSweep { sweep })?;
        let controls = control_summaries(&self.pool, row.sweep_no).await?;
        let sum = |count: fn(&ControlSummary) -> u64| controls.iter().map(count).sum();
        let ended = row.finished_at.is_some();
        Ok(SweepSummary {
            id: sweep,
            started_at: row.started_at,
            finished_at: row.finished_at,
            has_predecessor: row.has_predecessor,
            listed: row.listed.unsigned_abs(),
            read: row.read.unsigned_abs(),
            failed: row.failed.unsigned_abs(),
            skipped: row.skipped.unsigned_abs(),
            pending: (row.listed - row.read - row.failed - row.skipped).unsigned_abs(),
            not_read: self.not_read(row.sweep_no).await?,
            accounts_failing: self.accounts_failing(row.sweep_no).await?,
            new: sum(|control| control.new),
            fixed: sum(|control| control.fixed),
            still_failing: sum(|control| control.still_failing),
            controls,
            excepted: self.excepted().await?,
            ending: self.exceptions_ending().await?,
            causes: self.causes().await?,
            oldest_observed_at: row.oldest_observed_at,
            calls: if ended {
                row.calls
            } else {
                row.calls.max(row.account_calls)
            }
            .unsigned_abs(),
            throttles: if ended {
                row.throttles
            } else {
                row.throttles.max(row.account_throttles)
            }
            .unsigned_abs(),
            state: row.state,
        })
    }

    async fn not_read(&self, sweep_no: i32) -> Result<Vec<NotRead>, StoreError> {
        sqlx::query!(
            r#"select
                sa.outcome as "outcome!", sa.reason as "reason!", count(*) as "accounts!",
                (array_agg(a.account_id order by a.account_id))[1] as "example!",
                (array_agg(sa.message order by a.account_id))[1] as message
             from sweep_account sa
             join account a using (account_no)
             where sa.sweep_no = $1 and sa.outcome in ('failed', 'skipped')
             group by sa.outcome, sa.reason
             order by sa.outcome, count(*) desc, sa.reason"#,
            sweep_no
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            Ok(NotRead {
                outcome: row.outcome,
                reason: row.reason,
                accounts: row.accounts.unsigned_abs(),
                example: account_of(&row.example)?,
                message: row.message,
            })
        })
        .collect()
    }

    async fn excepted(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select count(distinct (account_id, control)) as "count!" from excepted_finding"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count.unsigned_abs())
    }

    async fn exceptions_ending(&self) -> Result<Vec<Ending>, StoreError> {
        let rows = sqlx::query!(
            r#"select
                exception_id, author, expires_at <= now() as "ended!",
                ((expires_at - interval '1 second') at time zone 'UTC')::date as "until!"
             from exception
             where withdrawn_at is null
                and expires_at between now() - interval '30 days' and now() + interval '30 days'
             order by expires_at, exception_id"#
        )
        .fetch_all(&self.pool)
        .await?;
        let told = rows.into_iter().map(|row| Ending {
            kind: "exception".to_owned(),
            id: row.exception_id.to_string(),
            owner: row.author,
            until: row.until,
            ended: row.ended,
        });
        Ok(told.collect())
    }

    async fn accounts_failing(&self, sweep_no: i32) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select count(distinct account_no) as "count!"
             from finding_history
             where verdict = 'fail' and opened_in <= $1 and (closed_in is null or closed_in > $1)"#,
            sweep_no
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count.unsigned_abs())
    }

    async fn causes(&self) -> Result<Vec<Cause>, StoreError> {
        sqlx::query!(
            r#"select
                coalesce(f.cause, '') as "cause!", f.verdict as "verdict!", f.reason as "reason!",
                count(distinct f.account_no) as "accounts!", count(*) as "findings!",
                array_agg(distinct c.control_id order by c.control_id) as "controls!",
                min(a.account_id) as "example!",
                coalesce((
                    select d.summary
                    from finding_detail d
                    where (d.account_no, d.control_no) = (
                        (min(array[f.account_no, f.control_no]))[1],
                        (min(array[f.account_no, f.control_no]))[2]
                    )
                ), '') as "summary!"
             from finding f
             join account a using (account_no)
             join control c using (control_no)
             where f.verdict in ('fail', 'unknown')
             group by f.cause, f.verdict, f.reason
             order by f.verdict, count(distinct f.account_no) desc, count(*) desc, f.cause"#
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            Ok(Cause {
                cause: row.cause,
                verdict: row.verdict,
                reason: row.reason,
                accounts: row.accounts.unsigned_abs(),
                findings: row.findings.unsigned_abs(),
                controls: row
                    .controls
                    .iter()
                    .map(|control| control_of(control))
                    .collect::<Result<_, _>>()?,
                example: account_of(&row.example)?,
                summary: row.summary,
            })
        })
        .collect()
    }
}
