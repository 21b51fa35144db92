//! Accounts that other accounts are judged by: owners of organization trails
//! and of the log groups that they write to. Each is collected once in a sweep,
//! by whoever needs it first; the others wait for that. Collecting an account
//! never waits for another, so nobody waits for themselves.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use orgsweep_controls::ids::AccountId;
use tokio::sync::OnceCell;

/// What collecting an account gave, shared by all who rely on it.
type Shared<T, E> = Arc<OnceCell<Result<Arc<T>, Arc<E>>>>;

/// The collected owners of one sweep.
pub(crate) struct Owners<T, E> {
    cells: Mutex<HashMap<AccountId, Shared<T, E>>>,
}

impl<T, E> Default for Owners<T, E> {
    fn default() -> Self {
        Self {
            cells: Mutex::default(),
        }
    }
}

impl<T, E> Owners<T, E> {
    /// What is known of an owner; `collect` is run when nobody has done so.
    pub(crate) async fn get<Collecting>(
        &self,
        owner: &AccountId,
        collect: impl FnOnce() -> Collecting,
    ) -> Result<Arc<T>, Arc<E>>
    where
        Collecting: Future<Output = Result<T, E>>,
    {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(owner.clone()).or_default().clone()
        };
        // When the one who collects is stopped, the next one who waits collects.
        cell.get_or_init(|| async { collect().await.map(Arc::new).map_err(Arc::new) })
            .await
            .clone()
    }

    /// What was collected of owners so far.
    pub(crate) fn collected(&self) -> Vec<Arc<T>> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cells.values().filter_map(|cell| cell.get());
        known.filter_map(|owner| owner.clone().ok()).collect()
    }

    /// Whether an account has been asked for as an owner.
    pub(crate) fn holds(&self, account: &AccountId) -> bool {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.contains_key(account)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn an_owner_is_collected_once_however_many_need_it() {
        let owners: Owners<&str, ()> = Owners::default();
        let owner: AccountId = "111122223333".parse().unwrap();
        let collected = AtomicUsize::new(0);
        let collect = || async {
            collected.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok("snapshot")
        };
        let waits = (0..20).map(|_| owners.get(&owner, collect));
        let results = futures::future::join_all(waits).await;
        assert!(
            results
                .iter()
                .all(|result| **result.as_ref().unwrap() == "snapshot")
        );
        assert_eq!(collected.load(Ordering::SeqCst), 1);
        assert!(owners.holds(&owner));
        assert_eq!(owners.collected().len(), 1);
    }

    #[tokio::test]
    async fn a_failure_is_shared_and_not_tried_again() {
        let owners: Owners<(), &str> = Owners::default();
        let owner: AccountId = "111122223333".parse().unwrap();
        for _ in 0..2 {
            let result = owners.get(&owner, || async { Err("denied") }).await;
            assert_eq!(*result.unwrap_err(), "denied");
        }
    }

    #[tokio::test]
    async fn when_the_collecting_one_is_stopped_the_next_one_collects() {
        let owners: Arc<Owners<&str, ()>> = Arc::default();
        let owner: AccountId = "111122223333".parse().unwrap();
        let (first_owners, first_owner) = (owners.clone(), owner.clone());
        let (began, begun) = tokio::sync::oneshot::channel();
        let first = tokio::spawn(async move {
            let never = || async {
                let _ = began.send(());
                std::future::pending().await
            };
            first_owners.get(&first_owner, never).await
        });
        begun.await.unwrap();
        first.abort();
        let second = owners.get(&owner, || async { Ok("snapshot") }).await;
        assert_eq!(*second.unwrap(), "snapshot");
    }
}
