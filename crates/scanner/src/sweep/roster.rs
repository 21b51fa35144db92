//! Who is in the organization, as far as it has been listed, with the people's decisions
//! about each account. It grows while the first accounts are read already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::NaiveDate;
use orgsweep_aws_access::Members;
use orgsweep_controls::Decisions;
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::organization::ListedAccount;

use crate::decisions::DecisionBook;
use crate::sweep::selection::{NOT_SELECTED, Selected};

/// The listed accounts.
pub(crate) struct Roster {
    decisions: DecisionBook,
    today: NaiveDate,
    /// Accounts that can be read: topics that others' alarms act on are read there.
    members: Members,
    listed: RwLock<Listed>,
}

#[derive(Default)]
struct Listed {
    /// Recorded decisions about each account about which there are any.
    decisions: BTreeMap<AccountId, Arc<Decisions>>,
    /// Accounts that cannot be read: suspended, closed.
    dormant: BTreeSet<AccountId>,
}

impl Roster {
    /// Nobody yet, but `known` to be members before anybody is listed.
    pub(crate) fn new(
        decisions: DecisionBook,
        today: NaiveDate,
        known: impl IntoIterator<Item = AccountId>,
    ) -> Self {
        let members = Members::growing();
        members.add(known);
        Self {
            decisions,
            today,
            members,
            listed: RwLock::default(),
        }
    }

    /// Adds listed accounts, and what was selected of them.
    pub(crate) fn add(&self, accounts: &[ListedAccount], selected: &Selected) {
        let dormant: BTreeSet<AccountId> = selected
            .skipped
            .iter()
            .filter(|(_, why)| *why != NOT_SELECTED)
            .map(|(account, _)| account.clone())
            .collect();
        let ids = accounts.iter().map(|account| account.id.clone());
        self.members.add(ids.filter(|id| !dormant.contains(id)));
        let mut listed = self.write();
        for account in accounts {
            let about = self.decisions.about(account, self.today);
            if about == Decisions::default() {
                listed.decisions.remove(&account.id);
            } else {
                listed.decisions.insert(account.id.clone(), Arc::new(about));
            }
        }
        listed.dormant.extend(dormant);
    }

    /// Nobody else will be listed.
    pub(crate) fn complete(&self) {
        self.members.complete();
    }

    /// The accounts that can be entered.
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// Whether the account is listed as one that cannot be read.
    pub(crate) fn is_dormant(&self, account: &AccountId) -> bool {
        self.read().dormant.contains(account)
    }

    /// The decisions about an account.
    pub(crate) fn decisions(&self, account: &AccountId) -> Arc<Decisions> {
        self.read()
            .decisions
            .get(account)
            .cloned()
            .unwrap_or_default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Listed> {
        self.listed
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listed> {
        self.listed
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::selection::Selection;
    use crate::sweep::selection::tests::inventory;

    #[tokio::test]
    async fn accounts_are_members_from_the_page_on_that_lists_them() {
        let listed = inventory().accounts;
        let known = listed[0].id.clone();
        let roster = Roster::new(
            DecisionBook::default(),
            NaiveDate::default(),
            [known.clone()],
        );
        assert!(roster.members().contain(&known).await);
        let selected = Selection::default().applied(&inventory());
        roster.add(&listed, &selected);
        roster.complete();
        assert!(roster.members().contain(&listed[1].id).await);
        let suspended = &listed[3].id;
        assert!(!roster.members().contain(suspended).await);
        assert!(roster.is_dormant(suspended) && !roster.is_dormant(&listed[1].id));
    }
}
