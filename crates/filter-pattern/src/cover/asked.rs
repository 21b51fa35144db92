//! One question over one problem: looks for an event that escapes, first without
//! any statement of the schema, then with those that the events found so far
//! break. What a finished search used is what its proof needs.

use std::cell::RefCell;

use crate::ast::Operand;
use crate::evaluate::{OpenQuestion, Reading, Taken};
use crate::event::{Event, EventValue};
use crate::schema::Schema;

use super::answer::{Covers, Proof, Why};
use super::assumption::Assumption;
use super::cells::Cells;
use super::polish::polished;
use super::problem::{Patterns, Problem};
use super::restrict::contradicts;
use super::search::{Attempt, Found, Run, Search};
use super::state::State;
use super::witness::{self, Witness};

/// Asks the evaluator about events, independently of the search.
pub(super) trait Confirm {
    /// Whether an event escapes under a reading.
    fn confirm(&self, event: &Event, reading: Reading) -> Confirmation;

    /// The open questions that the values of an event raise in some pattern, as
    /// far as that is seen without evaluating; never too few.
    fn raised_by(&self, event: &Event) -> Vec<OpenQuestion>;
}

/// What the evaluator says about an event.
pub(super) enum Confirmation {
    /// It escapes.
    Escapes,
    /// It escapes; this is the event to show.
    ShownAs(Event),
    /// A filter that takes no part in the problem matches it.
    Caught,
    /// It is no event that escapes the filters of the problem.
    Refused,
}

/// How a question over one problem ends.
pub(super) enum Outcome {
    Answer(Covers),
    /// An event escapes, but a filter that takes no part in the problem matches it.
    Caught,
}

/// A question with its problem.
pub(super) struct Asked<'p, 'a> {
    pub(super) problem: &'p Problem<'a>,
    /// What the problem was made of.
    pub(super) patterns: Patterns<'a>,
    /// What cells hold, shared by all runs.
    pub(super) cells: RefCell<Cells<'p, 'a>>,
    /// The events that the problem is about.
    pub(super) schema: &'a Schema,
    confirm: &'p dyn Confirm,
}

/// The statements of the schema that take part so far.
pub(super) struct Active {
    pub(super) facts: Vec<bool>,
    /// The statements in the order in which they were taken in.
    pub(super) order: Vec<usize>,
}

impl Active {
    fn take_in(&mut self, fact: usize) {
        if !std::mem::replace(&mut self.facts[fact], true) {
            self.order.push(fact);
        }
    }

    fn take_in_all(&mut self) {
        for fact in 0..self.facts.len() {
            self.take_in(fact);
        }
    }

    fn all_in(&self) -> bool {
        self.order.len() == self.facts.len()
    }
}

/// Where a run of the search stops.
enum Stop {
    Escapes(Box<(Witness, Reading)>),
    Caught,
    /// What it found breaks these statements; some others, if none is named.
    Breaks(Vec<usize>),
    /// Something escapes as far as the search can tell, and nobody asked for the event.
    NoProof,
}

/// What becomes of a state that satisfies all goals; with true, all statements
/// of the schema took part.
type Finish<'f, 'p, 'a> =
    &'f mut dyn FnMut(&State, &mut Cells<'p, 'a>, bool, &mut u64) -> Attempt<Stop>;

impl<'p, 'a> Asked<'p, 'a> {
    pub(super) fn new(
        problem: &'p Problem<'a>,
        patterns: Patterns<'a>,
        schema: &'a Schema,
        confirm: &'p dyn Confirm,
    ) -> Self {
        Self {
            problem,
            patterns,
            cells: RefCell::new(Cells::new(problem)),
            schema,
            confirm,
        }
    }

    pub(super) fn no_facts(&self) -> Active {
        Active {
            facts: vec![false; self.problem.facts.len()],
            order: Vec::new(),
        }
    }

