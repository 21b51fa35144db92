//! `cargo xtask chaos`: sweeps through faults that are drawn from a seed, and
//! programs that are killed, on a PostgreSQL of their own. The program that does it
//! is `tests/src/bin/chaos.rs`.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::postgres::Servers;
use crate::{python, workspace};

/// Sweeps through faults, and kills programs, from a seed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Sweeps with faults.
    #[arg(long, default_value_t = 50)]
    runs: u64,
    /// Kills of sweeps, at least.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Kills of migrations, about.
    #[arg(long, default_value_t = 40)]
    migrations: u32,
    /// Kills of workers, about.
    #[arg(long, default_value_t = 40)]
    workers: u32,
    /// Sweeps whose answers are malformed.
    #[arg(long, default_value_t = 20)]
    answers: u64,
    /// From which everything is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
    let program = workspace::target()?.join("debug/orgsweep-chaos");
    let mut command = std::process::Command::new(program);
    command
        .args(["--runs", &arguments.runs.to_string()])
        .args(["--kills", &arguments.kills.to_string()])
        .args(["--migrations", &arguments.migrations.to_string()])
        .args(["--workers", &arguments.workers.to_string()])
        .args(["--answers", &arguments.answers.to_string()])
        .args(["--seed", &arguments.seed.to_string()])
        .args(["--format", &arguments.format])
        .env("ORGSWEEP_TEST_DATABASE_URL", servers.newest());
    let shown = workspace::shown(&command);
    eprintln!("$ {shown}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    // What is wrong has been printed.
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
