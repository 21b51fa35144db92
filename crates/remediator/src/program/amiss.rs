//! What is amiss with a selection: a name that no account has; told with the plan, an OU or tag that no account has, and why
//! nothing was selected where that does not mean that all is well.

use orgsweep_remediator::selection::Selection;
use orgsweep_store::{AccountRow, Store};

use super::{accounts, output};

/// What somebody should know about a selection. `nothing` when no finding was selected.
///
/// # Errors
/// Bad usage, when an account is named that does not exist; or the database's.
pub(super) async fn lines(
    selection: &Selection,
    nothing: bool,
    store: &Store,
) -> anyhow::Result<Vec<String>> {
    if selection.query.is_some() {
        let words = "the query returns no finding".to_owned();
        return Ok(if nothing { vec![words] } else { Vec::new() });
    }
    let known = store.accounts().await?;
    if let Some(name) = nobodys_name(selection, &known) {
        // Nobody means an account that does not exist: a plan without it would not be what was asked for.
        return Err(accounts::nobodys(name));
    }
    let mut lines = unknown_names(selection, &known);
    if nothing && lines.is_empty() {
        let unknown = selection.unknown(store).await?;
        lines.extend(why_nothing(selection, &known, unknown));
    }
    Ok(lines)
}

/// The first account that was named and that no sweep has listed, once one has listed any.
fn nobodys_name<'a>(selection: &'a Selection, accounts: &[AccountRow]) -> Option<&'a String> {
    let nobodys = |name: &&String| !accounts.iter().any(|row| is_named(row, name));
    let named = selection.accounts.iter().find(nobodys);
    named.filter(|_| !accounts.is_empty())
}

/// The OUs and tags that were named and that nothing has, and names that several accounts have.
fn unknown_names(selection: &Selection, accounts: &[AccountRow]) -> Vec<String> {
    if accounts.is_empty() {
        let words = "no sweep has listed an account yet, so that nothing is known to fail; \
                     `orgsweep sweep` makes one";
        return vec![words.to_owned()];
    }
    let known = |test: &dyn Fn(&AccountRow) -> bool| accounts.iter().any(test);
    let mut lines = Vec::new();
    for name in &selection.accounts {
        let named = accounts.iter().filter(|row| is_named(row, name)).count();
        if named > 1 {
            lines.push(format!(
                "{named} accounts are called `{name}`, and all of them were selected; write the number \
                 of the one that is meant"
            ));
        }
    }
    for ou in &selection.ous {
        if !known(&|row| is_below(row, ou)) {
            lines.push(format!(
                "no account is known in or below an OU `{ou}`; name it by its id or by its path \
                 (`Workloads/Prod`), as `orgsweep accounts` shows it"
            ));
        }
    }
    for (key, value) in &selection.tags {
        if !known(&|row| has_tag(row, key, value)) {
            lines.push(format!("no account has the tag `{key}={value}`"));
        }
    }
    lines
}

/// Why nothing was selected, when that does not mean that all is well.
fn why_nothing(selection: &Selection, accounts: &[AccountRow], unknown: usize) -> Option<String> {
    let chosen = |row: &&AccountRow| {
        let any = |names: &[String], test: &dyn Fn(&String) -> bool| {
            names.is_empty() || names.iter().any(test)
        };
        any(&selection.accounts, &|name| is_named(row, name))
            && any(&selection.ous, &|ou| is_below(row, ou))
            && (selection.tags.iter()).all(|(key, value)| has_tag(row, key, value))
    };
    let (open, closed): (Vec<&AccountRow>, Vec<&AccountRow>) = accounts
        .iter()
        .filter(chosen)
        .partition(|row| row.closed_at.is_none());
    let unread = open.iter().filter(|row| row.observed_at.is_none()).count();
    let mut parts = Vec::new();
    if unknown > 0 {
        parts.push(format!(
            "the verdict of {} is unknown (`orgsweep findings --verdict unknown` says why)",
            output::counted(unknown, "finding", "findings")
        ));
    }
    if unread > 0 {
        parts.push(format!(
            "{} never read (`orgsweep accounts` says why)",
            output::counted(unread, "account was", "accounts were")
        ));
    }
    if open.is_empty() {
        parts.push(if closed.is_empty() {
            "no account has all that was asked for".to_owned()
        } else {
            format!(
                "{} not swept any more",
                output::counted(closed.len(), "account is", "accounts are")
            )
        });
    }
    if parts.is_empty() {
        return None;
    }
    Some(format!(
        "nothing that was selected fails, but {}",
        parts.join(", and ")
    ))
}

