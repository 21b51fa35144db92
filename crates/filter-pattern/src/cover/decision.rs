//! The order of runs that decides a question: first whether it is closed
//! whatever the events look like, then for an event that escapes, then for one
//! that escapes if AWS's open questions have other answers.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::ast::{Ast, Operand, Selector};
use crate::evaluate::{OpenQuestion, Reading};
use crate::event::{Event, EventValue};
use crate::pattern::FilterPattern;
use crate::schema::Schema;

use super::answer::{Budget, Covers, Proof, Why};
use super::assumption::Assumption;
use super::cells::Cells;
use super::facts::Effect;
use super::messages;
use super::problem::{Patterns, Problem};
use super::relevance::Required;
use super::search::{Attempt, Found, Run, Search};
use super::texts;
use super::witness::{self, Witness};

/// Decides whether an event escapes.
pub(super) fn decide(patterns: &Patterns<'_>, schema: &Schema, budget: Budget) -> Covers {
    let about_text = |pattern: &&FilterPattern| {
        matches!(pattern.ast(), Ast::Terms(_) | Ast::Regex(_) | Ast::Empty)
    };
    let is_word_question =
        |pattern: &&FilterPattern| matches!(pattern.ast(), Ast::Terms(_) | Ast::Regex(_));
    if patterns.required.iter().all(about_text) && patterns.required.iter().any(is_word_question) {
        return messages::decide(patterns, schema, budget);
    }
    with_question(patterns, schema, |asked| asked.decide(budget))
}

/// Makes the problem of a question and hands it on.
pub(super) fn with_question<'f, R>(
    patterns: &Patterns<'f>,
    schema: &Schema,
    answer: impl FnOnce(&Asked<'_, '_>) -> R,
) -> R {
    let required = Required::new(patterns.required);
    // Filters of words count as far as a word stands in a property's value.
    let selectors = selectors(patterns.required);
    let bounded = |filters: &[&'f FilterPattern]| -> Vec<Cow<'f, FilterPattern>> {
        let bound = |filter| {
            texts::lower_bound(filter, &selectors).map_or(Cow::Borrowed(filter), Cow::Owned)
        };
        required.meeting(filters).into_iter().map(bound).collect()
    };
    let inexact = patterns
        .filters
        .iter()
        .chain(patterns.except)
        .any(|filter| matches!(filter.ast(), Ast::Terms(_)));
    let (filters, except) = (bounded(patterns.filters), bounded(patterns.except));
    let filters: Vec<&FilterPattern> = filters.iter().map(AsRef::as_ref).collect();
    let except: Vec<&FilterPattern> = except.iter().map(AsRef::as_ref).collect();
    let mut problem = Problem::new(
        &Patterns {
            filters: &filters,
            except: &except,
            ..*patterns
        },
        schema,
    );
    problem.inexact |= inexact;
    let confirm = |event: Event, reading| {
        witness::escapes(&event, patterns, schema, reading).then_some(event)
    };
    answer(&Asked::new(&problem, schema, &confirm))
}

/// The properties that patterns name without wildcards.
fn selectors<'a>(patterns: &[&'a FilterPattern]) -> Vec<&'a Selector> {
    let mut selectors: Vec<&Selector> = Vec::new();
    for pattern in patterns {
        if let Ast::Json(expression) = pattern.ast() {
            for condition in expression.conditions() {
                if !condition.selector.has_wildcard() && !selectors.contains(&&condition.selector) {
                    selectors.push(&condition.selector);
                }
            }
        }
    }
    selectors
}

/// What the first and simplest run may take.
fn quick_share(steps: Budget) -> u64 {
    steps.remaining() / 4
}

fn leftmost_wildcards() -> Assumption {
    Assumption::new(
        "leftmost-wildcards",
        "each piece between wildcards is found at its first place, without going back",
        "observed on TestMetricFilter, not documented by AWS",
    )
}

/// A question with its problem.
pub(super) struct Asked<'p, 'a> {
    pub(super) problem: &'p Problem<'a>,
    /// What cells hold, shared by all runs.
    cells: RefCell<Cells<'p, 'a>>,
    /// The events that the problem is about.
    schema: &'p Schema,
    /// The event to show for one that solves the problem, if the evaluator finds
    /// that it escapes.
    confirm: &'p dyn Fn(Event, Reading) -> Option<Event>,
}

impl<'p, 'a> Asked<'p, 'a> {
    pub(super) fn new(
        problem: &'p Problem<'a>,
        schema: &'p Schema,
        confirm: &'p dyn Fn(Event, Reading) -> Option<Event>,
    ) -> Self {
        Self {
            problem,
            cells: RefCell::new(Cells::new(problem)),
            schema,
            confirm,
        }
    }

    /// Whether an event escapes that has a value of this class in this field.
    pub(super) fn escapes_within(&self, field: usize, class: usize, budget: Budget) -> bool {
        let found = self.witness(false, Some((field, class)), &mut budget.remaining());
        matches!(found, Found::Solution(_))
    }

