//! Taking a run back in one account: the inverse of each step that it did, in
//! reverse order, each only if the resource is still as the run left it. A topic that the run
//! made and that alarms of others came to notify stays with what the run did to it, and so does a
//! filter whose metric they came to watch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{AccountId, Arn, Region};
use orgsweep_store::{ActionRow, ActionState, StoreError};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::account::{AccountEnd, Work};
use super::inverse::{TakenBack, take_back};
use super::reading::Reading;
use super::removal::{notified_by_others, watched_by_others};
use super::seen::{Seen, look};
use super::step::credentials_over;
use crate::endpoint::Endpoint;
use crate::steps::{Action, Metric, Step};
use crate::write::Writer;
use crate::write::alarm::{NotOthers, Watching};

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
    let done: Vec<(&Step, &ActionRow)> = steps
        .iter()
        .filter_map(|step| Some((step, rows.get(&step.number)?)))
        .filter(|(_, row)| row.state == ActionState::Done)
        .collect();
    let made = topics_made(done.iter().map(|(step, _)| &step.action));
    // An earlier process may have taken some of them back.
    let mut alarms: BTreeSet<Arn> = (steps.iter())
        .filter(|step| {
            let row = rows.get(&step.number);
            row.is_some_and(|row| row.state == ActionState::Undone)
        })
        .filter_map(|step| alarm(&step.action).cloned())
        .collect();
    let watching = WatchingByRegion::default();
    let metrics: Vec<&Metric> = steps.iter().filter_map(metric_of_alarm).collect();
    let mut kept = None;
    for (step, row) in done.into_iter().rev() {
        let topic = topic(&step.action).filter(|topic| made.contains(*topic));
        // What others notify through a topic or watch of a filter may build upon the group, its
        // role and the trail, but not upon other filters and alarms.
        let is_beside =
            matches!(step.action, Action::PutMetricFilter { .. }) || alarm(&step.action).is_some();
        if kept.is_some() && topic.is_none() && !is_beside {
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
            topic,
            alarms: &alarms,
            watching: &watching,
            metrics: &metrics,
        };
        match task.run().await {
            StepEnd::TakenBack => {}
            StepEnd::Kept(why) => {
                kept.get_or_insert(why);
                continue;
            }
            StepEnd::Stopped(end) => return end,
        }
        alarms.extend(alarm(&step.action).cloned());
        work.step_ended();
    }
    kept.map_or(AccountEnd::Done, AccountEnd::Drifted)
}

/// How far AWS's clock and this machine's may be apart: what was changed longer than that before a
/// step began was so already.
const SKEW: TimeDelta = TimeDelta::minutes(15);

/// The topics that the run made.
fn topics_made<'a>(done: impl Iterator<Item = &'a Action>) -> BTreeSet<&'a Arn> {
    done.filter_map(|action| match action {
        Action::CreateTopic { topic } => Some(topic),
        _ => None,
    })
    .collect()
}

/// The topic that a step is about.
fn topic(action: &Action) -> Option<&Arn> {
    match action {
        Action::CreateTopic { topic }
        | Action::AllowCloudWatch { topic, .. }
        | Action::Subscribe { topic, .. } => Some(topic),
        _ => None,
    }
}

/// The alarm that a step lets notify a topic.
fn alarm(action: &Action) -> Option<&Arn> {
    match action {
        Action::PutAlarm { alarm, .. }
        | Action::AddAlarmAction { alarm, .. }
        | Action::EnableAlarmActions { alarm } => Some(alarm),
        _ => None,
    }
}

/// How the taking back of a step ended.
enum StepEnd {
    /// It is taken back.
    TakenBack,
    /// Others came to use it; who, in words.
    Kept(String),
    /// The account stops here.
    Stopped(AccountEnd),
}

impl StepEnd {
    /// As it is once the end of the step is recorded.
    fn of(recorded: Result<(), StoreError>) -> Self {
        match recorded {
            Ok(()) => Self::TakenBack,
            Err(error) => Self::Stopped(AccountEnd::NotRecorded(error)),
        }
    }
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
    /// The topic that it is about, when the run made that.
    topic: Option<&'a Arn>,
    /// Alarms that were taken back a moment ago: some may be shown as they were.
    alarms: &'a BTreeSet<Arn>,
    watching: &'a WatchingByRegion,
    /// The metrics for which the run put alarms. Where a filter publishes to another one, an alarm
    /// had waited for it.
    metrics: &'a [&'a Metric],
}

/// The metric of an alarm that the step puts.
fn metric_of_alarm(step: &Step) -> Option<&Metric> {
    match &step.action {
        Action::PutAlarm { metric, .. } => Some(metric),
        _ => None,
    }
}

/// The alarms of an account, each Region's read when they are first asked for: those that are taken
/// back meanwhile do not count.
#[derive(Default)]
struct WatchingByRegion(Mutex<BTreeMap<Region, Arc<Watching>>>);

impl WatchingByRegion {
    async fn in_region(
        &self,
        writer: &Writer,
        region: &Region,
    ) -> Result<Arc<Watching>, CallFailure> {
        let mut read = self.0.lock().await;
        if let Some(known) = read.get(region) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(Watching::in_region(writer, region).await?);
        read.insert(region.clone(), Arc::clone(&found));
        Ok(found)
    }
}

