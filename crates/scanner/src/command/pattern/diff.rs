//! `orgsweep pattern diff`: the events that only one of two patterns matches.

use clap::Args;
use filter_pattern::compare::{Difference, Relation, Side, difference};
use filter_pattern::explain::events_of;
use serde_json::{Value, json};

use super::common::{SchemaName, paragraph, texts};
use crate::exit::{self, Exit};
use crate::output::{Format, csv, json as output, terminal};

/// Show the events that only one of two patterns matches, both ways.
///
/// Ends with 3 when they are not proved to be equivalent and --fail-on-findings is given.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct Arguments {
    /// The first pattern.
    #[arg(allow_hyphen_values = true)]
    a: String,
    /// The second pattern.
    #[arg(allow_hyphen_values = true)]
    b: String,
    /// Which events can exist: those that CloudTrail writes, or any JSON object.
    #[arg(long, value_enum, default_value_t)]
    schema: SchemaName,
    /// End with 3 unless the patterns are proved to be equivalent.
    #[arg(long)]
    fail_on_findings: bool,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    let (a, b) = (
        super::read(&arguments.a, "A")?,
        super::read(&arguments.b, "B")?,
    );
    let difference = difference(&a, &b, &arguments.schema.schema());
    terminal::print(&printed(&difference, format)?)?;
    let equivalent = difference.relation() == Relation::Equivalent;
    Ok(if arguments.fail_on_findings && !equivalent {
        Exit::FindingsFail
    } else {
        Exit::Fine
    })
}

fn printed(difference: &Difference, format: Format) -> anyhow::Result<String> {
    let relation = difference.relation();
    let sides = [
        ("a", "A", &difference.only_left),
        ("b", "B", &difference.only_right),
    ];
    Ok(match format {
        Format::Json | Format::Jsonl => {
            let value = json!({
                "relation": relation.name(),
                "only_a": side_value(&difference.only_left),
                "only_b": side_value(&difference.only_right),
            });
            if format == Format::Json {
                output::pretty(&value)?
            } else {
                output::line(&value)?
            }
        }
        Format::Csv => {
            let rows = sides.iter().map(|(name, _, side)| {
                let (part, witness) = match side {
                    Side::Events { part, witness, .. } => (part.to_string(), witness.to_json()),
                    _ => (String::new(), String::new()),
                };
                vec![(*name).to_owned(), verdict(side).to_owned(), part, witness]
            });
            csv::table(&["only", "events", "part", "witness"], rows)?
        }
        Format::Table => {
            let sentence = match relation {
                Relation::Equivalent => "equivalent: A and B match the same events",
                Relation::LeftIsNarrower => "B matches all events of A, and more",
                Relation::RightIsNarrower => "A matches all events of B, and more",
                Relation::Disjoint => "no event matches both A and B",
                Relation::Different => "each of A and B matches events that the other does not",
                Relation::Unknown => "not decided in both directions",
            };
            let mut text = paragraph("", sentence);
            for (_, name, side) in sides {
                match side {
                    Side::Nothing(proof) => {
                        for assumption in texts(proof.assumptions()) {
                            text.push_str(&paragraph("Assumption: ", &assumption));
                        }
                    }
                    Side::Unknown(why) => {
                        let why = format!(
                            "whether {name} matches more: {why}; {}",
                            why.simplify_hint()
                        );
                        text.push_str(&paragraph("Unknown: ", &why));
                    }
                    Side::Events {
                        witness,
                        part,
                        whole_part,
                    } => {
                        let some = if *whole_part { "" } else { "some of the " };
                        let words = format!("{some}{}, for example:", events_of(part));
                        text.push('\n');
                        text.push_str(&paragraph(&format!("Matched only by {name}: "), &words));
                        text.push_str(&output::indented(&witness.to_json()));
                    }
                }
            }
            text
        }
    })
}

fn verdict(side: &Side) -> &'static str {
    match side {
        Side::Nothing(_) => "none",
        Side::Events { .. } => "some",
        Side::Unknown(_) => "unknown",
    }
}

fn side_value(side: &Side) -> Value {
    match side {
        Side::Nothing(proof) => json!({
            "events": "none", "assumptions": texts(proof.assumptions()),
        }),
        Side::Events {
            witness,
            part,
            whole_part,
        } => json!({
            "events": "some",
            "part": part.to_string(),
            "whole_part": whole_part,
            "in_words": events_of(part),
            "witness": witness.event(),
            "assumptions": texts(witness.assumptions()),
        }),
        Side::Unknown(why) => json!({ "events": "unknown", "reason": why.to_string() }),
    }
}
