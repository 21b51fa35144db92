//! `cargo xtask bench`: measures the parts that have goals, each with a program built for
//! speed. One file per subject; what they share is `process` (a program's time and memory),
//! `simulator`, and `figures` (how results are printed).

mod bound;
mod database;
mod figures;
mod patterns;
mod process;
mod simulator;
mod sweep;

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace;

/// Measures the parts that have goals.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure.
    #[arg(value_parser = ["patterns", "verdicts", "orgsim", "sweep"])]
    what: String,
    /// How to print.
    #[arg(long, default_value = "table", value_parser = ["table", "json"])]
    format: String,
    /// Count no instructions, even where valgrind is installed.
    #[arg(long)]
    no_instructions: bool,
    /// How many accounts the organization has [default: 10000].
    #[arg(long)]
    accounts: Option<u32>,
}

impl Arguments {
    fn accounts(&self) -> u32 {
        self.accounts.unwrap_or(10_000)
    }

    fn as_json(&self) -> bool {
        self.format == "json"
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match arguments.what.as_str() {
        "verdicts" => figures::of_example(
            arguments,
            "orgsweep-controls",
            "verdicts",
            &[arguments.accounts().to_string()],
        ),
        "orgsim" => figures::of_example(arguments, "orgsim", "load", &[]),
        "sweep" => sweep::run(arguments),
        _ => patterns::run(arguments),
    }
}

/// An example of a crate, built for speed.
fn example(package: &str, example: &str) -> Result<PathBuf> {
    workspace::run(&mut workspace::cargo(&[
        "build",
        "--quiet",
        "--release",
        "--package",
        package,
        "--example",
        example,
    ])?)?;
    Ok(workspace::target()?.join("release/examples").join(example))
}

/// A program of the workspace, built as it is released.
fn released(package: &str, program: &str) -> Result<PathBuf> {
    workspace::run(&mut workspace::cargo(&[
        "build",
        "--quiet",
        "--release",
        "--package",
        package,
        "--bin",
        program,
    ])?)?;
    Ok(workspace::target()?.join("release").join(program))
}
