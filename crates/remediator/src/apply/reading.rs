//! Reading before writing, together for steps that go together. One call answers for all
//! filters of a log group, for a hundred alarms, for all subscriptions of a topic: the steps
//! of a stage share that answer instead of asking one by one.
//!
//! An answer serves for [`AT_MOST`] after it was asked for, and for one step: who asks about
//! the same thing once more asks AWS, and what others ask for leaves out what a step has had
//! its answer about. So no step is decided on what was read before this run wrote the same
//! thing. A topic that the run has just made is not asked for subscriptions: it has none. Tags are
//! not read here: they are asked for when they decide, for one thing at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, LogGroupArn, Region};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::endpoint::Endpoint;
use crate::steps::{Action, Step, alarm_name};
use crate::write::alarm::FoundAlarm;
use crate::write::filter::MetricFilter;
use crate::write::subscription::Subscription;
use crate::write::{Writer, alarm, filter, subscription};

/// How old an answer may be when a step is decided on it.
const AT_MOST: Duration = Duration::from_secs(5);

/// What the steps of a stage read together.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    writer: &'a Writer,
    filters: BTreeMap<LogGroupArn, Shared<String, MetricFilter>>,
    alarms: BTreeMap<Region, Shared<String, FoundAlarm>>,
    subscriptions: BTreeMap<Arn, Shared<Endpoint, Subscription>>,
    /// Topics that a step of the stage has just made.
    new_topics: std::sync::Mutex<BTreeSet<Arn>>,
}

impl<'a> Reading<'a> {
    /// For the steps of one stage.
    pub(super) fn of(writer: &'a Writer, stage: &[&Step]) -> Self {
        let mut reading = Self::alone(writer);
        for step in stage {
            reading.expect(&step.action);
        }
        reading
    }

    /// For whoever reads one thing at a time.
    pub(super) fn alone(writer: &'a Writer) -> Self {
        Self {
            writer,
            filters: BTreeMap::new(),
            alarms: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            new_topics: std::sync::Mutex::default(),
        }
    }

    /// One more step will ask.
    fn expect(&mut self, action: &Action) {
        match action {
            Action::PutMetricFilter {
                log_group, filter, ..
            } => {
                let filters = self.filters.entry(log_group.clone()).or_default();
                filters.expect(filter.clone());
            }
            Action::PutAlarm { alarm, .. }
            | Action::EnableAlarmActions { alarm }
            | Action::AddAlarmAction { alarm, .. } => {
                let alarms = self.alarms.entry(action.region()).or_default();
                alarms.expect(alarm_name(alarm).to_owned());
            }
            Action::Subscribe { topic, endpoint } => {
                let subscriptions = self.subscriptions.entry(topic.clone()).or_default();
                subscriptions.expect(endpoint.clone());
            }
            _ => {}
        }
    }

    /// Asks about an alarm and those that go with it, so that the answer is there when it is wanted.
    pub(super) async fn ahead(&self, action: &Action) {
        let region = action.region();
        if let (Action::PutAlarm { .. }, Some(shared)) = (action, self.alarms.get(&region)) {
            let ask = async |names| alarm::read_named(self.writer, &region, names).await;
            shared.ahead(ask).await;
        }
    }

