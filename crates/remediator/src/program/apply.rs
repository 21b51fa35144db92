//! `orgsweep-remediate apply`: does what a plan says.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use chrono::Utc;
use clap::Args;
use orgsweep_controls::AccountId;
use orgsweep_remediator::Plan;
use orgsweep_remediator::apply::{Boundaries, Canary, Threshold, Work, in_order, waves};
use orgsweep_remediator::write::Writers;
use orgsweep_store::{NewAction, NewRun, NewRunFinding, RunRow, RunState, SessionLock, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::arguments::Common;
use super::confirmation::{Said, confirmed};
use super::execution::{
    Direction, JudgedAgain, Limits, ended, judged_again, locked, steps_by_account, wave,
};
use super::progress::Progress;
use super::settings::Settings;
use super::{Exit, interruption, output, plan, status, stored, usage};

/// Do the steps of a plan that somebody has read.
///
/// Each step reads again what it relies on, and does nothing when that has changed. Accounts are
/// changed in waves: a few go ahead, then one in twenty, then the rest; after each wave the
/// accounts are read and judged again. Ctrl-C ends after the steps in hand.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plan's id.
    #[arg(value_name = "PLAN_ID")]
    plan: Uuid,

    #[command(flatten)]
    pub(super) how: How,

    /// Who goes ahead: a number of accounts, an account, or tag=KEY=VALUE; can be repeated.
    #[arg(long, value_name = "WHO", default_value = "1")]
    canary: Vec<String>,

    /// How many accounts of a hundred may fail before the others are left alone.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    max_failures: u8,

    /// Go on with a run of this plan that was cut short, or try again what failed.
    #[arg(long)]
    resume: bool,
}

/// As whom and how something is done; the same for `apply` and `undo`.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// Digest of the plan that was read, whole or its beginning (8 characters or more).
    #[arg(long, value_name = "DIGEST")]
    pub(super) digest: Option<String>,

    /// Do not ask; taken only together with `--digest`.
    #[arg(long)]
    pub(super) yes: bool,

    /// Role that is assumed in each account [default: OrgsweepRemediator].
    #[arg(long, value_name = "NAME")]
    pub(super) role_name: Option<String>,

    /// External id that the role asks for.
    #[arg(long, value_name = "TEXT")]
    pub(super) external_id: Option<String>,

    /// Role with which the accounts are read again [default: that of sweeps].
    #[arg(long, value_name = "NAME")]
    pub(super) reading_role: Option<String>,

    /// Accounts that are changed at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 16)]
    pub(super) concurrency: usize,

    /// Who does it [default: the user].
    #[arg(long, value_name = "NAME")]
    pub(super) author: Option<String>,

    /// Leave reading and judging the accounts again to the next sweep.
    #[arg(long)]
    pub(super) without_verification: bool,

    /// End the process at this boundary, for tests.
    #[arg(long, value_name = "NUMBER", hide = true)]
    pub(super) end_at_boundary: Option<u64>,
}

impl How {
    pub(super) fn author(&self) -> String {
        self.author.clone().unwrap_or_else(plan::user)
    }