    /// Whether an event escapes that has a value of this class in this field.
    pub(super) fn escapes_within(
        &self,
        field: usize,
        class: usize,
        active: &mut Active,
        budget: &mut u64,
    ) -> bool {
        let found = self.find(active, false, Some((field, class)), budget);
        matches!(found, Found::Solution(Stop::Escapes(_)))
    }

    pub(super) fn decide(&self, budget: &mut u64) -> Outcome {
        let mut active = self.no_facts();
        let asks = self.problem.asks_open_questions();
        // Whatever AWS's answers are: then a search that finds nothing is a proof.
        let mut share = if asks { *budget / 2 } else { *budget };
        let kept = *budget - share;
        let found = self.find(&mut active, true, None, &mut share);
        let is_spent = share == 0;
        *budget = kept + share;
        let in_doubt = match found {
            Found::Nothing => return Outcome::Answer(self.proved(active, budget)),
            Found::Solution(Stop::Escapes(found)) if found.1 == Reading::default() => {
                return Outcome::Answer(Covers::No(Box::new(found.0)));
            }
            Found::Solution(Stop::Escapes(found)) => Some(*found),
            Found::Solution(_) => return Outcome::Caught,
            Found::Undecided if !asks => return Outcome::Answer(self.undecided(is_spent)),
            Found::Undecided => None,
        };
        let found = self.find(&mut active, false, None, budget);
        Outcome::Answer(match (found, in_doubt) {
            (Found::Solution(Stop::Escapes(found)), _) => Covers::No(Box::new(found.0)),
            (Found::Solution(_), _) => return Outcome::Caught,
            (Found::Nothing, Some((witness, reading))) => Covers::Unknown(Why::Undocumented {
                questions: reading.affirmed().collect(),
                witness: Box::new(witness),
            }),
            (Found::Nothing, None) => self.undecided(is_spent),
            (Found::Undecided, _) => self.undecided(is_spent || *budget == 0),
        })
    }

    /// What a proof that nothing escapes rests on; `None` without one. Takes less
    /// time than [`Self::decide`], since no event is made of what the search finds.
    pub(super) fn prove(&self, budget: &mut u64) -> Option<Vec<Assumption>> {
        *budget = budget.saturating_sub(self.problem.cost());
        let mut active = self.no_facts();
        let mut finish = |state: &State, cells: &mut Cells<'p, 'a>, all_in, budget: &mut u64| {
            Attempt::Solution(if all_in {
                Stop::NoProof
            } else {
                let narrowed = self.narrowed(state, cells, budget);
                Stop::Breaks(narrowed.err().unwrap_or_default())
            })
        };
        let found = self.find_with(&mut active, true, None, budget, &mut finish);
        matches!(found, Found::Nothing).then(|| self.needed(active, budget))
    }

    fn proved(&self, active: Active, budget: &mut u64) -> Covers {
        Covers::Yes(Proof {
            assumptions: self.needed(active, budget),
            needs_exclusions: false,
        })
    }

    /// Looks for an event that escapes and that the evaluator confirms, taking in
    /// statements of the schema as they are broken.
    fn find(
        &self,
        active: &mut Active,
        questions_open: bool,
        fixed: Option<(usize, usize)>,
        budget: &mut u64,
    ) -> Found<Stop> {
        let mut finish = |state: &State, cells: &mut Cells<'p, 'a>, all_in, budget: &mut u64| {
            self.attempt(state, cells, all_in, budget)
        };
        self.find_with(active, questions_open, fixed, budget, &mut finish)
    }

