//! Two sweeps side by side: accounts that appeared or left, and findings that differ or are
//! still open. What a difference is called is decided by who reads this.

use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::{AccountId, ControlId};
use serde::Serialize;
use serde_json::Value;

use crate::error::StoreError;
use crate::night::Night;
use crate::store::Store;

/// What a sweep left behind of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingState {
    /// The verdict.
    pub verdict: Verdict,
    /// Reason code.
    pub reason: String,
    /// What broke; the reason where that was not kept.
    pub cause: String,
}

/// A finding in two sweeps, each of which read its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingChange {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: String,
    /// The control.
    pub control: ControlId,
    /// In the first sweep; `None` when it was not judged.
    pub before: Option<FindingState>,
    /// In the second sweep; `None` when it was not judged.
    pub after: Option<FindingState>,
}

/// How an account differs between two sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountMove {
    /// The second sweep lists it, the first does not.
    Appeared,
    /// The first sweep lists it, the second does not.
    Left,
    /// Both list it, and the second alone could not or was not to read it.
    NoLongerRead,
    /// Both list it, and the second alone read it.
    NewlyRead,
}

/// An account that differs between two sweeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountChange {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: String,
    /// How it differs.
    pub change: AccountMove,
    /// Why the second sweep did not read it.
    pub reason: Option<String>,
}

fn state(
    verdict: Option<String>,
    reason: Option<String>,
    cause: Option<String>,
) -> Result<Option<FindingState>, StoreError> {
    let (Some(verdict), Some(reason)) = (verdict, reason) else {
        return Ok(None);
    };
    Ok(Some(FindingState {
        verdict: serde_json::from_value(Value::String(verdict))
            .map_err(|error| StoreError::corrupt("a verdict", &error))?,
        cause: cause.unwrap_or_else(|| reason.clone()),
        reason,
    }))
}

impl Store {
    /// Findings that differ between two sweeps, or fail or are unknown in both, of accounts
    /// that the second sweep read; by account and control. Those of an account that the first
    /// sweep did not read have no state before.
    pub async fn finding_changes(
        &self,
        first: i32,
        second: i32,
    ) -> Result<Vec<FindingChange>, StoreError> {
        self.check_kept(Night::Sweep(first.min(second))).await?;
        self.attempt(|| async {
            sqlx::query!(
                r#"with before as (
                    select h.account_no, h.control_no, h.verdict, h.reason,
                        case when h.valid_until is null then coalesce(f.cause, h.cause) else h.cause end as cause
                    from sweep_account sa
                    join finding_history h using (account_no)
                    left join finding f using (account_no, control_no)
                    where sa.sweep_no = $1 and sa.outcome = 'done'
                        and h.opened_in <= $1 and (h.closed_in is null or h.closed_in > $1)
                 ),
                 after as (
                    select h.account_no, h.control_no, h.verdict, h.reason,
                        case when h.valid_until is null then coalesce(f.cause, h.cause) else h.cause end as cause
                    from sweep_account sa
                    join finding_history h using (account_no)
                    left join finding f using (account_no, control_no)
                    where sa.sweep_no = $2 and sa.outcome = 'done'
                        and h.opened_in <= $2 and (h.closed_in is null or h.closed_in > $2)
                 )
                 select a.account_id, a.name, c.control_id,
                    before.verdict as "verdict_before?", before.reason as "reason_before?",
                    before.cause as "cause_before?",
                    after.verdict as "verdict_after?", after.reason as "reason_after?",
                    after.cause as "cause_after?"
                 from before
                 full join after using (account_no, control_no)
                 join account a using (account_no)
                 join control c using (control_no)
                 join sweep_account sa
                    on sa.account_no = a.account_no and sa.sweep_no = $2 and sa.outcome = 'done'
                 where (before.verdict, before.reason) is distinct from (after.verdict, after.reason)
                    or after.verdict in ('fail', 'unknown')
                 order by a.account_id, c.number, c.control_id"#,
                first,
                second,
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt("a finding", error);
                Ok(FindingChange {
                    account_id: row.account_id.parse().map_err(|error| corrupt(&error))?,
                    account_name: row.name,
                    control: row.control_id.parse().map_err(|error| corrupt(&error))?,
                    before: state(row.verdict_before, row.reason_before, row.cause_before)?,
                    after: state(row.verdict_after, row.reason_after, row.cause_after)?,
                })
            })
            .collect()
        })
        .await
    }

    /// Accounts that two sweeps list or read differently, sorted.
    pub async fn account_changes(
        &self,
        first: i32,
        second: i32,
    ) -> Result<Vec<AccountChange>, StoreError> {
        self.check_kept(Night::Sweep(first.min(second))).await?;
        self.attempt(|| async {
            sqlx::query!(
                r#"with before as (
                    select account_no, coalesce(outcome = 'done', false) as read
                    from sweep_account where sweep_no = $1
                 ),
                 after as (
                    select account_no, coalesce(outcome = 'done', false) as read, reason
                    from sweep_account where sweep_no = $2
                 )
                 select a.account_id, a.name, after.reason as "reason?",
                    before.read as "read_before?", after.read as "read_after?"
                 from before
                 full join after using (account_no)
                 join account a using (account_no)
                 where before.read is distinct from after.read
                 order by a.account_id"#,
                first,
                second,
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                Ok(AccountChange {
                    account_id: row
                        .account_id
                        .parse()
                        .map_err(|error| StoreError::corrupt("an account number", &error))?,
                    account_name: row.name,
                    change: match (row.read_before, row.read_after) {
                        (None, _) => AccountMove::Appeared,
                        (_, None) => AccountMove::Left,
                        (Some(true), _) => AccountMove::NoLongerRead,
                        _ => AccountMove::NewlyRead,
                    },
                    reason: row.reason,
                })
            })
            .collect()
        })
        .await
    }
}
