//! What AWS says to an answer about coverage. It is asked about the witness, an
//! event for each alternative of the required pattern, and near misses, in which
//! a field that decided is another; and whether the answer holds for these.

use std::collections::BTreeSet;

use filter_pattern::ast::{Ast, Expression};
use filter_pattern::trace::trace;
use filter_pattern::{FilterPattern, Schema, Witness, overlap};
use serde::Serialize;
use serde_json::Value;

use super::{Comparison, Found, Verdicts};
use crate::command::pattern::filters::Named;

/// A question about coverage, and the event that its answer is about.
pub(in super::super) struct Question<'a> {
    pub(in super::super) required: &'a Named,
    pub(in super::super) filters: &'a [Named],
    pub(in super::super) except: &'a [Named],
    pub(in super::super) schema: &'a Schema,
    pub(in super::super) is_proved: bool,
    /// The event that escapes, or may escape.
    pub(in super::super) witness: Option<&'a str>,
}

/// What AWS says to the answer.
#[derive(Debug, Serialize)]
pub(in super::super) struct Coverage {
    /// Whether AWS's answers bear the engine's answer out; `None` when they decide nothing.
    confirms: Option<bool>,
    /// The same in words.
    says: String,
    #[serde(flatten)]
    pub(in super::super) found: Found,
}

impl Coverage {
    /// For a person.
    pub(in super::super) fn told(&self) -> String {
        format!(
            "{}\n{}",
            crate::output::escaped(&self.says),
            self.found.told()
        )
    }
}

/// Asks AWS about the events of the question: a call for each pattern.
pub(in super::super) fn ask_about_coverage(
    mut comparison: Comparison,
    question: &Question<'_>,
) -> anyhow::Result<Coverage> {
    let events = events(question);
    let mut ask = |named: &Named| {
        if named.narrowed.is_some() {
            comparison.note_not_asked(
                "field-selection criteria and transformers cannot be sent: AWS was asked about the pattern alone",
            );
        }
        comparison.compare(&named.text, Some(&named.pattern), &events)
    };
    let required = ask(question.required)?;
    let filters = question
        .filters
        .iter()
        .map(&mut ask)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let except = question
        .except
        .iter()
        .map(&mut ask)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let answers = Answers {
        required,
        filters,
        except,
    };
    let (confirms, says) = match question.witness {
        Some(_) => answers.about_witness(question),
        None if question.is_proved => answers.about_sample(&events),
        None => undecided(),
    };
    Ok(Coverage {
        confirms,
        says,
        found: comparison.finish(),
    })
}

/// What AWS says to each event, by pattern.
struct Answers {
    required: Verdicts,
    filters: Vec<Verdicts>,
    except: Vec<Verdicts>,
}

impl Answers {
    /// The first of the events is the one that escapes.
    fn about_witness(&self, question: &Question<'_>) -> (Option<bool>, String) {
        match self.required[0] {
            Some(true) => {}
            Some(false) => {
                let says = "AWS does not match the witness by the required pattern: for AWS it is no event that must be noticed";
                return (Some(false), says.to_owned());
            }
            None => return undecided(),
        }
        let others = self.filters.iter().chain(&self.except);
        let names = question.filters.iter().chain(question.except);
        for (verdicts, named) in others.clone().zip(names) {
            if verdicts[0] == Some(true) {
                let says = format!(
                    "AWS matches the witness by {}: for AWS it does not go unnoticed",
                    named.name
                );
                return (Some(false), says);
            }
        }
        if others.clone().any(|verdicts| verdicts[0].is_none()) {
            return undecided();
        }
        let says = "AWS confirms it: the required pattern matches the witness, and no filter does";
        (Some(true), says.to_owned())
    }

    /// Each event that the required pattern matches is matched by one of the others.
    fn about_sample(&self, events: &[String]) -> (Option<bool>, String) {
        let mut covered = 0_u64;
        for (at, event) in events.iter().enumerate() {
            if self.required[at] != Some(true) {
                continue;
            }
            let others = || {
                self.filters
                    .iter()
                    .chain(&self.except)
                    .map(|verdicts| verdicts[at])
            };
            if others().any(|matches| matches == Some(true)) {
                covered += 1;
            } else if others().all(|matches| matches == Some(false)) {
                let says = format!(
                    "AWS matches this event by the required pattern and by no filter: {event}"
                );
                return (Some(false), says);
            }
        }
        if covered == 0 {
            return undecided();
        }
        let says = format!(
            "AWS confirms it for a sample: each of {} that the required pattern matches is matched by a filter{}",
            crate::output::number::counted(covered, "event"),
            if self.except.is_empty() {
                ""
            } else {
                " or excepted"
            },
        );
        (Some(true), says)
    }
}

