//! Chains that tell of events at some times only, because mute rules silence an alarm's actions at
//! others, or because its expression asks for the time: what several of them tell together, over the
//! whole calendar. Which events each is about is not asked here.

use std::collections::{BTreeMap, BTreeSet};

use super::firing::Lasting;
use super::judged::{Delay, Judged, note};
use super::mute_schedule::{AT_THE_ENDS, DAY, Reading, Recurring, days_to_see, stretches};
use super::muting::MutedTimes;
use crate::finding::Link;
use crate::reason::Reason;

/// What a chain does at times at which its alarm tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AtTimes {
    pub(super) silent: Silent,
    /// The links from the alarm's own on, as if it told at any time.
    pub(crate) links: Vec<Judged>,
}

/// When a chain is silent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Silent {
    /// While its alarm's actions are muted.
    Muted {
        muted: MutedTimes,
        /// From the event in the log group to ALARM.
        delay: Delay,
        /// How long it stays in ALARM.
        lasts: Lasting,
    },
    /// While the alarm's expression does not cross the threshold; in words, with one such time.
    While(String),
}

impl AtTimes {
    /// Whether they are silent at the same times.
    pub(crate) fn is_silent_as(&self, other: &Self) -> bool {
        match (&self.silent, &other.silent) {
            (Silent::Muted { muted, .. }, Silent::Muted { muted: other, .. }) => {
                muted.rules == other.rules && muted.zone == other.zone
            }
            (one, other) => one == other,
        }
    }

    /// The links from the alarm's own on for events of a time at which the alarm tells, or of which
    /// it is not known whether it does.
    pub(crate) fn links_at(&self, tells: Tells) -> Vec<Judged> {
        let mut links = self.links.clone();
        let Some(alarm) = links.first_mut() else {
            return links;
        };
        let Link { kind, resource, .. } = alarm.link.clone();
        let words = match &self.silent {
            Silent::Muted { muted, .. } => &muted.words,
            Silent::While(words) => words,
        };
        if tells == Tells::Yes {
            let text =
                format!("{resource} is muted at times, when others tell of the events: {words}");
            alarm.notes.push(note("muted_in_turn", text));
        } else if !alarm.is_broken() {
            let why = format!(
                "whether it tells of all events while others are silent is not decided: {words}"
            );
            *alarm = Judged::unknown(kind, &resource, Reason::AlarmUndecided, why);
        }
        links
    }
}

/// Whether a chain tells of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tells {
    No,
    Perhaps,
    Yes,
}

/// What chains do with events of some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Of each chain, whether it tells.
    pub(crate) tells: Vec<Tells>,
    /// When that is, where some are known to be muted then.
    pub(crate) when: Option<String>,
}

/// The moments of chains behind one log group at which fewest tell: whatever happens at another
/// time, at least the chains of one of these tell of it.
///
/// Chains of several log groups have an event at different times. Where it may reach each of them up
/// to `apart` seconds after the first, what is known of all moments is less.
pub(crate) fn moments(chains: &[&AtTimes], apart: u32) -> Vec<Moment> {
    let mut all = while_muted(chains, apart, Tells::Perhaps);
    let asking = |chain: &AtTimes| match &chain.silent {
        Silent::While(words) => Some(words.clone()),
        Silent::Muted { .. } => None,
    };
    let times: BTreeSet<String> = chains.iter().filter_map(|chain| asking(chain)).collect();
    all.extend(times.into_iter().map(|time| {
        let is_silent = |chain: &&AtTimes| asking(chain).as_ref() == Some(&time);
        Moment::silent_at(chains, is_silent)
    }));
    all
}

/// What surely tells at any moment, of chains behind one log group: at each, as much as at one of
/// these.
pub(crate) fn surely(chains: &[&AtTimes]) -> Vec<Vec<Tells>> {
    let muted = while_muted(chains, 0, Tells::No);
    if muted.is_empty() {
        return vec![vec![Tells::No; chains.len()]];
    }
    muted.into_iter().map(|moment| moment.tells).collect()
}

