//! Which accounts a sweep reads: selectors (`ou=Workloads/Prod,tag=tier=1`), and
//! the decision for every account that the inventory lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use orgsweep_controls::ids::AccountId;
use orgsweep_controls::organization::{AccountState, Inventory, ListedAccount};
use thiserror::Error;

/// Why an account that can be swept is not: nobody selected it.
pub(crate) const NOT_SELECTED: &str = "not_selected";

/// Conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    text: String,
    conditions: Vec<Condition>,
}

/// One condition of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Account(AccountId),
    /// An OU or root by its id, and what is below it.
    OuId(String),
    /// An OU by the names from the root, and what is below it.
    OuPath(Vec<String>),
    Tag {
        key: String,
        value: Option<String>,
    },
    Name(String),
}

/// A selector that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the selector `{selector}` is not understood: {problem}; \
     write `account=111122223333`, `ou=Workloads/Prod`, `ou=ou-ab12-cdef3456`, `tag=key=value` or `name=payments-*`"
)]
pub(crate) struct SelectorError {
    selector: String,
    problem: String,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let error = |problem: String| SelectorError {
            selector: text.to_owned(),
            problem,
        };
        let conditions = text
            .split(',')
            .map(|part| {
                let (kind, value) = part
                    .trim()
                    .split_once('=')
                    .filter(|(_, value)| !value.is_empty())
                    .ok_or_else(|| error(format!("`{}` is no condition", part.trim())))?;
                Ok(match kind {
                    "account" => Condition::Account(
                        value
                            .parse()
                            .map_err(|e: orgsweep_controls::ids::IdError| error(e.to_string()))?,
                    ),
                    "ou" if value.starts_with("ou-") || value.starts_with("r-") => {
                        Condition::OuId(value.to_owned())
                    }
                    "ou" => Condition::OuPath(
                        value
                            .split('/')
                            .filter(|name| !name.is_empty())
                            .map(str::to_owned)
                            .collect(),
                    ),
                    "tag" => match value.split_once('=') {
                        Some((key, value)) => Condition::Tag {
                            key: key.to_owned(),
                            value: Some(value.to_owned()),
                        },
                        None => Condition::Tag {
                            key: value.to_owned(),
                            value: None,
                        },
                    },
                    "name" => Condition::Name(value.to_owned()),
                    other => return Err(error(format!("there is no kind `{other}`"))),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            conditions,
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Selector {
    /// Whether all conditions hold for an account.
    pub(crate) fn fits(&self, account: &ListedAccount) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Account(id) => account.id == *id,
            Condition::OuId(id) => account.ou_ids.contains(id),
            Condition::OuPath(path) => account
                .ou_path
                .as_ref()
                .is_some_and(|names| names.starts_with(path)),
            Condition::Tag { key, value } => account
                .tags
                .as_ref()
                .and_then(|tags| tags.get(key))
                .is_some_and(|found| value.as_ref().is_none_or(|value| value == found)),
            Condition::Name(glob) => glob_fits(glob, &account.name),
        })
    }

    /// Whether it asks for a tag.
    pub(crate) fn needs_tags(&self) -> bool {
        self.has(|condition| matches!(condition, Condition::Tag { .. }))
    }

    fn has(&self, kind: fn(&Condition) -> bool) -> bool {
        self.conditions.iter().any(kind)
    }
}

/// Whether a text fits a pattern in which `*` is any text and `?` any character.
/// Letter case does not matter: people do not remember it.
fn glob_fits(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut in_glob, mut in_text) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match glob.get(in_glob) {
            Some('*') => {
                last_star = Some((in_glob, in_text));
                in_glob += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[in_text] => {
                in_glob += 1;
                in_text += 1;
            }
            _ => match &mut last_star {
                Some((star, taken)) => {
                    *taken += 1;
                    in_text = *taken;
                    in_glob = *star + 1;
                }
                None => return false,
            },
        }
    }
    glob[in_glob..].iter().all(|rest| *rest == '*')
}

/// Which accounts a sweep reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    include: Vec<Selector>,
    exclude: Vec<Selector>,
}

/// What a selection makes of an inventory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Accounts to read.
    pub(crate) accounts: BTreeSet<AccountId>,
    /// All others, with the reason.
    pub(crate) skipped: BTreeMap<AccountId, String>,
    /// Selectors that fit no account at all.
    pub(crate) idle: Vec<String>,
}

impl Selection {
    /// Reads the selectors.
    pub(crate) fn new(include: &[String], exclude: &[String]) -> Result<Self, SelectorError> {
        let parsed = |texts: &[String]| {
            texts
                .iter()
                .map(|text| text.parse())
                .collect::<Result<_, _>>()
        };
        Ok(Self {
            include: parsed(include)?,
            exclude: parsed(exclude)?,
        })
    }

    /// Whether a selector asks for tags.
    pub(crate) fn needs_tags(&self) -> bool {
        self.all().any(Selector::needs_tags)
    }

    /// Whether a selector asks for OUs.
    pub(crate) fn needs_ous(&self) -> bool {
        self.all().any(|selector| {
            selector.has(|condition| matches!(condition, Condition::OuId(_) | Condition::OuPath(_)))
        })
    }

    fn all(&self) -> impl Iterator<Item = &Selector> {
        self.include.iter().chain(&self.exclude)
    }

