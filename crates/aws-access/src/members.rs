//! Who belongs to the organization, as far as it has been listed. Accounts are read while the
//! list still grows; who asks about an account that has not been listed yet waits for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use orgsweep_controls::AccountId;
use tokio::sync::watch;

/// The accounts of an organization that can be entered. Cheap to clone; clones share the list.
#[derive(Debug, Clone)]
pub struct Members {
    known: Arc<watch::Sender<Known>>,
    told: watch::Receiver<Known>,
}

#[derive(Debug)]
struct Known {
    accounts: BTreeSet<AccountId>,
    complete: bool,
}

impl Default for Members {
    /// Nobody, which is all that there are.
    fn default() -> Self {
        let members = Self::growing();
        members.complete();
        members
    }
}

impl FromIterator<AccountId> for Members {
    /// Exactly these accounts.
    fn from_iter<T: IntoIterator<Item = AccountId>>(accounts: T) -> Self {
        let members = Self::growing();
        members.add(accounts);
        members.complete();
        members
    }
}

impl Members {
    /// Nobody yet; more are added until the list is [complete](Self::complete).
    pub fn growing() -> Self {
        let (known, told) = watch::channel(Known {
            accounts: BTreeSet::new(),
            complete: false,
        });
        Self {
            known: Arc::new(known),
            told,
        }
    }

    /// Adds accounts.
    pub fn add(&self, accounts: impl IntoIterator<Item = AccountId>) {
        self.known
            .send_modify(|known| known.accounts.extend(accounts));
    }

    /// No more will be added: who has waited for an account is told that it is none.
    pub fn complete(&self) {
        self.known.send_modify(|known| known.complete = true);
    }

    /// Whether the account is one of them; waits until it is listed or the list is complete.
    pub async fn contain(&self, account: &AccountId) -> bool {
        let mut growing = self.told.clone();
        let told = growing.wait_for(|known| known.complete || known.accounts.contains(account));
        // The sender lives as long as `self`.
        told.await
            .is_ok_and(|known| known.accounts.contains(account))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_asks_early_waits_until_the_account_is_listed_or_the_list_is_complete() {
        let [listed, stranger]: [AccountId; 2] =
            ["111111111111", "222222222222"].map(|text| text.parse().unwrap());
        let members = Members::growing();
        let mut asking = Box::pin(members.contain(&listed));
        assert_eq!(asking.as_mut().now_or_never(), None);
        members.add([listed.clone()]);
        assert!(asking.await);
        let mut asking = Box::pin(members.contain(&stranger));
        assert_eq!(asking.as_mut().now_or_never(), None);
        members.complete();
        assert!(!asking.await);
        assert!(Members::from_iter([listed.clone()]).contain(&listed).await);
        assert!(!Members::default().contain(&listed).await);
    }
}