impl Moment {
    /// Where nothing is known of the others.
    fn silent_at(chains: &[&AtTimes], is_silent: impl Fn(&&AtTimes) -> bool) -> Self {
        let tells = |chain| {
            if is_silent(chain) {
                Tells::No
            } else {
                Tells::Perhaps
            }
        };
        Self {
            tells: chains.iter().map(tells).collect(),
            when: None,
        }
    }
}

/// The moments of those that are muted at times; the `others` tell as told.
fn while_muted(chains: &[&AtTimes], apart: u32, others: Tells) -> Vec<Moment> {
    let muted: Vec<(usize, Muted<'_>)> = chains
        .iter()
        .enumerate()
        .filter_map(|(number, chain)| Some((number, Muted::of(chain)?)))
        .collect();
    let of_muted = moments_of_muted(&muted.iter().map(|(_, it)| *it).collect::<Vec<_>>(), apart);
    let with_others = |moment: Moment| {
        let mut tells = vec![others; chains.len()];
        for ((number, _), told) in muted.iter().zip(moment.tells) {
            tells[*number] = told;
        }
        Moment { tells, ..moment }
    };
    of_muted.into_iter().map(with_others).collect()
}

/// A chain that is muted at times.
#[derive(Debug, Clone, Copy)]
struct Muted<'a> {
    times: &'a MutedTimes,
    delay: Delay,
    lasts: Lasting,
}

impl<'a> Muted<'a> {
    fn of(chain: &'a AtTimes) -> Option<Self> {
        match &chain.silent {
            Silent::Muted {
                muted,
                delay,
                lasts,
            } => Some(Self {
                times: muted,
                delay: *delay,
                lasts: *lasts,
            }),
            Silent::While(_) => None,
        }
    }
}

fn moments_of_muted(chains: &[Muted<'_>], apart: u32) -> Vec<Moment> {
    let Some(first) = chains.first() else {
        return Vec::new();
    };
    if chains
        .iter()
        .any(|chain| chain.times.zone != first.times.zone)
    {
        // Each is muted at some time, and what the others do then is not known.
        let each = (0..chains.len()).map(|silent| {
            let tells = |number| {
                if number == silent {
                    Tells::No
                } else {
                    Tells::Perhaps
                }
            };
            Moment {
                tells: (0..chains.len()).map(tells).collect(),
                when: None,
            }
        });
        return each.collect();
    }
    let rules = chains.iter().flat_map(|chain| &chain.times.rules);
    let (days, weekly) = days_to_see(&rules.collect::<Vec<_>>());
    let mut changes: Vec<Change> = Vec::new();
    for (number, chain) in chains.iter().enumerate() {
        changes.extend(chain.changes(number, days, apart));
    }
    changes.sort_unstable();
    let seconds = |days: u32| i64::from(days) * i64::from(DAY) * 60;
    let (begin, end) = (seconds(AT_THE_ENDS), seconds(days - AT_THE_ENDS));
    let mut now = vec![Now::default(); chains.len()];
    let mut all: BTreeMap<Vec<Tells>, Occurrences> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        now[change.chain].change(change);
        let next = changes.get(at + 1).map_or(end, |next| next.at);
        if next <= change.at || next <= begin || change.at >= end {
            continue;
        }
        let tells = now.iter().map(Now::tells).collect();
        let occurrences = all.entry(tells).or_default();
        occurrences.add(&now, change.at.max(begin) - begin);
    }
    if all.is_empty() {
        all.insert(vec![Tells::Yes; chains.len()], Occurrences::default());
    }
    let least = |tells: &Vec<Tells>| {
        let mut others = all.keys().filter(|other| *other != tells);
        !others.any(|other| other.iter().zip(tells).all(|(other, own)| other <= own))
    };
    let zone = &first.times.zone;
    let moments = all.iter().filter(|(tells, _)| least(tells));
    moments
        .map(|(tells, occurrences)| Moment {
            tells: tells.clone(),
            when: occurrences.in_words(weekly, zone),
        })
        .collect()
}

/// Something that begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    /// Seconds of the calendar, as events reach the log group.
    at: i64,
    chain: usize,
    begins: bool,
    /// Whether it is surely muted, or only not sure to tell.
    surely: bool,
    /// The muted stretch, in minutes of the calendar.
    stretch: (u32, u32),
}

