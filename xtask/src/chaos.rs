//! `cargo xtask chaos`: sweeps through faults that are drawn from a seed, and
//! programs that are killed, on a PostgreSQL of their own. The program that does it
//! is `tests/src/bin/chaos.rs`.

use std::process::ExitCode;

use anyhow::Result;

use crate::test_program;

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
    test_program::run(
        "orgsweep-chaos",
        &[
            ("--runs", arguments.runs.to_string()),
            ("--kills", arguments.kills.to_string()),
            ("--migrations", arguments.migrations.to_string()),
            ("--workers", arguments.workers.to_string()),
            ("--answers", arguments.answers.to_string()),
            ("--seed", arguments.seed.to_string()),
            ("--format", arguments.format.clone()),
        ],
    )
}