fn undecided() -> (Option<bool>, String) {
    (
        None,
        "AWS's answers about single events do not decide it".to_owned(),
    )
}

/// As many events as go into one call; the witness first.
fn events(question: &Question<'_>) -> Vec<String> {
    let required = &question.required.pattern;
    let mut events = Sample::default();
    events.extend(question.witness.map(str::to_owned));
    let parts = alternatives(required);
    let together = |other: &FilterPattern| {
        let found = overlap(required, other, question.schema);
        found.witness().map(Witness::to_json)
    };
    events.extend(parts.iter().filter_map(&together));
    events.extend(
        question
            .filters
            .iter()
            .filter_map(|filter| together(&filter.pattern)),
    );
    for event in events.events.clone() {
        for named in std::iter::once(question.required).chain(question.filters) {
            events.extend(near_misses(&named.pattern, &event));
        }
    }
    events.events
}

/// Different events, no more than go into one call.
#[derive(Default)]
struct Sample {
    events: Vec<String>,
    known: BTreeSet<String>,
}

impl Sample {
    fn extend(&mut self, events: impl IntoIterator<Item = String>) {
        for event in events {
            if self.events.len() >= Comparison::AT_ONCE {
                return;
            }
            if self.known.insert(event.clone()) {
                self.events.push(event);
            }
        }
    }
}

/// Each part of the pattern that is an alternative to others, and the pattern itself.
fn alternatives(pattern: &FilterPattern) -> Vec<FilterPattern> {
    let mut found = vec![pattern.clone()];
    if let Ast::Json(expression) = pattern.ast() {
        collect_alternatives(expression, &mut found);
    }
    found
}

fn collect_alternatives(expression: &Expression, found: &mut Vec<FilterPattern>) {
    let (parts, alternative) = match expression {
        Expression::Condition(_) => return,
        Expression::And(parts) => (parts, false),
        Expression::Or(parts) => (parts, true),
    };
    for part in parts {
        if alternative {
            found.push(FilterPattern::from_ast(Ast::Json(part.clone())));
        }
        collect_alternatives(part, found);
    }
}

/// The event with one field that decided about it changed, in each of the ways that patterns tell apart.
fn near_misses(pattern: &FilterPattern, event: &str) -> Vec<String> {
    let Ok(whole) = serde_json::from_str::<Value>(event) else {
        return Vec::new();
    };
    let mut misses = Vec::new();
    for clause in trace(pattern, event).clauses {
        let Some(path) = clause.field.as_deref().and_then(simple_path) else {
            continue;
        };
        for change in [Change::Longer, Change::Null, Change::Boolean, Change::Gone] {
            let mut changed = whole.clone();
            if change.apply(&mut changed, &path) && changed != whole {
                misses.push(changed.to_string());
            }
        }
    }
    misses
}

#[derive(Clone, Copy)]
enum Change {
    /// A text with something after it; a number that is one more.
    Longer,
    Null,
    /// `true`; of `true` and `false` the text.
    Boolean,
    Gone,
}

impl Change {
    /// Whether there was something to change, or room for it.
    fn apply(self, event: &mut Value, path: &[&str]) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return false;
        };
        let parent = parents
            .iter()
            .try_fold(event, |value, key| value.get_mut(*key));
        let Some(Value::Object(members)) = parent else {
            return false;
        };
        let changed = match (self, members.get(*last)) {
            (Self::Gone, _) => return members.remove(*last).is_some(),
            (Self::Null, _) => Value::Null,
            (Self::Boolean, Some(Value::Bool(truth))) => Value::String(truth.to_string()),
            (Self::Boolean, _) => Value::Bool(true),
            (Self::Longer, Some(Value::String(text))) => Value::String(format!("{text}x")),
            (Self::Longer, Some(Value::Number(number))) => match number.as_i64() {
                Some(whole) => whole.saturating_add(1).into(),
                None => return false,
            },
            (Self::Longer, Some(Value::Bool(truth))) => Value::Bool(!truth),
            (Self::Longer, None) => Value::String("x".to_owned()),
            (Self::Longer, Some(_)) => return false,
        };
        members.insert((*last).to_owned(), changed);
        true
    }
}

