//! The subcommands of `orgsim`, one file each, and how they talk to one that is
//! serving (`remote`).

pub(crate) mod from_snapshot;
pub(crate) mod init;
pub(crate) mod inject;
pub(crate) mod remote;
pub(crate) mod state;
pub(crate) mod trace;

use std::path::Path;

use anyhow::Context as _;
use clap::Args;
use orgsim::Scenario;

/// Which organization.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// Scenario file.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<std::path::PathBuf>,
    /// The demo's organization of sixty accounts.
    #[arg(long)]
    pub(crate) demo: bool,
}

impl Source {
    /// The scenario, read and checked.
    pub(crate) fn scenario(&self) -> anyhow::Result<Scenario> {
        let Some(file) = &self.scenario else {
            return Ok(Scenario::demo());
        };
        Scenario::read(file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))
    }
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn text_of(file: &Path) -> anyhow::Result<String> {
    if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    }
    .with_context(|| format!("`{}` could not be read", file.display()))
}
