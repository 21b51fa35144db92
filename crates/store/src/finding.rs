//! Tables `finding`, `finding_detail`, `finding_history` and `region_set`: what is stored of
//! an account's findings, and writing what has changed, a batch a statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::{ControlId, Region};
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::difference::{Difference, StoredFinding};
use crate::error::StoreError;
use crate::finding_record::{ContentDigest, FindingRecord};
use crate::finding_rows::{DistinctEvidence, rows_of};

/// What was found in an account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) account_no: i32,
    pub(crate) findings: &'a [FindingRecord],
}

/// What has to be written of an account.
pub(crate) struct Step<'a> {
    pub(crate) account_no: i32,
    pub(crate) difference: Difference<'a>,
}

/// What is stored of accounts, by their numbers and the control; an entry for each account.
type ByAccount<T> = HashMap<i32, BTreeMap<ControlId, T>>;

fn nothing<T>(found: &[Found<'_>]) -> ByAccount<T> {
    found
        .iter()
        .map(|found| (found.account_no, BTreeMap::new()))
        .collect()
}

fn control_named(name: &str) -> Result<ControlId, StoreError> {
    name.parse()
        .map_err(|error| StoreError::corrupt("a control's name", &error))
}

/// The findings of accounts as they are stored.
pub(crate) async fn stored_findings(
    connection: &mut PgConnection,
    found: &[Found<'_>],
) -> Result<ByAccount<StoredFinding>, StoreError> {
    let accounts: Vec<i32> = found.iter().map(|found| found.account_no).collect();
    let rows = sqlx::query!(
        "select f.account_no, c.control_id, f.verdict, f.reason, f.since, f.failing_since, d.digest
         from finding f
         join finding_detail d using (account_no, control_no)
         join control c using (control_no)
         where f.account_no = any ($1)",
        &accounts
    )
    .fetch_all(connection)
    .await?;
    let mut stored = nothing(found);
    for row in rows {
        let finding = StoredFinding {
            verdict: row.verdict,
            reason: row.reason,
            since: row.since,
            failing_since: row.failing_since,
            digest: row.digest,
        };
        let of_account = stored.entry(row.account_no).or_default();
        of_account.insert(control_named(&row.control_id)?, finding);
    }
    Ok(stored)
}

/// When the last periods ended of findings that are found now and not stored: those of a new
/// control, or of an account that was away.
pub(crate) async fn ended_periods(
    connection: &mut PgConnection,
    found: &[Found<'_>],
    stored: &ByAccount<StoredFinding>,
) -> Result<ByAccount<DateTime<Utc>>, StoreError> {
    let mut ended = nothing(found);
    let (accounts, controls): (Vec<i32>, Vec<String>) = found
        .iter()
        .flat_map(|found| {
            let known = &stored[&found.account_no];
            let new = found.findings.iter();
            new.filter(|finding| !known.contains_key(&finding.control))
                .map(|finding| (found.account_no, finding.control.to_string()))
        })
        .unzip();
    if accounts.is_empty() {
        return Ok(ended);
    }
    let rows = sqlx::query!(
        r#"select h.account_no, c.control_id, max(h.valid_until) as "end!"
         from unnest($1::integer[], $2::text[]) as new (account_no, control_id)
         join control c using (control_id)
         join finding_history h
            on h.account_no = new.account_no and h.control_no = c.control_no
         where h.valid_until is not null
         group by h.account_no, c.control_id"#,
        &accounts,
        &controls,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let of_account = ended.entry(row.account_no).or_default();
        of_account.insert(control_named(&row.control_id)?, row.end);
    }
    Ok(ended)
}

/// Writes what has changed: history, findings, details.
pub(crate) async fn put_differences(
    connection: &mut PgConnection,
    sweep_no: i32,
    steps: &[Step<'_>],
) -> Result<(), StoreError> {
    let steps: Vec<&Step<'_>> = steps
        .iter()
        .filter(|step| !step.difference.is_empty())
        .collect();
    if steps.is_empty() {
        return Ok(());
    }
    put_missing_controls(connection, &steps).await?;
    close_periods(connection, sweep_no, &steps).await?;
    put_findings(connection, sweep_no, &steps).await?;
    let (accounts, controls): (Vec<i32>, Vec<String>) = steps
        .iter()
        .flat_map(|step| {
            let removed = step.difference.removed.iter();
            removed.map(|ended| (step.account_no, ended.control.to_string()))
        })
        .unzip();
    if !accounts.is_empty() {
        sqlx::query!(
            "delete from finding f
             using unnest($1::integer[], $2::text[]) as ended (account_no, control_id)
             join control c using (control_id)
             where f.account_no = ended.account_no and f.control_no = c.control_no",
            &accounts,
            &controls,
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
    steps: &[&Step<'_>],
) -> Result<(), StoreError> {
    let controls: BTreeSet<&ControlId> = steps
        .iter()
        .flat_map(|step| &step.difference.turned)
        .filter(|turned| !turned.had_period)
        .map(|turned| &turned.finding.control)
        .collect();
    if controls.is_empty() {
        return Ok(());
    }
    let controls: Vec<String> = controls.into_iter().map(ToString::to_string).collect();
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
    sweep_no: i32,
    steps: &[&Step<'_>],
) -> Result<(), StoreError> {
    let (mut accounts, mut controls, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        let turned = step.difference.turned.iter();
        let turned = turned
            .filter(|turned| turned.had_period)
            .map(|turned| (&turned.finding.control, turned.since));
        let removed = step.difference.removed.iter();
        let removed = removed.map(|ended| (ended.control, ended.until));
        for (control, end) in turned.chain(removed) {
            accounts.push(step.account_no);
            controls.push(control.to_string());
            ends.push(end);
        }
    }
    if accounts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update finding_history h
         set valid_until = ended.until, closed_in = $1
         from unnest($2::integer[], $3::text[], $4::timestamptz[])
            as ended (account_no, control_id, until)
         join control c using (control_id)
         where h.account_no = ended.account_no and h.control_no = c.control_no
            and h.valid_until is null",
        sweep_no,
        &accounts,
        &controls,
        &ends,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens periods and writes findings and details, all in one statement.
async fn put_findings(
    connection: &mut PgConnection,
    sweep_no: i32,
    steps: &[&Step<'_>],
) -> Result<(), StoreError> {
    let mut evidence = DistinctEvidence::default();
    let rows = rows_of(steps, &mut evidence);
    if rows.is_empty() {
        return Ok(());
    }
    put_region_sets(connection, steps).await?;
    sqlx::query!(
        "with incoming as (
            select c.control_no, i.*, e.evidence, covered.region_set_no as covered_set,
                uncovered.region_set_no as uncovered_set
            from jsonb_to_recordset($2) as i (
                account_no integer, control text, verdict text, reason text, cause text,
                turned boolean, since timestamptz, failing_since timestamptz,
                failed_since timestamptz, covered text, uncovered text, digest text, summary text,
                evidence_no integer
            )
            join unnest($3::jsonb[]) with ordinality as e (evidence, evidence_no) using (evidence_no)
            join control c on c.control_id = i.control
            join region_set covered on covered.digest = decode(i.covered, 'hex')
            join region_set uncovered on uncovered.digest = decode(i.uncovered, 'hex')
         ),
         opened as (
            insert into finding_history
                (account_no, control_no, verdict, reason, cause, failing_since, valid_from, opened_in)
            select account_no, control_no, verdict, reason, cause, failed_since, since, $1
            from incoming
            where turned
         ),
         put as (
            insert into finding as f (
                account_no, control_no, verdict, reason, cause, covered_set, uncovered_set, since,
                failing_since, changed_in
            )
            select account_no, control_no, verdict, reason, cause, covered_set, uncovered_set, since,
                failing_since, $1
            from incoming
            on conflict (account_no, control_no) do update set
                verdict = excluded.verdict, reason = excluded.reason, cause = excluded.cause,
                covered_set = excluded.covered_set, uncovered_set = excluded.uncovered_set,
                since = excluded.since, failing_since = excluded.failing_since,
                changed_in = case when f.since = excluded.since then f.changed_in else $1 end
            where (f.verdict, f.reason, f.cause, f.covered_set, f.uncovered_set, f.since)
                is distinct from (
                    excluded.verdict, excluded.reason, excluded.cause, excluded.covered_set,
                    excluded.uncovered_set, excluded.since
                )
         )
         insert into finding_detail (account_no, control_no, digest, summary, evidence)
         select account_no, control_no, decode(digest, 'hex'), summary, evidence
         from incoming
         on conflict (account_no, control_no) do update set
            digest = excluded.digest, summary = excluded.summary, evidence = excluded.evidence",
        sweep_no,
        Json(&rows) as _,
        &evidence.texts as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The few distinct sets of Regions that all findings share.
async fn put_region_sets(
    connection: &mut PgConnection,
    steps: &[&Step<'_>],
) -> Result<(), StoreError> {
    let sets: BTreeMap<&ContentDigest, &[Region]> = steps
        .iter()
        .flat_map(|step| step.difference.findings())
        .flat_map(|finding| [&finding.covered, &finding.uncovered])
        .map(|set| (&set.digest, set.regions.as_slice()))
        .collect();
    let rows: Vec<Value> = sets
        .iter()
        .map(|(digest, regions)| json!({"digest": hex::encode(digest), "regions": regions}))
        .collect();
    sqlx::query!(
        "insert into region_set (digest, regions)
         select decode(i.digest, 'hex'), i.regions
         from jsonb_to_recordset($1) as i (digest text, regions text[])
         where not exists (select from region_set s where s.digest = decode(i.digest, 'hex'))
         order by i.digest
         on conflict (digest) do nothing",
        Value::Array(rows)
    )
    .execute(connection)
    .await?;
    Ok(())
}
