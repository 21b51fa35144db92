//! `orgsweep-remediate undo`: takes back what a run did.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use orgsweep_controls::AccountId;
use orgsweep_remediator::Plan;
use orgsweep_remediator::apply::{Boundaries, Recorder, Threshold, Work, in_order};
use orgsweep_remediator::write::Writers;
use orgsweep_store::{ActionRow, ActionState, NewAction, NewRun, RunRow, RunState, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::apply::How;
use super::arguments::Common;
use super::confirmation::confirmed;
use super::execution::{Direction, Limits, Turn, ended, locked, steps_by_account, wave};
use super::id::Id;
use super::progress::Progress;
use super::settings::Settings;
use super::verification::{accounts_in, judged_again};
use super::{Exit, accounts, demo, interruption, output, status, stored};

/// Take back what a run did, step by step in reverse order.
///
/// A step is taken back only when its resource is still as the run left it. An undo that was cut
/// short goes on when it is called again.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run's id; its first characters will do.
    #[arg(value_name = "RUN_ID")]
    run: Id,

    /// Only in this account, by number or name; can be repeated.
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    #[command(flatten)]
    how: How,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<Exit> {
    status::check_format(common)?;
    let settings = Settings::read(common)?;
    demo::refused(common, &settings)?;
    let store = settings.store().await?;
    let undoing = Undoing {
        arguments: &arguments,
        common,
        settings: &settings,
        stop: interruption::token(),
    };
    let mut store = Some(store);
    let result = undoing.run(&mut store).await;
    if let Some(store) = store {
        store.close().await;
    }
    result
}

/// A run that is being taken back.
struct Undoing<'a> {
    arguments: &'a Arguments,
    common: &'a Common,
    settings: &'a Settings,
    stop: CancellationToken,
}

