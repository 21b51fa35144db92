//! One task per account, a bounded number at once. Whatever becomes of a task,
//! its end is reported exactly once: returned, panicked, or stopped. Knows
//! nothing of AWS.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use orgsweep_controls::ids::AccountId;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long tasks in flight may go on after the stop.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// What became of an account's task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TaskEnd<T> {
    /// It returned.
    Returned(T),
    /// It panicked; what it said.
    Panicked(String),
    /// It was stopped before it returned.
    Stopped,
}

/// Runs `work` for each account as it arrives, at most `concurrency` at once, and hands each
/// task's end to `ended`. Once `stop` is cancelled no new task starts, and those
/// in flight get [`GRACE`]. Accounts that were never started are not reported.
pub(crate) async fn each_account<T, Work, Running, Ended>(
    accounts: impl Stream<Item = AccountId>,
    concurrency: usize,
    stop: &CancellationToken,
    work: Work,
    mut ended: Ended,
) where
    T: Send + 'static,
    Work: Fn(AccountId) -> Running,
    Running: Future<Output = T> + Send + 'static,
    Ended: AsyncFnMut(AccountId, TaskEnd<T>),
{
    let mut waiting = std::pin::pin!(accounts);
    let mut more = true;
    let mut tasks: JoinSet<T> = JoinSet::new();
    let mut running: HashMap<Id, AccountId> = HashMap::new();
    let mut grace_ends: Option<Instant> = None;
    loop {
        more &= !stop.is_cancelled();
        if tasks.is_empty() && !more {
            return;
        }
        tokio::select! {
            arrived = waiting.next(), if more && tasks.len() < concurrency.max(1) => match arrived {
                Some(account) => {
                    let handle = tasks.spawn(work(account.clone()));
                    running.insert(handle.id(), account);
                }
                None => more = false,
            },
            Some(joined) = tasks.join_next_with_id() => {
                let (id, end) = end_of(joined);
                // INVARIANT: every task's id was noted when it was spawned.
                if let Some(account) = running.remove(&id) {
                    ended(account, end).await;
                }
            }
            () = stop.cancelled(), if grace_ends.is_none() => {
                grace_ends = Some(Instant::now() + GRACE);
            }
            () = until(grace_ends), if grace_ends.is_some() => {
                tasks.abort_all();
                // Aborted tasks end at their next await.
                grace_ends = Some(Instant::now() + Duration::from_hours(1));
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn end_of<T>(joined: Result<(Id, T), JoinError>) -> (Id, TaskEnd<T>) {
    match joined {
        Ok((id, value)) => (id, TaskEnd::Returned(value)),
        Err(error) => {
            let id = error.id();
            match error.try_into_panic() {
                Ok(panic) => (id, TaskEnd::Panicked(words_of(&*panic))),
                Err(_) => (id, TaskEnd::Stopped),
            }
        }
    }
}

/// What a panic said.
pub(crate) fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::stream;

    use super::*;

    fn accounts(count: u64) -> Vec<AccountId> {
        (1..=count)
            .map(|number| format!("{number:012}").parse().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn every_account_ends_once_and_few_run_at_once() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut ends = Vec::new();
        each_account(
            stream::iter(accounts(50)),
            4,
            &CancellationToken::new(),
            |account| {
                let (now, most) = (now.clone(), most.clone());
                async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    account
                }
            },
            async |account, end| ends.push((account, end)),
        )
        .await;
        ends.sort_by(|one, other| one.0.cmp(&other.0));
        let expected: Vec<_> = accounts(50)
            .into_iter()
            .map(|a| (a.clone(), TaskEnd::Returned(a)))
            .collect();
        assert_eq!(ends, expected);
        assert!(most.load(Ordering::SeqCst) <= 4);
    }

    #[tokio::test]
    async fn a_panic_ends_one_account_alone() {
        let mut panics = Vec::new();
        let mut fine = 0;
        each_account(
            stream::iter(accounts(3)),
            2,
            &CancellationToken::new(),
            |account| async move { assert!(!account.as_str().ends_with('2'), "account two") },
            async |account, end| match end {
                TaskEnd::Panicked(words) => panics.push((account.to_string(), words)),
                _ => fine += 1,
            },
        )
        .await;
        assert_eq!(
            panics,
            [("000000000002".to_owned(), "account two".to_owned())]
        );
        assert_eq!(fine, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_stop_starts_nothing_new_and_ends_what_hangs_after_the_grace() {
        let stop = CancellationToken::new();
        let mut ends = Vec::new();
        let begun = Instant::now();
        each_account(
            stream::iter(accounts(9)),
            2,
            &stop,
            |account| {
                let stop = stop.clone();
                async move {
                    if account.as_str().ends_with('1') {
                        stop.cancel();
                        return;
                    }
                    std::future::pending::<()>().await;
                }
            },
            async |account, end| ends.push((account.to_string(), end)),
        )
        .await;
        assert_eq!(
            ends,
            [
                ("000000000001".to_owned(), TaskEnd::Returned(())),
                ("000000000002".to_owned(), TaskEnd::Stopped),
            ]
        );
        assert!(begun.elapsed() >= GRACE);
    }
}
