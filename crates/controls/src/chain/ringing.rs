//! What follows an alarm that watches a filter's metric: its own actions, the
//! composite alarms above it and theirs. Gives the links of every way on.

use super::action::{self, Topics};
use super::alarm::{self, Watching};
use super::composite::{self, Follows, Rest};
use super::firing::{self, Firing, Lasting};
use super::judged::{Accepted, Judged};
use super::muting::{self, Muting};
use super::resting;
use crate::finding::{EventsNeeded, LinkKind};
use crate::ids::{AccountId, Arn};
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::reason::Reason;
use crate::snapshot::{
    Alarms, CompositeAlarm, LogAlarm, MetricAlarm, MetricFilter, MetricTransformation,
};

/// The alarms of a Region, and where their topics are looked up.
pub(crate) struct Ringing<'a> {
    pub(crate) alarms: &'a Alarms,
    pub(crate) account: &'a AccountId,
    /// The filters of the log group, whose metrics its alarms watch.
    pub(crate) filters: &'a [MetricFilter],
    /// Filters of the Region's other log groups.
    pub(crate) filters_elsewhere: &'a [&'a MetricFilter],
    /// How often one event may reach one of those groups, because several trails deliver to it.
    pub(crate) deliveries: usize,
    pub(crate) topics: &'a dyn Topics,
}

/// An alarm whose actions are to run.
struct Acting<'a> {
    name: &'a str,
    /// Whether it is OK when nothing happens, and never without data.
    settles: bool,
    arn: &'a Arn,
    enabled: bool,
    actions: &'a [String],
    /// How long it stays in ALARM.
    lasts: Lasting,
}

/// Alarms that go to ALARM on the same event as another, by name and ARN.
#[derive(Debug, Default)]
struct Companions {
    /// At the same time, and as long.
    in_step: Vec<String>,
    /// Perhaps at another time.
    at_some_time: Vec<String>,
}

