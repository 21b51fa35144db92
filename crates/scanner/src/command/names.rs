//! Names that people type: accounts by number or name, controls by id. What
//! does not exist is refused with the nearest that does.

use anyhow::bail;
use orgsweep_controls::Catalog;
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_store::{AccountRow, Store};

use crate::config::suggest::nearest;
use crate::exit::usage;

/// The control of that id, or of that number in the catalog's framework or in Security Hub.
pub(crate) fn known_control(catalog: &Catalog, text: &str) -> anyhow::Result<ControlId> {
    if let Some(control) = catalog
        .controls()
        .iter()
        .find(|control| control.id.as_str() == text)
    {
        return Ok(control.id.clone());
    }
    let numbered = catalog.controls().iter().find(|control| {
        control.number_in(catalog.framework()) == Some(text)
            || control.security_hub.as_deref() == Some(text)
    });
    if let Some(control) = numbered {
        return Ok(control.id.clone());
    }
    let ids = catalog.controls().iter().map(|control| control.id.as_str());
    let hint = match nearest(text, ids) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`orgsweep controls` lists them".to_owned(),
    };
    Err(usage(format!("there is no control `{text}`; {hint}")))
}

/// The account of that number or name, in the database.
pub(crate) async fn account_named(store: &Store, text: &str) -> anyhow::Result<AccountId> {
    let accounts = store.accounts().await?;
    resolve(&accounts, text)
}

fn resolve(accounts: &[AccountRow], text: &str) -> anyhow::Result<AccountId> {
    if let Ok(id) = text.parse::<AccountId>() {
        if accounts.iter().any(|account| account.account_id == id) {
            return Ok(id);
        }
        bail!("account {id} is not in the database; `orgsweep accounts` lists those that are");
    }
    let named: Vec<&AccountRow> = accounts
        .iter()
        .filter(|account| account.account_name == text)
        .collect();
    match named.as_slice() {
        [one] => Ok(one.account_id.clone()),
        [] => {
            let hint = match nearest(
                text,
                accounts.iter().map(|account| account.account_name.as_str()),
            ) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`orgsweep accounts` lists them".to_owned(),
            };
            bail!("there is no account named `{text}`; {hint}")
        }
        several => {
            let ids: Vec<&str> = several
                .iter()
                .map(|account| account.account_id.as_str())
                .collect();
            Err(usage(format!(
                "{} accounts are named `{text}`; give the number of one: {}",
                ids.len(),
                ids.join(", ")
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, name: &str) -> AccountRow {
        AccountRow {
            account_id: id.parse().unwrap(),
            account_name: name.to_owned(),
            account_email: None,
            ou_path: None,
            ou_ids: Vec::new(),
            tags: None,
            state: "active".to_owned(),
            closed_at: None,
            outcome: None,
            reason: None,
            message: None,
            observed_at: None,
            sweep_id: None,
            passing: 0,
            failing: 0,
            unknown: 0,
            not_applicable: 0,
        }
    }

    #[test]
    fn accounts_are_found_by_number_and_by_name() {
        let accounts = [
            account("111111111111", "payments-prod"),
            account("222222222222", "sandbox"),
            account("333333333333", "sandbox"),
        ];
        for (text, found) in [
            ("111111111111", Ok("111111111111")),
            ("payments-prod", Ok("111111111111")),
            (
                "999999999999",
                Err("account 999999999999 is not in the database"),
            ),
            ("payment-prod", Err("did you mean `payments-prod`?")),
            ("sandbox", Err("2 accounts are named `sandbox`")),
        ] {
            match (resolve(&accounts, text), found) {
                (Ok(id), Ok(expected)) => assert_eq!(id.as_str(), expected),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }

    #[test]
    fn a_control_is_found_by_its_number_in_the_framework() {
        let cis = Catalog::builtin().for_framework("cis-3.0.0").unwrap();
        for text in ["s3-bucket-policy-changes", "4.8", "CloudWatch.8"] {
            let id = known_control(&cis, text).unwrap();
            assert_eq!(id.as_str(), "s3-bucket-policy-changes");
        }
        assert!(known_control(&cis, "5.8").is_err());
    }

    #[test]
    fn an_unknown_control_is_refused_with_the_nearest_one() {
        let error = known_control(Catalog::builtin(), "s3-bucket-policy-change").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("did you mean `s3-bucket-policy-changes`?"),
            "{error}"
        );
    }
}
