//! `cargo xtask …`: the developer commands that are more than one line of
//! cargo. One file per command; what they share is `workspace` (where things
//! are, how programs are run), `python` and `postgres`.

mod bench;
mod chaos;
mod docs_sql;
mod fuzz;
mod lint;
mod postgres;
mod python;
mod soak;
mod sqlx_prepare;
mod test;
mod test_program;
mod verify;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Developer commands of orgsweep.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(test::Arguments),
    Bench(bench::Arguments),
    Chaos(chaos::Arguments),
    Soak(soak::Arguments),
    Fuzz(fuzz::Arguments),
    Lint(lint::Arguments),
    DocsSql(docs_sql::Arguments),
    SqlxPrepare(sqlx_prepare::Arguments),
    Verify(verify::Arguments),
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Test(arguments) => test::run(&arguments)?,
        Command::Bench(arguments) => bench::run(&arguments)?,
        Command::Fuzz(arguments) => fuzz::run(&arguments)?,
        Command::Lint(arguments) => lint::run(&arguments)?,
        Command::DocsSql(arguments) => docs_sql::run(&arguments)?,
        Command::SqlxPrepare(arguments) => sqlx_prepare::run(&arguments)?,
        Command::Chaos(arguments) => return chaos::run(&arguments),
        Command::Soak(arguments) => return soak::run(&arguments),
        Command::Verify(arguments) => return verify::run(&arguments),
    }
    Ok(ExitCode::SUCCESS)
}
