//! How the program ends: its exit codes, and the two kinds of errors that
//! decide between them. The table in `--help` and in the README is this one.

use std::process::ExitCode;

use thiserror::Error;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Fine,
    /// Findings fail, and the user asked to be told by the exit code.
    FindingsFail,
    /// Accounts were not read, and the user asked to be told by the exit code.
    Incomplete,
    /// Stopped by Ctrl-C or a termination signal; can be resumed.
    Interrupted,
}

/// The exit code of a run that failed.
pub(crate) const RUN_FAILED: u8 = 1;
/// The exit code of bad usage.
pub(crate) const BAD_USAGE: u8 = 2;
/// The exit code of an interrupted run, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit codes, as `--help` prints them.
pub(crate) const TABLE: &str = "\
Exit codes:
  0    fine
  1    the run failed, or AWS disagrees (--live); the message says why and what to do
  2    bad usage: arguments, configuration, a pattern or an SQL query
  3    finished, and findings fail or patterns do not cover (only with --fail-on-findings)
  4    finished, and some accounts could not be read (only with --fail-on-incomplete)
  130  interrupted; `orgsweep sweep --resume` goes on";

impl Exit {
    /// The number that the process ends with.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::FindingsFail => 3,
            Self::Incomplete => 4,
            Self::Interrupted => INTERRUPTED,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.number().into()
    }
}

/// Something that the user wrote is wrong: ends with [`BAD_USAGE`].
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Bad usage with a picture of where: printed as it is, ends with [`BAD_USAGE`].
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Pictured(pub(crate) String);

/// Bad usage, as an error.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_exit_code() {
        let codes = [
            Exit::Fine.number(),
            RUN_FAILED,
            BAD_USAGE,
            Exit::FindingsFail.number(),
            Exit::Incomplete.number(),
            Exit::Interrupted.number(),
        ];
        let listed: Vec<u8> = TABLE
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, codes);
    }
}
