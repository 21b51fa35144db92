//! The questions that callers ask, and the order of runs that answers them.

use std::sync::LazyLock;

use crate::ast::{Ast, Selector};
use crate::evaluate::{OpenQuestion, Reading};
use crate::pattern::FilterPattern;
use crate::schema::Schema;

use super::answer::{Budget, Covers, Proof, Why};
use super::assumption::Assumption;
use super::problem::{Patterns, Problem};
use super::relevance::Required;
use super::search::{Attempt, Found, Run, Search};
use super::witness::{self, Witness};

static CLOUDTRAIL: LazyLock<Schema> = LazyLock::new(Schema::cloudtrail);
static EMPTY: FilterPattern = FilterPattern::empty();

/// Does every event of a schema that `required` matches get matched by one of
/// `filters`, or by one of the exclusions `except`?
#[derive(Clone, Copy, Debug)]
pub struct CoverQuestion<'a> {
    /// The events that must not go unnoticed.
    pub required: &'a FilterPattern,
    /// The patterns that notice events.
    pub filters: &'a [&'a FilterPattern],
    /// Events that were agreed to go unnoticed.
    pub except: &'a [&'a FilterPattern],
    /// Which events exist.
    pub schema: &'a Schema,
    /// How long to think.
    pub budget: Budget,
}

impl<'a> CoverQuestion<'a> {
    /// A question about CloudTrail records, without exclusions.
    pub fn new(required: &'a FilterPattern, filters: &'a [&'a FilterPattern]) -> Self {
        Self {
            required,
            filters,
            except: &[],
            schema: &CLOUDTRAIL,
            budget: Budget::default(),
        }
    }

    /// Answers the question.
    pub fn decide(&self) -> Covers {
        if self
            .filters
            .iter()
            .any(|filter| filter.kind() == crate::PatternKind::Empty)
        {
            return Covers::Yes(Proof::default());
        }
        if self.filters.contains(&self.required) {
            return Covers::Yes(Proof::default());
        }
        let required = [self.required];
        let patterns = Patterns {
            required: &required,
            filters: self.filters,
            except: self.except,
        };
        let mut answer = decide(&patterns, self.schema, self.budget);
        if let Covers::Yes(proof) = &mut answer
            && !self.except.is_empty()
        {
            let without = Patterns {
                except: &[],
                ..patterns
            };
            proof.needs_exclusions = !decide(&without, self.schema, self.budget).is_yes();
        }
        answer
    }
}

/// Does every event of a schema that `required` matches get matched by a filter?
///
/// ```
/// use filter_pattern::{Covers, FilterPattern, Schema, covers};
///
/// let required: FilterPattern = "{ $.eventName = StopLogging || $.eventName = DeleteTrail }".parse()?;
/// let filter: FilterPattern = "{ $.eventName = StopLogging }".parse()?;
/// let Covers::No(witness) = covers(&required, &[&filter], &Schema::cloudtrail()) else {
///     panic!("a deleted trail escapes");
/// };
/// assert_eq!(witness.event()["eventName"], "DeleteTrail");
/// assert_eq!(witness.event()["eventSource"], "cloudtrail.amazonaws.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn covers(required: &FilterPattern, filters: &[&FilterPattern], schema: &Schema) -> Covers {
    CoverQuestion {
        schema,
        ..CoverQuestion::new(required, filters)
    }
    .decide()
}

/// Whether two patterns match the same events of a schema; the witness is
/// matched by one of them only.
pub fn equivalent(left: &FilterPattern, right: &FilterPattern, schema: &Schema) -> Covers {
    let there = covers(left, &[right], schema);
    let Covers::Yes(mut proof) = there else {
        return there;
    };
    match covers(right, &[left], schema) {
        Covers::Yes(back) => {
            proof.assumptions.extend(back.assumptions);
            proof.assumptions.sort_unstable();
            proof.assumptions.dedup();
            Covers::Yes(proof)
        }
        other => other,
    }
}

/// Whether no event of a schema matches both patterns; the witness does.
pub fn overlap(left: &FilterPattern, right: &FilterPattern, schema: &Schema) -> Covers {
    let required = [left, right];
    decide(
        &Patterns {
            required: &required,
            filters: &[],
            except: &[],
        },
        schema,
        Budget::default(),
    )
}

/// Whether no event of a schema matches a pattern; the witness does.
pub fn never_matches(pattern: &FilterPattern, schema: &Schema) -> Covers {
    overlap(pattern, &EMPTY, schema)
}

/// The texts that `required` names for a field (`eventName`) and for which some
/// event escapes the filters, in the order of the pattern.
pub fn missing_values(
    required: &FilterPattern,
    filters: &[&FilterPattern],
    selector: &str,
    schema: &Schema,
) -> Vec<String> {
    let (Ok(selector), Ast::Json(expression)) = (selector.parse::<Selector>(), required.ast())
    else {
        return Vec::new();
    };
    let mut named: Vec<&str> = Vec::new();
    for condition in expression.conditions() {
        if let Some(text) = super::named_text(&condition.test)
            && condition.selector == selector
            && !named.contains(&text)
        {
            named.push(text);
        }
    }
    let requireds = [required];
    let patterns = Patterns {
        required: &requireds,
        filters,
        except: &[],
    };
    let problem = Problem::new(&patterns, schema);
    let Some(field) = problem.find_field(&selector) else {
        return Vec::new();
    };
    let escapes = |text: &&str| {
        let Some(class) = problem.fields[field].classes.of_named_text(text) else {
            return false;
        };
        let mut budget = Budget::default().remaining();
        let asked = Asked {
            problem: &problem,
            patterns: &patterns,
            schema,
        };
        matches!(
            asked.witness(false, Some((field, class)), &mut budget),
            Found::Solution(_)
        )
    };
    named
        .into_iter()
        .filter(escapes)
        .map(str::to_owned)
        .collect()
}

