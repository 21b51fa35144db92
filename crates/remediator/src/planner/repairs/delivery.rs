//! Repairs from the alarm on: its action, the topic with its policy and key,
//! and who is subscribed. Topics of other accounts are never touched.

use std::collections::BTreeSet;

use orgsweep_controls::snapshot::{MetricAlarm, Subscription, SubscriptionState, Topic};
use orgsweep_controls::{AccountSnapshot, Arn, Known, lets_every_alarm_through};
use sha2::{Digest, Sha256};

use super::alarm;
use crate::endpoint::Endpoint;
use crate::human::HumanAct;
use crate::planner::act::{Act, Move};
use crate::planner::broken::{Alarm, Broken};
use crate::simulate::policy_with;
use crate::steps::{Action, Precondition, TopicStatement};

/// An alarm's actions per state, at most.
const ACTIONS_PER_STATE: usize = 5;
/// A topic policy's bytes, at most.
const POLICY_BYTES: usize = 30_720;
/// The Sid of the statement that lets alarms publish.
const STATEMENT_ID: &str = "OrgsweepAllowAlarms";
/// Topics that are tried besides the plan's own.
const TOPICS_TRIED: usize = 3;

/// A topic that an alarm may act on, and what makes it exist.
pub(super) struct Candidate {
    pub(super) topic: Arn,
    create: Option<Act>,
}

impl Candidate {
    /// `act`, which needs the topic, after what makes the topic exist.
    pub(super) fn with(self, act: Act) -> Move {
        self.create.into_iter().chain([act]).collect()
    }
}

/// The topics that an alarm of the log group's Region may act on: those that
/// reach somebody already, then the plan's own.
pub(super) fn topic_candidates(broken: &Broken<'_>) -> Vec<Candidate> {
    let (Some(group), Some(owner)) = (broken.log_group(), broken.owner()) else {
        return Vec::new();
    };
    let acted_on = broken.all_alarms().into_iter().flat_map(|alarms| {
        let metric = alarms.metric.iter().flat_map(|alarm| &alarm.alarm_actions);
        metric.chain(
            alarms
                .composite
                .iter()
                .flat_map(|alarm| &alarm.alarm_actions),
        )
    });
    let known = acted_on.filter_map(|action| action.parse::<Arn>().ok());
    let known: BTreeSet<Arn> = known.chain(owner.topics.keys().cloned()).collect();
    let own = broken.own_topic();
    let mut candidates: Vec<Candidate> = known
        .into_iter()
        .filter(|arn| arn.service() == "sns" && arn.region() == Some(group.region()))
        .filter(|arn| Some(arn) != own.as_ref())
        .filter(|arn| topic(broken, arn).is_some_and(reaches_somebody))
        .take(TOPICS_TRIED)
        .map(|topic| Candidate {
            topic,
            create: None,
        })
        .collect();
    candidates.extend(own.map(|own| Candidate {
        create: topic(broken, &own).is_none().then(|| create(own.clone())),
        topic: own,
    }));
    candidates
}

/// Lets the alarms of the broken chain act on a topic that reaches somebody.
pub(super) fn act_on_topic(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for alarm in broken.alarms() {
        let Alarm::Metric(found) = alarm else {
            continue;
        };
        let room = found.alarm_actions.len() < ACTIONS_PER_STATE;
        if !room || found.other_kind.is_some() || !can_be_put_again(found) {
            continue;
        }
        for candidate in topic_candidates(broken) {
            let topic = candidate.topic.clone();
            if found
                .alarm_actions
                .iter()
                .any(|action| action == topic.as_str())
            {
                continue;
            }
            let before = Precondition::AlarmActionsAre {
                alarm: found.arn.clone(),
                actions: alarm.actions().to_vec(),
            };
            let alarm = found.arn.clone();
            let add = Act::step(Action::AddAlarmAction { alarm, topic }, vec![before]);
            moves.push(candidate.with(add));
        }
    }
    moves.extend(alarm::put_alarm(broken));
    moves
}

