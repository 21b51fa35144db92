//! What the metrics of an expression can show: those of the filter after so many
//! events, and the others, of which some count events of the same log group, and of
//! some nothing is known.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use filter_pattern::{Schema, overlap};

use crate::chain::alarm::{Source, Watching, sees};
use crate::chain::datapoints::Datapoints;
use crate::chain::metric_math::{MissingAmong, Moment, Shown, Watched};
use crate::pattern::Pattern;
use crate::snapshot::WatchedMetric;

/// Values that a metric is tried with of which nothing is known.
const ANYTHING: [Option<f64>; 8] = [
    None,
    Some(0.0),
    Some(0.5),
    Some(1.0),
    Some(7.0),
    Some(1e9),
    Some(-1.0),
    Some(-1e9),
];

const STILL: [Option<f64>; 2] = [None, Some(0.0)];

/// Numbers of events in a period that stand for all, beside those near the numbers of an expression.
const SOME_EVENTS: [u32; 2] = [1, 7];

/// Numbers of an expression of which one may be compared with a metric; more are not followed.
const MOST_NUMBERS: usize = 16;

/// What a metric has to be tried with so that each comparison with one of the expression's `numbers`
/// has every outcome: the numbers, what is beside and between them, and beyond them all.
#[derive(Debug, Clone, Default)]
pub(super) struct Near {
    values: Vec<f64>,
    events: Vec<u32>,
}

impl Near {
    /// `Err` says that there are too many.
    pub(super) fn of(numbers: &[f64]) -> Result<Self, String> {
        let mut numbers: Vec<f64> = numbers.iter().copied().filter(|n| n.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        if numbers.len() > MOST_NUMBERS {
            return Err("it compares with too many numbers".to_owned());
        }
        let between = numbers
            .windows(2)
            .map(|pair| f64::midpoint(pair[0], pair[1]));
        let beyond = [
            numbers.first().map(|n| n - n.abs() - 1.0),
            numbers.last().map(|n| n + n.abs() + 1.0),
        ];
        let beside = numbers.iter().flat_map(|n| [n - 1.0, *n, n + 1.0]);
        let mut values: Vec<f64> = beside
            .chain(between)
            .chain(beyond.into_iter().flatten())
            .collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let countable = values.iter().filter(|n| (1.0..1e9).contains(*n));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the range"
        )]
        let events = countable.map(|n| n.ceil() as u32).collect();
        Ok(Self { values, events })
    }
}

/// A metric of the expression beside the filter's own.
pub(super) struct Other<'a> {
    pub(super) id: &'a str,
    /// What it shows when nothing happens, as far as it is an event counter; else anything.
    quiet: Shown,
    /// What it shows at any time.
    ever: Shown,
    /// What is counted in it, and by which pattern (none where no event of the filter's own metric
    /// counts in it, too); nothing where it counts no events of the same
    /// log group.
    counted: Vec<(Datapoints, Option<&'a str>)>,
    /// [`Self::sharing`], once it was asked for.
    sharing: OnceCell<Shown>,
}

impl<'a> Other<'a> {
    /// The metric `metric`, which is the account's `own` or another account's.
    pub(super) fn of(
        source: &Source<'a>,
        id: &'a str,
        metric: &WatchedMetric,
        own: bool,
        near: &Near,
    ) -> Self {
        let mut counted: Vec<(Datapoints, Option<&str>)> = Vec::new();
        for filter in source.filters.iter().filter(|_| own) {
            for published in &filter.transformations {
                if matches!(sees(filter, published, metric), Watching::Yes(_))
                    && let Ok(datapoints) =
                        Datapoints::of(published, metric.statistic.as_deref(), metric.period)
                    && !datapoints.has_no_percentiles()
                {
                    // Of one transformation an event counts for its own dimension values only.
                    let same = filter == source.filter && published == source.published;
                    counted.push((datapoints, (!same).then_some(filter.pattern.as_str())));
                }
            }
        }
        let (quiet, ever): (Shown, Shown) = if counted.is_empty() {
            let near = near.values.iter().copied().map(Some);
            let anything: Shown = ANYTHING.into_iter().chain(near).collect();
            (anything.clone(), anything)
        } else {
            let counters = || counted.iter().map(|(datapoints, _)| datapoints);
            let quiet: Shown = counters().flat_map(Datapoints::silence).collect();
            let near = || near.events.iter().copied();
            let happening: Shown = counters()
                .flat_map(|datapoints| {
                    let counts = SOME_EVENTS.into_iter().chain(near());
                    counts.flat_map(|events| datapoints.after(events))
                })
                .collect();
            let ever = quiet.or(&happening);
            (quiet, ever)
        };
        Self {
            id,
            quiet,
            ever,
            counted,
            sharing: OnceCell::new(),
        }
    }

