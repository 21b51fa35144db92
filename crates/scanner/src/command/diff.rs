//! `orgsweep diff`: what became of findings and accounts between two sweeps.

use std::collections::BTreeMap;

use clap::Args;
use orgsweep_controls::finding::Verdict;
use orgsweep_store::{AccountChange, AccountMove, FindingChange, FindingState, SweepRow};
use serde::Serialize;

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::listing::grid;
use crate::output::number::counted;
use crate::output::{Column, Format, json, listing, terminal};
use crate::stored::naming::{named, title};

/// Show what is new, fixed, changed and still open between two sweeps, by cause.
///
/// Sweeps are named by id or number, `last` or `previous`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The earlier sweep.
    #[arg(value_name = "SWEEP", default_value = "previous")]
    from: String,
    /// The later sweep.
    #[arg(value_name = "SWEEP", default_value = "last")]
    to: String,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    /// Fails, and did not before.
    New,
    /// Failed before, and does not any more.
    Fixed,
    /// Another verdict or reason.
    Changed,
    /// Fails, or is not known, for the same reason as before.
    StillOpen,
}

impl Change {
    fn of(before: Option<&FindingState>, after: Option<&FindingState>) -> Self {
        let verdict = |state: Option<&FindingState>| state.map(|state| state.verdict);
        let same = match (before, after) {
            (Some(before), Some(after)) => {
                (before.verdict, &before.reason) == (after.verdict, &after.reason)
            }
            _ => false,
        };
        match (verdict(before), verdict(after)) {
            _ if same => Self::StillOpen,
            (Some(Verdict::Fail), Some(Verdict::Pass | Verdict::NotApplicable)) => Self::Fixed,
            (before, Some(Verdict::Fail)) if before != Some(Verdict::Fail) => Self::New,
            _ => Self::Changed,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Fixed => "fixed",
            Self::Changed => "changed",
            Self::StillOpen => "still open",
        }
    }
}

/// A finding that differs or is still open.
#[derive(Debug, Serialize)]
struct Row {
    change: Change,
    /// What broke; for what was fixed, what had been broken.
    cause: String,
    #[serde(flatten)]
    finding: FindingChange,
}

impl Row {
    fn of(finding: FindingChange) -> Self {
        let change = Change::of(finding.before.as_ref(), finding.after.as_ref());
        let state = match change {
            Change::Fixed => finding.before.as_ref(),
            _ => finding.after.as_ref().or(finding.before.as_ref()),
        };
        let cause = state.map_or_else(String::new, |state| state.cause.clone());
        Self {
            change,
            cause,
            finding,
        }
    }
}

/// Everything, for `--format json`.
#[derive(Serialize)]
struct Document<'a> {
    from: &'a SweepRow,
    to: &'a SweepRow,
    counts: BTreeMap<&'static str, usize>,
    accounts: &'a [AccountChange],
    causes: Vec<Cause<'a>>,
}

/// Findings with one change and one cause.
#[derive(Serialize)]
struct Cause<'a> {
    change: Change,
    #[serde(rename = "cause")]
    what: &'a str,
    findings: Vec<&'a Row>,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let store = context::store(&settings).await?;
    let compared = async {
        let sweeps = store.sweeps().await?;
        let from = named(&sweeps, &arguments.from)?.clone();
        let to = named(&sweeps, &arguments.to)?.clone();
        let findings = store.finding_changes(from.number, to.number).await?;
        let accounts = store.account_changes(from.number, to.number).await?;
        anyhow::Ok((from, to, findings, accounts))
    }
    .await;
    store.close().await;
    let (from, to, findings, accounts) = compared?;
    let rows: Vec<Row> = findings.into_iter().map(Row::of).collect();
    let text = match settings.format {
        Format::Json => json::pretty(&Document {
            counts: counts(&rows),
            causes: causes(&rows),
            accounts: &accounts,
            from: &from,
            to: &to,
        })?,
        Format::Jsonl | Format::Csv => listing(&rows, &columns(), settings.format, None)?,
        Format::Table => page(&rows, &accounts, &from, &to),
    };
    terminal::print(&text)?;
    Ok(Exit::Fine)
}

fn counts(rows: &[Row]) -> BTreeMap<&'static str, usize> {
    let changes = [
        ("new", Change::New),
        ("fixed", Change::Fixed),
        ("changed", Change::Changed),
        ("still_open", Change::StillOpen),
    ];
    let count = |change| rows.iter().filter(|row| row.change == change).count();
    changes.map(|(name, change)| (name, count(change))).into()
}

