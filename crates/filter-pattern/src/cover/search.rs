//! The search for a way to satisfy a problem's goals: propagate what is forced,
//! branch on the narrowest choice, give up when the budget of steps is spent.
//! A finished search without a solution is a proof that there is none.

use super::cells::{Cells, Filled};
use super::formula::{Node, NodeId};
use super::problem::{Problem, Source};
use super::restrict::{Goals, apply};
use super::state::{Conflict, State, Status};

/// How far a search came.
pub(crate) enum Found<T> {
    /// A solution, as the caller made it out of the final state.
    Solution(T),
    /// There is none.
    Nothing,
    /// Not known: the budget was spent, or states were met that nobody could
    /// make a solution of.
    Undecided,
}

/// What the caller makes of a state that satisfies all goals.
pub(crate) enum Attempt<T> {
    Solution(T),
    /// Nothing came of it, which proves nothing.
    Failed,
}

/// One run over a problem.
pub(crate) struct Search<'s, 'p, 'a, T> {
    problem: &'p Problem<'a>,
    cells: &'s mut Cells<'p, 'a>,
    budget: &'s mut u64,
    attempts: u32,
    /// Choices that led to the state at hand.
    depth: u32,
    undecided: bool,
    languages_free: bool,
    finish: &'s mut dyn FnMut(&State, &mut Cells<'p, 'a>, &mut u64) -> Attempt<T>,
}

/// The restrictions of one run.
pub(crate) struct Run<'r> {
    /// For each fact of the problem, whether it holds.
    pub(crate) active: &'r [bool],
    /// Whether open questions may be answered either way instead of with no.
    pub(crate) questions_open: bool,
    /// Further restrictions: a field and the only class left to it.
    pub(crate) fixed: Option<(usize, usize)>,
    /// Whether wildcards and regular expressions may mean anything, so that a
    /// proof owes nothing to what they mean.
    pub(crate) languages_free: bool,
}

/// Choices on top of each other, which bounds the stack.
const MOST_CHOICES: u32 = 1000;

/// States that satisfy all goals and come to nothing, before the search ends.
const MOST_ATTEMPTS: u32 = 24;

impl<'s, 'p, 'a, T> Search<'s, 'p, 'a, T> {
    pub(crate) fn run(
        problem: &'p Problem<'a>,
        run: &Run<'_>,
        cells: &'s mut Cells<'p, 'a>,
        budget: &'s mut u64,
        finish: &'s mut dyn FnMut(&State, &mut Cells<'p, 'a>, &mut u64) -> Attempt<T>,
    ) -> Found<T> {
        let mut state = problem.unrestricted.clone();
        if !run.questions_open {
            for field in problem
                .fields
                .iter()
                .filter(|field| matches!(field.source, Source::Question(_)))
            {
                state.keep_only(field, 0);
            }
        }
        let mut goals = problem.goals.clone();
        for (fact, active) in problem.facts.iter().zip(run.active) {
            if *active {
                apply(problem, fact, &mut state, &mut goals);
            }
        }
        if let Some((field, class)) = run.fixed {
            state.keep_only(&problem.fields[field], class);
        }
        if problem.fields.iter().any(|field| state.is_empty(field)) {
            return Found::Nothing;
        }
        let mut search = Self {
            problem,
            cells,
            budget,
            attempts: 0,
            depth: 0,
            undecided: false,
            languages_free: run.languages_free,
            finish,
        };
        match search.solve(state, goals) {
            Some(solution) => Found::Solution(solution),
            None if search.undecided => Found::Undecided,
            None => Found::Nothing,
        }
    }

    /// A state narrowed by all facts; `None` when it contradicts them.
    pub(crate) fn narrowed_by_facts(
        problem: &'p Problem<'a>,
        state: &State,
        cells: &'s mut Cells<'p, 'a>,
        budget: &'s mut u64,
        finish: &'s mut dyn FnMut(&State, &mut Cells<'p, 'a>, &mut u64) -> Attempt<T>,
    ) -> Option<State> {
        let mut state = state.clone();
        let mut goals = Goals::new();
        for fact in &problem.facts {
            apply(problem, fact, &mut state, &mut goals);
        }
        if problem.fields.iter().any(|field| state.is_empty(field)) {
            return None;
        }
        let mut search = Self {
            problem,
            cells,
            budget,
            attempts: 0,
            depth: 0,
            undecided: false,
            languages_free: false,
            finish,
        };
        search.propagate(&mut state, &mut goals).ok()?;
        Some(state)
    }

