//! The organization whose nights are stored: seven of ten accounts are members of an
//! organization trail, two have whole chains of their own, one has a failing alarm.

#[expect(dead_code, reason = "the tests of the controls use more of it")]
#[path = "../../../controls/tests/verdicts/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use orgsweep_controls::finding::Finding;
use orgsweep_controls::ids::AccountId;
use orgsweep_controls::organization::{AccountState, Inventory, ListedAccount};
use orgsweep_controls::{AccountSnapshot, Catalog, Evaluator, ReliedOn};

use support::{healthy, member, of_alarm, owner, relying_on};

/// An organization of so many accounts.
pub(crate) struct Organization {
    accounts: u32,
    evaluator: Evaluator,
    relied_on: ReliedOn,
}

impl Organization {
    pub(crate) fn new(accounts: u32) -> Self {
        Self {
            accounts,
            evaluator: Evaluator::new(Catalog::builtin()),
            relied_on: relying_on(owner()),
        }
    }

    pub(crate) fn size(&self) -> u32 {
        self.accounts
    }

    pub(crate) fn ids(&self) -> BTreeSet<AccountId> {
        (0..self.accounts).map(id).collect()
    }

    pub(crate) fn inventory(&self, read_at: DateTime<Utc>) -> Inventory {
        Inventory {
            organization: "o-a1b2c3d4e5".parse().ok(),
            management_account: "999988887777".parse().ok(),
            read_at,
            accounts: (0..self.accounts).map(listed).collect(),
        }
    }

    /// The facts of an account and what they are judged to be.
    pub(crate) fn account(&self, index: u32) -> (AccountSnapshot, Vec<Finding>) {
        let id = id(index);
        let snapshot = match index % 10 {
            0..7 => member(id.as_str()),
            7 | 8 => healthy(id.as_str()),
            _ => {
                let mut snapshot = healthy(id.as_str());
                of_alarm(&mut snapshot, "vpc-changes").actions_enabled = false;
                snapshot
            }
        };
        let findings = self.evaluator.evaluate(&snapshot, &self.relied_on);
        (snapshot, findings)
    }
}

pub(crate) fn id(index: u32) -> AccountId {
    let number = 200_000_000_000 + u64::from(index);
    number.to_string().parse().expect("twelve digits")
}

fn listed(index: u32) -> ListedAccount {
    let unit = index % 40;
    ListedAccount {
        id: id(index),
        name: format!("workload-{index}"),
        email: Some(format!("aws+{index}@example.com")),
        ou_path: Some(vec!["Workloads".to_owned(), format!("Unit {unit}")]),
        ou_ids: vec!["r-ab12".to_owned(), format!("ou-ab12-{unit:08}")],
        tags: Some(BTreeMap::from([(
            "team".to_owned(),
            format!("team {}", index % 200),
        )])),
        state: AccountState::Active,
        joined_at: None,
    }
}
