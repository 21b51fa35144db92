//! Changes to single facts of a snapshot, wherever they stand in it. A fact that
//! is unread stays unread.

use orgsweep_controls::snapshot::{
    CompositeAlarm, Delivery, MetricAlarm, Subscription, Topic, Trail, TrailStatus,
};
use orgsweep_controls::{AccountSnapshot, Arn, Call, Known};

use super::make::policy_with;
use crate::endpoint::Endpoint;

pub(super) fn allow_in_key(snapshot: &mut AccountSnapshot, topic: &Arn, key: &str) {
    let label = AccountSnapshot::key_label(&snapshot.account, topic, key);
    let Some(Known::Read {
        value: Some(key), ..
    }) = label.and_then(|label| snapshot.keys.get_mut(&label))
    else {
        return;
    };
    change_known(&mut key.policy, |policy| {
        let statement = serde_json::json!({
            "Sid": "AllowCloudWatchAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        });
        *policy = Some(policy_with(policy.as_deref(), statement));
    });
}

pub(super) fn delivers(status: &mut TrailStatus) {
    status.delivery_error = None;
    status.delivery = Delivery::Fresh;
}

/// Every view of the trail: each Region's answer holds one.
pub(super) fn change_trail(snapshot: &mut AccountSnapshot, arn: &Arn, change: impl Fn(&mut Trail)) {
    for known in snapshot.trails.values_mut() {
        change_known(known, |trails| {
            for trail in trails.iter_mut().filter(|trail| trail.arn == *arn) {
                change(trail);
            }
        });
    }
}

pub(super) fn change_status(
    snapshot: &mut AccountSnapshot,
    arn: &Arn,
    change: impl Fn(&mut TrailStatus),
) {
    change_trail(snapshot, arn, |trail| {
        change_known(&mut trail.status, &change);
    });
}

pub(super) fn change_topic(
    snapshot: &mut AccountSnapshot,
    arn: &Arn,
    change: impl FnOnce(&mut Topic),
) {
    if let Some(Known::Read {
        value: Some(topic), ..
    }) = snapshot.topics.get_mut(arn)
    {
        change(topic);
    }
}

pub(super) fn change_alarm(
    snapshot: &mut AccountSnapshot,
    arn: &Arn,
    metric: impl FnOnce(&mut MetricAlarm),
    composite: impl FnOnce(&mut CompositeAlarm),
) {
    let Some(alarms) = arn
        .region()
        .and_then(|region| snapshot.alarms.get_mut(&region))
    else {
        return;
    };
    change_known(alarms, |alarms| {
        if let Some(alarm) = alarms.metric.iter_mut().find(|alarm| alarm.arn == *arn) {
            metric(alarm);
        } else if let Some(alarm) = alarms.composite.iter_mut().find(|alarm| alarm.arn == *arn) {
            composite(alarm);
        }
    });
}

pub(super) fn change_known<T>(known: &mut Known<T>, change: impl FnOnce(&mut T)) {
    if let Known::Read { value, .. } = known {
        change(value);
    }
}

pub(super) fn same(subscription: &Subscription, endpoint: &Endpoint) -> bool {
    subscription.protocol == endpoint.protocol && subscription.endpoint == endpoint.address
}

/// Stands for the ARN that AWS will give to the subscription.
pub(super) fn subscription_arn(topic: &Arn) -> Arn {
    format!("{topic}:00000000-0000-0000-0000-000000000000")
        .parse()
        .expect("a topic's ARN with a part more is an ARN")
}

pub(super) fn call(service: &str, operation: &str, arn: &Arn) -> Call {
    Call::new(service, operation, arn.region())
}
