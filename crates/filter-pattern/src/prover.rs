//! Coverage questions over one schema out of one budget, as the helpers for
//! people ask them: again and again, about edits of the same pattern. Whatever
//! they ask, all of it together takes a bounded number of steps.

use std::cell::Cell;

use crate::ast::Ast;
use crate::counterexample::Counterexamples;
use crate::cover::{Assumption, Covers, Patterns, Proof, Why, decide, prove};
use crate::edits::{Edit, Lists};
use crate::event::Event;
use crate::pattern::FilterPattern;
use crate::schema::Schema;

/// Steps for all questions of one command about one pattern.
const STEPS: u64 = 200_000;

/// Steps for one of them: enough for every pattern that people write.
const STEPS_OF_ONE: u64 = 100_000;

/// What it costs to ask, however easy the question.
const STEPS_TO_ASK: u64 = 64;

/// Asks about the events of one schema.
#[derive(Debug)]
pub(crate) struct Prover<'a> {
    schema: &'a Schema,
    /// Events that need no filter.
    except: &'a [&'a FilterPattern],
    left: Cell<u64>,
    ran_out: Cell<bool>,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self::for_patterns(1, schema)
    }

    /// With the steps that so many patterns get.
    pub(crate) fn for_patterns(count: usize, schema: &'a Schema) -> Self {
        Self {
            schema,
            except: &[],
            left: Cell::new(STEPS * count as u64),
            ran_out: Cell::new(false),
        }
    }

    /// Events that one of these patterns matches need no filter.
    pub(crate) fn except(self, except: &'a [&'a FilterPattern]) -> Self {
        Self { except, ..self }
    }

    /// Whether the steps did not suffice for some question.
    pub(crate) fn ran_out(&self) -> bool {
        self.ran_out.get()
    }

    pub(crate) fn covers(&self, required: &FilterPattern, filters: &[&FilterPattern]) -> Covers {
        self.decided(&[required], filters)
    }

    /// Whether no event matches both patterns; the witness does.
    pub(crate) fn overlap(&self, left: &FilterPattern, right: &FilterPattern) -> Covers {
        self.decided(&[left, right], &[])
    }

    fn decided(&self, required: &[&FilterPattern], filters: &[&FilterPattern]) -> Covers {
        let patterns = self.patterns(required, filters);
        let decided = self.with_share(|steps| {
            if patterns.are_covered_at_a_glance() {
                return Covers::Yes(Proof::default());
            }
            decide(&patterns, self.schema, steps)
        });
        decided.unwrap_or(Covers::Unknown(Why::TooManySteps))
    }

    /// What the proof that the filters cover rests on; `None` without a proof.
    pub(crate) fn proof(
        &self,
        required: &FilterPattern,
        filters: &[&FilterPattern],
    ) -> Option<Vec<Assumption>> {
        self.proof_for_all(&[required], filters)
    }

    /// The same for the events that match all required patterns.
    pub(crate) fn proof_for_all(
        &self,
        required: &[&FilterPattern],
        filters: &[&FilterPattern],
    ) -> Option<Vec<Assumption>> {
        let patterns = self.patterns(required, filters);
        self.with_share(|steps| prove(&patterns, self.schema, steps))?
    }

    /// What the proof that both match the same events rests on.
    pub(crate) fn same(
        &self,
        one: &FilterPattern,
        other: &FilterPattern,
    ) -> Option<Vec<Assumption>> {
        let mut assumptions = self.proof(one, &[other])?;
        assumptions.extend(self.proof(other, &[one])?);
        assumptions.sort_unstable();
        assumptions.dedup();
        Some(assumptions)
    }

    /// What the proof rests on that a pattern matches the same events without a part.
    /// Nothing is negated in a JSON pattern, so that without an alternative it can
    /// only match less, and that only where the alternative holds; without a
    /// condition only more, and that only where the condition does not hold.
    pub(crate) fn same_without(
        &self,
        pattern: &FilterPattern,
        edit: &Edit,
        lists: Lists,
        examples: &Counterexamples<'_>,
    ) -> Option<Vec<Assumption>> {
        let (with, without) = ([&edit.removed, pattern], [&edit.pattern]);
        let (required, filters) = match (pattern.ast(), lists) {
            (Ast::Json(_), Lists::Alternatives) => (&with[..], &without[..]),
            (Ast::Json(_), Lists::Conjuncts) => (&without[..], &with[..]),
            _ => return self.same(pattern, &edit.pattern),
        };
        if examples.refute(edit, lists, required, filters, self) {
            return None;
        }
        let mut assumptions = self.proof_for_all(required, filters)?;
        assumptions.sort_unstable();
        Some(assumptions)
    }

    /// Whether an event of the schema is matched by all required patterns, by no filter
    /// and by no exclusion: then there is no proof.
    pub(crate) fn escapes(
        &self,
        event: &Event,
        required: &[&FilterPattern],
        filters: &[&FilterPattern],
    ) -> bool {
        let matches = |pattern: &&FilterPattern| pattern.matches(event);
        required.iter().all(matches)
            && !filters.iter().chain(self.except).any(matches)
            && self.schema.admits(event)
    }

    fn patterns<'p>(
        &'p self,
        required: &'p [&'p FilterPattern],
        filters: &'p [&'p FilterPattern],
    ) -> Patterns<'p> {
        Patterns {
            required,
            filters,
            except: self.except,
        }
    }

    /// Asks with a share of what is left; `None` when nothing is left.
    fn with_share<R>(&self, ask: impl FnOnce(&mut u64) -> R) -> Option<R> {
        let share = STEPS_OF_ONE.min(self.left.get() / 2);
        let mut steps = share;
        let answer = (share > 0).then(|| ask(&mut steps));
        let taken = share - steps + STEPS_TO_ASK;
        self.left.set(self.left.get().saturating_sub(taken));
        self.ran_out.set(self.ran_out.get() || steps == 0);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilterPattern {
        text.parse().unwrap()
    }

    #[test]
    fn questions_share_the_steps_and_what_is_left_of_them_decides_nothing() {
        let schema = Schema::any();
        let prover = Prover::new(&schema);
        let hard = pattern("{ $.a = %a.{60}b% && $.a != %b.{50}a% }");
        let other = pattern("{ $.a = %a.{61}b% }");
        let easy = (pattern("{ $.a = x }"), pattern("{ $.a = x* }"));
        assert!(prover.proof(&easy.0, &[&easy.1]).is_some());
        assert!(!prover.ran_out());
        for _ in 0..64 {
            assert!(prover.proof(&hard, &[&other]).is_none());
        }
        assert!(prover.ran_out());
        assert!(prover.left.get() <= 1);
        assert!(prover.proof(&easy.0, &[&easy.1]).is_none());
        let unknown = prover.covers(&easy.0, &[&easy.1]);
        assert!(matches!(unknown, Covers::Unknown(Why::TooManySteps)));
    }

    #[test]
    fn a_part_is_left_out_where_both_directions_are_proved() {
        let schema = Schema::any();
        let texts = [
            "{ $.a = 1 || $.a = 1* || $.b = 2 }",
            "{ $.a = x && ($.a = x* || $.b = 2) && ($.c = 3 || $.c != 3 && $.d = 4) }",
            "{ ($.a = 1 || $.b = 2) && ($.a = 1 || $.b = 2 && $.c = 3) }",
            "{ $.a[*] = x || $.a[0] = x || $.a[*] != y }",
            "ERROR WARN -x ERROR",
            "?ERROR WARN",
        ];
        let mut kept = 0;
        for text in texts {
            let whole = pattern(text);
            for lists in [Lists::Alternatives, Lists::Conjuncts] {
                for number in 0.. {
                    let Some(edit) = crate::edits::without_part(&whole, lists, number) else {
                        break;
                    };
                    let prover = Prover::new(&schema);
                    let examples = Counterexamples::of(&whole);
                    let found = prover.same_without(&whole, &edit, lists, &examples);
                    let found = found.is_some();
                    let both = prover.same(&whole, &edit.pattern).is_some();
                    assert_eq!(found, both, "{text}: {}", edit.pattern);
                    kept += usize::from(found);
                }
            }
        }
        assert!(kept >= 6, "{kept}");
    }
}
