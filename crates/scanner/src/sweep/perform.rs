//! A sweep from start to end: resume or start, inventory, work, summary.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::Utc;
use orgsweep_aws_access::Access;
use orgsweep_controls::organization::{AccountState, Inventory, ListedAccount};
use orgsweep_controls::{Catalog, Evaluator};
use orgsweep_store::{
    Ending, NewSweep, Store, StoreError, SweepId, SweepSummary, SweepTotals, UnfinishedSweep,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::catalog_rows::control_rows;
use crate::config::Settings;
use crate::context::warn_of;
use crate::decisions::DecisionBook;
use crate::output::number::counted;
use crate::output::terminal;
use crate::sharing::coordinating::share;
use crate::sharing::queue::Queue;
use crate::sharing::working::Part;
use crate::sweep::account::AccountWork;
use crate::sweep::owners::Owners;
use crate::sweep::plan::{Plan, Rules, Scope, plan};
use crate::sweep::progress::{Counts, Progress};
use crate::sweep::resume::{Decision, Digests, Wish, decide, resuming};
use crate::sweep::run::{Limits, Stopped, run};

/// How long to wait for the lock of a process that was killed to end.
const LINGERING: Duration = Duration::from_secs(3);

/// What a sweep is asked to do.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) scope: Scope,
    pub(crate) wish: Wish,
    /// What started it: `manual`, `schedule`, `demo`.
    pub(crate) trigger: String,
    /// Channels by which what changed is told when the sweep has ended.
    pub(crate) channels: Vec<&'static str>,
    /// What is counted while it runs.
    pub(crate) counts: Arc<Counts>,
    /// How many `-v` were given.
    pub(crate) verbosity: u8,
}

/// How a sweep ended that did not fail.
pub(crate) enum Performed {
    /// Every account has an outcome.
    Finished(Box<SweepSummary>),
    /// A signal stopped it; it can be resumed.
    Interrupted,
}

/// Does a sweep, unless another process is at it.
pub(crate) async fn perform(
    settings: &Settings,
    catalog: &Catalog,
    decisions: &DecisionBook,
    access: &Access,
    store: &Store,
    request: &Request,
    interruption: &CancellationToken,
) -> anyhow::Result<Performed> {
    let Some(lock) = store.lock_sweeps(LINGERING).await? else {
        bail!("another process is sweeping into this database; wait for it to end, or stop it");
    };
    let performed = perform_alone(
        settings,
        catalog,
        decisions,
        access,
        store,
        request,
        interruption,
    )
    .await;
    lock.release().await;
    performed
}

