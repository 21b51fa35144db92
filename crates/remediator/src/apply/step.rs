//! One step of an account: read again, recorded before and after, and done only when nothing has
//! changed since the plan.

use std::collections::BTreeSet;

use orgsweep_aws_access::{CallFailure, FaultKind};
use orgsweep_controls::Arn;
use orgsweep_store::{ActionState, StoreError};
use serde_json::Value;
use tokio::sync::Mutex;

use super::account::{AccountEnd, Work};
use super::act::{TAKEN, Whose, act, settled, whose};
use super::pace::Topics;
use super::quota;
use super::readiness::{Readiness, readiness};
use super::reading::Reading;
use super::removal::kept;
use super::seen::{Look, Seen, look};
use super::stages::Halt;
use crate::steps::{Action, Step};
use crate::write::alarm::NotOthers;
use crate::write::{Marks, Writer};

/// Why a step was not done.
enum Stopped {
    Drifted(String),
    /// The request certainly had no effect.
    Refused(CallFailure),
    /// The request may have had its effect.
    Unclear(CallFailure),
    NotRecorded(StoreError),
    /// Another step stopped the account before this one was sent.
    Held,
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::NotRecorded(error)
    }
}

/// One step that is about to be done.
pub(super) struct StepTask<'a> {
    pub(super) work: &'a Work,
    pub(super) writer: &'a Writer,
    /// What it reads together with the other steps of its stage.
    pub(super) reading: &'a Reading<'a>,
    /// Whether a step of its stage has stopped the account.
    pub(super) halt: &'a Halt,
    /// Whose turn it is to be sent, of steps that must not meet.
    pub(super) turn: Option<&'a Mutex<()>>,
    /// The topics that its stage makes.
    pub(super) topics: &'a Topics,
    pub(super) step: &'a Step,
    pub(super) marks: Marks,
    /// The alarms that were taken away before: AWS may still show them.
    pub(super) removed: &'a BTreeSet<Arn>,
    /// Whether something that it builds upon was made in this run.
    pub(super) patient: bool,
    /// What was there before, when an earlier process began it.
    pub(super) begun: Option<Value>,
}

