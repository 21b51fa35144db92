//! After accounts were changed they are read and judged again, by the program that
//! does nothing else: `orgsweep sweep` beside this one. It knows the decisions, the
//! framework and the owners of organization trails, and what it finds is a sweep like
//! any other. A finding that it does not see pass is seen by the next sweep.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use orgsweep_controls::AccountId;
use orgsweep_store::{AccountRow, RepairRow, Store};
use tokio::process::Command;

use super::arguments::Common;
use super::output;
use super::settings::Settings;

/// The program that reads and judges.
const PROGRAM: &str = "orgsweep";
/// How the program says that another process has the sweeps of this database.
const ANOTHER_SWEEPS: &str = "another process is sweeping into this database";
/// How long the sweep of a few accounts that nobody waits for any more may take to end.
const LEFT_BEHIND: Duration = Duration::from_mins(1);
/// Until it is looked again.
const PAUSE: Duration = Duration::from_secs(2);
/// Accounts that are named in one call: command lines have limits.
const AT_ONCE: usize = 5_000;

/// What judging changed accounts again came to.
pub(super) struct JudgedAgain {
    /// The store, opened again when it is the embedded one.
    pub(super) store: Store,
    /// Why it did not work, in words.
    pub(super) problem: Option<String>,
}

/// Reads and judges `accounts` again, and says of which that did not work; the embedded database
/// is lent for that.
pub(super) async fn judged_again(
    store: Store,
    accounts: &[AccountId],
    settings: &Settings,
    common: &Common,
    role: Option<&str>,
) -> anyhow::Result<JudgedAgain> {
    if accounts.is_empty() {
        return Ok(JudgedAgain {
            store,
            problem: None,
        });
    }
    output::tell(&format!(
        "reading {} again",
        output::counted(accounts.len(), "account", "accounts")
    ));
    let embedded = store.is_embedded();
    if embedded {
        store.clone().close().await;
    }
    let judged = judge_again(accounts, settings, common, role).await;
    let store = if embedded {
        settings.store().await?
    } else {
        store
    };
    let problem = if let Err(why) = judged {
        output::tell(&format!(
            "warning: the accounts could not be judged again ({why}); the next sweep does it"
        ));
        Some(why)
    } else {
        let known = store.accounts().await?;
        let unread = unread(&known, accounts);
        if let Some(words) = in_words(&unread) {
            output::tell(&format!("warning: {words}"));
        }
        // Nothing is known of what was done when not one of them was read.
        (unread.len() == accounts.len()).then(|| "no account could be read".to_owned())
    };
    Ok(JudgedAgain { store, problem })
}

/// Those of `accounts` that the last sweep could not read, with why.
fn unread<'a>(known: &'a [AccountRow], accounts: &'a [AccountId]) -> Vec<(&'a AccountId, &'a str)> {
    let known: BTreeMap<&AccountId, &AccountRow> =
        known.iter().map(|row| (&row.account_id, row)).collect();
    accounts
        .iter()
        .filter_map(|account| {
            let Some(row) = known.get(account) else {
                return Some((account, "the organization does not list it"));
            };
            let why = || row.message.as_deref().or(row.reason.as_deref());
            (row.outcome.as_deref() != Some("done"))
                .then(|| (account, why().unwrap_or("no sweep has read it")))
        })
        .collect()
}

/// What is said of accounts that were not read; nothing when all were.
fn in_words(unread: &[(&AccountId, &str)]) -> Option<String> {
    let (first, why) = unread.first()?;
    let others = match unread.len() - 1 {
        0 => String::new(),
        number => format!(
            "; {} could not be read either",
            output::counted(number, "other account", "other accounts")
        ),
    };
    Some(format!(
        "account {first} could not be read again, so that its findings are not judged: {why}{others}; \
         `orgsweep sweep --accounts {first}` tries again, and the next sweep does it, too"
    ))
}

/// Reads and judges `accounts` again. The store must be closed when it is the embedded one.
///
/// # Errors
/// Why that did not work, in words, with what to do.
async fn judge_again(
    accounts: &[AccountId],
    settings: &Settings,
    common: &Common,
    role: Option<&str>,
) -> Result<(), String> {
    for some in accounts.chunks(AT_ONCE) {
        sweep(some, settings, common, role).await?;
    }
    Ok(())
}

