//! What a sweep is about: the inventory, where it comes from, whether it is the
//! right organization, and which accounts are selected.

use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use orgsweep_aws_access::{Access, AccessError, InventoryPage, InventoryWants};
use orgsweep_controls::ids::{AccountId, OrganizationId};
use orgsweep_controls::organization::{Inventory, ListedAccount};
use orgsweep_store::Store;
use tokio::sync::mpsc;

use crate::exit::usage;
use crate::output::number::{age, counted, span};
use crate::sweep::selection::{Selected, Selection};

/// The accounts that a sweep is asked about.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// What the organization lists, as far as it is selected.
    Organization(Selection),
    /// An explicit list; Organizations is not asked.
    Accounts(Vec<AccountId>),
    /// The caller's own account; Organizations is not asked.
    ThisAccount,
}

/// What a sweep is about.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) inventory: Inventory,
    pub(crate) selected: Selected,
    /// Whether the inventory is the whole organization, so that accounts that
    /// are not in it have left.
    pub(crate) complete: bool,
    /// What the user should know.
    pub(crate) remarks: Vec<String>,
}

/// What decides about the inventory.
#[derive(Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) expected: Option<&'a OrganizationId>,
    pub(crate) tags: bool,
    pub(crate) fallback: Duration,
}

/// Reads the inventory and selects. An inventory that cannot be read may be
/// replaced by the last one of the store, when there is one. What is listed goes to
/// `arriving` as well, as early as it is known.
pub(crate) async fn plan(
    access: &Access,
    store: Option<&Store>,
    scope: &Scope,
    rules: &Rules<'_>,
    arriving: Option<mpsc::Sender<InventoryPage>>,
) -> anyhow::Result<Plan> {
    let mut remarks = Vec::new();
    let (inventory, complete, selection) = match scope {
        Scope::Organization(selection) => {
            let (inventory, complete) =
                listed(access, store, selection, rules, arriving, &mut remarks).await?;
            guard(rules.expected, inventory.organization.as_ref()).map_err(usage)?;
            (inventory, complete, selection.clone())
        }
        Scope::Accounts(accounts) => {
            let inventory = named(access, store, accounts).await?;
            (inventory, false, Selection::default())
        }
        Scope::ThisAccount => {
            let own = [access.caller().account.clone()];
            let inventory = named(access, store, &own).await?;
            (inventory, false, Selection::default())
        }
    };
    if let (false, Some(organization)) = (complete, &inventory.organization) {
        guard(rules.expected, Some(organization)).map_err(usage)?;
    }
    if rules.expected.is_some() && inventory.organization.is_none() {
        remarks.push(
            "`expected_organization` is not checked: named accounts are read without asking AWS Organizations"
                .to_owned(),
        );
    }
    let selected = selection.applied(&inventory);
    for idle in &selected.idle {
        remarks.push(format!(
            "the selector `{idle}` fits no account of the organization"
        ));
    }
    if selected.accounts.is_empty() {
        bail!(
            "no account is selected: the organization lists {}, {} of them skipped; \
             look at `include` and `exclude`, and at the accounts with `orgsweep accounts`",
            counted(inventory.accounts.len() as u64, "account"),
            selected.skipped.len()
        );
    }
    Ok(Plan {
        inventory,
        selected,
        complete,
        remarks,
    })
}

/// Named accounts, described as the last inventory of the store describes them.
async fn named(
    access: &Access,
    store: Option<&Store>,
    accounts: &[AccountId],
) -> anyhow::Result<Inventory> {
    let inventory = access.inventory_of(accounts).await;
    let stored = match store {
        Some(store) => store.last_inventory().await?,
        None => None,
    };
    Ok(match stored {
        Some(stored) => described(inventory, &stored),
        None => inventory,
    })
}

/// The named accounts with what an earlier inventory knows of them and of their
/// organization, when it knows all of them. They are read whatever their state was.
fn described(mut named: Inventory, stored: &Inventory) -> Inventory {
    let known: Option<Vec<_>> = named
        .accounts
        .iter()
        .map(|account| stored.accounts.iter().find(|other| other.id == account.id))
        .collect();
    let Some(known) = known else {
        return named;
    };
    for (account, known) in named.accounts.iter_mut().zip(known) {
        *account = ListedAccount {
            state: account.state,
            ..known.clone()
        };
    }
    named.organization.clone_from(&stored.organization);
    named
        .management_account
        .clone_from(&stored.management_account);
    named
}

