//! `orgsweep reevaluate`: stored facts through today's logic, without calling
//! AWS. Nothing is written: what was recorded is what people were told then.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_controls::{Catalog, Evaluator};
use orgsweep_store::{Store, StoreError};
use serde::Serialize;

use crate::command::framework::FrameworkArgument;
use crate::context::{self, Context};
use crate::decisions::DecisionBook;
use crate::exit::Exit;
use crate::output::number::counted;
use crate::output::{Column, Format, listing, terminal};
use crate::stored::judging::Judging;
use crate::stored::naming::NightArguments;

/// How many accounts' recorded verdicts are read at once.
const BATCH: usize = 64;

/// Judge stored facts by today's logic, and list what differs from what was recorded.
///
/// Calls nothing and writes nothing: for a new control, a changed catalog, a mended bug, or an
/// auditor's question. The next sweep records today's verdicts.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    night: NightArguments,

    /// Catalog that extends the built-in one, instead of the configured one.
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,

    #[command(flatten)]
    framework: FrameworkArgument,

    /// Of this account only, by number (can be repeated).
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<AccountId>,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Told {
    verdict: Verdict,
    reason: String,
}

/// A finding that today's logic judges otherwise.
#[derive(Debug, Serialize)]
struct Difference {
    account_id: AccountId,
    account_name: String,
    control: ControlId,
    /// As it was recorded; `None` when the control was not judged then.
    before: Option<Told>,
    /// As it is judged today; `None` when the control is not judged any more.
    after: Option<Told>,
    /// Today's sentence.
    summary: String,
}

/// What came out.
#[derive(Debug, Default)]
struct Outcome {
    accounts: u64,
    findings: u64,
    differences: Vec<Difference>,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings_with(arguments.framework.settings())?;
    let file = arguments.catalog.as_deref().or(settings.catalog.as_deref());
    let catalog = context::catalog_of(&settings, file)?;
    let decisions = context::decisions(&settings, &catalog)?;
    let store = context::store(&settings).await?;
    let judged = async {
        let (night, title) = arguments.night.night(&store.sweeps().await?)?;
        let outcome = differences(&store, &catalog, &decisions, arguments, night).await?;
        anyhow::Ok((title, outcome))
    }
    .await;
    store.close().await;
    let (title, outcome) = judged?;
    let format = settings.format;
    if format != Format::Table || !outcome.differences.is_empty() {
        terminal::print(&listing(
            &outcome.differences,
            &columns(),
            format,
            terminal::width(),
        )?)?;
    }
    terminal::tell(&format!(
        "{title}: {} with {} judged again, {} differ",
        counted(outcome.accounts, "account"),
        counted(outcome.findings, "finding"),
        outcome.differences.len(),
    ));
    Ok(Exit::Fine)
}

/// Judges the night account by account.
async fn differences(
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    arguments: &Arguments,
    night: orgsweep_store::Night,
) -> Result<Outcome, StoreError> {
    let accounts = store.night_accounts(night).await?;
    let evaluator = Evaluator::new(catalog);
    let mut judging = Judging::new(store, &evaluator, decisions, &accounts);
    let wanted: Vec<_> = accounts
        .iter()
        .filter(|account| {
            arguments.accounts.is_empty() || arguments.accounts.contains(&account.listed.id)
        })
        .collect();
    let mut outcome = Outcome::default();
    for batch in wanted.chunks(BATCH) {
        let ids: Vec<AccountId> = batch
            .iter()
            .map(|account| account.listed.id.clone())
            .collect();
        let mut recorded: BTreeMap<(AccountId, ControlId), Told> = store
            .judged(night, &ids)
            .await?
            .into_iter()
            .map(|judged| {
                let told = Told {
                    verdict: judged.verdict,
                    reason: judged.reason,
                };
                ((judged.account, judged.control), told)
            })
            .collect();
        for account in batch {
            outcome.accounts += 1;
            for finding in judging.findings(account).await? {
                outcome.findings += 1;
                let before = recorded.remove(&(finding.account.clone(), finding.control.clone()));
                let after = Told {
                    verdict: finding.verdict,
                    reason: finding.reason.as_str().to_owned(),
                };
                if before.as_ref() != Some(&after) {
                    outcome.differences.push(Difference {
                        account_id: finding.account,
                        account_name: account.listed.name.clone(),
                        control: finding.control,
                        before,
                        after: Some(after),
                        summary: finding.summary,
                    });
                }
            }
        }
        // A framework that was asked for need not have every control.
        if !arguments.framework.is_given() {
            let gone = recorded
                .into_iter()
                .map(|((account_id, control), before)| Difference {
                    account_name: batch
                        .iter()
                        .find(|account| account.listed.id == account_id)
                        .map_or_else(String::new, |account| account.listed.name.clone()),
                    account_id,
                    control,
                    before: Some(before),
                    after: None,
                    summary: "the catalog does not have the control any more".to_owned(),
                });
            outcome.differences.extend(gone);
        }
    }
    Ok(outcome)
}

fn columns() -> [Column<Difference>; 8] {
    fn verdict(told: Option<&Told>) -> String {
        told.map_or_else(|| "-".to_owned(), |told| told.verdict.to_string())
    }
    fn reason(told: Option<&Told>) -> String {
        told.map_or_else(|| "-".to_owned(), |told| told.reason.clone())
    }
    [
        Column::new("account_id", "account", |row| row.account_id.to_string()),
        Column::new("account_name", "name", |row| row.account_name.clone()),
        Column::new("control", "control", |row| row.control.to_string()),
        Column::new("verdict_before", "before", |row| {
            verdict(row.before.as_ref())
        }),
        Column::new("reason_before", "reason", |row| reason(row.before.as_ref())),
        Column::new("verdict", "today", |row| verdict(row.after.as_ref())),
        Column::new("reason", "reason", |row| reason(row.after.as_ref())),
        Column::csv_only("summary", |row| row.summary.clone()),
    ]
}
