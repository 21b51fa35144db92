//! `cargo xtask verify patterns`: the whole run of the checks on filter-pattern.
//! The checks are a program of their own, so that this one stays light.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::workspace;

/// Runs the long checks of the pure crates.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// filter-pattern against a second implementation and exhaustive search.
    Patterns {
        /// Pairs of a pattern and a message; a tenth as many coverage questions.
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        /// From which all cases are made.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// `text` or `json`.
        #[arg(long, default_value = "text")]
        format: String,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Subject::Patterns {
        count,
        seed,
        format,
    } = &arguments.subject;
    // The dev profile optimizes both crates, and keeps overflow checked.
    let mut command =
        workspace::cargo(&["run", "--quiet", "--package", "filter-pattern-verify", "--"])?;
    command
        .args(["--count", &count.to_string(), "--seed", &seed.to_string()])
        .args(["--format", format]);
    let shown = workspace::shown(&command);
    eprintln!("$ {shown}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    // The report has been printed; what is wrong stands there.
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
