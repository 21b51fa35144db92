//! `cargo xtask verify`: the whole run of the checks on filter-pattern, and of
//! verdicts against what happens in the simulator. The checks are programs of their
//! own, so that this one stays light.

use std::process::ExitCode;

use anyhow::Result;

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
        #[command(flatten)]
        common: Common,
    },
    /// Decisions on alarms against CloudWatch's evaluation, step by step; prints JSON.
    Alarms {
        /// Alarms that are compared.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Verdicts on random organizations against what happens in the simulator.
    Chains {
        /// Verdicts that are compared, at least.
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        #[command(flatten)]
        common: Common,
    },
}

/// Arguments of every verification.
#[derive(Debug, clap::Args)]
struct Common {
    /// From which all cases are made.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the result is printed.
    #[arg(long, value_parser = ["text", "json"], default_value = "text")]
    format: String,
}

impl Subject {
    /// The program that does it, and its arguments.
    fn command(&self) -> Result<std::process::Command> {
        // The dev profile optimizes what is checked, and keeps overflow checked.
        let program = |of: &[&str]| workspace::cargo(&[&["run", "--quiet"], of, &["--"]].concat());
        let (package, count, common) = match self {
            Self::Alarms { count, common } => {
                let mut command = program(&[
                    "--package",
                    "orgsweep-controls",
                    "--example",
                    "verify_alarms",
                ])?;
                command.args([count.to_string(), common.seed.to_string()]);
                return Ok(command);
            }
            Self::Patterns { count, common } => ("filter-pattern-verify", count, common),
            Self::Chains { count, common } => ("orgsweep-chain-verify", count, common),
        };
        let mut command = program(&["--package", package])?;
        command
            .args(["--count", &count.to_string()])
            .args(["--seed", &common.seed.to_string()])
            .args(["--format", &common.format]);
        Ok(command)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    workspace::ended(&mut arguments.subject.command()?)
}