/// Sweeps; where another process is sweeping, which a killed run may have left behind, once that has
/// ended.
async fn sweep(
    accounts: &[AccountId],
    settings: &Settings,
    common: &Common,
    role: Option<&str>,
) -> Result<(), String> {
    let until = Instant::now() + LEFT_BEHIND;
    loop {
        match sweep_once(accounts, settings, common, role).await {
            Err(why) if why.contains(ANOTHER_SWEEPS) && Instant::now() < until => {
                tokio::time::sleep(PAUSE).await;
            }
            ended => return ended,
        }
    }
}

async fn sweep_once(
    accounts: &[AccountId],
    settings: &Settings,
    common: &Common,
    role: Option<&str>,
) -> Result<(), String> {
    let names: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
    let mut command = Command::new(program());
    command
        .args(["sweep", "--trigger", "repair", "--accounts"])
        .arg(names.join(","))
        .args(flags(common));
    if let Some(role) = role {
        command.args(["--role-name", role]);
    }
    match settings.database() {
        (Some(url), _) => {
            // Not an argument: it may hold a password.
            command.env("ORGSWEEP_DATABASE_URL", url);
        }
        (None, Some(directory)) => {
            command.arg("--data-dir").arg(directory);
        }
        (None, None) => {}
    }
    let ended = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .await
        .map_err(|error| format!("`{PROGRAM}` could not be started: {error}"))?;
    if ended.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&ended.stderr);
    let last = words.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.unwrap_or("the sweep was interrupted").to_owned())
}

/// The program beside this one, else the one on the search path.
fn program() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .map(|exe| exe.with_file_name(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX)));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| PROGRAM.into())
}

fn flags(common: &Common) -> Vec<OsString> {
    let config = common
        .config
        .as_ref()
        .map(|path| path.clone().into_os_string());
    let texts = [
        ("--endpoint-url", common.endpoint_url.as_deref()),
        ("--profile", common.profile.as_deref()),
        ("--region", common.region.as_deref()),
    ];
    let mut flags: Vec<OsString> = Vec::new();
    if let Some(config) = config {
        flags.extend(["--config".into(), config]);
    }
    for (flag, text) in texts {
        if let Some(text) = text {
            flags.extend([flag.into(), text.into()]);
        }
    }
    flags
}

/// The accounts with a finding of a run in that state.
pub(super) fn accounts_in(state: &str, repairs: &[RepairRow]) -> BTreeSet<AccountId> {
    let wanted = repairs.iter().filter(|repair| repair.state == state);
    wanted
        .filter_map(|repair| repair.account_id.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: usize) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    fn row(number: usize, outcome: Option<&str>, message: Option<&str>) -> AccountRow {
        AccountRow {
            account_id: account(number),
            account_name: String::new(),
            account_email: None,
            ou_path: None,
            ou_ids: Vec::new(),
            tags: None,
            state: "active".to_owned(),
            closed_at: None,
            outcome: outcome.map(str::to_owned),
            reason: None,
            message: message.map(str::to_owned),
            observed_at: None,
            sweep_id: None,
            passing: 0,
            failing: 0,
            unknown: 0,
            not_applicable: 0,
        }
    }

    #[test]
    fn accounts_that_were_not_read_again_are_named_with_why() {
        let known = [
            row(1, Some("done"), None),
            row(2, Some("failed"), Some("the role cannot be assumed")),
            row(3, None, None),
        ];
        let accounts: Vec<AccountId> = (1..=4).map(account).collect();
        let unread = unread(&known, &accounts);
        let whys: Vec<&str> = unread.iter().map(|(_, why)| *why).collect();
        assert_eq!(
            whys,
            [
                "the role cannot be assumed",
                "no sweep has read it",
                "the organization does not list it",
            ]
        );
        let words = in_words(&unread).unwrap();
        for part in [
            "account 000000000002 could not be read again",
            "the role cannot be assumed; 2 other accounts could not be read either",
            "`orgsweep sweep --accounts 000000000002`",
        ] {
            assert!(words.contains(part), "{words}");
        }
        assert_eq!(in_words(&[]), None);
    }
}