    /// Decides for every account of the inventory.
    pub(crate) fn applied(&self, inventory: &Inventory) -> Selected {
        let mut accounts = BTreeSet::new();
        let mut skipped = BTreeMap::new();
        for account in &inventory.accounts {
            let selected = (self.include.is_empty()
                || self.include.iter().any(|selector| selector.fits(account)))
                && !self.exclude.iter().any(|selector| selector.fits(account));
            if account.state != AccountState::Active {
                skipped.insert(account.id.clone(), account.state.as_str().to_owned());
            } else if selected {
                accounts.insert(account.id.clone());
            } else {
                skipped.insert(account.id.clone(), NOT_SELECTED.to_owned());
            }
        }
        let idle = self
            .all()
            .filter(|selector| {
                !inventory
                    .accounts
                    .iter()
                    .any(|account| selector.fits(account))
            })
            .map(|selector| selector.text.clone())
            .collect();
        Selected {
            accounts,
            skipped,
            idle,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;

    use super::*;

    /// An active account in an OU.
    pub(crate) fn account(id: &str, name: &str, ou_path: &[&str]) -> ListedAccount {
        ListedAccount {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            email: None,
            ou_path: Some(ou_path.iter().map(|name| (*name).to_owned()).collect()),
            ou_ids: std::iter::once("r-ab12".to_owned())
                .chain(
                    ou_path
                        .iter()
                        .map(|name| format!("ou-ab12-{}", name.to_lowercase())),
                )
                .collect(),
            tags: Some([("tier".to_owned(), name.len().to_string())].into()),
            state: AccountState::Active,
            joined_at: None,
        }
    }

    /// An organization of four accounts, one of them suspended.
    pub(crate) fn inventory() -> Inventory {
        let mut suspended = account("444444444444", "old", &["Suspended"]);
        suspended.state = AccountState::Suspended;
        Inventory {
            organization: Some("o-a1b2c3d4e5".parse().unwrap()),
            management_account: Some("111111111111".parse().unwrap()),
            read_at: DateTime::UNIX_EPOCH,
            accounts: vec![
                account("111111111111", "management", &[]),
                account("222222222222", "payments-prod", &["Workloads", "Prod"]),
                account("333333333333", "payments-dev", &["Workloads", "Dev"]),
                suspended,
            ],
        }
    }

    fn selected(include: &[&str], exclude: &[&str]) -> String {
        let owned = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        let selection = Selection::new(&owned(include), &owned(exclude)).unwrap();
        let accounts = selection.applied(&inventory()).accounts;
        accounts.iter().map(|id| &id.as_str()[..1]).collect()
    }

    #[test]
    fn selectors_select() {
        for (include, exclude, accounts) in [
            (&[][..], &[][..], "123"),
            (&["account=222222222222"], &[], "2"),
            (&["ou=Workloads"], &[], "23"),
            (&["ou=Workloads/Prod"], &[], "2"),
            (&["ou=Work"], &[], ""),
            (&["ou=ou-ab12-dev"], &[], "3"),
            (&["ou=r-ab12"], &[], "123"),
            (&["tag=tier=12"], &[], "3"),
            (&["tag=tier"], &[], "123"),
            (&["tag=team"], &[], ""),
            (&["name=payments-*"], &[], "23"),
            (&["name=PAYMENTS-p???"], &[], "2"),
            (&["name=payments-*,ou=Workloads/Dev"], &[], "3"),
            (&["account=111111111111", "ou=Workloads/Dev"], &[], "13"),
            (&[], &["name=*-dev"], "12"),
            (&["ou=Workloads"], &["name=*-dev", "ou=Suspended"], "2"),
        ] {
            assert_eq!(
                selected(include, exclude),
                accounts,
                "{include:?} {exclude:?}"
            );
        }
    }

    #[test]
    fn every_account_is_selected_or_skipped_with_a_reason() {
        let selection =
            Selection::new(&["name=*prod".to_owned(), "name=typo".to_owned()], &[]).unwrap();
        let selected = selection.applied(&inventory());
        let skipped: Vec<(&str, &str)> = selected
            .skipped
            .iter()
            .map(|(id, why)| (id.as_str(), why.as_str()))
            .collect();
        assert_eq!(
            skipped,
            [
                ("111111111111", NOT_SELECTED),
                ("333333333333", NOT_SELECTED),
                ("444444444444", "suspended")
            ]
        );
        assert_eq!(selected.idle, ["name=typo"]);
        assert_eq!(
            selected.accounts.len() + selected.skipped.len(),
            inventory().accounts.len()
        );
    }

    #[test]
    fn wrong_selectors_are_refused_with_what_would_be_right() {
        for wrong in [
            "",
            "Prod",
            "ou=",
            "account=12",
            "region=eu-west-1",
            "ou=Prod,,name=x",
        ] {
            let error = wrong.parse::<Selector>().unwrap_err().to_string();
            assert!(error.contains("write `account="), "{error}");
        }
    }

    #[test]
    fn globs_fit_whole_names() {
        for (glob, text, fits) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("*b*b*", "abab", true),
            ("?", "", false),
            ("Zür*", "zürich", true),
        ] {
            assert_eq!(glob_fits(glob, text), fits, "{glob} {text}");
        }
    }
}
