//! What a proof needs: of the statements that took part in it, those without
//! which it would not hold.

use crate::ast::Operand;
use crate::evaluate::Taken;

use super::asked::{Active, Asked, leftmost_wildcards};
use super::assumption::Assumption;
use super::cells::Cells;
use super::problem::Problem;
use super::search::{Attempt, Found, Run, Search};

impl Asked<'_, '_> {
    /// The assumptions of a proof in which these statements took part.
    pub(super) fn needed(&self, active: Active, budget: &mut u64) -> Vec<Assumption> {
        let Active {
            mut facts,
            mut order,
        } = active;
        // What is left out first is what the rest may make up for.
        order.sort_by_key(|fact| !self.problem.facts[*fact].is_last_resort());
        self.leave_out(&mut facts, &order, budget);
        let taken = [
            self.wildcards_needed(&facts, budget),
            self.numbers_as_texts_needed(&facts, budget),
        ];
        let kept = self.problem.facts.iter().zip(&facts);
        kept.filter(|(_, kept)| **kept)
            .map(|(fact, _)| fact.assumption())
            .chain(taken.into_iter().flatten())
            .collect()
    }

    /// Leaves out groups of statements; they stay out when the proof holds
    /// without them.
    fn leave_out(&self, active: &mut [bool], group: &[usize], budget: &mut u64) {
        if group.is_empty() {
            return;
        }
        set(active, group, false);
        if self.is_closed(active, false, budget) {
            return;
        }
        set(active, group, true);
        if group.len() > 1 {
            let (first, second) = group.split_at(group.len() / 2);
            self.leave_out(active, first, budget);
            self.leave_out(active, second, budget);
        }
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
        let needed = differs || decides && !self.is_closed(active, true, budget);
        needed.then(leftmost_wildcards)
    }

    /// That numbers equal texts of the same characters, if a proof needs that.
    fn numbers_as_texts_needed(&self, active: &[bool], budget: &mut u64) -> Option<Assumption> {
        let problem = Problem::with_numbers_apart(&self.patterns, self.schema)?;
        *budget = budget.saturating_sub(problem.cost());
        let run = Run {
            active,
            questions_open: true,
            fixed: None,
            languages_free: false,
        };
        let is_closed = nothing_escapes(&problem, &run, &mut Cells::new(&problem), budget);
        (!is_closed).then(|| Taken::NumbersAsTexts.assumption())
    }

    /// Whether no event at all escapes under some of the statements, as far as
    /// the budget tells.
    fn is_closed(&self, active: &[bool], languages_free: bool, budget: &mut u64) -> bool {
        let run = Run {
            active,
            questions_open: true,
            fixed: None,
            languages_free,
        };
        nothing_escapes(self.problem, &run, &mut self.cells.borrow_mut(), budget)
    }
}

fn nothing_escapes<'p, 'a>(
    problem: &'p Problem<'a>,
    run: &Run<'_>,
    cells: &mut Cells<'p, 'a>,
    budget: &mut u64,
) -> bool {
    let found = Search::run(problem, run, cells, budget, &mut |_, _, _| {
        Attempt::Solution(())
    });
    matches!(found, Found::Nothing)
}

fn set(active: &mut [bool], group: &[usize], to: bool) {
    for fact in group {
        active[*fact] = to;
    }
}
