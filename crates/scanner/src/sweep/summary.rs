//! What came out of a sweep, for a person: one sentence, who was read, what
//! changed, how the controls stand, what broke, what to do next.

use std::fmt::Write as _;

use orgsweep_store::{Cause, SweepSummary};

use crate::output::listing::grid;
use crate::output::number::{age, counted, grouped, moment, span};
use crate::output::style::{self, STRONG, styled};
use crate::output::{csv, escaped};
use crate::sweep::hints::Hints;
use crate::sweep::numbering::Numbering;

/// Causes that are shown; the others are counted.
const CAUSES_SHOWN: usize = 10;

/// The summary, with colours.
pub(crate) fn text(summary: &SweepSummary, numbering: &Numbering, hints: &Hints) -> String {
    let mut out = String::new();
    line(&mut out, &styled(STRONG, &sentence(summary)));
    line(&mut out, "");
    accounts(&mut out, summary);
    changes(&mut out, summary);
    calls(&mut out, summary);
    decisions(&mut out, summary);
    line(&mut out, "");
    out.push_str(&controls(summary, numbering));
    causes(&mut out, &summary.causes);
    line(&mut out, "");
    line(&mut out, &styled(STRONG, "Next"));
    for command in hints.commands(summary) {
        line(&mut out, &format!("  {}", escaped(&command)));
    }
    out
}

/// The controls as CSV.
pub(crate) fn csv(summary: &SweepSummary, numbering: &Numbering) -> anyhow::Result<String> {
    let headers = [
        "control",
        "number",
        "title",
        "passing",
        "failing",
        "unknown",
        "not_applicable",
        "new",
        "fixed",
        "still_failing",
    ];
    let rows = summary.controls.iter().map(|control| {
        let counts = [
            control.passing,
            control.failing,
            control.unknown,
            control.not_applicable,
            control.new,
            control.fixed,
            control.still_failing,
        ];
        let mut row = vec![
            control.control.to_string(),
            numbering.number(control),
            control.title.clone(),
        ];
        row.extend(counts.map(|count| count.to_string()));
        row
    });
    csv::table(&headers, rows)
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// The whole sweep in one sentence.
pub(crate) fn sentence(summary: &SweepSummary) -> String {
    // A sweep of some accounts leaves the verdicts of the others as they are.
    let judged = summary
        .controls
        .iter()
        .map(|control| control.passing + control.failing + control.unknown + control.not_applicable)
        .max()
        .unwrap_or_default();
    let judged = counted(judged, "account");
    let unknown: u64 = summary.controls.iter().map(|control| control.unknown).sum();
    if summary.read == 0 {
        return "No account could be read.".to_owned();
    }
    let controls = counted(summary.controls.len() as u64, "control");
    let mut text = if summary.accounts_failing > 0 {
        let changes = if summary.has_predecessor {
            let failing = counted(summary.new + summary.still_failing, "failing finding");
            format!("; {} of {failing} are new", grouped(summary.new))
        } else {
            String::new()
        };
        let failing = grouped(summary.accounts_failing);
        format!(
            "{failing} of {judged} would not notice a change that matters ({controls}){changes}"
        )
    } else if unknown > 0 {
        format!("No control is known to fail in {judged}")
    } else {
        format!("Every change that matters ({controls}) would be noticed in {judged}")
    };
    if unknown > 0 {
        let _ = write!(text, "; {} not known", are(unknown, "verdict"));
    }
    text.push('.');
    text
}

fn are(number: u64, noun: &str) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(number, noun))
}

