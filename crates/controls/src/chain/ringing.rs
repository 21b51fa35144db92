//! What follows an alarm that watches a filter's metric: its own actions, the
//! composite alarms above it and theirs. Gives the links of every way on.

use super::action::{self, Topics};
use super::alarm::{self, Watching};
use super::alarm_rule::AlarmRule;
use super::composite::{self, Follows, Rest};
use super::firing::Firing;
use super::judged::{Accepted, Judged};
use super::muting::{self, Muting};
use crate::finding::{EventsNeeded, LinkKind};
use crate::ids::{AccountId, Arn};
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::reason::Reason;
use crate::snapshot::{Alarms, MetricAlarm, MetricFilter, MetricTransformation};

/// The alarms of a Region, and where their topics are looked up.
pub(crate) struct Ringing<'a> {
    pub(crate) alarms: &'a Alarms,
    pub(crate) account: &'a AccountId,
    /// The filters of the log group, whose metrics its alarms watch.
    pub(crate) filters: &'a [MetricFilter],
    pub(crate) topics: &'a dyn Topics,
}

/// An alarm whose actions are to run.
struct Acting<'a> {
    name: &'a str,
    arn: &'a Arn,
    enabled: bool,
    actions: &'a [String],
    /// Seconds for which it stays in ALARM at least.
    lasts: u32,
}

/// Composites above composites that are followed.
const DEEPEST: usize = 8;

