//! `cargo xtask bench`: measures the parts that have goals, each with a program built for
//! speed. One file per subject; what they share is `process` (a program's time and memory),
//! `simulator`, and `figures` (how results are printed).

mod bound;
mod database;
mod figures;
mod patterns;
mod peers;
mod process;
mod repairs;
mod simulator;
mod store;
mod sweep;
mod workers;

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace;

/// Measures the parts that have goals.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure.
    #[arg(value_parser = ["patterns", "verdicts", "orgsim", "sweep", "store", "peers", "workers", "repairs"])]
    what: String,
    /// How to print.
    #[arg(long, default_value = "table", value_parser = ["table", "json"])]
    format: String,
    /// Count no instructions, even where valgrind is installed.
    #[arg(long)]
    no_instructions: bool,
    /// How many accounts the organization has [default: 10000, for `workers` 400, for `repairs` 1000].
    #[arg(long)]
    accounts: Option<u32>,
    /// How often `repairs` applies each plan.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// How many nights `store` holds.
    #[arg(long, default_value_t = 90)]
    nights: u32,
    /// Leaves the embedded database out of `store`, whose build takes as long as all the rest.
    #[arg(long)]
    server_only: bool,
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
        "store" => store::run(arguments),
        "peers" => peers::run(arguments),
        "workers" => workers::run(arguments),
        "repairs" => repairs::run(arguments),
        _ => patterns::run(arguments),
    }
}

/// Packages that are always built together: cargo builds their dependencies once for the features
/// that all of them want, and again for every other selection.
const PACKAGES: &[&str] = &[
    "orgsweep",
    "orgsweep-remediator",
    "orgsim",
    "orgsweep-aws-access",
];

/// Examples of theirs that are always built, too: with examples come the features that
/// `dev-dependencies` ask for.
const ALWAYS: &[&str] = &["bare_loop", "bare_repairs"];

/// Accounts that a bare loop asks at once: as many as keep the processors busy where nothing waits.
const AT_ONCE: &str = "64";

/// What one build for speed is to make.
#[derive(Debug, Clone, Copy)]
struct Wanted<'a> {
    programs: &'a [&'a str],
    /// Examples besides those that are always built.
    examples: &'a [&'a str],
    /// The embedded database as well, whose build takes as long as all the rest.
    embedded: bool,
}

/// Builds programs and examples of the workspace in one go, so that what they share is built
/// once; the folder in which cargo puts the programs, and that of the examples.
fn built(wanted: Wanted<'_>) -> Result<(PathBuf, PathBuf)> {
    let mut command = workspace::cargo(&["build", "--quiet", "--release"])?;
    for (flag, names) in [
        ("--package", PACKAGES),
        ("--bin", wanted.programs),
        ("--example", ALWAYS),
        ("--example", wanted.examples),
    ] {
        for name in names {
            command.args([flag, name]);
        }
    }
    if !wanted.embedded {
        command.arg("--no-default-features");
    }
    workspace::run(&mut command)?;
    let folder = workspace::target()?.join("release");
    let examples = folder.join("examples");
    Ok((folder, examples))
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
