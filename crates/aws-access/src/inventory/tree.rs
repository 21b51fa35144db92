//! Where each account is in the tree of OUs. The tree is walked from the root;
//! the accounts of an OU are listed only when the accounts do not say themselves
//! where they are.

use std::collections::{BTreeMap, VecDeque};

use orgsweep_controls::AccountId;

use super::Organizations;
use super::accounts::Listed;
use crate::errors::{AccessError, FaultKind};
use crate::operation::Operation;
use crate::paging::Pages;

/// Where an account, or an OU, is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Names of the OUs from the root downwards; the root itself has none.
    pub(super) names: Vec<String>,
    /// Ids of the root and the OUs.
    pub(super) ids: Vec<String>,
}

impl Place {
    fn below(&self, id: String, name: Option<String>) -> Self {
        let mut place = self.clone();
        place.ids.push(id);
        place.names.extend(name);
        place
    }
}

/// The roots and all OUs, by id.
pub(super) type Units = BTreeMap<String, Place>;

impl Listed {
    fn place(&mut self, place: &Place) {
        self.account.ou_path = Some(place.names.clone());
        self.account.ou_ids.clone_from(&place.ids);
    }

    fn has_place(&self) -> bool {
        self.account.ou_path.is_some()
    }

    /// The id of what it is directly below, as it says itself.
    fn parent(&self) -> Option<&str> {
        let path = self.paths.first()?;
        path.split('/')
            .rfind(|part| part.starts_with("ou-") || part.starts_with("r-"))
    }
}

/// Places the accounts that say themselves where they are; whether all do.
pub(super) fn place_by_own_words(accounts: &mut [Listed], units: &Units) -> bool {
    for listed in accounts.iter_mut() {
        if let Some(place) = listed.parent().and_then(|parent| units.get(parent)) {
            listed.place(place);
        }
    }
    accounts.iter().all(Listed::has_place)
}

/// Places the accounts that have no place yet, by listing the accounts of each unit.
pub(super) async fn place_the_others(
    organizations: &Organizations<'_>,
    accounts: &mut [Listed],
    units: &Units,
) -> Result<(), AccessError> {
    if accounts.iter().all(Listed::has_place) {
        return Ok(());
    }
    let mut places = BTreeMap::new();
    for (id, place) in units {
        for account in accounts_of(organizations, id).await? {
            places.insert(account, place);
        }
    }
    for listed in accounts.iter_mut().filter(|listed| !listed.has_place()) {
        if let Some(place) = places.get(&listed.account.id) {
            listed.place(place);
        }
    }
    Ok(())
}

/// Walks the tree from its roots.
pub(super) async fn units(organizations: &Organizations<'_>) -> Result<Units, AccessError> {
    let mut units = BTreeMap::new();
    let mut ahead: VecDeque<(String, Place)> = roots(organizations)
        .await?
        .into_iter()
        .map(|root| (root.clone(), Place::default().below(root, None)))
        .collect();
    while let Some((id, place)) = ahead.pop_front() {
        for (child, name) in children(organizations, &id).await? {
            if !units.contains_key(&child) {
                ahead.push_back((child.clone(), place.below(child, Some(name))));
            }
        }
        units.insert(id, place);
    }
    Ok(units)
}

async fn roots(organizations: &Organizations<'_>) -> Result<Vec<String>, AccessError> {
    let client = organizations.client();
    let mut roots = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client.list_roots().set_next_token(token);
        let page = organizations
            .call(Operation::ListRoots, || request.clone().send())
            .await?;
        roots.extend(
            page.roots
                .unwrap_or_default()
                .into_iter()
                .filter_map(|root| root.id),
        );
        token = pages
            .after(page.next_token)
            .map_err(|endless| organizations.garbled(Operation::ListRoots, endless.message()))?;
        if token.is_none() {
            return Ok(roots);
        }
    }
}

/// The OUs directly below `parent`, with their names.
async fn children(
    organizations: &Organizations<'_>,
    parent: &str,
) -> Result<Vec<(String, String)>, AccessError> {
    const OPERATION: Operation = Operation::ListOrganizationalUnitsForParent;
    let client = organizations.client();
    let mut units = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .list_organizational_units_for_parent()
            .parent_id(parent)
            .set_next_token(token);
        let page = match organizations
            .call(OPERATION, || request.clone().send())
            .await
        {
            // An OU that was deleted meanwhile has nothing below it.
            Err(error) if error.kind == FaultKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        for unit in page.organizational_units.unwrap_or_default() {
            let id = unit
                .id
                .ok_or_else(|| organizations.garbled(OPERATION, "an OU has no id"))?;
            let name = unit.name.unwrap_or_else(|| id.clone());
            units.push((id, name));
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| organizations.garbled(OPERATION, endless.message()))?;
        if token.is_none() {
            return Ok(units);
        }
    }
}

/// The accounts directly below `parent`.
async fn accounts_of(
    organizations: &Organizations<'_>,
    parent: &str,
) -> Result<Vec<AccountId>, AccessError> {
    const OPERATION: Operation = Operation::ListAccountsForParent;
    let client = organizations.client();
    let mut accounts = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .list_accounts_for_parent()
            .parent_id(parent)
            .set_next_token(token);
        let page = match organizations
            .call(OPERATION, || request.clone().send())
            .await
        {
            // An OU that was deleted meanwhile has nothing below it.
            Err(error) if error.kind == FaultKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let ids = page
            .accounts
            .unwrap_or_default()
            .into_iter()
            .filter_map(|account| account.id);
        accounts.extend(ids.filter_map(|id| id.parse().ok()));
        token = pages
            .after(page.next_token)
            .map_err(|endless| organizations.garbled(OPERATION, endless.message()))?;
        if token.is_none() {
            return Ok(accounts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::accounts::listed;
    use super::*;

    fn account(id: &str, paths: &[&str]) -> Listed {
        let mut account = listed(
            aws_sdk_organizations::types::Account::builder()
                .id(id)
                .build(),
        )
        .unwrap();
        account.paths = paths.iter().map(|path| (*path).to_owned()).collect();
        account
    }

    #[test]
    fn accounts_that_name_their_paths_need_no_listing_per_unit() {
        let root = Place::default().below("r-ab12".to_owned(), None);
        let unit = root.below("ou-ab12-prod".to_owned(), Some("Prod".to_owned()));
        let units = [
            ("r-ab12".to_owned(), root.clone()),
            ("ou-ab12-prod".to_owned(), unit.clone()),
        ]
        .into();
        let in_root = account("111111111111", &["o-a1b2c3d4e5/r-ab12/111111111111/"]);
        let in_unit = account(
            "222222222222",
            &["o-a1b2c3d4e5/r-ab12/ou-ab12-prod/222222222222/"],
        );
        let mut page = [in_root.clone(), in_unit.clone()];
        assert!(place_by_own_words(&mut page, &units));
        assert_eq!(page[0].account.ou_path, Some(Vec::new()));
        assert_eq!(page[1].account.ou_path, Some(vec!["Prod".to_owned()]));
        assert_eq!(page[1].account.ou_ids, ["r-ab12", "ou-ab12-prod"]);

        for silent in [
            account("333333333333", &[]),
            account("333333333333", &["o-a1b2c3d4e5/r-ab12/ou-gone/"]),
        ] {
            let mut page = [in_unit.clone(), silent];
            assert!(!place_by_own_words(&mut page, &units));
            assert!(page[0].has_place() && !page[1].has_place());
        }
    }
}