pub(super) fn create_topic(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for topic in broken.topics() {
        if !in_reach(broken, &topic) {
            moves.push(ask_owner(topic, "the topic itself"));
        } else if !is_fifo(&topic) {
            moves.push(vec![create(topic)]);
        }
    }
    moves.extend(act_on_topic(broken));
    moves
}

/// One more statement in the policy; it helps unless another one denies.
pub(super) fn allow_cloud_watch(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for arn in broken.topics() {
        let Some(facts) = own_topic_facts(broken, &arn) else {
            moves.push(ask_owner(
                arn,
                "a statement that lets the alarms' account publish",
            ));
            continue;
        };
        let policy = facts.policy.as_deref().unwrap_or_default();
        let Some(alarm_account) = arn.account() else {
            continue;
        };
        let statement = TopicStatement {
            sid: STATEMENT_ID.to_owned(),
            alarm_account,
        };
        let merged = policy_with(facts.policy.as_deref(), statement.to_json(&arn));
        // A statement of an earlier plan that did not help will not help twice.
        if merged.len() > POLICY_BYTES || policy.contains(STATEMENT_ID) {
            continue;
        }
        let before = Precondition::TopicPolicyIs {
            topic: arn.clone(),
            sha256: hex::encode(Sha256::digest(policy)),
        };
        let action = Action::AllowCloudWatch {
            topic: arn,
            statement,
        };
        moves.push(vec![Act::step(action, vec![before])]);
    }
    moves.extend(act_on_topic(broken));
    moves
}

/// A customer's key can be opened by who owns it; AWS's own key for SNS cannot.
pub(super) fn allow_in_key(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for topic in broken.topics() {
        let key = own_topic_facts(broken, &topic).and_then(|facts| facts.kms_key.clone());
        match key {
            Some(key) if key.ends_with("alias/aws/sns") => {}
            Some(key) => {
                moves.push(vec![Act::Human(HumanAct::AllowCloudWatchInKey {
                    topic,
                    key,
                })]);
            }
            None => moves.push(ask_owner(topic, "access for CloudWatch to the topic's key")),
        }
    }
    moves.extend(act_on_topic(broken));
    moves
}

pub(super) fn subscribe(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for topic in broken.topics() {
        if is_fifo(&topic) {
            continue;
        }
        if !in_reach(broken, &topic) {
            moves.push(ask_owner(topic, "a subscription"));
            continue;
        }
        // Subscribing again changes nothing about a subscription that is there.
        let there = topic_subscriptions(broken, &topic);
        let new: Vec<Endpoint> = broken
            .options
            .endpoints
            .iter()
            .filter(|endpoint| {
                !there.iter().any(|subscription| {
                    subscription.protocol == endpoint.protocol
                        && subscription.endpoint == endpoint.address
                })
            })
            .cloned()
            .collect();
        if new.is_empty() {
            moves.push(vec![Act::Human(HumanAct::ChooseSubscriber { topic })]);
        } else {
            moves.push(subscribe_all(&topic, &new));
        }
    }
    moves.extend(act_on_topic(broken));
    moves
}

/// Those who were asked have to agree, unless somebody who needs not be asked
/// can be subscribed.
pub(super) fn confirm(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = Vec::new();
    for topic in broken.topics() {
        let pending = topic_subscriptions(broken, &topic)
            .iter()
            .find(|subscription| subscription.state == SubscriptionState::Pending);
        if !in_reach(broken, &topic) {
            moves.push(ask_owner(topic, "a confirmed subscription"));
            continue;
        }
        if let Some(pending) = pending {
            moves.push(vec![Act::Human(HumanAct::ConfirmSubscription {
                topic: topic.clone(),
                endpoint: Endpoint {
                    protocol: pending.protocol.clone(),
                    address: pending.endpoint.clone(),
                },
            })]);
        }
        let immediate: Vec<Endpoint> = broken
            .options
            .endpoints
            .iter()
            .filter(|endpoint| {
                topic
                    .account()
                    .is_some_and(|a| endpoint.confirms_itself(&a))
            })
            .cloned()
            .collect();
        if !immediate.is_empty() {
            moves.push(subscribe_all(&topic, &immediate));
        }
    }
    moves.extend(act_on_topic(broken));
    moves
}