/// The organization's accounts, and whether they were read just now.
async fn listed(
    access: &Access,
    store: Option<&Store>,
    selection: &Selection,
    rules: &Rules<'_>,
    arriving: Option<mpsc::Sender<InventoryPage>>,
    remarks: &mut Vec<String>,
) -> anyhow::Result<(Inventory, bool)> {
    let read = async |wants| match arriving.clone() {
        Some(arriving) => access.inventory_in_pages(wants, arriving).await,
        None => access.inventory(wants).await,
    };
    let wants = InventoryWants {
        ou_paths: true,
        tags: rules.tags || selection.needs_tags(),
    };
    let mut listed = read(wants).await;
    if let Err(AccessError::Denied { permission, .. }) = &listed {
        // Names of OUs and tags are welcome; only selectors need them.
        let plain = InventoryWants {
            ou_paths: selection.needs_ous(),
            tags: selection.needs_tags(),
        };
        if permission != "organizations:ListAccounts"
            && (plain.ou_paths, plain.tags) != (wants.ou_paths, wants.tags)
        {
            remarks.push(format!(
                "OUs and tags are left out: `{permission}` is denied to {}",
                access.caller().arn
            ));
            listed = read(plain).await;
        }
    }
    let error = match listed {
        Ok(inventory) => return Ok((inventory, true)),
        Err(error) => error,
    };
    let stored = match store {
        Some(store) if is_passing(&error) => store.last_inventory().await?,
        _ => None,
    };
    match stored
        .map(|stored| stand_in(stored, &access.caller().account, rules.fallback, Utc::now()))
    {
        Some(Ok((stored, old))) => {
            remarks.push(format!(
                "the organization could not be listed ({error}); using the inventory of {} ago",
                span(old)
            ));
            // What is not in an old inventory has not necessarily left.
            Ok((stored, false))
        }
        Some(Err(why)) => {
            Err(error).context(format!("the organization cannot be listed, and {why}"))
        }
        None => Err(advised(error)),
    }
}

/// Whether an earlier inventory may stand in after this error: the caller is
/// known, only the listing failed.
fn is_passing(error: &AccessError) -> bool {
    !matches!(
        error,
        AccessError::NoCredentials { .. }
            | AccessError::CredentialsExpired { .. }
            | AccessError::CredentialsRejected { .. }
            | AccessError::NotInOrganization { .. }
    )
}

/// The stored inventory with its age, when it may stand in.
fn stand_in(
    stored: Inventory,
    caller: &AccountId,
    within: Duration,
    now: DateTime<Utc>,
) -> Result<(Inventory, Duration), String> {
    let old = age(stored.read_at, now);
    if stored.organization.is_none() || stored.accounts.iter().all(|account| account.id != *caller)
    {
        return Err(format!(
            "the stored inventory is of another organization than account {caller}'s"
        ));
    }
    if old > within {
        return Err(format!(
            "the stored inventory is {} old (`inventory.fallback_max_age` is {})",
            span(old),
            span(within)
        ));
    }
    Ok((stored, old))
}

/// The error with what can be done without the organization's list.
fn advised(error: AccessError) -> anyhow::Error {
    match error {
        AccessError::Denied { .. } => anyhow::anyhow!(
            "the organization cannot be listed: {error}; without that permission, name the accounts \
             (`--accounts 111122223333,444455556666`) or read your own (`--this-account`)"
        ),
        error => anyhow::Error::new(error).context("the organization cannot be listed"),
    }
}

/// Refuses another organization than the expected one.
pub(super) fn guard(
    expected: Option<&OrganizationId>,
    found: Option<&OrganizationId>,
) -> Result<(), String> {
    match (expected, found) {
        (Some(expected), Some(found)) if expected != found => Err(format!(
            "these credentials belong to the organization `{found}`, but `expected_organization` is `{expected}`; \
             use other credentials, or change the setting"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::selection::tests::inventory;

    #[test]
    fn another_organization_than_the_expected_one_is_refused() {
        let (ours, theirs): (OrganizationId, OrganizationId) = (
            "o-a1b2c3d4e5".parse().unwrap(),
            "o-ffffffffff".parse().unwrap(),
        );
        assert!(guard(None, Some(&theirs)).is_ok());
        assert!(guard(Some(&ours), Some(&ours)).is_ok());
        let message = guard(Some(&ours), Some(&theirs)).unwrap_err();
        assert!(
            message.contains("`o-ffffffffff`") && message.contains("`o-a1b2c3d4e5`"),
            "{message}"
        );
    }

    #[test]
    fn a_stored_inventory_stands_in_when_it_is_young_and_ours() {
        let member = "222222222222".parse().unwrap();
        let stranger = "999999999999".parse().unwrap();
        let week = Duration::from_hours(7 * 24);
        for (caller, hours, fits) in [
            (&member, 5, true),
            (&member, 8 * 24, false),
            (&stranger, 5, false),
        ] {
            let now = inventory().read_at + chrono::TimeDelta::hours(hours);
            assert_eq!(
                stand_in(inventory(), caller, week, now).is_ok(),
                fits,
                "{caller} {hours}"
            );
        }
    }

    #[test]
    fn named_accounts_are_described_by_an_inventory_that_knows_them_all() {
        let stored = inventory();
        let named = |ids: &[&AccountId]| {
            let mut named = inventory();
            named.organization = None;
            named.management_account = None;
            named.accounts.retain(|account| ids.contains(&&account.id));
            for account in &mut named.accounts {
                account.name = account.id.to_string();
            }
            named
        };
        let first = &stored.accounts[0];
        let known = described(named(&[&first.id]), &stored);
        assert_eq!(known.accounts[0].name, first.name);
        assert_eq!(known.organization, stored.organization);
        assert_eq!(known.management_account, stored.management_account);

        let mut stranger = named(&[&first.id]);
        stranger.accounts[0].id = "999999999999".parse().unwrap();
        let unknown = described(stranger.clone(), &stored);
        assert_eq!(unknown, stranger);
    }
}
