//! What can be typed.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::{EXIT_CODES, apply, drill, gc, heartbeat, iam, list, plan, show, status, undo};

/// Repair what somebody selected: plan it, read the plan, apply it, take it back.
///
/// Plans are made from what the last sweep found. Only `apply` and `undo` change AWS.
#[derive(Debug, Parser)]
#[command(
    name = "orgsweep-remediate",
    version,
    after_help = EXIT_CODES,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every subcommand; the same as those of `orgsweep`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common flags")]
pub(crate) struct Common {
    /// Configuration file [environment: ORGSWEEP_CONFIG].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Postgres database [environment: DATABASE_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,

    /// Directory of the embedded database, used when there is no database URL.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        conflicts_with = "database_url"
    )]
    pub(crate) data_dir: Option<PathBuf>,

    /// Use the database that `orgsweep demo` filled.
    #[arg(long, global = true, conflicts_with_all = ["database_url", "data_dir"])]
    pub(crate) demo: bool,

    /// How results are printed [default: table].
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Format>,

    /// Show more on stderr.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// How log lines on stderr are written [default: text].
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub(crate) log_format: Option<String>,

    /// Where AWS's services are, instead of AWS's own endpoints [environment: AWS_ENDPOINT_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// Profile of the AWS configuration files [environment: AWS_PROFILE].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Region from which IAM and STS are asked [environment: AWS_REGION].
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
}

/// The forms in which results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people; its layout may change.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// A shell script with the plan's steps.
    Sh,
    /// YAML, of policies and roles.
    #[value(alias = "yml")]
    Yaml,
    /// Terraform's language.
    #[value(alias = "tf")]
    Terraform,
    /// CloudFormation templates, of plans.
    #[value(alias = "cfn")]
    Cloudformation,
    /// Not for plans.
    #[value(hide = true)]
    Csv,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Plan(Box<plan::Arguments>),
    Apply(Box<apply::Arguments>),
    Undo(Box<undo::Arguments>),
    Status(status::Arguments),
    Show(show::Arguments),
    List(list::Arguments),
    Drill(Box<drill::Arguments>),
    Heartbeat(Box<heartbeat::Arguments>),
    Gc(Box<gc::Arguments>),
    Iam(iam::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
