//! `orgsweep explain`: the proof of one verdict, as a small tree.

use std::collections::BTreeSet;

use anyhow::bail;
use chrono::Utc;
use clap::Args;
use orgsweep_controls::Catalog;
use orgsweep_controls::finding::{Evidence, LinkKind};
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_store::{FindingFilter, FindingRow, LastRung, Store};
use serde::Serialize;

use crate::command::framework::FrameworkArgument;
use crate::command::names::{account_named, known_control};
use crate::context::{self, Context};
use crate::decisions::DecisionBook;
use crate::exit::{Exit, usage};
use crate::output::finding::{Explained, tree};
use crate::output::{Format, json, terminal};
use crate::stored::under_framework::judged_again;

/// Show why a control passes or fails in an account: the chain, what is missing, the fix.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The account, by number or name.
    account: String,
    /// The control's id, for example s3-bucket-policy-changes.
    control: String,

    #[command(flatten)]
    framework: FrameworkArgument,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings_with(arguments.framework.settings())?;
    let catalog = context::catalog(&settings)?;
    let decisions = context::decisions(&settings, &catalog)?;
    let control = known_control(&catalog, &arguments.control)?;
    let store = context::store(&settings).await?;
    let found = async {
        let account = account_named(&store, &arguments.account).await?;
        let found = if arguments.framework.is_given() {
            under(&store, &catalog, &decisions, &account, &control).await?
        } else {
            store.finding(&account, &control).await?
        };
        match found {
            Some(row) => {
                let evidence: Evidence = serde_json::from_value(row.evidence.clone())?;
                let rung = store.last_rung(&alarms(&evidence)).await?;
                Ok((row, evidence, rung))
            }
            None => bail!(missing(&store, &account, &control).await?),
        }
    }
    .await;
    store.close().await;
    let (row, evidence, rung) = found?;
    let whole = Proof {
        row: &row,
        drills: &rung,
    };
    let text = match settings.format {
        Format::Json => json::pretty(&whole)?,
        Format::Jsonl => json::line(&whole)?,
        Format::Csv => {
            return Err(usage(
                "`explain` prints a tree or JSON; use `orgsweep findings --format csv`",
            ));
        }
        Format::Table => {
            let number = row
                .framework
                .as_deref()
                .filter(|_| arguments.framework.is_given())
                .and_then(|framework| catalog.control(&row.control)?.number_in(framework))
                .map(|number| format!("{number} of {}", catalog.framework_title()));
            tree(&explained(&row, &evidence, &rung, number.as_deref()))
        }
    };
    terminal::print(&text)?;
    Ok(Exit::Fine)
}

/// A finding as JSON, with what drills have shown of its alarms.
#[derive(Serialize)]
struct Proof<'a> {
    #[serde(flatten)]
    row: &'a FindingRow,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    drills: &'a [LastRung],
}

/// The alarms of the finding's chains.
fn alarms(evidence: &Evidence) -> Vec<String> {
    let links = evidence.chains.iter().flat_map(|chain| &chain.links);
    let alarms: BTreeSet<String> = links
        .filter(|link| link.kind == LinkKind::Alarm)
        .map(|link| link.resource.clone())
        .collect();
    alarms.into_iter().collect()
}

/// The finding under the catalog's framework.
async fn under(
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    account: &AccountId,
    control: &ControlId,
) -> anyhow::Result<Option<FindingRow>> {
    if catalog.required().all(|required| required.id != *control) {
        return Err(usage(format!(
            "{} does not have the control `{control}`; `orgsweep controls --framework {}` lists those that it has",
            catalog.framework_title(),
            catalog.framework()
        )));
    }
    let of_account = FindingFilter {
        accounts: vec![account.clone()],
        ..FindingFilter::default()
    };
    let rows = judged_again(
        store,
        catalog,
        decisions,
        store.findings(&of_account).await?,
    )
    .await?;
    Ok(rows.into_iter().find(|row| row.control == *control))
}

/// Why an account that is known has no finding.
async fn missing(
    store: &Store,
    account: &AccountId,
    control: &ControlId,
) -> anyhow::Result<String> {
    let accounts = store.accounts().await?;
    let row = accounts.iter().find(|row| row.account_id == *account);
    let why = row
        .and_then(|row| {
            Some(format!(
                ": {} ({})",
                row.outcome.as_ref()?,
                row.reason.as_deref().unwrap_or("read")
            ))
        })
        .unwrap_or_default();
    Ok(format!(
        "account {account} has no finding for `{control}`{why}; `orgsweep accounts` says how its last sweep ended"
    ))
}

fn explained<'a>(
    row: &'a FindingRow,
    evidence: &'a Evidence,
    rung: &'a [LastRung],
    number: Option<&'a str>,
) -> Explained<'a> {
    Explained {
        account: &row.account_id,
        account_name: &row.account_name,
        ou_path: row.ou_path.as_deref(),
        control: &row.control,
        control_title: &row.control_title,
        control_number: number,
        verdict: row.verdict,
        reason: &row.reason,
        summary: &row.summary,
        evidence,
        covered_regions: &row.covered_regions,
        uncovered_regions: &row.uncovered_regions,
        since: Some(row.since),
        observed_at: row.observed_at,
        not_read_reason: row.not_read_reason.as_deref(),
        exception: row.exception.as_ref(),
        rung,
        now: Utc::now(),
    }
}
