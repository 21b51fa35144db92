//! A plan that is being applied: its run, wave after wave, each judged again.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use orgsweep_controls::AccountId;
use orgsweep_remediator::Plan;
use orgsweep_remediator::apply::{Boundaries, Canary, Recorder, Threshold, Work, in_order, waves};
use orgsweep_remediator::write::Writers;
use orgsweep_store::{NewAction, NewRun, NewRunFinding, RunState, SessionLock, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::apply::Arguments;
use super::arguments::Common;
use super::earlier::{Earlier, earlier};
use super::execution::{
    Direction, JudgedAgain, Limits, ended, judged_again, locked, steps_by_account, wave,
};
use super::progress::Progress;
use super::settings::Settings;
use super::{Exit, output, status, usage};

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
                return Ok(Exit::Fine);
            }
            Earlier::GoOn(run) => {
                open.put_run_state(run.run_id, RunState::Running, None)
                    .await?;
                run.run_id
            }
            Earlier::Start => self.started(open, &writers, order).await?,
        };
        output::tell(&format!("run {run}"));
        let waves = waves_left(open, run).await?;
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
        end?;
        recorded?;
        let told = status::Told::of(run, open).await?;
        let told = told.with_calls(access.counters());
        output::print(&status::text(&told, self.common)?)?;
        Ok(match told.run.state {
            RunState::Finished => Exit::Fine,
            RunState::Failed => Exit::Incomplete,
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
            } else if let Ok(account) = text.parse::<AccountId>() {
                chosen.insert(account);
            } else {
                return Err(usage(format!(
                    "`--canary {text}`: write a number, an account of twelve digits, or tag=KEY=VALUE"
                )));
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

    /// Does the waves one after the other, until one of them says that the rest is left alone.
    async fn waves(
        &self,
        store: &mut Option<Store>,
        mut work: Work,
        waves: &[Vec<AccountId>],
        locks: &mut SessionLock,
    ) -> anyhow::Result<RunEnd> {
        let steps = steps_by_account(self.plan);
        let threshold = Threshold(self.arguments.max_failures);
        let limits = Limits {
            concurrency: self.arguments.how.concurrency,
            threshold,
        };
        let (mut tried, mut failed) = (0, 0);
        if waves.is_empty() && !self.arguments.how.without_verification {
            // Cut short after the last step: what is left is to judge again.
            self.verified(store, &mut work).await?;
        }
        for (accounts, number) in waves.iter().zip(1..) {
            if self.stop.is_cancelled() {
                return Ok(RunEnd::of(RunState::Interrupted, None));
            }
            if !locks.holds().await {
                let message =
                    "the database connection that keeps others out of these accounts was lost";
                return Ok(RunEnd::of(RunState::Interrupted, Some(message.to_owned())));
            }
            let progress =
                Progress::start(self.plan.steps.len() as u64, work.ended.clone(), "are done");
            let end = wave(&work, Direction::Apply, accounts, &steps, limits).await;
            drop(progress);
            let end = end?;
            tried += end.tried;
            failed += end.failed;
            if let Some(why) = end.stopped {
                return Ok(RunEnd::of(RunState::Interrupted, Some(why)));
            }
            let mut problem = None;
            if !self.arguments.how.without_verification {
                let (broken, why) = self.verified(store, &mut work).await?;
                failed += broken;
                problem = why;
            }
            let last = number == waves.len();
            if let Some(why) = problem {
                output::tell(&format!(
                    "warning: the accounts could not be judged again ({why}); the next sweep does it"
                ));
                if !last {
                    let message = format!(
                        "stopped after wave {number}: it could not be judged again ({why}); \
                         `--resume` goes on, with `--without-verification` without judging"
                    );
                    return Ok(RunEnd::of(RunState::Failed, Some(message)));
                }
            }
            if !last && threshold.is_passed(failed, tried) {
                let message = format!(
                    "stopped after wave {number}: {failed} of {} failed; the others were left alone",
                    output::counted(tried, "account", "accounts")
                );
                return Ok(RunEnd::of(RunState::Failed, Some(message)));
            }
        }
        let accounts = work.store.run_accounts(work.run).await?;
        let open = accounts
            .iter()
            .filter(|account| account.state != "done")
            .count();
        Ok(if open == 0 {
            RunEnd::of(RunState::Finished, None)
        } else {
            let message = format!(
                "{} could not be repaired as planned",
                output::counted(open, "account", "accounts")
            );
            RunEnd::of(RunState::Failed, Some(message))
        })
    }

    /// Reads and judges again what has been changed and not been judged since. How many of the
    /// accounts have a finding that still fails, and why judging did not work.
    async fn verified(
        &self,
        store: &mut Option<Store>,
        work: &mut Work,
    ) -> anyhow::Result<(usize, Option<String>)> {
        let before = work.store.repairs(work.run).await?;
        let accounts: BTreeSet<AccountId> = before
            .iter()
            .filter(|repair| repair.state == "not_judged")
            .filter_map(|repair| repair.account_id.parse().ok())
            .collect();
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let Some(taken) = store.take() else {
            bail!("the store is closed");
        };
        let JudgedAgain {
            store: opened,
            problem,
        } = judged_again(
            taken,
            &accounts,
            self.settings,
            self.common,
            self.arguments.how.reading_role.as_deref(),
        )
        .await?;
        work.goes_on_in(&opened);
        *store = Some(opened);
        let after = work.store.repairs(work.run).await?;
        let failing: BTreeSet<&str> = after
            .iter()
            .filter(|repair| repair.state == "still_failing")
            .map(|repair| repair.account_id.as_str())
            .filter(|account| accounts.iter().any(|judged| judged.as_str() == *account))
            .collect();
        Ok((failing.len(), problem))
    }
}

/// How a run ended.
struct RunEnd {
    state: RunState,
    message: Option<String>,
}

impl RunEnd {
    fn of(state: RunState, message: Option<String>) -> Self {
        Self { state, message }
    }
}

fn open(store: Option<&Store>) -> anyhow::Result<&Store> {
    store.ok_or_else(|| anyhow::anyhow!("the store is closed"))
}

/// The waves of a run as they were stored when it started, without the accounts that are done.
async fn waves_left(store: &Store, run: Uuid) -> anyhow::Result<Vec<Vec<AccountId>>> {
    let mut waves: Vec<Vec<AccountId>> = Vec::new();
    let mut number = 0;
    let rows = store.run_accounts(run).await?;
    for row in rows.into_iter().filter(|row| row.state != "done") {
        if row.wave != number {
            number = row.wave;
            waves.push(Vec::new());
        }
        if let (Some(wave), Ok(account)) = (waves.last_mut(), row.account_id.parse()) {
            wave.push(account);
        }
    }
    Ok(waves)
}
