//! One account of a run: which of its steps are open, and their stages one after the other.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_aws_access::FailureReason;
use orgsweep_controls::{AccountId, Arn, ControlId};
use orgsweep_store::{ActionRow, ActionState, Store, StoreError};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::boundary::Boundaries;
use super::pace::Topics;
use super::readiness::built_upon;
use super::reading::Reading;
use super::recorder::Recorder;
use super::removal::removed_alarm;
use super::stages::{self, Halt};
use super::step::StepTask;
use crate::steps::{Action, Step};
use crate::write::{Marks, Writer, Writers};

/// What the accounts of a run share.
#[derive(Clone)]
pub struct Work {
    /// Writing to AWS.
    pub writers: Writers,
    /// Where the run is stored.
    pub store: Store,
    /// Where its steps are recorded.
    pub recorder: Recorder,
    /// The run.
    pub run: Uuid,
    /// The plan, whose id is on what is made.
    pub plan: Uuid,
    /// Tags that what is made carries beside orgsweep's own.
    pub tags: std::sync::Arc<BTreeMap<String, String>>,
    /// Once cancelled, no further step is begun.
    pub stop: CancellationToken,
    /// Where tests cut a run short.
    pub boundaries: std::sync::Arc<Boundaries>,
    /// Told of each step that has ended.
    pub ended: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

/// How an account's steps ended.
#[derive(Debug)]
pub enum AccountEnd {
    /// All of them are done, or needed not be done.
    Done,
    /// Somebody changed something since the plan; nothing was done about it.
    Drifted(String),
    /// AWS said no, or could not be reached.
    Failed(String),
    /// Stopped before the last step.
    Interrupted,
    /// The credentials are over, for every account.
    CredentialsOver(String),
    /// The database could not record a step.
    NotRecorded(StoreError),
}

impl Work {
    /// The store was closed, and is open again as this one.
    pub fn goes_on_in(&mut self, store: &Store) {
        self.recorder = Recorder::start(store, self.run);
        self.store = store.clone();
    }

    pub(super) fn step_ended(&self) {
        self.ended
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    pub(super) async fn signed_in(&self, account: &AccountId) -> Result<Writer, AccountEnd> {
        self.writers.account(account).await.map_err(|error| {
            if error.reason == FailureReason::CredentialsExpired {
                AccountEnd::CredentialsOver(error.message)
            } else {
                AccountEnd::Failed(error.message)
            }
        })
    }
}

/// Does the steps of one account that are not done. `steps` are in the order of the plan; `begun`
/// says whether an earlier process may have begun some.
pub async fn apply_account(
    work: &Work,
    account: &AccountId,
    begun: bool,
    steps: &[Step],
) -> AccountEnd {
    let rows = if begun {
        work.store.run_actions_in(work.run, account).await
    } else {
        Ok(Vec::new())
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => return AccountEnd::NotRecorded(error),
    };
    let rows: BTreeMap<u32, ActionRow> = rows.into_iter().map(|row| (row.number, row)).collect();
    let (open, over): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| {
        rows.get(&step.number).is_none_or(|row| {
            !matches!(
                row.state,
                ActionState::Done | ActionState::Skipped | ActionState::Undone
            )
        })
    });
    if open.is_empty() {
        return AccountEnd::Done;
    }
    let writer = match work.signed_in(account).await {
        Ok(writer) => writer,
        Err(end) => return end,
    };
    let mut removed: BTreeSet<Arn> = BTreeSet::new();
    let mut made: Vec<&str> = over.iter().map(|step| &*step.resource).collect();
    let mut rest = open.as_slice();
    while !rest.is_empty() {
        let (stage, later) = stages::first(rest);
        let reading = Reading::of(&writer, stage);
        let halt = Halt::default();
        let turn = Mutex::new(());
        let makes_topic = |step: &&&Step| matches!(step.action, Action::CreateTopic { .. });
        let topics = Topics::to_make(stage.iter().filter(makes_topic).map(|step| step.number));
        made.extend(stage.iter().map(|step| &*step.resource));
        let tasks = stage.iter().map(|step| StepTask {
            work,
            writer: &writer,
            reading: &reading,
            halt: &halt,
            turn: matches!(step.action, Action::PutMetricFilter { .. }).then_some(&turn),
            topics: &topics,
            step,
            marks: marks(work, step),
            removed: &removed,
            patient: built_upon(&step.action)
                .iter()
                .any(|resource| made.contains(&resource.as_str())),
            begun: rows
                .get(&step.number)
                .filter(|row| row.state == ActionState::Started)
                .and_then(|row| row.before.clone()),
        });
        if let Some(end) = stages::done(tasks.collect(), &topics, &work.stop, &halt).await {
            return end;
        }
        removed.extend((stage.iter()).filter_map(|step| removed_alarm(&step.action).cloned()));
        rest = later;
    }
    AccountEnd::Done
}

/// How what `step` makes is marked.
fn marks(work: &Work, step: &Step) -> Marks {
    Marks {
        plan: work.plan,
        control: serves_alone(step),
        others: BTreeMap::clone(&work.tags),
    }
}

/// The control that what a step makes serves, when it is one alone.
pub(crate) fn serves_alone(step: &Step) -> Option<ControlId> {
    match (&step.action, step.repairs.controls.as_slice()) {
        (Action::PutAlarm { control, .. }, _) | (_, [control]) => Some(control.clone()),
        _ => None,
    }
}
