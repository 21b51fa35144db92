//! Table `drill`: alarms that were made to ring on purpose. A row is written before
//! the alarm rings, so that one that is cut short is seen and put back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::{storable, storable_json};

/// A drill that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDrill {
    /// Its id.
    pub id: Uuid,
    /// `drill` or `heartbeat`.
    pub kind: &'static str,
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The alarm.
    pub alarm_arn: String,
    /// Who rings it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// The alarm's state.
    pub state_before: String,
}

/// What came of one action of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrilledAction {
    /// Its ARN.
    pub action: String,
    /// Whether it was carried out; unknown when it left no trace in time.
    pub succeeded: Option<bool>,
    /// The words of the alarm's history.
    pub words: Option<String>,
}

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillEnd {
    /// `rang`, `failed`, `silent` or `interrupted`.
    pub outcome: &'static str,
    /// What came of each action.
    pub actions: Vec<DrilledAction>,
    /// Whether the alarm has its state of before again.
    pub put_back: bool,
    /// What went wrong, in words.
    pub message: Option<String>,
    /// When.
    pub finished_at: DateTime<Utc>,
}

/// A drill that has no end yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDrill {
    /// Its id.
    pub id: Uuid,
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The alarm.
    pub alarm_arn: String,
    /// Its state before.
    pub state_before: String,
    /// Who rang it.
    pub author: String,
    /// When.
    pub started_at: DateTime<Utc>,
}

/// When something was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastSeen {
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: String,
    /// The topic or other action.
    pub action_arn: String,
    /// The alarm that was made to ring.
    pub alarm_arn: String,
    /// When.
    pub last_seen_at: DateTime<Utc>,
}

/// When an alarm was last made to ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRung {
    /// The alarm.
    pub alarm_arn: String,
    /// When all of its actions last succeeded; none for never.
    pub last_rang_at: Option<DateTime<Utc>>,
    /// When it was last made to ring.
    pub last_tried_at: DateTime<Utc>,
    /// What came of that: `rang`, `failed`, `silent`, `interrupted` or `ringing`.
    pub last_outcome: String,
}

impl Store {
    /// When each of these alarms was last made to ring, for those that ever were.
    pub async fn last_rung(&self, alarms: &[String]) -> Result<Vec<LastRung>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                LastRung,
                r#"select alarm_arn as "alarm_arn!", last_rang_at,
                    last_tried_at as "last_tried_at!", last_outcome as "last_outcome!"
                 from last_rung where alarm_arn = any ($1) order by alarm_arn"#,
                alarms
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    /// Records that an alarm is about to be made to ring; `false` when somebody makes it ring
    /// at this moment.
    pub async fn begin_drill(&self, new: &NewDrill) -> Result<bool, StoreError> {
        let (author, reason) = (storable(&new.author), storable(&new.reason));
        self.attempt(|| async {
            let done = sqlx::query!(
                "insert into drill (
                    drill_id, kind, account_id, region, alarm_arn, author, reason, started_at, state_before
                 ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 on conflict (alarm_arn) where outcome = 'ringing' do nothing",
                new.id,
                new.kind,
                new.account_id,
                new.region,
                new.alarm_arn,
                author.as_ref(),
                reason.as_ref(),
                new.started_at,
                new.state_before,
            )
            .execute(&self.pool)
            .await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    /// Records how a drill ended. One that has ended already stays as it is.
    pub async fn end_drill(&self, id: Uuid, end: &DrillEnd) -> Result<(), StoreError> {
        let actions = storable_json(&end.actions)?;
        let message = end.message.as_deref().map(storable);
        self.attempt(|| async {
            sqlx::query!(
                "update drill
                 set outcome = $2, actions = $3, put_back = $4, message = $5, finished_at = $6
                 where drill_id = $1 and outcome = 'ringing'",
                id,
                end.outcome,
                actions,
                end.put_back,
                message.as_deref(),
                end.finished_at,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Drills that began and have no end: those that run now, and those that were cut short.
    pub async fn open_drills(&self) -> Result<Vec<OpenDrill>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                OpenDrill,
                "select drill_id as id, account_id, region, alarm_arn, state_before, author, started_at
                 from drill where outcome = 'ringing' order by started_at, drill_id"
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    /// When each topic or other action was last seen to get a message out.
    pub async fn last_seen_end_to_end(&self) -> Result<Vec<LastSeen>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                LastSeen,
                r#"select account_id as "account_id!", region as "region!",
                    action_arn as "action_arn!", alarm_arn as "alarm_arn!",
                    last_seen_at as "last_seen_at!"
                 from last_seen_end_to_end order by account_id, region, action_arn"#
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }
}
