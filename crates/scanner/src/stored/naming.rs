//! Which stored night people mean: a sweep by id, number, `last` or `previous`,
//! or a moment.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use orgsweep_store::{Night, SweepRow};

use crate::exit::usage;

/// Which stored facts.
#[derive(Debug, Args)]
pub(crate) struct NightArguments {
    /// Those of this sweep: its id or number, `last` or `previous` [default: last].
    #[arg(long, value_name = "SWEEP", conflicts_with = "as_of")]
    pub(crate) sweep: Option<String>,

    /// Those that were the newest at this moment, for example 2026-03-31 or 2026-03-31T06:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<DateTime<Utc>>,
}

impl NightArguments {
    /// The night, and what to call it.
    pub(crate) fn night(&self, sweeps: &[SweepRow]) -> anyhow::Result<(Night, String)> {
        if let Some(moment) = self.as_of {
            let words = format!("as of {}", crate::output::number::moment(moment));
            return Ok((Night::AsOf(moment), words));
        }
        let sweep = named(sweeps, self.sweep.as_deref().unwrap_or("last"))?;
        Ok((Night::Sweep(sweep.number), title(sweep)))
    }
}

/// `sweep 12 of 2026-03-31T02:00:00Z`.
pub(crate) fn title(sweep: &SweepRow) -> String {
    let started = crate::output::number::moment(sweep.started_at);
    format!("sweep {} of {started}", sweep.number)
}

/// A moment in RFC 3339, or a day, which ends at midnight UTC.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let day: NaiveDate = text
        .parse()
        .map_err(|_| "write a day (2026-03-31) or a moment (2026-03-31T06:00:00Z)".to_owned())?;
    let end = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
    Ok(end.and_utc())
}

/// The finished nights, the newest first. A sweep of a few named accounts, as after a repair, is
/// none, unless nobody ever swept the organization.
pub(crate) fn finished(sweeps: &[SweepRow]) -> impl Iterator<Item = &SweepRow> {
    let is_finished = |sweep: &&SweepRow| sweep.state == "finished";
    let any_night = sweeps
        .iter()
        .filter(is_finished)
        .any(|sweep| !sweep.is_partial);
    sweeps
        .iter()
        .filter(is_finished)
        .filter(move |sweep| !(any_night && sweep.is_partial))
}

/// The sweep that is meant. `last` and `previous` are finished nights. The newest come first.
pub(crate) fn named<'a>(sweeps: &'a [SweepRow], text: &str) -> anyhow::Result<&'a SweepRow> {
    let found = match text {
        "last" => finished(sweeps).next(),
        "previous" => finished(sweeps).nth(1),
        _ => sweeps.iter().find(|sweep| {
            sweep.number.to_string() == text
                || sweep.sweep_id.to_string() == text.to_ascii_lowercase()
        }),
    };
    found.ok_or_else(|| {
        let shown: Vec<String> = sweeps
            .iter()
            .take(5)
            .map(|sweep| format!("{} ({})", sweep.number, sweep.state))
            .collect();
        let known = if shown.is_empty() {
            "the database has no sweep yet".to_owned()
        } else {
            format!("the newest are {}", shown.join(", "))
        };
        usage(format!("there is no sweep `{text}`; {known}"))
    })
}

#[cfg(test)]
mod tests {
    use orgsweep_store::SweepId;

    use super::*;

    fn sweep(number: i32, state: &str) -> SweepRow {
        SweepRow {
            sweep_id: SweepId(uuid::Uuid::from_u128(number.unsigned_abs().into())),
            number,
            triggered_by: "manual".to_owned(),
            organization: None,
            management_account: None,
            state: state.to_owned(),
            started_at: DateTime::UNIX_EPOCH,
            finished_at: None,
            complete: true,
            is_partial: false,
        }
    }

    #[test]
    fn sweeps_are_named_by_number_id_and_place() {
        let sweeps = [
            sweep(4, "running"),
            sweep(3, "finished"),
            sweep(2, "abandoned"),
            sweep(1, "finished"),
        ];
        #[rustfmt::skip]
        let cases = [
            ("last",                                 Ok(3)),
            ("previous",                             Ok(1)),
            ("4",                                    Ok(4)),
            ("00000000-0000-0000-0000-000000000002", Ok(2)),
            ("9",                                    Err("the newest are 4 (running), 3 (finished)")),
        ];
        for (text, expected) in cases {
            match (named(&sweeps, text), expected) {
                (Ok(sweep), Ok(number)) => assert_eq!(sweep.number, number, "{text}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
        let error = named(&[], "last").unwrap_err().to_string();
        assert!(error.contains("no sweep yet"), "{error}");
    }

    #[test]
    fn named_accounts_are_no_night_unless_there_is_no_other() {
        let partial = |number| SweepRow {
            is_partial: true,
            ..sweep(number, "finished")
        };
        let repaired = [
            partial(5),
            sweep(4, "finished"),
            partial(3),
            sweep(2, "finished"),
        ];
        for (text, expected) in [("last", 4), ("previous", 2), ("5", 5)] {
            assert_eq!(named(&repaired, text).unwrap().number, expected, "{text}");
        }
        let only = [partial(2), partial(1)];
        for (text, expected) in [("last", 2), ("previous", 1)] {
            assert_eq!(named(&only, text).unwrap().number, expected, "{text}");
        }
    }

    #[test]
    fn a_day_lasts_until_it_is_over() {
        let ends = moment("2026-03-31").unwrap().to_rfc3339();
        assert_eq!(ends, "2026-04-01T00:00:00+00:00");
        let told = moment("2026-03-31T06:00:00+02:00").unwrap().to_rfc3339();
        assert_eq!(told, "2026-03-31T04:00:00+00:00");
        assert!(moment("yesterday").is_err());
    }
}
