//! `orgsweep pattern explain`: what a pattern says in plain English.

use clap::Args;
use filter_pattern::explain::{Explanation, explain};
use serde_json::json;

use super::common::{SchemaName, paragraph};
use crate::exit::Exit;
use crate::output::style::{DOUBTFUL, styled};
use crate::output::{Format, csv, json as output, terminal};

/// Say in plain English what a pattern matches, and what about it may surprise.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The filter pattern.
    #[arg(allow_hyphen_values = true)]
    pattern: String,
    /// Which events can exist: those that CloudTrail writes, or any JSON object.
    #[arg(long, value_enum, default_value_t)]
    schema: SchemaName,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    super::read(&arguments.pattern, "pattern")?;
    let explanation = explain(&arguments.pattern, &arguments.schema.schema())?;
    terminal::print(&printed(&explanation, format)?)?;
    Ok(Exit::Fine)
}

fn printed(explanation: &Explanation, format: Format) -> anyhow::Result<String> {
    let remarks = || explanation.remarks.iter();
    Ok(match format {
        Format::Json | Format::Jsonl => {
            let value = json!({
                "summary": explanation.summary,
                "alternatives": explanation.alternatives,
                "remarks": remarks().map(|remark| json!({
                    "kind": remark.kind.name(),
                    "text": remark.text,
                    "start": remark.span.as_ref().map(|span| span.start),
                    "end": remark.span.as_ref().map(|span| span.end),
                })).collect::<Vec<_>>(),
            });
            if format == Format::Json {
                output::pretty(&value)?
            } else {
                output::line(&value)?
            }
        }
        Format::Csv => csv::table(
            &["kind", "text"],
            std::iter::once(("summary", explanation.summary.clone()))
                .chain(
                    explanation
                        .alternatives
                        .iter()
                        .map(|it| ("alternative", it.clone())),
                )
                .chain(remarks().map(|remark| (remark.kind.name(), remark.text.clone())))
                .map(|(kind, text)| vec![kind.to_owned(), text]),
        )?,
        Format::Table => {
            let mut text = paragraph("", &explanation.summary);
            for alternative in &explanation.alternatives {
                text.push_str(&paragraph("  - ", alternative));
            }
            for remark in remarks() {
                text.push('\n');
                text.push_str(&styled(DOUBTFUL, remark.kind.name()));
                text.push('\n');
                text.push_str(&paragraph("  ", &remark.text));
            }
            text
        }
    })
}
