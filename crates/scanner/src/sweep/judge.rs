//! Judging accounts: work for the processor, so it is kept from the threads on which calls and
//! their deadlines are waited for. Members that have nothing but an organization's trail are
//! judged once for all that are alike.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orgsweep_controls::evaluate::Alike;
use orgsweep_controls::{AccountSnapshot, Catalog, Evaluator, ReliedOn};
use orgsweep_store::{FindingRecord, StoreError};
use tokio::sync::Semaphore;

/// Kinds of accounts whose findings are kept; an organization has one for each of its trails and
/// set of enabled Regions.
const MOST_KINDS: usize = 64;

/// The judge of a sweep.
pub(crate) struct Judge {
    evaluator: Arc<Evaluator>,
    /// How many accounts are judged at once: one per processor.
    turns: Semaphore,
    known: Mutex<HashMap<Alike, Arc<[FindingRecord]>>>,
}

impl Judge {
    /// A judge by the catalog.
    pub(crate) fn new(catalog: &Catalog) -> Self {
        Self {
            evaluator: Arc::new(Evaluator::new(catalog)),
            turns: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)),
            known: Mutex::default(),
        }
    }

    /// The account's findings, as they are stored.
    pub(crate) async fn findings(
        &self,
        snapshot: Arc<AccountSnapshot>,
        relied_on: ReliedOn,
    ) -> Result<Arc<[FindingRecord]>, StoreError> {
        let alike = self.evaluator.alike(&snapshot, &relied_on);
        if let Some(known) = alike.as_ref().and_then(|alike| self.known(alike)) {
            return Ok(known);
        }
        let account = snapshot.account.clone();
        let findings = self.judged(snapshot, relied_on).await?;
        if let Some(alike) = alike {
            let is_named = |finding: &FindingRecord| finding.mentions(account.as_str());
            if !findings.iter().any(is_named) {
                self.keep(alike, &findings);
            }
        }
        Ok(findings)
    }

    async fn judged(
        &self,
        snapshot: Arc<AccountSnapshot>,
        relied_on: ReliedOn,
    ) -> Result<Arc<[FindingRecord]>, StoreError> {
        // The semaphore is never closed; without a permit it would only be less polite.
        let _turn = self.turns.acquire().await;
        let evaluator = self.evaluator.clone();
        let judging = tokio::task::spawn_blocking(move || {
            FindingRecord::of_all(&evaluator.evaluate(&snapshot, &relied_on))
        });
        match judging.await {
            Ok(findings) => findings,
            // A panic ends this account's task as if it had happened here.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going down, and this task with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    fn known(&self, alike: &Alike) -> Option<Arc<[FindingRecord]>> {
        self.lock().get(alike).cloned()
    }

    fn keep(&self, alike: Alike, findings: &Arc<[FindingRecord]>) {
        let mut known = self.lock();
        if known.len() >= MOST_KINDS {
            known.clear();
        }
        known.insert(alike, findings.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Alike, Arc<[FindingRecord]>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
