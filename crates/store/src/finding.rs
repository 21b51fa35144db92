//! Tables `finding`, `finding_detail`, `finding_history` and `region_set`: what is stored of
//! an account's findings, and writing what has changed, a batch a statement.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orgsweep_controls::finding::{Finding, Verdict};
use orgsweep_controls::ids::{ControlId, Region};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::difference::{Difference, StoredFinding};
use crate::error::StoreError;
use crate::outcome::Fence;
use crate::text::{storable, storable_json};

/// The findings of an account as they are stored.
pub(crate) async fn stored_findings(
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
pub(crate) async fn ended_periods(
    connection: &mut PgConnection,
    account_no: i32,
    stored: &BTreeMap<ControlId, StoredFinding>,
    found: &[Finding],
) -> Result<BTreeMap<ControlId, DateTime<Utc>>, StoreError> {
    let new: Vec<String> = found
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

/// Writes what has changed: history, findings, details.
pub(crate) async fn put_difference(
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
    put_region_sets(connection, step).await?;
    sqlx::query!(
        "with incoming as (
            select c.control_no, i.*, covered.region_set_no as covered_set,
                uncovered.region_set_no as uncovered_set
            from jsonb_to_recordset($3) as i (
                control text, verdict text, reason text, cause text, turned boolean,
                since timestamptz, failing_since timestamptz, failed_since timestamptz,
                covered text, uncovered text, digest text, summary text, evidence jsonb
            )
            join control c on c.control_id = i.control
            join region_set covered on covered.digest = decode(i.covered, 'hex')
            join region_set uncovered on uncovered.digest = decode(i.uncovered, 'hex')
         ),
         opened as (
            insert into finding_history
                (account_no, control_no, verdict, reason, cause, failing_since, valid_from, opened_in)
            select $1, control_no, verdict, reason, cause, failed_since, since, $2
            from incoming
            where turned
         ),
         put as (
            insert into finding as f (
                account_no, control_no, verdict, reason, cause, covered_set, uncovered_set, since,
                failing_since, changed_in
            )
            select $1, control_no, verdict, reason, cause, covered_set, uncovered_set, since,
                failing_since, $2
            from incoming
            on conflict (account_no, control_no) do update set
                verdict = excluded.verdict, reason = excluded.reason, cause = excluded.cause,
                covered_set = excluded.covered_set, uncovered_set = excluded.uncovered_set,
                since = excluded.since, failing_since = excluded.failing_since,
                changed_in = case when f.since = excluded.since then f.changed_in else $2 end
            where (f.verdict, f.reason, f.cause, f.covered_set, f.uncovered_set, f.since)
                is distinct from (
                    excluded.verdict, excluded.reason, excluded.cause, excluded.covered_set,
                    excluded.uncovered_set, excluded.since
                )
         )
         insert into finding_detail (account_no, control_no, digest, summary, evidence)
         select $1, control_no, decode(digest, 'hex'), summary, evidence
         from incoming
         on conflict (account_no, control_no) do update set
            digest = excluded.digest, summary = excluded.summary, evidence = excluded.evidence",
        fence.account_no,
        fence.sweep_no,
        rows,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The few distinct sets of Regions that all findings share.
async fn put_region_sets(
    connection: &mut PgConnection,
    step: &Difference<'_>,
) -> Result<(), StoreError> {
    let sets: BTreeMap<Vec<u8>, &[Region]> = step
        .findings()
        .flat_map(|finding| [&finding.covered_regions, &finding.uncovered_regions])
        .map(|regions| (region_set_digest(regions), regions.as_slice()))
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

fn region_set_digest(regions: &[Region]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for region in regions {
        digest.update(region.as_str());
        digest.update("\n");
    }
    digest.finalize().to_vec()
}

fn rows_of(step: &Difference<'_>) -> Result<Value, StoreError> {
    let turned = step.turned.iter().map(|turned| {
        let mut row = row_of(turned.finding, &turned.digest)?;
        row["turned"] = json!(true);
        row["since"] = json!(turned.since);
        row["failing_since"] = json!(turned.failing_since);
        row["failed_since"] = json!(turned.failed_since);
        Ok(row)
    });
    let refreshed = step.refreshed.iter().map(|refreshed| {
        let mut row = row_of(refreshed.finding, &refreshed.digest)?;
        row["turned"] = json!(false);
        row["since"] = json!(refreshed.stored.since);
        row["failing_since"] = json!(refreshed.stored.failing_since);
        Ok(row)
    });
    turned.chain(refreshed).collect()
}

fn row_of(finding: &Finding, digest: &[u8]) -> Result<Value, StoreError> {
    let broken = matches!(finding.verdict, Verdict::Fail | Verdict::Unknown);
    Ok(json!({
        "control": finding.control,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "cause": broken.then(|| storable(&finding.cause)),
        "covered": hex::encode(region_set_digest(&finding.covered_regions)),
        "uncovered": hex::encode(region_set_digest(&finding.uncovered_regions)),
        "digest": hex::encode(digest),
        "summary": storable(&finding.summary),
        "evidence": storable_json(&finding.evidence)?,
    }))
}
