//! The search for a way to satisfy a problem's goals: propagate what is forced,
//! branch on the narrowest choice, give up when the budget of steps is spent.
//! A finished search without a solution is a proof that there is none.

use super::cells::{Cells, Filled};
use super::facts::Effect;
use super::formula::{Node, NodeId};
use super::problem::{Field, Problem};

/// For each field: the classes that are left, the languages its cells' texts
/// lie in, and those they lie outside of.
#[derive(Clone, Debug)]
pub(crate) struct State {
    words: Box<[u64]>,
}

impl State {
    fn classes<'s>(&'s self, field: &Field<'_>) -> &'s [u64] {
        &self.words[field.offset..field.offset + field.class_words()]
    }

    fn classes_mut<'s>(&'s mut self, field: &Field<'_>) -> &'s mut [u64] {
        &mut self.words[field.offset..field.offset + field.class_words()]
    }

    /// The languages that texts in cells lie in (first) or outside of (second).
    pub(crate) fn languages<'s>(&'s self, field: &Field<'_>) -> (&'s [u64], &'s [u64]) {
        let start = field.offset + field.class_words();
        let words = field.language_words();
        (
            &self.words[start..start + words],
            &self.words[start + words..start + 2 * words],
        )
    }

    fn set_language(&mut self, field: &Field<'_>, language: usize, outside: bool) {
        let start =
            field.offset + field.class_words() + usize::from(outside) * field.language_words();
        self.words[start + language / 64] |= 1 << (language % 64);
    }

    /// Whether a class is left for a field.
    pub(crate) fn has_class(&self, field: &Field<'_>, class: usize) -> bool {
        self.classes(field)[class / 64] & (1 << (class % 64)) != 0
    }
}

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
pub(crate) struct Search<'p, 'a, T> {
    problem: &'p Problem<'a>,
    cells: Cells<'p, 'a>,
    budget: &'p mut u64,
    attempts: u32,
    undecided: bool,
    finish: &'p mut dyn FnMut(&State, &mut Cells<'p, 'a>, &mut u64) -> Attempt<T>,
}

/// The restrictions of one run.
pub(crate) struct Run<'r> {
    /// For each fact of the problem, whether it holds.
    pub(crate) active: &'r [bool],
    /// Whether open questions may be answered either way instead of with no.
    pub(crate) questions_open: bool,
    /// Further restrictions: a field and the only class left to it.
    pub(crate) fixed: Option<(usize, usize)>,
}

/// States that satisfy all goals and come to nothing, before the search ends.
const MOST_ATTEMPTS: u32 = 24;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Holds,
    Fails,
    Open,
}

impl Status {
    fn under(self, polarity: bool) -> Self {
        match (self, polarity) {
            (Self::Holds, false) => Self::Fails,
            (Self::Fails, false) => Self::Holds,
            (status, _) => status,
        }
    }
}

struct Conflict;

type Goals = Vec<(NodeId, bool)>;

