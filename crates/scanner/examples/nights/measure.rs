//! A night through the store, as the sweep writes it, with its time and bytes.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use orgsweep_store::{
    AccountRecord, FindingRecord, NewSweep, Recorded, Store, SweepId, SweepTotals,
};
use sqlx::query_scalar;

use crate::Outcome;
use crate::organization::Organization;

/// Accounts of one transaction, as under a busy sweep.
const TOGETHER: u32 = 32;
/// Transactions at once, as the sweep has them.
const AT_ONCE: usize = 2;

/// What a night took.
pub(crate) struct Night {
    pub(crate) seconds: f64,
    /// By how much the database grew.
    pub(crate) bytes: i64,
    pub(crate) findings: usize,
    pub(crate) turned: usize,
    pub(crate) new_snapshots: usize,
}

/// Stores a night that was `ago` days ago. Judging is not in its time.
pub(crate) async fn night(store: &Store, organization: &Organization, ago: i32) -> Outcome<Night> {
    let at = Utc::now() - TimeDelta::days(ago.into());
    let before = database_bytes(store).await?;
    let begun = Instant::now();
    let sweep = store
        .start_sweep(&NewSweep {
            trigger: "schedule".to_owned(),
            is_partial: false,
            organization: "o-a1b2c3d4e5".parse().ok(),
            catalog_digest: "0".repeat(64),
            framework: "cis-7.0.0".to_owned(),
            config_digest: "0".repeat(64),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        })
        .await?;
    store
        .record_inventory(
            sweep,
            &organization.inventory(at),
            &organization.ids(),
            &BTreeMap::new(),
            true,
        )
        .await?;
    let mut seconds = begun.elapsed().as_secs_f64();
    let (mut findings, mut turned, mut new_snapshots) = (0, 0, 0);
    // Parts are judged first, so that only the store is timed and memory stays small.
    let starts: Vec<u32> = (0..organization.size()).step_by(1_024).collect();
    for start in starts {
        let end = organization.size().min(start + 1_024);
        let judged: Vec<_> = (start..end)
            .map(|index| organization.account(index))
            .collect();
        findings += judged
            .iter()
            .map(|(_, findings)| findings.len())
            .sum::<usize>();
        let begun = Instant::now();
        let written = write(store, sweep, &judged, at).await?;
        seconds += begun.elapsed().as_secs_f64();
        for recorded in written {
            if let Recorded::Written {
                new_snapshot,
                turned: of_account,
                ..
            } = recorded
            {
                turned += of_account;
                new_snapshots += usize::from(new_snapshot);
            }
        }
    }
    let begun = Instant::now();
    store.finish_sweep(sweep, &SweepTotals::default()).await?;
    seconds += begun.elapsed().as_secs_f64();
    sqlx::query(
        "update sweep set started_at = $1, finished_at = $1 where sweep_no = (select max(sweep_no) from sweep)",
    )
    .bind(at)
    .execute(store.pool())
    .await?;
    Ok(Night {
        seconds,
        bytes: database_bytes(store).await? - before,
        findings,
        turned,
        new_snapshots,
    })
}

type Judged = (
    orgsweep_controls::AccountSnapshot,
    Vec<orgsweep_controls::finding::Finding>,
);

async fn write(
    store: &Store,
    sweep: SweepId,
    judged: &[Judged],
    at: DateTime<Utc>,
) -> Outcome<Vec<Recorded>> {
    let batches: Vec<&[Judged]> = judged.chunks(TOGETHER as usize).collect();
    let written: Vec<Vec<Recorded>> = stream::iter(batches.into_iter().map(|batch| async move {
        let findings = batch
            .iter()
            .map(|(_, findings)| FindingRecord::of_all(findings))
            .collect::<Result<Vec<_>, _>>()?;
        let records: Vec<AccountRecord<'_>> = batch
            .iter()
            .zip(&findings)
            .map(|((snapshot, _), findings)| AccountRecord {
                snapshot,
                findings,
                calls: 3,
                throttles: 0,
                started_at: at,
                finished_at: at,
            })
            .collect();
        store.record_accounts(sweep, &records).await
    }))
    .buffer_unordered(AT_ONCE)
    .try_collect()
    .await?;
    Ok(written.into_iter().flatten().collect())
}

/// Size of the database on disk.
pub(crate) async fn database_bytes(store: &Store) -> Outcome<i64> {
    let bytes = query_scalar("select pg_database_size(current_database())");
    Ok(bytes.fetch_one(store.pool()).await?)
}

/// Two digits after the point, which is as exact as the figures are.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