    fn find_with(
        &self,
        active: &mut Active,
        questions_open: bool,
        fixed: Option<(usize, usize)>,
        budget: &mut u64,
        finish: Finish<'_, 'p, 'a>,
    ) -> Found<Stop> {
        loop {
            let all_in = active.all_in();
            let mut share = if all_in { *budget } else { *budget / 4 };
            let kept = *budget - share;
            let run = Run {
                active: &active.facts,
                questions_open,
                fixed,
                languages_free: false,
            };
            let found = Search::run(
                self.problem,
                &run,
                &mut self.cells.borrow_mut(),
                &mut share,
                &mut |state, cells, budget| finish(state, cells, all_in, budget),
            );
            *budget = kept + share;
            match found {
                Found::Solution(Stop::Breaks(facts)) => {
                    let before = active.order.len();
                    let (last, first): (Vec<usize>, Vec<usize>) = facts
                        .into_iter()
                        .partition(|fact| self.problem.facts[*fact].is_last_resort());
                    for fact in if first.is_empty() { last } else { first } {
                        active.take_in(fact);
                    }
                    if active.order.len() == before {
                        active.take_in_all();
                    }
                }
                Found::Undecided if !all_in => active.take_in_all(),
                other => return other,
            }
        }
    }

    /// Makes an event of a state that satisfies all goals.
    fn attempt(
        &self,
        state: &State,
        cells: &mut Cells<'p, 'a>,
        all_in: bool,
        budget: &mut u64,
    ) -> Attempt<Stop> {
        let failed = || {
            if all_in {
                Attempt::Failed
            } else {
                Attempt::Solution(Stop::Breaks(Vec::new()))
            }
        };
        let state = match self.narrowed(state, cells, budget) {
            Ok(state) => state,
            Err(_) if all_in || *budget == 0 => return Attempt::Failed,
            Err(broken) => return Attempt::Solution(Stop::Breaks(broken)),
        };
        let Some((events, reading)) = witness::event_of(&state, cells, self.schema, budget) else {
            return failed();
        };
        let mut caught = false;
        let rich = events.first().cloned();
        for event in events {
            let event = match self.confirm.confirm(&event, reading) {
                Confirmation::Escapes => polished(event, rich.as_ref(), self.schema, &|changed| {
                    matches!(
                        self.confirm.confirm(changed, reading),
                        Confirmation::Escapes
                    )
                }),
                Confirmation::ShownAs(shown) => shown,
                Confirmation::Caught => {
                    caught = true;
                    continue;
                }
                Confirmation::Refused => continue,
            };
            let mut assumptions = self.readings_needed(&event, reading);
            assumptions.extend(self.wildcards_decide(&event).then(leftmost_wildcards));
            let taken = [Taken::ExactNumbers, Taken::NumbersAsTexts].into_iter();
            let decides = |point: &Taken| !self.slips(&event, reading.departing(*point));
            assumptions.extend(taken.filter(decides).map(Taken::assumption));
            let witness = Witness::new(event, assumptions);
            return Attempt::Solution(Stop::Escapes(Box::new((witness, reading))));
        }
        if caught {
            return Attempt::Solution(Stop::Caught);
        }
        failed()
    }

    /// A state narrowed by all statements of the schema, or those that it breaks.
    fn narrowed(
        &self,
        state: &State,
        cells: &mut Cells<'p, 'a>,
        budget: &mut u64,
    ) -> Result<State, Vec<usize>> {
        let facts = &self.problem.facts;
        Search::<()>::narrowed_by_facts(self.problem, state, cells, budget, &mut |_, _, _| {
            Attempt::Failed
        })
        .ok_or_else(|| {
            (0..facts.len())
                .filter(|fact| contradicts(self.problem, state, &facts[*fact]))
                .collect()
        })
    }

    /// Whether an event escapes all filters under a reading.
    fn slips(&self, event: &Event, reading: Reading) -> bool {
        matches!(
            self.confirm.confirm(event, reading),
            Confirmation::Escapes | Confirmation::ShownAs(_)
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
        let raised = self.confirm.raised_by(event).into_iter();
        raised
            .filter(|question| !self.slips(event, other(*question)))
            .map(|question| question.assumption(reading.answers_yes(question)))
            .collect()
    }

    fn undecided(&self, is_spent: bool) -> Covers {
        Covers::Unknown(if is_spent {
            Why::TooManySteps
        } else if self.problem.inexact {
            Why::NotJson
        } else {
            Why::Unconfirmed
        })
    }
}

pub(super) fn leftmost_wildcards() -> Assumption {
    Taken::LeftmostWildcards.assumption()
}
