//! Table `run_action`: the steps of a run, each written before it starts and after it
//! ends, so that a run that was killed can be told from its rows.

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::AccountId;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::{storable, storable_json};

/// How a step is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// Not begun.
    Pending,
    /// Begun; whether it took effect is not known.
    Started,
    /// Done.
    Done,
    /// Not done, because somebody changed something since the plan.
    Drifted,
    /// Not done, because AWS said no.
    Failed,
    /// Done, and taken back.
    Undone,
    /// Nothing had to be done.
    Skipped,
}

impl ActionState {
    /// As it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Started => "started",
            Self::Done => "done",
            Self::Drifted => "drifted",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::Skipped => "skipped",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "started" => Self::Started,
            "done" => Self::Done,
            "drifted" => Self::Drifted,
            "failed" => Self::Failed,
            "undone" => Self::Undone,
            "skipped" => Self::Skipped,
            _ => Self::Pending,
        }
    }
}

/// A step of a run as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionRow {
    /// Its place in the plan.
    pub number: u32,
    /// AWS account number.
    pub account_id: String,
    /// What it does.
    pub kind: String,
    /// ARN or name of what it changes.
    pub resource: String,
    /// How it is doing.
    pub state: ActionState,
    /// What was there before.
    pub before: Option<Value>,
    /// What is there afterwards.
    pub after: Option<Value>,
    /// What went wrong, or why nothing had to be done.
    pub message: Option<String>,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A finding that a run was to make pass, as the view `repair_status` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepairRow {
    /// AWS account number.
    pub account_id: String,
    /// Name of the account.
    pub account_name: Option<String>,
    /// The control.
    pub control: String,
    /// Reason code for which it failed when it was planned.
    pub reason_before: String,
    /// `verified`, `waiting_for_confirmation`, `still_failing` …
    pub state: String,
    /// Verdict now.
    pub verdict: Option<String>,
    /// Reason code now.
    pub reason: Option<String>,
}

impl Store {
    /// Writes that a step is about to be done, with what is there before.
    pub async fn begin_action(
        &self,
        run: Uuid,
        number: u32,
        before: &Value,
    ) -> Result<(), StoreError> {
        let before = storable_json(before)?;
        self.attempt(|| async {
            sqlx::query!(
                "update run_action
                 set state = 'started', before = $3, after = null, message = null,
                    started_at = $4, finished_at = null
                 where run_id = $1 and action_no = $2",
                run,
                action_no(number),
                before,
                Utc::now(),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Writes how a step ended. A step that was `started` and failed without anybody knowing
    /// whether it took effect stays `started`, with its message.
    pub async fn end_action(
        &self,
        run: Uuid,
        number: u32,
        state: ActionState,
        after: Option<&Value>,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let after = after.map(storable_json).transpose()?;
        let message = message.map(storable);
        self.attempt(|| async {
            // Work that is repeated after a lost connection finds what it has written.
            sqlx::query!(
                "update run_action
                 set state = $3, after = $4, message = $5,
                    finished_at = case when $3 <> 'started' then $6::timestamptz end
                 where run_id = $1 and action_no = $2 and state not in ('done', 'undone')",
                run,
                action_no(number),
                state.as_str(),
                after,
                message.as_deref(),
                Utc::now(),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Writes that step `number` of `undoing` has taken back that of `run`, in one transaction.
    pub async fn end_undone(
        &self,
        undoing: Uuid,
        run: Uuid,
        number: u32,
        after: &Value,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let after = storable_json(after)?;
        let message = message.map(storable);
        self.attempt(|| async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query!(
                "update run_action
                 set state = 'done', after = $3, message = $4, finished_at = $5
                 where run_id = $1 and action_no = $2 and state <> 'done'",
                undoing,
                action_no(number),
                after,
                message.as_deref(),
                Utc::now(),
            )
            .execute(&mut *transaction)
            .await?;
            sqlx::query!(
                "update run_action set state = 'undone'
                 where run_id = $1 and action_no = $2 and state = 'done'",
                run,
                action_no(number),
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    /// The steps of a run in their order.
    pub async fn run_actions(&self, run: Uuid) -> Result<Vec<ActionRow>, StoreError> {
        self.actions_where(run, None).await
    }

    /// The steps of a run in one account, in their order.
    pub async fn run_actions_in(
        &self,
        run: Uuid,
        account: &AccountId,
    ) -> Result<Vec<ActionRow>, StoreError> {
        self.actions_where(run, Some(account.as_str())).await
    }

    async fn actions_where(
        &self,
        run: Uuid,
        account: Option<&str>,
    ) -> Result<Vec<ActionRow>, StoreError> {
        self.attempt(|| async {
            let rows = sqlx::query!(
                "select action_no, account_id, kind, resource, state, before, after, message,
                    started_at, finished_at
                 from run_action
                 where run_id = $1 and ($2::text is null or account_id = $2)
                 order by action_no",
                run,
                account,
            )
            .fetch_all(&self.pool)
            .await?;
            Ok(rows
                .into_iter()
                .map(|row| ActionRow {
                    number: row.action_no.unsigned_abs(),
                    account_id: row.account_id,
                    kind: row.kind,
                    resource: row.resource,
                    state: ActionState::of(&row.state),
                    before: row.before,
                    after: row.after,
                    message: row.message,
                    started_at: row.started_at,
                    finished_at: row.finished_at,
                })
                .collect())
        })
        .await
    }

    /// What became of the findings that a run was to make pass.
    pub async fn repairs(&self, run: Uuid) -> Result<Vec<RepairRow>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                RepairRow,
                r#"select account_id as "account_id!", account_name as "account_name?",
                    control as "control!", reason_before as "reason_before!", state as "state!",
                    verdict as "verdict?", reason as "reason?"
                 from repair_status
                 where run_id = $1
                 order by account_id, control"#,
                run
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }
}

fn action_no(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
