//! What accounts are called: people write names and read them, programs go by the numbers.

use orgsweep_controls::AccountId;
use orgsweep_remediator::export::table::AccountNames;
use orgsweep_store::{AccountRow, Store, StoreError};

use super::usage;

/// The names of all accounts that a sweep has seen.
pub(super) async fn names(store: &Store) -> Result<AccountNames, StoreError> {
    let accounts = store.accounts().await?;
    let named = accounts
        .into_iter()
        .map(|row| (row.account_id.into(), row.account_name));
    Ok(named.collect())
}

/// The accounts that somebody wrote, each as a number or a name.
///
/// # Errors
/// Bad usage, when a text is no number and the name of no account, or of several.
pub(super) async fn numbers(texts: &[String], store: &Store) -> anyhow::Result<Vec<AccountId>> {
    if texts.iter().all(|text| text.parse::<AccountId>().is_ok()) {
        return Ok(texts.iter().filter_map(|text| text.parse().ok()).collect());
    }
    let known = store.accounts().await?;
    texts.iter().map(|text| number(text, &known)).collect()
}

/// That no account has a name or number.
pub(super) fn nobodys(name: &str) -> anyhow::Error {
    usage(format!(
        "no account is called `{name}`; `orgsweep accounts` lists them"
    ))
}

/// The account of a number or a name.
fn number(text: &str, known: &[AccountRow]) -> anyhow::Result<AccountId> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let named: Vec<&AccountId> = known
        .iter()
        .filter(|row| row.account_name == text)
        .map(|row| &row.account_id)
        .collect();
    match named[..] {
        [account] => Ok(account.clone()),
        [] => Err(nobodys(text)),
        [first, second, ..] => Err(usage(format!(
            "several accounts are called `{text}`, {first} and {second} among them: write the number"
        ))),
    }
}
