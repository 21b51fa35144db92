//! A sweep from start to end: resume or start, inventory, work, summary.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::bail;
use chrono::Utc;
use futures::future::{FusedFuture as _, FutureExt as _};
use futures::stream;
use orgsweep_aws_access::Access;
use orgsweep_controls::Catalog;
use orgsweep_controls::ids::AccountId;
use orgsweep_store::{NewSweep, Store, StoreError, SweepId, SweepTotals, UnfinishedSweep};
use tokio::sync::mpsc;
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
use crate::sweep::digests::{Digests, config_digest};
use crate::sweep::ending::{Performed, ended};
use crate::sweep::judge::Judge;
use crate::sweep::listing::Listing;
use crate::sweep::owners::Owners;
use crate::sweep::plan::{Rules, Scope};
use crate::sweep::progress::{Counts, Progress};
use crate::sweep::recorder::Recorder;
use crate::sweep::resume::{Decision, Wish, decide, resuming};
use crate::sweep::roster::Roster;
use crate::sweep::run::{Limits, Stopped, run, write_off};

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
    let mut listing = Listing::begin(access, store, &request.scope, &rules);
    let beginning = tokio::select! {
        begun = listing.beginning() => begun?,
        () = interruption.cancelled() => return Ok(Performed::Interrupted),
    };
    let sweep = if let Some(sweep) = resumed(store, &decision, unfinished.as_ref()).await? {
        sweep
    } else {
        let new = NewSweep {
            trigger: request.trigger.clone(),
            is_partial: !matches!(request.scope, Scope::Organization(_)),
            organization: beginning.organization.clone(),
            catalog_digest: digests.catalog,
            config_digest: digests.config,
            framework: catalog.framework().to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        store.start_sweep(&new).await?
    };
    let today = Utc::now().date_naive();
    let roster = Roster::new(
        decisions.clone(),
        today,
        [
            Some(access.caller().account.clone()),
            beginning.management_account.clone(),
        ]
        .into_iter()
        .flatten(),
    );
    let sweeping = Sweeping {
        sweep,
        management_account: beginning.management_account,
        roster,
    };
    let work = about(access, store, catalog, settings, sweeping);
    let limits = Limits {
        concurrency: settings.concurrency,
        deadline: settings.sweep_deadline,
    };
    let progress = Progress::start(request.counts.clone(), access, request.verbosity);
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
        Box::pin(one_after_the_other(
            &part,
            work,
            listing,
            limits,
            interruption,
        ))
        .await
    } else {
        let work = Arc::new(work);
        Box::pin(side_by_side(
            &work,
            listing,
            catalog,
            limits,
            &progress,
            interruption,
        ))
        .await
    };
    drop(progress);

    let now = access.counters();
    let totals = SweepTotals {
        calls: now.calls - before.calls,
        throttles: now.throttles - before.throttles,
        interrupted: !matches!(result, Ok(Ok(()))),
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

/// The sweep that accounts are read for.
pub(crate) struct Sweeping {
    pub(crate) sweep: SweepId,
    pub(crate) management_account: Option<AccountId>,
    pub(crate) roster: Roster,
}

/// What accounts of a sweep are read with.
pub(crate) fn about(
    access: &Access,
    store: &Store,
    catalog: &Catalog,
    settings: &Settings,
    sweeping: Sweeping,
) -> AccountWork {
    AccountWork {
        access: access.clone(),
        store: store.clone(),
        recorder: Recorder::start(store, sweeping.sweep),
        judge: Judge::new(catalog),
        owners: Owners::default(),
        sweep: sweeping.sweep,
        management_account: sweeping.management_account,
        roster: sweeping.roster,
        deadline: settings.aws.account_deadline * 4,
        shared_owners: None,
    }
}

/// Lists the accounts, then shares them with other processes. The outer error is that of the list.
async fn one_after_the_other(
    part: &Part<'_>,
    work: AccountWork,
    listing: Listing<'_>,
    limits: Limits,
    interruption: &CancellationToken,
) -> anyhow::Result<Result<(), Stopped>> {
    let listed = tokio::select! {
        listed = listing.feed(&work.store, work.sweep, &work.roster, |_| ()) => listed,
        () = interruption.cancelled() => return Ok(Err(Stopped::Interrupted)),
    };
    let (remarks, accounts) = match listed {
        Ok(listed) => listed,
        Err(error) => return error.downcast().map(|lost| Err(Stopped::NotRecorded(lost))),
    };
    warn_of(&remarks);
    part.counts.total.store(accounts as u64, Ordering::Relaxed);
    part.counts.listed.store(true, Ordering::Relaxed);
    terminal::tell(&announcement(accounts, part.catalog));
    // What workers of an earlier process had taken is free again.
    if let Err(error) = work.store.release_claims(work.sweep).await {
        return Ok(Err(Stopped::NotRecorded(error)));
    }
    Ok(share(part, work, limits, interruption).await)
}

/// Reads the accounts while the list of them is still being read. The outer error is that
/// of the list.
async fn side_by_side(
    work: &Arc<AccountWork>,
    listing: Listing<'_>,
    catalog: &Catalog,
    limits: Limits,
    progress: &Progress,
    interruption: &CancellationToken,
) -> anyhow::Result<Result<(), Stopped>> {
    let counts = &progress.counts;
    let stop = interruption.child_token();
    let (queue, mut queued) = mpsc::unbounded_channel();
    let accounts = stream::poll_fn(move |context| queued.poll_recv(context));
    let listing = async move {
        let (remarks, accounts) = listing
            .feed(&work.store, work.sweep, &work.roster, |new| {
                counts.total.fetch_add(new.len() as u64, Ordering::Relaxed);
                for account in new {
                    // Work that was stopped takes no more.
                    let _ = queue.send(account);
                }
            })
            .await?;
        counts.listed.store(true, Ordering::Relaxed);
        warn_of(&remarks);
        terminal::tell(&announcement(accounts, catalog));
        anyhow::Ok(())
    };
    let mut listing = pin!(listing.fuse());
    let mut running = pin!(run(work.clone(), accounts, limits, counts, &stop));
    let mut listed = Ok(());
    let ran = tokio::select! {
        ran = &mut running => ran,
        ended = &mut listing => {
            if ended.is_err() {
                stop.cancel();
            }
            listed = ended;
            running.await
        }
    };
    if matches!(ran, Err(Stopped::OutOfTime)) && !listing.is_terminated() {
        // Whoever is still unread is written off; for that everybody must be listed.
        listed = listing.await;
    }
    work.keep_relied_on().await;
    if let Err(error) = listed {
        return error.downcast().map(|lost| Err(Stopped::NotRecorded(lost)));
    }
    Ok(match ran {
        Err(Stopped::OutOfTime) => write_off(&work.store, work.sweep, limits.deadline)
            .await
            .map_err(Stopped::NotRecorded),
        ran => ran,
    })
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
