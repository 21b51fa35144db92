//! Dropping what is no longer wanted of old nights: the rows of their accounts, and facts that
//! no night refers to any more. What a finding was, and when, is kept for good, as are each
//! night's totals and each account's last facts before the limit, so that every moment after
//! the limit can be judged again.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::error::StoreError;
use crate::store::Store;

/// What pruning drops, or would drop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Nights that lose their accounts' rows.
    pub nights: u64,
    /// Rows of accounts in nights.
    pub outcomes: u64,
    /// Facts that no remaining night refers to.
    pub snapshots: u64,
    /// Their compressed size.
    pub snapshot_bytes: u64,
}

/// What stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Nights with all their accounts' rows.
    pub nights: u64,
    /// Rows of accounts in nights, those of each account's last facts before the limit included.
    pub outcomes: u64,
    /// Facts.
    pub snapshots: u64,
    /// Their compressed size.
    pub snapshot_bytes: u64,
    /// Periods of findings: all of them.
    pub periods: u64,
}

fn count(number: Option<i64>) -> u64 {
    u64::try_from(number.unwrap_or(0)).unwrap_or(0)
}

impl Store {
    /// What [`prune`](Self::prune) would drop of nights that started before `limit`, and what
    /// it would keep. Changes nothing.
    pub async fn prunable(&self, limit: DateTime<Utc>) -> Result<(Pruned, Kept), StoreError> {
        self.attempt(|| self.prunable_once(limit)).await
    }

    async fn prunable_once(&self, limit: DateTime<Utc>) -> Result<(Pruned, Kept), StoreError> {
        let row = sqlx::query!(
            r#"with dropped as (
                select sa.sweep_no, sa.account_no, sa.snapshot_no
                from sweep_account sa
                join sweep s using (sweep_no)
                join account a using (account_no)
                where s.finished_at is not null
                    and s.started_at < $1
                    and sa.sweep_no is distinct from a.observed_in
                    and sa.sweep_no is distinct from a.last_sweep
                    and (sa.outcome is distinct from 'done' or exists (
                        select from sweep_account newer
                        join sweep n on n.sweep_no = newer.sweep_no
                        where newer.account_no = sa.account_no
                            and newer.sweep_no > sa.sweep_no
                            and newer.outcome = 'done'
                            and n.started_at < $1
                    ))
             ),
             kept as (
                select sa.sweep_no, sa.snapshot_no
                from sweep_account sa
                where not exists (
                    select from dropped d
                    where d.sweep_no = sa.sweep_no and d.account_no = sa.account_no
                )
             ),
             unreferenced as (
                select sn.content
                from snapshot sn
                where not exists (select from kept k where k.snapshot_no = sn.snapshot_no)
             )
             select
                (select count(distinct sweep_no) from dropped) as "nights!",
                (select count(*) from dropped) as "outcomes!",
                (select count(*) from unreferenced) as "snapshots!",
                (select sum(octet_length(content))::bigint from unreferenced) as snapshot_bytes,
                (select count(*) from sweep s where s.pruned_at is null and not exists (
                    select from dropped d where d.sweep_no = s.sweep_no
                )) as "nights_kept!",
                (select count(*) from kept) as "outcomes_kept!",
                (select count(*) from snapshot) as "snapshots_now!",
                (select sum(octet_length(content))::bigint from snapshot) as bytes_now,
                (select count(*) from finding_history) as "periods!""#,
            limit,
        )
        .fetch_one(&self.pool)
        .await?;
        let pruned = Pruned {
            nights: count(Some(row.nights)),
            outcomes: count(Some(row.outcomes)),
            snapshots: count(Some(row.snapshots)),
            snapshot_bytes: count(row.snapshot_bytes),
        };
        let kept = Kept {
            nights: count(Some(row.nights_kept)),
            outcomes: count(Some(row.outcomes_kept)),
            snapshots: count(Some(row.snapshots_now)) - pruned.snapshots,
            snapshot_bytes: count(row.bytes_now) - pruned.snapshot_bytes,
            periods: count(Some(row.periods)),
        };
        Ok((pruned, kept))
    }

    /// Drops what [`prunable`](Self::prunable) counts, a night a transaction, and then the facts
    /// that nobody refers to any more. Cut short, it is finished by the next one. The caller
    /// holds the right to sweep: a sweep that finds old facts again refers to them anew.
    pub async fn prune(&self, limit: DateTime<Utc>) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let nights = self
            .attempt(|| async {
                Ok(sqlx::query_scalar!(
                    "select sweep_no
                     from sweep
                     where finished_at is not null and started_at < $1
                     order by sweep_no",
                    limit
                )
                .fetch_all(&self.pool)
                .await?)
            })
            .await?;
        for night in nights {
            let outcomes = self.attempt(|| self.prune_night(night, limit)).await?;
            pruned.outcomes += outcomes;
            pruned.nights += u64::from(outcomes > 0);
        }
        let (snapshots, bytes) = self.attempt(|| self.drop_unreferenced()).await?;
        pruned.snapshots = snapshots;
        pruned.snapshot_bytes = bytes;
        self.attempt(|| async {
            // So that the room is there for the next night, and for those who count.
            sqlx::raw_sql("vacuum (analyze) sweep_account, snapshot, relied_on_snapshot")
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await?;
        Ok(pruned)
    }

    /// Drops the rows of one night that a later one before the limit makes superfluous.
    async fn prune_night(&self, night: i32, limit: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let dropped = sqlx::query!(
            "delete from sweep_account sa
             using account a
             where sa.sweep_no = $1
                and a.account_no = sa.account_no
                and sa.sweep_no is distinct from a.observed_in
                and sa.sweep_no is distinct from a.last_sweep
                and (sa.outcome is distinct from 'done' or exists (
                    select from sweep_account newer
                    join sweep n on n.sweep_no = newer.sweep_no
                    where newer.account_no = sa.account_no
                        and newer.sweep_no > sa.sweep_no
                        and newer.outcome = 'done'
                        and n.started_at < $2
                ))",
            night,
            limit,
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if dropped > 0 {
            sqlx::query!(
                "update sweep set pruned_at = coalesce(pruned_at, now()) where sweep_no = $1",
                night
            )
            .execute(&mut *transaction)
            .await?;
        }
        // The facts of accounts that were read because others are judged by them go with the
        // last of those.
        sqlx::query!(
            "delete from relied_on_snapshot
             where sweep_no = $1 and not exists (
                select from sweep_account sa where sa.sweep_no = $1 and sa.outcome = 'done'
             )",
            night
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(dropped)
    }

    /// Drops the facts that no night refers to; how many there were, and their bytes.
    async fn drop_unreferenced(&self) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query!(
            r#"with dropped as (
                delete from snapshot sn
                where not exists (
                    select from sweep_account sa
                    where sa.account_no = sn.account_no and sa.snapshot_no = sn.snapshot_no
                )
                returning octet_length(sn.content) as bytes
             )
             select count(*) as "snapshots!", sum(bytes)::bigint as bytes from dropped"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((count(Some(row.snapshots)), count(row.bytes)))
    }
}