impl Ringing<'_> {
    /// The links from an alarm that watches the metric on.
    pub(crate) fn of_alarm(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Vec<Vec<Judged>> {
        let kind = LinkKind::Alarm;
        let resource = alarm.arn.as_str();
        let (link, lasts) = match alarm::firing(filter, published, alarm, self.account) {
            Firing::OnOneEvent {
                delay,
                lasts,
                notes,
            } => {
                let link = Judged::holds(kind, resource, "goes to ALARM on one event");
                (link.noting(notes).taking(delay), lasts)
            }
            Firing::NeedsEvents(needed, why) => {
                let reason = Reason::AlarmNeedsMoreEvents;
                let broken = Judged::broken(kind, resource, reason, why);
                return vec![vec![self.if_accepted(alarm, broken, needed)]];
            }
            Firing::Not(reason, why) => {
                return vec![vec![Judged::broken(kind, resource, reason, why)]];
            }
            Firing::Undecided(why) => {
                let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, why);
                (link, 0)
            }
        };
        self.after_alarm(alarm, &link, lasts)
    }

    /// The broken link of an alarm that waits for several events, with the best
    /// way on where that is accepted.
    fn if_accepted(&self, alarm: &MetricAlarm, mut broken: Judged, needed: EventsNeeded) -> Judged {
        // The alarm as it would be: what else is wrong with it shows in its place.
        let link = &broken.link;
        let ringing = Judged::holds(link.kind, &link.resource, link.detail.clone());
        let worst = |links: &Vec<Judged>| links.iter().map(|judged| judged.link.state).max();
        let ways = self.after_alarm(alarm, &ringing, 0);
        let best = ways.into_iter().min_by_key(worst).unwrap_or_default();
        broken.if_accepted = Some(Box::new(Accepted {
            needed,
            links: best,
        }));
        broken
    }

    /// The links from an alarm on, once it is in ALARM: its own actions, and the
    /// composites above it. It stays in ALARM for `lasts` seconds at least.
    pub(crate) fn after_alarm(
        &self,
        alarm: &MetricAlarm,
        link: &Judged,
        lasts: u32,
    ) -> Vec<Vec<Judged>> {
        let acting = Acting {
            name: &alarm.name,
            arn: &alarm.arn,
            enabled: alarm.actions_enabled,
            actions: &alarm.alarm_actions,
            lasts,
        };
        let mut rests = self.actions(&acting, link);
        rests.extend(self.above(&acting, std::slice::from_ref(link), 0));
        rests
    }

    fn actions(&self, alarm: &Acting<'_>, link: &Judged) -> Vec<Vec<Judged>> {
        let broken = |reason, detail: &str| {
            let resource = alarm.arn.as_str();
            vec![vec![Judged::broken(
                LinkKind::Alarm,
                resource,
                reason,
                detail,
            )]]
        };
        if !alarm.enabled {
            return broken(Reason::AlarmActionsDisabled, "its actions are disabled");
        }
        if alarm.actions.is_empty() {
            return broken(
                Reason::AlarmNoAction,
                "it has no action for the ALARM state",
            );
        }
        let link = self.muted(alarm, link);
        if link.reason == Some(Reason::AlarmMuted) {
            return vec![vec![link]];
        }
        let with_link = |action: &String| {
            let mut links = vec![link.clone()];
            links.extend(action::judge(action, alarm.arn, self.topics));
            links
        };
        alarm.actions.iter().map(with_link).collect()
    }

    /// The alarm's link with what mute rules make of it: broken where some events are
    /// told to nobody.
    fn muted(&self, alarm: &Acting<'_>, link: &Judged) -> Judged {
        let kind = LinkKind::Alarm;
        let resource = alarm.arn.as_str();
        let rules = match self.alarms.mute_rules.as_ref().map(Known::get) {
            Some(Ok(rules)) => rules,
            _ if link.reason.is_some() => return link.clone(),
            Some(Err(unread)) => return Judged::unread(kind, resource, unread),
            None => {
                let unread = Unread {
                    call: Call::new("cloudwatch", "ListAlarmMuteRules", alarm.arn.region()),
                    cause: UnreadCause::NotAsked,
                    message: String::new(),
                };
                return Judged::unread(kind, resource, &unread);
            }
        };
        match muting::of_alarm(rules, alarm.name, alarm.lasts) {
            Muting::Runs { late, notes } => {
                let mut link = link.clone().noting(notes);
                if let Some(delay) = &mut link.delay {
                    delay.max_seconds = delay.max_seconds.saturating_add(late.saturating_mul(60));
                }
                link
            }
            Muting::Silent(why, rules) => {
                let mut broken = Judged::broken(kind, resource, Reason::AlarmMuted, why);
                broken.muted_by = rules;
                broken
            }
            Muting::Undecided(_) if link.reason.is_some() => link.clone(),
            Muting::Undecided(why) => Judged::unknown(kind, resource, Reason::AlarmUndecided, why),
        }
    }

    fn above(&self, child: &Acting<'_>, below: &[Judged], depth: usize) -> Vec<Vec<Judged>> {
        if depth >= DEEPEST {
            return Vec::new();
        }
        let (name, arn) = (child.name, child.arn);
        let is_child = |text: &str| text == name || text == arn.as_str();
        let mut rests = Vec::new();
        for composite in &self.alarms.composite {
            let mentions = composite::mentions(&composite.rule, name, &is_child);
            if !mentions || composite.arn == *arn {
                continue;
            }
            let kind = LinkKind::Alarm;
            let resource = composite.arn.as_str();
            let link = match composite::follows(&composite.rule, &is_child, &|name| self.rest(name))
            {
                Follows::Yes => match &composite.actions_suppressor {
                    None => {
                        let link = Judged::holds(kind, resource, "goes to ALARM with its child");
                        link.noting(composite::shares(&composite.rule, &is_child))
                    }
                    Some(suppressor) => {
                        let why = format!("its actions wait while `{suppressor}` is in ALARM");
                        Judged::unknown(kind, resource, Reason::AlarmUndecided, why)
                    }
                },
                Follows::Undecided(why) => {
                    Judged::unknown(kind, resource, Reason::AlarmUndecided, why)
                }
                Follows::Not(reason, why) => Judged::broken(kind, resource, reason, why),
            };
            let mut links = below.to_vec();
            if link.is_broken() {
                links.push(link);
                rests.push(links);
                continue;
            }
            let acting = Acting {
                name: &composite.name,
                arn: &composite.arn,
                enabled: composite.actions_enabled,
                actions: &composite.alarm_actions,
                // It is in ALARM while its child is.
                lasts: child.lasts,
            };
            let own = self.actions(&acting, &link);
            rests.extend(own.into_iter().map(|rest| [below, &rest].concat()));
            links.push(link);
            rests.extend(self.above(&acting, &links, depth + 1));
        }
        rests
    }

    /// What becomes of the alarm of this name or ARN once nothing happens any more.
    /// Of a composite it is told over metric alarms only, which bounds the search.
    fn rest(&self, name: &str) -> Rest {
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
            _ => Rest::Leaves,
        }
    }

    fn rest_on(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Rest {
        // What an expression shows depends on its other metrics, whose values are not known.
        let metrics = alarm.queries.iter().filter(|query| query.metric.is_some());
        let alone = metrics.count() < 2;
        match alarm::firing(filter, published, alarm, self.account) {
            Firing::OnOneEvent { .. } if alone => Rest::Leaves,
            Firing::NeedsEvents(..) if alarm.metric.is_some() => Rest::Leaves,
            Firing::Not(Reason::AlarmAlwaysFiring, _) if alarm.metric.is_some() => {
                Rest::AlwaysInAlarm
            }
            Firing::Not(Reason::AlarmFiresOnce, _) if alarm.metric.is_some() => Rest::Stays,
            _ => Rest::Unknown,
        }
    }
}
