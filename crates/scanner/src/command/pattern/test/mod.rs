//! `orgsweep pattern test`: which events match, and why. How that is printed is
//! `printed`'s.

mod printed;

use std::path::PathBuf;

use clap::Args;
use filter_pattern::trace::{Clause, trace};
use filter_pattern::{FilterPattern, PatternKind};
use serde_json::Value;

use super::live::{Comparison, Found, LiveArguments};
use super::messages::{self, Message, Unread};
use crate::context::Context;
use crate::exit::{self, Exit};
use crate::output::{Format, json, terminal};

/// Test which events a pattern matches, and say why.
///
/// Events are read from files, from directories (every JSON or log file below them, `.gz` as well) and
/// from standard input: JSON lines, JSON documents, CloudTrail's files with `Records`; for patterns that
/// are not JSON, plain lines. A line of text is an event that no JSON pattern matches; in a file that is
/// called .json, .jsonl or .ndjson it cannot be read. Ends with 0 whether something matches or not, with 2 when the pattern is
/// invalid or nothing can be read, with 1 when some of the input cannot be read or AWS disagrees (--live).
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct Arguments {
    /// The filter pattern, for example '{ $.eventName = "StopLogging" }'.
    #[arg(allow_hyphen_values = true)]
    pattern: String,
    /// Files and directories with events; `-` is standard input.
    #[arg(value_name = "FILE|DIR", default_value = "-")]
    events: Vec<PathBuf>,
    /// Show the events that do not match as well.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    live: LiveArguments,
}

/// Events that wait to be sent to AWS, so that it is asked about many at once.
struct Live<'a> {
    comparison: Comparison,
    text: &'a str,
    pattern: Option<&'a FilterPattern>,
    waiting: Vec<String>,
}

impl Live<'_> {
    fn add(&mut self, event: &str) -> anyhow::Result<()> {
        self.waiting.push(event.to_owned());
        if self.waiting.len() == Comparison::AT_ONCE {
            self.send()?;
        }
        Ok(())
    }

    fn send(&mut self) -> anyhow::Result<()> {
        self.comparison
            .compare(self.text, self.pattern, &self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Found> {
        self.send()?;
        Ok(self.comparison.finish())
    }
}

/// What came out of all events.
#[derive(Default)]
struct Totals {
    events: u64,
    matched: u64,
    /// For a JSON pattern, those that are no JSON objects.
    no_objects: u64,
    unreadable: u64,
}

/// The result for one event.
struct Tested {
    file: String,
    line: usize,
    matches: bool,
    why: Vec<Clause>,
    extracted: Vec<(String, String)>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let format = context.format();
    let pattern = match super::read(&arguments.pattern, "pattern") {
        Ok(pattern) => pattern,
        Err(error) => return Err(refused(arguments, context, error)?),
    };
    let comparison = arguments.live.comparison(context)?;
    let mut live = comparison.map(|comparison| Live {
        comparison,
        text: &arguments.pattern,
        pattern: Some(&pattern),
        waiting: Vec::new(),
    });
    let mut totals = Totals::default();
    let mut unread = Unread::default();
    let mut kept: Vec<Value> = Vec::new();
    // Of a single event it is worth saying why it does not match.
    let mut only: Option<Tested> = None;
    let is_json = pattern.kind() == PatternKind::Json;
    let read = messages::read_all(&arguments.events, is_json, &mut unread, &mut |message| {
        let matches = pattern.matches_message(message.text);
        totals.events += 1;
        totals.matched += u64::from(matches);
        totals.no_objects += u64::from(is_json && message.is_no_object());
        let is_shown = matches || arguments.all;
        // Finding out why takes longer than finding out whether.
        if is_shown || totals.events == 1 {
            let tested = tested(&pattern, &message);
            match format {
                Format::Jsonl if is_shown => terminal::print(&json::line(&printed::row(&tested))?)?,
                Format::Table if is_shown => terminal::print(&printed::told(&tested))?,
                Format::Json | Format::Csv if is_shown => kept.push(printed::row(&tested)),
                _ => {}
            }
            only = Some(tested);
        }
        live.as_mut().map_or(Ok(()), |live| live.add(message.text))
    });
    read?;
    totals.unreadable = unread.count;
    let explained = only.filter(|only| totals.events == 1 && !only.matches && !arguments.all);
    let live = live.map(Live::finish).transpose()?;
    terminal::print(&printed::summary(
        format,
        &totals,
        &kept,
        explained.as_ref(),
        live.as_ref(),
    )?)?;
    unread.tell();
    if let Some(found) = &live {
        found.verdict()?;
    }
    unread.verdict()?;
    Ok(Exit::Fine)
}

/// The error that ends the command when the engine refuses the pattern: its own, unless AWS is to be
/// asked and takes the pattern.
fn refused(
    arguments: &Arguments,
    context: &Context,
    error: anyhow::Error,
) -> anyhow::Result<anyhow::Error> {
    let Some(mut comparison) = arguments.live.comparison(context)? else {
        return Ok(error);
    };
    comparison.compare(&arguments.pattern, None, &["{}".to_owned()])?;
    let found = comparison.finish();
    let Err(disagreement) = found.verdict() else {
        terminal::tell("AWS refuses this pattern as well:");
        return Ok(error);
    };
    terminal::print(&match context.format() {
        Format::Json | Format::Jsonl => found.line()?,
        Format::Table | Format::Csv => found.told(),
    })?;
    Ok(disagreement.context(format!("{error}")))
}

fn tested(pattern: &FilterPattern, message: &Message<'_>) -> Tested {
    let trace = trace(pattern, message.text);
    Tested {
        file: message.file.to_owned(),
        line: message.line,
        matches: trace.matches,
        why: trace.clauses,
        extracted: trace.extracted.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tested_text(pattern: &str, text: &str) -> Tested {
        let parsed = super::super::read(pattern, "pattern").unwrap();
        let message = Message {
            file: "events.json",
            line: 1,
            text,
        };
        tested(&parsed, &message)
    }

    #[test]
    fn every_kind_of_pattern_is_tested() {
        #[rustfmt::skip]
        let rows = [
            ("{ $.eventName = \"StopLogging\" }", "{\n  \"eventName\": \"StopLogging\"\n}", true),
            ("{ $.eventName = \"StopLogging\" }", "{\"eventName\": \"Other\"}",             false),
            ("ERROR",                             "an ERROR occurred",                      true),
            ("[level, message]",                  "ERROR gone",                             true),
            ("",                                  "anything",                               true),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(tested_text(pattern, text).matches, expected, "{pattern}");
        }
    }

    #[test]
    fn the_clause_that_decided_is_told_with_what_it_met() {
        let pattern = "{ $.eventName = Put* && $.awsRegion = eu-west-1 && $.errorCode NOT EXISTS }";
        let tested = tested_text(
            pattern,
            r#"{"eventName": "PutObject", "awsRegion": "us-east-1"}"#,
        );
        assert_eq!(
            printed::told(&tested),
            "events.json:1 does not match\n  $.awsRegion = \"eu-west-1\"  (found \"us-east-1\")\n"
        );
    }
}
