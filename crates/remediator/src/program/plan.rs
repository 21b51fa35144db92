//! `orgsweep-remediate plan`: which steps would make the selected findings pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Catalog, ControlId, Evaluator, Inventory, Reason,
};
use orgsweep_remediator::planner::{Authorship, Facts, Target};
use orgsweep_remediator::selection::Selection;
use orgsweep_remediator::{Endpoint, Plan, PlanOptions, Strategy};
use orgsweep_store::{ExceptedFinding, PlanRow, RunState, Store, StoreError};

use super::arguments::Common;
use super::export::Showing;
use super::settings::Settings;
use super::{accounts, amiss, author, export, output, owners, usage};

/// How long a plan can be valid.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// Plan the repair of failing findings; without a selection, of all of them.
///
/// Nothing is changed: the plan is printed and stored. For each finding it holds
/// the smallest set of steps that makes it pass, reusing what works.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Findings of this control; can be repeated.
    #[arg(long = "control", value_name = "CONTROL")]
    controls: Vec<ControlId>,

    /// Findings of this account, by number or name; can be repeated.
    #[arg(long = "account", value_name = "ACCOUNT")]
    accounts: Vec<String>,

    /// Findings of accounts in or below this OU, by id or path; can be repeated.
    #[arg(long = "ou", value_name = "OU")]
    ous: Vec<String>,

    /// Findings of accounts with this tag; can be repeated, all must be there.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,

    /// Findings that fail for this reason; can be repeated.
    #[arg(long = "reason", value_name = "REASON", value_parser = reason)]
    reasons: Vec<Reason>,

    /// Findings for which this SQL condition over the view `failing` holds.
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,

    /// Findings that a query returns as account_id and control; `-` reads it from stdin.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["controls", "accounts", "ous", "tags", "reasons", "condition"]
    )]
    from_query: Option<PathBuf>,

    /// Where chains are mended: behind the organization's trail, or in each account.
    #[arg(long, value_enum, default_value_t)]
    strategy: StrategyFlag,

    /// Who is told by topics that nobody listens to: `email:address`, `sqs:arn`,
    /// `https://…`; can be repeated [default: `remediator.subscribe`].
    #[arg(long = "subscribe", value_name = "ENDPOINT")]
    endpoints: Vec<Endpoint>,

    /// Let the plan hold changes to trails. Without it they are listed as done by hand.
    #[arg(long)]
    allow_trail_changes: bool,

    /// Also repair findings that an exception accepts; without it they are left out and named.
    #[arg(long)]
    include_accepted: bool,

    #[command(flatten)]
    owners: owners::OwnerArguments,

    /// Who makes the plan [default: the user].
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Why the plan is made.
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,

    /// How long the plan may be used.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    expires: TimeDelta,

    /// List every step, however many there are.
    #[arg(long)]
    all_steps: bool,

    /// Say what carrying the plan out takes: money per month, calls, minutes.
    #[arg(long)]
    estimate: bool,

    /// With --format terraform or cloudformation: the directory that is written.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Where chains are mended.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum StrategyFlag {
    /// Behind the organization's trail where there is one, else in the account.
    #[default]
    Auto,
    /// Behind the organization's trail: once for all its members.
    Central,
    /// In each account, behind its own trails.
    Local,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<()> {
    let format = output::plan_format(common)?;
    export::check(format, arguments.output.as_deref())?;
    let settings = Settings::read(common)?;
    let catalog = settings.catalog()?;
    let selection = selection(&arguments, &catalog)?;
    let store = settings.store().await?;
    let asked = Asked {
        arguments: &arguments,
        common,
        settings: &settings,
        selection: &selection,
        catalog: &catalog,
    };
    let result = stored_plan(asked, &store).await;
    let names = accounts::names(&store).await;
    store.close().await;
    let showing = Showing {
        format,
        whole: arguments.all_steps,
        estimated_at: arguments.estimate.then(|| settings.speed()),
        directory: arguments.output.as_deref(),
    };
    export::deliver(&result?, &names?, showing)
}

