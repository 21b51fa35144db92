//! Recording one account of a sweep: snapshot, findings, history and outcome in one
//! transaction, which changes nothing when the account already has its outcome.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use orgsweep_controls::finding::Finding;
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_controls::snapshot::AccountSnapshot;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::difference::{Difference, StoredFinding, difference};
use crate::error::StoreError;
use crate::outcome::{Fence, claim_outcome};
use crate::snapshot::Content;
use crate::store::Store;
use crate::sweep::SweepId;
use crate::text::{storable, storable_json};

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
    /// The account has had its outcome in this sweep; nothing was written.
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
        let Some(fence) = claim_outcome(&mut transaction, sweep, account).await? else {
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
            let ended = ended_periods(&mut transaction, fence.account_no, &stored, record).await?;
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

async fn stored_findings(
    connection: &mut PgConnection,
    account_no: i32,
) -> Result<BTreeMap<ControlId, StoredFinding>, StoreError> {
    let rows = sqlx::query!(
        "select c.control_id, f.verdict, f.reason, f.since, f.failing_since, d.digest
         from finding f
         join finding_detail d using (account_no, control_no)
         join control c using (control_no)
         where f.account_no = $1",
        account_no
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let control = row
                .control_id
                .parse()
                .map_err(|error| StoreError::corrupt("a control's name", &error))?;
            Ok((
                control,
                StoredFinding {
                    verdict: row.verdict,
                    reason: row.reason,
                    since: row.since,
                    failing_since: row.failing_since,
                    digest: row.digest,
                },
            ))
        })
        .collect()
}

/// When the last periods ended of findings that are found now and not stored: those of a new
/// control, or of an account that was away.
async fn ended_periods(
    connection: &mut PgConnection,
    account_no: i32,
    stored: &BTreeMap<ControlId, StoredFinding>,
    record: &AccountRecord<'_>,
) -> Result<BTreeMap<ControlId, DateTime<Utc>>, StoreError> {
    let new: Vec<String> = record
        .findings
        .iter()
        .filter(|finding| !stored.contains_key(&finding.control))
        .map(|finding| finding.control.to_string())
        .collect();
    if new.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        r#"select c.control_id, max(h.valid_until) as "end!"
         from finding_history h
         join control c using (control_no)
         where h.account_no = $1 and c.control_id = any ($2) and h.valid_until is not null
         group by c.control_id"#,
        account_no,
        &new
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let control = row
                .control_id
                .parse()
                .map_err(|error| StoreError::corrupt("a control's name", &error))?;
            Ok((control, row.end))
        })
        .collect()
}

