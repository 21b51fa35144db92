//! Recording accounts of a sweep: snapshots, findings, history and outcomes in one
//! transaction, which changes nothing of an account that already has its outcome.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::snapshot::AccountSnapshot;
use sqlx::PgConnection;

use crate::difference::difference;
use crate::error::StoreError;
use crate::finding::{Found, Step, ended_periods, put_differences, stored_findings};
use crate::finding_record::FindingRecord;
use crate::outcome::{Fence, claim_outcomes};
use crate::snapshot::Content;
use crate::store::Store;
use crate::sweep::SweepId;

/// An account that was read and judged.
#[derive(Debug, Clone, Copy)]
pub struct AccountRecord<'a> {
    /// Its facts.
    pub snapshot: &'a AccountSnapshot,
    /// Its findings: all of them; a stored one that is missing here ends.
    pub findings: &'a [FindingRecord],
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
        let recorded = self.record_accounts(sweep, &[*record]).await?;
        Ok(recorded
            .into_iter()
            .next()
            .unwrap_or(Recorded::AlreadyRecorded))
    }

    /// Stores what was found in several accounts in one transaction, with as many statements
    /// as one account takes: all of them are recorded, or none is. In the order of `records`,
    /// what was written of each.
    pub async fn record_accounts(
        &self,
        sweep: SweepId,
        records: &[AccountRecord<'_>],
    ) -> Result<Vec<Recorded>, StoreError> {
        let contents = records
            .iter()
            .map(|record| Content::of(record.snapshot))
            .collect::<Result<Vec<_>, _>>()?;
        self.attempt(|| self.record_accounts_once(sweep, records, &contents))
            .await
    }

    async fn record_accounts_once(
        &self,
        sweep: SweepId,
        records: &[AccountRecord<'_>],
        contents: &[Content],
    ) -> Result<Vec<Recorded>, StoreError> {
        let mut transaction = self.begin().await?;
        let accounts: Vec<&AccountId> = records
            .iter()
            .map(|record| &record.snapshot.account)
            .collect();
        let fences = claim_outcomes(&mut transaction, sweep, &accounts, self.claimant).await?;
        let mut recorded = vec![Recorded::AlreadyRecorded; records.len()];
        let claimed: Vec<Claimed<'_>> = (0..records.len())
            .filter_map(|place| {
                Some(Claimed {
                    place,
                    fence: fences[place]?,
                    record: &records[place],
                    content: &contents[place],
                })
            })
            .collect();
        if claimed.is_empty() {
            return Ok(recorded);
        }
        let snapshots = put_snapshots(&mut transaction, &claimed).await?;
        let current: Vec<&Claimed<'_>> = claimed
            .iter()
            .filter(|claimed| !claimed.fence.superseded)
            .collect();
        let found: Vec<Found<'_>> = current
            .iter()
            .map(|claimed| Found {
                account_no: claimed.fence.account_no,
                findings: claimed.record.findings,
            })
            .collect();
        let stored = stored_findings(&mut transaction, &found).await?;
        let ended = ended_periods(&mut transaction, &found, &stored).await?;
        let mut steps = Vec::with_capacity(current.len());
        for claimed in &current {
            let account_no = claimed.fence.account_no;
            let difference = difference(
                &stored[&account_no],
                &ended[&account_no],
                claimed.record.findings,
                claimed.record.finished_at,
            );
            steps.push(Step {
                account_no,
                difference,
            });
        }
        put_differences(&mut transaction, claimed[0].fence.sweep_no, &steps).await?;
        for (claimed, snapshot) in claimed.iter().zip(&snapshots) {
            recorded[claimed.place] = Recorded::Written {
                new_snapshot: snapshot.new,
                turned: 0,
                refreshed: 0,
                removed: 0,
            };
        }
        for (claimed, step) in current.iter().zip(&steps) {
            if let Recorded::Written {
                turned,
                refreshed,
                removed,
                ..
            } = &mut recorded[claimed.place]
            {
                *turned = step.difference.turned.len();
                *refreshed = step.difference.refreshed.len();
                *removed = step.difference.removed.len();
            }
        }
        put_done(&mut transaction, &claimed, &snapshots).await?;
        transaction.commit().await?;
        Ok(recorded)
    }
}

/// An account of a batch that has no outcome yet.
struct Claimed<'a> {
    /// Its place in the batch.
    place: usize,
    fence: Fence,
    record: &'a AccountRecord<'a>,
    content: &'a Content,
}

/// A stored snapshot.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    snapshot_no: i64,
    new: bool,
}

