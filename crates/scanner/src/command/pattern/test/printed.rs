//! The results of a test as they are printed.

use filter_pattern::trace::Clause;
use serde_json::{Value, json};

use super::{Tested, Totals};
use crate::command::pattern::live::Found;
use crate::command::pattern::messages::no_objects_in_words;
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
    let no_objects = no_objects_in_words(totals.no_objects)
        .map(|words| format!("{} tested, {words}", counted(totals.events, "event")));
    if let (Format::Jsonl | Format::Csv, Some(words)) = (format, &no_objects) {
        // Rows of events have no place for it.
        terminal::tell(words);
    }
    Ok(match format {
        Format::Jsonl => live.map(Found::line).transpose()?.unwrap_or_default(),
        Format::Json => {
            let mut whole = json!({
                "matches": totals.matched > 0,
                "events": totals.events,
                "matched": totals.matched,
                "no_json_objects": totals.no_objects,
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
            if let Some(words) = no_objects {
                text.push_str(&words);
                text.push('\n');
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_objects_are_counted() {
        let told = |format, no_objects| {
            let totals = Totals {
                events: 3,
                no_objects,
                ..Totals::default()
            };
            summary(format, &totals, &[], None, None).unwrap()
        };
        assert_eq!(told(Format::Table, 0), "0 of 3 events matched\n");
        assert_eq!(
            told(Format::Table, 2),
            "0 of 3 events matched\n\
             3 events tested, 2 of them are no JSON objects; no JSON pattern matches those\n"
        );
        let json: Value = serde_json::from_str(&told(Format::Json, 2)).unwrap();
        assert_eq!(json["no_json_objects"], 2);
    }
}
