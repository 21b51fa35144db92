//! Stored nights: the facts and verdicts of a sweep, or those that were the newest at a
//! moment, account by account, so that they can be judged again or handed on.

use chrono::{DateTime, Utc};
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::{AccountId, ControlId, OrganizationId};
use orgsweep_controls::organization::{AccountState, ListedAccount};
use orgsweep_controls::snapshot::AccountSnapshot;
use serde::Serialize;
use serde_json::Value;

use crate::error::StoreError;
use crate::snapshot::restored;
use crate::store::Store;
use crate::sweep::SweepId;

/// A sweep as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepRow {
    /// Its id.
    pub sweep_id: SweepId,
    /// Its number in this database.
    pub number: i32,
    /// What started it.
    pub triggered_by: String,
    /// The organization, when it is known.
    pub organization: Option<OrganizationId>,
    /// Its management account, when it is known.
    pub management_account: Option<AccountId>,
    /// `running`, `interrupted`, `finished` or `abandoned`.
    pub state: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether it listed every account of the organization.
    pub complete: bool,
    /// Whether only accounts that somebody named were to be read: no night of the organization.
    pub is_partial: bool,
}

/// Which stored facts: those of a sweep, or the newest at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Night {
    /// What the sweep of this number read.
    Sweep(i32),
    /// What each account's last sweep until then read.
    AsOf(DateTime<Utc>),
}

impl Night {
    fn parts(self) -> (Option<i32>, Option<DateTime<Utc>>) {
        match self {
            Self::Sweep(number) => (Some(number), None),
            Self::AsOf(moment) => (None, Some(moment)),
        }
    }
}

/// An account whose facts are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightAccount {
    /// What the inventory says of it now.
    pub listed: ListedAccount,
    /// Number of its snapshot.
    pub snapshot_no: i64,
    /// The sweep that read it.
    pub sweep_no: i32,
    /// The organization's management account, as far as that sweep knew.
    pub management_account: Option<AccountId>,
    /// When its facts were read.
    pub observed_at: DateTime<Utc>,
}

/// Why the facts of an account are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Reason code.
    pub reason: String,
    /// In words.
    pub message: String,
}

/// What was recorded of a control in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The account.
    pub account: AccountId,
    /// The control.
    pub control: ControlId,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason code.
    pub reason: String,
}

fn corrupt(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::corrupt("a stored night", error)
}

