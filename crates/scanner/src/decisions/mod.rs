//! The file of recorded decisions (`controls.decisions`): which events may go unnoticed, which
//! alarms may wait, which Regions need no chain; in which accounts, by whom, why, until when.
//! Reading it is `file`'s; what a decision does to a verdict is `orgsweep-controls`'.

mod file;

use std::sync::Arc;

use chrono::NaiveDate;
use orgsweep_controls::decision::{
    Acceptance, Accepted, DAYS_OF_WARNING, DecisionState, Decisions, Exclusion, Record,
};
use orgsweep_controls::ids::ControlId;
use orgsweep_controls::organization::ListedAccount;
use orgsweep_store::Ending;

use crate::sweep::selection::Selector;

pub(crate) use file::read;

/// Every decision, with the accounts that it is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct DecisionBook {
    entries: Vec<Entry>,
    digest: String,
}

#[derive(Debug, Clone)]
struct Entry {
    id: String,
    owner: String,
    reason: String,
    until: NaiveDate,
    controls: Vec<ControlId>,
    /// Accounts that one of these fits; none: every account.
    accounts: Vec<Selector>,
    decides: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// The pattern, which was read.
    Excludes(String),
    Accepts(Accepted),
}

impl Entry {
    fn record(&self, today: NaiveDate) -> Record {
        Record {
            id: self.id.clone(),
            owner: self.owner.clone(),
            reason: self.reason.clone(),
            until: self.until,
            state: DecisionState::on(today, self.until),
        }
    }
}

impl DecisionBook {
    /// The decisions about an account, the ended ones among them. What is not known of the
    /// account (its OU, its tags) fits no selector.
    pub(crate) fn about(&self, account: &ListedAccount, today: NaiveDate) -> Decisions {
        let mut decisions = Decisions::default();
        let fitting = self.entries.iter().filter(|entry| {
            entry.accounts.is_empty()
                || entry.accounts.iter().any(|selector| selector.fits(account))
        });
        for entry in fitting {
            let record = entry.record(today);
            let controls = entry.controls.clone();
            match &entry.decides {
                Kind::Excludes(pattern) => {
                    // INVARIANT: the pattern was parsed when the file was read.
                    let exclusion = Exclusion::new(record, controls, pattern);
                    decisions.exclusions.extend(exclusion.ok().map(Arc::new));
                }
                Kind::Accepts(accepted) => decisions.acceptances.push(Arc::new(Acceptance {
                    record,
                    controls,
                    accepted: accepted.clone(),
                })),
            }
        }
        decisions
    }

    /// Whether a selector asks for tags.
    pub(crate) fn needs_tags(&self) -> bool {
        let selectors = self.entries.iter().flat_map(|entry| &entry.accounts);
        selectors.into_iter().any(Selector::needs_tags)
    }

    /// SHA-256 of the file; empty without one.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The decisions that end within a month, or have ended within the last.
    pub(crate) fn ending(&self, today: NaiveDate) -> Vec<Ending> {
        let a_month_ago = today - chrono::Days::new(DAYS_OF_WARNING);
        self.entries
            .iter()
            .filter(|entry| match DecisionState::on(today, entry.until) {
                DecisionState::InForce => false,
                DecisionState::EndsSoon => true,
                DecisionState::Ended => entry.until >= a_month_ago,
            })
            .map(|entry| Ending {
                kind: match &entry.decides {
                    Kind::Excludes(_) => "exclusion".to_owned(),
                    Kind::Accepts(accepted) => accepted.kind().words().to_owned(),
                },
                id: entry.id.clone(),
                owner: entry.owner.clone(),
                until: entry.until,
                ended: entry.until < today,
            })
            .collect()
    }
}