impl Muted<'_> {
    /// When events begin and cease to be told for certain, and not to be told for certain.
    fn changes(&self, chain: usize, days: u32, apart: u32) -> Vec<Change> {
        let rules: Vec<&Recurring> = self.times.rules.iter().collect();
        let slack = i64::from(self.times.clock_change);
        let earliest = i64::from(self.delay.min_seconds);
        let latest = i64::from(self.delay.max_seconds) + i64::from(apart);
        // When it goes to ALARM in a muted time, it tells where it is in ALARM when that ends.
        let stays = earliest.max(i64::from(self.lasts.until));
        let gone = latest + i64::from(self.lasts.at_most);
        let mut changes = Vec::new();
        let mut add = |from: i64, until: i64, surely: bool, stretch: (u32, u32)| {
            if from < until {
                changes.extend([(from, true), (until, false)].map(|(at, begins)| Change {
                    at,
                    chain,
                    begins,
                    surely,
                    stretch,
                }));
            }
        };
        let seconds = |minutes: u32| i64::from(minutes) * 60;
        // Read as "either", a rule mutes on more days.
        for (start, end) in stretches(&rules, Reading::Either, days) {
            let from = seconds(start) - latest - slack;
            add(from, seconds(end) + slack - stays, false, (start, end));
        }
        for (start, end) in stretches(&rules, Reading::Both, days) {
            let from = seconds(start) + slack - earliest;
            add(from, seconds(end) - slack - gone, true, (start, end));
        }
        changes
    }
}

/// What a chain does at some time.
#[derive(Debug, Clone, Default)]
struct Now {
    doubts: i32,
    muted: i32,
    stretch: (u32, u32),
}

impl Now {
    fn change(&mut self, change: &Change) {
        let counted = if change.surely {
            &mut self.muted
        } else {
            &mut self.doubts
        };
        *counted += if change.begins { 1 } else { -1 };
        if change.surely && change.begins {
            self.stretch = change.stretch;
        }
    }

    fn tells(&self) -> Tells {
        match (self.muted, self.doubts) {
            (0, 0) => Tells::Yes,
            (0, _) => Tells::Perhaps,
            _ => Tells::No,
        }
    }
}

/// Stretches that are told of at most.
const MOST_TOLD: usize = 3;

const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// When chains are muted together, in the first weeks in which they are: on which days of the week,
/// by minute of the day and length.
#[derive(Debug, Default)]
struct Occurrences {
    since: Option<i64>,
    days: BTreeMap<(u32, u32), BTreeSet<u32>>,
}

impl Occurrences {
    fn add(&mut self, now: &[Now], at: i64) {
        let since = *self.since.get_or_insert(at);
        let muted = now.iter().filter(|now| now.tells() == Tells::No);
        let stretches: Vec<(u32, u32)> = muted.map(|now| now.stretch).collect();
        let from = stretches.iter().map(|(from, _)| *from).max();
        let until = stretches.iter().map(|(_, until)| *until).min();
        if let (Some(from), Some(until)) = (from, until)
            && from < until
            && at - since < i64::from(4 * 7 * DAY * 60)
        {
            let day = from / DAY % 7;
            let of = self.days.entry((from % DAY, until - from)).or_default();
            of.insert(day);
        }
    }

    fn in_words(&self, weekly: bool, zone: &str) -> Option<String> {
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let one = |((from, minutes), days): (&(u32, u32), &BTreeSet<u32>)| {
            let days = if days.len() == WEEKDAYS.len() {
                "every day".to_owned()
            } else {
                let names = days.iter().filter_map(|day| WEEKDAYS.get(*day as usize));
                format!("on {}", names.copied().collect::<Vec<_>>().join(", "))
            };
            if *minutes < DAY {
                let until = time((from + minutes) % DAY);
                format!("from {} to {until} {days}", time(*from))
            } else {
                format!(
                    "for {} hours from {} {days}",
                    minutes.div_ceil(60),
                    time(*from)
                )
            }
        };
        let told: Vec<String> = self.days.iter().take(MOST_TOLD).map(one).collect();
        let more = self.days.len() > MOST_TOLD || !weekly;
        let example = if more { "for example " } else { "" };
        (!told.is_empty()).then(|| format!("{example}{} ({zone})", told.join("; ")))
    }
}

#[cfg(test)]
mod tests;
