//! What a step's resource looks like, read again: before a step is done, before it
//! is taken back, and after a crash.

use aws_sdk_cloudwatch::types::MetricAlarm;
use orgsweep_aws_access::CallFailure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reading::Reading;
use crate::steps::Action;
use crate::write::alarm::{Alarm, FoundAlarm};
use crate::write::filter::MetricFilter;
use crate::write::log_group::LogGroup;
use crate::write::role::Role;
use crate::write::subscription::Subscription;
use crate::write::topic::Topic;
use crate::write::trail::Trail;
use crate::write::{log_group, role, topic, trail};

/// What a step's resource looks like, as far as anybody sets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Seen {
    /// It does not exist.
    Nothing,
    /// A trail.
    Trail(Trail),
    /// A log group.
    LogGroup(LogGroup),
    /// A role.
    Role(Role),
    /// A metric filter.
    Filter(MetricFilter),
    /// An alarm.
    Alarm(Alarm),
    /// A topic.
    Topic(Topic),
    /// A subscription.
    Subscription(Subscription),
}

/// What was seen, with what is needed to put an alarm again.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) seen: Seen,
    pub(super) alarm: Option<Box<MetricAlarm>>,
}

impl Seen {
    fn of<T>(found: Option<T>, seen: fn(T) -> Self) -> Self {
        found.map_or(Self::Nothing, seen)
    }

    /// Whether nobody has changed anything. Policies are compared by what they say, and a
    /// subscription may have been confirmed meanwhile.
    pub fn is_still(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Topic(now), Self::Topic(then)) => {
                now.attributes == then.attributes
                    && same_policy(now.policy.as_deref(), then.policy.as_deref())
            }
            (Self::Subscription(now), Self::Subscription(then)) => {
                now.arn.is_none() || then.arn.is_none() || now.arn == then.arn
            }
            (now, then) => now == then,
        }
    }
}

fn same_policy(one: Option<&str>, other: Option<&str>) -> bool {
    let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    one == other || (one.is_some() && read(one).is_some() && read(one) == read(other))
}

/// Reads what `action` is about; what one call answers for several steps, together with what
/// the others of `reading` need.
pub(super) async fn look(reading: &Reading<'_>, action: &Action) -> Result<Look, CallFailure> {
    let writer = reading.writer();
    let region = action.region();
    let mut raw = None;
    let seen = match action {
        Action::StartLogging { trail }
        | Action::MakeTrailMultiRegion { trail }
        | Action::RecordGlobalServiceEvents { trail }
        | Action::ConnectLogGroup { trail, .. } => {
            Seen::of(trail::read(writer, trail, &region).await?, Seen::Trail)
        }
        Action::CreateLogGroup { log_group } => {
            Seen::of(log_group::read(writer, log_group).await?, Seen::LogGroup)
        }
        Action::CreateDeliveryRole { role, .. } => {
            Seen::of(role::read(writer, role).await?, Seen::Role)
        }
        Action::PutMetricFilter {
            log_group, filter, ..
        } => Seen::of(reading.filter(log_group, filter).await?, Seen::Filter),
        Action::CreateTopic { topic } | Action::AllowCloudWatch { topic, .. } => {
            Seen::of(topic::read(writer, topic, &region).await?, Seen::Topic)
        }
        Action::Subscribe { topic, endpoint } => Seen::of(
            reading.subscription(topic, &region, endpoint).await?,
            Seen::Subscription,
        ),
        Action::Remove { made, .. } => return Box::pin(look(reading, made)).await,
        Action::PutAlarm { alarm, .. }
        | Action::EnableAlarmActions { alarm }
        | Action::AddAlarmAction { alarm, .. } => match reading.alarm(alarm, &region).await? {
            None => Seen::Nothing,
            Some(found) => {
                let seen = Seen::Alarm(found.seen());
                if let FoundAlarm::Metric(alarm) = found {
                    raw = Some(alarm);
                }
                seen
            }
        },
    };
    Ok(Look { seen, alarm: raw })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_was_seen_is_read_back_from_its_row() {
        let topic = Seen::Topic(Topic {
            policy: Some("{}".to_owned()),
            attributes: BTreeMap::from([("DisplayName".to_owned(), "alarms".to_owned())]),
        });
        for seen in [Seen::Nothing, topic] {
            let row = serde_json::to_value(&seen).unwrap();
            assert_eq!(serde_json::from_value::<Seen>(row).unwrap(), seen);
        }
    }

    #[test]
    fn a_policy_written_differently_is_the_same_and_another_one_is_not() {
        let topic = |policy: &str| {
            Seen::Topic(Topic {
                policy: Some(policy.to_owned()),
                attributes: BTreeMap::new(),
            })
        };
        let policy = topic(r#"{"Version": "2012-10-17", "Statement": []}"#);
        assert!(topic(r#"{"Statement":[],"Version":"2012-10-17"}"#).is_still(&policy));
        assert!(!topic(r#"{"Statement":[1],"Version":"2012-10-17"}"#).is_still(&policy));
    }

    #[test]
    fn a_subscription_that_was_confirmed_is_still_the_runs_own() {
        let subscription = |arn: Option<&str>, confirmed| {
            Seen::Subscription(Subscription {
                arn: arn.map(str::to_owned),
                confirmed,
            })
        };
        let left = subscription(Some("arn:1"), false);
        assert!(subscription(None, false).is_still(&left));
        assert!(subscription(Some("arn:1"), true).is_still(&left));
        assert!(!subscription(Some("arn:2"), true).is_still(&left));
    }
}