    pub(super) fn decide(&self, steps: Budget) -> Covers {
        // Most filters that cover do so whatever the events look like.
        let no_facts = vec![false; self.problem.facts.len()];
        let mut quick = quick_share(steps);
        if self.is_closed(&no_facts, &mut quick) == Some(true) {
            let assumptions = self
                .wildcards_needed(&no_facts, &mut quick)
                .into_iter()
                .collect();
            return Covers::Yes(Proof {
                assumptions,
                needs_exclusions: false,
            });
        }
        let mut budget = steps.remaining() - quick_share(steps);
        match self.witness(false, None, &mut budget) {
            Found::Solution((witness, _)) => return Covers::No(Box::new(witness)),
            Found::Undecided => return Covers::Unknown(self.undecided(budget)),
            Found::Nothing => {}
        }
        if !self.problem.asks_open_questions() {
            return self.proved(steps);
        }
        match self.witness(true, None, &mut budget) {
            Found::Solution((witness, reading)) => Covers::Unknown(Why::Undocumented {
                questions: reading.affirmed().collect(),
                witness: Box::new(witness),
            }),
            Found::Undecided => Covers::Unknown(self.undecided(budget)),
            Found::Nothing => self.proved(steps),
        }
    }

    fn proved(&self, steps: Budget) -> Covers {
        let assumptions = self.needed(&mut steps.remaining());
        Covers::Yes(Proof {
            assumptions,
            needs_exclusions: false,
        })
    }

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
            languages_free: false,
        };
        Search::run(
            self.problem,
            &run,
            &mut self.cells.borrow_mut(),
            budget,
            &mut |state, cells, budget| {
                let Some((events, reading)) = witness::event_of(state, cells, self.schema, budget)
                else {
                    return Attempt::Failed;
                };
                match events
                    .into_iter()
                    .find_map(|event| (self.confirm)(event, reading))
                {
                    Some(event) => {
                        let mut assumptions = self.readings_needed(&event, reading);
                        assumptions.extend(self.wildcards_decide(&event).then(leftmost_wildcards));
                        Attempt::Solution((Witness::new(event, assumptions), reading))
                    }
                    None => Attempt::Failed,
                }
            },
        )
    }

    /// Whether some wildcard would match the event's value otherwise if it did
    /// backtrack.
    fn wildcards_decide(&self, event: &Event) -> bool {
        self.problem.fields.iter().any(|field| {
            let value = field.selector().and_then(|selector| event.get(selector));
            let operands = field.classes.operands().iter();
            value.and_then(EventValue::as_text).is_some_and(|text| {
                operands.into_iter().any(|operand| match operand {
                    Operand::Text(pattern) => {
                        pattern.matches(text) != pattern.matches_with_backtracking(text)
                    }
                    _ => false,
                })
            })
        })
    }

    /// Open questions whose other answer would catch the event.
    fn readings_needed(&self, event: &Event, reading: Reading) -> Vec<Assumption> {
        if !self.problem.asks_open_questions() {
            return Vec::new();
        }
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
            .filter(|question| (self.confirm)(event.clone(), other(*question)).is_none())
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
    fn is_closed(&self, active: &[bool], budget: &mut u64) -> Option<bool> {
        self.is_closed_in(
            &Run {
                active,
                questions_open: true,
                fixed: None,
                languages_free: false,
            },
            budget,
        )
    }

    fn is_closed_in(&self, run: &Run<'_>, budget: &mut u64) -> Option<bool> {
        match Search::run(
            self.problem,
            run,
            &mut self.cells.borrow_mut(),
            budget,
            &mut |_, _, _| Attempt::Solution(()),
        ) {
            Found::Solution(()) => Some(false),
            Found::Nothing => Some(true),
            Found::Undecided => None,
        }
    }

    /// The facts that a proof needs: groups of them are left out, and stay out
    /// when the proof holds without them.
    fn needed(&self, budget: &mut u64) -> Vec<Assumption> {
        let facts = &self.problem.facts;
        let mut active = vec![true; facts.len()];
        // Statements about single fields come first and are needed more often.
        let relations = facts
            .iter()
            .position(|fact| matches!(fact.effect, Effect::Holds(_)))
            .unwrap_or(facts.len());
        self.leave_out(&mut active, relations, facts.len(), budget);
        self.leave_out(&mut active, 0, relations, budget);
        let wildcards = self.wildcards_needed(&active, budget);
        let facts = self
            .problem
            .facts
            .iter()
            .zip(&active)
            .filter(|(_, active)| **active);
        facts
            .map(|(fact, _)| fact.assumption())
            .chain(wildcards)
            .collect()
    }

    /// That wildcards do not backtrack, if a proof needs that.
    fn wildcards_needed(&self, active: &[bool], budget: &mut u64) -> Option<Assumption> {
        let mut differs = false;
        let mut decides = false;
        for field in &self.problem.fields {
            for operand in field.classes.operands() {
                if let Operand::Text(pattern) = operand
                    && pattern.depends_on_backtracking()
                {
                    decides = true;
                    differs |= field.classes.named_texts().any(|text| {
                        pattern.matches(text) != pattern.matches_with_backtracking(text)
                    });
                }
            }
        }
        let free = Run {
            active,
            questions_open: true,
            fixed: None,
            languages_free: true,
        };
        let needed = differs || decides && self.is_closed_in(&free, budget) != Some(true);
        needed.then(leftmost_wildcards)
    }

    fn leave_out(&self, active: &mut [bool], from: usize, to: usize, budget: &mut u64) {
        if from == to {
            return;
        }
        active[from..to].fill(false);
        if self.is_closed(active, budget) == Some(true) {
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
