//! `orgsweep pattern test`: does an event match?

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use filter_pattern::{Event, FilterPattern, PatternKind};

use crate::exit::{Exit, usage};
use crate::output::{Format, csv, json, terminal};

/// Test whether a pattern matches an event.
///
/// Ends with 0 whether it matches or not, with 2 when the pattern is invalid.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The filter pattern, for example '{ $.eventName = "StopLogging" }'.
    #[arg(allow_hyphen_values = true)]
    pattern: String,
    /// File with the event; `-` is standard input.
    event_file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    let pattern = super::read(&arguments.pattern, "pattern")?;
    let text = event_text(&arguments.event_file)?;
    let matches = matches(&pattern, &text, &arguments.event_file)?;
    let result = serde_json::json!({ "matches": matches });
    terminal::print(&match format {
        Format::Json | Format::Jsonl => json::line(&result)?,
        Format::Csv => csv::table(&["matches"], std::iter::once(vec![matches.to_string()]))?,
        Format::Table if matches => "the pattern matches the event\n".to_owned(),
        Format::Table => "the pattern does not match the event\n".to_owned(),
    })?;
    Ok(Exit::Fine)
}

fn event_text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| {
        usage(format!(
            "the event file `{}` cannot be read: {error}",
            path.display()
        ))
    })?;
    Ok(text)
}

fn matches(pattern: &FilterPattern, text: &str, path: &Path) -> anyhow::Result<bool> {
    if pattern.kind() == PatternKind::Json {
        let event = Event::parse(text)
            .map_err(|error| usage(error.to_string()))
            .with_context(|| format!("`{}` holds no JSON event", path.display()))?;
        return Ok(pattern.matches(&event));
    }
    // The line end belongs to the file, not to the message.
    let message = text.strip_suffix('\n').unwrap_or(text);
    Ok(pattern
        .test(message.strip_suffix('\r').unwrap_or(message))
        .is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_pattern_is_tested() {
        for (pattern, text, expected) in [
            (
                "{ $.eventName = \"StopLogging\" }",
                "{\n  \"eventName\": \"StopLogging\"\n}\n",
                true,
            ),
            (
                "{ $.eventName = \"StopLogging\" }",
                "{\"eventName\": \"Other\"}",
                false,
            ),
            ("ERROR", "an ERROR occurred\n", true),
            ("[level, message]", "ERROR gone\n", true),
            ("", "anything", true),
        ] {
            let parsed = super::super::read(pattern, "pattern").unwrap();
            assert_eq!(
                matches(&parsed, text, "-".as_ref()).unwrap(),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn an_event_that_is_no_json_is_an_error_not_a_mismatch() {
        let pattern = super::super::read("{ $.a = 1 }", "pattern").unwrap();
        assert!(matches(&pattern, "no json", "-".as_ref()).is_err());
    }
}
