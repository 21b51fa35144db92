//! Table `exception`: recorded, expiring decisions to accept failing findings. They are never
//! changed: renewing one takes it back and records another. What an exception accepts is the
//! view `excepted_finding`; a verdict never depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, SubsecRound, Utc};
use orgsweep_controls::ids::{AccountId, ControlId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::storable;

/// Id of an exception (UUID, version 7: ordered by time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExceptionId(pub Uuid);

impl fmt::Display for ExceptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Which failing findings an exception accepts: those that meet every condition that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExceptionScope {
    /// Of this control.
    pub control: Option<ControlId>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// Of accounts at or below this OU: its id, or its names joined by slashes.
    pub ou: Option<String>,
    /// Of accounts with these tags.
    pub tags: BTreeMap<String, String>,
    /// Of accounts with tags of these keys, whatever their value.
    pub tag_keys: BTreeSet<String>,
    /// Failing for this reason.
    pub reason_code: Option<String>,
}

impl ExceptionScope {
    /// Whether no condition is set: it would accept whatever fails, now and later.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    fn selector(&self) -> Value {
        let mut selector = json!({});
        if !self.tags.is_empty() {
            selector["tags"] = json!(self.tags);
        }
        if !self.tag_keys.is_empty() {
            selector["tag_keys"] = json!(self.tag_keys);
        }
        selector
    }
}

/// An exception to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewException {
    /// What it accepts.
    pub scope: ExceptionScope,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// When it ends by itself; in the future.
    pub expires_at: DateTime<Utc>,
}

/// Where an exception is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// It accepts findings.
    InForce,
    /// It does, and ends within 30 days.
    EndsSoon,
    /// It has ended by itself.
    Expired,
    /// It was taken back, or renewed by another.
    Withdrawn,
}

impl ExceptionState {
    /// Whether it accepts findings.
    pub fn is_in_force(self) -> bool {
        matches!(self, Self::InForce | Self::EndsSoon)
    }

    /// The stable name: `in_force`, `ends_soon`, `expired`, `withdrawn`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::EndsSoon => "ends_soon",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A recorded exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionRow {
    /// Its id.
    pub exception_id: ExceptionId,
    /// Where it is in its life.
    pub state: ExceptionState,
    /// What it accepts.
    #[serde(flatten)]
    pub scope: ExceptionScope,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was taken back or renewed.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Who did that.
    pub withdrawn_by: Option<String>,
    /// The exception that it goes on with.
    pub renews: Option<ExceptionId>,
    /// Failing findings that it accepts now.
    pub findings: u64,
}

/// A failing finding that an exception in force accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptedFinding {
    /// The account.
    pub account: AccountId,
    /// The control.
    pub control: ControlId,
    /// The exception; of several the one that lasts longest.
    pub exception_id: ExceptionId,
    /// Why it is accepted.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

fn corrupt(error: &dyn fmt::Display) -> StoreError {
    StoreError::corrupt("an exception", error)
}

impl Store {
    /// Records an exception.
    pub async fn add_exception(&self, new: &NewException) -> Result<ExceptionId, StoreError> {
        let id = ExceptionId(Uuid::now_v7());
        self.attempt(|| self.put_exception(id, new, None)).await?;
        Ok(id)
    }

