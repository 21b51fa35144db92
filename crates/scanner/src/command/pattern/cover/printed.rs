//! An answer about coverage as it is printed.

use std::fmt::Write as _;

use super::Answer;
use crate::command::pattern::common::paragraph;
use crate::output::style::{self, styled};
use crate::output::{Format, csv, escaped, json, terminal};

/// Narrowing clauses that a person is shown.
const MOST_NARROWED: usize = 5;

pub(super) fn answer(answer: &Answer, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => json::pretty(answer)?,
        Format::Jsonl => json::line(answer)?,
        Format::Csv => {
            let witness = answer
                .witness
                .as_ref()
                .map(|witness| witness.get().to_owned())
                .unwrap_or_default();
            let row = vec![answer.covers.to_owned(), witness, answer.reason.clone()];
            if let Some(live) = &answer.live {
                // A row of the answer has no place for it.
                terminal::tell(live.told().trim_end());
            }
            csv::table(&["covers", "witness", "reason"], std::iter::once(row))?
        }
        Format::Table => table(answer),
    })
}

fn table(answer: &Answer) -> String {
    let colour = match answer.covers {
        "yes" => style::GOOD,
        "no" => style::BAD,
        _ => style::DOUBTFUL,
    };
    let mut text = format!(
        "{}: {}\n",
        styled(colour, answer.covers),
        escaped(&answer.reason)
    );
    if let Some(witness) = &answer.witness {
        text.push_str("\nThis event would go unnoticed:\n");
        text.push_str(&json::indented(witness.get()));
    }
    if let Some(witness) = &answer.possible_witness {
        text.push_str("\nThis event would go unnoticed if AWS reads the patterns so:\n");
        text.push_str(&json::indented(witness.get()));
    }
    if !answer.missing_events.is_empty() {
        text.push('\n');
        text.push_str(&paragraph(
            "Missing events: ",
            &answer.missing_events.join(", "),
        ));
    }
    for narrowed in answer.narrowed_by.iter().take(MOST_NARROWED) {
        let mut words = format!(
            "{} would match it but for {}",
            narrowed.filter, narrowed.clause
        );
        if let Some(found) = &narrowed.found {
            // Writing to a `String` cannot fail.
            let _ = write!(words, " (the event has {found})");
        }
        if narrowed.decides {
            words.push_str("; without that it would cover all that is required");
        }
        text.push_str(&paragraph("Narrowed: ", &words));
    }
    if let more @ 1.. = answer.narrowed_by.len().saturating_sub(MOST_NARROWED) {
        text.push_str(&paragraph("Narrowed: ", &format!("and {more} more")));
    }
    for noise in &answer.noise {
        let words = format!("{} also matches {}", noise.filter, noise.in_words);
        text.push_str(&paragraph("Noise: ", &words));
    }
    if let Some(sample) = &answer.sample {
        text.push('\n');
        text.push_str(&sample.told());
    }
    for assumption in &answer.assumptions {
        text.push('\n');
        text.push_str(&paragraph("Assumption: ", assumption));
    }
    if let Some(live) = &answer.live {
        text.push('\n');
        text.push_str(&live.told());
    }
    text
}
