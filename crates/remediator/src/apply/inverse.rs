//! Taking a step back, once it is clear that it may be.

use std::collections::BTreeMap;

use orgsweep_aws_access::CallFailure;

use super::act::act;
use super::seen::{Look, Seen};
use crate::endpoint::Endpoint;
use crate::steps::Action;
use crate::write::subscription::Ended;
use crate::write::topic::Topic;
use crate::write::trail::TrailChange;
use crate::write::{Marks, Writer, alarm, filter, log_group, role, subscription, topic, trail};

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
