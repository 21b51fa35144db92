//! When sweeps are due: a cron pattern in a time zone, and what becomes of nights on which no
//! instance ran. Decisions over values.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// When sweeps are due.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    cron: Cron,
    zone: Tz,
    /// How late a sweep that was missed is made up for.
    catch_up: Duration,
}

impl Schedule {
    /// A schedule in cron's five fields, or a name like `@daily`.
    pub(crate) fn new(pattern: &str, zone: &str, catch_up: Duration) -> Result<Self, String> {
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .build()
            .parse(pattern)
            .map_err(|error| {
                format!("`serve.schedule` is no cron pattern like `30 2 * * *`: {error}")
            })?;
        let zone = zone.parse().map_err(|_| {
            format!(
                "`serve.time_zone` is no time zone like `Europe/Stockholm`: there is no `{zone}`"
            )
        })?;
        Ok(Self {
            cron,
            zone,
            catch_up,
        })
    }

    /// The next time after `now`; `None` when there is none.
    pub(crate) fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self
            .cron
            .find_next_occurrence(&now.with_timezone(&self.zone), false);
        next.ok().map(|time| time.to_utc())
    }

    /// The last time until `now`.
    fn last(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = self
            .cron
            .find_previous_occurrence(&now.with_timezone(&self.zone), true);
        last.ok().map(|time| time.to_utc())
    }

    /// The time that has come without a sweep since, when it is not too long ago.
    pub(crate) fn due(
        &self,
        last_started: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let catch_up = TimeDelta::from_std(self.catch_up).unwrap_or(TimeDelta::MAX / 2);
        self.last(now).filter(|time| {
            last_started.is_none_or(|started| started < *time) && now - *time <= catch_up
        })
    }
}

/// The pause before the next try, after so many failures in a row: 30 s, then twice that each
/// time, at most half an hour.
pub(crate) fn pause(failures: u32) -> Duration {
    Duration::from_secs(30)
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(Duration::from_mins(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn stockholm(pattern: &str) -> Schedule {
        Schedule::new(pattern, "Europe/Stockholm", Duration::from_hours(12)).unwrap()
    }

    #[test]
    #[rustfmt::skip]
    fn a_night_has_one_sweep_also_when_clocks_change() {
        let nightly = stockholm("30 2 * * *");
        for (now, next) in [
            ("2026-11-28T00:00:00Z", "2026-11-28T01:30:00Z"),
            ("2026-11-28T01:30:00Z", "2026-11-29T01:30:00Z"),
            // 02:30 does not exist on that day: it is done as soon as the clock has gone on.
            ("2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            // 02:30 comes twice on that day: once.
            ("2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            assert_eq!(nightly.next(at(now)), Some(at(next)), "{now}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn what_was_missed_is_made_up_for_once_and_not_too_late() {
        let nightly = stockholm("30 2 * * *");
        let time = "2026-11-28T01:30:00Z";
        for (last_started, now, due) in [
            (Some("2026-11-27T01:30:00Z"), "2026-11-28T01:29:59Z", None),
            (Some("2026-11-27T01:30:00Z"), "2026-11-28T01:30:00Z", Some(time)),
            (Some("2026-11-27T01:30:00Z"), "2026-11-28T09:00:00Z", Some(time)),
            (Some("2026-11-27T01:30:00Z"), "2026-11-28T14:00:00Z", None),
            (Some("2026-11-28T01:30:01Z"), "2026-11-28T01:31:00Z", None),
            (Some("2026-11-28T07:00:00Z"), "2026-11-28T09:00:00Z", None),
            (None,                         "2026-11-28T09:00:00Z", Some(time)),
        ] {
            assert_eq!(nightly.due(last_started.map(at), at(now)), due.map(at), "{last_started:?} {now}");
        }
    }

    #[test]
    fn mistakes_are_told_with_an_example() {
        for (pattern, zone, word) in [
            ("30 2 * *", "UTC", "serve.schedule"),
            ("0 30 2 * * *", "UTC", "serve.schedule"),
            ("30 25 * * *", "UTC", "serve.schedule"),
            ("30 2 * * *", "Mars/Olympus", "serve.time_zone"),
        ] {
            let error = Schedule::new(pattern, zone, Duration::from_hours(12)).unwrap_err();
            assert!(error.contains(word) && error.contains("like `"), "{error}");
        }
        assert!(Schedule::new("@daily", "UTC", Duration::from_hours(1)).is_ok());
    }

    #[test]
    fn pauses_after_failures_grow_to_half_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 7, 99].map(|n| pause(n).as_secs()).into();
        assert_eq!(seconds, [30, 60, 120, 1800, 1800]);
    }
}
