//! Coverage questions over one schema with one budget, as the helpers for
//! people ask them: again and again, about edits of the same pattern.

use crate::cover::{Assumption, Budget, CoverQuestion, Covers};
use crate::pattern::FilterPattern;
use crate::schema::Schema;

/// Steps for one of many proofs: enough for every pattern that people write,
/// little enough that a hundred of them take no noticeable time.
const STEPS: u64 = 100_000;

/// Asks about the events of one schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prover<'a> {
    pub(crate) schema: &'a Schema,
    /// Events that need no filter.
    pub(crate) except: &'a [&'a FilterPattern],
}

impl<'a> Prover<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            except: &[],
        }
    }

    pub(crate) fn covers(&self, required: &FilterPattern, filters: &[&FilterPattern]) -> Covers {
        CoverQuestion {
            required,
            filters,
            except: self.except,
            schema: self.schema,
            budget: Budget::steps(STEPS),
        }
        .decide()
    }

    /// What the proof that the filters cover rests on; `None` without a proof.
    pub(crate) fn proof(
        &self,
        required: &FilterPattern,
        filters: &[&FilterPattern],
    ) -> Option<Vec<Assumption>> {
        match self.covers(required, filters) {
            Covers::Yes(proof) => Some(proof.assumptions().to_vec()),
            _ => None,
        }
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
}
