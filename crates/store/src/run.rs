//! Table `run`: executions of plans, and the undoing of them, with the accounts that
//! they change (`run_account`) and the findings that they are about (`run_finding`).

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::{AccountId, ControlId};
use serde::Serialize;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;
use crate::text::storable;

/// What is known of a run when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its id.
    pub id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The run that it takes back; none for an apply.
    pub undoes: Option<Uuid>,
    /// Who starts it.
    pub author: String,
    /// ARN of the AWS principal that makes the calls.
    pub caller: String,
    /// Version of orgsweep.
    pub program_version: String,
    /// The accounts that it changes, each with its wave from 1.
    pub accounts: Vec<(AccountId, u32)>,
    /// Its steps.
    pub actions: Vec<NewAction>,
    /// The findings that it is to make pass.
    pub findings: Vec<NewRunFinding>,
}

/// A step before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// Its place in the plan.
    pub number: u32,
    /// The account that it changes.
    pub account: AccountId,
    /// What it does.
    pub kind: String,
    /// ARN or name of what it changes.
    pub resource: String,
}

/// A finding that a run is to make pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRunFinding {
    /// The account.
    pub account: AccountId,
    /// The control.
    pub control: ControlId,
    /// Why it failed when it was planned.
    pub reason: String,
    /// Numbers of the steps that it needs.
    pub steps: Vec<u32>,
    /// How many things people have to do for it.
    pub human_steps: u32,
}

/// How a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// At work, or killed.
    Running,
    /// Stopped on the way; can be resumed.
    Interrupted,
    /// Everything is done.
    Finished,
    /// Something could not be done.
    Failed,
}

impl RunState {
    /// As it stands in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "interrupted" => Self::Interrupted,
            "finished" => Self::Finished,
            "failed" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// Its id.
    pub run_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The run that it takes back.
    pub undoes: Option<Uuid>,
    /// Who started it.
    pub author: String,
    /// ARN of the AWS principal that made the calls.
    pub caller: Option<String>,
    /// How it is doing.
    pub state: RunState,
    /// Why it stopped, in words.
    pub message: Option<String>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its steps.
    pub steps: i64,
    /// Steps that are done, or needed not be done.
    pub done: i64,
    /// Steps that are taken back.
    pub undone: i64,
}

/// How an account of a run is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAccountRecord {
    /// The account.
    pub account: AccountId,
    /// `running`, `done`, `drifted`, `failed` or `interrupted`.
    pub state: &'static str,
    /// Why it stopped.
    pub message: Option<String>,
}

