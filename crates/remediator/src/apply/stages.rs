//! Which steps of an account go together, and which of them are in hand at once. Filters and
//! alarms build upon what stands before all of them and not upon each other: filters are sent one
//! after the other, because a log group refuses changes that meet, and beside them a few
//! alarms and the subscriptions of the topics (`pace`). The topics are made before them, and while that
//! happens, the alarms are read. Changes of alarms that exist go together, too: one after the other,
//! but read with one call (`reading`). Everything else goes alone.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::account::AccountEnd;
use super::pace::{ALARMS_AT_ONCE, Pace, Topics};
use super::step::StepTask;
use crate::steps::{Action, Step};

/// Filters of an account that are in hand at once: while one is sent, the next is recorded.
const FILTERS_AT_ONCE: usize = 2;

/// What the steps of a stage have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    Watching,
    ChangesOfAlarms,
}

/// With which others a step goes; `None` when it goes alone.
fn company(action: &Action) -> Option<Company> {
    match action {
        Action::CreateTopic { .. }
        | Action::Subscribe { .. }
        | Action::PutMetricFilter { .. }
        | Action::PutAlarm { .. } => Some(Company::Watching),
        Action::AddAlarmAction { .. } | Action::EnableAlarmActions { .. } => {
            Some(Company::ChangesOfAlarms)
        }
        _ => None,
    }
}

/// The steps that may be done now, and those after them.
pub(super) fn first<'a, 's>(steps: &'a [&'s Step]) -> (&'a [&'s Step], &'a [&'s Step]) {
    let ours = steps.first().and_then(|step| company(&step.action));
    let goes_along = |step: &&&Step| ours.is_some() && company(&step.action) == ours;
    let together = steps.iter().take_while(goes_along).count();
    steps.split_at(together.max(1).min(steps.len()))
}

/// Set once a step of a stage has stopped the account: whatever has not been sent by then is not.
#[derive(Debug, Default)]
pub(super) struct Halt(AtomicBool);

impl Halt {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Does the steps of a stage; how the account ends, when it does not go on after them. What has
/// been sent when one of them stops is finished, and no other begun.
pub(super) async fn done(
    tasks: Vec<StepTask<'_>>,
    topics: &Topics,
    stop: &CancellationToken,
    halt: &Halt,
) -> Option<AccountEnd> {
    let (mut made, mut alarms, mut filters) = (Vec::new(), Vec::new(), Vec::new());
    let (mut subscriptions, mut others) = (Vec::new(), Vec::new());
    for task in tasks {
        match &task.step.action {
            Action::CreateTopic { .. } => made.push(task),
            Action::PutAlarm { .. } => alarms.push(task),
            Action::PutMetricFilter { .. } => filters.push(task),
            Action::Subscribe { .. } => subscriptions.push(task),
            _ => others.push(task),
        }
    }
    let stage = Stage {
        topics,
        pace: Pace::of(alarms.len(), filters.len()),
        stop,
        halt,
    };
    let made = async {
        let ends = stage.lane(made, 1).await;
        topics.over();
        ends
    };
    let alarms = async {
        let ends = stage.lane(alarms, ALARMS_AT_ONCE).await;
        stage.pace.over();
        ends
    };
    let (made, subscriptions, others, filters, alarms) = futures::join!(
        made,
        stage.lane(subscriptions, 1),
        stage.lane(others, 1),
        stage.lane(filters, FILTERS_AT_ONCE),
        alarms,
    );
    // Of several as grave, the first.
    let ends = [made, subscriptions, others, filters, alarms]
        .into_iter()
        .flatten();
    ends.min_by_key(|end| Reverse(gravity(end)))
}

/// What the steps of a stage share while they are done.
struct Stage<'a> {
    topics: &'a Topics,
    pace: Pace,
    stop: &'a CancellationToken,
    halt: &'a Halt,
}

