//! Doing a step, once it is clear that it may be done.

use std::time::Duration;

use orgsweep_aws_access::{CallFailure, FaultKind};
use tokio::time::Instant;

use super::reading::Reading;
use super::removal;
use super::seen::{Look, Seen, look};
use crate::simulate::policy_with;
use crate::steps::Action;
use crate::write::alarm::Alarm;
use crate::write::filter::MetricFilter;
use crate::write::log_group::LogGroup;
use crate::write::subscription::Subscription;
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
