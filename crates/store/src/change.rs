//! What a sweep changed, grouped by cause: one broken link over a thousand accounts is one
//! group. Compares with what held before the sweep, whichever sweep had found that.

use orgsweep_controls::ids::{AccountId, ControlId};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::store::Store;
use crate::sweep::SweepId;

/// What became of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// They fail, and did not before.
    New,
    /// They failed before, and pass now.
    Fixed,
    /// They are not known any more.
    NowUnknown,
    /// They failed before and still do.
    StillFailing,
}

/// Findings that a sweep changed in one way, for one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupedChange {
    /// How they changed.
    pub change: ChangeKind,
    /// What broke, or had been broken.
    pub cause: String,
    /// Reason code.
    pub reason: String,
    /// Accounts that it concerns.
    pub accounts: u64,
    /// Findings that it concerns.
    pub findings: u64,
    /// Controls that it concerns.
    pub controls: Vec<ControlId>,
    /// One of the accounts.
    pub example: AccountId,
    /// The sentence of one of the findings, as of now.
    pub summary: String,
}

impl Store {
    /// What a sweep changed: by kind, and in each kind what concerns most accounts first.
    pub async fn changes_by_cause(&self, sweep: SweepId) -> Result<Vec<GroupedChange>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                r#"with this as (select sweep_no from sweep where sweep_id = $1),
                 after as (
                    select h.account_no, h.control_no, h.verdict, h.reason, h.opened_in,
                        coalesce(case when h.valid_until is null then f.cause end, h.cause, h.reason) as cause
                    from finding_history h
                    cross join this
                    left join finding f using (account_no, control_no)
                    where h.opened_in <= this.sweep_no and (h.closed_in is null or h.closed_in > this.sweep_no)
                 ),
                 before as (
                    select h.account_no, h.control_no, h.verdict, h.reason, coalesce(h.cause, h.reason) as cause
                    from finding_history h
                    cross join this
                    where h.closed_in = this.sweep_no and h.opened_in < this.sweep_no
                 ),
                 compared as (
                    select account_no, control_no, after.verdict as now,
                        case when after.opened_in < this.sweep_no then after.verdict else before.verdict end as earlier,
                        after.cause, after.reason, before.cause as cause_before, before.reason as reason_before
                    from after
                    cross join this
                    left join before using (account_no, control_no)
                 ),
                 named as (
                    select account_no, control_no,
                        case
                            when now = 'fail' and earlier is distinct from 'fail' then 'new'
                            when now in ('pass', 'not_applicable') and earlier = 'fail' then 'fixed'
                            when now = 'unknown' and earlier is distinct from 'unknown' then 'now_unknown'
                            when now = 'fail' then 'still_failing'
                        end as change,
                        case when now in ('pass', 'not_applicable') then cause_before else cause end as cause,
                        case when now in ('pass', 'not_applicable') then reason_before else reason end as reason
                    from compared
                 )
                 select
                    n.change as "change!", n.cause as "cause!", n.reason as "reason!",
                    count(distinct n.account_no) as "accounts!", count(*) as "findings!",
                    array_agg(distinct c.control_id order by c.control_id) as "controls!",
                    min(a.account_id) as "example!",
                    coalesce((
                        select d.summary
                        from finding_detail d
                        where (d.account_no, d.control_no) = (
                            (min(array[n.account_no, n.control_no]))[1],
                            (min(array[n.account_no, n.control_no]))[2]
                        )
                    ), '') as "summary!"
                 from named n
                 join account a using (account_no)
                 join control c using (control_no)
                 where n.change is not null
                 group by n.change, n.cause, n.reason
                 order by
                    array_position(array['new', 'fixed', 'now_unknown', 'still_failing'], n.change),
                    count(distinct n.account_no) desc, count(*) desc, n.cause"#,
                sweep.0
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt("a finding", error);
                Ok(GroupedChange {
                    change: match row.change.as_str() {
                        "new" => ChangeKind::New,
                        "fixed" => ChangeKind::Fixed,
                        "now_unknown" => ChangeKind::NowUnknown,
                        _ => ChangeKind::StillFailing,
                    },
                    cause: row.cause,
                    reason: row.reason,
                    accounts: row.accounts.unsigned_abs(),
                    findings: row.findings.unsigned_abs(),
                    controls: row
                        .controls
                        .iter()
                        .map(|control| control.parse().map_err(|error| corrupt(&error)))
                        .collect::<Result<_, _>>()?,
                    example: row.example.parse().map_err(|error| corrupt(&error))?,
                    summary: row.summary,
                })
            })
            .collect()
        })
        .await
    }
}
