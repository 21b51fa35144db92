//! `orgsweep pattern test`: which events match, and why.

mod messages;

use std::path::PathBuf;

use clap::Args;
use filter_pattern::trace::{Clause, trace};
use filter_pattern::{FilterPattern, PatternKind};
use serde_json::{Value, json};

use crate::exit::{Exit, usage};
use crate::output::number::counted;
use crate::output::{Format, csv, escaped, json as printed, terminal};
use messages::{Message, Unreadable};

/// Unreadable places that are told one by one.
const MOST_TOLD: usize = 20;

/// Test which events a pattern matches, and say why.
///
/// Events are read from files, from directories (every JSON or log file below them, `.gz` as well) and
/// from standard input: JSON lines, JSON documents, CloudTrail's files with `Records`; for patterns that
/// are not JSON, plain lines. Ends with 0 whether something matches or not, with 2 when the pattern is
/// invalid or nothing can be read, with 1 when some of the input cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The filter pattern, for example '{ $.eventName = "StopLogging" }'.
    #[arg(allow_hyphen_values = true)]
    pattern: String,
    /// Files and directories with events; `-` is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    events: Vec<PathBuf>,
    /// Show the events that do not match as well.
    #[arg(long)]
    all: bool,
}

/// What came out so far.
#[derive(Default)]
struct Totals {
    events: u64,
    matched: u64,
    unreadable: Vec<String>,
    unreadable_count: u64,
}

/// The result for one event.
struct Tested {
    file: String,
    line: usize,
    matches: bool,
    why: Vec<Clause>,
    extracted: Vec<(String, String)>,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    let pattern = super::read(&arguments.pattern, "pattern")?;
    let files = messages::files(&arguments.events)
        .map_err(|error| usage(format!("the events cannot be read: {error}")))?;
    if files.is_empty() {
        return Err(usage(
            "no file with events is there: name files, or directories that hold .json, .jsonl, .log or .txt files (also .gz)",
        ));
    }
    let mut totals = Totals::default();
    let mut kept = Vec::new();
    let mut last = None;
    let is_json = pattern.kind() == PatternKind::Json;
    for file in &files {
        let events = totals.events;
        let (mut seen, mut matched) = (0, 0);
        let mut unreadable = Vec::new();
        messages::read(
            file,
            is_json,
            &mut |message| {
                seen += 1;
                let tested = tested(&pattern, &message);
                matched += u64::from(tested.matches);
                let shown = tested.matches || arguments.all;
                match format {
                    Format::Jsonl if shown => terminal::print(&printed::line(&row(&tested))?)?,
                    Format::Table if shown => terminal::print(&told(&tested))?,
                    Format::Json | Format::Csv if shown => kept.push(row(&tested)),
                    _ => {}
                }
                last = Some(tested);
                Ok(())
            },
            &mut |place| unreadable.push(place),
        )?;
        totals.events = events + seen;
        totals.matched += matched;
        for place in unreadable {
            totals.note(&place);
        }
    }
    if totals.events == 0 && totals.unreadable_count > 0 {
        return Err(usage(totals.unreadable.join("\n")));
    }
    finish(format, &totals, &kept, last.as_ref(), arguments.all)?;
    for place in &totals.unreadable {
        terminal::tell(&escaped(place));
    }
    if totals.unreadable_count > 0 {
        anyhow::bail!(
            "{} of the input could not be read; the counts are of the rest",
            counted(totals.unreadable_count, "part")
        );
    }
    Ok(Exit::Fine)
}

impl Totals {
    fn note(&mut self, place: &Unreadable) {
        self.unreadable_count += 1;
        if self.unreadable.len() < MOST_TOLD {
            let line = place
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            self.unreadable.push(format!(
                "{}{line}: cannot be read: {}",
                place.file, place.why
            ));
        }
    }
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

fn row(tested: &Tested) -> Value {
    let why: Vec<Value> = tested
        .why
        .iter()
        .map(
            |clause| json!({ "clause": clause.text, "field": clause.field, "found": clause.found }),
        )
        .collect();
    let extracted: serde_json::Map<String, Value> = tested
        .extracted
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    json!({
        "file": tested.file,
        "line": tested.line,
        "matches": tested.matches,
        "why": why,
        "extracted": extracted,
    })
}

/// One event, for a person: where it stands and the clauses that decided.
fn told(tested: &Tested) -> String {
    let verdict = if tested.matches {
        "matches"
    } else {
        "does not match"
    };
    let mut text = format!("{}:{} {verdict}\n", escaped(&tested.file), tested.line);
    text.push_str(&reasons(&tested.why));
    text
}

fn reasons(why: &[Clause]) -> String {
    let mut text = String::new();
    for clause in why {
        text.push_str("  ");
        text.push_str(&escaped(&clause.text));
        match (&clause.field, &clause.found[..]) {
            (None, _) => {}
            (Some(_), []) => text.push_str("  (not there)"),
            (Some(_), found) => {
                text.push_str("  (found ");
                text.push_str(&escaped(&found.join(", ")));
                text.push(')');
            }
        }
        text.push('\n');
    }
    text
}

fn finish(
    format: Format,
    totals: &Totals,
    kept: &[Value],
    last: Option<&Tested>,
    all: bool,
) -> anyhow::Result<()> {
    let text = match format {
        Format::Jsonl => return Ok(()),
        Format::Json => printed::line(&json!({
            "matches": totals.matched > 0,
            "events": totals.events,
            "matched": totals.matched,
            "unreadable": totals.unreadable_count,
            "results": kept,
        }))?,
        Format::Csv => csv::table(
            &["file", "line", "matches", "why"],
            kept.iter().map(|row| {
                let clauses = row["why"].as_array().into_iter().flatten();
                let why: Vec<&str> = clauses
                    .filter_map(|clause| clause["clause"].as_str())
                    .collect();
                vec![
                    row["file"].as_str().unwrap_or_default().to_owned(),
                    row["line"].to_string(),
                    row["matches"].to_string(),
                    why.join("; "),
                ]
            }),
        )?,
        // Of a single event it is worth saying why it does not match.
        Format::Table => match last {
            Some(only) if totals.events == 1 && !only.matches && !all => {
                format!(
                    "the pattern does not match the event\n{}",
                    reasons(&only.why)
                )
            }
            _ => format!(
                "{} of {} matched\n",
                totals.matched,
                counted(totals.events, "event")
            ),
        },
    };
    terminal::print(&text)?;
    Ok(())
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
            told(&tested),
            "events.json:1 does not match\n  $.awsRegion = \"eu-west-1\"  (found \"us-east-1\")\n"
        );
    }
}
