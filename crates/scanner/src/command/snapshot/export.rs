//! `orgsweep snapshot export`: the facts of accounts, with those that they are judged by.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::Args;
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::organization::{AccountState, ListedAccount};
use orgsweep_controls::{Evaluator, Finding, ReliedOn};
use orgsweep_store::{NightAccount, Store};

use crate::command::names::account_named;
use crate::context::{self, Context};
use crate::decisions::DecisionBook;
use crate::exit::Exit;
use crate::output::number::counted;
use crate::output::{Format, terminal};
use crate::stored::document::{Carried, Document, Head};
use crate::stored::judging::Judging;
use crate::stored::naming::NightArguments;
use crate::stored::redaction;

/// Write the stored facts of accounts, as one JSON document or as JSON lines.
///
/// The facts of accounts that these are judged by come with them: the owner of an organization
/// trail, a central topic.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Of this account only, by number or name (can be repeated) [default: all].
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    #[command(flatten)]
    night: NightArguments,

    /// Replace account numbers, names of accounts, people, roles and buckets, tags, addresses and
    /// secrets, the same text alike everywhere; topics, alarms, metrics and patterns stay. That every
    /// verdict stays the same is checked.
    #[arg(long)]
    redact: bool,

    /// The file to write; it must not exist [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let catalog = context::catalog(&settings)?;
    let store = context::store(&settings).await?;
    let read = async {
        let mut document = gathered(&store, arguments, &Evaluator::new(&catalog)).await?;
        document.head.framework = Some(catalog.framework().to_owned());
        anyhow::Ok(document)
    }
    .await;
    store.close().await;
    let mut document = read?;
    if arguments.redact {
        let redacted = redaction::redacted(&document)
            .context("the facts cannot be redacted: something in them does not stand it")?;
        let evaluator = Evaluator::new(&catalog);
        unturned(
            &judged(&evaluator, &document),
            &judged(&evaluator, &redacted),
        )?;
        document = redacted;
    }
    let text = match settings.format {
        Format::Json | Format::Table => document.json()?,
        Format::Jsonl => document.lines()?,
        Format::Csv => {
            return Err(crate::exit::usage(
                "facts are exported as JSON (`--format json`, the default) or as JSON lines (`--format jsonl`)",
            ));
        }
    };
    match &arguments.output {
        None => terminal::print(&text)?,
        Some(path) => {
            let mut file = std::fs::File::create_new(path)
                .with_context(|| format!("`{}` cannot be written", path.display()))?;
            std::io::Write::write_all(&mut file, text.as_bytes())
                .with_context(|| format!("`{}` cannot be written", path.display()))?;
        }
    }
    let relied_on = document.accounts.iter().filter(|a| a.relied_on).count();
    terminal::tell(&format!(
        "{} exported{}{}",
        counted((document.accounts.len() - relied_on) as u64, "account"),
        match relied_on {
            0 => String::new(),
            number => format!(
                ", with the facts of {} that they are judged by",
                counted(number as u64, "account")
            ),
        },
        if document.head.redacted {
            ", redacted"
        } else {
            ""
        },
    ));
    Ok(Exit::Fine)
}

/// The facts of the accounts that were asked for, and of those that they are judged by.
async fn gathered(
    store: &Store,
    arguments: &Arguments,
    evaluator: &Evaluator,
) -> anyhow::Result<Document> {
    let mut wanted: BTreeSet<AccountId> = BTreeSet::new();
    for text in &arguments.accounts {
        wanted.insert(account_named(store, text).await?);
    }
    let (night, _) = arguments.night.night(&store.sweeps().await?)?;
    let accounts = store.night_accounts(night).await?;
    let mut head = Head::new(Utc::now());
    let sweeps = store.sweeps().await?;
    let nobody = DecisionBook::default();
    let mut judging = Judging::new(store, evaluator, &nobody, &accounts);
    let mut carried: BTreeMap<AccountId, Carried> = BTreeMap::new();
    let mut owners: BTreeMap<AccountId, Carried> = BTreeMap::new();
    for account in &accounts {
        if !wanted.is_empty() && !wanted.contains(&account.listed.id) {
            continue;
        }
        let snapshot = store.snapshot_numbered(account.snapshot_no).await?;
        let relied_on = judging.relied_on(account, &snapshot).await?;
        let sweep = sweeps.iter().find(|sweep| sweep.number == account.sweep_no);
        head.organization = head
            .organization
            .or_else(|| sweep.and_then(|sweep| sweep.organization.clone()));
        head.management_account = head.management_account.or(relied_on.management_account);
        head.unread.extend(relied_on.unread);
        for (id, facts) in relied_on.snapshots {
            let known = accounts.iter().find(|other| other.listed.id == id);
            owners.entry(id.clone()).or_insert_with(|| Carried {
                account: known.map_or_else(|| unlisted(&id), |known| known.listed.clone()),
                observed_at: known.unwrap_or(account).observed_at,
                relied_on: true,
                snapshot: (*facts).clone(),
            });
        }
        carried.insert(account.listed.id.clone(), carrying(account, snapshot));
    }
    if let Some(missing) = wanted.iter().find(|id| !carried.contains_key(id)) {
        bail!("no facts of account {missing} are stored for that night");
    }
    // Whoever was asked for is not merely relied on.
    owners.retain(|id, _| !carried.contains_key(id));
    carried.append(&mut owners);
    Ok(Document {
        head,
        accounts: carried.into_values().collect(),
    })
}

fn carrying(account: &NightAccount, snapshot: orgsweep_controls::AccountSnapshot) -> Carried {
    Carried {
        account: account.listed.clone(),
        observed_at: account.observed_at,
        relied_on: false,
        snapshot,
    }
}

/// An account of which nothing but its facts is known.
fn unlisted(id: &AccountId) -> ListedAccount {
    ListedAccount {
        id: id.clone(),
        name: id.to_string(),
        email: None,
        ou_path: None,
        ou_ids: Vec::new(),
        tags: None,
        state: AccountState::Active,
        joined_at: None,
    }
}

/// The findings of a document's accounts, in its order.
fn judged(evaluator: &Evaluator, document: &Document) -> Vec<Vec<Finding>> {
    let snapshots: BTreeMap<_, _> = document
        .accounts
        .iter()
        .map(|carried| {
            let facts = std::sync::Arc::new(carried.snapshot.clone());
            (carried.account.id.clone(), facts)
        })
        .collect();
    let relied_on = ReliedOn {
        management_account: document.head.management_account.clone(),
        snapshots,
        unread: document.head.unread.clone(),
        ..ReliedOn::default()
    };
    let accounts = document.accounts.iter();
    accounts
        .map(|carried| evaluator.evaluate(&carried.snapshot, &relied_on))
        .collect()
}

/// Refuses what redaction has turned, so that nobody looks for a mistake that is none.
fn unturned(before: &[Vec<Finding>], after: &[Vec<Finding>]) -> anyhow::Result<()> {
    for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
        if (before.verdict, before.reason) != (after.verdict, after.reason) {
            bail!(
                "redaction turns the verdict of `{}` in account {} from {} ({}) to {} ({}): \
                 a pattern or a policy rests on a name that was replaced; \
                 leave the account out, or export it without `--redact`",
                before.control,
                before.account,
                before.verdict,
                before.reason,
                after.verdict,
                after.reason
            );
        }
    }
    Ok(())
}
