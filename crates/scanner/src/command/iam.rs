//! `orgsweep iam …`: hands over to the program that knows all permissions, those
//! for repairs included.

use std::ffi::OsString;

use clap::Args;

use crate::cli::CommonFlags;
use crate::command::remediate::hand_over;
use crate::exit::Exit;

/// Print least-privilege policies and roles: runs `orgsweep-remediate iam` with what follows.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// `policy` or `stackset`, and its arguments; `--help` prints them.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

pub(crate) fn run(arguments: Arguments, common: &CommonFlags) -> anyhow::Result<Exit> {
    hand_over("orgsweep", common, &["iam"], arguments.arguments)
}
