//! The organization as it will be once the acts chosen so far are done: the
//! snapshots that were read, changed act by act. Judging happens here too,
//! always with all that an account relies on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orgsweep_controls::{
    AccountId, AccountSnapshot, Arn, Call, Catalog, ControlId, Evaluator, Finding, OrganizationId,
    ReliedOn, Unread, UnreadCause,
};

use super::act::Act;
use crate::simulate::{apply_action, apply_human_act};

/// Snapshots by account.
pub(super) type Snapshots = BTreeMap<AccountId, Arc<AccountSnapshot>>;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The controls.
    pub catalog: &'a Catalog,
    /// What judges by them. It remembers proofs, so that plans can share it.
    pub evaluator: &'a Evaluator,
    /// The last snapshot of every account that matters.
    pub snapshots: &'a BTreeMap<AccountId, Arc<AccountSnapshot>>,
    /// The organization, when it is known.
    pub organization: Option<&'a OrganizationId>,
    /// Its management account, when it is known.
    pub management_account: Option<&'a AccountId>,
}

/// Snapshots with acts done to some of them.
#[derive(Debug)]
pub(super) struct World<'a> {
    facts: Facts<'a>,
    /// The world that this one goes on from. A search tries many states on top of what was chosen
    /// for all accounts before, of which none needs a copy.
    beneath: Option<&'a World<'a>>,
    changed: Snapshots,
}

impl<'a> World<'a> {
    /// The world as it was read.
    pub(super) fn as_read(facts: Facts<'a>) -> Self {
        Self {
            facts,
            beneath: None,
            changed: Snapshots::new(),
        }
    }

    /// The same world, to try more acts in.
    pub(super) fn continued(&'a self) -> Self {
        Self {
            beneath: Some(self),
            ..Self::as_read(self.facts)
        }
    }

    /// The same world before any act.
    pub(super) fn before_acts(&self) -> Self {
        Self::as_read(self.facts)
    }

    pub(super) fn facts(&self) -> Facts<'a> {
        self.facts
    }

    /// The account's snapshot as it will be.
    pub(super) fn snapshot(&self, account: &AccountId) -> Option<&Arc<AccountSnapshot>> {
        self.changed.get(account).or_else(|| match self.beneath {
            Some(beneath) => beneath.snapshot(account),
            None => self.facts.snapshots.get(account),
        })
    }

    /// Does `act`. What changes a trail is seen by everyone who sees the trail:
    /// `witnesses` says whose view of it matters.
    pub(super) fn apply<'b>(
        &mut self,
        act: &Act,
        witnesses: impl IntoIterator<Item = &'b AccountId>,
    ) {
        let mut accounts = BTreeSet::from([act.account()]);
        if act.changes_trail() {
            accounts.extend(witnesses.into_iter().cloned());
        }
        let done = |snapshot: &mut AccountSnapshot| match act {
            Act::Step { action, .. } => apply_action(snapshot, action),
            Act::Human(act) => apply_human_act(snapshot, act),
        };
        for account in accounts {
            if let Some(changed) = self.changed.get_mut(&account) {
                done(Arc::make_mut(changed));
                continue;
            }
            let Some(before) = self.snapshot(&account) else {
                continue;
            };
            let mut after = AccountSnapshot::clone(before);
            done(&mut after);
            if after != **before {
                self.changed.insert(account, Arc::new(after));
            }
        }
    }

    /// The accounts that the verdict on `account` relies on, itself included.
    pub(super) fn involved(&self, account: &AccountId) -> BTreeSet<AccountId> {
        let mut involved = BTreeSet::from([account.clone()]);
        let mut open = vec![account.clone()];
        while let Some(next) = open.pop() {
            let relied_on = self
                .snapshot(&next)
                .map(|snapshot| snapshot.accounts_relied_on())
                .unwrap_or_default();
            for other in relied_on {
                if involved.insert(other.clone()) {
                    open.push(other);
                }
            }
        }
        involved
    }

    /// The finding on `control` in `account`. With `trails`, as if the account
    /// saw those trails alone.
    pub(super) fn judge(
        &self,
        account: &AccountId,
        control: &ControlId,
        trails: Option<&[Arn]>,
    ) -> Option<Finding> {
        let snapshot = self.snapshot(account)?;
        let restricted = trails.map(|trails| seeing_only(snapshot, trails));
        let snapshot = restricted.as_ref().unwrap_or(snapshot);
        self.facts
            .evaluator
            .evaluate_control(control, snapshot, &self.relied_on(account))
    }

    fn relied_on(&self, account: &AccountId) -> ReliedOn {
        let mut relied_on = ReliedOn {
            management_account: self.facts.management_account.cloned(),
            ..ReliedOn::default()
        };
        for other in self.involved(account) {
            match self.snapshot(&other) {
                Some(snapshot) => {
                    relied_on.snapshots.insert(other, Arc::clone(snapshot));
                }
                None => {
                    relied_on.unread.insert(other, never_read());
                }
            }
        }
        relied_on
    }
}

fn never_read() -> Unread {
    Unread {
        call: Call::new("sts", "AssumeRole", None),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    }
}

fn seeing_only(snapshot: &AccountSnapshot, trails: &[Arn]) -> Arc<AccountSnapshot> {
    let mut restricted = snapshot.clone();
    for known in restricted.trails.values_mut() {
        if let orgsweep_controls::Known::Read { value, .. } = known {
            value.retain(|trail| trails.contains(&trail.arn));
        }
    }
    Arc::new(restricted)
}
