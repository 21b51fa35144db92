//! `orgsweep remediate …`: hands over to the program beside this one that can
//! change AWS. This one cannot.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;
use clap::Args;

use crate::cli::CommonFlags;
use crate::exit::Exit;
use crate::output::Format;

/// The program's name.
const PROGRAM: &str = "orgsweep-remediate";
/// What people type to get there from here; the program calls itself so in its usage lines.
const CALLED: &str = "orgsweep remediate";

/// Repair accounts: runs `orgsweep-remediate` with what follows.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Arguments of `orgsweep-remediate`; `--help` prints them.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments, common: &CommonFlags) -> anyhow::Result<Exit> {
    hand_over(CALLED, common, &[], arguments.arguments)
}

/// Becomes `orgsweep-remediate` with a subcommand of it, if there is one, and these arguments.
/// `called` is what people type in place of its name.
pub(crate) fn hand_over(
    called: &str,
    common: &CommonFlags,
    subcommand: &[&str],
    arguments: Vec<OsString>,
) -> anyhow::Result<Exit> {
    let mut command = Command::new(program());
    command
        .args(common_flags(common))
        .args(subcommand)
        .args(arguments);
    let error = replaced_by(&mut command, called);
    if error.kind() == std::io::ErrorKind::NotFound {
        bail!(
            "`{PROGRAM}` is not installed beside this program or on the search path; install it for this command"
        );
    }
    bail!("`{PROGRAM}` could not be started: {error}")
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

/// Becomes the other program, which is told what it was called, or returns why that failed.
#[cfg(unix)]
fn replaced_by(command: &mut Command, called: &str) -> std::io::Error {
    use std::os::unix::process::CommandExt as _;
    command.arg0(called).exec()
}

/// Runs the other program and ends with its exit code, or returns why that failed. Here it
/// cannot be told what it was called, and goes by its own name.
#[cfg(not(unix))]
fn replaced_by(command: &mut Command, _called: &str) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// The common flags that stood before `remediate`, handed on.
fn common_flags(common: &CommonFlags) -> Vec<OsString> {
    let format = common.format.map(|format| match format {
        Format::Table => "table",
        Format::Json => "json",
        Format::Jsonl => "jsonl",
        Format::Csv => "csv",
    });
    let config = common
        .config
        .as_ref()
        .map(|path| path.clone().into_os_string());
    let texts = [
        ("--database-url", common.database_url.as_deref()),
        ("--data-dir", common.data_dir.as_deref()),
        ("--endpoint-url", common.endpoint_url.as_deref()),
        ("--profile", common.profile.as_deref()),
        ("--region", common.region.as_deref()),
        ("--format", format),
        ("--log-format", common.log_format.as_deref()),
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
    if common.demo {
        flags.push("--demo".into());
    }
    flags.extend(std::iter::repeat_n("-v".into(), common.verbose.into()));
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_flags_are_handed_on() {
        let common = CommonFlags {
            region: Some("eu-west-1".to_owned()),
            demo: true,
            verbose: 2,
            ..CommonFlags::default()
        };
        assert_eq!(
            common_flags(&common),
            ["--region", "eu-west-1", "--demo", "-v", "-v"]
        );
    }
}
