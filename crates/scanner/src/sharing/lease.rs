//! Shares of the budgets that all accounts draw from (STS counts per account of the caller, so it
//! is one for all workers together). Each process leases its share in the database for a few
//! seconds and renews it; no more than the whole is ever leased, so a process that ends or is
//! cut off stops using its share before anybody else gets it.

use std::time::Duration;

use orgsweep_aws_access::Counters;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::sharing::working::{Part, Working};
use crate::sharing::{GIVEN_UP, HEARTBEAT};

/// Name of the lease: the budgets that every account of every worker draws from.
const SHARED_BUDGETS: &str = "sts";

/// How long a lease lasts, seen by the database. Its holder counts on a little less.
const LEASE: Duration = Duration::from_secs(3);
const COUNTED_ON: Duration = Duration::from_millis(2_500);

/// Leases a share while accounts are being read, until the session is `over`, and gives it back
/// then. Cancels the `session` when no lease could be renewed for so long that others have taken
/// this process's accounts.
pub(crate) async fn keep(
    part: &Part<'_>,
    working: &Working,
    session: &CancellationToken,
    over: &CancellationToken,
) {
    let (store, access) = (working.store(), part.access);
    let mut told = access.counters();
    let mut renewed = Instant::now();
    let mut ends = None;
    access.share_budgets(0.0);
    while !over.is_cancelled() {
        let asked = Instant::now();
        if asked.duration_since(renewed) > GIVEN_UP {
            tracing::warn!("this worker was given up: the database was not reached in time");
            session.cancel();
        }
        let idle = !working.is_busy() && ends.is_none();
        if idle && asked.duration_since(renewed) < HEARTBEAT {
            pause(HEARTBEAT / 10, over).await;
            continue;
        }
        let answer = if working.is_busy() {
            timeout(HEARTBEAT, store.lease_budget(SHARED_BUDGETS, LEASE)).await
        } else {
            timeout(HEARTBEAT, store.end_budget_lease(SHARED_BUDGETS))
                .await
                .map(|ended| ended.map(|()| 0.0))
        };
        match answer {
            Ok(Ok(share)) => {
                renewed = asked;
                ends = (share > 0.0).then_some(asked + COUNTED_ON);
                access.share_budgets(share);
            }
            Ok(Err(error)) => tracing::warn!(%error, "the share of the budgets was not renewed"),
            Err(_) => tracing::warn!("the share of the budgets was not renewed in time"),
        }
        if ends.is_some_and(|ends| Instant::now() >= ends) {
            access.share_budgets(0.0);
        }
        if part.adds_calls {
            told = add_calls(part, working, told).await;
        }
        // A newcomer's first account waits for its share.
        let often = if ends.is_some() {
            HEARTBEAT / 2
        } else {
            HEARTBEAT / 10
        };
        pause(often, over).await;
    }
    if part.adds_calls {
        add_calls(part, working, told).await;
    }
    // What is not given back ends by itself.
    let _ = timeout(HEARTBEAT, store.end_budget_lease(SHARED_BUDGETS)).await;
    access.share_budgets(1.0);
}

async fn pause(pause: Duration, over: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = over.cancelled() => {}
    }
}

/// Adds the calls that were made since they were last told to the sweep's.
async fn add_calls(part: &Part<'_>, working: &Working, told: Counters) -> Counters {
    let now = part.access.counters();
    let (calls, throttles) = (now.calls - told.calls, now.throttles - told.throttles);
    let Some(sweep) = working.sweep().filter(|_| calls + throttles > 0) else {
        return told;
    };
    match timeout(HEARTBEAT, part.store.add_calls(sweep, calls, throttles)).await {
        Ok(Ok(())) => now,
        _ => told,
    }
}
