//! `orgsweep pattern minimize`: a shorter pattern, or fewer filters of a log
//! group, for the same events.

use std::path::PathBuf;

use clap::Args;
use filter_pattern::minimize::{
    GroupFilter, GroupStep, Minimized, MinimizedGroup, minimize, minimize_group, offered_text,
};
use serde_json::json;

use super::common::{SchemaName, paragraph, texts};
use super::filters::filters_of;
use crate::exit::{Exit, usage};
use crate::output::{Format, csv, json as output, terminal};

/// Make one pattern shorter, or a log group's filters fewer, without changing which events match.
///
/// Every step is proved; what cannot be proved stays. Nothing is changed in AWS.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The filter pattern.
    #[arg(
        allow_hyphen_values = true,
        required_unless_present = "group",
        conflicts_with = "group"
    )]
    pattern: Option<String>,
    /// What `aws logs describe-metric-filters` prints: make these filters fewer.
    #[arg(long, value_name = "FILE")]
    group: Option<PathBuf>,
    /// Also join filters that publish to different metrics.
    #[arg(long, requires = "group")]
    across_metrics: bool,
    /// Which events can exist: those that CloudTrail writes, or any JSON object.
    #[arg(long, value_enum, default_value_t)]
    schema: SchemaName,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    let schema = arguments.schema.schema();
    let text = if let Some(file) = &arguments.group {
        let filters: Vec<GroupFilter> = filters_of(file)?
            .into_iter()
            .map(|filter| GroupFilter {
                name: filter.name,
                pattern: filter.pattern,
                // Filters that look at different events are never merged.
                publishes: if arguments.across_metrics {
                    filter.looks_at
                } else {
                    filter.looks_at + &filter.publishes
                },
            })
            .collect();
        if filters.is_empty() {
            return Err(usage(format!("`{}` holds no filters", file.display())));
        }
        group_printed(filters.len(), &minimize_group(&filters, &schema), format)?
    } else {
        let pattern = super::read(arguments.pattern.as_deref().unwrap_or_default(), "pattern")?;
        let before = pattern.to_string().chars().count();
        one_printed(before, &minimize(&pattern, &schema), format)?
    };
    terminal::print(&text)?;
    Ok(Exit::Fine)
}

fn one_printed(before: usize, shorter: &Minimized, format: Format) -> anyhow::Result<String> {
    let offered = offered_text(&shorter.pattern);
    let after = offered.chars().count();
    Ok(match format {
        Format::Json | Format::Jsonl => {
            let value = json!({
                "pattern": offered,
                "characters_before": before,
                "characters": after,
                "undecided": shorter.undecided.as_ref().map(ToString::to_string),
                "steps": shorter.steps.iter().map(|step| json!({
                    "kind": step.kind.name(),
                    "part": step.part,
                    "assumptions": texts(&step.assumptions),
                })).collect::<Vec<_>>(),
            });
            if format == Format::Json {
                output::pretty(&value)?
            } else {
                output::line(&value)?
            }
        }
        Format::Csv => csv::table(
            &["pattern", "characters_before", "characters"],
            std::iter::once(vec![offered, before.to_string(), after.to_string()]),
        )?,
        Format::Table => {
            let mut text = paragraph("", &offered);
            let more = shorter.undecided.as_ref().map(|why| {
                paragraph(
                    "",
                    &format!("not known whether more can be left out: {why}"),
                )
            });
            if shorter.steps.is_empty() {
                text.push('\n');
                text.push_str(more.as_deref().unwrap_or("nothing can be left out\n"));
                return Ok(text);
            }
            let counts =
                format!("{before} characters before, {after} now; proved to match the same events");
            text.push('\n');
            text.push_str(&paragraph("", &counts));
            for step in &shorter.steps {
                let words = step.kind.name().replace('_', " ");
                text.push_str(&paragraph(
                    "  - ",
                    format!("{words} {}", step.part).trim_end(),
                ));
                for assumption in texts(&step.assumptions) {
                    text.push_str(&paragraph("      given that ", &assumption));
                }
            }
            text.push_str(&more.unwrap_or_default());
            text
        }
    })
}