/// The keys of a selector without indices, quotation marks and wildcards.
fn simple_path(selector: &str) -> Option<Vec<&str>> {
    let keys: Vec<&str> = selector.strip_prefix("$.")?.split('.').collect();
    let plain = |key: &&str| !key.is_empty() && !key.contains(['[', ']', '"', '\'', '*']);
    keys.iter().all(plain).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Named {
        Named::plain("filter".to_owned(), text, text.parse().unwrap())
    }

    fn events_of(required: &str, filters: &[&str], witness: Option<&str>) -> Vec<String> {
        let filters: Vec<Named> = filters.iter().map(|text| named(text)).collect();
        events(&Question {
            required: &named(required),
            filters: &filters,
            except: &[],
            schema: &Schema::cloudtrail(),
            is_proved: false,
            witness,
        })
    }

    #[test]
    fn each_field_that_decided_is_changed_in_turn() {
        let pattern = "{ $.a = x && $.b.c NOT EXISTS }".parse().unwrap();
        assert_eq!(
            near_misses(&pattern, r#"{"a":"x","b":{}}"#),
            [
                r#"{"a":"xx","b":{}}"#,
                r#"{"a":null,"b":{}}"#,
                r#"{"a":true,"b":{}}"#,
                r#"{"b":{}}"#,
                r#"{"a":"x","b":{"c":"x"}}"#,
                r#"{"a":"x","b":{"c":null}}"#,
                r#"{"a":"x","b":{"c":true}}"#,
            ]
        );
    }

    #[test]
    fn an_event_of_every_alternative_is_asked_about_and_no_more_than_go_into_a_call() {
        let names: Vec<String> = (0..30).map(|n| format!("$.eventName = Stop{n}")).collect();
        let required = format!(
            "{{ $.eventSource = x.amazonaws.com && ({}) }}",
            names.join(" || ")
        );
        let events = events_of(&required, &["{ $.eventName = Stop* }"], None);
        for n in 0..30 {
            let wanted = format!("\"eventName\":\"Stop{n}\"");
            assert!(
                events.iter().any(|event| event.contains(&wanted)),
                "{n}: {events:?}"
            );
        }
        assert_eq!(events.len(), Comparison::AT_ONCE);
        let required: FilterPattern = required.parse().unwrap();
        assert!(events.iter().any(|event| !required.matches_message(event)));
    }

    #[test]
    fn the_witness_comes_first() {
        let witness = r#"{"eventName":"StopLogging"}"#;
        let events = events_of(
            "{ $.eventName = StopLogging }",
            &["{ $.a = 1 }"],
            Some(witness),
        );
        assert_eq!(events[0], witness);
    }

    #[test]
    fn an_answer_is_confirmed_or_contradicted_by_what_aws_says() {
        let (yes, no, open) = (Some(true), Some(false), None);
        #[rustfmt::skip]
        let of_witness = [
            (yes,  no,   no,   yes),
            (yes,  yes,  no,   no),
            (yes,  no,   yes,  no),
            (no,   no,   no,   no),
            (yes,  open, no,   open),
            (open, no,   no,   open),
        ];
        let filters = [named("{ $.a = 1 }")];
        let except = [named("{ $.b = 1 }")];
        let question = Question {
            required: &named("{ $.c = 1 }"),
            filters: &filters,
            except: &except,
            schema: &Schema::any(),
            is_proved: false,
            witness: Some("{}"),
        };
        for (required, filter, excepted, expected) in of_witness {
            let answers = Answers {
                required: vec![required],
                filters: vec![vec![filter]],
                except: vec![vec![excepted]],
            };
            let (confirms, says) = answers.about_witness(&question);
            assert_eq!(confirms, expected, "{says}");
        }
        #[rustfmt::skip]
        let of_sample = [
            (yes,  yes,  no,   yes),
            (yes,  no,   yes,  yes),
            (yes,  no,   no,   no),
            (no,   no,   no,   open),
            (yes,  open, no,   open),
        ];
        for (required, filter, excepted, expected) in of_sample {
            let answers = Answers {
                required: vec![required],
                filters: vec![vec![filter]],
                except: vec![vec![excepted]],
            };
            let (confirms, says) = answers.about_sample(&["{}".to_owned()]);
            assert_eq!(confirms, expected, "{says}");
        }
    }
}
