//! The results of a test as they are printed.

use filter_pattern::trace::Clause;
use serde_json::{Value, json};

use super::{Tested, Totals};
use crate::command::pattern::live::Found;
use crate::output::number::counted;
use crate::output::{Format, csv, escaped, json as output, terminal};

/// One event, for programs.
pub(super) fn row(tested: &Tested) -> Value {
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
pub(super) fn told(tested: &Tested) -> String {
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

/// What is printed after the events: all of it in formats that are one document.
pub(super) fn summary(
    format: Format,
    totals: &Totals,
    kept: &[Value],
    explained: Option<&Tested>,
    live: Option<&Found>,
) -> anyhow::Result<String> {
    Ok(match format {
        Format::Jsonl => live.map(Found::line).transpose()?.unwrap_or_default(),
        Format::Json => {
            let mut whole = json!({
                "matches": totals.matched > 0,
                "events": totals.events,
                "matched": totals.matched,
                "unreadable": totals.unreadable,
                "results": kept,
            });
            if let Some(found) = live {
                whole["live"] = serde_json::to_value(found)?;
            }
            output::line(&whole)?
        }
        Format::Csv => {
            if let Some(found) = live {
                // A table of events has no place for it.
                terminal::tell(found.told().trim_end());
            }
            rows(kept)?
        }
        Format::Table => {
            let mut text = match explained {
                Some(only) => format!(
                    "the pattern does not match the event\n{}",
                    reasons(&only.why)
                ),
                None => format!(
                    "{} of {} matched\n",
                    totals.matched,
                    counted(totals.events, "event")
                ),
            };
            text.push_str(&live.map(Found::told).unwrap_or_default());
            text
        }
    })
}

fn rows(kept: &[Value]) -> anyhow::Result<String> {
    let rows = kept.iter().map(|row| {
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
    });
    csv::table(&["file", "line", "matches", "why"], rows)
}
