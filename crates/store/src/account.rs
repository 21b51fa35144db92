//! View `account_status` for programs: every account ever seen, with its last state.

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::AccountId;
use serde::Serialize;

use crate::error::StoreError;
use crate::store::Store;
use crate::sweep::SweepId;

/// The last state of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountRow {
    /// Account number.
    pub account_id: AccountId,
    /// Name.
    pub account_name: String,
    /// E-mail address of the root user.
    pub account_email: Option<String>,
    /// Names of its OUs, joined by slashes; `None` when they were not read.
    pub ou_path: Option<String>,
    /// Ids of the root and of its OUs.
    pub ou_ids: Vec<String>,
    /// Tags; `None` when they were not read.
    pub tags: Option<serde_json::Value>,
    /// `active`, `suspended` … or `left`.
    pub state: String,
    /// Since when it is not swept any more.
    pub closed_at: Option<DateTime<Utc>>,
    /// Outcome in the last sweep that listed it: `done`, `failed` or `skipped`.
    pub outcome: Option<String>,
    /// Reason code, when it failed or was skipped.
    pub reason: Option<String>,
    /// The reason in words, when it failed.
    pub message: Option<String>,
    /// When its facts were last read.
    pub observed_at: Option<DateTime<Utc>>,
    /// The sweep that read them.
    pub sweep_id: Option<SweepId>,
    /// Controls that pass.
    pub passing: i64,
    /// Controls that fail.
    pub failing: i64,
    /// Controls whose verdict is not known.
    pub unknown: i64,
    /// Controls that do not concern it.
    pub not_applicable: i64,
}

impl Store {
    /// Every account ever seen, sorted by number.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                r#"select
                    account_id as "account_id!", account_name as "account_name!", account_email,
                    ou_path, ou_ids as "ou_ids!", tags, state as "state!", closed_at, last_outcome,
                    last_reason, last_message, observed_at, sweep_id, passing as "passing!",
                    failing as "failing!", unknown as "unknown!",
                    not_applicable as "not_applicable!"
                 from account_status
                 order by account_id"#
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                Ok(AccountRow {
                    account_id: row
                        .account_id
                        .parse()
                        .map_err(|error| StoreError::corrupt("an account number", &error))?,
                    account_name: row.account_name,
                    account_email: row.account_email,
                    ou_path: row.ou_path,
                    ou_ids: row.ou_ids,
                    tags: row.tags,
                    state: row.state,
                    closed_at: row.closed_at,
                    outcome: row.last_outcome,
                    reason: row.last_reason,
                    message: row.last_message,
                    observed_at: row.observed_at,
                    sweep_id: row.sweep_id.map(SweepId),
                    passing: row.passing,
                    failing: row.failing,
                    unknown: row.unknown,
                    not_applicable: row.not_applicable,
                })
            })
            .collect()
        })
        .await
    }
}
