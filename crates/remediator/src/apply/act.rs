//! Doing a step, and taking it back, once it is clear that it may be.

use std::collections::BTreeMap;

use std::time::Duration;

use orgsweep_aws_access::{CallFailure, FaultKind};
use tokio::time::Instant;

use super::reading::Reading;
use super::removal;
use super::seen::{Look, Seen, look};
use crate::endpoint::Endpoint;
use crate::simulate::policy_with;
use crate::steps::Action;
use crate::write::alarm::Alarm;
use crate::write::filter::MetricFilter;
use crate::write::log_group::LogGroup;
use crate::write::subscription::{Ended, Subscription};
use crate::write::tags::made_by_orgsweep;
use crate::write::topic::Topic;
use crate::write::trail::{Trail, TrailChange};
use crate::write::{Marks, Writer, alarm, filter, log_group, role, subscription, topic, trail};

/// How long something that was just made may take to be there for everybody: roles take
/// longest ("usually within seconds", IAM guide).
const SPREADING: Duration = Duration::from_mins(1);

/// Errors of CloudTrail for a role or group that it does not see yet.
const NOT_SEEN_YET: [&str; 3] = [
    "InvalidCloudWatchLogsRoleArnException",
    "InvalidCloudWatchLogsLogGroupArnException",
    "CloudWatchLogsDeliveryUnavailableException",
];

/// Errors that say that a name is taken.
pub(super) const TAKEN: [&str; 3] = [
    "ResourceAlreadyExistsException",
    "EntityAlreadyExists",
    "EntityAlreadyExistsException",
];

