//! What becomes of an alarm once nothing happens any more: whether it leaves ALARM,
//! without which a composite alarm above it, or one that it suppresses, tells nobody.

use super::alarm::{self, Source, Watching};
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
        self.rest_of_any(name, false)
    }

    /// The same of an alarm that stands beside another in a composite's rule. There it is enough
    /// that it leaves ALARM, should it ever be in it, which is also known of plain alarms that do
    /// not ring for sure. What waits for one to leave ALARM depends on when it rings.
    pub(super) fn rest_beside(&self, name: &str) -> Rest {
        self.rest_of_any(name, true)
    }

    fn rest_of_any(&self, name: &str, beside: bool) -> Rest {
        let is_it = |of: &str, arn: &Arn| of == name || arn.as_str() == name;
        let mut composites = self.alarms.composite.iter();
        match composites.find(|composite| is_it(&composite.name, &composite.arn)) {
            Some(above) => AlarmRule::parse(&above.rule).map_or(Rest::Unknown, |rule| {
                composite::rest(&rule, &|child| self.rest_of_metric_alarm(child, false))
            }),
            None => self.rest_of_metric_alarm(name, beside),
        }
    }

    /// Known for alarms on the metrics of filters only, of this log group or of others.
    fn rest_of_metric_alarm(&self, name: &str, beside: bool) -> Rest {
        let mut alarms = self.alarms.metric.iter();
        let Some(alarm) = alarms.find(|alarm| alarm.name == name || alarm.arn.as_str() == name)
        else {
            return Rest::Unknown;
        };
        let mut rests = Vec::new();
        let here = self.filters.iter().map(|filter| (filter, true));
        let elsewhere = self.filters_elsewhere.iter().map(|filter| (*filter, false));
        for (filter, receives) in here.chain(elsewhere) {
            for published in &filter.transformations {
                match alarm::watching(filter, published, alarm, self.account) {
                    Watching::Yes(_) => {
                        rests.push(match self.firing_of(filter, published, alarm) {
                            Firing::Not(Reason::AlarmNeverFires, _) if beside => {
                                leaves_without_data(alarm)
                            }
                            // Whether events reach that log group, so that there are default values,
                            // is not known.
                            Firing::Not(Reason::AlarmAlwaysFiring, _)
                                if !receives && published.default_value.is_some() =>
                            {
                                Rest::Unknown
                            }
                            firing => {
                                let rest = rest_after(&firing, alarm);
                                let source = Source {
                                    filter,
                                    published,
                                    dimensions: &[],
                                    account: self.account,
                                    filters: self.filters,
                                };
                                let stays = matches!(rest, Rest::Stays | Rest::AlwaysInAlarm);
                                if stays && self.filled_in(&source, alarm).is_some() {
                                    Rest::Unknown
                                } else {
                                    rest
                                }
                            }
                        });
                    }
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

    fn firing_of(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Firing {
        alarm::firing(filter, published, alarm, self.account, self.filters)
    }
}

/// What becomes of an alarm that does so on one event.
fn rest_after(firing: &Firing, alarm: &MetricAlarm) -> Rest {
    match firing {
        // An expression that rings does so, and ends, whatever its other metrics show.
        Firing::OnOneEvent { .. } => leaving(alarm),
        Firing::NeedsEvents(..) if alarm.metric.is_some() => leaving(alarm),
        Firing::Not(Reason::AlarmAlwaysFiring, _) if alarm.metric.is_some() => Rest::AlwaysInAlarm,
        Firing::Not(Reason::AlarmFiresOnce, _) if alarm.metric.is_some() => Rest::Stays,
        _ => Rest::Unknown,
    }
}

/// Of a plain alarm that is not sure to ring, but whose value breaches nothing in silence: for want
/// of data it leaves ALARM, where it may have been for a time.
fn leaves_without_data(alarm: &MetricAlarm) -> Rest {
    let missing = alarm.treat_missing_data.as_deref().unwrap_or("missing");
    let evaluated = alarm.metric.is_some() && !alarm.evaluation_error;
    if evaluated && ["missing", "notBreaching"].contains(&missing) {
        leaving(alarm)
    } else {
        Rest::Unknown
    }
}

fn leaving(alarm: &MetricAlarm) -> Rest {
    if settles(alarm) {
        Rest::Settles
    } else {
        Rest::Leaves
    }
}

/// Whether an alarm is OK when there is nothing to evaluate.
pub(super) fn settles(alarm: &MetricAlarm) -> bool {
    alarm.treat_missing_data.as_deref() == Some("notBreaching")
}
