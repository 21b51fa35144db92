//! One account of a sweep: collected, evaluated with the accounts that it relies
//! on, handed to the recorder.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_aws_access::{Access, CollectError, Collected, FailureReason};
use orgsweep_controls::finding::Verdict;
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::{AccountSnapshot, OwnChains, ReliedOn};
use orgsweep_store::{SharedFacts, Store, StoreError, SweepId};

use crate::sweep::judge::Judge;
use crate::sweep::owners::Owners;
use crate::sweep::recorder::{Judged, Recorder};
use crate::sweep::roster::Roster;

/// What an account's task needs; shared by all tasks of a sweep.
pub(crate) struct AccountWork {
    pub(crate) access: Access,
    pub(crate) store: Store,
    pub(crate) recorder: Recorder,
    pub(crate) judge: Judge,
    pub(crate) owners: Owners<Facts, CollectError>,
    pub(crate) sweep: SweepId,
    pub(crate) management_account: Option<AccountId>,
    pub(crate) roster: Roster,
    /// Time for one account with the owners that it waits for.
    pub(crate) deadline: Duration,
    /// When other processes read accounts of this sweep, too: the accounts whose facts they share.
    pub(crate) shared_owners: Option<BTreeSet<AccountId>>,
}

/// What was read from an account. Its snapshot is shared by all who rely on it.
pub(crate) struct Facts {
    pub(crate) snapshot: Arc<AccountSnapshot>,
    calls: u32,
    throttles: u32,
    read_at: DateTime<Utc>,
}

impl From<SharedFacts> for Facts {
    fn from(shared: SharedFacts) -> Self {
        Self {
            snapshot: Arc::new(shared.snapshot),
            calls: shared.calls,
            throttles: shared.throttles,
            read_at: Utc::now(),
        }
    }
}

impl From<Collected> for Facts {
    fn from(collected: Collected) -> Self {
        Self {
            snapshot: Arc::new(collected.snapshot),
            calls: collected.calls,
            throttles: collected.throttles,
            read_at: Utc::now(),
        }
    }
}

/// What an account is judged by.
struct JudgedBy {
    facts: Arc<Facts>,
    /// Its own chains by these facts, where they have been read.
    own_chains: Option<OwnChains>,
    relied_on: ReliedOn,
}

/// Reason code of accounts whose facts or findings the database does not take.
const NOT_RECORDED: &str = "not_recorded";

/// Why there are no findings of an account.
struct Failure<'a> {
    /// Reason code.
    reason: &'a str,
    message: &'a str,
    calls: u32,
    throttles: u32,
    /// Whether it proves that the caller's credentials are valid.
    caller_is_valid: bool,
}

/// How an account's task ended.
pub(crate) enum AccountEnd {
    /// Read, judged, recorded.
    Done {
        /// Whether some control fails.
        failing: bool,
    },
    /// Could not be read; recorded.
    Failed {
        /// Whether the answer proves that the caller's credentials are valid.
        caller_is_valid: bool,
    },
    /// The credentials were said to have expired; not recorded yet.
    Expired(CollectError),
    /// The database could not record it.
    NotRecorded(StoreError),
}

impl AccountWork {
    /// Does an account.
    pub(crate) async fn done(&self, account: &AccountId) -> AccountEnd {
        let started_at = Utc::now();
        let collected = match tokio::time::timeout(self.deadline, self.with_owners(account)).await {
            Ok(collected) => collected,
            Err(_) => Err(Arc::new(CollectError {
                reason: FailureReason::TimedOut,
                message: "the account's deadline passed".to_owned(),
                calls: 0,
                throttles: 0,
            })),
        };
        let known = match collected {
            Ok(known) => known,
            Err(error) if error.reason == FailureReason::CredentialsExpired => {
                return AccountEnd::Expired((*error).clone());
            }
            Err(error) => {
                let failure = Failure {
                    reason: error.reason.as_str(),
                    message: &error.message,
                    calls: error.calls,
                    throttles: error.throttles,
                    caller_is_valid: error.reason == FailureReason::RoleNotAssumable,
                };
                return self.failed(account, failure, started_at).await;
            }
        };
        let (calls, throttles) = (known.facts.calls, known.facts.throttles);
        match self.judged_and_recorded(known, started_at).await {
            Ok(failing) => AccountEnd::Done { failing },
            // It would be refused each time, and the sweep would never end.
            Err(error) if error.is_about_what_is_written() => {
                tracing::error!(%account, %error, "the account could not be recorded");
                let message = format!("what was read could not be recorded: {error}");
                let failure = Failure {
                    reason: NOT_RECORDED,
                    message: &message,
                    calls,
                    throttles,
                    caller_is_valid: true,
                };
                self.failed(account, failure, started_at).await
            }
            Err(error) => AccountEnd::NotRecorded(error),
        }
    }