    pub(super) fn said(&self) -> Said<'_> {
        Said {
            digest: self.digest.as_deref(),
            yes: self.yes,
        }
    }

    /// Writing to AWS, as these flags and the settings say.
    pub(super) async fn writers(&self, settings: &Settings) -> anyhow::Result<Writers> {
        let access = settings
            .access(self.role_name.as_deref(), self.external_id.as_deref())
            .await?;
        Ok(Writers::new(access))
    }
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<Exit> {
    status::check_format(common)?;
    let settings = Settings::read(common)?;
    let store = settings.store().await?;
    let stop = interruption::token();
    let plan = match ready_plan(&arguments, &store).await {
        Ok(Ok(plan)) => plan,
        Ok(Err(nothing)) => {
            store.close().await;
            output::tell(&nothing);
            return Ok(Exit::Fine);
        }
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let applying = Applying {
        arguments: &arguments,
        common,
        settings: &settings,
        plan: &plan,
        stop,
    };
    applying.run(store).await
}

/// The plan, when it may be applied and something is to be done; else why nothing is.
async fn ready_plan(arguments: &Arguments, store: &Store) -> anyhow::Result<Result<Plan, String>> {
    let plan = stored::plan(arguments.plan, store).await?;
    if plan.steps.is_empty() {
        return Ok(Err(if plan.human_steps.is_empty() {
            "the plan is empty: nothing is to be done".to_owned()
        } else {
            format!(
                "the plan has no steps for a program; what people have to do is listed by \
                 `orgsweep remediate show {}`",
                plan.plan_id
            )
        }));
    }
    if plan.expires_at <= Utc::now() {
        bail!(
            "plan `{}` has expired at {}: things may have changed since it was made; plan again",
            plan.plan_id,
            plan.expires_at.format("%Y-%m-%d %H:%M UTC")
        );
    }
    let what = format!(
        "Plan {} will change {} with {}.",
        plan.plan_id,
        output::counted(in_order(&plan).len(), "account", "accounts"),
        output::counted(plan.steps.len(), "step", "steps"),
    );
    confirmed(arguments.how.said(), &plan.digest, &what)?;
    Ok(Ok(plan))
}

/// What earlier runs of the plan mean for this one.
enum Earlier {
    /// Nothing: start.
    Start,
    /// Go on with this one.
    GoOn(RunRow),
    /// Everything has been done.
    Done(RunRow),
}

/// Decides about earlier runs of the plan, the newest first.
fn earlier(runs: Vec<RunRow>, resume: bool) -> anyhow::Result<Earlier> {
    let last = runs.into_iter().find(|run| run.undoes.is_none());
    let Some(run) = last.filter(|run| run.undone == 0) else {
        if resume {
            bail!(usage(
                "there is no run of this plan to go on with; leave `--resume` out"
            ));
        }
        return Ok(Earlier::Start);
    };
    if run.state == RunState::Finished {
        return Ok(Earlier::Done(run));
    }
    if resume {
        return Ok(Earlier::GoOn(run));
    }
    let how = match run.state {
        RunState::Failed => "could not do everything",
        _ => "was cut short",
    };
    bail!(
        "run {} of this plan {how}: `--resume` goes on with it, `orgsweep remediate undo {}` takes \
         back what it did",
        run.run_id,
        run.run_id
    )
}

/// A plan that is being applied.
struct Applying<'a> {
    arguments: &'a Arguments,
    common: &'a Common,
    settings: &'a Settings,
    plan: &'a Plan,
    stop: CancellationToken,
}

impl Applying<'_> {
    async fn run(self, store: Store) -> anyhow::Result<Exit> {
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
        let work = Work {
            writers,
            store: open.clone(),
            run,
            plan: self.plan.plan_id,
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
        work.store = opened.clone();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(state: RunState, undone: i64, undoes: Option<Uuid>) -> RunRow {
        RunRow {
            run_id: Uuid::from_u128(1),
            plan_id: Uuid::from_u128(2),
            undoes,
            author: "me".to_owned(),
            caller: None,
            state,
            message: None,
            started_at: Utc::now(),
            finished_at: None,
            steps: 3,
            done: 3 - undone,
            undone,
        }
    }

    #[test]
    #[rustfmt::skip]
    fn an_earlier_run_is_gone_on_with_only_when_somebody_says_so() {
        use RunState::{Failed, Finished, Interrupted, Running};
        let undoing = Some(Uuid::from_u128(9));
        for (runs, resume, expected) in [
            (vec![],                          false, "start"),
            (vec![],                          true,  "error"),
            (vec![run(Finished, 0, None)],    false, "done"),
            (vec![run(Finished, 3, None)],    false, "start"),
            (vec![run(Finished, 0, undoing), run(Finished, 3, None)], false, "start"),
            (vec![run(Interrupted, 0, None)], false, "error"),
            (vec![run(Interrupted, 0, None)], true,  "on"),
            (vec![run(Running, 0, None)],     true,  "on"),
            (vec![run(Failed, 0, None)],      true,  "on"),
            (vec![run(Failed, 0, None)],      false, "error"),
            (vec![run(Failed, 1, None)],      true,  "error"),
        ] {
            let words = format!("{runs:?} {resume}");
            let found = match earlier(runs, resume) {
                Ok(Earlier::Start) => "start",
                Ok(Earlier::GoOn(_)) => "on",
                Ok(Earlier::Done(_)) => "done",
                Err(_) => "error",
            };
            assert_eq!(found, expected, "{words}");
        }
    }
}
