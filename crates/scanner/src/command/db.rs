//! `orgsweep db`: where the database is, and how to reach it with other programs.

use anyhow::bail;
use clap::{Args, Subcommand};
use orgsweep_store::Location;

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::terminal;

/// Where the database is, and how to reach it with `psql`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the directory of the embedded database, or the URL of the server without password.
    Path,
    /// Print a URL for `psql`.
    ///
    /// The embedded database can be reached for as long as this command runs; Ctrl-C ends it.
    PsqlUrl,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let config = context::store_config(&settings);
    let location = config.location()?;
    match (&arguments.command, &location) {
        (Command::Path, _) => terminal::print(&format!("{location}\n"))?,
        (Command::PsqlUrl, Location::Server { .. }) => {
            terminal::print(&format!("{}\n", config.database_url.unwrap_or_default()))?;
        }
        (Command::PsqlUrl, Location::Embedded { .. }) => bail!("not served"),
    }
    Ok(Exit::Fine)
}