impl UndoTask<'_> {
    /// Takes the step back.
    async fn run(&self) -> StepEnd {
        let Some((before, left)) = self.recorded() else {
            let why = "what was there before is not recorded".to_owned();
            return self.stopped(ActionState::Drifted, why).await;
        };
        let now = match look(&Reading::alone(self.writer), &self.step.action).await {
            Ok(now) => now,
            Err(failure) => return self.failed(&failure, false).await,
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
            return self.stopped(ActionState::Drifted, why).await;
        }
        match self.used_by_others().await {
            Ok(None) => {}
            Ok(Some(why)) => return self.kept(why).await,
            Err(failure) => return self.failed(&failure, false).await,
        }
        let Self { work, step, .. } = self;
        work.boundaries.cross();
        if let Err(error) = work.recorder.begun(step.number, &now.seen).await {
            return StepEnd::Stopped(AccountEnd::NotRecorded(error));
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
            Ok(TakenBack::Stays(why)) => self.stopped(ActionState::Drifted, why).await,
            Err(failure) => self.failed(&failure, true).await,
        };
        work.boundaries.cross();
        end
    }

    /// What was there before the step and what it left.
    fn recorded(&self) -> Option<(Seen, Seen)> {
        let read = |value: &Option<serde_json::Value>| serde_json::from_value(value.clone()?).ok();
        Some((read(&self.row.before)?, read(&self.row.after)?))
    }

    /// Why what the run did to a topic of its own, or the metric filter that it put, must stay.
    async fn used_by_others(&self) -> Result<Option<String>, CallFailure> {
        let region = &self.step.region;
        let not_others = NotOthers {
            alarms: Some(self.alarms),
            unchanged_since: self.row.started_at.map(|started| started - SKEW),
        };
        if let Action::PutMetricFilter { filter, metric, .. } = &self.step.action {
            if !self.metrics.contains(&metric) {
                return Ok(None);
            }
            let watching = self.watching.in_region(self.writer, region).await?;
            return Ok(watched_by_others(&watching, filter, metric, &not_others));
        }
        match self.topic {
            Some(topic) => notified_by_others(self.writer, topic, region, &not_others).await,
            None => Ok(None),
        }
    }

    async fn done(&self, after: &Seen, message: Option<&str>) -> StepEnd {
        let recorder = &self.work.recorder;
        let recorded = recorder.took_back(self.step.number, self.undone, after, message);
        StepEnd::of(recorded.await)
    }

    async fn failed(&self, failure: &CallFailure, begun: bool) -> StepEnd {
        if credentials_over(failure) {
            return StepEnd::Stopped(AccountEnd::CredentialsOver(failure.to_string()));
        }
        let state = if begun && !failure.had_no_effect() {
            ActionState::Started
        } else {
            ActionState::Failed
        };
        self.stopped(state, failure.to_string()).await
    }

    /// Records that the step stays because of others, and who they are.
    async fn kept(&self, why: String) -> StepEnd {
        match self.recorded_as(ActionState::Drifted, &why).await {
            Ok(()) => StepEnd::Kept(self.placed(&why)),
            Err(error) => StepEnd::Stopped(AccountEnd::NotRecorded(error)),
        }
    }

    /// Records why the step was not taken back; what that means for the account.
    async fn stopped(&self, state: ActionState, why: String) -> StepEnd {
        if let Err(error) = self.recorded_as(state, &why).await {
            return StepEnd::Stopped(AccountEnd::NotRecorded(error));
        }
        let place = self.placed(&why);
        StepEnd::Stopped(if state == ActionState::Drifted {
            AccountEnd::Drifted(place)
        } else {
            AccountEnd::Failed(place)
        })
    }

    async fn recorded_as(&self, state: ActionState, why: &str) -> Result<(), StoreError> {
        let recorder = &self.work.recorder;
        recorder
            .ended(self.step.number, state, None, Some(why))
            .await
    }

    fn placed(&self, why: &str) -> String {
        let Self { step, .. } = self;
        format!("step {} ({}): {why}", step.number, step.action.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(text: &str) -> Arn {
        text.parse().unwrap()
    }

    #[test]
    fn what_a_run_did_to_a_topic_of_its_own_is_known_and_to_another_one_is_not() {
        let own = arn("arn:aws:sns:eu-west-1:111122223333:own");
        let theirs = arn("arn:aws:sns:eu-west-1:111122223333:theirs");
        let subscribe = |topic: &Arn| Action::Subscribe {
            topic: topic.clone(),
            endpoint: "sms:+4930123456".parse().unwrap(),
        };
        let create = Action::CreateTopic { topic: own.clone() };
        let (to_own, to_theirs) = (subscribe(&own), subscribe(&theirs));
        let steps = [&create, &to_own, &to_theirs];
        let made = topics_made(steps.into_iter());
        let of_own = steps.map(|step| topic(step).is_some_and(|topic| made.contains(topic)));
        assert_eq!(of_own, [true, true, false]);
    }

    #[test]
    fn alarms_that_are_made_and_those_that_are_given_a_topic_notify_it() {
        let topic = arn("arn:aws:sns:eu-west-1:111122223333:own");
        let named = arn("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root");
        let changed = Action::AddAlarmAction {
            alarm: named.clone(),
            topic: topic.clone(),
        };
        assert_eq!(alarm(&changed), Some(&named));
        assert_eq!(alarm(&Action::CreateTopic { topic }), None);
    }
}
