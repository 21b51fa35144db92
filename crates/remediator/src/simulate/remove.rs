//! What a step takes away again.

use orgsweep_controls::{AccountSnapshot, Known};

use super::change::{call, change_known, change_topic, same};
use crate::steps::Action;

/// Changes `snapshot` as if what `made` makes were gone.
pub(super) fn remove(snapshot: &mut AccountSnapshot, made: &Action) {
    match made {
        Action::PutAlarm { alarm, .. } => {
            let here = alarm
                .region()
                .and_then(|region| snapshot.alarms.get_mut(&region));
            if let Some(alarms) = here {
                change_known(alarms, |alarms| {
                    alarms.metric.retain(|found| found.arn != *alarm);
                });
            }
        }
        Action::PutMetricFilter {
            log_group, filter, ..
        } => {
            if let Some(group) = snapshot.log_groups.get_mut(log_group) {
                change_known(&mut group.filters, |filters| {
                    filters.retain(|found| found.name != *filter);
                });
            }
        }
        Action::Subscribe { topic, endpoint } => change_topic(snapshot, topic, |facts| {
            change_known(&mut facts.subscriptions, |subscriptions| {
                subscriptions.retain(|found| !same(found, endpoint));
            });
        }),
        Action::CreateTopic { topic } => {
            if let Some(known) = snapshot.topics.get_mut(topic) {
                *known = Known::read(None, call("sns", "DeleteTopic", topic));
            }
        }
        // Nothing else is taken away (`can_be_removed`).
        _ => {}
    }
}
