//! The command line: one file per subcommand, what they share beside them.

mod accounts;
mod amiss;
mod apply;
mod applying;
pub(crate) mod arguments;
mod author;
mod confirmation;
mod demo;
mod drill;
mod earlier;
mod execution;
mod export;
mod gc;
mod heartbeat;
mod iam;
mod id;
mod interruption;
mod list;
pub(crate) mod output;
mod owners;
mod plan;
mod progress;
mod ringing;
mod settings;
mod show;
mod status;
mod stored;
mod undo;
mod verification;
mod waves;

use std::process::ExitCode;

use orgsweep_remediator::export::table::shown;
use orgsweep_remediator::selection::SelectionError;
use orgsweep_store::StoreError;
use thiserror::Error;

use arguments::{Arguments, Command};

/// The exit code of a run that failed.
const RUN_FAILED: u8 = 1;
/// The exit code of bad usage.
pub(crate) const BAD_USAGE: u8 = 2;

/// The exit codes, as `--help` prints them.
const EXIT_CODES: &str = "\
Exit codes:
  0    fine, also when there is nothing to repair
  1    something could not be done, or a finding still fails; the message says why and what to do
  2    bad usage: arguments, configuration, a wrong digest or an SQL query
  130  interrupted; `apply --resume` goes on";

/// The exit code of an interrupted run, as shells have it.
const INTERRUPTED: u8 = 130;

/// How a command ended that has said all there is to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Fine,
    /// Something could not be done.
    Incomplete,
    /// Stopped by a signal; can be resumed.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Incomplete => RUN_FAILED,
            Exit::Interrupted => INTERRUPTED,
        })
    }
}

/// Something that the user wrote is wrong.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(String);

/// Bad usage, as an error.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let common = arguments.common;
    match arguments.command {
        Command::Plan(arguments) => Box::pin(plan::run(*arguments, &common)).await?,
        Command::Apply(arguments) => return apply::run(*arguments, &common).await,
        Command::Undo(arguments) => return undo::run(*arguments, &common).await,
        Command::Status(arguments) => status::run(arguments, &common).await?,
        Command::Show(arguments) => show::run(arguments, &common).await?,
        Command::List(arguments) => list::run(arguments, &common).await?,
        Command::Drill(arguments) => return drill::run(*arguments, &common).await,
        Command::Heartbeat(arguments) => return heartbeat::run(*arguments, &common).await,
        Command::Gc(arguments) => gc::run(*arguments, &common).await?,
        Command::Iam(arguments) => iam::run(&arguments, &common)?,
    }
    Ok(Exit::Fine)
}

/// Prints why the program failed; the exit code that says so.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    let lines: Vec<String> = format!("{error:#}").lines().map(shown).collect();
    output::tell(&format!("error: {}", lines.join("\n")));
    ExitCode::from(if is_usage(error) {
        BAD_USAGE
    } else {
        RUN_FAILED
    })
}

fn is_usage(error: &anyhow::Error) -> bool {
    let refused = |error: &StoreError| {
        matches!(
            error,
            StoreError::BadQuery { .. }
                | StoreError::ReadOnlyViolation { .. }
                | StoreError::InvalidUrl { .. }
        )
    };
    error.chain().any(|cause| {
        cause.is::<Usage>()
            || cause.downcast_ref().is_some_and(refused)
            || match cause.downcast_ref::<SelectionError>() {
                Some(SelectionError::Store(error)) => refused(error) || changes_a_view(error),
                Some(_) => true,
                None => false,
            }
    })
}

/// Whether a query would change a view, which the database refuses before it asks whether
/// anything may be changed.
fn changes_a_view(error: &StoreError) -> bool {
    matches!(error, StoreError::Database { code: Some(code), .. } if code == "55000")
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_query_that_would_change_something_is_bad_usage_and_a_lost_database_is_not() {
        let database = |code: &str| StoreError::Database {
            message: "cannot delete from view \"failing\"".to_owned(),
            code: Some(code.to_owned()),
        };
        let read_only = StoreError::ReadOnlyViolation {
            message: "cannot execute DELETE in a read-only transaction".to_owned(),
        };
        for (error, expected) in [
            (database("55000"), true),
            (read_only, true),
            (database("XX000"), false),
        ] {
            let words = error.to_string();
            let selected: Result<(), SelectionError> = Err(error.into());
            let error = selected.context("the findings cannot be selected");
            assert_eq!(is_usage(&error.unwrap_err()), expected, "{words}");
        }
    }
}
