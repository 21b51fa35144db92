//! The document in which stored facts travel: a head, then the accounts with their facts. As
//! JSON it is one object; as JSON lines the head is the first line and each account one more.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use orgsweep_controls::AccountSnapshot;
use orgsweep_controls::ids::{AccountId, OrganizationId};
use orgsweep_controls::known::Unread;
use orgsweep_controls::organization::ListedAccount;
use serde::{Deserialize, Serialize};

use crate::output::json;

/// What the documents are called, so that another file is not taken for one.
const FORMAT: &str = "orgsweep-snapshots";
/// Version of the format that this program writes and reads.
const VERSION: u32 = 1;

/// Stored facts on their way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub(crate) head: Head,
    pub(crate) accounts: Vec<Carried>,
}

/// What is true of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    format: String,
    version: u32,
    pub(crate) program_version: String,
    pub(crate) exported_at: DateTime<Utc>,
    /// Whether account numbers, names and addresses were replaced.
    pub(crate) redacted: bool,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) management_account: Option<AccountId>,
    /// The framework that verdicts were recorded under.
    pub(crate) framework: Option<String>,
    /// Accounts that others rely on and that were not read, with the reason.
    pub(crate) unread: BTreeMap<AccountId, Unread>,
}

/// An account with its facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Carried {
    pub(crate) account: ListedAccount,
    /// When the facts were read.
    pub(crate) observed_at: DateTime<Utc>,
    /// Whether it is there only because others rely on it.
    pub(crate) relied_on: bool,
    pub(crate) snapshot: AccountSnapshot,
}

/// The whole as one JSON object.
#[derive(Serialize, Deserialize)]
struct Whole<H, A> {
    #[serde(flatten)]
    head: H,
    accounts: A,
}

impl Head {
    /// The head of a document that is made now.
    pub(crate) fn new(exported_at: DateTime<Utc>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            exported_at,
            redacted: false,
            organization: None,
            management_account: None,
            framework: None,
            unread: BTreeMap::new(),
        }
    }
}

impl Document {
    /// As one JSON object.
    pub(crate) fn json(&self) -> anyhow::Result<String> {
        Ok(json::pretty(&Whole {
            head: &self.head,
            accounts: &self.accounts,
        })?)
    }

    /// As JSON lines.
    pub(crate) fn lines(&self) -> anyhow::Result<String> {
        let mut text = json::line(&self.head)?;
        for account in &self.accounts {
            text.push_str(&json::line(account)?);
        }
        Ok(text)
    }

    /// Reads either form. Whatever is wrong with it is found before anything is done with it.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let first = text.lines().next().unwrap_or_default();
        // A head alone on its line begins JSON lines; one object over several lines does not.
        let document = match serde_json::from_str::<serde_json::Value>(first) {
            Ok(head) if head.is_object() && head.get("accounts").is_none() => parse_lines(text)?,
            _ => {
                let value: serde_json::Value =
                    serde_json::from_str(text).context("it is not JSON")?;
                let (mut head, accounts) = match value {
                    serde_json::Value::Object(mut object) => {
                        let accounts = object.remove("accounts");
                        (object, accounts)
                    }
                    _ => bail!("it is not an object"),
                };
                known_version(&head)?;
                let head: Head = serde_json::from_value(std::mem::take(&mut head).into())
                    .context("its head is wrong")?;
                let accounts = accounts.context("it has no `accounts`")?;
                let serde_json::Value::Array(accounts) = accounts else {
                    bail!("its `accounts` are not a list");
                };
                let accounts = accounts
                    .into_iter()
                    .enumerate()
                    .map(|(number, account)| {
                        serde_json::from_value(account)
                            .with_context(|| format!("account {} of it is wrong", number + 1))
                    })
                    .collect::<anyhow::Result<_>>()?;
                Self { head, accounts }
            }
        };
        document.checked()
    }

    /// What no single account shows.
    fn checked(self) -> anyhow::Result<Self> {
        if self.accounts.is_empty() {
            bail!("it has no account");
        }
        let mut seen = std::collections::BTreeSet::new();
        for carried in &self.accounts {
            let id = &carried.account.id;
            if carried.snapshot.account != *id {
                bail!(
                    "the facts under account {id} are those of account {}",
                    carried.snapshot.account
                );
            }
            if !seen.insert(id) {
                bail!("account {id} is in it twice");
            }
        }
        Ok(self)
    }
}

fn parse_lines(text: &str) -> anyhow::Result<Document> {
    let mut lines = text.lines().enumerate();
    let head = lines.next().map(|(_, line)| line).unwrap_or_default();
    let head: serde_json::Value = serde_json::from_str(head).context("line 1 is not JSON")?;
    known_version(head.as_object().context("line 1 is not an object")?)?;
    Ok(Document {
        head: serde_json::from_value(head).context("its head is wrong (line 1)")?,
        accounts: lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| {
                serde_json::from_str(line).with_context(|| format!("line {} is wrong", number + 1))
            })
            .collect::<anyhow::Result<_>>()?,
    })
}

fn known_version(head: &serde_json::Map<String, serde_json::Value>) -> anyhow::Result<()> {
    if head.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
        bail!("it is no document of `orgsweep snapshot export`: its `format` is not `{FORMAT}`");
    }
    match head.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        Some(version) => bail!(
            "it is of version {version} of the format, and this program reads version {VERSION}; \
             use the program that is as new as the one that wrote it"
        ),
        None => bail!("its `version` is missing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_document_is_refused_with_what_is_wrong() {
        let head = serde_json::to_string(&Head::new(DateTime::UNIX_EPOCH)).unwrap();
        for (text, expected) in [
            (String::new(), "it is not JSON"),
            ("[]".to_owned(), "it is not an object"),
            (
                "{}\n".to_owned(),
                "its `format` is not `orgsweep-snapshots`",
            ),
            (
                head.replace("\"version\":1", "\"version\":2"),
                "it is of version 2 of the format",
            ),
            (head.clone(), "it has no account"),
            (format!("{head}\n{{\"account\": 1}}\n"), "line 2 is wrong"),
            (
                head.replacen('{', "{\"accounts\": 7, ", 1),
                "its `accounts` are not a list",
            ),
            (
                head.replacen('{', "{\"surplus\": 7, ", 1),
                "its head is wrong",
            ),
        ] {
            let error = Document::parse(&text).expect_err(&text);
            let error = format!("{error:#}");
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