fn selection(arguments: &Arguments, catalog: &Catalog) -> anyhow::Result<Selection> {
    let unknown = |control: &&ControlId| catalog.control(control).is_none();
    if let Some(control) = arguments.controls.iter().find(unknown) {
        return Err(usage(format!(
            "there is no control `{control}`; `orgsweep controls` lists them"
        )));
    }
    Ok(Selection {
        controls: arguments.controls.clone(),
        accounts: arguments.accounts.clone(),
        ous: arguments.ous.clone(),
        tags: arguments.tags.clone(),
        reasons: arguments.reasons.clone(),
        condition: arguments.condition.clone(),
        query: arguments.from_query.as_ref().map(query_in).transpose()?,
    })
}

fn query_in(path: &PathBuf) -> anyhow::Result<String> {
    if path.as_os_str() == "-" {
        let mut query = String::new();
        std::io::stdin()
            .read_to_string(&mut query)
            .context("the query cannot be read from stdin")?;
        return Ok(query);
    }
    std::fs::read_to_string(path).map_err(|error| {
        usage(format!(
            "the query `{}` cannot be read: {error}",
            path.display()
        ))
    })
}

/// What somebody wants a plan for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    arguments: &'a Arguments,
    common: &'a Common,
    settings: &'a Settings,
    selection: &'a Selection,
    catalog: &'a Catalog,
}

/// Makes the plan and stores it; the same plan that is still valid is not made twice.
async fn stored_plan(asked: Asked<'_>, store: &Store) -> anyhow::Result<Plan> {
    let Asked {
        arguments,
        common,
        settings,
        selection,
        catalog,
    } = asked;
    let targets = selection
        .targets(store)
        .await
        .context("the findings cannot be selected")?;
    for line in amiss::lines(selection, targets.is_empty(), store).await? {
        output::tell(&format!("warning: {line}"));
    }
    let inventory = store.last_inventory().await?;
    let snapshots = snapshots(&targets, inventory.as_ref(), store).await?;
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
    let mut options = PlanOptions {
        strategy: match arguments.strategy {
            StrategyFlag::Auto => Strategy::Auto,
            StrategyFlag::Central => Strategy::Central,
            StrategyFlag::Local => Strategy::Local,
        },
        endpoints: if arguments.endpoints.is_empty() {
            settings.making().endpoints.clone()
        } else {
            arguments.endpoints.clone()
        },
        names: settings.making().names.clone(),
        tags: settings.making().tags.clone(),
        allow_trail_changes: arguments.allow_trail_changes,
        accepted: if arguments.include_accepted {
            BTreeMap::new()
        } else {
            accepted(store).await?
        },
        ownership: arguments.owners.unasked(),
    };
    let now = Utc::now();
    let authorship = Authorship {
        author: arguments.author.clone().unwrap_or_else(author::user),
        reason: arguments.because.clone(),
        created_at: now,
        expires_at: now + arguments.expires,
    };
    let mut plan = orgsweep_remediator::plan(facts, &targets, &options, &authorship);
    if let Some(ownership) = arguments.owners.asked(&plan, common, settings).await? {
        options.ownership = ownership;
        plan = orgsweep_remediator::plan(facts, &targets, &options, &authorship);
    }
    kept(plan, now, store).await
}

/// Stores the plan; the same one that is still valid is returned in its place, unless it was
/// applied and its accounts were read since: then what it made is gone again, and is to be made
/// once more.
pub(super) async fn kept(plan: Plan, now: DateTime<Utc>, store: &Store) -> anyhow::Result<Plan> {
    for row in store.plans().await? {
        if row.expires_at > now
            && let Ok(known) = serde_json::from_value::<Plan>(row.document)
            && known.expires_at - known.created_at == plan.expires_at - plan.created_at
            && known.says_the_same_as(&plan)
            && !is_gone_again(&known, store).await?
        {
            tracing::info!(plan = %known.plan_id, "the same plan is still valid");
            return Ok(known);
        }
    }
    let row = PlanRow {
        id: plan.plan_id,
        digest: plan.digest.clone(),
        created_at: plan.created_at,
        expires_at: plan.expires_at,
        author: plan.author.clone(),
        reason: plan.reason.clone(),
        document: serde_json::to_value(&plan)?,
    };
    store.put_plan(&row).await?;
    Ok(plan)
}

