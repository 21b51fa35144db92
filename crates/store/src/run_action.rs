//! Table `run_action`: the steps of a run, each written before it starts and after it
//! ends, so that a run that was killed can be told from its rows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::AccountId;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::{storable, storable_text};

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

/// What became of a step of a run.
#[derive(Debug, Clone)]
pub struct ActionRecord {
    /// Its place in the plan.
    pub number: u32,
    /// What became of it.
    pub step: ActionStep,
}

/// What became of a step.
#[derive(Debug, Clone)]
pub enum ActionStep {
    /// It is about to be done.
    Begun {
        /// What is there before.
        before: Box<RawValue>,
    },
    /// It ended.
    Ended {
        /// How. A step of which nobody knows whether it took effect stays `started`.
        state: ActionState,
        /// What is there afterwards.
        after: Option<Box<RawValue>>,
        /// What went wrong, or why nothing had to be done.
        message: Option<String>,
    },
    /// It took back the step of the same number of another run.
    TookBack {
        /// That run.
        of: Uuid,
        /// What is there afterwards.
        after: Box<RawValue>,
        /// What is to be said of it.
        message: Option<String>,
    },
}

/// Rows of steps that begin.
#[derive(Debug, Default)]
struct Begun {
    numbers: Vec<i32>,
    before: Vec<Json<Box<RawValue>>>,
}

/// Rows of steps that ended.
#[derive(Debug, Default)]
struct Ended {
    numbers: Vec<i32>,
    states: Vec<String>,
    after: Vec<Option<Json<Box<RawValue>>>>,
    messages: Vec<Option<String>>,
}

impl Ended {
    fn push(
        &mut self,
        number: i32,
        state: ActionState,
        after: Option<&RawValue>,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        self.numbers.push(number);
        self.states.push(state.as_str().to_owned());
        self.after.push(after.map(stored).transpose()?);
        let message = message.map(|text| storable(text).into_owned());
        self.messages.push(message);
        Ok(())
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
    /// Writes what became of steps of `run`, all in one transaction, each step at most once. Nothing
    /// is changed of a step that is done, but that it can be undone: work that is repeated after a
    /// lost connection finds what it has written.
    ///
    /// # Errors
    /// Nothing is written when one of them cannot be: a step that is done cannot begin.
    pub async fn record_actions(
        &self,
        run: Uuid,
        records: &[ActionRecord],
    ) -> Result<(), StoreError> {
        let (mut begun, mut ended) = (Begun::default(), Ended::default());
        let mut undone = BTreeMap::<Uuid, Vec<i32>>::new();
        for ActionRecord { number, step } in records {
            let number = action_no(*number);
            match step {
                ActionStep::Begun { before } => {
                    begun.numbers.push(number);
                    begun.before.push(stored(before)?);
                }
                ActionStep::Ended {
                    state,
                    after,
                    message,
                } => ended.push(number, *state, after.as_deref(), message.as_deref())?,
                ActionStep::TookBack { of, after, message } => {
                    ended.push(number, ActionState::Done, Some(after), message.as_deref())?;
                    undone.entry(*of).or_default().push(number);
                }
            }
        }
        self.attempt(|| self.record_actions_once(run, &begun, &ended, &undone))
            .await
    }

    async fn record_actions_once(
        &self,
        run: Uuid,
        begun: &Begun,
        ended: &Ended,
        undone: &BTreeMap<Uuid, Vec<i32>>,
    ) -> Result<(), StoreError> {
        let parts = [!begun.numbers.is_empty(), !ended.numbers.is_empty()];
        if parts != [true, true] && undone.is_empty() {
            // One statement, which is a transaction by itself.
            let mut connection = self.pool.acquire().await?;
            return write(&mut connection, run, begun, ended, undone).await;
        }
        let mut transaction = self.begin().await?;
        write(&mut transaction, run, begun, ended, undone).await?;
        transaction.commit().await?;
        Ok(())
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

/// Writes the rows that changed. `offset 0` keeps the planner from looking at the run first: before
/// the table's first statistics it takes a run for short, and would read all of its steps each time.
async fn write(
    connection: &mut PgConnection,
    run: Uuid,
    begun: &Begun,
    ended: &Ended,
    undone: &BTreeMap<Uuid, Vec<i32>>,
) -> Result<(), StoreError> {
    if !begun.numbers.is_empty() {
        sqlx::query!(
            "update run_action ra
             set state = 'started', before = new.before, after = null, message = null,
                started_at = $4, finished_at = null
             from (
                select $1::uuid as run_id, *
                from unnest($2::integer[], $3::jsonb[]) as row (action_no, before)
                offset 0
             ) as new
             where ra.run_id = new.run_id and ra.action_no = new.action_no",
            run,
            &begun.numbers,
            &begun.before as &[Json<Box<RawValue>>],
            Utc::now(),
        )
        .execute(&mut *connection)
        .await?;
    }
    if !ended.numbers.is_empty() {
        sqlx::query!(
            "update run_action ra
             set state = new.state, after = new.after, message = new.message,
                finished_at = case when new.state <> 'started' then $6::timestamptz end
             from (
                select $1::uuid as run_id, *
                from unnest($2::integer[], $3::text[], $4::jsonb[], $5::text[])
                    as row (action_no, state, after, message)
                offset 0
             ) as new
             where ra.run_id = new.run_id and ra.action_no = new.action_no
                and ra.state not in ('done', 'undone')",
            run,
            &ended.numbers,
            &ended.states,
            &ended.after as &[Option<Json<Box<RawValue>>>],
            &ended.messages as &[Option<String>],
            Utc::now(),
        )
        .execute(&mut *connection)
        .await?;
    }
    for (of, numbers) in undone {
        sqlx::query!(
            "update run_action set state = 'undone'
             where run_id = $1 and action_no = any ($2) and state = 'done'",
            of,
            numbers,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// What was seen, as `jsonb` takes it.
fn stored(seen: &RawValue) -> Result<Json<Box<RawValue>>, StoreError> {
    Ok(Json(storable_text(seen)?))
}

fn action_no(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
