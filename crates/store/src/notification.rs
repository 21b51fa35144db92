//! Table `notification`: the outbox. Rows are written by the end of a sweep (`sweep`); here
//! they are composed, claimed, and marked by who sends them. What is told, and how, is
//! decided by who calls this.
//!
//! Only the process that holds [`Store::lock_sending`] may claim and mark.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::sweep::SweepId;
use crate::text::storable;

/// Id of a notification; its receiver gets it as idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NotificationId(pub Uuid);

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for NotificationId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A notification whose time has come.
#[derive(Debug, Clone, PartialEq)]
pub struct DueNotification {
    /// Its id.
    pub id: NotificationId,
    /// The sweep that it tells about.
    pub sweep: SweepId,
    /// `webhook`, `slack`, `sns` or `email`.
    pub channel: String,
    /// What is told; `None` until it is composed.
    pub content: Option<Value>,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it may have arrived already.
    pub in_doubt: bool,
    /// When its sweep ended.
    pub created_at: DateTime<Utc>,
}

/// A notification as people may see it: without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationRow {
    /// Its id.
    pub notification_id: NotificationId,
    /// The sweep that it tells about.
    pub sweep_id: SweepId,
    /// `webhook`, `slack`, `sns` or `email`.
    pub channel: String,
    /// `pending`, `sending`, `sent`, `held`, `failed` or `not_needed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether a sender ended between handing it over and recording that.
    pub in_doubt: bool,
    /// When its sweep ended.
    pub created_at: DateTime<Utc>,
    /// When it is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When the channel accepted it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

impl Store {
    /// Deals with what a sender that is gone has left behind in the middle of sending: it may
    /// have arrived. It is sent again, or held for a person to decide. How many there were.
    pub async fn settle_doubtful_notifications(&self, again: bool) -> Result<u64, StoreError> {
        let state = if again { "pending" } else { "held" };
        self.attempt(|| async {
            let settled = sqlx::query!(
                "update notification
                 set state = $1, in_doubt = true, next_attempt_at = now(),
                     last_error = 'the sender ended before it knew whether this had arrived'
                 where state = 'sending'",
                state
            )
            .execute(&self.pool)
            .await?;
            Ok(settled.rows_affected())
        })
        .await
    }