async fn put_difference(
    connection: &mut PgConnection,
    fence: &Fence,
    step: &Difference<'_>,
) -> Result<(), StoreError> {
    if step.is_empty() {
        return Ok(());
    }
    put_missing_controls(connection, step).await?;
    close_periods(connection, fence, step).await?;
    put_findings(connection, fence, step).await?;
    if !step.removed.is_empty() {
        let removed: Vec<String> = step
            .removed
            .iter()
            .map(|ended| ended.control.to_string())
            .collect();
        sqlx::query!(
            "delete from finding f using control c
             where f.account_no = $1 and c.control_no = f.control_no and c.control_id = any ($2)",
            fence.account_no,
            &removed
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Controls are put by `put_controls` with their titles; one that is not there yet gets its
/// name for a title, so that no finding is lost.
async fn put_missing_controls(
    connection: &mut PgConnection,
    step: &Difference<'_>,
) -> Result<(), StoreError> {
    let controls: Vec<String> = step
        .turned
        .iter()
        .filter(|turned| !turned.had_period)
        .map(|turned| turned.finding.control.to_string())
        .collect();
    if controls.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into control (control_id, number, title)
         select wanted, 0, wanted
         from unnest($1::text[]) as wanted
         where not exists (select from control where control_id = wanted)
         order by wanted
         on conflict (control_id) do nothing",
        &controls
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn close_periods(
    connection: &mut PgConnection,
    fence: &Fence,
    step: &Difference<'_>,
) -> Result<(), StoreError> {
    let turned = step
        .turned
        .iter()
        .filter(|turned| turned.had_period)
        .map(|turned| (turned.finding.control.to_string(), turned.since));
    let removed = step
        .removed
        .iter()
        .map(|ended| (ended.control.to_string(), ended.until));
    let (controls, ends): (Vec<String>, Vec<DateTime<Utc>>) = turned.chain(removed).unzip();
    if controls.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update finding_history h
         set valid_until = ended.until, closed_in = $2
         from unnest($3::text[], $4::timestamptz[]) as ended (control_id, until)
         join control c using (control_id)
         where h.account_no = $1 and h.control_no = c.control_no and h.valid_until is null",
        fence.account_no,
        fence.sweep_no,
        &controls,
        &ends
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens periods and writes findings and details, all in one statement.
async fn put_findings(
    connection: &mut PgConnection,
    fence: &Fence,
    step: &Difference<'_>,
) -> Result<(), StoreError> {
    let rows = rows_of(step)?;
    if rows.as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    sqlx::query!(
        "with incoming as (
            select c.control_no, i.*
            from jsonb_to_recordset($3) as i (
                control text, verdict text, reason text, turned boolean, since timestamptz,
                failing_since timestamptz, failed_since timestamptz, digest text, summary text,
                cause text, evidence jsonb, covered_regions text[], uncovered_regions text[]
            )
            join control c on c.control_id = i.control
         ),
         opened as (
            insert into finding_history
                (account_no, control_no, verdict, reason, failing_since, valid_from, opened_in)
            select $1, control_no, verdict, reason, failed_since, since, $2
            from incoming
            where turned
         ),
         put as (
            insert into finding
                (account_no, control_no, verdict, reason, since, failing_since, changed_in)
            select $1, control_no, verdict, reason, since, failing_since, $2
            from incoming
            where turned
            on conflict (account_no, control_no) do update set
                verdict = excluded.verdict, reason = excluded.reason, since = excluded.since,
                failing_since = excluded.failing_since, changed_in = excluded.changed_in
         )
         insert into finding_detail
            (account_no, control_no, digest, summary, cause, evidence, covered_regions, uncovered_regions)
         select $1, control_no, decode(digest, 'hex'), summary, cause, evidence, covered_regions,
            uncovered_regions
         from incoming
         on conflict (account_no, control_no) do update set
            digest = excluded.digest, summary = excluded.summary, cause = excluded.cause,
            evidence = excluded.evidence, covered_regions = excluded.covered_regions,
            uncovered_regions = excluded.uncovered_regions",
        fence.account_no,
        fence.sweep_no,
        rows,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn rows_of(step: &Difference<'_>) -> Result<Value, StoreError> {
    let row = |finding: &Finding, digest: &[u8]| -> Result<Value, StoreError> {
        Ok(json!({
            "control": finding.control,
            "verdict": finding.verdict,
            "reason": finding.reason,
            "digest": hex::encode(digest),
            "summary": storable(&finding.summary),
            "cause": storable(&finding.cause),
            "evidence": storable_json(&finding.evidence)?,
            "covered_regions": finding.covered_regions,
            "uncovered_regions": finding.uncovered_regions,
        }))
    };
    let mut rows = Vec::with_capacity(step.turned.len() + step.refreshed.len());
    for turned in &step.turned {
        let mut value = row(turned.finding, &turned.digest)?;
        value["turned"] = json!(true);
        value["since"] = json!(turned.since);
        value["failing_since"] = json!(turned.failing_since);
        value["failed_since"] = json!(turned.failed_since);
        rows.push(value);
    }
    for refreshed in &step.refreshed {
        let mut value = row(refreshed.finding, &refreshed.digest)?;
        value["turned"] = json!(false);
        rows.push(value);
    }
    Ok(Value::Array(rows))
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