impl StepTask<'_> {
    /// Reads what it will need while something else is waited for.
    pub(super) async fn read_ahead(&self) {
        self.reading.ahead(&self.step.action).await;
    }

    /// Does the step; how the account ends, when it stops here.
    pub(super) async fn end(&self) -> Option<AccountEnd> {
        match self.run().await {
            Ok(()) => {
                self.work.step_ended();
                None
            }
            Err(stopped) => {
                // Before that is recorded: others of the stage may be about to be sent.
                self.halt.set();
                self.ended(stopped).await
            }
        }
    }

    async fn run(&self) -> Result<(), Stopped> {
        let now = look(self.reading, &self.step.action)
            .await
            .map_err(Stopped::Refused)?;
        let begun = self.begun.clone();
        if let Some(before) = begun.and_then(|row| serde_json::from_value::<Seen>(row).ok()) {
            return self.examine(before, now).await;
        }
        match self.judged(&now.seen).await? {
            Readiness::Ready => self.perform(now).await,
            Readiness::There => {
                let why = "was so already";
                self.record(ActionState::Skipped, Some(&now.seen), Some(why))
                    .await
            }
            Readiness::Shared => self.shared(&now.seen).await,
            Readiness::Taken(why) | Readiness::Changed(why) => Err(Stopped::Drifted(why)),
        }
    }

    /// A step that was begun by a process that died: whether it took effect shows in AWS.
    async fn examine(&self, before: Seen, now: Look) -> Result<(), Stopped> {
        match self.judged(&now.seen).await? {
            // What was not there when it was begun, and is there as it was to be, is ours.
            Readiness::There => {
                let why = "was done before the run was cut short";
                self.record(ActionState::Done, Some(&now.seen), Some(why))
                    .await
            }
            Readiness::Ready => self.perform(now).await,
            Readiness::Shared => self.shared(&now.seen).await,
            Readiness::Taken(why) | Readiness::Changed(why) => {
                if now.seen.is_still(&before) {
                    self.perform(now).await
                } else {
                    Err(Stopped::Drifted(why))
                }
            }
        }
    }

    async fn judged(&self, seen: &Seen) -> Result<Readiness, Stopped> {
        let judged = readiness(self.step, seen, &self.marks);
        if let Readiness::Taken(why) = judged {
            let whose = whose(self.writer, &self.step.action, &self.marks)
                .await
                .map_err(Stopped::Refused)?;
            return Ok(match whose {
                Whose::ThisPlans => Readiness::There,
                Whose::EveryPlans => Readiness::Shared,
                Whose::Others => Readiness::Changed(why),
            });
        }
        if let (Readiness::Ready, Action::Remove { .. }) = (&judged, &self.step.action) {
            let except = NotOthers {
                alarms: Some(self.removed),
                ..NotOthers::default()
            };
            let others = kept(self.writer, &self.step.action, &except)
                .await
                .map_err(Stopped::Refused)?;
            return Ok(others.map_or(judged, Readiness::Changed));
        }
        Ok(judged)
    }

    async fn perform(&self, before: Look) -> Result<(), Stopped> {
        let Self { work, step, .. } = self;
        if self.halt.is_set() {
            return Err(Stopped::Held);
        }
        work.boundaries.cross();
        work.recorder.begun(step.number, &before.seen).await?;
        work.boundaries.cross();
        let turn = match self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        if self.halt.is_set() {
            // What an earlier process had begun may have been sent then, and stays begun.
            if self.begun.is_none() {
                let why = "not sent, because another step stopped the account";
                self.record(ActionState::Pending, None, Some(why)).await?;
            }
            return Err(Stopped::Held);
        }
        let acted = act(
            self.writer,
            &step.action,
            &before,
            &self.marks,
            self.patient,
        )
        .await;
        work.boundaries.cross();
        match acted {
            Ok(after) => {
                // Not after a failure: the account stops before the next one has its turn.
                drop(turn);
                // Whoever waits for a topic need not wait until it is recorded.
                self.reading.done(&step.action);
                self.topics.stands(step.number);
                let after = settled(self.writer, &step.action, after).await;
                // It has taken effect, whatever cannot be read now.
                let after = after.map_err(Stopped::Unclear)?;
                self.record(ActionState::Done, Some(&after), None).await?;
                work.boundaries.cross();
                Ok(())
            }
            Err(failure) if is_taken(&failure) => self.taken(failure).await,
            Err(failure) if failure.kind == FaultKind::NotFound => Err(Stopped::Drifted(format!(
                "something that the step needs does not exist any more: {}",
                failure.words
            ))),
            Err(failure) if failure.had_no_effect() => Err(Stopped::Refused(failure)),
            Err(failure) => Err(Stopped::Unclear(failure)),
        }
    }

    /// AWS says that the name is taken: perhaps by a request of ours whose answer was lost.
    async fn taken(&self, failure: CallFailure) -> Result<(), Stopped> {
        let now = look(self.reading, &self.step.action)
            .await
            .map_err(Stopped::Unclear)?;
        match self.judged(&now.seen).await? {
            Readiness::There => self.record(ActionState::Done, Some(&now.seen), None).await,
            Readiness::Shared => self.shared(&now.seen).await,
            _ => Err(Stopped::Drifted(format!(
                "it exists now, and this plan did not make it ({})",
                failure.words
            ))),
        }
    }

    /// It stays when the run is taken back: the other plan's alarms act on it.
    async fn shared(&self, now: &Seen) -> Result<(), Stopped> {
        let why = "another plan made it, for every control of the account and Region";
        self.record(ActionState::Skipped, Some(now), Some(why))
            .await
    }

    async fn record(
        &self,
        state: ActionState,
        after: Option<&Seen>,
        message: Option<&str>,
    ) -> Result<(), Stopped> {
        self.work
            .recorder
            .ended(self.step.number, state, after, message)
            .await?;
        Ok(())
    }

    /// Records why the step was not done; what that means for the account.
    async fn ended(&self, stopped: Stopped) -> Option<AccountEnd> {
        let place = format!("step {} ({})", self.step.number, self.step.action.kind());
        let (state, words, end) = match stopped {
            Stopped::Held => return None,
            Stopped::NotRecorded(error) => return Some(AccountEnd::NotRecorded(error)),
            Stopped::Drifted(why) => {
                let end = AccountEnd::Drifted(format!("{place}: {why}"));
                (ActionState::Drifted, why, end)
            }
            Stopped::Refused(failure) if credentials_over(&failure) => {
                return Some(AccountEnd::CredentialsOver(failure.to_string()));
            }
            Stopped::Refused(failure) => {
                let words = match quota::advice(&failure) {
                    Some(advice) => format!("{failure}; {advice}"),
                    None => failure.to_string(),
                };
                let end = AccountEnd::Failed(format!("{place}: {words}"));
                (ActionState::Failed, words, end)
            }
            Stopped::Unclear(failure) => {
                let words = failure.to_string();
                let end = AccountEnd::Failed(format!("{place}: {words}"));
                (ActionState::Started, words, end)
            }
        };
        match self.record(state, None, Some(&words)).await {
            Err(Stopped::NotRecorded(error)) => Some(AccountEnd::NotRecorded(error)),
            Ok(()) | Err(_) => Some(end),
        }
    }
}

fn is_taken(failure: &CallFailure) -> bool {
    let code = failure.code.as_deref().unwrap_or_default();
    TAKEN.contains(&code)
        || (failure.kind == FaultKind::Invalid && failure.words.contains("already exists"))
}

pub(super) fn credentials_over(failure: &CallFailure) -> bool {
    matches!(
        failure.kind,
        FaultKind::CredentialsExpired | FaultKind::CredentialsRejected
    )
}