fn is_named(row: &AccountRow, name: &str) -> bool {
    row.account_id.as_str() == name || row.account_name == name
}

fn is_below(row: &AccountRow, ou: &str) -> bool {
    let path = row.ou_path.as_deref();
    row.ou_ids.iter().any(|id| id == ou)
        || path.is_some_and(|path| {
            let below = path.strip_prefix(ou);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn has_tag(row: &AccountRow, key: &str, value: &str) -> bool {
    let tags = row.tags.as_ref();
    tags.and_then(|tags| tags.get(key)?.as_str()) == Some(value)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn account(number: usize, name: &str, ou: &str) -> AccountRow {
        AccountRow {
            account_id: format!("{number:012}").parse().unwrap(),
            account_name: name.to_owned(),
            account_email: None,
            ou_path: Some(ou.to_owned()),
            ou_ids: vec!["r-1".to_owned(), "ou-1".to_owned()],
            tags: Some(serde_json::json!({"stage": "prod"})),
            state: "active".to_owned(),
            closed_at: None,
            outcome: Some("done".to_owned()),
            reason: None,
            message: None,
            observed_at: Some(DateTime::UNIX_EPOCH),
            sweep_id: None,
            passing: 14,
            failing: 0,
            unknown: 0,
            not_applicable: 0,
        }
    }

    fn selection(accounts: &[&str], ous: &[&str]) -> Selection {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection {
            accounts: owned(accounts),
            ous: owned(ous),
            ..Selection::default()
        }
    }

    #[test]
    fn a_name_that_nothing_has_is_told_or_refused() {
        let known = [account(1, "shop", "Workloads/Prod")];
        let told = |accounts: &[&str], ous: &[&str]| {
            unknown_names(&selection(accounts, ous), &known).join("\n")
        };
        assert_eq!(told(&["shop", "000000000001"], &["Workloads", "ou-1"]), "");
        let nobodys = |accounts: &[&str], known: &[AccountRow]| {
            nobodys_name(&selection(accounts, &[]), known).cloned()
        };
        assert_eq!(nobodys(&["shop", "000000000001"], &known), None);
        let names = ["shop", "shopp", "000000000002"];
        assert_eq!(nobodys(&names, &known).as_deref(), Some("shopp"));
        assert_eq!(
            nobodys(&names[2..], &known).as_deref(),
            Some("000000000002")
        );
        assert_eq!(nobodys(&names, &[]), None);
        assert!(told(&[], &["Work"]).contains("in or below an OU `Work`"));
        let tagged = Selection {
            tags: vec![("stage".to_owned(), "test".to_owned())],
            ..Selection::default()
        };
        let words = unknown_names(&tagged, &known);
        assert_eq!(words, ["no account has the tag `stage=test`"]);
    }

    #[test]
    fn before_the_first_sweep_it_is_told_that_there_was_none() {
        let told = unknown_names(&selection(&["shop"], &[]), &[]);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("no sweep has listed an account yet"));
    }

    #[test]
    fn that_nothing_fails_is_told_apart_from_that_nothing_is_known() {
        let mut unread = account(1, "shop", "Workloads");
        unread.observed_at = None;
        let mut left = account(2, "gone", "Workloads");
        left.closed_at = Some(DateTime::UNIX_EPOCH);
        let known = [unread, left, account(3, "bank", "Workloads")];
        let why = |accounts: &[&str], unknown| {
            let why = why_nothing(&selection(accounts, &[]), &known, unknown);
            why.unwrap_or_default()
        };
        assert_eq!(why(&["bank"], 0), "");
        assert!(why(&["bank"], 3).contains("the verdict of 3 findings is unknown"));
        assert!(why(&["shop"], 0).contains("1 account was never read"));
        assert!(why(&["gone"], 0).contains("1 account is not swept any more"));
    }
}