/// An account of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunAccountRow {
    /// AWS account number.
    pub account_id: String,
    /// Its wave, from 1.
    pub wave: i32,
    /// `pending`, `running`, `done`, `drifted`, `failed` or `interrupted`.
    pub state: String,
    /// Why it stopped.
    pub message: Option<String>,
    /// When work on it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Starts a run: all its rows in one transaction. One with the same id stays as it is.
    pub async fn start_run(&self, new: &NewRun) -> Result<(), StoreError> {
        self.attempt(|| self.start_run_once(new)).await
    }

    async fn start_run_once(&self, new: &NewRun) -> Result<(), StoreError> {
        let (author, caller) = (storable(&new.author), storable(&new.caller));
        let mut transaction = self.begin().await?;
        let written = sqlx::query!(
            "insert into run (run_id, plan_id, undoes, author, caller, program_version)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (run_id) do nothing",
            new.id,
            new.plan_id,
            new.undoes,
            author.as_ref(),
            caller.as_ref(),
            new.program_version,
        )
        .execute(&mut *transaction)
        .await?;
        if written.rows_affected() == 0 {
            return Ok(());
        }
        let (accounts, waves): (Vec<String>, Vec<i32>) = new
            .accounts
            .iter()
            .map(|(account, wave)| {
                (
                    account.to_string(),
                    i32::try_from(*wave).unwrap_or(i32::MAX),
                )
            })
            .unzip();
        sqlx::query!(
            "insert into run_account (run_id, account_id, wave)
             select $1, * from unnest($2::text[], $3::integer[])",
            new.id,
            &accounts,
            &waves,
        )
        .execute(&mut *transaction)
        .await?;
        let numbers: Vec<i32> = new
            .actions
            .iter()
            .map(|action| number(action.number))
            .collect();
        let owners: Vec<String> = texts(new.actions.iter().map(|action| &action.account));
        let kinds: Vec<String> = new
            .actions
            .iter()
            .map(|action| action.kind.clone())
            .collect();
        let resources: Vec<String> = new
            .actions
            .iter()
            .map(|action| storable(&action.resource).into_owned())
            .collect();
        sqlx::query!(
            "insert into run_action (run_id, action_no, account_id, kind, resource)
             select $1, * from unnest($2::integer[], $3::text[], $4::text[], $5::text[])",
            new.id,
            &numbers,
            &owners,
            &kinds,
            &resources,
        )
        .execute(&mut *transaction)
        .await?;
        // Arrays of arrays must be rectangular, so that steps travel as texts.
        let owners: Vec<String> = texts(new.findings.iter().map(|finding| &finding.account));
        let controls: Vec<String> = texts(new.findings.iter().map(|finding| &finding.control));
        let reasons: Vec<String> = new
            .findings
            .iter()
            .map(|finding| finding.reason.clone())
            .collect();
        let steps: Vec<String> = new
            .findings
            .iter()
            .map(|finding| {
                let numbers: Vec<String> = finding.steps.iter().map(ToString::to_string).collect();
                format!("{{{}}}", numbers.join(","))
            })
            .collect();
        let human: Vec<i32> = new
            .findings
            .iter()
            .map(|finding| number(finding.human_steps))
            .collect();
        sqlx::query!(
            "insert into run_finding (run_id, account_id, control_id, reason, steps, human_steps)
             select $1, f.account_id, f.control_id, f.reason, f.steps::integer[], f.human_steps
             from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::integer[])
                as f (account_id, control_id, reason, steps, human_steps)",
            new.id,
            &owners,
            &controls,
            &reasons,
            &steps,
            &human,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Says how a run is doing. One that goes on after it ended has no end any more.
    pub async fn put_run_state(
        &self,
        run: Uuid,
        state: RunState,
        message: Option<&str>,
    ) -> Result<(), StoreError> {
        let message = message.map(storable);
        let ended = matches!(state, RunState::Finished | RunState::Failed);
        self.attempt(|| async {
            sqlx::query!(
                "update run
                 set state = $2, message = $3, finished_at = case when $4 then $5::timestamptz end
                 where run_id = $1",
                run,
                state.as_str(),
                message.as_deref(),
                ended,
                Utc::now(),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Says how accounts of a run are doing, each at most once, all in one transaction.
    pub async fn put_run_accounts(
        &self,
        run: Uuid,
        records: &[RunAccountRecord],
    ) -> Result<(), StoreError> {
        let accounts: Vec<String> = (records.iter())
            .map(|record| record.account.to_string())
            .collect();
        let states: Vec<String> = (records.iter())
            .map(|record| record.state.to_owned())
            .collect();
        let messages: Vec<Option<String>> = (records.iter())
            .map(|record| Some(storable(record.message.as_deref()?).into_owned()))
            .collect();
        self.attempt(|| async {
            sqlx::query!(
                "update run_account ra
                 set state = new.state, message = new.message,
                    started_at = coalesce(ra.started_at, $5),
                    finished_at = case when new.state <> 'running' then $5::timestamptz end
                 from (
                    select $1::uuid as run_id, *
                    from unnest($2::text[], $3::text[], $4::text[]) as row (account_id, state, message)
                    -- Keeps the planner from reading all accounts of the run each time.
                    offset 0
                 ) as new
                 where ra.run_id = new.run_id and ra.account_id = new.account_id",
                run,
                &accounts,
                &states,
                &messages as &[Option<String>],
                Utc::now(),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// The accounts of a run, wave by wave.
    pub async fn run_accounts(&self, run: Uuid) -> Result<Vec<RunAccountRow>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_as!(
                RunAccountRow,
                "select account_id, wave, state, message, started_at, finished_at
                 from run_account where run_id = $1 order by wave, account_id",
                run
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    /// A run by its id.
    pub async fn run(&self, id: Uuid) -> Result<Option<RunRow>, StoreError> {
        let rows = self.runs_where(Some(id), None).await?;
        Ok(rows.into_iter().next())
    }

    /// The ids of runs that begin so, the newest first; a few of many. `beginning` consists of
    /// hexadecimal digits and hyphens.
    pub async fn runs_beginning(&self, beginning: &str) -> Result<Vec<Uuid>, StoreError> {
        self.attempt(|| async {
            Ok(sqlx::query_scalar!(
                "select run_id from run
                 where starts_with(run_id::text, $1)
                 order by started_at desc, run_id limit 4",
                beginning
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    /// The runs of a plan, the newest first.
    pub async fn runs_of_plan(&self, plan: Uuid) -> Result<Vec<RunRow>, StoreError> {
        self.runs_where(None, Some(plan)).await
    }

    /// All runs, the newest first.
    pub async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.runs_where(None, None).await
    }

    async fn runs_where(
        &self,
        id: Option<Uuid>,
        plan: Option<Uuid>,
    ) -> Result<Vec<RunRow>, StoreError> {
        self.attempt(|| async {
            let rows = sqlx::query!(
                r#"select
                    r.run_id, r.plan_id, r.undoes, r.author, r.caller, r.state, r.message,
                    r.started_at, r.finished_at,
                    count(ra.action_no) as "steps!",
                    count(*) filter (where ra.state in ('done', 'skipped')) as "done!",
                    count(*) filter (where ra.state = 'undone') as "undone!"
                 from run r
                 left join run_action ra using (run_id)
                 where ($1::uuid is null or r.run_id = $1) and ($2::uuid is null or r.plan_id = $2)
                 group by r.run_id
                 order by r.started_at desc, r.run_id desc"#,
                id,
                plan,
            )
            .fetch_all(&self.pool)
            .await?;
            Ok(rows
                .into_iter()
                .map(|row| RunRow {
                    run_id: row.run_id,
                    plan_id: row.plan_id,
                    undoes: row.undoes,
                    author: row.author,
                    caller: row.caller,
                    state: RunState::of(&row.state),
                    message: row.message,
                    started_at: row.started_at,
                    finished_at: row.finished_at,
                    steps: row.steps,
                    done: row.done,
                    undone: row.undone,
                })
                .collect())
        })
        .await
    }
}

fn number(of: u32) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

fn texts<'a, T: ToString + 'a>(values: impl Iterator<Item = &'a T>) -> Vec<String> {
    values.map(ToString::to_string).collect()
}