    /// The session in the account.
    pub(super) fn writer(&self) -> &'a Writer {
        self.writer
    }

    /// The filter of that name, if the group has one.
    pub(super) async fn filter(
        &self,
        group: &LogGroupArn,
        name: &str,
    ) -> Result<Option<MetricFilter>, CallFailure> {
        let ask = async |names| filter::read(self.writer, group, names).await;
        let name = name.to_owned();
        match self.filters.get(group) {
            Some(shared) => shared.answer(name, ask).await,
            None => Shared::default().answer(name, ask).await,
        }
    }

    /// The alarm, if there is one of that name, of either kind.
    pub(super) async fn alarm(
        &self,
        arn: &Arn,
        region: &Region,
    ) -> Result<Option<FoundAlarm>, CallFailure> {
        let ask = async |names| alarm::read_named(self.writer, region, names).await;
        let name = alarm_name(arn).to_owned();
        match self.alarms.get(region) {
            Some(shared) => shared.answer(name, ask).await,
            None => Shared::default().answer(name, ask).await,
        }
    }

    /// A step has done `action`.
    pub(super) fn done(&self, action: &Action) {
        if let Action::CreateTopic { topic } = action {
            let mut new = self
                .new_topics
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            new.insert(topic.clone());
        }
    }

    /// Whether a step of the stage has just made the topic.
    fn is_new(&self, topic: &Arn) -> bool {
        let new = self.new_topics.lock();
        new.unwrap_or_else(PoisonError::into_inner).contains(topic)
    }

    /// The subscription of `endpoint` to a topic, if there is one.
    pub(super) async fn subscription(
        &self,
        topic: &Arn,
        region: &Region,
        endpoint: &Endpoint,
    ) -> Result<Option<Subscription>, CallFailure> {
        if self.is_new(topic) {
            return Ok(None);
        }
        let ask = async |endpoints| subscription::read(self.writer, topic, region, endpoints).await;
        let endpoint = endpoint.clone();
        match self.subscriptions.get(topic) {
            Some(shared) => shared.answer(endpoint, ask).await,
            None => Shared::default().answer(endpoint, ask).await,
        }
    }
}

/// Answers about things of one kind that one call can answer for.
#[derive(Debug)]
struct Shared<K, V>(Mutex<Held<K, V>>);

#[derive(Debug)]
struct Held<K, V> {
    /// What no step has asked for yet.
    expected: BTreeSet<K>,
    /// Answers that no step has had.
    answers: BTreeMap<K, Option<V>>,
    /// When they were asked for.
    asked_at: Option<Instant>,
}

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Held {
            expected: BTreeSet::new(),
            answers: BTreeMap::new(),
            asked_at: None,
        }))
    }
}

impl<K: Ord + Clone, V> Shared<K, V> {
    fn expect(&mut self, key: K) {
        self.0.get_mut().expected.insert(key);
    }

    /// The answer about `key`. `ask` is given what to ask for, `key` first, and answers for as
    /// much of it as one call does.
    async fn answer<E>(
        &self,
        key: K,
        ask: impl AsyncFnOnce(Vec<K>) -> Result<BTreeMap<K, Option<V>>, E>,
    ) -> Result<Option<V>, E> {
        // Whoever needs the same call waits for its answer here.
        let mut held = self.0.lock().await;
        held.expected.remove(&key);
        let fresh = held.asked_at.is_some_and(|at| at.elapsed() <= AT_MOST);
        if let (true, Some(answer)) = (fresh, held.answers.remove(&key)) {
            return Ok(answer);
        }
        let others = held.expected.iter().cloned();
        let keys = std::iter::once(key.clone()).chain(others).collect();
        held.ask(keys, ask).await?;
        Ok(held.answers.remove(&key).flatten())
    }

    /// Asks about all that is expected, unless somebody has asked. Where that does not work, whoever
    /// needs an answer asks for it.
    async fn ahead<E>(&self, ask: impl AsyncFnOnce(Vec<K>) -> Result<BTreeMap<K, Option<V>>, E>) {
        let mut held = self.0.lock().await;
        if held.asked_at.is_none() && !held.expected.is_empty() {
            let keys = held.expected.iter().cloned().collect();
            let _ = held.ask(keys, ask).await;
        }
    }
}

