//! The alarms that go to ALARM on the same event as another, for composites whose rules ask for
//! several of them: those on the same metric, those on metrics of other filters that match the same
//! events, and composites above any of these.

use filter_pattern::{Covers, Schema, covers, overlap};

use super::alarm::{self, Source, Watching};
use super::composite::{self, Follows};
use super::firing::{self, Firing, Lasting};
use super::judged::Delay;
use super::ringing::{Acting, Ringing};
use crate::pattern::Pattern;
use crate::snapshot::{CompositeAlarm, MetricAlarm, MetricFilter, MetricTransformation};

/// Alarms that go to ALARM on the same event as another, by name and ARN.
#[derive(Debug, Default)]
pub(super) struct Companions {
    /// At the same time, and as long.
    pub(super) in_step: Vec<String>,
    /// Perhaps at another time, or perhaps not.
    pub(super) at_some_time: Vec<String>,
}

impl Companions {
    /// Of a composite above `child`: of none of them it is known when it rings.
    pub(super) fn above(&self, child: &Acting<'_>) -> Self {
        let own = [child.name.to_owned(), child.arn.to_string()];
        let below = self.in_step.iter().chain(&self.at_some_time).cloned();
        Self {
            in_step: Vec::new(),
            at_some_time: below.chain(own).collect(),
        }
    }
}

impl Ringing<'_> {
    /// The companions of an alarm that rings on one event with such a delay, and is in ALARM so long.
    pub(super) fn companions(
        &self,
        source: &Source<'_>,
        alarm: &MetricAlarm,
        delay: Delay,
        lasts: Lasting,
    ) -> Companions {
        let mut with = Companions::default();
        if self.alarms.composite.is_empty() {
            return with;
        }
        let mut of_others: Vec<(&MetricAlarm, &MetricFilter)> = Vec::new();
        for other in self.alarms.metric.iter().filter(|other| *other != alarm) {
            let sees_it = matches!(
                alarm::watching(source.filter, source.published, other, self.account),
                Watching::Yes(seen) if seen.iter().any(|seen| seen == source.dimensions)
            );
            if sees_it {
                let firing = alarm::firing_on(source, other);
                if matches!(firing, Firing::OnOneEvent { .. }) {
                    let sure = self.mixed_units(source, other).is_none();
                    // Each is in ALARM before the first of them may leave it.
                    let meet = lasts.until > delay.max_seconds;
                    if sure && meet && firing::in_step(alarm, other) {
                        with.in_step.extend(names_of(other));
                    } else {
                        with.at_some_time.extend(names_of(other));
                    }
                }
            } else if self.is_in_a_rule(other) {
                let seen = self.seen_of_others(source, other);
                of_others.extend(seen.into_iter().map(|filter| (other, filter)));
            }
        }
        // Where some event rings the alarm alone, the others change nothing.
        if !of_others.is_empty() && !Self::some_event_is_its_own(source, &of_others) {
            let others = of_others.into_iter().map(|(other, _)| other);
            with.at_some_time.extend(others.flat_map(names_of));
        }
        with
    }

    fn is_in_a_rule(&self, alarm: &MetricAlarm) -> bool {
        let is_it = |text: &str| text == alarm.name || text == alarm.arn.as_str();
        let mut composites = self.alarms.composite.iter();
        composites.any(|above| composite::mentions(&above.rule, &alarm.name, &is_it))
    }

    /// The filters on whose events `other` may ring by another metric than the source's, and that match
    /// some of the source's events, as far as is known.
    fn seen_of_others<'a>(
        &'a self,
        source: &Source<'_>,
        other: &MetricAlarm,
    ) -> Vec<&'a MetricFilter> {
        let rings = |filter: &MetricFilter, published: &MetricTransformation| {
            let watching = alarm::watching(filter, published, other, self.account);
            let may = |firing| !matches!(firing, Firing::Not(..));
            match watching {
                Watching::Yes(_) => may(alarm::firing(
                    filter,
                    published,
                    other,
                    self.account,
                    self.filters,
                )),
                Watching::Undecided(_) => true,
                Watching::Astray(_) | Watching::No => false,
            }
        };
        let shares = |filter: &MetricFilter| {
            let patterns = [source.filter, filter].map(|it| Pattern::parse(&it.pattern));
            match patterns {
                [Ok(one), Ok(other)] => {
                    !overlap(&one.filter, &other.filter, &Schema::cloudtrail()).is_yes()
                }
                _ => true,
            }
        };
        let here = self.filters.iter();
        let all = here.chain(self.filters_elsewhere.iter().copied());
        let ringing = all.filter(|filter| {
            // Another value of the same metric's dimensions is that of other events.
            let beside =
                |to: &&MetricTransformation| *filter != source.filter || *to != source.published;
            let mut theirs = filter.transformations.iter().filter(beside);
            theirs.any(|published| rings(filter, published))
        });
        ringing.filter(|filter| shares(filter)).collect()
    }

    /// Whether, for certain, some event of the source's filter is one of none of the others.
    fn some_event_is_its_own(
        source: &Source<'_>,
        others: &[(&MetricAlarm, &MetricFilter)],
    ) -> bool {
        let Ok(own) = Pattern::parse(&source.filter.pattern) else {
            return false;
        };
        let others: Result<Vec<_>, _> = others
            .iter()
            .map(|(_, filter)| Pattern::parse(&filter.pattern))
            .collect();
        let Ok(others) = others else {
            return false;
        };
        let others: Vec<_> = others.iter().map(|pattern| &pattern.filter).collect();
        source.dimensions.is_empty()
            && matches!(
                covers(&own.filter, &others, &Schema::cloudtrail()),
                Covers::No(_)
            )
    }

    /// The composites that may go to ALARM with any of these, by name and ARN, beside `but`.
    pub(super) fn composites_with(&self, ringing: &[String], but: &CompositeAlarm) -> Vec<String> {
        let mut all = ringing.to_vec();
        let mut found: Vec<String> = Vec::new();
        loop {
            let is_one = |text: &str| all.iter().any(|name| name == text);
            let rests = |name: &str| self.rest_beside(name);
            let follows = |above: &CompositeAlarm| {
                let follows = composite::follows(&above.rule, &is_one, false, &rests);
                !matches!(follows, Follows::Not(..))
            };
            let mut others = self.alarms.composite.iter();
            let next = others.find(|above| {
                let names = [above.name.as_str(), above.arn.as_str()];
                *above != but
                    && !names.iter().any(|name| is_one(name))
                    && composite::mentions(&above.rule, &above.name, &is_one)
                    && follows(above)
            });
            let Some(next) = next else {
                return found;
            };
            let names = [next.name.clone(), next.arn.to_string()];
            all.extend(names.clone());
            found.extend(names);
        }
    }
}

fn names_of(alarm: &MetricAlarm) -> [String; 2] {
    [alarm.name.clone(), alarm.arn.to_string()]
}
