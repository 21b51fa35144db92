//! `cargo xtask soak`: sweep after sweep, by one service and on the command line, on a PostgreSQL
//! of their own. The program that does it is `tests/src/bin/soak.rs`.

use std::process::ExitCode;

use anyhow::Result;

use crate::test_program;

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
    test_program::run(
        "orgsweep-soak",
        &[
            ("--sweeps", arguments.sweeps.to_string()),
            ("--format", arguments.format.clone()),
        ],
    )
}
