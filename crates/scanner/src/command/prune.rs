//! `orgsweep prune`: drops what is no longer wanted of old nights, and says what it keeps.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::Args;
use orgsweep_store::{Kept, Pruned, Store};
use serde::Serialize;

use crate::config::Key;
use crate::config::layers::FlagValue;
use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::number::{counted, moment, span};
use crate::output::{Format, csv, json, terminal};

/// How long to wait for the lock of a sweep that is about to end.
const LINGERING: Duration = Duration::from_secs(3);

/// Drop the accounts' rows of old nights, and facts that no night refers to any more.
///
/// Kept for good: every finding with all its periods, each night's totals, plans and
/// exceptions, and each account's last facts before the limit, so that every moment after it
/// can be judged again.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How long nights are kept whole, for example 90d [default: 400d].
    #[arg(long, value_name = "DURATION")]
    keep: Option<String>,

    /// Say what would be dropped, and drop nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was done, for `--format json`.
#[derive(Debug, Serialize)]
struct Report {
    /// Nights that started before are pruned.
    before: DateTime<Utc>,
    dry_run: bool,
    dropped: Pruned,
    kept: Kept,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let keep = arguments.keep.clone().map(FlagValue::One);
    let flags = keep.map(|keep| (Key::KeepNights, "--keep", keep));
    let settings = context.settings_with(flags.into_iter().collect())?;
    let before = Utc::now() - settings.keep_nights;
    let store = context::store(&settings).await?;
    let report = pruned(&store, before, arguments.dry_run).await;
    store.close().await;
    let report = report?;
    terminal::print(&match settings.format {
        Format::Table => text(&report, settings.keep_nights),
        Format::Json => json::pretty(&report)?,
        Format::Jsonl => json::line(&report)?,
        Format::Csv => table(&report)?,
    })?;
    Ok(Exit::Fine)
}

async fn pruned(store: &Store, before: DateTime<Utc>, dry_run: bool) -> anyhow::Result<Report> {
    let Some(lock) = store.lock_sweeps(LINGERING).await? else {
        bail!("a sweep is running in this database; prune when it has ended");
    };
    let report = async {
        let (mut dropped, kept) = store.prunable(before).await?;
        if !dry_run {
            dropped = store.prune(before).await?;
        }
        anyhow::Ok(Report {
            before,
            dry_run,
            dropped,
            kept,
        })
    }
    .await;
    lock.release().await;
    report
}

fn text(report: &Report, keep: Duration) -> String {
    let Report {
        before,
        dry_run,
        dropped,
        kept,
    } = report;
    let mut text = format!(
        "nights before {} (kept for {})\n",
        moment(*before),
        span(keep)
    );
    let done = if *dry_run {
        "would be dropped"
    } else {
        "dropped"
    };
    if dropped.outcomes == 0 && dropped.snapshots == 0 {
        let _ = writeln!(text, "nothing is to be dropped");
    } else {
        let _ = writeln!(
            text,
            "{done}: {} in {}; {} ({}) that no night refers to",
            counted(dropped.outcomes, "account's row"),
            counted(dropped.nights, "night"),
            counted(dropped.snapshots, "snapshot"),
            mebibytes(dropped.snapshot_bytes),
        );
    }
    let _ = writeln!(
        text,
        "kept: {} whole; of older ones the totals, and each account's last facts before then",
        counted(kept.nights, "night")
    );
    let _ = writeln!(
        text,
        "kept: {} of findings, which is all of them; {} ({})",
        counted(kept.periods, "period"),
        counted(kept.snapshots, "snapshot"),
        mebibytes(kept.snapshot_bytes),
    );
    text
}

/// `3.2 MiB`.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

fn table(report: &Report) -> anyhow::Result<String> {
    let row = |what: &str, nights: u64, outcomes: u64, snapshots: u64, bytes: u64| {
        let figures = [nights, outcomes, snapshots, bytes].map(|figure| figure.to_string());
        std::iter::once(what.to_owned())
            .chain(figures)
            .collect::<Vec<String>>()
    };
    let (dropped, kept) = (report.dropped, report.kept);
    let what = if report.dry_run {
        "would_be_dropped"
    } else {
        "dropped"
    };
    let rows = [
        row(
            what,
            dropped.nights,
            dropped.outcomes,
            dropped.snapshots,
            dropped.snapshot_bytes,
        ),
        row(
            "kept",
            kept.nights,
            kept.outcomes,
            kept.snapshots,
            kept.snapshot_bytes,
        ),
    ];
    csv::table(
        &["what", "nights", "outcomes", "snapshots", "snapshot_bytes"],
        rows.into_iter(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(dry_run: bool, dropped: Pruned) -> Report {
        Report {
            before: DateTime::UNIX_EPOCH,
            dry_run,
            dropped,
            kept: Kept {
                nights: 90,
                outcomes: 910_000,
                snapshots: 11_204,
                snapshot_bytes: 26_000_000,
                periods: 164_000,
            },
        }
    }

    #[test]
    fn it_says_what_goes_and_what_stays() {
        let dropped = Pruned {
            nights: 12,
            outcomes: 110_000,
            snapshots: 1_204,
            snapshot_bytes: 3_355_443,
        };
        let keep = Duration::from_hours(24 * 90);
        let texts = [
            text(&report(true, dropped), keep),
            text(&report(false, dropped), keep),
            text(&report(false, Pruned::default()), keep),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r"
        nights before 1970-01-01T00:00:00Z (kept for 90 d)
        would be dropped: 110,000 account's rows in 12 nights; 1,204 snapshots (3.2 MiB) that no night refers to
        kept: 90 nights whole; of older ones the totals, and each account's last facts before then
        kept: 164,000 periods of findings, which is all of them; 11,204 snapshots (24.8 MiB)

        nights before 1970-01-01T00:00:00Z (kept for 90 d)
        dropped: 110,000 account's rows in 12 nights; 1,204 snapshots (3.2 MiB) that no night refers to
        kept: 90 nights whole; of older ones the totals, and each account's last facts before then
        kept: 164,000 periods of findings, which is all of them; 11,204 snapshots (24.8 MiB)

        nights before 1970-01-01T00:00:00Z (kept for 90 d)
        nothing is to be dropped
        kept: 90 nights whole; of older ones the totals, and each account's last facts before then
        kept: 164,000 periods of findings, which is all of them; 11,204 snapshots (24.8 MiB)
        ");
    }
}
