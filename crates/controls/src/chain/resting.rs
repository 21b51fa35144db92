//! What becomes of an alarm once nothing happens any more: whether it leaves ALARM,
//! without which a composite alarm above it, or one that it suppresses, tells nobody.

use super::alarm::{self, Watching};
use super::alarm_rule::AlarmRule;
use super::composite::{self, Rest};
use super::firing::Firing;
use super::ringing::Ringing;
use crate::ids::Arn;
use crate::reason::Reason;
use crate::snapshot::{MetricAlarm, MetricFilter, MetricTransformation};

impl Ringing<'_> {
    /// What becomes of the alarm of this name or ARN once nothing happens any more.
    /// Of a composite it is told over metric alarms only, which bounds the search.
    pub(super) fn rest(&self, name: &str) -> Rest {
        let is_it = |of: &str, arn: &Arn| of == name || arn.as_str() == name;
        let mut composites = self.alarms.composite.iter();
        match composites.find(|composite| is_it(&composite.name, &composite.arn)) {
            Some(above) => AlarmRule::parse(&above.rule).map_or(Rest::Unknown, |rule| {
                composite::rest(&rule, &|child| self.rest_of_metric_alarm(child))
            }),
            None => self.rest_of_metric_alarm(name),
        }
    }

    /// Known for alarms on the metrics of the log group's own filters only.
    fn rest_of_metric_alarm(&self, name: &str) -> Rest {
        let mut alarms = self.alarms.metric.iter();
        let Some(alarm) = alarms.find(|alarm| alarm.name == name || alarm.arn.as_str() == name)
        else {
            return Rest::Unknown;
        };
        let mut rests = Vec::new();
        for filter in self.filters {
            for published in &filter.transformations {
                match alarm::watching(filter, published, alarm, self.account) {
                    Watching::Yes(_) => rests.push(self.rest_on(filter, published, alarm)),
                    Watching::Undecided(_) => rests.push(Rest::Unknown),
                    Watching::Astray(_) | Watching::No => {}
                }
            }
        }
        let is = |wanted: Rest| rests.contains(&wanted);
        match rests.as_slice() {
            [] => Rest::Unknown,
            _ if is(Rest::AlwaysInAlarm) => Rest::AlwaysInAlarm,
            _ if is(Rest::Stays) => Rest::Stays,
            _ if is(Rest::Unknown) => Rest::Unknown,
            _ if is(Rest::Leaves) => Rest::Leaves,
            _ => Rest::Settles,
        }
    }

    fn rest_on(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Rest {
        let leaves = if settles(alarm) {
            Rest::Settles
        } else {
            Rest::Leaves
        };
        match alarm::firing(filter, published, alarm, self.account, self.filters) {
            // An expression that rings does so, and ends, whatever its other metrics show.
            Firing::OnOneEvent { .. } => leaves,
            Firing::NeedsEvents(..) if alarm.metric.is_some() => leaves,
            Firing::Not(Reason::AlarmAlwaysFiring, _) if alarm.metric.is_some() => {
                Rest::AlwaysInAlarm
            }
            Firing::Not(Reason::AlarmFiresOnce, _) if alarm.metric.is_some() => Rest::Stays,
            _ => Rest::Unknown,
        }
    }
}

/// Whether an alarm is OK when there is nothing to evaluate.
pub(super) fn settles(alarm: &MetricAlarm) -> bool {
    alarm.treat_missing_data.as_deref() == Some("notBreaching")
}
