//! `orgsweep pattern cover`: does every event that a required pattern matches
//! get matched by one of the filters?

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use filter_pattern::{Covers, FilterPattern, Schema, covers};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exit::Exit;
use crate::output::style::{self, styled};
use crate::output::{Format, csv, escaped, json, terminal};

/// Prove whether filters together cover a required pattern, or show an event that slips through.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The pattern whose events must be noticed.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    required: String,
    /// A pattern that is there; can be repeated.
    #[arg(
        long = "filter",
        value_name = "PATTERN",
        required = true,
        allow_hyphen_values = true
    )]
    filters: Vec<String>,
    /// Which events can exist: those that CloudTrail writes, or any JSON object.
    #[arg(long, value_enum, default_value_t)]
    schema: SchemaName,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum SchemaName {
    Any,
    #[default]
    Cloudtrail,
}

/// The answer as it is printed.
#[derive(Serialize)]
struct Answer {
    /// `yes`, `no` or `unknown`.
    covers: &'static str,
    /// An event that slips through.
    witness: Option<Box<RawValue>>,
    /// Why, in words.
    reason: String,
    /// What the answer rests on where AWS documents nothing.
    assumptions: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    let required = super::read(&arguments.required, "--required")?;
    let filters = arguments
        .filters
        .iter()
        .enumerate()
        .map(|(index, text)| super::read(text, &format!("--filter {}", index + 1)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let schema = match arguments.schema {
        SchemaName::Any => Schema::any(),
        SchemaName::Cloudtrail => Schema::cloudtrail(),
    };
    let answer = answer(&required, &filters, &schema)?;
    terminal::print(&printed(&answer, format)?)?;
    Ok(Exit::Fine)
}

fn answer(
    required: &FilterPattern,
    filters: &[FilterPattern],
    schema: &Schema,
) -> anyhow::Result<Answer> {
    let filters: Vec<&FilterPattern> = filters.iter().collect();
    let texts = |assumptions: &[filter_pattern::Assumption]| {
        assumptions.iter().map(ToString::to_string).collect()
    };
    Ok(match covers(required, &filters, schema) {
        Covers::Yes(proof) => Answer {
            covers: "yes",
            witness: None,
            reason: "every event that the required pattern matches is matched by a filter"
                .to_owned(),
            assumptions: texts(proof.assumptions()),
        },
        Covers::No(witness) => Answer {
            covers: "no",
            witness: Some(RawValue::from_string(witness.to_json())?),
            reason: "the witness is matched by the required pattern and by no filter".to_owned(),
            assumptions: texts(witness.assumptions()),
        },
        Covers::Unknown(why) => Answer {
            covers: "unknown",
            witness: None,
            reason: why.to_string(),
            assumptions: Vec::new(),
        },
    })
}

fn printed(answer: &Answer, format: Format) -> anyhow::Result<String> {
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
            csv::table(&["covers", "witness", "reason"], std::iter::once(row))?
        }
        Format::Table => {
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
            for assumption in &answer.assumptions {
                // Writing to a `String` cannot fail.
                let _ = writeln!(text, "\nAssumption: {}", escaped(assumption));
            }
            text
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(required: &str, filters: &[&str]) -> serde_json::Value {
        let parsed = |text: &str| FilterPattern::parse(text).unwrap();
        let filters: Vec<_> = filters.iter().map(|text| parsed(text)).collect();
        let answer = answer(&parsed(required), &filters, &Schema::cloudtrail()).unwrap();
        serde_json::from_str(&printed(&answer, Format::Json).unwrap()).unwrap()
    }

    const REQUIRED: &str = "{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) }";

    #[test]
    fn a_union_that_covers_says_yes() {
        let answer = json_of(
            REQUIRED,
            &[
                "{ $.eventName = DeleteTrail }",
                "{ $.eventName = \"Stop*\" }",
            ],
        );
        assert_eq!(answer["covers"], "yes");
        assert_eq!(answer["witness"], serde_json::Value::Null);
    }

    #[test]
    fn a_hole_is_shown_by_its_witness() {
        let answer = json_of(REQUIRED, &["{ $.eventName = DeleteTrail }"]);
        assert_eq!(answer["covers"], "no");
        assert_eq!(answer["witness"]["eventName"], "StopLogging");
    }
}
