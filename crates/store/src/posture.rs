//! View `posture` for programs: findings as they are now, filtered.

use chrono::{DateTime, Utc};
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::{AccountId, ControlId};
use serde::Serialize;
use serde_json::Value;

use crate::error::StoreError;
use crate::exception::ExceptionId;
use crate::store::Store;
use crate::sweep::SweepId;

/// Which findings to list. Empty lists do not constrain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of one of these controls.
    pub controls: Vec<ControlId>,
    /// With one of these verdicts.
    pub verdicts: Vec<Verdict>,
    /// Of one of these accounts.
    pub accounts: Vec<AccountId>,
    /// With one of these reason codes.
    pub reasons: Vec<String>,
    /// At or below one of these OUs: an id (`ou-…`, `r-…`) or a path (`Workloads/Prod`).
    pub ous: Vec<String>,
}

/// One finding with what is known of its account and control.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingRow {
    /// Stable name: `orgsweep:<organization>/<account>/<control>`.
    pub urn: String,
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: String,
    /// Names of its OUs, joined by slashes; `None` when they were not read.
    pub ou_path: Option<String>,
    /// The control.
    pub control: ControlId,
    /// Its place in the catalog.
    pub control_number: i32,
    /// Its title.
    pub control_title: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Reason code.
    pub reason: String,
    /// One sentence for a person.
    pub summary: String,
    /// What broke, the same for every finding that one repair would mend.
    pub cause: String,
    /// What proves the verdict.
    pub evidence: Value,
    /// Enabled Regions whose events are noticed.
    pub covered_regions: Vec<String>,
    /// Enabled Regions whose events go unnoticed.
    pub uncovered_regions: Vec<String>,
    /// Since when verdict and reason are what they are.
    pub since: DateTime<Utc>,
    /// Since when it has failed, whatever the reason.
    pub failing_since: Option<DateTime<Utc>>,
    /// When the facts were read.
    pub observed_at: Option<DateTime<Utc>>,
    /// Why the last sweep that listed the account did not read it.
    pub not_read_reason: Option<String>,
    /// The sweep that read the facts.
    pub sweep_id: Option<SweepId>,
    /// The framework whose requirements decided; `None` for sweeps of older versions.
    pub framework: Option<String>,
    /// The exception in force that accepts it, when it fails.
    pub exception: Option<AcceptedBy>,
}

/// The exception that accepts a failing finding. The verdict stays `fail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcceptedBy {
    /// The exception.
    pub id: ExceptionId,
    /// Why the finding is accepted.
    pub reason: String,
    /// When the exception ends by itself.
    pub until: DateTime<Utc>,
}

/// A row of the view, before its texts are parsed.
struct Stored {
    urn: String,
    account_id: String,
    account_name: String,
    ou_path: Option<String>,
    control: String,
    control_number: i32,
    control_title: String,
    verdict: String,
    reason: String,
    summary: String,
    cause: String,
    evidence: Value,
    covered_regions: Vec<String>,
    uncovered_regions: Vec<String>,
    since: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    observed_at: Option<DateTime<Utc>>,
    not_read_reason: Option<String>,
    sweep_id: Option<uuid::Uuid>,
    framework: Option<String>,
    exception_id: Option<uuid::Uuid>,
    exception_reason: Option<String>,
    excepted_until: Option<DateTime<Utc>>,
}

impl TryFrom<Stored> for FindingRow {
    type Error = StoreError;

    fn try_from(row: Stored) -> Result<Self, StoreError> {
        let corrupt = |error: &dyn std::fmt::Display| StoreError::corrupt("a finding", error);
        Ok(Self {
            urn: row.urn,
            account_id: row.account_id.parse().map_err(|error| corrupt(&error))?,
            account_name: row.account_name,
            ou_path: row.ou_path,
            control: row.control.parse().map_err(|error| corrupt(&error))?,
            control_number: row.control_number,
            control_title: row.control_title,
            verdict: serde_json::from_value(Value::String(row.verdict))
                .map_err(|error| corrupt(&error))?,
            reason: row.reason,
            summary: row.summary,
            cause: row.cause,
            evidence: row.evidence,
            covered_regions: row.covered_regions,
            uncovered_regions: row.uncovered_regions,
            since: row.since,
            failing_since: row.failing_since,
            observed_at: row.observed_at,
            not_read_reason: row.not_read_reason,
            sweep_id: row.sweep_id.map(SweepId),
            framework: row.framework,
            exception: row
                .exception_id
                .zip(row.excepted_until)
                .map(|(id, until)| AcceptedBy {
                    id: ExceptionId(id),
                    reason: row.exception_reason.unwrap_or_default(),
                    until,
                }),
        })
    }
}

impl Store {
    /// Findings as they are now, by control number and account.
    pub async fn findings(&self, filter: &FindingFilter) -> Result<Vec<FindingRow>, StoreError> {
        let texts = |items: Vec<String>| (!items.is_empty()).then_some(items);
        let controls = texts(filter.controls.iter().map(ToString::to_string).collect());
        let verdicts = texts(filter.verdicts.iter().map(ToString::to_string).collect());
        let accounts = texts(filter.accounts.iter().map(ToString::to_string).collect());
        let reasons = texts(filter.reasons.clone());
        let ous = texts(filter.ous.clone());
        self.attempt(|| async {
            sqlx::query_as!(
                Stored,
                r#"select
                    urn as "urn!", account_id as "account_id!", account_name as "account_name!",
                    ou_path, control as "control!", control_number as "control_number!",
                    control_title as "control_title!", verdict as "verdict!", reason as "reason!",
                    coalesce(summary, '') as "summary!", coalesce(cause, '') as "cause!",
                    coalesce(evidence, '{}') as "evidence!",
                    coalesce(covered_regions, '{}') as "covered_regions!",
                    coalesce(uncovered_regions, '{}') as "uncovered_regions!",
                    since as "since!", failing_since, observed_at, not_read_reason, sweep_id,
                    framework, exception_id, exception_reason, excepted_until
                 from posture
                 where ($1::text[] is null or control = any ($1))
                    and ($2::text[] is null or verdict = any ($2))
                    and ($3::text[] is null or account_id = any ($3))
                    and ($4::text[] is null or reason = any ($4))
                    and ($5::text[] is null or ou_ids && $5 or exists (
                        select from unnest($5) as wanted
                        where ou_path = wanted or starts_with(ou_path, wanted || '/')
                    ))
                 order by control_number, control, account_id"#,
                controls.as_deref(),
                verdicts.as_deref(),
                accounts.as_deref(),
                reasons.as_deref(),
                ous.as_deref(),
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(FindingRow::try_from)
            .collect()
        })
        .await
    }

    /// One finding as it is now.
    pub async fn finding(
        &self,
        account: &AccountId,
        control: &ControlId,
    ) -> Result<Option<FindingRow>, StoreError> {
        let filter = FindingFilter {
            controls: vec![control.clone()],
            accounts: vec![account.clone()],
            ..FindingFilter::default()
        };
        Ok(self.findings(&filter).await?.into_iter().next())
    }
}
