//! `orgsweep snapshot`: stored facts on their way to another database: for audits, for reports of
//! bugs. No AWS is called.

mod export;
mod import;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::exit::Exit;

/// Export stored facts to a file, and import them into another database.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Export(export::Arguments),
    Import(import::Arguments),
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Export(arguments) => export::run(arguments, context).await,
        Command::Import(arguments) => import::run(arguments, context).await,
    }
}