/// What keeps an alarm in ALARM besides the events it is there for.
enum Kept {
    /// A filter of the same log group, which receives events as soon as there is one.
    Here(String),
    /// A filter of another log group, which may receive none.
    Elsewhere(String),
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
        let mut with = Companions::default();
        let (link, lasts) = match alarm::firing(
            filter,
            published,
            alarm,
            self.account,
            self.filters,
        ) {
            Firing::OnOneEvent {
                delay,
                lasts,
                notes,
            } => {
                let link = match self.kept_in_alarm(filter, published, alarm) {
                    Some(Kept::Here(why)) => {
                        let reason = Reason::AlarmAlwaysFiring;
                        return vec![vec![Judged::broken(kind, resource, reason, why)]];
                    }
                    Some(Kept::Elsewhere(why)) => {
                        Judged::unknown(kind, resource, Reason::AlarmUndecided, why)
                    }
                    None => Judged::holds(kind, resource, "goes to ALARM on one event"),
                };
                with = self.companions(filter, published, alarm);
                (link.noting(notes).taking(delay), lasts)
            }
            Firing::NeedsEvents(needed, _) if self.may_count_as(published, needed.events) => {
                let why =
                    "whether several filters or trails count one event as several is not decided";
                let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, why);
                (link, Lasting::ANY)
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
                (link, Lasting::ANY)
            }
        };
        self.after(alarm, &link, lasts, &with)
    }

    /// What another filter that publishes to the same metric does to the alarm: with a default
    /// value that breaches it keeps the alarm in ALARM while other events arrive.
    fn kept_in_alarm(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Option<Kept> {
        let keeps = |other: &MetricFilter| {
            let own = |to: &MetricTransformation| other == filter && to == published;
            let mut theirs = other.transformations.iter().filter(|to| !own(to));
            theirs.any(|to| {
                to.default_value.is_some()
                    && matches!(
                        alarm::watching(other, to, alarm, self.account),
                        Watching::Yes(_)
                    )
                    && matches!(
                        alarm::firing(other, to, alarm, self.account, self.filters),
                        Firing::Not(Reason::AlarmAlwaysFiring, _)
                    )
            })
        };
        let why = |other: &MetricFilter, when: &str| {
            format!(
                "filter `{}` publishes to its metric, too, and keeps it in ALARM by a default value{when}",
                other.name
            )
        };
        if let Some(other) = self.filters.iter().find(|other| keeps(other)) {
            return Some(Kept::Here(why(other, "")));
        }
        let mut elsewhere = self.filters_elsewhere.iter();
        let other = elsewhere.find(|other| keeps(other))?;
        let when = " whenever its log group receives events";
        Some(Kept::Elsewhere(why(other, when)))
    }

    /// Whether one event may count as so many, because several filters publish to the
    /// metric, or several trails bring it.
    fn may_count_as(&self, published: &MetricTransformation, events: u32) -> bool {
        let here = self
            .filters
            .iter()
            .chain(self.filters_elsewhere.iter().copied());
        let same = here
            .flat_map(|filter| &filter.transformations)
            .filter(|other| other.name == published.name && other.namespace == published.namespace);
        u32::try_from(same.count() * self.deliveries).is_ok_and(|times| times >= events)
    }

    /// Other alarms that go to ALARM on the same event.
    fn companions(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Companions {
        let mut with = Companions::default();
        for other in self.alarms.metric.iter().filter(|other| *other != alarm) {
            let rings = matches!(
                alarm::firing(filter, published, other, self.account, self.filters),
                Firing::OnOneEvent { .. }
            );
            let sees_it = matches!(
                alarm::watching(filter, published, other, self.account),
                Watching::Yes(_)
            );
            if rings && sees_it {
                let names = [other.name.clone(), other.arn.to_string()];
                if firing::in_step(alarm, other) {
                    with.in_step.extend(names);
                } else {
                    with.at_some_time.extend(names);
                }
            }
        }
        with
    }

    /// The broken link of an alarm that waits for several events, with the best
    /// way on where that is accepted.
    fn if_accepted(&self, alarm: &MetricAlarm, mut broken: Judged, needed: EventsNeeded) -> Judged {
        // The alarm as it would be: what else is wrong with it shows in its place.
        let link = &broken.link;
        let ringing = Judged::holds(link.kind, &link.resource, link.detail.clone());
        let worst = |links: &Vec<Judged>| links.iter().map(|judged| judged.link.state).max();
        let ways = self.after_alarm(alarm, &ringing, Lasting::ANY);
        let best = ways.into_iter().min_by_key(worst).unwrap_or_default();
        broken.if_accepted = Some(Box::new(Accepted {
            needed,
            links: best,
        }));
        broken
    }

    /// The links from an alarm on, once it is in ALARM: its own actions, and the
    /// composites above it. It stays in ALARM as `lasts` tells.
    pub(crate) fn after_alarm(
        &self,
        alarm: &MetricAlarm,
        link: &Judged,
        lasts: Lasting,
    ) -> Vec<Vec<Judged>> {
        self.after(alarm, link, lasts, &Companions::default())
    }

    /// The same for a log alarm.
    pub(crate) fn after_log_alarm(&self, alarm: &LogAlarm, link: &Judged) -> Vec<Vec<Judged>> {
        let acting = Acting {
            name: &alarm.name,
            settles: false,
            arn: &alarm.arn,
            enabled: alarm.actions_enabled,
            actions: &alarm.alarm_actions,
            lasts: Lasting::ANY,
        };
        let mut rests = self.actions(&acting, link);
        let alone = Companions::default();
        rests.extend(self.above(&acting, std::slice::from_ref(link), &alone, 0));
        rests
    }

    fn after(
        &self,
        alarm: &MetricAlarm,
        link: &Judged,
        lasts: Lasting,
        with: &Companions,
    ) -> Vec<Vec<Judged>> {
        let acting = Acting {
            name: &alarm.name,
            settles: resting::settles(alarm),
            arn: &alarm.arn,
            enabled: alarm.actions_enabled,
            actions: &alarm.alarm_actions,
            lasts,
        };
        let mut rests = self.actions(&acting, link);
        rests.extend(self.above(&acting, std::slice::from_ref(link), with, 0));
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

    fn above(
        &self,
        child: &Acting<'_>,
        below: &[Judged],
        with: &Companions,
        depth: usize,
    ) -> Vec<Vec<Judged>> {
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
            let link = match self.follows(composite, &is_child, child.settles, with) {
                Follows::Yes => match &composite.actions_suppressor {
                    None => {
                        let link = Judged::holds(kind, resource, "goes to ALARM with its child");
                        link.noting(composite::shares(&composite.rule, &is_child))
                    }
                    Some(suppressor) => self.suppressed(composite, suppressor, &is_child, with),
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
                settles: true,
                arn: &composite.arn,
                enabled: composite.actions_enabled,
                actions: &composite.alarm_actions,
                // It is in ALARM while its child is.
                lasts: child.lasts,
            };
            let own = self.actions(&acting, &link);
            rests.extend(own.into_iter().map(|rest| [below, &rest].concat()));
            links.push(link);
            rests.extend(self.above(&acting, &links, &Companions::default(), depth + 1));
        }
        rests
    }

    /// Whether a composite follows its child, with the alarms that ring on the same event.
    fn follows(
        &self,
        composite: &CompositeAlarm,
        is_child: &dyn Fn(&str) -> bool,
        settles: bool,
        with: &Companions,
    ) -> Follows {
        let rests = |name: &str| self.rest(name);
        let joined = |names: &[String]| {
            let is_one = |name: &str| is_child(name) || names.iter().any(|other| other == name);
            composite::follows(&composite.rule, &is_one, settles, &rests)
        };
        let follows = joined(&with.in_step);
        if !matches!(follows, Follows::Not(..)) {
            return follows;
        }
        // One of them may go to ALARM a moment before the others.
        let alone = joined(&[]);
        if !matches!(alone, Follows::Not(..)) {
            return alone;
        }
        let all = [with.in_step.as_slice(), with.at_some_time.as_slice()].concat();
        if joined(&all) == Follows::Yes {
            let why = "whether its alarms, which ring on the same event, are in ALARM at the same time is not decided";
            return Follows::Undecided(why.to_owned());
        }
        follows
    }

    /// The link of a composite whose actions wait while its suppressor is in ALARM.
    fn suppressed(
        &self,
        composite: &CompositeAlarm,
        suppressor: &str,
        is_child: &dyn Fn(&str) -> bool,
        with: &Companions,
    ) -> Judged {
        let kind = LinkKind::Alarm;
        let resource = composite.arn.as_str();
        if is_child(suppressor) || with.in_step.iter().any(|name| name == suppressor) {
            let why = format!("its suppressor `{suppressor}` is in ALARM whenever it is");
            return Judged::broken(kind, resource, Reason::AlarmMuted, why);
        }
        if self.rest(suppressor) == Rest::AlwaysInAlarm {
            let why = format!("its suppressor `{suppressor}` is always in ALARM");
            return Judged::broken(kind, resource, Reason::AlarmMuted, why);
        }
        let why = format!("its actions wait while its suppressor `{suppressor}` is in ALARM");
        Judged::unknown(kind, resource, Reason::AlarmUndecided, why)
    }
}