impl<K: Ord, V> Held<K, V> {
    async fn ask<E>(
        &mut self,
        keys: Vec<K>,
        ask: impl AsyncFnOnce(Vec<K>) -> Result<BTreeMap<K, Option<V>>, E>,
    ) -> Result<(), E> {
        let asked_at = Instant::now();
        self.answers = ask(keys).await?;
        self.asked_at = Some(asked_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;

    use super::*;

    /// Something that is asked, remembers what for, and answers with the number of the asking
    /// for all that there is.
    #[derive(Default)]
    struct Asked(RefCell<Vec<Vec<&'static str>>>);

    impl Asked {
        async fn about(&self, shared: &Shared<&'static str, usize>, key: &'static str) -> usize {
            let ask = async |keys: Vec<&'static str>| {
                self.0.borrow_mut().push(keys.clone());
                let number = self.0.borrow().len();
                let answers = keys.into_iter().map(|key| (key, Some(number)));
                Ok::<_, Infallible>(answers.collect())
            };
            let Ok(answer) = shared.answer(key, ask).await;
            answer.unwrap()
        }

        fn all(&self) -> Vec<Vec<&'static str>> {
            self.0.borrow().clone()
        }
    }

    fn expecting(keys: &[&'static str]) -> Shared<&'static str, usize> {
        let mut shared = Shared::default();
        for key in keys {
            shared.expect(*key);
        }
        shared
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_answers_for_all_that_go_together() {
        let (asked, shared) = (Asked::default(), expecting(&["a", "b", "c"]));
        for key in ["b", "a", "c"] {
            assert_eq!(asked.about(&shared, key).await, 1);
        }
        assert_eq!(asked.all(), [["b", "a", "c"]]);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_at_once_wait_for_one_answer() {
        let (asked, shared) = (Asked::default(), expecting(&["a", "b"]));
        let both = futures::future::join(asked.about(&shared, "a"), asked.about(&shared, "b"));
        assert_eq!(both.await, (1, 1));
        assert_eq!(asked.all(), [["a", "b"]]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_too_old_is_asked_for_again() {
        let (asked, shared) = (Asked::default(), expecting(&["a", "b", "c"]));
        asked.about(&shared, "a").await;
        tokio::time::advance(AT_MOST).await;
        assert_eq!(asked.about(&shared, "b").await, 1);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(asked.about(&shared, "c").await, 2);
        assert_eq!(asked.all(), [vec!["a", "b", "c"], vec!["c"]]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_step_has_had_its_answer_about_is_asked_for_again_and_never_with_others() {
        let (asked, shared) = (Asked::default(), expecting(&["a", "b", "c"]));
        asked.about(&shared, "a").await;
        // Whoever had the answer has written it since.
        assert_eq!(asked.about(&shared, "a").await, 2);
        tokio::time::advance(AT_MOST * 2).await;
        assert_eq!(asked.about(&shared, "b").await, 3);
        assert_eq!(asked.about(&shared, "a").await, 4);
        assert_eq!(asked.about(&shared, "c").await, 4);
        assert_eq!(
            asked.all(),
            [
                vec!["a", "b", "c"],
                vec!["a", "b", "c"],
                vec!["b", "c"],
                vec!["a", "c"],
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_ahead_serves_each_step_once_and_is_not_asked_again() {
        let (asked, shared) = (Asked::default(), expecting(&["a", "b"]));
        let ahead = async |keys: Vec<&'static str>| {
            let answers = keys.into_iter().map(|key| (key, Some(0)));
            Ok::<_, Infallible>(answers.collect())
        };
        shared.ahead(ahead).await;
        shared.ahead(ahead).await;
        for (key, number) in [("a", 0), ("b", 0), ("a", 1)] {
            assert_eq!(asked.about(&shared, key).await, number);
        }
        tokio::time::advance(AT_MOST * 2).await;
        shared.ahead(ahead).await;
        assert_eq!(asked.about(&shared, "b").await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_did_not_come_ahead_is_asked_for() {
        let (asked, shared) = (Asked::default(), expecting(&["a", "b"]));
        let refused = async |_: Vec<&'static str>| Err::<BTreeMap<_, _>, _>("denied");
        shared.ahead(refused).await;
        assert_eq!(asked.about(&shared, "a").await, 1);
        assert_eq!(asked.all(), [["a", "b"]]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_did_not_come_serves_nobody() {
        let shared = expecting(&["a", "b"]);
        let refused = async |_: Vec<&'static str>| Err::<BTreeMap<_, _>, _>("denied");
        assert_eq!(shared.answer("a", refused).await, Err("denied"));
        assert_eq!(Asked::default().about(&shared, "b").await, 1);
    }
}
