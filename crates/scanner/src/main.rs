//! `orgsweep`: would a human be told? The command line of the scanner. It reads
//! AWS and writes its own database; nothing in it changes AWS.

mod catalog_rows;
mod cli;
mod command;
mod config;
mod context;
mod decisions;
mod exit;
mod logging;
mod notifications;
mod output;
mod program;
mod serve;
mod sharing;
mod stored;
mod sweep;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::{BAD_USAGE, Exit, Pictured, RUN_FAILED, Usage};
use crate::output::{escaped, style, terminal};
use crate::telemetry::Export;

/// A sweep allocates and frees small texts on every thread; the C library's allocator took a third of
/// its processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // First of all: with two providers compiled in, rustls could not choose one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                BAD_USAGE.into()
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let context = Context { common: cli.common };
    // What is wrong with the settings is said by the command that needs them.
    let settings = context.settings().ok();
    let json_log = settings.as_ref().is_some_and(|settings| settings.log_json);
    let verbosity = context.common.verbose.max(cli.command.least_verbosity());
    let traced = settings.filter(|_| cli.command.is_traced());
    let export = match traced.as_ref().map(Export::new).transpose() {
        Ok(export) => export.flatten(),
        Err(error) => return failed(&error),
    };
    logging::start(verbosity, json_log, export.as_ref());
    orgsweep_aws_access::allow_many_connections();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return failed(
                &anyhow::Error::new(error).context("the program could not start its threads"),
            );
        }
    };
    let result = runtime.block_on(command::run(cli.command, &context));
    // What still runs (aborted reads) must not hold up the end.
    runtime.shutdown_background();
    if let Some(export) = export {
        export.end();
    }
    match result {
        Ok(exit) => exit.into(),
        Err(error) if terminal::is_broken_pipe(&error) => Exit::Fine.into(),
        Err(error) => failed(&error),
    }
}

/// Prints why the program failed; the exit code that says so.
fn failed(error: &anyhow::Error) -> ExitCode {
    if let Some(Pictured(picture)) = error.downcast_ref() {
        terminal::tell(picture);
        return BAD_USAGE.into();
    }
    // Errors are made of our words and of escaped foreign ones; line ends are ours.
    let text: Vec<String> = format!("{error:#}")
        .lines()
        .map(|line| escaped(line).into_owned())
        .collect();
    terminal::tell(&format!(
        "{} {}",
        style::styled(style::BAD, "error:"),
        text.join("\n")
    ));
    if error.is::<Usage>() {
        BAD_USAGE.into()
    } else {
        RUN_FAILED.into()
    }
}
