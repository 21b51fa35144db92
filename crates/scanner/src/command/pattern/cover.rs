//! `orgsweep pattern cover`: does every event that a required pattern matches
//! get matched by one of the filters?

use std::fmt::Write as _;

use clap::Args;
use filter_pattern::compare::{Side, narrowing_clauses, side};
use filter_pattern::explain::events_of;
use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema, missing_values};
use serde::Serialize;
use serde_json::value::RawValue;

use super::common::{SchemaName, Wanted, paragraph, texts, wanted_patterns};
use super::filters::{Filters, Named};
use crate::context::Context;
use crate::exit::{Exit, usage};
use crate::output::style::{self, styled};
use crate::output::{Format, csv, escaped, json, terminal};

/// Prove whether filters together cover a required pattern, or show an event that slips through.
///
/// Ends with 3 when coverage is not proved and --fail-on-findings is given.
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
    /// End with 3 unless coverage is proved.
    #[arg(long)]
    fail_on_findings: bool,
}

/// The answer as it is printed.
#[derive(Serialize)]
struct Answer {
    /// `yes`, `no` or `unknown`.
    covers: &'static str,
    /// Which of the accepted patterns the answer is about.
    required: String,
    /// An event that slips through.
    witness: Option<Box<RawValue>>,
    /// Event names that the required pattern lists and of which some event slips through.
    missing_events: Vec<String>,
    /// Clauses that keep a filter from matching the witness.
    narrowed_by: Vec<Narrowed>,
    /// Filters that match events beyond the required ones.
    noise: Vec<Noise>,
    /// Why, in words.
    reason: String,
    /// What the answer rests on where AWS documents nothing.
    assumptions: Vec<String>,
}

/// A clause but for which a filter would match the witness.
#[derive(Serialize)]
struct Narrowed {
    filter: String,
    clause: String,
}

/// Events that a filter matches beyond the required ones.
#[derive(Serialize)]
struct Noise {
    filter: String,
    in_words: String,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let wanted = wanted_patterns(&arguments.wanted, arguments.framework.as_deref(), context)?;
    let filters = arguments.filters.read()?;
    if filters.is_empty() {
        return Err(usage(
            "there are no filters; give --filter or --filter-file",
        ));
    }
    let except = arguments
        .except
        .iter()
        .map(|text| super::read(text, "--except"))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let except: Vec<&FilterPattern> = except.iter().collect();
    let schema = arguments.schema.schema();
    let mut answers = Vec::new();
    for required in &wanted {
        answers.push(answer(required, &filters, &except, &schema)?);
    }
    // Covering any of the accepted patterns is enough; else the prescribed one is shown.
    let shown = ["yes", "unknown"]
        .iter()
        .find_map(|wanted| answers.iter().position(|answer| answer.covers == *wanted))
        .unwrap_or_default();
    let answer = answers.swap_remove(shown);
    terminal::print(&printed(&answer, context.format())?)?;
    Ok(if arguments.fail_on_findings && answer.covers != "yes" {
        Exit::FindingsFail
    } else {
        Exit::Fine
    })
}

fn answer(
    required: &FilterPattern,
    filters: &[Named],
    except: &[&FilterPattern],
    schema: &Schema,
) -> anyhow::Result<Answer> {
    let patterns: Vec<&FilterPattern> = filters.iter().map(|filter| &filter.pattern).collect();
    let mut answer = Answer {
        covers: "unknown",
        required: required.to_string(),
        witness: None,
        missing_events: Vec::new(),
        narrowed_by: Vec::new(),
        noise: Vec::new(),
        reason: String::new(),
        assumptions: Vec::new(),
    };
    let decide = |patterns: &[&FilterPattern]| {
        let question = CoverQuestion {
            except,
            schema,
            ..CoverQuestion::new(required, patterns)
        };
        question.decide()
    };
    // What is narrowed beside its pattern matches some of the pattern's events, which ones is not
    // decided: a yes is by the others alone, a no holds even if it matched them all.
    let whole: Vec<&FilterPattern> = filters
        .iter()
        .filter(|filter| filter.narrowed.is_none())
        .map(|filter| &filter.pattern)
        .collect();
    let mut decided = decide(&whole);
    if whole.len() < patterns.len() && !decided.is_yes() {
        decided = decide(&patterns);
        if !matches!(decided, Covers::No(_)) {
            answer.reason = narrowed_in_words(filters);
            return Ok(answer);
        }
    }
    match decided {
        Covers::Yes(proof) => {
            answer.covers = "yes";
            "every event that the required pattern matches is matched by a filter"
                .clone_into(&mut answer.reason);
            if proof.needs_exclusions() {
                answer.reason.push_str(", or is excepted");
            }
            answer.assumptions = texts(proof.assumptions());
            for filter in filters {
                if let Side::Events { part, .. } = side(&filter.pattern, &[required], schema) {
                    answer.noise.push(Noise {
                        filter: filter.name.clone(),
                        in_words: events_of(&part),
                    });
                }
            }
        }
        Covers::No(witness) => {
            answer.covers = "no";
            "the witness is matched by the required pattern and by no filter"
                .clone_into(&mut answer.reason);
            for filter in filters {
                for clause in narrowing_clauses(&filter.pattern, witness.as_event()) {
                    answer.narrowed_by.push(Narrowed {
                        filter: filter.name.clone(),
                        clause,
                    });
                }
            }
            let noticed: Vec<&FilterPattern> = patterns.iter().chain(except).copied().collect();
            answer.missing_events = missing_values(required, &noticed, "eventName", schema);
            answer.assumptions = texts(witness.assumptions());
            answer.witness = Some(RawValue::from_string(witness.to_json())?);
        }
        Covers::Unknown(why) => answer.reason = format!("{why}; {}", why.simplify_hint()),
    }
    Ok(answer)
}

/// Why the answer depends on what filters do not see.
fn narrowed_in_words(filters: &[Named]) -> String {
    let narrowed: Vec<String> = filters
        .iter()
        .filter_map(|filter| Some(format!("{}: {}", filter.name, filter.narrowed.as_ref()?)))
        .collect();
    format!(
        "it depends on filters that see only some events ({})",
        narrowed.join("; ")
    )
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
            if !answer.missing_events.is_empty() {
                let names = answer.missing_events.join(", ");
                text.push_str(&paragraph("\nMissing events: ", &names));
            }
            for narrowed in &answer.narrowed_by {
                let words = format!(
                    "{} would match it but for {}",
                    narrowed.filter, narrowed.clause
                );
                text.push_str(&paragraph("Narrowed: ", &words));
            }
            for noise in &answer.noise {
                let words = format!("{} also matches {}", noise.filter, noise.in_words);
                text.push_str(&paragraph("Noise: ", &words));
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
        let filters: Vec<Named> = filters
            .iter()
            .map(|text| Named::plain("filter".to_owned(), text.parse().unwrap()))
            .collect();
        let answer = answer(&parsed(required), &filters, &[], &Schema::cloudtrail()).unwrap();
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