impl Undoing<'_> {
    async fn run(&self, store: &mut Option<Store>) -> anyhow::Result<Exit> {
        let Some(open) = store.as_ref() else {
            bail!("the store is closed");
        };
        let id = self.arguments.run.run(open).await?;
        let Some(run) = open.run(id).await? else {
            bail!("there is no run `{id}`; `orgsweep remediate list --runs` lists them");
        };
        if let Some(undone) = run.undoes {
            bail!(
                "run `{id}` took back run `{undone}`; apply its plan again instead of undoing the undoing"
            );
        }
        let plan = stored::plan(run.plan_id, open).await?;
        let accounts = self.accounts(&plan, id, open).await?;
        if accounts.is_empty() {
            output::tell(&format!(
                "nothing that run {id} did is left to be taken back"
            ));
            return Ok(Exit::Fine);
        }
        let what = format!(
            "What run {id} did in {} will be taken back.",
            output::counted(accounts.len(), "account", "accounts")
        );
        confirmed(self.arguments.how.said(), &plan.digest, &what)?;
        let writers = self.arguments.how.writers(self.settings).await?;
        let locks = locked(open, &accounts).await?;
        let result = self.locked(store, writers, &plan, &run, &accounts).await;
        locks.release().await;
        result
    }

    /// The accounts in which something is left to be taken back, in reverse order.
    async fn accounts(
        &self,
        plan: &Plan,
        run: Uuid,
        store: &Store,
    ) -> anyhow::Result<Vec<AccountId>> {
        let done: BTreeSet<String> = store
            .run_actions(run)
            .await?
            .into_iter()
            .filter(|row| row.state == ActionState::Done)
            .map(|row| row.account_id)
            .collect();
        let chosen = accounts::numbers(&self.arguments.accounts, store).await?;
        Ok(in_order(plan)
            .into_iter()
            .rev()
            .filter(|account| done.contains(account.as_str()))
            .filter(|account| chosen.is_empty() || chosen.contains(account))
            .collect())
    }

    async fn locked(
        &self,
        store: &mut Option<Store>,
        writers: Writers,
        plan: &Plan,
        undone: &RunRow,
        accounts: &[AccountId],
    ) -> anyhow::Result<Exit> {
        let Some(open) = store.as_ref() else {
            bail!("the store is closed");
        };
        let run = self.started(open, &writers, undone, accounts).await?;
        output::tell(&format!("run {run}"));
        let work = Work {
            writers,
            recorder: Recorder::start(open, run),
            store: open.clone(),
            run,
            plan: plan.plan_id,
            tags: Arc::new(plan.tags.clone()),
            stop: self.stop.clone(),
            boundaries: Arc::new(Boundaries::ending_at(self.arguments.how.end_at_boundary)),
            ended: Arc::default(),
        };
        let steps = steps_by_account(plan);
        let limits = Limits {
            concurrency: self.arguments.how.accounts_at_once(accounts.len()),
            threshold: Threshold(100),
            planned: accounts.len(),
        };
        let progress = Progress::start(
            plan.steps.len() as u64,
            work.ended.clone(),
            "are taken back",
        );
        let direction = Direction::Undo(undone.run_id);
        let turns: Vec<Turn> = (accounts.iter().cloned())
            .map(|account| Turn {
                account,
                begun: true,
            })
            .collect();
        let end = wave(&work, direction, &turns, &steps, limits).await;
        drop(progress);
        let (state, message) = match &end {
            Ok(end) if end.stopped.is_some() => (RunState::Interrupted, end.stopped.clone()),
            Ok(end) if !end.failed.is_empty() => {
                let failed = output::counted(end.failed.len(), "account", "accounts");
                let message = format!("{failed} could not be put back as planned");
                (RunState::Failed, Some(message))
            }
            Ok(_) => (RunState::Finished, None),
            Err(_) => {
                let message = "what was done could not be recorded".to_owned();
                (RunState::Interrupted, Some(message))
            }
        };
        let recorded = ended(open, run, state, message.as_deref()).await;
        end?;
        recorded?;
        if !self.arguments.how.without_verification && state != RunState::Interrupted {
            self.judged_again(store, undone.run_id).await?;
        }
        let Some(open) = store.as_ref() else {
            bail!("the store is closed");
        };
        let told = status::Told::of(run, open).await?;
        output::print(&status::text(&told, self.common)?)?;
        Ok(match state {
            RunState::Finished => Exit::Fine,
            _ if self.stop.is_cancelled() => Exit::Interrupted,
            _ => Exit::Incomplete,
        })
    }

    /// Goes on with an undoing of the run that was cut short, or starts one.
    async fn started(
        &self,
        store: &Store,
        writers: &Writers,
        undone: &RunRow,
        accounts: &[AccountId],
    ) -> anyhow::Result<Uuid> {
        let unfinished = store
            .runs_of_plan(undone.plan_id)
            .await?
            .into_iter()
            .find(|run| run.undoes == Some(undone.run_id))
            .filter(|run| run.state != RunState::Finished);
        let chosen: BTreeSet<&str> = accounts.iter().map(AccountId::as_str).collect();
        let wanted = |row: &ActionRow| {
            row.state == ActionState::Done && chosen.contains(row.account_id.as_str())
        };
        let rows = store.run_actions(undone.run_id).await?;
        if let Some(run) = unfinished {
            let covered: BTreeSet<u32> = store
                .run_actions(run.run_id)
                .await?
                .into_iter()
                .map(|row| row.number)
                .collect();
            let all = rows
                .iter()
                .filter(|row| wanted(row))
                .all(|row| covered.contains(&row.number));
            if all {
                store
                    .put_run_state(run.run_id, RunState::Running, None)
                    .await?;
                return Ok(run.run_id);
            }
        }
        let new = NewRun {
            id: Uuid::now_v7(),
            plan_id: undone.plan_id,
            undoes: Some(undone.run_id),
            author: self.arguments.how.author(),
            caller: writers.access().caller().arn.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            accounts: accounts
                .iter()
                .map(|account| (account.clone(), 1))
                .collect(),
            actions: rows
                .iter()
                .filter(|row| wanted(row))
                .filter_map(|row| {
                    Some(NewAction {
                        number: row.number,
                        account: row.account_id.parse().ok()?,
                        kind: row.kind.clone(),
                        resource: row.resource.clone(),
                    })
                })
                .collect(),
            findings: Vec::new(),
        };
        store.start_run(&new).await?;
        Ok(new.id)
    }

    /// Reads and judges the accounts whose findings hung on what was taken back.
    async fn judged_again(&self, store: &mut Option<Store>, undone: Uuid) -> anyhow::Result<()> {
        let Some(taken) = store.take() else {
            bail!("the store is closed");
        };
        let accounts = accounts_in("undone", &taken.repairs(undone).await?);
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let judged = judged_again(
            taken,
            &accounts,
            self.settings,
            self.common,
            self.arguments.how.reading_role.as_deref(),
        )
        .await?;
        *store = Some(judged.store);
        Ok(())
    }
}