impl Store {
    /// All sweeps, the newest first.
    pub async fn sweeps(&self) -> Result<Vec<SweepRow>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "select sweep_id, sweep_no, triggered_by, organization_id, management_account_id,
                    state, started_at, finished_at, inventory_complete, is_partial
                 from sweep
                 order by sweep_no desc"
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                Ok(SweepRow {
                    sweep_id: SweepId(row.sweep_id),
                    number: row.sweep_no,
                    triggered_by: row.triggered_by,
                    organization: row.organization_id.and_then(|id| id.parse().ok()),
                    management_account: row.management_account_id.and_then(|id| id.parse().ok()),
                    state: row.state,
                    started_at: row.started_at,
                    finished_at: row.finished_at,
                    complete: row.inventory_complete,
                    is_partial: row.is_partial,
                })
            })
            .collect()
        })
        .await
    }

    /// Whether the night is whole. What is left of a pruned one must not be taken for it.
    pub(crate) async fn check_kept(&self, night: Night) -> Result<(), StoreError> {
        let (sweep_no, moment) = night.parts();
        let until = self
            .attempt(|| async {
                Ok(sqlx::query_scalar!(
                    "select max(started_at)
                     from sweep
                     where pruned_at is not null
                        and ($1::integer is null or sweep_no >= $1)
                        and ($2::timestamptz is null or started_at >= $2)",
                    sweep_no,
                    moment,
                )
                .fetch_one(&self.pool)
                .await?)
            })
            .await?;
        match until {
            Some(until) => Err(StoreError::Pruned { until }),
            None => Ok(()),
        }
    }

    /// The accounts of a night whose facts are stored, sorted.
    ///
    /// # Errors
    /// [`StoreError::Pruned`] when some of them have been dropped.
    pub async fn night_accounts(&self, night: Night) -> Result<Vec<NightAccount>, StoreError> {
        self.check_kept(night).await?;
        let (sweep_no, moment) = night.parts();
        self.attempt(|| async {
            sqlx::query!(
                r#"select distinct on (a.account_id)
                    a.account_id, a.name, a.email, a.ou_path, a.ou_ids, a.tags, a.state, a.joined_at,
                    sa.snapshot_no as "snapshot_no!", sa.sweep_no,
                    sa.finished_at as "finished_at!", s.management_account_id
                 from sweep_account sa
                 join account a using (account_no)
                 join sweep s on s.sweep_no = sa.sweep_no
                 where sa.outcome = 'done'
                    and ($1::integer is null or sa.sweep_no = $1)
                    and ($2::timestamptz is null or (
                        sa.finished_at <= $2 and (a.closed_at is null or a.closed_at > $2)
                    ))
                 order by a.account_id, sa.finished_at desc, sa.sweep_no desc"#,
                sweep_no,
                moment,
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                Ok(NightAccount {
                    listed: ListedAccount {
                        id: row.account_id.parse().map_err(|error| corrupt(&error))?,
                        name: row.name,
                        email: row.email,
                        ou_path: row.ou_path,
                        ou_ids: row.ou_ids,
                        tags: row
                            .tags
                            .map(serde_json::from_value)
                            .transpose()
                            .map_err(|error| corrupt(&error))?,
                        // An account that has left since was active when it was read.
                        state: serde_json::from_value(Value::String(row.state))
                            .unwrap_or(AccountState::Active),
                        joined_at: row.joined_at,
                    },
                    snapshot_no: row.snapshot_no,
                    sweep_no: row.sweep_no,
                    management_account: row.management_account_id.and_then(|id| id.parse().ok()),
                    observed_at: row.finished_at,
                })
            })
            .collect()
        })
        .await
    }

    /// The facts with that number.
    pub async fn snapshot_numbered(&self, number: i64) -> Result<AccountSnapshot, StoreError> {
        self.attempt(|| async {
            let row = sqlx::query!(
                "select content, content_size from snapshot where snapshot_no = $1",
                number
            )
            .fetch_one(&self.pool)
            .await?;
            restored(&row.content, row.content_size)
        })
        .await
    }

    /// Why a sweep did not read an account; `None` when it did, or did not list it.
    pub async fn why_unread(
        &self,
        sweep_no: i32,
        account: &AccountId,
    ) -> Result<Option<Unread>, StoreError> {
        self.attempt(|| async {
            let row = sqlx::query!(
                r#"select sa.reason as "reason!", sa.message
                 from sweep_account sa
                 join account a using (account_no)
                 where sa.sweep_no = $1 and a.account_id = $2 and sa.reason is not null"#,
                sweep_no,
                account.as_str()
            )
            .fetch_optional(&self.pool)
            .await?;
            Ok(row.map(|row| Unread {
                reason: row.reason,
                message: row.message.unwrap_or_default(),
            }))
        })
        .await
    }

    /// What was recorded of these accounts in a night.
    pub async fn judged(
        &self,
        night: Night,
        accounts: &[AccountId],
    ) -> Result<Vec<Judged>, StoreError> {
        let (sweep_no, moment) = night.parts();
        let ids: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        self.attempt(|| async {
            sqlx::query!(
                "select a.account_id, c.control_id, h.verdict, h.reason
                 from finding_history h
                 join account a using (account_no)
                 join control c using (control_no)
                 where a.account_id = any ($3)
                    and ($1::integer is null or (
                        h.opened_in <= $1 and (h.closed_in is null or h.closed_in > $1)
                    ))
                    and ($2::timestamptz is null or (
                        h.valid_from <= $2 and (h.valid_until is null or h.valid_until > $2)
                    ))
                 order by a.account_id, c.number, c.control_id",
                sweep_no,
                moment,
                &ids,
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                Ok(Judged {
                    account: row.account_id.parse().map_err(|error| corrupt(&error))?,
                    control: row.control_id.parse().map_err(|error| corrupt(&error))?,
                    verdict: serde_json::from_value(Value::String(row.verdict))
                        .map_err(|error| corrupt(&error))?,
                    reason: row.reason,
                })
            })
            .collect()
        })
        .await
    }
}