    /// Judges an account and records it. Whether some control fails.
    async fn judged_and_recorded(
        &self,
        known: JudgedBy,
        started_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let JudgedBy {
            facts,
            own_chains,
            relied_on,
        } = known;
        let snapshot = facts.snapshot.clone();
        let findings = self.judge.findings(snapshot, own_chains, relied_on).await?;
        let failing = findings
            .iter()
            .any(|finding| finding.verdict() == Verdict::Fail);
        let judged = Judged {
            snapshot: facts.snapshot.clone(),
            findings,
            calls: facts.calls,
            throttles: facts.throttles,
            started_at,
            finished_at: Utc::now(),
        };
        self.recorder.record(judged).await?;
        Ok(failing)
    }

    /// Records that the account has failed.
    async fn failed(
        &self,
        account: &AccountId,
        failure: Failure<'_>,
        started_at: DateTime<Utc>,
    ) -> AccountEnd {
        let Failure {
            reason,
            message,
            calls,
            throttles,
            caller_is_valid,
        } = failure;
        let (sweep, now) = (self.sweep, Utc::now());
        let written = self.store.record_failure(
            sweep, account, reason, message, calls, throttles, started_at, now,
        );
        match written.await {
            Ok(()) => AccountEnd::Failed { caller_is_valid },
            Err(error) => AccountEnd::NotRecorded(error),
        }
    }

    /// The account's facts, and those of the accounts that it relies on.
    async fn with_owners(&self, account: &AccountId) -> Result<JudgedBy, Arc<CollectError>> {
        let is_shared = self
            .shared_owners
            .as_ref()
            .is_some_and(|owners| owners.contains(account));
        let (collected, own_chains) = if is_shared || self.owners.holds(account) {
            (self.owner(account).await?, None)
        } else {
            let mut collected = self.collected(account).await.map_err(Arc::new)?;
            let own_chains = collected.own_chains.take();
            (Arc::new(collected.into()), own_chains)
        };
        let mut relied_on = ReliedOn {
            management_account: self.management_account.clone(),
            decisions: self.roster.decisions(account),
            ..ReliedOn::default()
        };
        for owner in collected.snapshot.accounts_relied_on() {
            match self.owner(&owner).await {
                Ok(of_owner) => {
                    relied_on.snapshots.insert(owner, of_owner.snapshot.clone());
                }
                Err(error) => {
                    relied_on.unread.insert(owner, error.to_unread());
                }
            }
        }
        Ok(JudgedBy {
            facts: collected,
            own_chains,
            relied_on,
        })
    }

    /// The facts of an account that others rely on: collected once.
    pub(crate) async fn owner(&self, owner: &AccountId) -> Result<Arc<Facts>, Arc<CollectError>> {
        self.owners
            .get(owner, async || {
                if self.roster.is_dormant(owner) {
                    return Err(CollectError {
                        reason: FailureReason::RoleNotAssumable,
                        message: "the account is suspended or closed".to_owned(),
                        calls: 0,
                        throttles: 0,
                    });
                }
                if self.shared_owners.is_some() {
                    self.shared_owner(owner).await
                } else {
                    self.collected(owner).await.map(Facts::from)
                }
            })
            .await
    }

    /// The same in a sweep of several processes: read by one of them, and kept at once.
    async fn shared_owner(&self, owner: &AccountId) -> Result<Facts, CollectError> {
        if let Some(facts) = self.shared_by_others(owner).await {
            return Ok(facts);
        }
        let facts = self.collected(owner).await.map(Facts::from)?;
        let facts = self.shared_with_others(facts).await;
        self.keep(&facts).await;
        Ok(facts)
    }

    /// The facts of an owner that another process has read.
    async fn shared_by_others(&self, owner: &AccountId) -> Option<Facts> {
        match self.store.shared_facts(self.sweep, owner).await {
            Ok(facts) => facts.map(Facts::from),
            Err(error) => {
                tracing::warn!(%owner, %error, "shared facts are not known; they are read again");
                None
            }
        }
    }

    /// The facts of an owner that all processes judge by: these, unless another was faster.
    async fn shared_with_others(&self, facts: Facts) -> Facts {
        let shared = SharedFacts {
            snapshot: (*facts.snapshot).clone(),
            calls: facts.calls,
            throttles: facts.throttles,
        };
        match self.store.share_facts(self.sweep, &shared).await {
            Ok(kept) => kept.into(),
            Err(error) => {
                tracing::warn!(%error, "facts that others rely on were not shared");
                facts
            }
        }
    }

    /// Keeps the facts that others rely on, of accounts that were not selected, so that the
    /// night can be judged again. Which ones those are is known when everybody is listed.
    pub(crate) async fn keep_relied_on(&self) {
        for owner in self.owners.collected() {
            self.keep(&owner).await;
        }
    }

    /// Keeps an owner's facts. What is lost with the database shows when the accounts' outcomes
    /// are recorded.
    async fn keep(&self, owner: &Facts) {
        let kept = self
            .store
            .record_relied_on(self.sweep, &owner.snapshot, owner.read_at)
            .await;
        if let Err(error) = kept {
            let owner = &owner.snapshot.account;
            tracing::warn!(%owner, %error, "facts that others rely on were not kept");
        }
    }

    async fn collected(&self, account: &AccountId) -> Result<Collected, CollectError> {
        self.access
            .collect_among(account, self.roster.members())
            .await
    }
}
