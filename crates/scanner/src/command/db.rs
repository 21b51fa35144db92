//! `orgsweep db`: where the database is, and how to reach it with other programs.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use orgsweep_store::Location;

use crate::context::{self, Context};
use crate::exit::Exit;
use crate::output::terminal;
use crate::sweep::interruption;

/// Where the database is, and how to reach it with psql.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the directory of the embedded database, or the server's URL without its password.
    Path,
    /// Print a URL for psql.
    ///
    /// That of a server is the configured one, password included. The embedded
    /// database takes one connection, for as long as this command runs.
    PsqlUrl,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let config = context::store_config(&settings);
    let location = config.location()?;
    match (&arguments.command, &location, config.database_url) {
        (Command::Path, _, _) => terminal::print(&format!("{location}\n"))?,
        (Command::PsqlUrl, Location::Server { .. }, Some(url)) => {
            terminal::print(&format!("{url}\n"))?;
        }
        (Command::PsqlUrl, _, _) => serve_embedded(&settings).await?,
    }
    Ok(Exit::Fine)
}

/// Lets another program have the embedded database until Ctrl-C.
async fn serve_embedded(settings: &crate::config::Settings) -> anyhow::Result<()> {
    let interruption = interruption::token();
    let store = context::store(settings).await?;
    let served = store.hand_over().await;
    let printed = match &served {
        Some(url) => terminal::print(&format!("{url}\n")).map_err(anyhow::Error::from),
        None => {
            Err(anyhow::anyhow!("it has stopped")).context("the embedded database cannot be served")
        }
    };
    if printed.is_ok() {
        terminal::tell("the database can be reached there, by one connection, until Ctrl-C");
        interruption.cancelled().await;
    }
    store.close().await;
    printed
}
