//! `orgsweep snapshot import`: the facts of a document into a database of their own, judged by
//! today's logic.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::Args;
use orgsweep_controls::known::UnreadCause;
use orgsweep_controls::organization::{AccountState, Inventory, ListedAccount};
use orgsweep_controls::{Catalog, Evaluator, ReliedOn};
use orgsweep_store::{AccountRecord, FindingRecord, NewSweep, Store, SweepId, SweepTotals};

use crate::catalog_rows::control_rows;
use crate::context::{self, Context};
use crate::decisions::DecisionBook;
use crate::exit::Exit;
use crate::output::number::counted;
use crate::output::terminal;
use crate::stored::document::Document;

/// What started the sweeps that imports make.
const IMPORT: &str = "import";

/// Import exported facts into a database that holds nothing else, and judge them.
///
/// The whole file is read and checked before anything is written.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file; `-` for standard input.
    file: PathBuf,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let catalog = context::catalog(&settings)?;
    let decisions = context::decisions(&settings, &catalog)?;
    let name = arguments.file.display();
    let text = if arguments.file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        text
    } else {
        std::fs::read_to_string(&arguments.file)
            .with_context(|| format!("`{name}` cannot be read"))?
    };
    let document = Document::parse(&text)
        .with_context(|| format!("`{name}` cannot be imported; nothing was written"))?;
    let store = context::store(&settings).await?;
    let imported = imported(&store, &catalog, &decisions, &document).await;
    store.close().await;
    terminal::tell(&imported?);
    Ok(Exit::Fine)
}

async fn imported(
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    document: &Document,
) -> anyhow::Result<String> {
    let sweeps = store.sweeps().await?;
    if sweeps.iter().any(|sweep| sweep.triggered_by != IMPORT) {
        bail!(
            "the database holds sweeps of its own, whose verdicts an import would replace; \
             name another one with `--data-dir` or `--database-url`"
        );
    }
    let known = store.accounts().await?;
    let newer = document.accounts.iter().find(|carried| {
        known.iter().any(|row| {
            row.account_id == carried.account.id
                && row.observed_at.is_some_and(|at| at >= carried.observed_at)
        })
    });
    if let Some(carried) = newer {
        bail!(
            "the database holds these facts of account {} already, or newer ones; \
             import into another database",
            carried.account.id
        );
    }
    store.put_controls(&control_rows(catalog)).await?;
    let sweep = store
        .start_sweep(&NewSweep {
            trigger: IMPORT.to_owned(),
            is_partial: false,
            organization: document.head.organization.clone(),
            catalog_digest: catalog.digest(),
            framework: catalog.framework().to_owned(),
            config_digest: IMPORT.to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        })
        .await?;
    let written = write(store, catalog, decisions, document, sweep).await;
    match written {
        Ok(findings) => {
            store.finish_sweep(sweep, &SweepTotals::default()).await?;
            Ok(format!(
                "{} imported and judged: {}; `orgsweep findings` lists them",
                counted(document.accounts.len() as u64, "account"),
                counted(findings, "finding")
            ))
        }
        Err(error) => {
            // What cannot be written is not shown as a night that went well.
            store.abandon_sweep(sweep, "the import failed").await?;
            Err(error)
        }
    }
}

async fn write(
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    document: &Document,
    sweep: SweepId,
) -> anyhow::Result<u64> {
    let head = &document.head;
    let inventory = inventory(document);
    let carried = document.accounts.iter();
    let selected: BTreeSet<_> = carried
        .filter(|carried| !carried.relied_on)
        .map(|carried| carried.account.id.clone())
        .chain(head.unread.keys().cloned())
        .collect();
    store
        .record_inventory(sweep, &inventory, &selected, &BTreeMap::new(), false)
        .await?;
    for (account, unread) in &head.unread {
        let reason = reason_of(unread.cause);
        let now = Utc::now();
        store
            .record_failure(sweep, account, reason, &unread.message, 0, 0, now, now)
            .await?;
    }
    let snapshots: BTreeMap<_, _> = document
        .accounts
        .iter()
        .map(|carried| {
            (
                carried.account.id.clone(),
                Arc::new(carried.snapshot.clone()),
            )
        })
        .collect();
    let evaluator = Evaluator::new(catalog);
    let today = Utc::now().date_naive();
    let mut judged = 0;
    for carried in &document.accounts {
        if carried.relied_on {
            store
                .record_relied_on(sweep, &carried.snapshot, carried.observed_at)
                .await?;
            continue;
        }
        let relied_on = ReliedOn {
            management_account: head.management_account.clone(),
            snapshots: snapshots.clone(),
            unread: head.unread.clone(),
            decisions: Arc::new(decisions.about(&carried.account, today)),
        };
        let findings = FindingRecord::of_all(&evaluator.evaluate(&carried.snapshot, &relied_on))?;
        judged += findings.len() as u64;
        store
            .record_account(
                sweep,
                &AccountRecord {
                    snapshot: &carried.snapshot,
                    findings: &findings,
                    calls: 0,
                    throttles: 0,
                    started_at: carried.observed_at,
                    finished_at: carried.observed_at,
                },
            )
            .await?;
    }
    Ok(judged)
}

/// Every account that the document names.
fn inventory(document: &Document) -> Inventory {
    let unread = document.head.unread.keys().map(|id| ListedAccount {
        id: id.clone(),
        name: id.to_string(),
        email: None,
        ou_path: None,
        ou_ids: Vec::new(),
        tags: None,
        state: AccountState::Active,
        joined_at: None,
    });
    let carried = document.accounts.iter();
    let mut accounts: Vec<ListedAccount> = carried
        .map(|carried| carried.account.clone())
        .chain(unread)
        .collect();
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    accounts.dedup_by(|a, b| a.id == b.id);
    Inventory {
        organization: document.head.organization.clone(),
        management_account: document.head.management_account.clone(),
        read_at: document.head.exported_at,
        accounts,
    }
}

/// The outcome's reason code that means the same as why a fact is not known.
fn reason_of(cause: UnreadCause) -> &'static str {
    match cause {
        UnreadCause::Throttled => "throttled",
        UnreadCause::TimedOut => "timed_out",
        UnreadCause::Transient => "unreachable",
        UnreadCause::Garbled => "garbled",
        UnreadCause::Invalid => "invalid",
        UnreadCause::NotAsked => "not_reached",
        _ => "role_not_assumable",
    }
}