    /// Whether it counts events of the same log group, so that it is quiet most of the time.
    pub(super) fn counts_events(&self) -> bool {
        !self.counted.is_empty()
    }

    /// What it shows when an event that matches `pattern` counts in it, too, where it may.
    fn sharing(&self, pattern: &str) -> &Shown {
        self.sharing.get_or_init(|| self.shared(pattern))
    }

    fn shared(&self, pattern: &str) -> Shown {
        let counted = self.counted.iter();
        let sharing =
            counted.filter(|(_, counts)| counts.is_some_and(|it| may_share_an_event(pattern, it)));
        let once: Shown = sharing
            .flat_map(|(datapoints, _)| datapoints.after(1))
            .collect();
        if once.count() > 0 {
            once
        } else {
            self.quiet.clone()
        }
    }
}

fn some_events(datapoints: &Datapoints) -> Vec<Option<f64>> {
    let after = |events| datapoints.after(events);
    SOME_EVENTS.into_iter().flat_map(after).collect()
}

/// Whether one event may match both patterns, as far as is known.
fn may_share_an_event(one: &str, other: &str) -> bool {
    match (Pattern::parse(one), Pattern::parse(other)) {
        (Ok(one), Ok(other)) => {
            !overlap(&one.filter, &other.filter, &Schema::cloudtrail()).is_yes()
        }
        _ => true,
    }
}

/// Which values of the other metrics are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// While no event of another counter happens; what counts no events may show anything.
    Quiet,
    /// At any time.
    Ever,
    /// While nothing at all happens elsewhere: no datapoint, or zero.
    Still,
    /// As `Quiet`, where what counts no events shows nothing, which may last.
    Absent,
    /// As `Quiet`, where each that counts no events shows one value all the time: the combination
    /// of that number.
    Held(usize),
    /// As `Quiet`, where the event also counts in every other counter that may match it.
    Shared,
}

/// What the filter's own metric shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// So many events in one period.
    After(u32),
    /// No event, for a long time.
    Silence,
    /// No event, but some lately.
    SilenceAfterEvents,
}

/// The watched expression over everything that its metrics can show.
pub(super) struct Showing<'a> {
    pub(super) watched: &'a Watched,
    pub(super) targets: &'a [(&'a str, Datapoints)],
    pub(super) others: &'a [Other<'a>],
    /// The pattern of the filter.
    pub(super) pattern: &'a str,
    pub(super) missing_among: MissingAmong,
    /// Whether no other events reach the log group in the period of an event.
    pub(super) undiluted: bool,
    /// Seconds of a period.
    pub(super) seconds: Option<f64>,
    /// Times of day, week and year that it is asked about.
    pub(super) times: usize,
}

/// Combinations of values of metrics that count no events that are tried at most, and those of all
/// times together.
const MOST_HELD: usize = 512;
const MOST_HELD_AT_ALL_TIMES: usize = 4096;