/// Does `action`; what is there afterwards. With `patient`, something that it builds upon was
/// made a moment ago and may not be there for everybody.
pub(super) async fn act(
    writer: &Writer,
    action: &Action,
    before: &Look,
    marks: &Marks,
    patient: bool,
) -> Result<Seen, CallFailure> {
    let until = Instant::now() + SPREADING;
    let mut pause = Duration::from_millis(250);
    loop {
        let failure = match act_once(writer, action, before, marks).await {
            Ok(after) => return Ok(after),
            Err(failure) => failure,
        };
        let spreads = failure.kind == FaultKind::NotFound
            || failure
                .code
                .as_deref()
                .is_some_and(|code| NOT_SEEN_YET.contains(&code));
        if !(patient && spreads && Instant::now() + pause < until) {
            return Err(failure);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn act_once(
    writer: &Writer,
    action: &Action,
    before: &Look,
    marks: &Marks,
) -> Result<Seen, CallFailure> {
    let region = action.region();
    Ok(match action {
        Action::StartLogging { trail } => {
            trail::switch(writer, trail, &region, true).await?;
            changed_trail(before, |trail| trail.logging = true)
        }
        Action::MakeTrailMultiRegion { trail } => {
            let change = TrailChange {
                multi_region: Some(true),
                global_service_events: Some(true),
                delivery: None,
            };
            trail::update(writer, trail, &region, change).await?;
            changed_trail(before, |trail| {
                trail.multi_region = true;
                trail.global_service_events = true;
            })
        }
        Action::RecordGlobalServiceEvents { trail } => {
            let change = TrailChange {
                global_service_events: Some(true),
                ..TrailChange::default()
            };
            trail::update(writer, trail, &region, change).await?;
            changed_trail(before, |trail| trail.global_service_events = true)
        }
        Action::CreateLogGroup { log_group } => {
            log_group::create(writer, log_group, marks).await?;
            Seen::LogGroup(LogGroup::plain())
        }
        Action::CreateDeliveryRole {
            role,
            log_group,
            organization,
        } => {
            if before.seen == Seen::Nothing {
                role::create(writer, role, marks).await?;
            }
            let policy = role::policy(log_group, organization.as_ref());
            role::put_policy(writer, role, &policy).await?;
            Seen::Role(role::Role {
                trust: role::trust(),
                policy: Some(policy),
                tags: marks.tags(),
            })
        }
        Action::ConnectLogGroup {
            trail,
            log_group,
            role,
        } => {
            let group = trail::log_group_name(log_group);
            let change = TrailChange {
                delivery: Some((group.clone(), role.to_string())),
                ..TrailChange::default()
            };
            trail::update(writer, trail, &region, change).await?;
            changed_trail(before, |trail| {
                trail.log_group = Some(group);
                trail.log_role = Some(role.to_string());
            })
        }
        Action::PutMetricFilter {
            log_group,
            filter,
            pattern,
            metric,
        } => {
            filter::put(writer, log_group, filter, pattern, metric).await?;
            Seen::Filter(MetricFilter::counting(pattern, metric))
        }
        Action::CreateTopic { topic } => {
            topic::create(writer, topic, &region, marks).await?;
            Seen::Topic(Topic::default())
        }
        Action::AllowCloudWatch { topic, statement } => {
            let Seen::Topic(now) = &before.seen else {
                return Ok(before.seen.clone());
            };
            let policy = policy_with(now.policy.as_deref(), statement.to_json(topic));
            topic::put_policy(writer, topic, &region, &policy).await?;
            Seen::Topic(Topic {
                policy: Some(policy),
                attributes: now.attributes.clone(),
            })
        }
        Action::Subscribe { topic, endpoint } => {
            let arn = subscription::subscribe(writer, topic, &region, endpoint).await?;
            Seen::Subscription(Subscription {
                arn: arn.filter(|arn| arn.starts_with("arn:")),
                confirmed: endpoint.confirms_itself(&action.account()),
            })
        }
        Action::PutAlarm {
            alarm,
            metric,
            topic,
            control,
        } => {
            alarm::put(writer, alarm, &region, (metric, topic, control), marks).await?;
            Seen::Alarm(Alarm::on(metric, topic, control))
        }
        Action::EnableAlarmActions { alarm } => {
            alarm::switch_actions(writer, alarm, &region, true).await?;
            changed_alarm(before, |alarm| alarm.actions_enabled = true)
        }
        Action::AddAlarmAction { topic, .. } => {
            let Some(alarm) = &before.alarm else {
                return Ok(before.seen.clone());
            };
            let mut actions = alarm.alarm_actions().to_vec();
            actions.push(topic.to_string());
            alarm::put_actions(writer, alarm, &region, actions.clone()).await?;
            changed_alarm(before, |alarm| alarm.alarm_actions = actions)
        }
        Action::Remove { made, .. } => removal::remove(writer, made, before).await?,
    })
}

/// What is there after `action`, with what AWS added to what was asked for: a policy for a topic, which
/// taking it back has to know. Waits until it is there for everybody.
pub(super) async fn settled(
    writer: &Writer,
    action: &Action,
    after: Seen,
) -> Result<Seen, CallFailure> {
    if !matches!(action, Action::CreateTopic { .. }) {
        return Ok(after);
    }
    let until = Instant::now() + SPREADING;
    loop {
        match look(&Reading::alone(writer), action).await?.seen {
            topic @ Seen::Topic(_) => return Ok(topic),
            _ if Instant::now() < until => tokio::time::sleep(Duration::from_millis(500)).await,
            _ => return Ok(after),
        }
    }
}

/// Who made what has the name of what `action` makes: AWS's tags say so.
pub(super) async fn whose(
    writer: &Writer,
    action: &Action,
    marks: &Marks,
) -> Result<Whose, CallFailure> {
    let region = action.region();
    let tags = match action {
        Action::CreateLogGroup { log_group } => log_group::tags(writer, log_group).await?,
        Action::CreateTopic { topic } => topic::tags(writer, topic, &region).await?,
        Action::PutAlarm { alarm, .. } => alarm::tags(writer, alarm, &region).await?,
        _ => return Ok(Whose::Others),
    };
    let is_shared = matches!(action, Action::CreateTopic { .. }) && made_by_orgsweep(&tags);
    Ok(if marks.are_on(&tags) {
        Whose::ThisPlans
    } else if is_shared {
        Whose::EveryPlans
    } else {
        Whose::Others
    })
}

/// Whose something is that has the name of what a plan makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The plan made it.
    ThisPlans,
    /// Another plan made it, for all controls of the account and Region.
    EveryPlans,
    /// Somebody else made it, or another plan for itself.
    Others,
}

/// What taking a step back came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// It is as it was.
    Done,
    /// It is as far as it goes; why, in words.
    AsFarAsItGoes(String),
    /// It must stay; why, in words.
    Stays(String),
}

/// Takes `action` back. `now` is what the run left, and `before` what was there before it;
/// `ours` are the endpoints that the run subscribed.
pub(super) async fn take_back(
    writer: &Writer,
    action: &Action,
    before: &Seen,
    now: &Look,
    left: &Seen,
    ours: &[(String, Endpoint)],
) -> Result<TakenBack, CallFailure> {
    let region = action.region();
    match action {
        Action::StartLogging { trail } => {
            trail::switch(writer, trail, &region, false).await?;
        }
        Action::MakeTrailMultiRegion { trail } => {
            if let Seen::Trail(was) = before {
                let change = TrailChange {
                    multi_region: Some(was.multi_region),
                    global_service_events: Some(was.global_service_events),
                    delivery: None,
                };
                trail::update(writer, trail, &region, change).await?;
            }
        }
        Action::RecordGlobalServiceEvents { trail } => {
            if let Seen::Trail(was) = before {
                if was.multi_region && !was.global_service_events {
                    // CloudTrail refuses it: InvalidParameterCombinationException.
                    return Ok(TakenBack::AsFarAsItGoes(
                        "a trail of every Region cannot leave global service events out any more: \
                         it goes on recording them"
                            .to_owned(),
                    ));
                }
                let change = TrailChange {
                    global_service_events: Some(was.global_service_events),
                    ..TrailChange::default()
                };
                trail::update(writer, trail, &region, change).await?;
            }
        }
        Action::ConnectLogGroup { trail, .. } => {
            if let Seen::Trail(was) = before {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let change = TrailChange {
                    delivery: Some((text(&was.log_group), text(&was.log_role))),
                    ..TrailChange::default()
                };
                trail::update(writer, trail, &region, change).await?;
            }
        }
        Action::CreateLogGroup { log_group } => {
            if log_group::has_streams(writer, log_group).await? {
                return Ok(TakenBack::Stays(format!(
                    "events have come into log group `{}`: delete it yourself when nobody needs them",
                    log_group.name()
                )));
            }
            log_group::delete(writer, log_group).await?;
        }
        Action::CreateDeliveryRole { role, .. } => role::delete(writer, role).await?,
        Action::PutMetricFilter {
            log_group, filter, ..
        } => filter::delete(writer, log_group, filter).await?,
        Action::CreateTopic { topic } => {
            let listed = subscription::list(writer, topic, &region).await?;
            let foreign = listed.into_iter().flatten().find(|(endpoint, _)| {
                !ours
                    .iter()
                    .any(|(of, own)| of == topic.as_str() && own == endpoint)
            });
            if let Some((endpoint, _)) = foreign {
                return Ok(TakenBack::Stays(format!(
                    "somebody subscribed {} to topic `{}`: delete it yourself when nobody needs it",
                    endpoint.protocol,
                    topic.resource()
                )));
            }
            topic::delete(writer, topic, &region).await?;
        }
        Action::AllowCloudWatch { topic, .. } => {
            if let Seen::Topic(Topic {
                policy: Some(policy),
                ..
            }) = before
            {
                topic::put_policy(writer, topic, &region, policy).await?;
            }
        }
        Action::Subscribe { topic, .. } => {
            let arn = [&now.seen, left].into_iter().find_map(|seen| match seen {
                Seen::Subscription(subscription) => subscription.arn.clone(),
                _ => None,
            });
            let ended = match arn {
                Some(arn) => subscription::unsubscribe(writer, &arn, &region).await?,
                None => Ended::GoesByItself,
            };
            if ended == Ended::GoesByItself {
                return Ok(TakenBack::AsFarAsItGoes(format!(
                    "the subscription to topic `{}` was never confirmed: AWS removes it within three days",
                    topic.resource()
                )));
            }
        }
        Action::PutAlarm { alarm, .. } => alarm::delete(writer, alarm, &region).await?,
        Action::EnableAlarmActions { alarm } => {
            alarm::switch_actions(writer, alarm, &region, false).await?;
        }
        Action::AddAlarmAction { .. } => {
            if let (Some(alarm), Seen::Alarm(was)) = (&now.alarm, before) {
                alarm::put_actions(writer, alarm, &region, was.alarm_actions.clone()).await?;
            }
        }
        Action::Remove {
            made,
            plan,
            control,
            ..
        } => {
            let marks = Marks {
                plan: *plan,
                control: control.clone(),
                others: BTreeMap::new(),
            };
            Box::pin(act(writer, made, now, &marks, true)).await?;
        }
    }
    Ok(TakenBack::Done)
}

fn changed_trail(before: &Look, change: impl FnOnce(&mut Trail)) -> Seen {
    let mut seen = before.seen.clone();
    if let Seen::Trail(trail) = &mut seen {
        change(trail);
    }
    seen
}

fn changed_alarm(before: &Look, change: impl FnOnce(&mut Alarm)) -> Seen {
    let mut seen = before.seen.clone();
    if let Seen::Alarm(alarm) = &mut seen {
        change(alarm);
    }
    seen
}
