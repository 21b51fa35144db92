//! `orgsweep pattern cover`: does every event that a required pattern matches
//! get matched by one of the filters? How the answer is printed is `printed`'s,
//! what a sample of events says is `sample`'s.

mod printed;
mod sample;

use std::path::PathBuf;

use clap::Args;
use filter_pattern::compare::{Side, side};
use filter_pattern::explain::events_of;
use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema, Why, Witness};
use orgsweep_controls::CRITERIA_ASSUME;
use serde::Serialize;
use serde_json::value::RawValue;

use super::common::{SchemaName, Wanted, exceptions, patterns_of, texts, wanted_patterns};
use super::filters::{Filters, Named};
use super::live::{Coverage, LiveArguments, Question, ask_about_coverage};
use super::messages;
use crate::context::Context;
use crate::exit::{self, Exit, usage};
use crate::output::terminal;
use sample::Sample;

/// Prove whether filters together cover a required pattern, or show an event that slips through.
///
/// Ends with 3 when coverage is not proved and --fail-on-findings is given; with 1 when AWS disagrees
/// (--live) or a part of the sample cannot be read.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
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
    /// Events, as for `pattern test`: say which share of what the filters match in them is noise, and
    /// what they miss; can be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    sample: Vec<PathBuf>,
    /// End with 3 unless coverage is proved.
    #[arg(long)]
    fail_on_findings: bool,
    #[command(flatten)]
    live: LiveArguments,
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
    /// Of an unknown answer, the event that slips through if AWS reads the patterns so.
    possible_witness: Option<Box<RawValue>>,
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
    /// What the filters match in the given sample, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<Sample>,
    /// What AWS said to events of the question, if it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<Coverage>,
}

/// A clause but for which a filter would match the witness.
#[derive(Serialize)]
struct Narrowed {
    filter: String,
    clause: String,
    /// What the witness has there, if the clause asks for one property.
    found: Option<String>,
    /// Whether the filter would cover the required pattern without it.
    decides: bool,
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
    if filters.is_empty() && !arguments.filters.are_given() {
        return Err(usage(
            "there are no filters; give --filter or --filter-file",
        ));
    }
    let except = exceptions(&arguments.except)?;
    let schema = arguments.schema.schema_for(&arguments.wanted);
    let mut answers = Vec::new();
    for required in &wanted {
        answers.push(answer(&required.pattern, &filters, &except, &schema)?);
    }
    // Covering any of the accepted patterns is enough; else the one to which least is missing is shown.
    let shown = ["yes", "unknown"]
        .iter()
        .find_map(|wanted| answers.iter().position(|answer| answer.covers == *wanted))
        .or_else(|| nearest(&answers))
        .unwrap_or_default();
    let mut answer = answers.swap_remove(shown);
    let required = &wanted[shown];
    let mut unread = messages::Unread::default();
    if !arguments.sample.is_empty() {
        let sample = sample::read(&arguments.sample, required, &filters, &except, &mut unread)?;
        answer.sample = Some(sample);
    }
    if let Some(comparison) = arguments.live.comparison(context)? {
        let witness = answer.witness.as_ref().or(answer.possible_witness.as_ref());
        let question = Question {
            required,
            filters: &filters,
            except: &except,
            schema: &schema,
            is_proved: answer.covers == "yes",
            witness: witness.map(|witness| witness.get()),
        };
        answer.live = Some(ask_about_coverage(comparison, &question)?);
    }
    terminal::print(&printed::answer(&answer, context.format())?)?;
    unread.tell();
    if let Some(live) = &answer.live {
        live.found.verdict()?;
    }
    unread.verdict()?;
    Ok(if arguments.fail_on_findings && answer.covers != "yes" {
        Exit::FindingsFail
    } else {
        Exit::Fine
    })
}

/// The answer with the fewest missing events, the first of several; one that names none is no nearer.
fn nearest(answers: &[Answer]) -> Option<usize> {
    let missing = |answer: &Answer| match answer.missing_events.len() {
        0 => usize::MAX,
        number => number,
    };
    (0..answers.len()).min_by_key(|number| missing(&answers[*number]))
}

fn answer(
    required: &FilterPattern,
    filters: &[Named],
    except: &[Named],
    schema: &Schema,
) -> anyhow::Result<Answer> {
    let patterns: Vec<&FilterPattern> = (filters.iter())
        .map(|filter| filter.decided().unwrap_or(&filter.pattern))
        .collect();
    let except = patterns_of(except);
    let mut answer = Answer {
        covers: "unknown",
        required: required.to_string(),
        witness: None,
        possible_witness: None,
        missing_events: Vec::new(),
        narrowed_by: Vec::new(),
        noise: Vec::new(),
        reason: String::new(),
        assumptions: Vec::new(),
        sample: None,
        live: None,
    };
    let question = CoverQuestion {
        except: &except,
        schema,
        ..CoverQuestion::new(required, &patterns)
    };
    // What is narrowed beside its pattern matches some of the pattern's events, which ones is not
    // decided: a yes is by the others alone, a no holds even if it matched them all.
    let whole: Vec<&FilterPattern> = filters.iter().filter_map(Named::decided).collect();
    let by_whole = CoverQuestion {
        filters: &whole,
        ..question
    };
    let mut decided = by_whole.decide();
    if whole.len() < patterns.len() && !decided.is_yes() {
        decided = question.decide();
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
            let without: Vec<&FilterPattern> = (filters.iter())
                .filter(|filter| filter.narrowed.is_none())
                .map(|filter| &filter.pattern)
                .collect();
            let by_pattern = CoverQuestion {
                filters: &without,
                ..question
            };
            if without.len() < filters.len() && !by_pattern.decide().is_yes() {
                answer.assumptions.push(CRITERIA_ASSUME.to_owned());
            }
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
            answer.narrowed_by = narrowed_by(&question, filters, &witness);
            answer.missing_events = question.missing_values("eventName");
            answer.assumptions = texts(witness.assumptions());
            // What it fails may be no more than its field-selection criteria.
            let by_criteria = |filter: &Named| {
                filter.narrowed.is_some() && filter.pattern.matches(witness.as_event())
            };
            if filters.iter().any(by_criteria) {
                answer.assumptions.push(CRITERIA_ASSUME.to_owned());
            }
            answer.witness = Some(RawValue::from_string(witness.to_json())?);
        }
        Covers::Unknown(why) => {
            answer.reason = format!("{why}; {}", why.simplify_hint());
            if let Why::Undocumented { witness, .. } = why {
                answer.possible_witness = Some(RawValue::from_string(witness.to_json())?);
            }
        }
    }
    Ok(answer)
}

