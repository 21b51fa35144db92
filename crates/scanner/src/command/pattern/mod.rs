//! `orgsweep pattern`: the filter-pattern language, without a database, and
//! without AWS unless `--live` asks for it.

mod common;
mod cover;
mod diff;
mod explain;
mod filters;
mod live;
mod messages;
mod minimize;
mod parse;
mod suggest;
mod test;

use clap::{Args, Subcommand};
use filter_pattern::FilterPattern;

use crate::context::Context;
use crate::exit::Exit;
use crate::output::picture::Picture;

/// Parse filter patterns, test events against them, prove what they cover.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Parse(parse::Arguments),
    Test(test::Arguments),
    Cover(cover::Arguments),
    Diff(diff::Arguments),
    Explain(explain::Arguments),
    Minimize(minimize::Arguments),
    Suggest(suggest::Arguments),
}

pub(crate) fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let format = context.format();
    match arguments.command {
        Command::Parse(arguments) => parse::run(&arguments, format),
        Command::Test(arguments) => test::run(&arguments, context),
        Command::Cover(arguments) => cover::run(&arguments, context),
        Command::Diff(arguments) => diff::run(&arguments, format),
        Command::Explain(arguments) => explain::run(&arguments, format),
        Command::Minimize(arguments) => minimize::run(&arguments, format),
        Command::Suggest(arguments) => suggest::run(&arguments, context),
    }
}

/// Reads a pattern; shows where it is wrong. `origin` says which pattern it is.
fn read(text: &str, origin: &str) -> anyhow::Result<FilterPattern> {
    FilterPattern::parse(text).map_err(|error| {
        let expected = error
            .expected()
            .map(|expected| format!("expected {expected}"));
        Picture {
            title: &format!("invalid pattern: {}", error.message()),
            origin,
            source: text,
            span: error.span(),
            label: expected.as_deref().unwrap_or("here"),
            help: None,
        }
        .into_error()
    })
}
