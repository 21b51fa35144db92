//! What follows an alarm that watches a filter's metric: its own actions, and
//! (`above`) the composite alarms above it and theirs. Gives the links of every way on.

use super::action::{self, Topics};
use super::alarm::{self, Source};
use super::at_times::{AtTimes, Silent};
use super::companions::Companions;
use super::filter_policy::Sender;
use super::firing::{self, Firing, Lasting};
use super::judged::{Accepted, Delay, Judged, MutedBy, note};
use super::muting::{self, MutedTimes, Muting};
use super::resting;
use super::shared_metric::Kept;
use crate::finding::{EventsNeeded, LinkKind, LinkState};
use crate::ids::{AccountId, Arn};
use crate::known::{Call, Known, Unread, UnreadCause};
use crate::reason::Reason;
use crate::snapshot::{Alarms, LogAlarm, MetricAlarm, MetricFilter, MetricTransformation};

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
pub(super) struct Acting<'a> {
    pub(super) name: &'a str,
    /// Whether it is OK when nothing happens, and never without data.
    pub(super) settles: bool,
    pub(super) arn: &'a Arn,
    /// It, as the sender of its messages.
    pub(super) sender: Sender<'a>,
    pub(super) enabled: bool,
    pub(super) actions: &'a [String],
    /// From the event in the log group to ALARM, where that is known.
    pub(super) rises: Option<Delay>,
    /// How long it stays in ALARM.
    pub(super) lasts: Lasting,
}

