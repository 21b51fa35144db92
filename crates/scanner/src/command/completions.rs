//! `orgsweep completions`: the completion script of a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::output::terminal;

/// Print the completion script of a shell.
///
/// For example: orgsweep completions bash > /etc/bash_completion.d/orgsweep
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "orgsweep",
        &mut script,
    );
    terminal::print(&String::from_utf8(script)?)?;
    Ok(Exit::Fine)
}