    /// Takes an exception back. `false` when it does not stand any more.
    pub async fn withdraw_exception(&self, id: ExceptionId, by: &str) -> Result<bool, StoreError> {
        let by = storable(by);
        self.attempt(|| async {
            let done = sqlx::query!(
                "update exception set withdrawn_at = now(), withdrawn_by = $2
                 where exception_id = $1 and withdrawn_at is null",
                id.0,
                by.as_ref(),
            )
            .execute(&self.pool)
            .await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// Takes an exception back and records another in its place, in one transaction. `None` when
    /// the old one was taken back or renewed before.
    pub async fn renew_exception(
        &self,
        old: ExceptionId,
        new: &NewException,
    ) -> Result<Option<ExceptionId>, StoreError> {
        let id = ExceptionId(Uuid::now_v7());
        let done = self
            .attempt(|| self.put_exception(id, new, Some(old)))
            .await?;
        Ok(done.then_some(id))
    }

    /// Writes an exception, unless the one that it renews does not stand any more.
    async fn put_exception(
        &self,
        id: ExceptionId,
        new: &NewException,
        renews: Option<ExceptionId>,
    ) -> Result<bool, StoreError> {
        let scope = &new.scope;
        let ou = scope.ou.as_deref().map(storable);
        let (reason, author) = (storable(&new.reason), storable(&new.author));
        let done = sqlx::query!(
            "with old as (
                update exception set withdrawn_at = now(), withdrawn_by = $9
                where exception_id = $1 and withdrawn_at is null
                returning exception_id
             )
             insert into exception
                (exception_id, control_id, account_id, ou_id, selector, reason_code, reason,
                 author, expires_at, renews)
             select $2, $3, $4, $5, $6, $7, $8, $9, $10, $1
             where $1::uuid is null or exists (select from old)
             on conflict (exception_id) do nothing",
            renews.map(|old| old.0),
            id.0,
            scope.control.as_ref().map(ControlId::as_str),
            scope.account.as_ref().map(AccountId::as_str),
            ou.as_deref(),
            scope.selector(),
            scope.reason_code,
            reason.as_ref(),
            author.as_ref(),
            new.expires_at.trunc_subsecs(6),
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// All exceptions, those that end first before the others, with those that have ended last.
    pub async fn exceptions(&self) -> Result<Vec<ExceptionRow>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                r#"select
                    exception_id as "exception_id!", state as "state!", control, account_id, ou, tags,
                    tag_keys, reason_code, reason as "reason!", author as "author!",
                    created_at as "created_at!", expires_at as "expires_at!", withdrawn_at,
                    withdrawn_by, renews, findings as "findings!"
                 from exception_status
                 order by state in ('withdrawn', 'expired'), expires_at, exception_id"#
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                let tags = row.tags.map(serde_json::from_value).transpose();
                let tag_keys = row.tag_keys.map(serde_json::from_value).transpose();
                Ok(ExceptionRow {
                    exception_id: ExceptionId(row.exception_id),
                    state: serde_json::from_value(Value::String(row.state))
                        .map_err(|error| corrupt(&error))?,
                    scope: ExceptionScope {
                        control: parsed(row.control.as_deref())?,
                        account: parsed(row.account_id.as_deref())?,
                        ou: row.ou,
                        tags: tags.map_err(|error| corrupt(&error))?.unwrap_or_default(),
                        tag_keys: tag_keys
                            .map_err(|error| corrupt(&error))?
                            .unwrap_or_default(),
                        reason_code: row.reason_code,
                    },
                    reason: row.reason,
                    author: row.author,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    withdrawn_at: row.withdrawn_at,
                    withdrawn_by: row.withdrawn_by,
                    renews: row.renews.map(ExceptionId),
                    findings: row.findings.unsigned_abs(),
                })
            })
            .collect()
        })
        .await
    }

    /// The failing findings that exceptions in force accept, by account and control: whoever
    /// repairs failing findings leaves these out and names them.
    pub async fn excepted_findings(&self) -> Result<Vec<ExceptedFinding>, StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                r#"select distinct on (account_id, control)
                    account_id as "account_id!", control as "control!",
                    exception_id as "exception_id!", exception_reason as "reason!",
                    exception_author as "author!", excepted_until as "until!"
                 from excepted_finding
                 order by account_id, control, excepted_until desc, exception_id"#
            )
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                Ok(ExceptedFinding {
                    account: row.account_id.parse().map_err(|error| corrupt(&error))?,
                    control: row.control.parse().map_err(|error| corrupt(&error))?,
                    exception_id: ExceptionId(row.exception_id),
                    reason: row.reason,
                    author: row.author,
                    until: row.until,
                })
            })
            .collect()
        })
        .await
    }
}

fn parsed<T>(text: Option<&str>) -> Result<Option<T>, StoreError>
where
    T: std::str::FromStr,
    T::Err: fmt::Display,
{
    text.map(str::parse)
        .transpose()
        .map_err(|error| corrupt(&error))
}