impl Showing<'_> {
    /// The metrics that count events of the log group, or the others.
    pub(super) fn named(&self, counters: bool) -> String {
        let others = self.others.iter();
        let named = others.filter(|other| other.counts_events() == counters);
        named.map(|other| other.id).collect::<Vec<_>>().join(", ")
    }

    /// Whether every metric of the expression that counts events has a default value, which takes the
    /// place of the last event's.
    pub(super) fn ends_by_default(&self) -> bool {
        let own = self.targets.iter().map(|(id, own)| (*id, own));
        let others = self.others.iter().flat_map(|other| {
            let counted = other.counted.iter();
            counted.map(|(datapoints, _)| (other.id, datapoints))
        });
        let mut read = own.chain(others).filter(|(id, _)| self.watched.reads(id));
        read.all(|(_, datapoints)| datapoints.has_default())
    }

    /// The combinations of one value each for the metrics that count no events, and whether they
    /// are all; else those where all show the same.
    pub(super) fn held(&self) -> (Vec<When>, bool) {
        let foreign = self.others.iter().filter(|other| !other.counts_events());
        let counts: Vec<usize> = foreign.map(|other| other.ever.count()).collect();
        let Some(values) = counts.first().copied() else {
            return (Vec::new(), true);
        };
        let all = counts
            .iter()
            .try_fold(1_usize, |all, n| all.checked_mul(*n));
        let most = (MOST_HELD_AT_ALL_TIMES / self.times.max(1)).min(MOST_HELD);
        if let Some(all) = all.filter(|all| *all <= most) {
            return ((0..all).map(When::Held).collect(), true);
        }
        // In the notation to the base of `values`, numbers of which all digits are the same.
        let ones = counts
            .iter()
            .try_fold(0_usize, |ones, _| ones.checked_mul(values)?.checked_add(1));
        let same = ones.map_or_else(Vec::new, |ones| {
            let numbers = (0..values).filter_map(|value| value.checked_mul(ones));
            numbers.map(When::Held).collect()
        });
        (same, false)
    }

    /// What the expression shows at a time of day, week and year.
    pub(super) fn values(
        &self,
        time: &BTreeMap<&str, f64>,
        own: Own,
        when: When,
    ) -> Result<Vec<Option<f64>>, String> {
        let mut moment = Moment {
            now: BTreeMap::new(),
            before: BTreeMap::new(),
            at_rest: BTreeMap::new(),
            missing_among: self.missing_among,
            seconds: self.seconds,
        };
        for (function, value) in time {
            for showing in [&mut moment.now, &mut moment.before, &mut moment.at_rest] {
                showing.insert(*function, Shown::one(Some(*value)));
            }
        }
        for (id, datapoints) in self.targets {
            let silence: Shown = datapoints.silence().into_iter().collect();
            let now = match own {
                Own::After(events) if self.undiluted => {
                    datapoints.undiluted().after(events).into_iter().collect()
                }
                Own::After(events) => datapoints.after(events).into_iter().collect(),
                Own::Silence | Own::SilenceAfterEvents => silence.clone(),
            };
            let before = match own {
                Own::Silence => silence.clone(),
                _ => silence.or(&some_events(datapoints).into_iter().collect()),
            };
            moment.now.insert(*id, now);
            moment.before.insert(*id, before);
            moment.at_rest.insert(*id, silence);
        }
        let mut combination = 0;
        if let When::Held(number) = when {
            combination = number;
        }
        for other in self.others {
            if matches!(when, When::Held(_)) && !other.counts_events() {
                let values = other.ever.count().max(1);
                let value = other.ever.options().nth(combination % values).flatten();
                combination /= values;
                for showing in [&mut moment.now, &mut moment.before, &mut moment.at_rest] {
                    showing.insert(other.id, Shown::one(value));
                }
                continue;
            }
            let shown = match when {
                When::Quiet | When::Held(_) => other.quiet.clone(),
                When::Ever => other.ever.clone(),
                When::Shared => other.sharing(self.pattern).clone(),
                When::Absent if other.counts_events() => other.quiet.clone(),
                When::Absent => Shown::NOTHING,
                When::Still => STILL.into_iter().collect(),
            };
            let before = match own {
                Own::SilenceAfterEvents => other.ever.clone(),
                _ => shown.or(&other.quiet),
            };
            moment.before.insert(other.id, before);
            moment.now.insert(other.id, shown);
            moment.at_rest.insert(other.id, other.quiet.clone());
        }
        Ok(self.watched.shows(&moment)?.options().collect())
    }
}
