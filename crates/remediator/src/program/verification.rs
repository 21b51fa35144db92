//! After accounts were changed they are read and judged again, by the program that
//! does nothing else: `orgsweep sweep` beside this one. It knows the decisions, the
//! framework and the owners of organization trails, and what it finds is a sweep like
//! any other. A finding that it does not see pass is seen by the next sweep.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use orgsweep_controls::AccountId;
use tokio::process::Command;

use super::arguments::Common;
use super::settings::Settings;

/// The program that reads and judges.
const PROGRAM: &str = "orgsweep";
/// Accounts that are named in one call: command lines have limits.
const AT_ONCE: usize = 5_000;

/// Reads and judges `accounts` again. The store must be closed when it is the embedded one.
///
/// # Errors
/// Why that did not work, in words, with what to do.
pub(super) async fn judge_again(
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

async fn sweep(
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
