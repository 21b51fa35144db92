//! The moments of chains, against what becomes of events minute by minute.

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60;
const WEEK: i64 = 7 * 24 * 60 * MINUTE;

/// A rule: days of the week from Monday on, minute of the day, minutes.
#[derive(Debug, Clone)]
struct Rule {
    days: Vec<u32>,
    at: u32,
    minutes: u32,
}

impl Rule {
    fn recurring(&self) -> Recurring {
        // Cron's Monday is 1, its Sunday 0.
        let days = self.days.iter().map(|day| ((day + 1) % 7).to_string());
        let days = days.collect::<Vec<_>>().join(",");
        let (hour, minute) = (self.at / 60, self.at % 60);
        let expression = format!("cron({minute} {hour} * * {days})");
        Recurring::parse(&expression, &format!("PT{}M", self.minutes)).unwrap()
    }

    /// The window around that second of any week, by its end.
    fn window_around(&self, second: i64) -> Option<i64> {
        let starts = self
            .days
            .iter()
            .map(|day| i64::from(day * DAY + self.at) * MINUTE);
        let windows = starts.flat_map(|start| (-1..=1).map(move |week| start + week * WEEK));
        let ends = windows.filter_map(|start| {
            let end = start + i64::from(self.minutes) * MINUTE;
            (start <= second && second < end).then_some(end)
        });
        ends.max()
    }
}

/// When the muting around a second ends, if there is some.
fn muted_until(rules: &[Rule], second: i64) -> Option<i64> {
    let ends = |at: i64| rules.iter().filter_map(|rule| rule.window_around(at)).max();
    let mut end = ends(second)?;
    while let Some(later) = ends(end).filter(|_| end < second + WEEK) {
        end = later;
    }
    Some(end)
}

const DELAY: Delay = Delay {
    min_seconds: 15,
    max_seconds: 160,
};

/// What becomes of an event, over the earliest and the latest that its alarm may go to ALARM.
fn tells(rules: &[Rule], lasts: Lasting, second: i64) -> Tells {
    let rises = [DELAY.min_seconds, DELAY.max_seconds].map(|delay| second + i64::from(delay));
    let latest = second + i64::from(DELAY.max_seconds) + i64::from(lasts.at_most);
    let surely = |rises: i64| {
        let leaves = rises.max(second + i64::from(lasts.until));
        muted_until(rules, rises).is_none_or(|end| end <= leaves)
    };
    let never = |rises: i64| muted_until(rules, rises).is_some_and(|end| end > latest);
    if rises.into_iter().all(surely) {
        Tells::Yes
    } else if rises.into_iter().all(never) {
        Tells::No
    } else {
        Tells::Perhaps
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let days = proptest::sample::subsequence((0..7).collect::<Vec<u32>>(), 1..=7);
    (days, 0..DAY / 10, 1..150_u32).prop_map(|(days, at, minutes)| Rule {
        days,
        at: at * 10,
        minutes: minutes * 10,
    })
}

fn chain() -> impl Strategy<Value = (Vec<Rule>, Lasting)> {
    let lasts = prop_oneof![Just((60, 460)), Just((300, 1660)), Just((3600, 20_000))];
    let lasts = lasts.prop_map(|(until, at_most)| Lasting {
        at_least: 0,
        at_most,
        until,
    });
    (proptest::collection::vec(rule(), 1..3), lasts)
}

fn at_times(rules: &[Rule], lasts: Lasting) -> AtTimes {
    let muted = MutedTimes {
        rules: rules.iter().map(Rule::recurring).collect(),
        zone: "UTC".to_owned(),
        words: String::new(),
        clock_change: 0,
    };
    let delay = DELAY;
    AtTimes {
        silent: Silent::Muted {
            muted,
            delay,
            lasts,
        },
        links: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn moments_are_the_least_of_what_chains_tell_of_events_of_a_week(
        chains in proptest::collection::vec(chain(), 1..4)
    ) {
        let all: Vec<AtTimes> = chains.iter().map(|(rules, lasts)| at_times(rules, *lasts)).collect();
        let moments = moments(&all.iter().collect::<Vec<_>>(), 0);
        let mut seen = BTreeSet::new();
        for minute in 0..WEEK / MINUTE {
            for second in [0, 5, 30, 50] {
                let second = minute * MINUTE + second;
                let told: Vec<Tells> = chains
                    .iter()
                    .map(|(rules, lasts)| tells(rules, *lasts, second))
                    .collect();
                seen.insert(told);
            }
        }
        let is_below = |moment: &Moment, told: &[Tells]| {
            moment.tells.iter().zip(told).all(|(least, told)| least <= told)
        };
        for told in &seen {
            prop_assert!(moments.iter().any(|moment| is_below(moment, told)), "{told:?} {moments:?}");
        }
        for moment in &moments {
            prop_assert!(seen.contains(&moment.tells), "{moment:?} {seen:?}");
        }
    }
}
