//! Judging accounts: work for the processor, so it is kept from the threads on which calls and
//! their deadlines are waited for. Members that have nothing but an organization's trail are
//! judged once for all that are alike.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orgsweep_controls::evaluate::Alike;
use orgsweep_controls::{AccountSnapshot, Catalog, Evaluator, OwnChains, ReliedOn};
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

    /// The account's findings, as they are stored. `own_chains` are those in its snapshot, where they
    /// have been read.
    pub(crate) async fn findings(
        &self,
        snapshot: Arc<AccountSnapshot>,
        own_chains: Option<OwnChains>,
        relied_on: ReliedOn,
    ) -> Result<Arc<[FindingRecord]>, StoreError> {
        let alike = self.evaluator.alike(&snapshot, &relied_on);
        if let Some(known) = alike.as_ref().and_then(|alike| self.known(alike)) {
            return Ok(known);
        }
        let account = snapshot.account.clone();
        let findings = self.judged(snapshot, own_chains, relied_on).await?;
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
        own_chains: Option<OwnChains>,
        relied_on: ReliedOn,
    ) -> Result<Arc<[FindingRecord]>, StoreError> {
        // The semaphore is never closed; without a permit it would only be less polite.
        let _turn = self.turns.acquire().await;
        let evaluator = self.evaluator.clone();
        let judging = tokio::task::spawn_blocking(move || {
            let own_chains = own_chains.as_ref();
            FindingRecord::of_all(&evaluator.evaluate_with(&snapshot, own_chains, &relied_on))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use orgsweep_controls::known::{Call, Known, Unread, UnreadCause};
    use orgsweep_controls::snapshot::Trail;

    use super::*;

    const OWNER: &str = "999988887777";
    const ONE: &str = "111122223333";
    const OTHER: &str = "444455556666";

    fn snapshot(id: &str, trails: Vec<Trail>) -> Arc<AccountSnapshot> {
        let home = "us-east-1".parse().unwrap();
        let call = || Call::new("cloudtrail", "DescribeTrails", None);
        Arc::new(AccountSnapshot {
            account: id.parse().unwrap(),
            partition: "aws".parse().unwrap(),
            regions: Known::read(vec!["us-east-1".parse().unwrap()], call()),
            trails: BTreeMap::from([(home, Known::read(trails, call()))]),
            log_groups: BTreeMap::new(),
            alarms: BTreeMap::new(),
            topics: BTreeMap::new(),
            keys: BTreeMap::new(),
            monitoring: BTreeMap::new(),
        })
    }

    fn organization_trail() -> Trail {
        let not_asked = Unread {
            call: Call::new("cloudtrail", "GetTrailStatus", None),
            cause: UnreadCause::NotAsked,
            message: String::new(),
        };
        Trail {
            arn: format!("arn:aws:cloudtrail:us-east-1:{OWNER}:trail/everyone")
                .parse()
                .unwrap(),
            name: "everyone".to_owned(),
            home_region: "us-east-1".parse().unwrap(),
            multi_region: true,
            organization: true,
            global_service_events: true,
            log_group: None,
            log_role: None,
            status: Known::Unread(not_asked.clone()),
            selectors: Known::Unread(not_asked),
        }
    }

    /// The findings of both accounts by one judge.
    async fn of_both(trails: &[Trail]) -> [Arc<[FindingRecord]>; 2] {
        let judge = Judge::new(Catalog::builtin());
        let relied_on = ReliedOn {
            management_account: OWNER.parse().ok(),
            ..ReliedOn::default()
        };
        let findings = async |id| {
            let snapshot = snapshot(id, trails.to_vec());
            let findings = judge.findings(snapshot, None, relied_on.clone());
            findings.await.unwrap()
        };
        [findings(ONE).await, findings(OTHER).await]
    }

    #[tokio::test]
    async fn members_that_are_alike_are_judged_once() {
        let [one, other] = of_both(&[organization_trail()]).await;
        assert!(Arc::ptr_eq(&one, &other));
        assert!(!one.is_empty());
    }

    #[tokio::test]
    async fn findings_that_name_an_account_are_its_own() {
        let [one, other] = of_both(&[]).await;
        assert!(one.iter().any(|finding| finding.mentions(ONE)));
        assert!(other.iter().any(|finding| finding.mentions(OTHER)));
        assert!(!other.iter().any(|finding| finding.mentions(ONE)));
    }
}
