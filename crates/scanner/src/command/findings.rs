//! `orgsweep findings`: the verdicts of the last sweeps. The keys of its JSON
//! are a contract.

use clap::Args;
use orgsweep_controls::Catalog;
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_controls::reason::Reason;
use orgsweep_store::{FindingFilter, FindingRow, Store};
use serde::Serialize;

use crate::command::framework::FrameworkArgument;
use crate::command::names::{account_named, known_control};
use crate::config::suggest::nearest;
use crate::context::{self, Context};
use crate::decisions::DecisionBook;
use crate::exit::{Exit, usage};
use crate::output::number::{counted, moment};
use crate::output::{Column, Format, listing, terminal};
use crate::stored::under_framework::judged_again;

/// List verdicts, as of the last time that each account was read.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Of this control only (can be repeated).
    #[arg(long = "control", value_name = "ID")]
    controls: Vec<String>,

    /// With this verdict only: pass, fail, unknown or `not_applicable` (can be repeated).
    #[arg(long = "verdict", value_name = "VERDICT", value_parser = ["pass", "fail", "unknown", "not_applicable"])]
    verdicts: Vec<String>,

    /// Of this account only, by number or name (can be repeated).
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    /// At or below this OU only, by its path (Workloads/Prod) or id (can be repeated).
    #[arg(long = "ou", value_name = "OU")]
    ous: Vec<String>,

    /// With this reason code only (can be repeated).
    #[arg(long = "reason", value_name = "CODE")]
    reasons: Vec<String>,

    #[command(flatten)]
    framework: FrameworkArgument,
}

/// A finding with its number in the framework that decided.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    row: FindingRow,
    /// `4.8` in `cis-3.0.0`, `CloudWatch.8` in `security-hub`; absent where it has none.
    section: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings_with(arguments.framework.settings())?;
    let catalog = context::catalog(&settings)?;
    let decisions = context::decisions(&settings, &catalog)?;
    let controls = arguments
        .controls
        .iter()
        .map(|text| known_control(&catalog, text))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let verdicts = arguments
        .verdicts
        .iter()
        .filter_map(|text| verdict_named(text))
        .collect();
    for reason in &arguments.reasons {
        check_reason(reason)?;
    }
    let store = context::store(&settings).await?;
    let found = found(&store, &catalog, &decisions, controls, verdicts, &arguments).await;
    store.close().await;
    let rows: Vec<Listed> = found?
        .into_iter()
        .map(|row| Listed {
            section: section(&catalog, &row),
            row,
        })
        .collect();
    if rows.is_empty() && settings.format == Format::Table {
        terminal::tell(
            "no findings; `orgsweep sweep` reads the organization, `orgsweep demo` an invented one",
        );
        return Ok(Exit::Fine);
    }
    terminal::print(&listing(
        &rows,
        &columns(&arguments),
        settings.format,
        terminal::width(),
    )?)?;
    if settings.format == Format::Table {
        let under = if arguments.framework.is_given() {
            format!(" under {}", catalog.framework_title())
        } else {
            String::new()
        };
        terminal::tell(&format!(
            "{}{under}; `orgsweep explain ACCOUNT CONTROL` shows the proof of one",
            counted(rows.len() as u64, "finding")
        ));
    }
    Ok(Exit::Fine)
}

async fn found(
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    controls: Vec<ControlId>,
    verdicts: Vec<Verdict>,
    arguments: &Arguments,
) -> anyhow::Result<Vec<FindingRow>> {
    let mut accounts: Vec<AccountId> = Vec::new();
    for text in &arguments.accounts {
        accounts.push(account_named(store, text).await?);
    }
    let mut filter = FindingFilter {
        controls,
        verdicts,
        accounts,
        reasons: arguments.reasons.clone(),
        ous: arguments.ous.clone(),
    };
    if !arguments.framework.is_given() {
        return Ok(store.findings(&filter).await?);
    }
    // Which rows are wanted is known only when they are judged.
    let controls = std::mem::take(&mut filter.controls);
    let verdicts = std::mem::take(&mut filter.verdicts);
    let reasons = std::mem::take(&mut filter.reasons);
    let mut rows = judged_again(store, catalog, decisions, store.findings(&filter).await?).await?;
    rows.retain(|row| {
        (controls.is_empty() || controls.contains(&row.control))
            && (verdicts.is_empty() || verdicts.contains(&row.verdict))
            && (reasons.is_empty() || reasons.contains(&row.reason))
    });
    Ok(rows)
}

fn section(catalog: &Catalog, row: &FindingRow) -> Option<String> {
    let framework = row.framework.as_deref()?;
    let number = catalog.control(&row.control)?.number_in(framework)?;
    Some(number.to_owned())
}

fn verdict_named(text: &str) -> Option<Verdict> {
    Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.as_str() == text)
}

/// Refuses a reason code that does not exist.
pub(crate) fn check_reason(text: &str) -> anyhow::Result<()> {
    if Reason::ALL.iter().any(|reason| reason.as_str() == text) {
        return Ok(());
    }
    let hint = nearest(text, Reason::ALL.iter().map(|reason| reason.as_str()))
        .map(|meant| format!("; did you mean `{meant}`?"))
        .unwrap_or_default();
    Err(usage(format!("there is no reason code `{text}`{hint}")))
}

fn columns(arguments: &Arguments) -> Vec<Column<Listed>> {
    let numbered = if arguments.framework.is_given() {
        "number"
    } else {
        ""
    };
    vec![
        Column::new("account_id", "account", |l| l.row.account_id.to_string()),
        Column::new("account_name", "name", |l| l.row.account_name.clone()),
        Column::csv_only("ou_path", |l| l.row.ou_path.clone().unwrap_or_default()),
        Column::new("control", "control", |l| l.row.control.to_string()),
        Column::csv_only("control_title", |l| l.row.control_title.clone()),
        Column::new("verdict", "verdict", |l| l.row.verdict.to_string()),
        Column::new("reason", "reason", |l| l.row.reason.clone()),
        Column::new("summary", "summary", |l| l.row.summary.clone()),
        Column::csv_only("covered_regions", |l| l.row.covered_regions.join(" ")),
        Column::csv_only("uncovered_regions", |l| l.row.uncovered_regions.join(" ")),
        Column::csv_only("since", |l| moment(l.row.since)),
        Column::csv_only("observed_at", |l| {
            l.row.observed_at.map(moment).unwrap_or_default()
        }),
        Column::csv_only("failing_since", |l| {
            l.row.failing_since.map(moment).unwrap_or_default()
        }),
        Column::csv_only("not_read_reason", |l| {
            l.row.not_read_reason.clone().unwrap_or_default()
        }),
        Column::csv_only("framework", |l| l.row.framework.clone().unwrap_or_default()),
        Column::new("section", numbered, |l| {
            l.section.clone().unwrap_or_default()
        }),
        Column::csv_only("exception_id", |l| {
            let exception = l.row.exception.as_ref();
            exception.map_or_else(String::new, |exception| exception.id.to_string())
        }),
        Column::csv_only("excepted_until", |l| {
            let exception = l.row.exception.as_ref();
            exception.map_or_else(String::new, |exception| moment(exception.until))
        }),
    ]
}