    /// Notifications whose time has come, the oldest first.
    pub async fn due_notifications(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<DueNotification>, StoreError> {
        self.attempt(|| async {
            let rows = sqlx::query!(
                "select n.notification_id, s.sweep_id, n.channel, n.content, n.attempts, n.in_doubt, n.created_at
                 from notification n
                 join sweep s using (sweep_no)
                 where n.state = 'pending' and n.next_attempt_at <= $1
                 order by n.created_at, n.channel",
                now
            )
            .fetch_all(&self.pool)
            .await?;
            let due = rows.into_iter().map(|row| DueNotification {
                id: NotificationId(row.notification_id),
                sweep: SweepId(row.sweep_id),
                channel: row.channel,
                content: row.content,
                attempts: row.attempts.unsigned_abs(),
                in_doubt: row.in_doubt,
                created_at: row.created_at,
            });
            Ok(due.collect())
        })
        .await
    }

    /// When the next notification is due; `None` when none is pending.
    pub async fn next_notification(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.attempt(|| async {
            let next = sqlx::query_scalar!(
                "select min(next_attempt_at) from notification where state = 'pending'"
            )
            .fetch_one(&self.pool)
            .await?;
            Ok(next)
        })
        .await
    }

    /// Notes that a notification is about to be handed to its channel, with its content, which
    /// stays the same in later attempts. Whether it was pending.
    pub async fn sending(&self, id: NotificationId, content: &Value) -> Result<bool, StoreError> {
        self.attempt(|| async {
            let claimed = sqlx::query!(
                "update notification
                 set state = 'sending', content = coalesce(content, $2), attempts = attempts + 1,
                     last_attempt_at = now()
                 where notification_id = $1 and state = 'pending'",
                id.0,
                content
            )
            .execute(&self.pool)
            .await?;
            Ok(claimed.rows_affected() == 1)
        })
        .await
    }

    /// The channel has accepted it.
    pub async fn sent(&self, id: NotificationId) -> Result<(), StoreError> {
        self.attempt(|| async {
            sqlx::query!(
                "update notification set state = 'sent', sent_at = now(), last_error = null
                 where notification_id = $1 and state = 'sending'",
                id.0
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// It has certainly not arrived, and is tried again then.
    pub async fn postpone_notification(
        &self,
        id: NotificationId,
        until: DateTime<Utc>,
        why: &str,
    ) -> Result<(), StoreError> {
        self.unsent(id, "pending", Some(until), why).await
    }

    /// It was handed over and may have arrived: it is sent again then, or held for a person to
    /// decide when no moment is given.
    pub async fn doubt_notification(
        &self,
        id: NotificationId,
        again: Option<DateTime<Utc>>,
        why: &str,
    ) -> Result<(), StoreError> {
        let why = storable(why);
        self.attempt(|| async {
            sqlx::query!(
                "update notification
                 set state = case when $2::timestamptz is null then 'held' else 'pending' end,
                     in_doubt = true, next_attempt_at = coalesce($2, next_attempt_at), last_error = $3
                 where notification_id = $1 and state = 'sending'",
                id.0,
                again,
                why.as_ref()
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// It is not tried again by itself.
    pub async fn give_up_notification(
        &self,
        id: NotificationId,
        why: &str,
    ) -> Result<(), StoreError> {
        self.unsent(id, "failed", None, why).await
    }

    /// Nothing is to be told.
    pub async fn notification_not_needed(&self, id: NotificationId) -> Result<(), StoreError> {
        self.unsent(id, "not_needed", None, "nothing had changed")
            .await
    }

    async fn unsent(
        &self,
        id: NotificationId,
        state: &str,
        until: Option<DateTime<Utc>>,
        why: &str,
    ) -> Result<(), StoreError> {
        let why = storable(why);
        self.attempt(|| async {
            sqlx::query!(
                "update notification
                 set state = $2, next_attempt_at = coalesce($3, next_attempt_at), last_error = $4
                 where notification_id = $1 and state in ('pending', 'sending')",
                id.0,
                state,
                until,
                why.as_ref()
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// All notifications, the newest first.
    pub async fn notifications(&self) -> Result<Vec<NotificationRow>, StoreError> {
        self.attempt(|| async {
            let rows = sqlx::query!(
                r#"select
                    notification_id as "notification_id!", sweep_id as "sweep_id!", channel as "channel!",
                    state as "state!", attempts as "attempts!", in_doubt as "in_doubt!",
                    created_at as "created_at!", next_attempt_at, sent_at, last_error
                 from notification_status
                 order by created_at desc, channel"#
            )
            .fetch_all(&self.pool)
            .await?;
            let rows = rows.into_iter().map(|row| NotificationRow {
                notification_id: NotificationId(row.notification_id),
                sweep_id: SweepId(row.sweep_id),
                channel: row.channel,
                state: row.state,
                attempts: row.attempts.unsigned_abs(),
                in_doubt: row.in_doubt,
                created_at: row.created_at,
                next_attempt_at: row.next_attempt_at,
                sent_at: row.sent_at,
                last_error: row.last_error,
            });
            Ok(rows.collect())
        })
        .await
    }

    /// How many notifications are in each state.
    pub async fn notification_counts(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = sqlx::query!(
            r#"select state, count(*) as "count!" from notification group by state order by state"#
        )
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.explain(error.into()))?;
        let counts = rows
            .into_iter()
            .map(|row| (row.state, row.count.unsigned_abs()));
        Ok(counts.collect())
    }

    /// Makes notifications due now that are waiting, held or given up: those with these ids,
    /// or all that wait when no id is given. How many there are.
    pub async fn requeue_notifications(&self, ids: &[NotificationId]) -> Result<u64, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.attempt(|| async {
            let due = sqlx::query!(
                "update notification
                 set state = 'pending', next_attempt_at = now()
                 where case
                    when cardinality($1::uuid[]) = 0 then state = 'pending'
                    else notification_id = any ($1) and state in ('pending', 'held', 'failed')
                 end",
                &ids
            )
            .execute(&self.pool)
            .await?;
            Ok(due.rows_affected())
        })
        .await
    }
}
