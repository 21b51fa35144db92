//! Judging a stored night again: each account with the accounts that it relies on,
//! as the sweep knew them. Only those are held in memory, each once; everything
//! else is read when its turn comes and then forgotten.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use orgsweep_controls::finding::Finding;
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::known::{Call, Unread, UnreadCause};
use orgsweep_controls::{AccountSnapshot, Evaluator, ReliedOn};
use orgsweep_store::{NightAccount, Store, StoreError};

use crate::decisions::DecisionBook;

/// An account that others are judged by: its facts, or why there are none.
type Owner = Result<Arc<AccountSnapshot>, Unread>;

/// A stored night, and the logic that judges it.
pub(crate) struct Judging<'a> {
    store: &'a Store,
    evaluator: &'a Evaluator,
    decisions: &'a DecisionBook,
    today: NaiveDate,
    /// Number of the snapshot of each account of the night.
    snapshots: HashMap<AccountId, i64>,
    owners: HashMap<(i32, AccountId), Owner>,
}

impl<'a> Judging<'a> {
    /// Judges by the decisions as they are today.
    pub(crate) fn new(
        store: &'a Store,
        evaluator: &'a Evaluator,
        decisions: &'a DecisionBook,
        accounts: &[NightAccount],
    ) -> Self {
        Self {
            store,
            evaluator,
            decisions,
            today: Utc::now().date_naive(),
            snapshots: accounts
                .iter()
                .map(|account| (account.listed.id.clone(), account.snapshot_no))
                .collect(),
            owners: HashMap::new(),
        }
    }

    /// The findings of an account by today's logic.
    pub(crate) async fn findings(
        &mut self,
        account: &NightAccount,
    ) -> Result<Vec<Finding>, StoreError> {
        let snapshot = self.store.snapshot_numbered(account.snapshot_no).await?;
        let relied_on = self.relied_on(account, &snapshot).await?;
        Ok(self.evaluator.evaluate(&snapshot, &relied_on))
    }

    /// What the account's sweep knew beside its own facts.
    pub(crate) async fn relied_on(
        &mut self,
        account: &NightAccount,
        snapshot: &AccountSnapshot,
    ) -> Result<ReliedOn, StoreError> {
        let mut relied_on = ReliedOn {
            management_account: account.management_account.clone(),
            decisions: Arc::new(self.decisions.about(&account.listed, self.today)),
            ..ReliedOn::default()
        };
        for owner in snapshot.accounts_relied_on() {
            match self.owner(account.sweep_no, &owner).await? {
                Ok(facts) => {
                    relied_on.snapshots.insert(owner, facts);
                }
                Err(unread) => {
                    relied_on.unread.insert(owner, unread);
                }
            }
        }
        Ok(relied_on)
    }

    async fn owner(&mut self, sweep_no: i32, owner: &AccountId) -> Result<Owner, StoreError> {
        let key = (sweep_no, owner.clone());
        if let Some(known) = self.owners.get(&key) {
            return Ok(known.clone());
        }
        let read = self.read_owner(sweep_no, owner).await?;
        self.owners.insert(key, read.clone());
        Ok(read)
    }

    async fn read_owner(&self, sweep_no: i32, owner: &AccountId) -> Result<Owner, StoreError> {
        // The facts of the very sweep first: whoever was not selected may have been read for others.
        if let Some((facts, _)) = self.store.relied_on(sweep_no, owner).await? {
            return Ok(Ok(Arc::new(facts)));
        }
        if let Some(number) = self.snapshots.get(owner) {
            let facts = self.store.snapshot_numbered(*number).await?;
            return Ok(Ok(Arc::new(facts)));
        }
        Ok(Err(match self.store.why_unread(sweep_no, owner).await? {
            Some(why) => Unread {
                call: Call::new("sts", "AssumeRole", None),
                cause: cause_of(&why.reason),
                message: why.message,
            },
            None => Unread {
                call: Call::new("sts", "AssumeRole", None),
                cause: UnreadCause::NotAsked,
                message: "its facts are not stored with the sweep".to_owned(),
            },
        }))
    }
}

/// What an outcome's reason code means for a fact.
fn cause_of(reason: &str) -> UnreadCause {
    match reason {
        "throttled" => UnreadCause::Throttled,
        "timed_out" | "sweep_deadline" => UnreadCause::TimedOut,
        "unreachable" => UnreadCause::Transient,
        "garbled" => UnreadCause::Garbled,
        "invalid" => UnreadCause::Invalid,
        "not_selected" | "not_reached" | "panicked" | "not_recorded" => UnreadCause::NotAsked,
        _ => UnreadCause::Denied,
    }
}
