//! Taking a run back in one account: the inverse of each step that it did, in
//! reverse order, each only if the resource is still as the run left it.

use std::collections::BTreeMap;

use orgsweep_aws_access::CallFailure;
use orgsweep_controls::AccountId;
use orgsweep_store::{ActionRow, ActionState};
use uuid::Uuid;

use super::account::{AccountEnd, Work, credentials_over};
use super::act::{TakenBack, take_back};
use super::reading::Reading;
use super::seen::{Seen, look};
use crate::endpoint::Endpoint;
use crate::steps::{Action, Step};
use crate::write::Writer;

/// Takes back what `undone` did in one account. `work.run` is the run that takes it back.
pub async fn undo_account(
    work: &Work,
    undone: Uuid,
    account: &AccountId,
    steps: &[Step],
) -> AccountEnd {
    let rows = work.store.run_actions_in(undone, account).await;
    let own = work.store.run_actions_in(work.run, account).await;
    let (rows, own) = match (rows, own) {
        (Ok(rows), Ok(own)) => (rows, own),
        (Err(error), _) | (_, Err(error)) => return AccountEnd::NotRecorded(error),
    };
    let by_number = |rows: Vec<ActionRow>| -> BTreeMap<u32, ActionRow> {
        rows.into_iter().map(|row| (row.number, row)).collect()
    };
    let (rows, own) = (by_number(rows), by_number(own));
    let writer = match work.signed_in(account).await {
        Ok(writer) => writer,
        Err(end) => return end,
    };
    // What the run subscribed may hang on the topics that it made.
    let subscribed: Vec<(String, Endpoint)> = steps
        .iter()
        .filter(|step| {
            rows.get(&step.number)
                .is_some_and(|row| matches!(row.state, ActionState::Done | ActionState::Undone))
        })
        .filter_map(|step| match &step.action {
            Action::Subscribe { topic, endpoint } => Some((topic.to_string(), endpoint.clone())),
            _ => None,
        })
        .collect();
    for step in steps.iter().rev() {
        let Some(row) = rows.get(&step.number) else {
            continue;
        };
        if row.state != ActionState::Done {
            continue;
        }
        if work.stop.is_cancelled() {
            return AccountEnd::Interrupted;
        }
        let task = UndoTask {
            work,
            undone,
            writer: &writer,
            step,
            row,
            begun: own
                .get(&step.number)
                .is_some_and(|row| row.state == ActionState::Started),
            subscribed: &subscribed,
        };
        if let Some(end) = task.run().await {
            return end;
        }
        work.step_ended();
    }
    AccountEnd::Done
}

/// One step that is about to be taken back.
struct UndoTask<'a> {
    work: &'a Work,
    undone: Uuid,
    writer: &'a Writer,
    step: &'a Step,
    row: &'a ActionRow,
    /// Whether an earlier process began to take it back.
    begun: bool,
    subscribed: &'a [(String, Endpoint)],
}

impl UndoTask<'_> {
    /// Takes the step back; how the account ends, when it stops here.
    async fn run(&self) -> Option<AccountEnd> {
        let Some((before, left)) = self.recorded() else {
            let why = "what was there before is not recorded".to_owned();
            return Some(self.stopped(ActionState::Drifted, why).await);
        };
        let now = match look(&Reading::alone(self.writer), &self.step.action).await {
            Ok(now) => now,
            Err(failure) => return Some(self.failed(&failure, false).await),
        };
        if now.seen.is_still(&before) {
            let why = if self.begun {
                "was taken back before the run was cut short"
            } else {
                "was taken back by somebody already"
            };
            return self.done(&now.seen, Some(why)).await;
        }
        if !now.seen.is_still(&left) {
            let why = match now.seen {
                Seen::Nothing => format!("{} does not exist any more", self.step.resource),
                _ => format!("{} is not as the run left it any more", self.step.resource),
            };
            return Some(self.stopped(ActionState::Drifted, why).await);
        }
        let Self { work, step, .. } = self;
        work.boundaries.cross();
        if let Err(error) = work.recorder.begun(step.number, &now.seen).await {
            return Some(AccountEnd::NotRecorded(error));
        }
        work.boundaries.cross();
        let taken = take_back(
            self.writer,
            &step.action,
            &before,
            &now,
            &left,
            self.subscribed,
        )
        .await;
        work.boundaries.cross();
        let end = match taken {
            Ok(TakenBack::Done) => self.done(&before, None).await,
            Ok(TakenBack::AsFarAsItGoes(why)) => self.done(&now.seen, Some(&why)).await,
            Ok(TakenBack::Stays(why)) => Some(self.stopped(ActionState::Drifted, why).await),
            Err(failure) => Some(self.failed(&failure, true).await),
        };
        work.boundaries.cross();
        end
    }

    /// What was there before the step and what it left.
    fn recorded(&self) -> Option<(Seen, Seen)> {
        let read = |value: &Option<serde_json::Value>| serde_json::from_value(value.clone()?).ok();
        Some((read(&self.row.before)?, read(&self.row.after)?))
    }

    async fn done(&self, after: &Seen, message: Option<&str>) -> Option<AccountEnd> {
        let recorder = &self.work.recorder;
        let recorded = recorder.took_back(self.step.number, self.undone, after, message);
        recorded.await.err().map(AccountEnd::NotRecorded)
    }

    async fn failed(&self, failure: &CallFailure, begun: bool) -> AccountEnd {
        if credentials_over(failure) {
            return AccountEnd::CredentialsOver(failure.to_string());
        }
        let state = if begun && !failure.had_no_effect() {
            ActionState::Started
        } else {
            ActionState::Failed
        };
        self.stopped(state, failure.to_string()).await
    }

    /// Records why the step was not taken back; what that means for the account.
    async fn stopped(&self, state: ActionState, why: String) -> AccountEnd {
        let recorder = &self.work.recorder;
        let recorded = recorder.ended(self.step.number, state, None, Some(&why));
        if let Err(error) = recorded.await {
            return AccountEnd::NotRecorded(error);
        }
        let place = format!(
            "step {} ({}): {why}",
            self.step.number,
            self.step.action.kind()
        );
        if state == ActionState::Drifted {
            AccountEnd::Drifted(place)
        } else {
            AccountEnd::Failed(place)
        }
    }
}
