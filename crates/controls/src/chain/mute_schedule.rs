//! When a mute rule is active: `cron(minutes hours day month weekday)` or
//! `at(yyyy-MM-ddThh:mm)` with an ISO 8601 duration (CloudWatch API reference,
//! *Schedule*). Pure: it tells how long a rule mutes at a stretch, not whether it
//! does now.

use chrono::{Datelike as _, Days, NaiveDate};

/// A rule that comes again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recurring {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    /// 0 is Sunday.
    weekdays: Vec<u32>,
    /// Whether both the day of the month and that of the week are restricted, which
    /// can be read as "both" and as "either".
    ambiguous: bool,
    /// Minutes from each occurrence on.
    lasts: u32,
}

/// How long actions are muted without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stretch {
    /// No day is one of the rule's.
    Never,
    /// So many minutes at most.
    Minutes(u32),
    /// Without an end.
    Always,
}

/// How a rule on days of the month and of the week is read; AWS does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A day must be one of both.
    Both,
    /// A day must be one of either.
    Either,
}

/// Minutes of a day.
pub(super) const DAY: u32 = 24 * 60;
/// Days and weekdays of the calendar repeat after so many years.
const YEARS: i32 = 28;
const LONGEST_MINUTES: u32 = 15 * DAY;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Recurring {
    /// Reads a rule that is not one of a single window; `None` when its schedule is
    /// not one that is documented.
    pub(super) fn parse(expression: &str, duration: &str) -> Option<Self> {
        let text = expression.trim();
        let inner = text
            .strip_prefix("cron(")
            .and_then(|rest| rest.strip_suffix(')'));
        // AWS's guide also shows the five fields alone.
        let fields: Vec<&str> = inner.unwrap_or(text).split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return None;
        };
        let mut of_week = values(weekdays, 0, 7, &WEEKDAYS)?;
        // 7 is Sunday as well.
        for day in &mut of_week {
            *day %= 7;
        }
        Some(Self {
            minutes: values(minutes, 0, 59, &[])?,
            hours: values(hours, 0, 23, &[])?,
            days: values(days, 1, 31, &[])?,
            months: values(months, 1, 12, &MONTHS)?,
            weekdays: of_week,
            ambiguous: days != "*" && weekdays != "*",
            lasts: minutes_of(duration)?,
        })
    }

    /// Whether it does the same in every week.
    fn is_weekly(&self) -> bool {
        let all = |of: &[u32], last: u32| (1..=last).all(|one| of.contains(&one));
        all(&self.days, 31) && all(&self.months, 12)
    }

    fn includes(&self, day: NaiveDate, reading: Reading) -> bool {
        let of_month = self.days.contains(&day.day());
        let of_week = self
            .weekdays
            .contains(&day.weekday().num_days_from_sunday());
        self.months.contains(&day.month())
            && if self.ambiguous && reading == Reading::Either {
                of_month || of_week
            } else {
                of_month && of_week
            }
    }

    /// The muted stretches that begin on a day of the rule, in minutes of that day.
    fn of_day(&self) -> Vec<(u32, u32)> {
        let mut hours = self.hours.clone();
        hours.sort_unstable();
        let mut minutes = self.minutes.clone();
        minutes.sort_unstable();
        let starts = hours
            .iter()
            .flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute));
        merged(starts.map(|start| (start, start + self.lasts)))
    }
}

/// The longest time for which at least one of `rules`, which share a time zone, mutes.
pub(super) fn longest(rules: &[&Recurring], reading: Reading) -> Stretch {
    let days = whole_cycle();
    match stretches(rules, reading, days).as_slice() {
        [] => Stretch::Never,
        // The first days are no gap: a window may reach into them.
        [(start, until)] if *start <= LONGEST_MINUTES && *until >= days * DAY => Stretch::Always,
        all => Stretch::Minutes(
            all.iter()
                .map(|(from, until)| until - from)
                .max()
                .unwrap_or(0),
        ),
    }
}

/// Days after which calendar and weekdays come again.
fn whole_cycle() -> u32 {
    (YEARS.unsigned_abs() * 1461).div_ceil(4)
}

/// Days over which all that `rules` do is seen, but for the first and the last [`AT_THE_ENDS`] of
/// them, of which windows outside are not known; and whether every week is like the others.
pub(super) fn days_to_see(rules: &[&Recurring]) -> (u32, bool) {
    let weekly = rules.iter().all(|rule| rule.is_weekly());
    let days = if weekly { 28 } else { whole_cycle() };
    (days + 2 * AT_THE_ENDS, weekly)
}

/// More days than a window lasts.
pub(super) const AT_THE_ENDS: u32 = 21;

/// The stretches in which at least one of `rules`, which share a time zone, mutes, in minutes from
/// a Monday on, over windows that begin in so many days.
pub(super) fn stretches(rules: &[&Recurring], reading: Reading, days: u32) -> Vec<(u32, u32)> {
    let of_day: Vec<Vec<(u32, u32)>> = rules.iter().map(|rule| rule.of_day()).collect();
    let mut all: Vec<(u32, u32)> = Vec::new();
    for number in 0..days {
        let first = NaiveDate::from_ymd_opt(2001, 1, 1);
        let Some(day) = first.and_then(|it| it.checked_add_days(Days::new(u64::from(number))))
        else {
            break;
        };
        let mut today: Vec<(u32, u32)> = Vec::new();
        for (rule, stretches) in rules.iter().zip(&of_day) {
            if rule.includes(day, reading) {
                let of_rule = stretches.iter();
                today.extend(
                    of_rule.map(|(from, until)| (number * DAY + from, number * DAY + until)),
                );
            }
        }
        today.sort_unstable();
        for (start, end) in today {
            match all.last_mut() {
                Some((_, until)) if start <= *until => *until = end.max(*until),
                _ => all.push((start, end)),
            }
        }
    }
    all
}