/// Adding to an alarm puts all of it again, and CloudWatch refuses actions of
/// another Region, which old alarms may still have.
fn can_be_put_again(alarm: &MetricAlarm) -> bool {
    let region = alarm.arn.region();
    let actions = alarm.alarm_actions.iter().chain(&alarm.ok_actions);
    actions
        .chain(&alarm.insufficient_data_actions)
        .all(|action| {
            action
                .parse::<Arn>()
                .is_ok_and(|arn| arn.region().is_none() || arn.region() == region)
        })
}

fn subscribe_all(topic: &Arn, endpoints: &[Endpoint]) -> Move {
    let mut acts = Vec::new();
    for endpoint in endpoints {
        let before = Precondition::NotSubscribed {
            topic: topic.clone(),
            endpoint: endpoint.to_string(),
        };
        let action = Action::Subscribe {
            topic: topic.clone(),
            endpoint: endpoint.clone(),
        };
        acts.push(Act::step(action, vec![before]));
        let (topic, endpoint) = (topic.clone(), endpoint.clone());
        if matches!(endpoint.protocol.as_str(), "sqs" | "lambda" | "firehose") {
            acts.push(Act::Human(HumanAct::AllowDelivery {
                topic: topic.clone(),
                endpoint: endpoint.clone(),
            }));
        }
        if !topic
            .account()
            .is_some_and(|account| endpoint.confirms_itself(&account))
        {
            acts.push(Act::Human(HumanAct::ConfirmSubscription {
                topic,
                endpoint,
            }));
        }
    }
    acts
}

/// Such topics reach queues only, never a person.
fn is_fifo(topic: &Arn) -> bool {
    topic
        .resource()
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "fifo")
}

fn create(topic: Arn) -> Act {
    let absent = Precondition::TopicAbsent {
        topic: topic.clone(),
    };
    Act::step(Action::CreateTopic { topic }, vec![absent])
}

fn ask_owner(topic: Arn, missing: &str) -> Move {
    let missing = missing.to_owned();
    vec![Act::Human(HumanAct::AskTopicOwner { topic, missing })]
}

/// Whether the topic is in the account and Region of the broken chain.
fn in_reach(broken: &Broken<'_>, topic: &Arn) -> bool {
    broken.log_group().is_some_and(|group| {
        topic.account() == Some(group.account()) && topic.region() == Some(group.region())
    })
}

fn own_topic_facts<'a>(broken: &Broken<'a>, arn: &Arn) -> Option<&'a Topic> {
    in_reach(broken, arn).then(|| topic(broken, arn)).flatten()
}

/// The topic as its owner's snapshot, or else that of the alarm's account, shows it.
fn topic<'a>(broken: &Broken<'a>, arn: &Arn) -> Option<&'a Topic> {
    let shown_by =
        |snapshot: &'a AccountSnapshot| snapshot.topics.get(arn).and_then(Known::value)?.as_ref();
    shown_by(broken.owner()?).or_else(|| shown_by(broken.world.snapshot(&arn.account()?)?))
}

fn topic_subscriptions<'a>(broken: &Broken<'a>, arn: &Arn) -> &'a [Subscription] {
    topic(broken, arn)
        .and_then(|topic| topic.subscriptions.value())
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn reaches_somebody(topic: &Topic) -> bool {
    let hears = |subscription: &Subscription| {
        let filter = subscription.filter.as_ref().and_then(Known::value);
        matches!(subscription.state, SubscriptionState::Confirmed(_))
            && filter.is_some_and(lets_every_alarm_through)
    };
    let mut subscriptions = topic.subscriptions.value().into_iter().flatten();
    !topic.fifo && subscriptions.any(hears)
}