/// The clauses that alone keep a filter from matching the witness.
fn narrowed_by(
    question: &CoverQuestion<'_>,
    filters: &[Named],
    witness: &Witness,
) -> Vec<Narrowed> {
    let clauses = question.narrowing_clauses(witness.as_event());
    let alone = |number: usize| clauses.iter().filter(|one| one.filter == number).count() == 1;
    clauses
        .iter()
        .filter(|clause| alone(clause.filter))
        .map(|clause| Narrowed {
            filter: filters[clause.filter].name.clone(),
            clause: clause.to_string(),
            found: clause.value.clone(),
            decides: clause.decides,
        })
        .filter(|narrowed| {
            // A filter of one clause is not narrowed by it.
            let whole = filters.iter().find(|filter| filter.name == narrowed.filter);
            whole.is_none_or(|filter| {
                filter.pattern.to_string() != format!("{{ {} }}", narrowed.clause)
            })
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    fn json_of(required: &str, filters: &[&str]) -> serde_json::Value {
        let filters: Vec<Named> = filters
            .iter()
            .map(|text| Named::plain("filter".to_owned(), text, text.parse().unwrap()))
            .collect();
        let required = required.parse().unwrap();
        let answer = answer(&required, &filters, &[], &Schema::cloudtrail()).unwrap();
        serde_json::from_str(&printed::answer(&answer, Format::Json).unwrap()).unwrap()
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
        // The filter has no clause beside the one that is all of it.
        assert_eq!(answer["narrowed_by"], serde_json::json!([]));
    }

    #[test]
    fn of_several_answers_the_one_to_which_least_is_missing_is_nearest() {
        let of = |missing: &[&str]| {
            let required = REQUIRED.parse().unwrap();
            let mut answer = answer(&required, &[], &[], &Schema::cloudtrail()).unwrap();
            answer.missing_events = missing.iter().map(|name| (*name).to_owned()).collect();
            answer
        };
        let answers = [of(&[]), of(&["a", "b"]), of(&["c"]), of(&["d"])];
        assert_eq!(nearest(&answers), Some(2));
        assert_eq!(nearest(&answers[..1]), Some(0));
    }

    #[test]
    fn what_rests_on_field_selection_criteria_says_so() {
        let required = REQUIRED.parse().unwrap();
        let named = |criteria: Option<&str>, text: &str| {
            let mut filter = Named::plain("filter".to_owned(), text, text.parse().unwrap());
            if let Some(criteria) = criteria {
                filter = filter.narrowed_by(criteria);
            }
            filter
        };
        let here = "@aws.region = \"us-east-1\"";
        let elsewhere = "{ $.awsRegion != us-east-1 }";
        #[rustfmt::skip]
        let table = [
            (vec![named(Some(here), REQUIRED), named(None, elsewhere)], "yes", true),
            (vec![named(Some(here), REQUIRED), named(None, REQUIRED)],  "yes", false),
            (vec![named(Some(here), REQUIRED)],                         "no",  true),
            (vec![named(Some(here), "{ $.eventName = StopLogging }")],  "no",  false),
            (vec![named(None, elsewhere)],                              "no",  false),
        ];
        for (filters, covers, names) in table {
            let answer = answer(&required, &filters, &[], &Schema::cloudtrail()).unwrap();
            assert_eq!(answer.covers, covers);
            let found = answer.assumptions.iter().any(|it| it == CRITERIA_ASSUME);
            assert_eq!(found, names, "{:?}", answer.assumptions);
        }
    }

    #[test]
    fn the_clause_that_narrows_is_named_with_what_it_met() {
        let narrow = "{ $.eventName = * && $.awsRegion = us-east-1 }";
        let answer = json_of(REQUIRED, &[narrow]);
        let narrowed = &answer["narrowed_by"][0];
        assert_eq!(narrowed["clause"], "$.awsRegion = \"us-east-1\"");
        assert_eq!(narrowed["found"], answer["witness"]["awsRegion"]);
        assert_eq!(narrowed["decides"], true);
    }

    #[test]
    fn an_answer_that_hangs_on_an_undocumented_point_shows_the_event_it_is_about() {
        let filters = ["{ $.errorCode = * }", "{ $.errorCode NOT EXISTS }"];
        let named: Vec<Named> = filters
            .iter()
            .map(|text| Named::plain("filter".to_owned(), text, text.parse().unwrap()))
            .collect();
        let required = "{ $.errorCode != x || $.errorCode NOT EXISTS }"
            .parse()
            .unwrap();
        let answer = answer(&required, &named, &[], &Schema::any()).unwrap();
        assert_eq!(answer.covers, "unknown");
        assert!(answer.possible_witness.is_some());
    }
}
