//! The organization's accounts, with OU paths and tags when they are wanted.
//! Organizations throttles early and publishes no rates: pages are read one
//! after the other, with more patience than an account's calls have.

mod accounts;
mod organization;
mod tags;
mod tree;

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use chrono::Utc;
use orgsweep_controls::{AccountId, AccountState, Inventory, ListedAccount, OrganizationId};
use tokio::sync::mpsc;

use crate::errors::{AccessError, CallError};
use crate::operation::Operation;
use crate::retry::Patience;
use crate::session::Session;

/// What an inventory is to hold besides the accounts themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InventoryWants {
    /// OU paths: some calls per OU.
    pub ou_paths: bool,
    /// Tags: a call per account.
    pub tags: bool,
}

/// Part of an inventory that is still being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryPage {
    /// The organization; `None` when it is not known yet.
    pub organization: Option<OrganizationId>,
    /// Its management account; `None` when it is not known yet.
    pub management_account: Option<AccountId>,
    /// Accounts of which all is known that the inventory is to hold.
    pub accounts: Vec<ListedAccount>,
}

/// Reads the organization of the caller. Pages go to `arriving` as they are read, as far as
/// nothing but their own answer is needed to complete them; a receiver that is gone is no error.
pub(crate) async fn read(
    session: &Session,
    wants: InventoryWants,
    arriving: Option<mpsc::Sender<InventoryPage>>,
) -> Result<Inventory, AccessError> {
    let organizations = Organizations { session };
    let mut identity = organization::read(&organizations).await?;
    let units = if wants.ou_paths {
        Some(tree::units(&organizations).await?)
    } else {
        None
    };
    let mut listed = Vec::new();
    let mut pages = accounts::Listing::default();
    while let Some(mut page) = pages.next(&organizations).await? {
        identity.complete_from(&page);
        let complete = match &units {
            Some(units) => tree::place_by_own_words(&mut page, units),
            None => true,
        };
        if let (Some(arriving), true, false) = (&arriving, complete, wants.tags) {
            let page = InventoryPage {
                organization: identity.organization.clone(),
                management_account: identity.management_account.clone(),
                accounts: page.iter().map(|listed| listed.account.clone()).collect(),
            };
            // Who does not listen any more still gets the whole.
            let _ = arriving.send(page).await;
        }
        listed.extend(page);
    }
    accounts::check(organizations, &listed)?;
    if let Some(units) = &units {
        tree::place_the_others(&organizations, &mut listed, units).await?;
    }
    let mut accounts: Vec<ListedAccount> =
        listed.into_iter().map(|listed| listed.account).collect();
    if wants.tags {
        for account in &mut accounts {
            account.tags = Some(tags::of(&organizations, &account.id).await?);
        }
    }
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    accounts.dedup_by(|a, b| a.id == b.id);
    Ok(Inventory {
        organization: identity.organization,
        management_account: identity.management_account,
        read_at: Utc::now(),
        accounts,
    })
}

/// An inventory of exactly these accounts.
pub(crate) fn explicit(accounts: &[AccountId]) -> Inventory {
    let accounts: BTreeMap<&AccountId, ListedAccount> = accounts
        .iter()
        .map(|id| {
            let account = ListedAccount {
                id: id.clone(),
                name: id.to_string(),
                email: None,
                ou_path: None,
                ou_ids: Vec::new(),
                tags: None,
                state: AccountState::Active,
                joined_at: None,
            };
            (id, account)
        })
        .collect();
    Inventory {
        organization: None,
        management_account: None,
        read_at: Utc::now(),
        accounts: accounts.into_values().collect(),
    }
}

/// Calls to Organizations, in the partition's Region for them.
#[derive(Debug, Clone, Copy)]
struct Organizations<'a> {
    session: &'a Session,
}

impl Organizations<'_> {
    fn client(self) -> aws_sdk_organizations::Client {
        self.session
            .clients()
            .organizations(&self.session.shared().regions.organizations)
    }

    async fn call<T, E, F, Sent>(self, operation: Operation, send: F) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Sent,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let usual = self.session.shared().patience();
        // One page that is lost loses the whole list.
        let patience = Patience {
            attempts: usual.attempts.saturating_mul(2),
            deadline: usual.deadline.saturating_mul(4),
            ..usual
        };
        let region = &self.session.shared().regions.organizations;
        self.session
            .call_with_patience(operation, region, patience, send)
            .await
    }

    /// The error for an answer of `operation` that makes no sense.
    fn garbled(self, operation: Operation, message: &str) -> CallError {
        CallError::garbled(
            operation,
            &self.session.shared().regions.organizations,
            message,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_inventory_is_sorted_and_names_each_account_once() {
        let [one, two]: [AccountId; 2] =
            ["111111111111", "222222222222"].map(|text| text.parse().unwrap());
        let inventory = explicit(&[two.clone(), one.clone(), two.clone()]);
        let ids: Vec<_> = inventory
            .accounts
            .iter()
            .map(|account| account.id.clone())
            .collect();
        assert_eq!(ids, [one, two]);
        assert_eq!(inventory.organization, None);
    }
}
