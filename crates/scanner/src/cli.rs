//! The command line: what can be typed. Each subcommand's own arguments are in
//! its file under `command/`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::command;
use crate::config::Key;
use crate::config::layers::{Flag, FlagValue};
use crate::exit;
use crate::output::Format;

/// Would a human be told? For every account of an AWS organization, with proof.
///
/// orgsweep sweeps the organization, proves for each account and each CIS
/// monitoring control whether the chain trail → log group → metric filter →
/// alarm → topic → subscriber holds, and keeps the results in Postgres.
/// No organization at hand? Try `orgsweep demo`.
#[derive(Debug, Parser)]
#[command(
    name = "orgsweep",
    version,
    after_help = exit::TABLE,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonFlags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every subcommand.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Common flags")]
pub(crate) struct CommonFlags {
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
    pub(crate) data_dir: Option<String>,

    /// Use the database that `orgsweep demo` filled.
    #[arg(long, global = true, conflicts_with_all = ["database_url", "data_dir"])]
    pub(crate) demo: bool,

    /// One URL for every AWS service, for example a simulator's [environment: AWS_ENDPOINT_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// Profile of the shared AWS configuration [environment: AWS_PROFILE].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Region from which the organization is looked at [environment: AWS_REGION].
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// How results are printed [default: table].
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Format>,

    /// Show more on stderr: -v what happens, -vv every AWS call, -vvv everything.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// How log lines on stderr are written [default: text].
    #[arg(long, global = true, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub(crate) log_format: Option<String>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sweep(command::sweep::Arguments),
    Serve(command::serve::Arguments),
    Worker(command::worker::Arguments),
    Demo(command::demo::Arguments),
    Accounts(command::accounts::Arguments),
    Findings(command::findings::Arguments),
    Explain(command::explain::Arguments),
    Exception(command::exception::Arguments),
    Notifications(command::notifications::Arguments),
    Query(command::query::Arguments),
    Diff(command::diff::Arguments),
    Reevaluate(command::reevaluate::Arguments),
    Snapshot(command::snapshot::Arguments),
    Controls(command::controls::Arguments),
    Pattern(command::pattern::Arguments),
    CheckAccess(command::check_access::Arguments),
    Config(command::config::Arguments),
    Migrate(command::migrate::Arguments),
    Db(command::db::Arguments),
    Prune(command::prune::Arguments),
    Remediate(command::remediate::Arguments),
    Iam(command::iam::Arguments),
    Completions(command::completions::Arguments),
}

impl Command {
    /// How much is logged at least, as a number of `-v`: a service has nobody who watches it.
    pub(crate) fn least_verbosity(&self) -> u8 {
        u8::from(matches!(self, Self::Serve(_) | Self::Worker(_)))
    }

    /// Whether what it does is exported as traces, where that is set up.
    pub(crate) fn is_traced(&self) -> bool {
        matches!(self, Self::Sweep(_) | Self::Serve(_) | Self::Worker(_))
    }
}

impl CommonFlags {
    /// The settings that these flags set.
    pub(crate) fn settings(&self) -> Vec<Flag> {
        let format = self.format.map(|format| match format {
            Format::Table => "table",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
        });
        [
            (
                Key::DatabaseUrl,
                "--database-url",
                self.database_url.as_deref(),
            ),
            (Key::DataDir, "--data-dir", self.data_dir.as_deref()),
            (
                Key::EndpointUrl,
                "--endpoint-url",
                self.endpoint_url.as_deref(),
            ),
            (Key::Profile, "--profile", self.profile.as_deref()),
            (Key::Region, "--region", self.region.as_deref()),
            (Key::OutputFormat, "--format", format),
            (Key::LogFormat, "--log-format", self.log_format.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, flag, text)| Some((key, flag, FlagValue::One(text?.to_owned()))))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