fn accounts(out: &mut String, summary: &SweepSummary) {
    let mut parts = vec![format!(
        "{} of {} read",
        grouped(summary.read),
        grouped(summary.listed)
    )];
    for (number, word) in [
        (summary.failed, "failed"),
        (summary.skipped, "skipped"),
        (summary.pending, "to go"),
    ] {
        if number > 0 {
            parts.push(format!("{} {word}", grouped(number)));
        }
    }
    line(out, &format!("Accounts  {}", parts.join(", ")));
    for why in &summary.not_read {
        let mut text = format!(
            "          {} {}: {}",
            grouped(why.accounts),
            escaped(&why.outcome),
            escaped(&why.reason)
        );
        if why.outcome == "failed" {
            let message = why.message.as_deref().unwrap_or_default();
            let _ = write!(text, " ({}: {})", why.example, escaped(message));
        }
        line(out, &text);
    }
    if let Some(oldest) = summary
        .oldest_observed_at
        .filter(|oldest| *oldest < summary.started_at)
    {
        let old = span(age(
            oldest,
            summary.finished_at.unwrap_or(summary.started_at),
        ));
        line(
            out,
            &format!(
                "          the oldest facts are of {} ({old} old)",
                moment(oldest)
            ),
        );
    }
}

fn changes(out: &mut String, summary: &SweepSummary) {
    let text = if summary.has_predecessor {
        format!(
            "{} new, {} fixed, {} still open",
            grouped(summary.new),
            grouped(summary.fixed),
            grouped(summary.still_failing)
        )
    } else {
        format!(
            "{} open; this is the first sweep",
            grouped(summary.new + summary.still_failing)
        )
    };
    line(out, &format!("Failing   {text}"));
}

/// What was accepted, and which decisions end: only where there are any.
fn decisions(out: &mut String, summary: &SweepSummary) {
    if summary.excepted > 0 {
        let accepted = counted(summary.excepted, "failing finding");
        line(out, &format!("Accepted  {accepted} by exceptions"));
    }
    for ending in &summary.ending {
        let ends = if ending.ended { "ended" } else { "ends" };
        let text = format!(
            "{} `{}` of {} {ends} on {}",
            ending.kind, ending.id, ending.owner, ending.until
        );
        line(
            out,
            &format!("Decision  {}", styled(style::DOUBTFUL, &escaped(&text))),
        );
    }
}

fn calls(out: &mut String, summary: &SweepSummary) {
    let took = summary
        .finished_at
        .map(|finished| format!(" in {}", span(age(summary.started_at, finished))))
        .unwrap_or_default();
    line(
        out,
        &format!(
            "AWS       {}{took}, {} throttled",
            counted(summary.calls, "call"),
            grouped(summary.throttles)
        ),
    );
}

fn controls(summary: &SweepSummary, numbering: &Numbering) -> String {
    let headings = ["#", "control", "title", "pass", "fail", "unknown", "n/a"];
    let rows = summary.controls.iter().map(|control| {
        vec![
            numbering.number(control),
            control.control.to_string(),
            control.title.clone(),
            grouped(control.passing),
            grouped(control.failing),
            grouped(control.unknown),
            grouped(control.not_applicable),
        ]
    });
    grid(&headings, rows, None)
}

