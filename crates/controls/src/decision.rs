//! Recorded decisions that a verdict takes into account: exclusions (events that may go
//! unnoticed) and acceptances (an alarm that waits for several events, Regions that are denied to
//! everyone). Each has an owner, a reason and an end; a finding names those that it rests on.
//!
//! Which accounts a decision is about, and whether it has ended, is found out by the caller:
//! nothing here reads a clock.

use std::sync::Arc;

use chrono::NaiveDate;
use filter_pattern::ParseError;
use serde::{Deserialize, Serialize};

use crate::catalog::MayWait;
use crate::ids::{ControlId, Region};
use crate::pattern::Pattern;

/// Who decided what, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Stable name, for example `deploy-role`.
    pub id: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: NaiveDate,
    /// Where it is in its life.
    pub state: DecisionState,
}

/// Where a decision is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionState {
    /// It counts.
    InForce,
    /// It counts, and ends within 30 days.
    EndsSoon,
    /// It has ended, and does not count any more.
    Ended,
}

/// Days before its end from which a decision is said to end soon.
pub const DAYS_OF_WARNING: u64 = 30;

impl DecisionState {
    /// The state on a day.
    pub fn on(today: NaiveDate, until: NaiveDate) -> Self {
        if until < today {
            Self::Ended
        } else if until < today + chrono::Days::new(DAYS_OF_WARNING) {
            Self::EndsSoon
        } else {
            Self::InForce
        }
    }
}

/// Events that may go unnoticed.
#[derive(Debug, Clone, PartialEq)]
pub struct Exclusion {
    /// Who decided it.
    pub record: Record,
    /// The controls that it is about.
    pub controls: Vec<ControlId>,
    /// The events, in the pattern language, as it was written.
    pub text: String,
    pub(crate) pattern: Arc<Pattern>,
}

impl Exclusion {
    /// An exclusion of the events that a pattern matches.
    pub fn new(
        record: Record,
        controls: Vec<ControlId>,
        pattern: &str,
    ) -> Result<Self, ParseError> {
        Ok(Self {
            record,
            controls,
            text: pattern.to_owned(),
            pattern: Pattern::parse(pattern)?,
        })
    }
}

/// Something less than DESIGN's rule that counts as enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Who decided it.
    pub record: Record,
    /// The controls that it is about; empty: all.
    pub controls: Vec<ControlId>,
    /// What is accepted.
    pub accepted: Accepted,
}

/// What an acceptance accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// An alarm that rings when so many events come within that time.
    SeveralEvents {
        /// Events, at most.
        events: u32,
        /// Seconds, at least: an alarm that asks for the events in less time is stricter.
        within_seconds: u32,
    },
    /// Regions of which no fact can be read because a service control policy denies them to
    /// everyone.
    DeniedRegions {
        /// These; empty: every one that is denied so.
        regions: Vec<Region>,
    },
}

/// The decisions about an account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decisions {
    /// Events that may go unnoticed.
    pub exclusions: Vec<Arc<Exclusion>>,
    /// What counts as enough.
    pub acceptances: Vec<Arc<Acceptance>>,
}

impl Decisions {
    /// Those about a control, the ended ones among them.
    pub(crate) fn about(&self, control: &ControlId) -> Self {
        let exclusions = self.exclusions.iter();
        let acceptances = self.acceptances.iter();
        Self {
            exclusions: exclusions
                .filter(|exclusion| exclusion.controls.contains(control))
                .cloned()
                .collect(),
            acceptances: acceptances
                .filter(|a| a.controls.is_empty() || a.controls.contains(control))
                .cloned()
                .collect(),
        }
    }

    /// The records of all.
    pub(crate) fn records(&self) -> impl Iterator<Item = (&Record, DecisionKind)> {
        let exclusions = self
            .exclusions
            .iter()
            .map(|exclusion| (&exclusion.record, DecisionKind::Exclusion));
        let acceptances = self.acceptances.iter().map(|acceptance| {
            let kind = acceptance.accepted.kind();
            (&acceptance.record, kind)
        });
        exclusions.chain(acceptances)
    }

    /// How many events may come before an alarm rings, by the acceptances in force.
    pub(crate) fn limits(&self) -> impl Iterator<Item = MayWait> + '_ {
        let in_force = self.acceptances.iter();
        let in_force = in_force.filter(|it| it.record.state != DecisionState::Ended);
        in_force.filter_map(|acceptance| acceptance.accepted.may_wait())
    }
}

impl Accepted {
    /// How long an alarm may wait; `None` where it is about something else.
    pub(crate) fn may_wait(&self) -> Option<MayWait> {
        match *self {
            Self::SeveralEvents {
                events,
                within_seconds,
            } => Some(MayWait {
                events,
                within_seconds,
            }),
            Self::DeniedRegions { .. } => None,
        }
    }

    /// Its kind.
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::SeveralEvents { .. } => DecisionKind::SeveralEvents,
            Self::DeniedRegions { .. } => DecisionKind::DeniedRegions,
        }
    }
}

/// The kinds of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Events may go unnoticed.
    Exclusion,
    /// An alarm may wait for several events.
    SeveralEvents,
    /// Regions that are denied to everyone need no chain.
    DeniedRegions,
}

impl DecisionKind {
    /// For a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exclusion => "exclusion",
            Self::SeveralEvents => "acceptance of several events",
            Self::DeniedRegions => "acceptance of denied Regions",
        }
    }
}

/// A decision that a finding takes into account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionUsed {
    /// Its name.
    pub id: String,
    /// Its kind.
    pub kind: DecisionKind,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: NaiveDate,
    /// Whether the pass rests on it. Of other verdicts it leaves out what need not be noticed.
    pub decides: bool,
    /// What it leaves out or accepts.
    pub what: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_counts_through_its_last_day_and_warns_a_month_before() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-06-15");
        for (until, state) in [
            ("2026-06-14", DecisionState::Ended),
            ("2026-06-15", DecisionState::EndsSoon),
            ("2026-07-14", DecisionState::EndsSoon),
            ("2026-07-15", DecisionState::InForce),
        ] {
            assert_eq!(DecisionState::on(today, day(until)), state, "{until}");
        }
    }
}
