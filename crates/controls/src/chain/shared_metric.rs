//! Several filters that publish to one metric: what another one does to an alarm that
//! watches it.

use super::alarm::{self, Source, Watching};
use super::firing::{self, Firing};
use super::judged::note;
use super::ringing::Ringing;
use crate::finding::Note;
use crate::reason::Reason;
use crate::snapshot::{MetricAlarm, MetricFilter, MetricTransformation};

/// What keeps an alarm in ALARM besides the events it is there for.
pub(super) enum Kept {
    /// A filter of the same log group, which receives events as soon as there is one.
    Here(String),
    /// A filter of another log group, which may receive none.
    Elsewhere(String),
}

impl Ringing<'_> {
    /// What another filter that publishes to the same metric does to the alarm: with a default
    /// value that breaches it keeps the alarm in ALARM while other events arrive.
    pub(super) fn kept_in_alarm(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Option<Kept> {
        let keeps = |other: &MetricFilter| {
            let own = |to: &MetricTransformation| other == filter && to == published;
            let mut theirs = other.transformations.iter();
            theirs.any(|to| {
                to.default_value.is_some()
                    && !own(to)
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

    /// A filter that publishes datapoints to the same metric which do not breach, while the source's own
    /// publishes nothing without events: they end an ALARM that missing data does not, and keep an alarm
    /// from ringing that waits for a datapoint to age among missing ones.
    pub(super) fn filled_in(&self, source: &Source<'_>, alarm: &MetricAlarm) -> Option<String> {
        if source.published.default_value.is_some() {
            return None;
        }
        let fills = |other: &MetricFilter, to: &MetricTransformation| {
            let is_own = other == source.filter && to == source.published;
            let sees = alarm::watching(other, to, alarm, self.account);
            let same =
                (&to.namespace, &to.name) == (&source.published.namespace, &source.published.name);
            !is_own
                && same
                && matches!(sees, Watching::Yes(_))
                && (to.default_value.is_some() || !value_breaches(to, alarm))
        };
        let here = self.filters.iter();
        let all = here.chain(self.filters_elsewhere.iter().copied());
        let mut others =
            all.filter(|other| other.transformations.iter().any(|to| fills(other, to)));
        others.next().map(|other| {
            format!(
                "what it does among the datapoints that filter `{}` publishes to its metric, too, is not decided",
                other.name
            )
        })
    }

    /// Why it is not known whether an alarm stays in ALARM, as it would for such a reason were the
    /// source's filter the only one that publishes to the metric.
    pub(super) fn ended_by_another(
        &self,
        reason: Reason,
        source: &Source<'_>,
        alarm: &MetricAlarm,
    ) -> Option<String> {
        let stays = matches!(reason, Reason::AlarmFiresOnce | Reason::AlarmAlwaysFiring);
        let kept = || self.kept_in_alarm(source.filter, source.published, alarm);
        if !stays || kept().is_some() {
            return None;
        }
        self.filled_in(source, alarm)
    }

    /// The remark that filters of other log groups, which look for other events, ring the alarm, too.
    pub(super) fn rung_from_elsewhere(
        &self,
        filter: &MetricFilter,
        alarm: &MetricAlarm,
    ) -> Option<Note> {
        let publishes = |other: &MetricFilter| {
            let mut theirs = other.transformations.iter();
            theirs.any(|to| {
                matches!(
                    alarm::watching(other, to, alarm, self.account),
                    Watching::Yes(_)
                )
            })
        };
        let mut others = self.filters_elsewhere.iter();
        let other = others.find(|other| other.pattern != filter.pattern && publishes(other))?;
        Some(note(
            "noise",
            format!(
                "filter `{}` of another log group publishes to the alarm's metric, too, so that it does not say which it was, \
                 and makes no further message while the other keeps it in ALARM",
                other.name
            ),
        ))
    }

    /// What another filter that publishes to the same metric may take away from it: of a sum
    /// what is negative, of a mean or a smallest value what is lower, and nothing of a largest
    /// value or a count. The other one may match the same event, or another at the same time.
    pub(super) fn drawn_down(
        &self,
        filter: &MetricFilter,
        published: &MetricTransformation,
        alarm: &MetricAlarm,
    ) -> Option<String> {
        let comparison = alarm.comparison.as_deref().unwrap_or_default();
        let queried = alarm
            .queries
            .iter()
            .filter_map(|query| query.metric.as_ref());
        let mut watched = alarm.metric.iter().chain(queried);
        let statistic = match &alarm.metric {
            Some(metric) => metric.statistic.as_deref(),
            // What an expression makes of other statistics is not followed here.
            None => watched
                .all(|metric| metric.statistic.as_deref() == Some("Sum"))
                .then_some("Sum"),
        };
        let own = published.value.trim().parse::<f64>().ok();
        let lowest = match statistic {
            _ if !comparison.starts_with("GreaterThan") => Some(f64::INFINITY),
            None if alarm.metric.is_none() => Some(f64::INFINITY),
            Some("Maximum" | "SampleCount") => None,
            Some("Sum") => Some(0.0),
            _ => own,
        }?;
        let takes_away = |to: &MetricTransformation| {
            let value = to.value.trim().parse::<f64>().ok();
            let values = [value, to.default_value.or(value)];
            values
                .iter()
                .any(|value| value.is_none_or(|value| value < lowest))
        };
        let all = self
            .filters
            .iter()
            .chain(self.filters_elsewhere.iter().copied());
        let other = all
            .flat_map(|other| other.transformations.iter().map(move |to| (other, to)))
            .find(|(other, to)| {
                takes_away(to)
                    && matches!(
                        alarm::watching(other, to, alarm, self.account),
                        Watching::Yes(_)
                    )
                    && (*other != filter || *to != published)
            });
        other.map(|(other, to)| {
            format!(
                "filter `{}` publishes to its metric, too, with the value `{}`, which may take away what an event adds",
                other.name, to.value
            )
        })
    }

    /// Why it is not known whether an alarm that watches the metric rings, though it would were the
    /// source's filter the only one that publishes to it.
    pub(super) fn disturbed(&self, source: &Source<'_>, alarm: &MetricAlarm) -> Option<String> {
        self.mixed_units(source, alarm)
            .or_else(|| self.drawn_down(source.filter, source.published, alarm))
    }

    /// What another filter that publishes to the same metric with another unit does to an alarm
    /// that names none: "the alarm's behavior is not defined" (CloudWatch `PutMetricAlarm`, `Unit`).
    pub(super) fn mixed_units(&self, source: &Source<'_>, alarm: &MetricAlarm) -> Option<String> {
        let unit = |to: &MetricTransformation| to.unit.clone().unwrap_or_else(|| "None".to_owned());
        let own = unit(source.published);
        let queried = alarm.queries.iter().filter_map(|query| {
            let metric = query.metric.as_ref()?;
            alarm::is_of(query, alarm, source.account).then_some(metric)
        });
        let watched = alarm.metric.iter().chain(queried);
        let mut open = watched.filter(|it| it.unit.is_none() && source.is_counted_in(it));
        let here = self.filters.iter().map(|filter| (filter, ""));
        let elsewhere = self.filters_elsewhere.iter();
        let elsewhere = elsewhere.map(|filter| (*filter, " of another log group"));
        let all: Vec<_> = here.chain(elsewhere).collect();
        open.find_map(|metric| {
            all.iter().find_map(|(other, place)| {
                let mut theirs = other.transformations.iter();
                let to = theirs.find(|to| {
                    unit(to) != own && matches!(alarm::sees(other, to, metric), Watching::Yes(_))
                })?;
                Some(format!(
                    "filter `{}`{place} publishes to its metric with unit `{}`, filter `{}` with unit `{own}`, and the alarm names none: \
                     which of their datapoints it sees is not defined",
                    other.name,
                    unit(to),
                    source.filter.name
                ))
            })
        })
    }

    /// Whether one event may count as so many, because several filters publish to the
    /// metric, with whatever values, or several trails bring it.
    pub(super) fn may_count_as(&self, published: &MetricTransformation, events: u32) -> bool {
        let here = self
            .filters
            .iter()
            .chain(self.filters_elsewhere.iter().copied());
        let same = here
            .flat_map(|filter| &filter.transformations)
            .filter(|other| other.name == published.name && other.namespace == published.namespace);
        let same: Vec<_> = same.collect();
        let value = |of: &MetricTransformation| of.value.trim().parse::<f64>().ok();
        let own = value(published).unwrap_or(1.0).abs();
        // What is taken from the event may be anything.
        let worth = |other: &&MetricTransformation| match value(other) {
            Some(value) => (value / own).max(1.0),
            None if *other == published => 1.0,
            None => f64::INFINITY,
        };
        let times = u32::try_from(self.deliveries).map_or(f64::INFINITY, f64::from);
        same.iter().map(worth).sum::<f64>() * times >= f64::from(events)
    }
}

/// Whether each datapoint of another filter breaches.
fn value_breaches(to: &MetricTransformation, alarm: &MetricAlarm) -> bool {
    let value = to.value.trim().parse::<f64>().ok();
    alarm.metric.is_some() && value.is_some_and(|value| firing::may_breach(alarm, &[Some(value)]))
}
