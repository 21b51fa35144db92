//! `orgsim state`: what was changed in an organization that is being served, saved
//! to a file, loaded from one, or compared.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use orgsim::SavedWorld;

use super::{remote, text_of};

/// Saves, loads or compares what was changed in an organization.
#[derive(Args)]
pub(crate) struct State {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Writes what was changed since `orgsim serve` began.
    Save {
        /// Where it is served.
        #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
        endpoint: String,
        /// File to write.
        file: PathBuf,
    },
    /// Makes a served organization of the same scenario what it was when the file was written.
    Load {
        /// Where it is served.
        #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
        endpoint: String,
        /// File to read.
        file: PathBuf,
    },
    /// Prints where two saved states differ, one path a line.
    Diff {
        /// The state before.
        before: PathBuf,
        /// The state after.
        after: PathBuf,
    },
}

/// Runs the command.
pub(crate) fn run(arguments: &State) -> anyhow::Result<()> {
    match &arguments.what {
        What::Save { endpoint, file } => {
            let state = remote::ask(endpoint, "GET", "state", "")?;
            std::fs::write(file, format!("{state:#}\n"))
                .with_context(|| format!("`{}` could not be written", file.display()))
        }
        What::Load { endpoint, file } => {
            remote::ask(endpoint, "PUT", "state", &text_of(file)?).map(drop)
        }
        What::Diff { before, after } => {
            let read = |file: &PathBuf| -> anyhow::Result<SavedWorld> {
                serde_json::from_str(&text_of(file)?)
                    .with_context(|| format!("`{}` is no saved state", file.display()))
            };
            for difference in read(before)?.differences(&read(after)?) {
                let sign = match (&difference.before, &difference.after) {
                    (None, _) => '+',
                    (_, None) => '-',
                    _ => '~',
                };
                let value = difference.after.or(difference.before);
                println!("{sign} {}  {}", difference.path, value.unwrap_or_default());
            }
            Ok(())
        }
    }
}
