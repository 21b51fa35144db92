//! Account numbers of a scenario.

use std::collections::BTreeSet;

use toml::Spanned;

use super::document::GroupTable;
use super::error::ScenarioError;
use crate::state::drawn;

/// Account numbers: those that the file gives, and drawn ones that differ from them.
pub(super) struct Numbers {
    seed: u64,
    taken: BTreeSet<String>,
}

impl Numbers {
    /// None is taken yet.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            taken: BTreeSet::new(),
        }
    }

    /// The number of the account at `index` of the group.
    pub(super) fn of_group(
        &mut self,
        group: &GroupTable,
        index: usize,
    ) -> Result<String, ScenarioError> {
        let given = group
            .numbers
            .as_ref()
            .and_then(|numbers| numbers.get(index));
        self.given_or_drawn(given, &format!("{} {index}", group.name.get_ref()))
    }

    /// The number that the file gives, or one that depends on the seed and `what` alone.
    pub(super) fn given_or_drawn(
        &mut self,
        given: Option<&Spanned<String>>,
        what: &str,
    ) -> Result<String, ScenarioError> {
        if let Some(given) = given {
            let number = given.get_ref();
            if number.len() != 12 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(ScenarioError::at(
                    given,
                    "an account number has twelve digits",
                ));
            }
            if !self.taken.insert(number.clone()) {
                let message = format!("account number `{number}` is taken already");
                return Err(ScenarioError::at(given, message));
            }
            return Ok(number.clone());
        }
        let mut number = 100_000_000_000 + drawn(self.seed, what) % 899_999_999_999;
        while !self.taken.insert(number.to_string()) {
            number += 1;
        }
        Ok(number.to_string())
    }
}
