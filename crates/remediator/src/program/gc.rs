//! `orgsweep-remediate gc`: what runs made and no finding needs any more, as a plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use orgsweep_controls::{AccountId, Catalog, Evaluator};
use orgsweep_remediator::Plan;
use orgsweep_remediator::made::{Record, made};
use orgsweep_remediator::planner::{Authorship, Facts, Made, Ownership, Target, removal};
use orgsweep_remediator::selection::Selection;
use orgsweep_store::Store;

use super::arguments::{Common, Format};
use super::export::{Showing, deliver};
use super::settings::Settings;
use super::{accounts, author, demo, output, owners, plan, stored, usage};

/// Plan to take away what orgsweep made and no finding needs any more.
///
/// Nothing is changed: the plan is printed and stored, and applied and undone as every other
/// one. It holds what runs of this database made (alarms, metric filters, subscriptions, topics)
/// and without which every control that it was made for passes all the same. What others made,
/// what others use and what was changed since is left alone.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only things in this account, by number or name; can be repeated.
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    #[command(flatten)]
    owners: owners::OwnerArguments,

    /// Who makes the plan [default: the user].
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Why the plan is made.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "no finding needs these any more"
    )]
    because: String,

    /// How long the plan may be used.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = plan::duration)]
    expires: TimeDelta,

    /// List every step, however many there are.
    #[arg(long)]
    all_steps: bool,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let format = common.format.unwrap_or_default();
    if !matches!(format, Format::Table | Format::Json | Format::Jsonl) {
        return Err(usage(
            "what is taken away is printed as table, json or jsonl",
        ));
    }
    let settings = Settings::read(common)?;
    demo::refused(common, &settings)?;
    let catalog = settings.catalog()?;
    let store = settings.store().await?;
    let result = planned(&arguments, common, &settings, &catalog, &store).await;
    let names = accounts::names(&store).await;
    store.close().await;
    let showing = Showing {
        format,
        whole: arguments.all_steps,
        estimated_at: None,
        directory: None,
    };
    deliver(&result?, &names?, showing)
}

/// Makes the plan and stores it; the same plan that is still valid is not made twice.
async fn planned(
    arguments: &Arguments,
    common: &Common,
    settings: &Settings,
    catalog: &Catalog,
    store: &Store,
) -> anyhow::Result<Plan> {
    let made = seen_since(theirs(arguments, store).await?, store).await?;
    let judged = judged(&made, store).await?;
    let mut targets = judged.clone();
    targets.extend(made.iter().flat_map(|made| made.findings.iter().cloned()));
    let inventory = store.last_inventory().await?;
    let snapshots = plan::snapshots(&targets, inventory.as_ref(), store).await?;
    let facts = Facts {
        catalog,
        evaluator: &Evaluator::new(catalog),
        snapshots: &snapshots,
        organization: inventory
            .as_ref()
            .and_then(|known| known.organization.as_ref()),
        management_account: inventory
            .as_ref()
            .and_then(|known| known.management_account.as_ref()),
    };
    let now = Utc::now();
    let authorship = Authorship {
        author: arguments.author.clone().unwrap_or_else(author::user),
        reason: arguments.because.clone(),
        created_at: now,
        expires_at: now + arguments.expires,
    };
    let planned = |ownership: &Ownership| removal(facts, &made, &judged, ownership, &authorship);
    let mut removed = planned(&arguments.owners.unasked());
    if let Some(ownership) = arguments.owners.asked(&removed, common, settings).await? {
        removed = planned(&ownership);
    }
    plan::kept(removed, now, store).await
}

/// What runs made and no later one took away, in the chosen accounts.
async fn theirs(
    arguments: &Arguments,
    store: &Store,
) -> anyhow::Result<Vec<(Made, Option<DateTime<Utc>>)>> {
    let mut records = Vec::new();
    for run in store.runs().await?.into_iter().rev() {
        if run.undoes.is_some() || run.done == 0 {
            continue;
        }
        records.push(Record {
            plan: stored::plan(run.plan_id, store).await?,
            rows: store.run_actions(run.run_id).await?,
            run,
        });
    }
    let mut theirs = made(&records);
    let chosen = accounts::numbers(&arguments.accounts, store).await?;
    theirs.retain(|(made, _)| chosen.is_empty() || chosen.contains(&made.action.account()));
    Ok(theirs)
}

/// Those in accounts that were read since, which alone tells whether they are needed.
async fn seen_since(
    made: Vec<(Made, Option<DateTime<Utc>>)>,
    store: &Store,
) -> anyhow::Result<Vec<Made>> {
    let observed: BTreeMap<AccountId, DateTime<Utc>> = store
        .accounts()
        .await?
        .into_iter()
        .filter(|account| account.closed_at.is_none())
        .filter_map(|account| Some((account.account_id, account.observed_at?)))
        .collect();
    let all = made.len();
    let seen: Vec<Made> = made
        .into_iter()
        .filter(|(made, at)| {
            let observed = observed.get(&made.action.account());
            observed.is_some_and(|observed| at.is_some_and(|at| *observed > at))
        })
        .map(|(made, _)| made)
        .collect();
    if seen.len() < all {
        output::tell(&format!(
            "{} left out: the account was not read since, or is not swept any more; sweep first",
            output::counted(all - seen.len(), "thing is", "things are")
        ));
    }
    Ok(seen)
}

/// The findings that may rest on any of it: of the same accounts, and those whose proof
/// mentions them.
async fn judged(made: &[Made], store: &Store) -> anyhow::Result<BTreeSet<Target>> {
    let accounts: BTreeSet<String> = made
        .iter()
        .map(|made| made.action.account().to_string())
        .collect();
    if accounts.is_empty() {
        return Ok(BTreeSet::new());
    }
    // Numbers of accounts need no quoting.
    let accounts: Vec<String> = accounts.into_iter().collect();
    let query = format!(
        "select account_id, control from posture
         where account_id in ('{}') or evidence::text ~ ':({}):'",
        accounts.join("', '"),
        accounts.join("|")
    );
    let selection = Selection {
        query: Some(query),
        ..Selection::default()
    };
    Ok(selection.targets(store).await?)
}
