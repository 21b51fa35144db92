//! A plan that is being applied: its run from the first row to the last. Its waves are in `waves`.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use orgsweep_controls::AccountId;
use orgsweep_remediator::Plan;
use orgsweep_remediator::apply::{Boundaries, Canary, Recorder, Work, in_order, waves};
use orgsweep_remediator::write::Writers;
use orgsweep_store::{NewAction, NewRun, NewRunFinding, RunState, SessionLock, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::apply::Arguments;
use super::arguments::Common;
use super::earlier::{Earlier, earlier};
use super::execution::{ended, locked};
use super::settings::Settings;
use super::waves::waves_left;
use super::{Exit, accounts, output, status, usage};

/// A plan that is being applied.
pub(super) struct Applying<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) common: &'a Common,
    pub(super) settings: &'a Settings,
    pub(super) plan: &'a Plan,
    pub(super) stop: CancellationToken,
}

impl Applying<'_> {
    pub(super) async fn run(self, store: Store) -> anyhow::Result<Exit> {
        let order = in_order(self.plan);
        let writers = match self.arguments.how.writers(self.settings).await {
            Ok(writers) => writers,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        let mut locks = match locked(&store, &order).await {
            Ok(locks) => locks,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        let mut store = Some(store);
        let result = self.locked(&mut store, writers, &order, &mut locks).await;
        locks.release().await;
        if let Some(store) = store {
            store.close().await;
        }
        result
    }

    /// The same, while nobody else changes these accounts.
    async fn locked(
        &self,
        store: &mut Option<Store>,
        writers: Writers,
        order: &[AccountId],
        locks: &mut SessionLock,
    ) -> anyhow::Result<Exit> {
        let open = open(store.as_ref())?;
        let runs = open.runs_of_plan(self.plan.plan_id).await?;
        let run = match earlier(runs, self.arguments.resume)? {
            Earlier::Done(run) => {
                output::tell(&format!(
                    "plan {} was applied by {} at {}, and nothing is left to be done; \
                     `orgsweep remediate status {}` shows what came of it",
                    self.plan.plan_id,
                    run.author,
                    run.started_at.format("%Y-%m-%d %H:%M UTC"),
                    run.run_id
                ));
                let told = status::Told::of(run.run_id, open).await?;
                output::print(&status::text(&told, self.common)?)?;
                return Ok(if told.is_fine(false) {
                    Exit::Fine
                } else {
                    Exit::Incomplete
                });
            }
            Earlier::GoOn(run) => {
                open.put_run_state(run.run_id, RunState::Running, None)
                    .await?;
                run.run_id
            }
            Earlier::Start => self.started(open, &writers, order).await?,
        };
        output::tell(&format!("run {run}"));
        let waves = waves_left(&open.run_accounts(run).await?, self.arguments.resume);
        let access = writers.access().clone();
        let work = Work {
            writers,
            recorder: Recorder::start(open, run),
            store: open.clone(),
            run,
            plan: self.plan.plan_id,
            tags: Arc::new(self.plan.tags.clone()),
            stop: self.stop.clone(),
            boundaries: Arc::new(Boundaries::ending_at(self.arguments.how.end_at_boundary)),
            ended: Arc::default(),
        };
        let end = self.waves(store, work, &waves, locks).await;
        let open = self::open(store.as_ref())?;
        let (state, message) = match &end {
            Ok(end) => (end.state, end.message.as_deref()),
            // The database is asked once more: it may be back.
            Err(_) => (
                RunState::Interrupted,
                Some("what was done could not be recorded"),
            ),
        };
        let recorded = ended(open, run, state, message).await;
        let end = end?;
        recorded?;
        let told = status::Told::of(run, open).await?;
        let told = told.with_calls(access.counters());
        output::print(&status::text(&told, self.common)?)?;
        let judged = !self.arguments.how.without_verification;
        Ok(match told.run.state {
            RunState::Finished if told.is_fine(judged) => Exit::Fine,
            RunState::Interrupted if end.paused && told.is_fine(judged) => Exit::Fine,
            RunState::Interrupted if end.paused => Exit::Incomplete,
            RunState::Finished | RunState::Failed => Exit::Incomplete,
            RunState::Running | RunState::Interrupted => {
                if self.stop.is_cancelled() {
                    Exit::Interrupted
                } else {
                    Exit::Incomplete
                }
            }
        })
    }

    /// The rows of a new run.
    async fn started(
        &self,
        store: &Store,
        writers: &Writers,
        order: &[AccountId],
    ) -> anyhow::Result<Uuid> {
        let canary = self.canary(store).await?;
        let new = NewRun {
            id: Uuid::now_v7(),
            plan_id: self.plan.plan_id,
            undoes: None,
            author: self.arguments.how.author(),
            caller: writers.access().caller().arn.clone(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            accounts: waves(order, &canary)
                .into_iter()
                .zip(1..)
                .flat_map(|(wave, number)| wave.into_iter().map(move |account| (account, number)))
                .collect(),
            actions: self
                .plan
                .steps
                .iter()
                .map(|step| NewAction {
                    number: step.number,
                    account: step.account_id.clone(),
                    kind: step.action.kind().to_owned(),
                    resource: step.resource.clone(),
                })
                .collect(),
            findings: self
                .plan
                .repairs
                .iter()
                .map(|repair| NewRunFinding {
                    account: repair.account_id.clone(),
                    control: repair.control.clone(),
                    reason: repair.reason.as_str().to_owned(),
                    steps: repair.steps.clone(),
                    human_steps: u32::try_from(repair.human_steps.len()).unwrap_or(u32::MAX),
                })
                .collect(),
        };
        store.start_run(&new).await?;
        Ok(new.id)
    }

    async fn canary(&self, store: &Store) -> anyhow::Result<Canary> {
        let given = &self.arguments.canary;
        if let [number] = given.as_slice()
            && let Ok(number) = number.parse::<usize>()
            && given[0].len() < 12
        {
            return Ok(Canary::First(number));
        }
        let inventory = store.last_inventory().await?;
        let listed = inventory.map(|known| known.accounts).unwrap_or_default();
        let mut chosen = BTreeSet::new();
        for text in given {
            if let Some((key, value)) = text
                .strip_prefix("tag=")
                .and_then(|tag| tag.split_once('='))
            {
                let tagged = listed.iter().filter(|account| {
                    account
                        .tags
                        .as_ref()
                        .and_then(|tags| tags.get(key))
                        .is_some_and(|found| found == value)
                });
                chosen.extend(tagged.map(|account| account.id.clone()));
            } else {
                let named = accounts::numbers(std::slice::from_ref(text), store).await;
                chosen.extend(named.with_context(|| {
                    format!("`--canary {text}`: write a number of accounts, an account by its number or name, or tag=KEY=VALUE")
                })?);
            }
        }
        let planned = in_order(self.plan);
        if !planned.iter().any(|account| chosen.contains(account)) {
            return Err(usage(
                "`--canary` names no account that the plan changes; `orgsweep remediate show` lists them",
            ));
        }
        Ok(Canary::These(chosen))
    }
}

fn open(store: Option<&Store>) -> anyhow::Result<&Store> {
    store.ok_or_else(|| anyhow::anyhow!("the store is closed"))
}