/// Whether the plan was applied, and its accounts were read since then.
async fn is_gone_again(plan: &Plan, store: &Store) -> Result<bool, StoreError> {
    let runs = store.runs_of_plan(plan.plan_id).await?;
    let applied = runs
        .iter()
        .find(|run| run.undoes.is_none() && run.state == RunState::Finished && run.undone == 0);
    let Some(ended) = applied.and_then(|run| run.finished_at) else {
        return Ok(false);
    };
    let changed: BTreeSet<&AccountId> = plan.steps.iter().map(|step| &step.account_id).collect();
    let accounts = store.accounts().await?;
    Ok(accounts
        .iter()
        .filter(|row| changed.contains(&row.account_id))
        .any(|row| row.observed_at.is_some_and(|at| at > ended)))
}

/// The findings that exceptions in force accept, with the decision in words.
async fn accepted(store: &Store) -> anyhow::Result<BTreeMap<Target, String>> {
    let in_words = |accepted: ExceptedFinding| {
        let decision = format!(
            "accepted by {} until {}: {} (exception {}); `--include-accepted` repairs it all the same",
            accepted.author,
            accepted.until.format("%Y-%m-%d"),
            accepted.reason,
            accepted.exception_id
        );
        ((accepted.account, accepted.control), decision)
    };
    let all = store.excepted_findings().await?;
    Ok(all.into_iter().map(in_words).collect())
}

/// The last facts of the selected accounts, and of all that they rely on.
pub(super) async fn snapshots(
    targets: &BTreeSet<Target>,
    inventory: Option<&Inventory>,
    store: &Store,
) -> anyhow::Result<BTreeMap<AccountId, Arc<AccountSnapshot>>> {
    let mut open: BTreeSet<AccountId> =
        targets.iter().map(|(account, _)| account.clone()).collect();
    open.extend(inventory.and_then(|known| known.management_account.clone()));
    let mut asked: BTreeSet<AccountId> = BTreeSet::new();
    let mut snapshots = BTreeMap::new();
    while let Some(account) = open.pop_first() {
        if !asked.insert(account.clone()) {
            continue;
        }
        if let Some(snapshot) = store.snapshot(&account).await? {
            open.extend(snapshot.accounts_relied_on());
            snapshots.insert(account, Arc::new(snapshot));
        }
    }
    Ok(snapshots)
}

fn tag(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "write it as KEY=VALUE".to_owned())
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::ALL
        .iter()
        .copied()
        .find(|reason| reason.as_str() == text)
        .ok_or_else(|| {
            format!("there is no reason `{text}`; reasons are like `no_filter` or `no_alarm`")
        })
}

/// Reads `30m`, `24h` or `7d`.
pub(super) fn duration(text: &str) -> Result<TimeDelta, String> {
    let read = orgsweep_aws_access::duration::parse(text)?;
    if !(SHORTEST..=LONGEST).contains(&read) {
        return Err("give a time between a second and a year".to_owned());
    }
    TimeDelta::from_std(read).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in [
            ("30m", Some(1_800)),
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("0h", None),
            ("9999d", None),
            ("500ms", None),
            ("24", None),
            ("h", None),
            ("", None),
        ] {
            let read = duration(text).ok().map(|delta| delta.num_seconds());
            assert_eq!(read, seconds, "{text}");
        }
    }

    #[test]
    fn a_tag_has_a_key_and_a_value() {
        assert_eq!(tag("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(tag("a").is_err());
    }
}
