//! In which order accounts are changed: owners of organization trails first, a few
//! that go ahead, then a twentieth, then the rest; and when so many failed that the
//! others are left alone. Pure.

use std::collections::{BTreeMap, BTreeSet};

use orgsweep_controls::AccountId;

use crate::document::Plan;

/// The accounts that go ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Canary {
    /// So many, the first in the order of the plan.
    First(usize),
    /// These.
    These(BTreeSet<AccountId>),
}

/// Share of the accounts in the second wave: one in so many.
const SECOND_WAVE: usize = 20;

/// The accounts that a plan changes, in the order in which that is done: those whose steps
/// serve other accounts first, since their chains stand behind an organization's trail.
pub fn in_order(plan: &Plan) -> Vec<AccountId> {
    let owners: BTreeMap<u32, &AccountId> = plan
        .steps
        .iter()
        .map(|step| (step.number, &step.account_id))
        .collect();
    let mut central: BTreeSet<&AccountId> = BTreeSet::new();
    for repair in &plan.repairs {
        let steps = repair
            .steps
            .iter()
            .filter_map(|number| owners.get(number).copied());
        central.extend(steps.filter(|owner| **owner != repair.account_id));
    }
    let mut order: Vec<AccountId> = Vec::new();
    let mut listed = BTreeSet::new();
    for first in [true, false] {
        for step in &plan.steps {
            let account = &step.account_id;
            if central.contains(&account) == first && listed.insert(account) {
                order.push(account.clone());
            }
        }
    }
    order
}

/// `accounts` in waves: the canary, a twentieth, the rest. No wave is empty.
pub fn waves(accounts: &[AccountId], canary: &Canary) -> Vec<Vec<AccountId>> {
    let (ahead, others): (Vec<AccountId>, Vec<AccountId>) = match canary {
        Canary::First(number) => {
            let (ahead, others) = accounts.split_at((*number).min(accounts.len()));
            (ahead.to_vec(), others.to_vec())
        }
        Canary::These(chosen) => accounts
            .iter()
            .cloned()
            .partition(|account| chosen.contains(account)),
    };
    let second = accounts.len().div_ceil(SECOND_WAVE).min(others.len());
    let (second, rest) = others.split_at(second);
    [ahead, second.to_vec(), rest.to_vec()]
        .into_iter()
        .filter(|wave| !wave.is_empty())
        .collect()
}

/// How many accounts of a hundred may fail before the others are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold(pub u8);

impl Threshold {
    /// Whether `failed` of `tried` accounts are too many.
    pub fn is_passed(self, failed: usize, tried: usize) -> bool {
        failed * 100 > usize::from(self.0) * tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(count: usize) -> Vec<AccountId> {
        (1..=count)
            .map(|number| format!("{number:012}").parse().unwrap())
            .collect()
    }

    #[test]
    #[rustfmt::skip]
    fn a_few_go_ahead_then_a_twentieth_then_the_rest() {
        for (count, canary, expected) in [
            (1,    1,  vec![1]),
            (2,    1,  vec![1, 1]),
            (3,    1,  vec![1, 1, 1]),
            (100,  1,  vec![1, 5, 94]),
            (1000, 3,  vec![3, 50, 947]),
            (4,    0,  vec![1, 3]),
            (4,    9,  vec![4]),
            (0,    1,  vec![]),
        ] {
            let waves = waves(&accounts(count), &Canary::First(canary));
            let sizes: Vec<usize> = waves.iter().map(Vec::len).collect();
            assert_eq!(sizes, expected, "{count} accounts, {canary} ahead");
            assert_eq!(waves.concat(), accounts(count));
        }
    }

    #[test]
    fn chosen_accounts_go_ahead_wherever_they_stand() {
        let all = accounts(5);
        let canary = Canary::These(BTreeSet::from([all[3].clone()]));
        let waves = waves(&all, &canary);
        assert_eq!(waves[0], [all[3].clone()]);
        assert_eq!(waves[1], [all[0].clone()]);
        assert_eq!(waves[2], [all[1].clone(), all[2].clone(), all[4].clone()]);
    }

    #[test]
    #[rustfmt::skip]
    fn the_share_of_failures_stops_the_rest() {
        for (threshold, failed, tried, passed) in [
            (10, 0, 0,   false),
            (10, 1, 1,   true),
            (10, 1, 10,  false),
            (10, 2, 10,  true),
            (0,  0, 5,   false),
            (0,  1, 500, true),
            (100, 5, 5,  false),
        ] {
            assert_eq!(Threshold(threshold).is_passed(failed, tried), passed, "{failed} of {tried} at {threshold} %");
        }
    }
}
