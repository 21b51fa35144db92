//! `cargo xtask soak`: sweep after sweep, by one service and on the command line, on a PostgreSQL
//! of their own. The program that does it is `tests/src/bin/soak.rs`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::postgres::Servers;
use crate::{python, workspace};

/// Sweeps again and again, with changes in between: what is held stays the same.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Sweeps of one service, and as many on the command line.
    #[arg(long, default_value_t = 50)]
    sweeps: usize,
    /// How the result is printed.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let python = python::environment()?;
    let servers = Servers::start(&python, &[18])?;
    workspace::run(&mut workspace::cargo(&[
        "build",
        "--workspace",
        "--bins",
        "--tests",
    ])?)?;
    let program = workspace::target()?.join("debug/orgsweep-soak");
    let mut command = std::process::Command::new(program);
    command
        .args(["--sweeps", &arguments.sweeps.to_string()])
        .args(["--format", &arguments.format])
        .env("ORGSWEEP_TEST_DATABASE_URL", servers.newest());
    let shown = workspace::shown(&command);
    eprintln!("$ {shown}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    // What grew has been printed.
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