    fn spend(&mut self, steps: u64) -> bool {
        *self.budget = self.budget.saturating_sub(steps);
        !self.is_spent()
    }

    /// Whether the budget is spent, after which nothing proves anything.
    fn is_spent(&mut self) -> bool {
        self.undecided |= *self.budget == 0;
        *self.budget == 0
    }

    fn solve(&mut self, mut state: State, mut goals: Goals) -> Option<T> {
        if self.propagate(&mut state, &mut goals).is_err() {
            return None;
        }
        if self.depth >= MOST_CHOICES {
            self.undecided = true;
        }
        if self.is_spent() || self.depth >= MOST_CHOICES {
            return None;
        }
        if goals.is_empty() {
            return self.attempt(&state);
        }
        // Most of a log group's filters have nothing to do with the event that
        // is looked for: goals that a plain candidate satisfies need no choice.
        let candidate = self.candidate(&state);
        let choice = match self.narrowest(&state, &goals, Some(&candidate)) {
            Some(choice) => choice,
            None => match self.attempt(&candidate) {
                Some(solution) => return Some(solution),
                None => self.narrowest(&state, &goals, None)?,
            },
        };
        let (node, polarity) = goals.remove(choice);
        for alternative in self.open_children(&state, node, polarity) {
            if !self.spend(16 + goals.len() as u64) {
                return None;
            }
            let mut with_it = goals.clone();
            with_it.push((alternative, polarity));
            self.depth += 1;
            let solution = self.solve(state.clone(), with_it);
            self.depth -= 1;
            if solution.is_some() {
                return solution;
            }
            if self.attempts >= MOST_ATTEMPTS {
                return None;
            }
            // This alternative is out; the next ones are tried without it.
            goals.push((alternative, !polarity));
            if self.propagate(&mut state, &mut goals).is_err() {
                return None;
            }
        }
        None
    }

    fn attempt(&mut self, state: &State) -> Option<T> {
        self.attempts += 1;
        match (self.finish)(state, self.cells, self.budget) {
            Attempt::Solution(solution) => Some(solution),
            Attempt::Failed => {
                self.undecided = true;
                None
            }
        }
    }

    /// Does what the goals force, until only real choices are left.
    fn propagate(&mut self, state: &mut State, goals: &mut Goals) -> Result<(), Conflict> {
        let mut waiting: Goals = std::mem::take(goals);
        loop {
            let mut changed = false;
            let mut narrowed_cells: Vec<usize> = Vec::new();
            let mut open = Goals::with_capacity(waiting.len());
            while let Some((node, polarity)) = waiting.pop() {
                match (&self.problem.formula.nodes[node as usize], polarity) {
                    (Node::True, true) | (Node::False, false) => {}
                    (Node::True, false) | (Node::False, true) => return Err(Conflict),
                    (Node::Literal(literal), _) => {
                        changed |= self.assert(state, *literal, polarity, &mut narrowed_cells)?;
                    }
                    (Node::And(parts), true) | (Node::Or(parts), false) => {
                        waiting.extend(parts.iter().map(|part| (*part, polarity)));
                    }
                    (Node::Or(parts), true) | (Node::And(parts), false) => {
                        let mut alternative = None;
                        let mut open_parts = 0;
                        let mut settled = false;
                        for &part in parts {
                            match self.status(state, part).under(polarity) {
                                Status::Holds => {
                                    settled = true;
                                    break;
                                }
                                Status::Fails => {}
                                Status::Open => {
                                    open_parts += 1;
                                    alternative = Some(part);
                                }
                            }
                        }
                        match (settled, open_parts, alternative) {
                            (true, ..) => {}
                            (false, 1, Some(part)) => waiting.push((part, polarity)),
                            (false, 0, _) => return Err(Conflict),
                            _ => open.push((node, polarity)),
                        }
                    }
                }
                if self.is_spent() {
                    return Err(Conflict);
                }
            }
            // Once all that is forced is known, instead of after each part of it.
            for field in narrowed_cells {
                self.drop_empty_cells(state, field)?;
            }
            if !changed {
                open.reverse();
                *goals = open;
                return Ok(());
            }
            open.reverse();
            waiting = open;
        }
    }