fn decide(patterns: &Patterns<'_>, schema: &Schema, budget: Budget) -> Covers {
    let required = Required::new(patterns.required);
    let (filters, except) = (
        required.meeting(patterns.filters),
        required.meeting(patterns.except),
    );
    let problem = Problem::new(
        &Patterns {
            filters: &filters,
            except: &except,
            ..*patterns
        },
        schema,
    );
    let asked = Asked {
        problem: &problem,
        patterns,
        schema,
    };
    // Most filters that cover do so whatever the events look like.
    let no_facts = vec![false; problem.facts.len()];
    let mut quick = budget.remaining() / 4;
    if asked.is_closed(&no_facts, true, &mut quick) == Some(true) {
        return Covers::Yes(Proof::default());
    }
    let mut budget = budget.remaining() - budget.remaining() / 4;
    match asked.witness(false, None, &mut budget) {
        Found::Solution((witness, _)) => return Covers::No(Box::new(witness)),
        Found::Undecided => return Covers::Unknown(asked.undecided(budget)),
        Found::Nothing => {}
    }
    match asked.witness(true, None, &mut budget) {
        Found::Solution((witness, reading)) => Covers::Unknown(Why::Undocumented {
            questions: reading.affirmed().collect(),
            witness: Box::new(witness),
        }),
        Found::Undecided => Covers::Unknown(asked.undecided(budget)),
        Found::Nothing => Covers::Yes(Proof {
            assumptions: asked.needed(&mut budget),
            needs_exclusions: false,
        }),
    }
}

struct Asked<'p, 'a> {
    problem: &'p Problem<'a>,
    patterns: &'p Patterns<'a>,
    schema: &'p Schema,
}

impl Asked<'_, '_> {
    /// Looks for an event that escapes and that the evaluator confirms.
    fn witness(
        &self,
        questions_open: bool,
        fixed: Option<(usize, usize)>,
        budget: &mut u64,
    ) -> Found<(Witness, Reading)> {
        let active = vec![true; self.problem.facts.len()];
        let run = Run {
            active: &active,
            questions_open,
            fixed,
        };
        Search::run(self.problem, &run, budget, &mut |state, cells, budget| {
            let Some((events, reading)) = witness::event_of(state, cells, self.schema, budget)
            else {
                return Attempt::Failed;
            };
            let escaping = events
                .into_iter()
                .find(|event| witness::escapes(event, self.patterns, self.schema, reading));
            match escaping {
                Some(event) => {
                    let assumptions = self.readings_needed(&event, reading);
                    Attempt::Solution((Witness::new(event, assumptions), reading))
                }
                None => Attempt::Failed,
            }
        })
    }

    /// Open questions whose other answer would catch the event.
    fn readings_needed(&self, event: &crate::Event, reading: Reading) -> Vec<Assumption> {
        let other = |question: OpenQuestion| {
            if reading.answers_yes(question) {
                OpenQuestion::ALL
                    .into_iter()
                    .filter(|kept| *kept != question && reading.answers_yes(*kept))
                    .fold(Reading::default(), Reading::with)
            } else {
                reading.with(question)
            }
        };
        OpenQuestion::ALL
            .into_iter()
            .filter(|question| {
                !witness::escapes(event, self.patterns, self.schema, other(*question))
            })
            .map(|question| {
                let answer = if reading.answers_yes(question) {
                    "yes"
                } else {
                    "no"
                };
                Assumption::new(
                    question.name(),
                    format!("{question}: {answer}"),
                    "not documented by AWS",
                )
            })
            .collect()
    }

    /// Whether no event at all escapes under some of the facts; `None` when that
    /// is not known.
    fn is_closed(&self, active: &[bool], questions_open: bool, budget: &mut u64) -> Option<bool> {
        let run = Run {
            active,
            questions_open,
            fixed: None,
        };
        match Search::run(self.problem, &run, budget, &mut |_, _, _| {
            Attempt::Solution(())
        }) {
            Found::Solution(()) => Some(false),
            Found::Nothing => Some(true),
            Found::Undecided => None,
        }
    }

    /// The facts that a proof needs: groups of them are left out, and stay out
    /// when the proof holds without them.
    fn needed(&self, budget: &mut u64) -> Vec<Assumption> {
        let mut active = vec![true; self.problem.facts.len()];
        self.leave_out(&mut active, 0, self.problem.facts.len(), budget);
        let facts = self.problem.facts.iter().zip(&active);
        facts
            .filter(|(_, active)| **active)
            .map(|(fact, _)| fact.assumption())
            .collect()
    }

    fn leave_out(&self, active: &mut [bool], from: usize, to: usize, budget: &mut u64) {
        if from == to {
            return;
        }
        active[from..to].fill(false);
        if self.is_closed(active, true, budget) == Some(true) {
            return;
        }
        active[from..to].fill(true);
        if to - from > 1 {
            let middle = from.midpoint(to);
            self.leave_out(active, from, middle, budget);
            self.leave_out(active, middle, to, budget);
        }
    }

    fn undecided(&self, budget: u64) -> Why {
        if budget == 0 {
            Why::TooManySteps
        } else if self.problem.inexact {
            Why::NotJson
        } else {
            Why::Unconfirmed
        }
    }
}