impl Stage<'_> {
    /// Does steps of one kind, so many at once; the ends of the account that they come to.
    async fn lane(&self, tasks: Vec<StepTask<'_>>, at_once: usize) -> Vec<AccountEnd> {
        let (mut waiting, mut in_hand) = (tasks.into_iter().enumerate(), FuturesUnordered::new());
        let mut ends = Vec::new();
        loop {
            // A step takes a lot of memory once it is in hand, and next to none before.
            while in_hand.len() < at_once
                && let Some((place, task)) = waiting.next()
            {
                in_hand.push(self.one(place, task));
            }
            match in_hand.next().await {
                Some(end) => ends.extend(end),
                None => return ends,
            }
        }
    }

    /// Does a step, which has that place among those of its kind.
    async fn one(&self, place: usize, task: StepTask<'_>) -> Option<AccountEnd> {
        self.turn_comes(place, &task).await;
        let end = if self.halt.is_set() {
            None
        } else if self.stop.is_cancelled() {
            Some(AccountEnd::Interrupted)
        } else {
            task.end().await
        };
        if let Action::PutAlarm { .. } = task.step.action {
            self.pace.alarm_ended();
        }
        end
    }

    /// Waits for those that it builds upon or gives way to.
    async fn turn_comes(&self, place: usize, task: &StepTask<'_>) {
        match task.step.action {
            Action::PutAlarm { .. } => {
                futures::future::join(self.topics.stand(), task.read_ahead()).await;
            }
            Action::PutMetricFilter { .. } => {
                self.topics.stand().await;
                self.pace.filter(place).await;
            }
            Action::Subscribe { .. } => {
                self.topics.stand().await;
                self.pace.first_alarms().await;
            }
            _ => {}
        }
    }
}

/// Of several ends of one stage, the one that must be known.
fn gravity(end: &AccountEnd) -> u8 {
    match end {
        AccountEnd::Done => 0,
        AccountEnd::Interrupted => 1,
        AccountEnd::Drifted(_) => 2,
        AccountEnd::Failed(_) => 3,
        AccountEnd::CredentialsOver(_) => 4,
        AccountEnd::NotRecorded(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::Metric;

    fn actions() -> [(&'static str, Action); 6] {
        let arn = |text: &str| text.parse::<orgsweep_controls::Arn>().unwrap();
        let topic = arn("arn:aws:sns:eu-west-1:111122223333:alarms");
        let alarm = arn("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root");
        let metric = Metric {
            namespace: "CISBenchmark".to_owned(),
            name: "root".to_owned(),
        };
        [
            (
                "topic",
                Action::CreateTopic {
                    topic: topic.clone(),
                },
            ),
            (
                "subscription",
                Action::Subscribe {
                    topic: topic.clone(),
                    endpoint: "sms:+4930123456".parse().unwrap(),
                },
            ),
            (
                "filter",
                Action::PutMetricFilter {
                    log_group: "arn:aws:logs:eu-west-1:111122223333:log-group:trail"
                        .parse()
                        .unwrap(),
                    filter: "root".to_owned(),
                    pattern: String::new(),
                    metric: metric.clone(),
                },
            ),
            (
                "alarm",
                Action::PutAlarm {
                    alarm: alarm.clone(),
                    metric,
                    topic: topic.clone(),
                    control: "root-usage".parse().unwrap(),
                },
            ),
            (
                "action",
                Action::AddAlarmAction {
                    alarm: alarm.clone(),
                    topic,
                },
            ),
            ("switch", Action::EnableAlarmActions { alarm }),
        ]
    }

    #[test]
    fn filters_with_alarms_topics_and_subscriptions_and_changes_of_alarms_go_together() {
        let together =
            |one: &Action, other: &Action| company(one).is_some() && company(one) == company(other);
        let all = actions();
        let mut pairs = Vec::new();
        for (number, (name, action)) in all.iter().enumerate() {
            for (other_name, other) in &all[number..] {
                if together(action, other) {
                    pairs.push(format!("{name} {other_name}"));
                }
            }
        }
        let expected = [
            "topic topic",
            "topic subscription",
            "topic filter",
            "topic alarm",
            "subscription subscription",
            "subscription filter",
            "subscription alarm",
            "filter filter",
            "filter alarm",
            "alarm alarm",
            "action action",
            "action switch",
            "switch switch",
        ];
        assert_eq!(pairs, expected);
    }
}