    /// Makes a literal hold; says whether that narrowed anything, and notes the
    /// field if a cell of it may have become empty.
    fn assert(
        &mut self,
        state: &mut State,
        literal: u32,
        polarity: bool,
        narrowed_cells: &mut Vec<usize>,
    ) -> Result<bool, Conflict> {
        let literal = &self.problem.formula.literals[literal as usize];
        let field = &self.problem.fields[literal.field];
        self.spend(field.cost());
        let narrowed = state.narrow(field, literal, polarity)?;
        let in_cells = narrowed.cells_left && !field.classes.languages.is_empty();
        if narrowed.changed && in_cells && !narrowed_cells.contains(&literal.field) {
            narrowed_cells.push(literal.field);
        }
        Ok(narrowed.changed)
    }

    /// Removes cells in which no text is left, once nothing else is.
    fn drop_empty_cells(&mut self, state: &mut State, field_number: usize) -> Result<(), Conflict> {
        let field = &self.problem.fields[field_number];
        if self.languages_free || !state.has_only_cells(field) {
            return Ok(());
        }
        let mut left = false;
        for class in 0..field.classes.list.len() {
            if !state.has_class(field, class) {
                continue;
            }
            match self.cells.fill(state, field_number, class, self.budget) {
                Filled::Value(_) | Filled::Undecided => left = true,
                Filled::Empty => state.remove(field, class),
            }
        }
        if left { Ok(()) } else { Err(Conflict) }
    }

    fn status(&mut self, state: &State, node: NodeId) -> Status {
        let problem = self.problem;
        match &problem.formula.nodes[node as usize] {
            Node::True => Status::Holds,
            Node::False => Status::Fails,
            Node::Literal(literal) => self.literal_status(state, *literal),
            Node::And(parts) => {
                let mut status = Status::Holds;
                for &part in parts {
                    match self.status(state, part) {
                        Status::Fails => return Status::Fails,
                        Status::Open => status = Status::Open,
                        Status::Holds => {}
                    }
                }
                status
            }
            Node::Or(parts) => {
                let mut status = Status::Fails;
                for &part in parts {
                    match self.status(state, part) {
                        Status::Holds => return Status::Holds,
                        Status::Open => status = Status::Open,
                        Status::Fails => {}
                    }
                }
                status
            }
        }
    }

    fn literal_status(&mut self, state: &State, literal: u32) -> Status {
        let literal = &self.problem.formula.literals[literal as usize];
        let field = &self.problem.fields[literal.field];
        self.spend(field.cost());
        state.status(field, literal)
    }

    fn open_children(&mut self, state: &State, node: NodeId, polarity: bool) -> Vec<NodeId> {
        let problem = self.problem;
        match &problem.formula.nodes[node as usize] {
            Node::And(parts) | Node::Or(parts) => parts
                .iter()
                .copied()
                .filter(|part| self.status(state, *part).under(polarity) == Status::Open)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The state with one plain class for each field.
    fn candidate(&mut self, state: &State) -> State {
        let mut candidate = state.clone();
        self.spend(self.problem.fields.len() as u64);
        for field in &self.problem.fields {
            let left = |class: &usize| state.has_class(field, *class);
            let plain = field.plain.into_iter().flatten().find(left);
            let class = plain.or_else(|| state.first_class(field)).unwrap_or(0);
            candidate.keep_only(field, class);
        }
        candidate
    }

    /// The goal with the fewest alternatives, the earliest of several; only among
    /// those that the candidate does not satisfy, if there is one.
    fn narrowest(
        &mut self,
        state: &State,
        goals: &Goals,
        candidate: Option<&State>,
    ) -> Option<usize> {
        let mut best: Option<(usize, usize)> = None;
        for (position, (node, polarity)) in goals.iter().enumerate() {
            if candidate.is_some_and(|it| self.status(it, *node).under(*polarity) == Status::Holds)
            {
                continue;
            }
            let count = self.open_children(state, *node, *polarity).len();
            if best.is_none_or(|(fewest, _)| count < fewest) {
                best = Some((count, position));
            }
        }
        best.map(|(_, position)| position)
    }
}