/// The snapshots with these contents, in the order of the accounts.
async fn put_snapshots(
    connection: &mut PgConnection,
    claimed: &[Claimed<'_>],
) -> Result<Vec<Numbered>, StoreError> {
    let (accounts, digests): (Vec<i32>, Vec<Vec<u8>>) = claimed
        .iter()
        .map(|claimed| (claimed.fence.account_no, claimed.content.digest.clone()))
        .unzip();
    let known = sqlx::query!(
        "select s.account_no, s.snapshot_no
         from unnest($1::integer[], $2::bytea[]) as wanted (account_no, digest)
         join snapshot s using (account_no, digest)",
        &accounts,
        &digests,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut numbered: HashMap<i32, Numbered> = known
        .into_iter()
        .map(|row| {
            let snapshot_no = row.snapshot_no;
            let new = false;
            (row.account_no, Numbered { snapshot_no, new })
        })
        .collect();
    let new: Vec<&Claimed<'_>> = claimed
        .iter()
        .filter(|claimed| !numbered.contains_key(&claimed.fence.account_no))
        .collect();
    if !new.is_empty() {
        for (account_no, snapshot_no) in insert_snapshots(connection, &new).await? {
            let new = true;
            numbered.insert(account_no, Numbered { snapshot_no, new });
        }
    }
    Ok(accounts
        .iter()
        // INVARIANT: what was not known has just been inserted.
        .map(|account| numbered[account])
        .collect())
}

/// The numbers of new snapshots by account.
async fn insert_snapshots(
    connection: &mut PgConnection,
    new: &[&Claimed<'_>],
) -> Result<Vec<(i32, i64)>, StoreError> {
    let accounts: Vec<i32> = new.iter().map(|new| new.fence.account_no).collect();
    let digests: Vec<&[u8]> = new.iter().map(|new| &new.content.digest[..]).collect();
    let contents: Vec<&Content> = new.iter().map(|new| new.content).collect();
    let contents = Content::all_compressed(&contents)?;
    let sizes: Vec<i32> = new
        .iter()
        .map(|new| i32::try_from(new.content.json.len()).unwrap_or(i32::MAX))
        .collect();
    let taken: Vec<DateTime<Utc>> = new.iter().map(|new| new.record.finished_at).collect();
    let rows = sqlx::query!(
        "insert into snapshot (account_no, digest, content, content_size, first_sweep, taken_at)
         select account_no, digest, content, content_size, $1, taken_at
         from unnest($2::integer[], $3::bytea[], $4::bytea[], $5::integer[], $6::timestamptz[])
            as new (account_no, digest, content, content_size, taken_at)
         order by account_no
         returning account_no, snapshot_no",
        new[0].fence.sweep_no,
        &accounts,
        &digests as &[&[u8]],
        &contents,
        &sizes,
        &taken,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.account_no, row.snapshot_no))
        .collect())
}

/// The outcomes, and the accounts' last state. An account that was read is not closed.
async fn put_done(
    connection: &mut PgConnection,
    claimed: &[Claimed<'_>],
    snapshots: &[Numbered],
) -> Result<(), StoreError> {
    let accounts: Vec<i32> = claimed.iter().map(|done| done.fence.account_no).collect();
    let snapshots: Vec<i64> = snapshots
        .iter()
        .map(|snapshot| snapshot.snapshot_no)
        .collect();
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let calls: Vec<i32> = claimed
        .iter()
        .map(|done| count(done.record.calls))
        .collect();
    let throttles: Vec<i32> = claimed
        .iter()
        .map(|done| count(done.record.throttles))
        .collect();
    let started: Vec<DateTime<Utc>> = claimed
        .iter()
        .map(|done| done.record.started_at.trunc_subsecs(6))
        .collect();
    let finished: Vec<DateTime<Utc>> = claimed
        .iter()
        .map(|done| done.record.finished_at.trunc_subsecs(6))
        .collect();
    let superseded: Vec<bool> = claimed.iter().map(|done| done.fence.superseded).collect();
    sqlx::query!(
        "with ended as (
            select *
            from unnest(
                $2::integer[], $3::bigint[], $4::integer[], $5::integer[], $6::timestamptz[],
                $7::timestamptz[], $8::boolean[]
            ) as e (account_no, snapshot_no, calls, throttles, started_at, finished_at, superseded)
         ),
         done as (
            update sweep_account sa
            set outcome = 'done', snapshot_no = e.snapshot_no, calls = e.calls,
                throttles = e.throttles, started_at = e.started_at, finished_at = e.finished_at
            from ended e
            where sa.sweep_no = $1 and sa.account_no = e.account_no
         )
         update account a
         set observed_at = e.finished_at, observed_in = $1, last_sweep = $1, last_outcome = 'done',
            last_reason = null, last_message = null, closed_at = null,
            state = case when a.closed_at is null then a.state else 'active' end
         from ended e
         where a.account_no = e.account_no and not e.superseded",
        claimed[0].fence.sweep_no,
        &accounts,
        &snapshots,
        &calls,
        &throttles,
        &started,
        &finished,
        &superseded,
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