fn causes(out: &mut String, causes: &[Cause]) {
    if causes.is_empty() {
        return;
    }
    line(out, "");
    line(
        out,
        &styled(
            STRONG,
            "What is broken or could not be read, most accounts first",
        ),
    );
    for cause in causes.iter().take(CAUSES_SHOWN) {
        let colour = if cause.verdict == "fail" {
            style::BAD
        } else {
            style::DOUBTFUL
        };
        let controls = match cause.controls.as_slice() {
            [one] => one.to_string(),
            several => counted(several.len() as u64, "control"),
        };
        line(
            out,
            &format!(
                "  {} {}, {controls}: {}",
                styled(colour, &format!("{:<7}", cause.verdict)),
                counted(cause.accounts, "account"),
                escaped(&cause.reason),
            ),
        );
        line(
            out,
            &format!("          {} ({})", escaped(&cause.summary), cause.example),
        );
    }
    if causes.len() > CAUSES_SHOWN {
        line(
            out,
            &format!(
                "  … and {}",
                counted((causes.len() - CAUSES_SHOWN) as u64, "more cause")
            ),
        );
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{DateTime, TimeDelta};
    use orgsweep_store::{ControlSummary, NotRead, SweepId};

    use super::*;
    use crate::cli::CommonFlags;
    use crate::program::NAME;

    fn control(number: i32, id: &str, failing: u64, unknown: u64) -> ControlSummary {
        ControlSummary {
            control: id.parse().unwrap(),
            number,
            title: id.replace('-', " "),
            passing: 1405 - failing - unknown,
            failing,
            unknown,
            not_applicable: 0,
            new: failing.min(2),
            fixed: 0,
            still_failing: failing.saturating_sub(2),
        }
    }

    fn cause(verdict: &str, reason: &str, accounts: u64, controls: &[&str]) -> Cause {
        Cause {
            cause: format!("{reason} arn:aws:sns:eu-west-1:111122223333:alerts"),
            verdict: verdict.to_owned(),
            reason: reason.to_owned(),
            accounts,
            findings: accounts * controls.len() as u64,
            controls: controls.iter().map(|id| id.parse().unwrap()).collect(),
            example: "111122223333".parse().unwrap(),
            summary: "the topic alerts\u{1b}[2J has no subscription".to_owned(),
        }
    }

    /// A sweep with a bit of everything.
    pub(crate) fn summary() -> SweepSummary {
        let started_at = DateTime::UNIX_EPOCH;
        SweepSummary {
            excepted: 0,
            ending: Vec::new(),
            id: SweepId(uuid::Uuid::nil()),
            state: "finished".to_owned(),
            started_at,
            finished_at: Some(started_at + TimeDelta::seconds(95)),
            has_predecessor: true,
            listed: 1412,
            read: 1405,
            failed: 2,
            skipped: 5,
            pending: 0,
            not_read: vec![
                NotRead {
                    outcome: "skipped".to_owned(),
                    reason: "suspended".to_owned(),
                    accounts: 5,
                    example: "444455556666".parse().unwrap(),
                    message: None,
                },
                NotRead {
                    outcome: "failed".to_owned(),
                    reason: "role_not_assumable".to_owned(),
                    accounts: 2,
                    example: "777788889999".parse().unwrap(),
                    message: Some("the role does not exist".to_owned()),
                },
            ],
            controls: vec![
                control(3, "root-usage", 0, 12),
                control(8, "s3-bucket-policy-changes", 3, 0),
            ],
            accounts_failing: 3,
            new: 2,
            fixed: 4,
            still_failing: 1,
            causes: vec![
                cause("fail", "no_subscription", 3, &["s3-bucket-policy-changes"]),
                cause(
                    "unknown",
                    "fact_unread",
                    12,
                    &["root-usage", "s3-bucket-policy-changes"],
                ),
            ],
            oldest_observed_at: Some(started_at - TimeDelta::days(3)),
            calls: 4236,
            throttles: 12,
        }
    }

    fn printed(summary: &SweepSummary, hints: &Hints) -> String {
        anstream::adapter::strip_str(&text(summary, &Numbering::default(), hints)).to_string()
    }

    #[test]
    fn the_summary_says_what_came_out_and_what_to_do() {
        let hints = Hints::new(&CommonFlags::default(), NAME.to_owned());
        insta::assert_snapshot!(printed(&summary(), &hints));
    }

    #[test]
    fn the_sentence_fits_what_happened() {
        let mut first = summary();
        first.has_predecessor = false;
        let mut only_unknown = summary();
        only_unknown.accounts_failing = 0;
        let mut good = only_unknown.clone();
        good.controls = vec![control(8, "s3-bucket-policy-changes", 0, 0)];
        let mut nothing = summary();
        nothing.read = 0;
        let sentences =
            [summary(), first, only_unknown, good, nothing].map(|summary| sentence(&summary));
        insta::assert_snapshot!(sentences.join("\n"));
    }

    #[test]
    fn nothing_that_aws_named_reaches_the_terminal_raw() {
        assert!(
            !printed(
                &summary(),
                &Hints::new(&CommonFlags::default(), NAME.to_owned())
            )
            .contains('\u{1b}')
        );
    }
}
