//! Taking away what an earlier run made: first whether it carries that run's marks and
//! nobody else came to use it, then the deletion.

use std::collections::BTreeMap;

use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, Region};

use super::seen::{Look, Seen};
use crate::steps::{Action, Metric, alarm_name};
use crate::write::alarm::{NotOthers, Watching};
use crate::write::subscription::Ended;
use crate::write::{Marks, Writer, alarm, filter, subscription, topic};

/// The alarm that a step takes away.
pub(super) fn removed_alarm(action: &Action) -> Option<&Arn> {
    match action {
        Action::Remove { made, .. } => match &**made {
            Action::PutAlarm { alarm, .. } => Some(alarm),
            _ => None,
        },
        _ => None,
    }
}

/// Why a thing that is as it was left stays all the same; `None` when it may go. Filters and
/// subscriptions carry no tags: they are known by their content. Alarms `except` those use nothing:
/// the run takes them away before, and AWS may still show them.
pub(super) async fn kept(
    writer: &Writer,
    action: &Action,
    except: &NotOthers<'_>,
) -> Result<Option<String>, CallFailure> {
    let Action::Remove {
        made,
        plan,
        control,
        subscribed,
    } = action
    else {
        return Ok(None);
    };
    let region = made.region();
    let marks = Marks {
        plan: *plan,
        control: control.clone(),
        others: BTreeMap::new(),
    };
    let not_ours = |what: &str| Some(format!("{what} does not carry the tags of plan {plan}"));
    match &**made {
        Action::PutAlarm { alarm: arn, .. } => {
            let tags = alarm::tags(writer, arn, &region).await?;
            if !marks.are_on(&tags) {
                return Ok(not_ours(&format!("alarm `{}`", alarm_name(arn))));
            }
        }
        Action::PutMetricFilter { filter, metric, .. } => {
            let watching = Watching::in_region(writer, &region).await?;
            return Ok(watched_by_others(&watching, filter, metric, except));
        }
        Action::Subscribe { topic: arn, .. } => {
            return notified_by_others(writer, arn, &region, except).await;
        }
        Action::CreateTopic { topic: arn } => {
            let tags = topic::tags(writer, arn, &region).await?;
            if !marks.are_on(&tags) {
                return Ok(not_ours(&format!("topic `{}`", arn.resource())));
            }
            let others = notified_by_others(writer, arn, &region, except).await?;
            if others.is_some() {
                return Ok(others);
            }
            let listed = subscription::list(writer, arn, &region).await?;
            let foreign = listed
                .into_iter()
                .flatten()
                .find(|(endpoint, _)| !subscribed.contains(endpoint));
            if let Some((endpoint, _)) = foreign {
                return Ok(Some(format!(
                    "somebody subscribed {} to topic `{}`",
                    endpoint.protocol,
                    arn.resource()
                )));
            }
        }
        _ => {}
    }
    Ok(None)
}

/// Why a filter is needed, in words: an alarm beside `except` watches what it publishes.
pub(super) fn watched_by_others(
    watching: &Watching,
    filter: &str,
    metric: &Metric,
    except: &NotOthers<'_>,
) -> Option<String> {
    let alarm = watching.of(metric, except)?;
    Some(format!(
        "alarm `{alarm}` watches what filter `{filter}` publishes"
    ))
}

/// Why a topic is needed, in words: an alarm beside `except` acts on it.
pub(super) async fn notified_by_others(
    writer: &Writer,
    topic: &Arn,
    region: &Region,
    except: &NotOthers<'_>,
) -> Result<Option<String>, CallFailure> {
    let alarm = alarm::acting_on(writer, topic, region, except).await?;
    Ok(alarm.map(|alarm| format!("alarm `{alarm}` notifies topic `{}`", topic.resource())))
}

/// Deletes what `made` makes; what is there afterwards.
pub(super) async fn remove(
    writer: &Writer,
    made: &Action,
    before: &Look,
) -> Result<Seen, CallFailure> {
    let region = made.region();
    match made {
        Action::PutAlarm { alarm, .. } => alarm::delete(writer, alarm, &region).await?,
        Action::PutMetricFilter {
            log_group, filter, ..
        } => filter::delete(writer, log_group, filter).await?,
        Action::CreateTopic { topic } => topic::delete(writer, topic, &region).await?,
        Action::Subscribe { .. } => {
            let arn = match &before.seen {
                Seen::Subscription(subscription) => subscription.arn.as_deref(),
                _ => None,
            };
            let ended = match arn {
                Some(arn) => subscription::unsubscribe(writer, arn, &region).await?,
                None => Ended::GoesByItself,
            };
            // AWS removes what was never confirmed within three days.
            if ended == Ended::GoesByItself {
                return Ok(before.seen.clone());
            }
        }
        // INVARIANT: plans take away nothing else (`can_be_removed`).
        _ => return Ok(before.seen.clone()),
    }
    Ok(Seen::Nothing)
}