/// Does a sweep, with the right to sweep into the database.
pub(crate) async fn perform_alone(
    settings: &Settings,
    catalog: &Catalog,
    decisions: &DecisionBook,
    access: &Access,
    store: &Store,
    request: &Request,
    interruption: &CancellationToken,
) -> anyhow::Result<Performed> {
    let before = access.counters();
    let queue = queue(settings, store, &request.scope).await?;
    store.put_controls(&control_rows(catalog)).await?;
    let digests = Digests {
        catalog: catalog.digest(),
        config: config_digest(settings, access, &request.scope, decisions),
    };
    let unfinished = store.unfinished_sweep().await?;
    let decision = decide(
        unfinished.as_ref(),
        request.wish,
        &digests,
        settings.resume_within,
        Utc::now(),
    );
    if let Decision::Refuse(why) = decision {
        bail!(why);
    }
    let rules = Rules {
        expected: settings.expected_organization.as_ref(),
        tags: settings.inventory_tags || decisions.needs_tags(),
        fallback: settings.inventory_fallback,
    };
    let plan = tokio::select! {
        planned = plan(access, Some(store), &request.scope, &rules) => planned?,
        () = interruption.cancelled() => return Ok(Performed::Interrupted),
    };
    warn_of(&plan.remarks);
    let sweep = if let Some(sweep) = resumed(store, &decision, unfinished.as_ref()).await? {
        sweep
    } else {
        let new = NewSweep {
            trigger: request.trigger.clone(),
            organization: plan.inventory.organization.clone(),
            catalog_digest: digests.catalog,
            config_digest: digests.config,
            framework: catalog.framework().to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        store.start_sweep(&new).await?
    };
    let Plan {
        inventory,
        selected,
        complete,
        ..
    } = &plan;
    store
        .record_inventory(
            sweep,
            inventory,
            &selected.accounts,
            &selected.skipped,
            *complete,
        )
        .await?;
    // What workers of an earlier process had taken is free again.
    store.release_claims(sweep).await?;
    let pending = store.pending_accounts(sweep).await?;
    terminal::tell(&announcement(pending.len(), catalog));

    let today = Utc::now().date_naive();
    let work = about(
        access, store, catalog, decisions, settings, inventory, sweep,
    );
    let limits = Limits {
        concurrency: settings.concurrency,
        deadline: settings.sweep_deadline,
    };
    let progress = Progress::start(
        request.counts.clone(),
        pending.len() as u64,
        access,
        request.verbosity,
    );
    let result = if let Some(queue) = &queue {
        let part = Part {
            store,
            access,
            queue,
            settings,
            catalog,
            decisions,
            counts: progress.counts.clone(),
            adds_calls: false,
        };
        let work = AccountWork {
            shared_owners: Some(BTreeSet::new()),
            ..work
        };
        Box::pin(share(&part, work, limits, interruption)).await
    } else {
        let work = Arc::new(work);
        Box::pin(run(work, pending, limits, &progress.counts, interruption)).await
    };
    drop(progress);

    let now = access.counters();
    let totals = SweepTotals {
        calls: now.calls - before.calls,
        throttles: now.throttles - before.throttles,
        interrupted: result.is_err(),
    };
    ended(
        store,
        sweep,
        &totals,
        &request.channels,
        result,
        decisions.ending(today),
    )
    .await
}

/// The queue, when the sweep is to be shared with other processes.
async fn queue(settings: &Settings, store: &Store, scope: &Scope) -> anyhow::Result<Option<Queue>> {
    // A few named accounts are read by whoever names them.
    if !settings.shared || !matches!(scope, Scope::Organization(_)) {
        return Ok(None);
    }
    let queue = Queue::of(store)?;
    queue.prepare().await?;
    Ok(Some(queue))
}

/// What accounts of a sweep are read with.
pub(crate) fn about(
    access: &Access,
    store: &Store,
    catalog: &Catalog,
    decisions: &DecisionBook,
    settings: &Settings,
    inventory: &Inventory,
    sweep: SweepId,
) -> AccountWork {
    let today = Utc::now().date_naive();
    let (active, dormant): (Vec<_>, Vec<_>) = inventory
        .accounts
        .iter()
        .partition(|listed| listed.state == AccountState::Active);
    let ids = |listed: Vec<&ListedAccount>| listed.into_iter().map(|one| one.id.clone()).collect();
    AccountWork {
        access: access.clone(),
        store: store.clone(),
        evaluator: Arc::new(Evaluator::new(catalog)),
        judging: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
        owners: Owners::default(),
        sweep,
        management_account: inventory.management_account.clone(),
        decisions: inventory
            .accounts
            .iter()
            .map(|listed| (listed.id.clone(), Arc::new(decisions.about(listed, today))))
            .collect(),
        neighbours: ids(active),
        dormant: ids(dormant),
        deadline: settings.aws.account_deadline * 4,
        shared_owners: None,
    }
}

/// Does what was decided about an unfinished sweep; the sweep that this one
/// goes on with.
async fn resumed(
    store: &Store,
    decision: &Decision,
    unfinished: Option<&UnfinishedSweep>,
) -> Result<Option<SweepId>, StoreError> {
    match decision {
        Decision::Start | Decision::Refuse(_) => Ok(None),
        Decision::Resume(sweep) => {
            if let Some(unfinished) = unfinished {
                terminal::tell(&resuming(unfinished, Utc::now()));
            }
            Ok(Some(*sweep))
        }
        Decision::Abandon(sweep, why) => {
            terminal::tell(&format!("an unfinished sweep is given up: {why}"));
            store.abandon_sweep(*sweep, why).await?;
            Ok(None)
        }
    }
}

fn announcement(accounts: usize, catalog: &Catalog) -> String {
    format!(
        "reading {} for {} of {}",
        counted(accounts as u64, "account"),
        counted(catalog.required().count() as u64, "control"),
        catalog.framework_title()
    )
}

/// Closes the books on a run.
async fn ended(
    store: &Store,
    sweep: SweepId,
    totals: &SweepTotals,
    channels: &[&str],
    result: Result<(), Stopped>,
    ending: Vec<Ending>,
) -> anyhow::Result<Performed> {
    match result {
        Ok(()) => {
            store.finish_sweep_telling(sweep, totals, channels).await?;
            let mut summary = store.sweep_summary(sweep).await?;
            summary.ending.extend(ending);
            Ok(Performed::Finished(Box::new(summary)))
        }
        Err(Stopped::Interrupted) => {
            store.finish_sweep(sweep, totals).await?;
            Ok(Performed::Interrupted)
        }
        Err(Stopped::CredentialsExpired(message)) => {
            store.finish_sweep(sweep, totals).await?;
            bail!("the sweep stopped: {message}")
        }
        Err(Stopped::NotRecorded(error)) => {
            let hint = match &error {
                StoreError::Unreachable { .. } | StoreError::DiskFull { .. } => {
                    "the sweep stopped, because what it reads cannot be kept; \
                     `orgsweep sweep --resume` goes on once the database is back"
                }
                _ => "the sweep stopped, because what it reads cannot be kept",
            };
            Err(error).context(hint)
        }
    }
}

/// Digest of what decides a sweep's results besides the catalog. No secret goes in.
pub(crate) fn config_digest(
    settings: &Settings,
    access: &Access,
    scope: &Scope,
    decisions: &DecisionBook,
) -> String {
    let role = &settings.role;
    let text = format!(
        "{scope:?}\n{}\n{:?}\n{:?}\n{:?}\n{}\n{:?}\n{}",
        access.caller().account,
        settings.expected_organization,
        settings.aws.endpoint_url,
        settings.aws.region,
        role.name,
        role.per_account
            .iter()
            .map(|(account, other)| (account, &other.role))
            .collect::<Vec<_>>(),
        decisions.digest(),
    );
    hex::encode(Sha256::digest(text))
}
