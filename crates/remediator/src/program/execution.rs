//! Doing a run: accounts side by side, wave after wave, each account's end recorded;
//! what applying and undoing share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use orgsweep_controls::AccountId;
use orgsweep_remediator::apply::{AccountEnd, Threshold, Work, apply_account, undo_account};
use orgsweep_remediator::{Plan, Step};
use orgsweep_store::{Locking, RunState, SessionLock, Store, StoreError};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::output;

/// How long to wait for the locks of a process that was killed to end.
const LINGERING: Duration = Duration::from_secs(3);

/// Takes the right to change accounts, or says who has it.
pub(super) async fn locked(store: &Store, accounts: &[AccountId]) -> anyhow::Result<SessionLock> {
    match store.lock_accounts(accounts, LINGERING).await? {
        Locking::Ours(locks) => Ok(locks),
        Locking::Others(account) => bail!(
            "another process is changing account {account}; wait for it to end \
             (`orgsweep remediate status` shows it), then try again"
        ),
    }
}

/// What is done in each account.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    /// The steps.
    Apply,
    /// Their inverses, for the steps that this run did.
    Undo(Uuid),
}

/// The steps of a plan by account.
pub(super) fn steps_by_account(plan: &Plan) -> BTreeMap<AccountId, Arc<Vec<Step>>> {
    let mut steps: BTreeMap<AccountId, Vec<Step>> = BTreeMap::new();
    for step in &plan.steps {
        let of_account = steps.entry(step.account_id.clone()).or_default();
        of_account.push(step.clone());
    }
    let shared = |(account, steps)| (account, Arc::new(steps));
    steps.into_iter().map(shared).collect()
}

/// An account whose turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) account: AccountId,
    /// Whether an earlier process may have begun steps of it.
    pub(super) begun: bool,
}

/// How accounts side by side ended.
#[derive(Debug, Default)]
pub(super) struct WaveEnd {
    /// Accounts that drifted or failed.
    pub(super) failed: BTreeSet<AccountId>,
    /// Whether so many of them failed that others were not begun.
    pub(super) too_many: bool,
    /// Why no account can go on: credentials, Ctrl-C.
    pub(super) stopped: Option<String>,
}

/// What a wave may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Accounts at once.
    pub(super) concurrency: usize,
    /// Failures that are borne.
    pub(super) threshold: Threshold,
    /// Accounts of the wave as it was planned, those included that are done already.
    pub(super) planned: usize,
}

/// Does the accounts of one wave. When too many fail, no further one is begun, and those in hand
/// are finished.
///
/// # Errors
/// When the database cannot record what is done: nothing goes on then.
pub(super) async fn wave(
    work: &Work,
    direction: Direction,
    turns: &[Turn],
    steps: &BTreeMap<AccountId, Arc<Vec<Step>>>,
    limits: Limits,
) -> anyhow::Result<WaveEnd> {
    // Stops this wave alone; the whole run is stopped by its parent.
    let stop = work.stop.child_token();
    let work = Work {
        stop: stop.clone(),
        ..work.clone()
    };
    let mut waiting = turns.iter();
    let mut running: JoinSet<(AccountId, AccountEnd)> = JoinSet::new();
    let mut end = WaveEnd::default();
    let mut broken: Option<StoreError> = None;
    loop {
        let may_begin = !end.too_many && !stop.is_cancelled();
        while may_begin && running.len() < limits.concurrency.max(1) {
            let Some(turn) = waiting.next() else { break };
            let (work, turn) = (work.clone(), turn.clone());
            let steps = steps.get(&turn.account).cloned().unwrap_or_default();
            running.spawn(async move {
                let end = one(&work, direction, &turn, &steps).await;
                (turn.account, end)
            });
        }
        let Some(joined) = running.join_next().await else {
            break;
        };
        // A panic is a bug: it must not look like an account that is done.
        let (account, ended) = joined.context("a bug in orgsweep ended an account's task")?;
        match note(&work, &account, ended, &mut end).await {
            Ok(true) => stop.cancel(),
            Ok(false) => {
                let passed = limits.threshold.is_passed(end.failed.len(), limits.planned);
                end.too_many |= passed && waiting.len() > 0;
            }
            Err(error) => {
                broken.get_or_insert(error);
                stop.cancel();
            }
        }
    }
    if let Some(error) = broken {
        return Err(error).context(
            "the run stopped, because what it does cannot be recorded; `apply --resume` (or `undo` \
             again) goes on once the database is back",
        );
    }
    Ok(end)
}

async fn one(work: &Work, direction: Direction, turn: &Turn, steps: &[Step]) -> AccountEnd {
    let Turn { account, begun } = turn;
    if let Err(error) = work.recorder.account(account, "running", None).await {
        return AccountEnd::NotRecorded(error);
    }
    let end = match direction {
        Direction::Apply => apply_account(work, account, *begun, steps).await,
        Direction::Undo(run) => undo_account(work, run, account, steps).await,
    };
    match end {
        AccountEnd::Done => match work.recorder.account(account, "done", None).await {
            Ok(()) => AccountEnd::Done,
            Err(error) => AccountEnd::NotRecorded(error),
        },
        stopped => stopped,
    }
}

/// Records the end of an account that is not done; whether the others must stop, too.
async fn note(
    work: &Work,
    account: &AccountId,
    ended: AccountEnd,
    end: &mut WaveEnd,
) -> Result<bool, StoreError> {
    let (state, message, stops) = match ended {
        AccountEnd::Done => return Ok(false),
        AccountEnd::Drifted(why) => ("drifted", Some(why), false),
        AccountEnd::Failed(why) => ("failed", Some(why), false),
        AccountEnd::Interrupted => {
            // With why the run stopped: another account may have lost its credentials.
            let why = end.stopped.get_or_insert_with(|| "interrupted".to_owned());
            ("interrupted", Some(why.clone()), true)
        }
        AccountEnd::CredentialsOver(why) => {
            end.stopped.get_or_insert_with(|| why.clone());
            ("interrupted", Some(why), true)
        }
        AccountEnd::NotRecorded(error) => return Err(error),
    };
    if matches!(state, "drifted" | "failed") {
        end.failed.insert(account.clone());
        let why = message.as_deref().unwrap_or_default();
        output::tell(&format!("account {account} {state}: {why}"));
    }
    work.recorder.account(account, state, message).await?;
    Ok(stops)
}

/// Records how a run ended.
pub(super) async fn ended(
    store: &Store,
    run: Uuid,
    state: RunState,
    message: Option<&str>,
) -> anyhow::Result<()> {
    Ok(store.put_run_state(run, state, message).await?)
}