/// The rows by change and cause: new ones first, and among those what concerns most.
fn causes(rows: &[Row]) -> Vec<Cause<'_>> {
    let mut groups: BTreeMap<(Change, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups
            .entry((row.change, &row.cause))
            .or_default()
            .push(row);
    }
    let mut causes: Vec<Cause<'_>> = groups
        .into_iter()
        .map(|((change, cause), findings)| Cause {
            change,
            what: cause,
            findings,
        })
        .collect();
    causes.sort_by_key(|cause| (cause.change, std::cmp::Reverse(cause.findings.len())));
    causes
}

fn page(rows: &[Row], accounts: &[AccountChange], from: &SweepRow, to: &SweepRow) -> String {
    let counts = counts(rows);
    let mut text = format!(
        "From {} to {}: {} new, {} fixed, {} changed, {} still open\n",
        title(from),
        title(to),
        counts["new"],
        counts["fixed"],
        counts["changed"],
        counts["still_open"],
    );
    let causes = causes(rows);
    if !causes.is_empty() {
        let lines = causes.iter().map(|cause| {
            let first = &cause.findings[0].finding;
            let others = cause.findings.len() - 1;
            let example = format!("{} {}", first.account_name, first.control);
            vec![
                cause.change.words().to_owned(),
                cause.what.to_owned(),
                match others {
                    0 => example,
                    _ => format!("{example} and {}", counted(others as u64, "other")),
                },
            ]
        });
        text.push('\n');
        text.push_str(&grid(
            &["change", "cause", "findings"],
            lines,
            terminal::width(),
        ));
    }
    if !accounts.is_empty() {
        let lines = accounts.iter().map(|account| {
            let words = match account.change {
                AccountMove::Appeared => "appeared",
                AccountMove::Left => "left",
                AccountMove::NoLongerRead => "not read any more",
                AccountMove::NewlyRead => "read now",
            };
            vec![
                account.account_id.to_string(),
                account.account_name.clone(),
                words.to_owned(),
                account.reason.clone().unwrap_or_default(),
            ]
        });
        text.push('\n');
        text.push_str(&grid(
            &["account", "name", "change", "reason"],
            lines,
            terminal::width(),
        ));
    }
    text
}

fn columns() -> [Column<Row>; 9] {
    fn verdict(state: Option<&FindingState>) -> String {
        state.map_or_else(String::new, |state| state.verdict.to_string())
    }
    fn reason(state: Option<&FindingState>) -> String {
        state.map_or_else(String::new, |state| state.reason.clone())
    }
    [
        Column::new("change", "change", |row| {
            row.change.words().replace(' ', "_")
        }),
        Column::new("account_id", "account", |row| {
            row.finding.account_id.to_string()
        }),
        Column::new("account_name", "name", |row| {
            row.finding.account_name.clone()
        }),
        Column::new("control", "control", |row| row.finding.control.to_string()),
        Column::new("verdict_before", "before", |row| {
            verdict(row.finding.before.as_ref())
        }),
        Column::new("reason_before", "reason", |row| {
            reason(row.finding.before.as_ref())
        }),
        Column::new("verdict", "after", |row| {
            verdict(row.finding.after.as_ref())
        }),
        Column::new("reason", "reason", |row| reason(row.finding.after.as_ref())),
        Column::new("cause", "cause", |row| row.cause.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_one_name() {
        let state = |verdict, reason: &str| {
            Some(FindingState {
                verdict,
                reason: reason.to_owned(),
                cause: reason.to_owned(),
            })
        };
        let (fails, other) = (
            state(Verdict::Fail, "no_filter"),
            state(Verdict::Fail, "no_alarm"),
        );
        let (passes, doubts) = (
            state(Verdict::Pass, "covered"),
            state(Verdict::Unknown, "fact_unread"),
        );
        #[rustfmt::skip]
        let cases = [
            (&passes, &fails,  Change::New),
            (&None,   &fails,  Change::New),
            (&doubts, &fails,  Change::New),
            (&fails,  &passes, Change::Fixed),
            (&fails,  &other,  Change::Changed),
            (&fails,  &doubts, Change::Changed),
            (&doubts, &passes, Change::Changed),
            (&fails,  &None,   Change::Changed),
            (&None,   &passes, Change::Changed),
            (&fails,  &fails,  Change::StillOpen),
            (&doubts, &doubts, Change::StillOpen),
        ];
        for (before, after, expected) in cases {
            let change = Change::of(before.as_ref(), after.as_ref());
            assert_eq!(change, expected, "{before:?} {after:?}");
        }
    }
}