impl<'p, 'a, T> Search<'p, 'a, T> {
    pub(crate) fn run(
        problem: &'p Problem<'a>,
        run: &Run<'_>,
        budget: &'p mut u64,
        finish: &'p mut dyn FnMut(&State, &mut Cells<'p, 'a>, &mut u64) -> Attempt<T>,
    ) -> Found<T> {
        let mut state = State {
            words: vec![0; problem.state_words].into(),
        };
        for field in &problem.fields {
            let all = field.classes.mask(|_| true);
            state.classes_mut(field).copy_from_slice(&all);
            if !run.questions_open && matches!(field.source, super::problem::Source::Question(_)) {
                state.classes_mut(field)[0] = 1;
            }
        }
        let mut goals = problem.goals.clone();
        for (fact, active) in problem.facts.iter().zip(run.active) {
            match &fact.effect {
                _ if !active => {}
                Effect::Restrict { field, classes } => {
                    restrict(state.classes_mut(&problem.fields[*field]), classes);
                }
                Effect::Holds(node) => goals.push((*node, true)),
            }
        }
        if let Some((field, class)) = run.fixed {
            let words = state.classes_mut(&problem.fields[field]);
            let kept = words[class / 64] & (1 << (class % 64));
            words.fill(0);
            words[class / 64] = kept;
        }
        if problem
            .fields
            .iter()
            .any(|field| state.classes(field).iter().all(|word| *word == 0))
        {
            return Found::Nothing;
        }
        let cells = Cells::new(problem);
        let mut search = Self {
            problem,
            cells,
            budget,
            attempts: 0,
            undecided: false,
            finish,
        };
        match search.solve(state, goals) {
            Some(solution) => Found::Solution(solution),
            None if search.undecided => Found::Undecided,
            None => Found::Nothing,
        }
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
        let Some(choice) = self.narrowest(&state, &goals) else {
            return if self.is_spent() {
                None
            } else {
                self.attempt(&state)
            };
        };
        let (node, polarity) = goals.remove(choice);
        for alternative in self.open_children(&state, node, polarity) {
            if !self.spend(16 + goals.len() as u64) {
                return None;
            }
            let mut with_it = goals.clone();
            with_it.push((alternative, polarity));
            if let Some(solution) = self.solve(state.clone(), with_it) {
                return Some(solution);
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
        match (self.finish)(state, &mut self.cells, self.budget) {
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
            let mut open = Goals::with_capacity(waiting.len());
            while let Some((node, polarity)) = waiting.pop() {
                match (&self.problem.formula.nodes[node as usize], polarity) {
                    (Node::True, true) | (Node::False, false) => {}
                    (Node::True, false) | (Node::False, true) => return Err(Conflict),
                    (Node::Literal(literal), _) => {
                        changed |= self.assert(state, *literal, polarity)?;
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
            if !changed {
                open.reverse();
                *goals = open;
                return Ok(());
            }
            open.reverse();
            waiting = open;
        }
    }

    /// Makes a literal hold; says whether that narrowed anything.
    fn assert(
        &mut self,
        state: &mut State,
        literal: u32,
        polarity: bool,
    ) -> Result<bool, Conflict> {
        let problem = self.problem;
        let literal = &problem.formula.literals[literal as usize];
        let field = &problem.fields[literal.field];
        self.spend(1);
        let mut changed = false;
        let by_language = literal.language.map(|(language, outside)| {
            let want_outside = outside == polarity;
            let (inside, outside) = state.languages(field);
            let holds = |words: &[u64]| words[language / 64] & (1 << (language % 64)) != 0;
            let (same, opposite) = if want_outside {
                (outside, inside)
            } else {
                (inside, outside)
            };
            (language, want_outside, holds(same), holds(opposite))
        });
        let mut classes_left = 0;
        let mut cells_left = 0;
        for word in 0..field.class_words() {
            let holding = if polarity {
                literal.classes[word]
            } else {
                !literal.classes[word]
            };
            let cells = field.cells[word];
            let kept = match by_language {
                None => holding,
                // Within cells the language decides, and may already have.
                Some((.., contradicted)) if contradicted => holding & !cells,
                Some(_) => holding | cells,
            };
            let slot = &mut state.classes_mut(field)[word];
            let narrowed = *slot & kept;
            changed |= narrowed != *slot;
            *slot = narrowed;
            classes_left |= narrowed;
            cells_left |= narrowed & cells;
        }
        if classes_left == 0 {
            return Err(Conflict);
        }
        if let Some((language, want_outside, known, _)) = by_language
            && cells_left != 0
            && !known
        {
            state.set_language(field, language, want_outside);
            changed = true;
        }
        if changed && cells_left != 0 && !field.classes.languages.is_empty() {
            self.drop_empty_cells(state, literal.field)?;
        }
        Ok(changed)
    }

    /// Removes cells in which no text is left, once nothing else is.
    fn drop_empty_cells(&mut self, state: &mut State, field_number: usize) -> Result<(), Conflict> {
        let field = &self.problem.fields[field_number];
        let only_cells = state
            .classes(field)
            .iter()
            .zip(&field.cells)
            .all(|(left, cells)| left & !cells == 0);
        if !only_cells {
            return Ok(());
        }
        let mut left = false;
        for class in 0..field.classes.list.len() {
            if !state.has_class(field, class) {
                continue;
            }
            match self.cells.fill(state, field_number, class, self.budget) {
                Filled::Value(_) | Filled::Undecided => left = true,
                Filled::Empty => state.classes_mut(field)[class / 64] &= !(1 << (class % 64)),
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
        self.spend(1);
        let literal = &self.problem.formula.literals[literal as usize];
        let field = &self.problem.fields[literal.field];
        let left = state.classes(field);
        let mut may_hold = false;
        let mut may_fail = false;
        let decided_by_language = literal.language.is_some();
        for ((left, classes), cells) in left.iter().zip(&literal.classes).zip(&field.cells) {
            let known = if decided_by_language {
                left & !cells
            } else {
                *left
            };
            may_hold |= known & classes != 0;
            may_fail |= known & !classes != 0;
        }
        if let Some((language, outside)) = literal.language
            && left
                .iter()
                .zip(&field.cells)
                .any(|(left, cells)| left & cells != 0)
        {
            let (inside_words, outside_words) = state.languages(field);
            let bit = 1_u64 << (language % 64);
            let is_inside = inside_words[language / 64] & bit != 0;
            let is_outside = outside_words[language / 64] & bit != 0;
            match (is_inside, is_outside) {
                (true, _) => {
                    may_hold |= !outside;
                    may_fail |= outside;
                }
                (_, true) => {
                    may_hold |= outside;
                    may_fail |= !outside;
                }
                (false, false) => {
                    may_hold = true;
                    may_fail = true;
                }
            }
        }
        match (may_hold, may_fail) {
            (true, true) => Status::Open,
            (true, false) => Status::Holds,
            (false, _) => Status::Fails,
        }
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

    /// The goal with the fewest alternatives, the earliest of several.
    fn narrowest(&mut self, state: &State, goals: &Goals) -> Option<usize> {
        let mut best: Option<(usize, usize)> = None;
        for (position, (node, polarity)) in goals.iter().enumerate() {
            let count = self.open_children(state, *node, *polarity).len();
            if best.is_none_or(|(fewest, _)| count < fewest) {
                best = Some((count, position));
            }
        }
        best.map(|(_, position)| position)
    }
}

fn restrict(words: &mut [u64], by: &[u64]) {
    for (word, by) in words.iter_mut().zip(by) {
        *word &= by;
    }
}