fn group_printed(before: usize, group: &MinimizedGroup, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json | Format::Jsonl => {
            let value = json!({
                "filters_before": before,
                "filters": group.filters.iter().map(|filter| json!({
                    "name": filter.name, "pattern": offered_text(&filter.pattern),
                })).collect::<Vec<_>>(),
                "steps": group.steps.iter().map(|step| match step {
                    GroupStep::Removed { name, covered_by, assumptions } => json!({
                        "kind": "removed", "name": name, "covered_by": covered_by,
                        // An event that a filter beside it matched as well is counted once less.
                        "counts_change": !covered_by.is_empty(), "assumptions": texts(assumptions),
                    }),
                    GroupStep::Merged { names, pattern, counts_change, assumptions } => json!({
                        "kind": "merged", "names": names, "pattern": offered_text(pattern),
                        "counts_change": counts_change, "assumptions": texts(assumptions),
                    }),
                }).collect::<Vec<_>>(),
            });
            if format == Format::Json {
                output::pretty(&value)?
            } else {
                output::line(&value)?
            }
        }
        Format::Csv => csv::table(
            &["name", "pattern"],
            group
                .filters
                .iter()
                .map(|filter| vec![filter.name.clone(), offered_text(&filter.pattern)]),
        )?,
        Format::Table => {
            let mut text = format!(
                "{before} filters before, {} now; proved to match the same events\n",
                group.filters.len()
            );
            for step in &group.steps {
                match step {
                    GroupStep::Removed {
                        name, covered_by, ..
                    } if covered_by.is_empty() => {
                        text.push_str(&paragraph(
                            "  - ",
                            &format!("delete `{name}`: no event matches it"),
                        ));
                    }
                    GroupStep::Removed {
                        name, covered_by, ..
                    } => {
                        let by = covered_by.join("`, `");
                        text.push_str(&paragraph("  - ", &format!("delete `{name}`: `{by}` {} all of its events; an event is then counted once less", if covered_by.len() == 1 { "matches" } else { "match" })));
                    }
                    GroupStep::Merged {
                        names,
                        pattern,
                        counts_change,
                        ..
                    } => {
                        let counts = if *counts_change {
                            "; an event that several of them match is then counted once"
                        } else {
                            ""
                        };
                        text.push_str(&paragraph(
                            "  - ",
                            &format!("join `{}` into `{}`{counts}:", names.join("`, `"), names[0]),
                        ));
                        text.push_str(&paragraph("      ", &offered_text(pattern)));
                    }
                }
                let (GroupStep::Removed { assumptions, .. }
                | GroupStep::Merged { assumptions, .. }) = step;
                for assumption in texts(assumptions) {
                    text.push_str(&paragraph("      given that ", &assumption));
                }
            }
            text
        }
    })
}

#[cfg(test)]
mod tests {
    use filter_pattern::{FilterPattern, Why};

    use super::*;

    #[test]
    fn a_pattern_that_is_too_hard_is_not_called_one_of_which_nothing_can_be_left_out() {
        let printed = |undecided: Option<Why>, format| {
            let shorter = Minimized {
                pattern: FilterPattern::parse("{ $.a = 1 }").unwrap(),
                steps: Vec::new(),
                undecided,
            };
            one_printed(11, &shorter, format).unwrap()
        };
        let hard = printed(Some(Why::TooManySteps), Format::Table);
        assert!(
            hard.contains("not known whether more can be left out"),
            "{hard}"
        );
        let short = printed(None, Format::Table);
        assert!(short.contains("\nnothing can be left out\n"), "{short}");
        let hard = printed(Some(Why::TooManySteps), Format::Jsonl);
        assert!(
            hard.contains(r#""undecided":"the patterns are too complex"#),
            "{hard}"
        );
    }
}
