//! Runs a long test that is a program of its own (`tests/src/bin`) on a new PostgreSQL.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::postgres::Servers;
use crate::{python, workspace};

/// Builds everything, starts a server, and runs the program with these options. It has printed
/// what is wrong when it fails.
pub(crate) fn run(name: &str, options: &[(&str, String)]) -> Result<ExitCode> {
    let python = python::environment()?;
    let servers = Servers::start(&python, &[18])?;
    workspace::run(&mut workspace::cargo(&[
        "build",
        "--workspace",
        "--bins",
        "--tests",
    ])?)?;
    let mut command = Command::new(workspace::target()?.join("debug").join(name));
    for (option, value) in options {
        command.args([*option, value.as_str()]);
    }
    command.env("ORGSWEEP_TEST_DATABASE_URL", servers.newest());
    let shown = workspace::shown(&command);
    eprintln!("$ {shown}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
