//! The subcommands, one file each: arguments at the top, `run` below, printing
//! at the bottom.

pub(crate) mod accounts;
pub(crate) mod check_access;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod controls;
pub(crate) mod db;
pub(crate) mod demo;
mod demo_inject;
pub(crate) mod diff;
pub(crate) mod exception;
pub(crate) mod explain;
pub(crate) mod findings;
pub(crate) mod framework;
pub(crate) mod iam;
pub(crate) mod migrate;
pub(crate) mod names;
pub(crate) mod notifications;
pub(crate) mod pattern;
pub(crate) mod prune;
pub(crate) mod query;
pub(crate) mod reevaluate;
pub(crate) mod remediate;
pub(crate) mod serve;
pub(crate) mod snapshot;
pub(crate) mod sweep;
pub(crate) mod worker;

use crate::cli::Command;
use crate::context::Context;
use crate::exit::Exit;

/// Runs a subcommand.
pub(crate) async fn run(command: Command, context: &Context) -> anyhow::Result<Exit> {
    match command {
        Command::Sweep(arguments) => Box::pin(sweep::run(arguments, context)).await,
        Command::Serve(arguments) => Box::pin(serve::run(&arguments, context)).await,
        Command::Worker(arguments) => Box::pin(worker::run(&arguments, context)).await,
        Command::Demo(arguments) => demo::run(arguments, context).await,
        Command::Accounts(arguments) => accounts::run(&arguments, context).await,
        Command::Findings(arguments) => findings::run(arguments, context).await,
        Command::Exception(arguments) => exception::run(&arguments, context).await,
        Command::Explain(arguments) => explain::run(&arguments, context).await,
        Command::Notifications(arguments) => {
            Box::pin(notifications::run(&arguments, context)).await
        }
        Command::Query(arguments) => query::run(&arguments, context).await,
        Command::Diff(arguments) => diff::run(&arguments, context).await,
        Command::Reevaluate(arguments) => reevaluate::run(&arguments, context).await,
        Command::Snapshot(arguments) => snapshot::run(&arguments, context).await,
        Command::Controls(arguments) => controls::run(&arguments, context),
        Command::Pattern(arguments) => pattern::run(arguments, context),
        Command::CheckAccess(arguments) => check_access::run(arguments, context).await,
        Command::Config(arguments) => config::run(arguments, context),
        Command::Migrate(arguments) => migrate::run(&arguments, context).await,
        Command::Db(arguments) => db::run(&arguments, context).await,
        Command::Prune(arguments) => prune::run(&arguments, context).await,
        Command::Remediate(arguments) => remediate::run(arguments, &context.common),
        Command::Iam(arguments) => iam::run(arguments, &context.common),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