/// Stretches in order of their start, joined where they touch.
fn merged(stretches: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = Vec::new();
    for (start, end) in stretches {
        match all.last_mut() {
            Some((_, until)) if start <= *until => *until = end.max(*until),
            _ => all.push((start, end)),
        }
    }
    all
}

/// An ISO 8601 duration of weeks, days, hours and minutes: `PT1H30M`, `P15D`.
pub(super) fn minutes_of(text: &str) -> Option<u32> {
    let rest = text.trim().strip_prefix('P')?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    let units = |text: &str, of: &[(char, u32)]| {
        let mut total = 0_u32;
        let mut number = String::new();
        for letter in text.chars() {
            if letter.is_ascii_digit() {
                number.push(letter);
                continue;
            }
            let (_, minutes) = of.iter().find(|(unit, _)| *unit == letter)?;
            let amount: u32 = number.parse().ok()?;
            number.clear();
            total = total.checked_add(amount.checked_mul(*minutes)?)?;
        }
        number.is_empty().then_some(total)
    };
    let total = units(days, &[('W', 7 * DAY), ('D', DAY)])?
        .checked_add(units(time, &[('H', 60), ('M', 1)])?)?;
    (1..=LONGEST_MINUTES).contains(&total).then_some(total)
}

/// Numbers of a field: `*`, `1,5`, `1-5`, names.
fn values(field: &str, first: u32, last: u32, names: &[&str]) -> Option<Vec<u32>> {
    let number = |text: &str| {
        let named = (first..).zip(names);
        let mut named = named.filter(|(_, name)| name.eq_ignore_ascii_case(text));
        let number = match named.next() {
            Some((number, _)) => number,
            None => text.parse().ok()?,
        };
        (first..=last).contains(&number).then_some(number)
    };
    let mut all = Vec::new();
    for part in field.split(',') {
        if part == "*" {
            all.extend(first..=last);
        } else if let Some((from, to)) = part.split_once('-') {
            let (from, to) = (number(from)?, number(to)?);
            if from > to {
                return None;
            }
            all.extend(from..=to);
        } else {
            all.push(number(part)?);
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(rules: &[(&str, &str)], reading: Reading) -> Stretch {
        let rules: Vec<Recurring> = rules
            .iter()
            .map(|(expression, duration)| Recurring::parse(expression, duration).unwrap())
            .collect();
        longest(&rules.iter().collect::<Vec<_>>(), reading)
    }

    #[test]
    #[rustfmt::skip]
    fn the_longest_stretch_joins_windows_that_touch() {
        use Stretch::{Always, Minutes, Never};
        for (rules, expected) in [
            (&[("cron(0 2 * * *)", "PT2H")][..],                                Minutes(120)),
            (&[("cron(0 18 * * FRI)", "P2DT12H")],                              Minutes(60 * 60)),
            (&[("cron(* * * * *)", "PT1M")],                                    Always),
            (&[("cron(0 0 * * *)", "P1D")],                                     Always),
            (&[("0 0 * * *", "PT23H59M")],                                      Minutes(DAY - 1)),
            (&[("cron(0,30 8-11 * * *)", "PT30M")],                             Minutes(4 * 60)),
            (&[("cron(0 0 1,16 * *)", "P15D")],                                 Minutes(60 * DAY)),
            (&[("cron(0 0 30 FEB *)", "PT1H")],                                 Never),
            (&[("cron(0 0 29 FEB *)", "PT1H")],                                 Minutes(60)),
            (&[("cron(0 0 * * MON)", "P4D"), ("cron(0 0 * * 5-7)", "P1D")],     Always),
            (&[("cron(0 0 * * MON)", "P4D"), ("cron(0 0 * * 6,7)", "P1D")],     Minutes(6 * DAY)),
        ] {
            assert_eq!(stretch(rules, Reading::Both), expected, "{rules:?}");
        }
    }

    #[test]
    fn a_day_of_the_month_and_of_the_week_are_read_both_ways() {
        let rule = [("cron(0 0 1-7 * MON)", "P1D")];
        assert_eq!(stretch(&rule, Reading::Both), Stretch::Minutes(DAY));
        assert_eq!(stretch(&rule, Reading::Either), Stretch::Minutes(8 * DAY));
    }

    #[test]
    fn what_is_not_documented_is_not_read() {
        for (expression, duration) in [
            ("cron(0/5 * * * *)", "PT1M"),
            ("cron(0 0 L * *)", "PT1M"),
            ("cron(0 0 ? * MON)", "PT1M"),
            ("cron(0 0 * * * *)", "PT1M"),
            ("rate(1 day)", "PT1M"),
            ("cron(0 0 * * *)", "P16D"),
            ("cron(0 0 * * *)", "PT0M"),
            ("cron(0 0 * * *)", "PT30S"),
            ("cron(0 0 * * *)", "1H"),
            ("cron(60 0 * * *)", "PT1H"),
            ("cron(0 0 * * FRI-MON)", "PT1H"),
        ] {
            assert_eq!(
                Recurring::parse(expression, duration),
                None,
                "{expression} {duration}"
            );
        }
    }
}
