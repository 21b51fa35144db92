//! `orgsweep pattern suggest`: the smallest filter that is still missing.

use anyhow::bail;
use clap::Args;
use filter_pattern::FilterPattern;
use filter_pattern::explain::events_of;
use filter_pattern::minimize::offered_text;
use filter_pattern::suggest::{Suggestion, suggest};
use serde_json::json;

use super::common::{
    SchemaName, Wanted, exceptions, paragraph, patterns_of, texts, wanted_patterns,
};
use super::filters::Filters;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Format, csv, json as output, terminal};

/// Find the smallest part of a control's pattern that, beside the filters that are there, covers it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    wanted: Wanted,
    /// The framework whose pattern is required [default: the configured one].
    #[arg(long, value_name = "FRAMEWORK", requires = "control")]
    framework: Option<String>,
    #[command(flatten)]
    filters: Filters,
    /// Events that need not be noticed, as a pattern; can be repeated.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    except: Vec<String>,
    /// Which events can exist: those that CloudTrail writes, or any JSON object.
    #[arg(long, value_enum, default_value_t)]
    schema: SchemaName,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let wanted = wanted_patterns(&arguments.wanted, arguments.framework.as_deref(), context)?;
    let filters = arguments.filters.read()?;
    let except = exceptions(&arguments.except)?;
    // What is narrowed beside its pattern is not relied on.
    let filters: Vec<&FilterPattern> = filters
        .iter()
        .filter(|filter| filter.narrowed.is_none())
        .map(|filter| &filter.pattern)
        .collect();
    let schema = arguments.schema.schema_for(&arguments.wanted);
    let (wanted, except) = (patterns_of(&wanted), patterns_of(&except));
    let suggestion = suggest(&wanted, &filters, &except, &schema);
    terminal::print(&printed(&suggestion, context.format())?)?;
    Ok(Exit::Fine)
}

fn printed(suggestion: &Suggestion, format: Format) -> anyhow::Result<String> {
    let (filters, assumptions, witness, undecided): (&[FilterPattern], _, _, _) = match suggestion {
        Suggestion::Nothing { assumptions } => (&[], assumptions, None, None),
        Suggestion::Unproved => bail!(
            "no addition is proved to cover what is required; simplify the pattern or the filters, \
             or put the required pattern as a filter of its own"
        ),
        Suggestion::Add(addition) => (
            &addition.filters,
            &addition.assumptions,
            addition.witness.as_ref(),
            addition.undecided.as_ref(),
        ),
    };
    Ok(match format {
        Format::Json | Format::Jsonl => {
            let value = json!({
                "needed": !filters.is_empty(),
                "filters": filters.iter().map(offered_text).collect::<Vec<_>>(),
                "in_words": filters.iter().map(events_of).collect::<Vec<_>>(),
                "witness": witness.map(|witness| witness.event()),
                "undecided": undecided.map(ToString::to_string),
                "assumptions": texts(assumptions),
            });
            if format == Format::Json {
                output::pretty(&value)?
            } else {
                output::line(&value)?
            }
        }
        Format::Csv => csv::table(
            &["pattern"],
            filters.iter().map(|it| vec![offered_text(it)]),
        )?,
        Format::Table if filters.is_empty() => {
            "nothing is missing: the filters cover what is required\n".to_owned()
        }
        Format::Table => {
            let mut text =
                "Add, and everything that is required is covered (proved):\n\n".to_owned();
            for filter in filters {
                text.push_str(&paragraph("  ", &offered_text(filter)));
                text.push_str(&paragraph("  Matches ", &format!("{}.", events_of(filter))));
            }
            if let Some(why) = undecided {
                let words = format!("whether anything is missing: {why}");
                text.push_str(&paragraph("Undecided: ", &words));
            }
            for assumption in texts(assumptions) {
                text.push_str(&paragraph("Assumption: ", &assumption));
            }
            text
        }
    })
}
