//! Alarm mute rules: whether a moment lies in a window of a rule (CloudWatch user
//! guide, "Alarm mute rules"): `cron(minutes hours day month weekday)` or
//! `at(yyyy-MM-ddThh:mm)`, each with a duration of one minute to fifteen days.
//! Time zones other than UTC are read as offsets (`+05:30`).

use chrono::{DateTime, Datelike as _, Duration, FixedOffset, NaiveDateTime, Timelike as _, Utc};

use crate::state::MuteRule;

/// The end of the window that holds at `now`; `None` outside of windows.
pub(super) fn muted_until(rule: &MuteRule, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let length = duration(&rule.duration)?;
    let zone = zone(rule.timezone.as_deref().unwrap_or("UTC"))?;
    let local = now.with_timezone(&zone).naive_local();
    let inner = |word: &str| {
        let rest = rule.expression.trim().strip_prefix(word)?.trim();
        Some(rest.strip_prefix('(')?.strip_suffix(')')?.to_owned())
    };
    if let Some(moment) = inner("at") {
        let start = NaiveDateTime::parse_from_str(&moment, "%Y-%m-%dT%H:%M").ok()?;
        let end = start + length;
        return (start <= local && local < end).then(|| now + (end - local));
    }
    let fields = inner("cron").unwrap_or_else(|| rule.expression.clone());
    let cron = Cron::parse(&fields)?;
    // The latest start whose window still holds gives the latest end.
    let minute = local.with_second(0)?.with_nanosecond(0)?;
    (0..length.num_minutes())
        .map(|back| minute - Duration::minutes(back))
        .find(|start| cron.matches(*start))
        .map(|start| now + (start + length - local))
        .filter(|end| *end > now)
}

fn zone(name: &str) -> Option<FixedOffset> {
    let offset = name.strip_prefix("UTC").unwrap_or(name);
    if offset.is_empty() {
        return FixedOffset::east_opt(0);
    }
    offset.parse().ok()
}

/// An ISO 8601 duration of days, hours and minutes: `PT1H30M`, `P15D`.
fn duration(text: &str) -> Option<Duration> {
    let (days, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, time)) => (days, time),
        None => (text.strip_prefix('P')?, ""),
    };
    let mut total = Duration::zero();
    for part in [days, time] {
        let mut number = String::new();
        for letter in part.chars() {
            if letter.is_ascii_digit() {
                number.push(letter);
                continue;
            }
            let amount: i64 = number.parse().ok()?;
            number.clear();
            total += match letter {
                'W' => Duration::weeks(amount),
                'D' => Duration::days(amount),
                'H' => Duration::hours(amount),
                'M' => Duration::minutes(amount),
                _ => return None,
            };
        }
    }
    (total > Duration::zero()).then_some(total)
}

/// Five fields; in each the values that match.
struct Cron([Vec<u32>; 5]);

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day, month, weekday] = fields[..] else {
            return None;
        };
        Some(Self([
            values(minutes, 0, 59, &[])?,
            values(hours, 0, 23, &[])?,
            values(day, 1, 31, &[])?,
            values(month, 1, 12, &MONTHS)?,
            // 7 is Sunday as well.
            values(weekday, 0, 7, &DAYS)?
                .into_iter()
                .map(|d| d % 7)
                .collect(),
        ]))
    }

    fn matches(&self, at: NaiveDateTime) -> bool {
        let [minutes, hours, day, month, weekday] = &self.0;
        minutes.contains(&at.minute())
            && hours.contains(&at.hour())
            && day.contains(&at.day())
            && month.contains(&at.month())
            && weekday.contains(&at.weekday().num_days_from_sunday())
    }
}

/// Numbers of a field: `*`, `1,5`, `1-5`, names.
fn values(field: &str, first: u32, last: u32, names: &[&str]) -> Option<Vec<u32>> {
    let number = |text: &str| {
        let name = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let number = match name {
            Some(place) => place as u32 + u32::from(first == 1),
            None => text.parse().ok()?,
        };
        (first..=last).contains(&number).then_some(number)
    };
    let mut all = Vec::new();
    for part in field.split(',') {
        if part == "*" {
            all.extend(first..=last);
        } else if let Some((from, to)) = part.split_once('-') {
            all.extend(number(from)?..=number(to)?);
        } else {
            all.push(number(part)?);
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(expression: &str, duration: &str, zone: Option<&str>, now: &str) -> Option<String> {
        let now: DateTime<Utc> = now.parse().unwrap();
        let rule = MuteRule {
            arn: String::new(),
            expression: expression.to_owned(),
            duration: duration.to_owned(),
            timezone: zone.map(str::to_owned),
            alarm_names: Vec::new(),
            status: String::new(),
            updated: now,
        };
        muted_until(&rule, now).map(|end| end.format("%d %H:%M").to_string())
    }

    #[test]
    fn windows_begin_at_each_occurrence_and_last_for_the_duration() {
        // A Tuesday.
        let now = "2026-11-24T12:30:00Z";
        #[rustfmt::skip]
        let rows = [
            ("cron(0 12 * * *)",         "PT1H",  None,            Some("24 13:00")),
            ("cron(0 12 * * *)",         "PT30M", None,            None),
            ("cron(0 0 * * *)",          "P1D",   None,            Some("25 00:00")),
            ("cron(* * * * *)",          "PT1M",  None,            Some("24 12:31")),
            ("0 12 * * TUE",             "PT1H",  None,            Some("24 13:00")),
            ("cron(0 12 * * SAT,SUN)",   "PT1H",  None,            None),
            ("cron(0 12 * NOV 1-5)",     "PT1H",  None,            Some("24 13:00")),
            ("cron(0 17 * * *)",         "PT2H",  Some("+05:30"),  Some("24 13:30")),
            ("at(2026-11-24T12:00)",     "PT1H",  None,            Some("24 13:00")),
            ("at(2026-11-23T12:00)",     "PT1H",  None,            None),
        ];
        for (expression, length, zone, end) in rows {
            assert_eq!(
                until(expression, length, zone, now).as_deref(),
                end,
                "{expression}"
            );
        }
    }
}