impl Ringing<'_> {
    /// The links from an alarm that watches the metric on, for events with these dimension values.
    pub(crate) fn of_alarm(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        dimensions: &[(String, String)],
        alarm: &MetricAlarm,
    ) -> Vec<Vec<Judged>> {
        let kind = LinkKind::Alarm;
        let resource = alarm.arn.as_str();
        let mut with = Companions::default();
        let source = Source {
            filter,
            published,
            dimensions,
            account: self.account,
            filters: self.filters,
        };
        // One of several datapoints counts by its age only among missing ones.
        let aged = || {
            let several = firing::needs_several(alarm);
            several.then(|| self.filled_in(&source, alarm)).flatten()
        };
        let (link, lasts) = match alarm::firing_on(&source, alarm) {
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
                    None => match self.disturbed(&source, alarm).or_else(aged) {
                        Some(why) => Judged::unknown(kind, resource, Reason::AlarmUndecided, why),
                        None => Judged::holds(kind, resource, "goes to ALARM on one event")
                            .noting(self.rung_from_elsewhere(filter, alarm)),
                    },
                };
                with = self.companions(&source, alarm, delay, lasts);
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
                return vec![vec![self.if_accepted(&source, alarm, broken, needed)]];
            }
            Firing::Not(reason, why) => {
                if let Some(why) = self.ended_by_another(reason, &source, alarm) {
                    let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, why);
                    return self.after(alarm, &link, Lasting::ANY, &with);
                }
                let mut broken = Judged::broken(kind, resource, reason, why.clone());
                if reason == Reason::AlarmConditional {
                    let links = self.as_if_ringing(&source, alarm, &broken);
                    let silent = Silent::While(why);
                    broken.at_times = Some(Box::new(AtTimes { silent, links }));
                }
                return vec![vec![broken]];
            }
            Firing::Undecided(why) => {
                let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, why);
                (link, Lasting::ANY)
            }
        };
        self.after(alarm, &link, lasts, &with)
    }

    /// The broken link of an alarm that waits for several events, with the best
    /// way on where that is accepted.
    fn if_accepted(
        &self,
        source: &Source<'_>,
        alarm: &MetricAlarm,
        mut broken: Judged,
        needed: EventsNeeded,
    ) -> Judged {
        // What a plain alarm counts adds up, whichever filter counts it.
        let counter = match &alarm.metric {
            Some(_) => alarm.arn.to_string(),
            None => format!(
                "{} {} {:?}",
                alarm.arn, source.filter.name, source.dimensions
            ),
        };
        let links = self.as_if_ringing(source, alarm, &broken);
        broken.if_accepted = Some(Box::new(Accepted {
            needed,
            counter,
            links,
        }));
        broken
    }

    /// The best way on from an alarm with a broken link, were it to go to ALARM nonetheless: what else
    /// is wrong with it shows in its place.
    fn as_if_ringing(
        &self,
        source: &Source<'_>,
        alarm: &MetricAlarm,
        broken: &Judged,
    ) -> Vec<Judged> {
        let link = &broken.link;
        let ringing = match self.disturbed(source, alarm) {
            Some(why) => Judged::unknown(link.kind, &link.resource, Reason::AlarmUndecided, why),
            None => Judged::holds(link.kind, &link.resource, link.detail.clone()),
        };
        let ways = self.after_alarm(alarm, &ringing, Lasting::ANY);
        ways.into_iter()
            .min_by_key(|links| worst(links))
            .unwrap_or_default()
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
            sender: Sender::Log(alarm),
            enabled: alarm.actions_enabled,
            actions: &alarm.alarm_actions,
            rises: None,
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
            sender: Sender::Metric(alarm),
            enabled: alarm.actions_enabled,
            actions: &alarm.alarm_actions,
            rises: link.delay,
            lasts,
        };
        let mut rests = self.actions(&acting, link);
        rests.extend(self.above(&acting, std::slice::from_ref(link), with, 0));
        rests
    }

    pub(super) fn actions(&self, alarm: &Acting<'_>, link: &Judged) -> Vec<Vec<Judged>> {
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
        let (muted, times) = self.muted(alarm, link);
        let at_times = |links| {
            let silent = Silent::Muted {
                muted: times.clone()?,
                delay: alarm.rises?,
                lasts: alarm.lasts,
            };
            Some(Box::new(AtTimes { silent, links }))
        };
        if muted.reason == Some(Reason::AlarmMuted) {
            let best = self
                .acting(alarm, link)
                .into_iter()
                .min_by_key(|links| worst(links));
            let at_times = best.and_then(at_times);
            return vec![vec![Judged { at_times, ..muted }]];
        }
        let mut ways = self.acting(alarm, &muted);
        if times.is_some() {
            for links in &mut ways {
                let rest = links.iter().skip(1).cloned();
                let unmuted = [link.clone()].into_iter().chain(rest).collect();
                links[0].at_times = at_times(unmuted);
            }
        }
        ways
    }

    /// The links from an alarm with such a link on, over each of its actions.
    fn acting(&self, alarm: &Acting<'_>, link: &Judged) -> Vec<Vec<Judged>> {
        let with_link = |action: &String| {
            let mut links = vec![link.clone()];
            let failed = self.alarms.failed(alarm.name, action);
            let mut judged = action::judge(action, alarm.sender, self.topics, failed);
            if let (Some(first), Some(unread)) = (judged.first_mut(), self.history_unread()) {
                if first.link.state == LinkState::Unknown {
                    // It might have decided.
                    first.unread.push(unread.clone());
                } else if !first.is_broken() {
                    let text = format!("whether the last message went out is not known: {unread}");
                    first.notes.push(note("history_not_read", text));
                }
            }
            links.extend(judged);
            links
        };
        alarm.actions.iter().map(with_link).collect()
    }

    /// Why the alarms' history is not known, where somebody asked for it.
    fn history_unread(&self) -> Option<&Unread> {
        self.alarms.failed_actions.as_ref()?.get().err()
    }

    /// The alarm's link with what mute rules make of it: broken where some events are
    /// told to nobody; and when they are not, where that is at times.
    fn muted(&self, alarm: &Acting<'_>, link: &Judged) -> (Judged, Option<MutedTimes>) {
        let kind = LinkKind::Alarm;
        let resource = alarm.arn.as_str();
        let rules = match self.alarms.mute_rules.as_ref().map(Known::get) {
            Some(Ok(rules)) => rules,
            _ if link.reason.is_some() => return (link.clone(), None),
            Some(Err(unread)) => return (Judged::unread(kind, resource, unread), None),
            None => {
                let unread = Unread {
                    call: Call::new("cloudwatch", "ListAlarmMuteRules", alarm.arn.region()),
                    cause: UnreadCause::NotAsked,
                    message: String::new(),
                };
                return (Judged::unread(kind, resource, &unread), None);
            }
        };
        match muting::of_alarm(rules, alarm.name, alarm.lasts) {
            Muting::Runs { late, notes } => {
                let mut link = link.clone().noting(notes);
                if let Some(delay) = &mut link.delay {
                    delay.max_seconds = delay.max_seconds.saturating_add(late.saturating_mul(60));
                }
                (link, None)
            }
            Muting::Silent(why, silent, times) => {
                let mut broken = Judged::broken(kind, resource, Reason::AlarmMuted, why);
                let silent = rules.iter().filter(|rule| silent.contains(&rule.name));
                broken.muted_by = silent
                    .map(|rule| MutedBy {
                        rule: rule.name.clone(),
                        mutes_others: rule.alarm_names.iter().any(|name| name != alarm.name),
                    })
                    .collect();
                (broken, times)
            }
            Muting::Undecided(..) if link.reason.is_some() => (link.clone(), None),
            Muting::Undecided(why, times) => {
                let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, why);
                (link, times)
            }
        }
    }
}

fn worst(links: &[Judged]) -> Option<LinkState> {
    links.iter().map(|judged| judged.link.state).max()
}
