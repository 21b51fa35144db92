//! The message: what a sweep came to and what it changed, the same for every channel. It is
//! kept in the outbox as JSON, and sent as that JSON by the generic webhook, so its fields
//! are stable: new ones are added, none is renamed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A sweep has ended.
    Sweep,
    /// Somebody tries whether messages arrive.
    Test,
}

/// What is told after a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What it is about.
    pub kind: Kind,
    /// The whole in one sentence.
    pub sentence: String,
    /// The sweep.
    pub sweep_id: Option<Uuid>,
    /// The organization, when it is known.
    pub organization: Option<String>,
    /// When the sweep started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether there was no sweep before, so that nothing is new.
    pub first: bool,
    /// Who was read.
    pub accounts: Accounts,
    /// Findings that fail and did not before.
    pub new: u64,
    /// Findings that failed before and pass now.
    pub fixed: u64,
    /// Findings that failed before and still do.
    pub still_failing: u64,
    /// Verdicts that are not known.
    pub unknown: u64,
    /// What changed and what is still broken, grouped by cause.
    pub groups: Vec<Group>,
    /// Groups that are left out.
    pub more_groups: u64,
    /// Recorded decisions that end soon or have ended, in words.
    pub decisions: Vec<String>,
}

/// How much of the organization was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// Accounts that are listed.
    pub listed: u64,
    /// Accounts that were read.
    pub read: u64,
    /// Accounts that could not be read.
    pub failed: u64,
    /// Accounts that were left out.
    pub skipped: u64,
    /// Accounts in which a control fails.
    pub failing: u64,
}

/// What became of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// They fail, and did not before.
    New,
    /// They failed before, and pass now.
    Fixed,
    /// They are not known any more.
    NowUnknown,
    /// They failed before and still do.
    StillFailing,
}

impl Change {
    /// Every change, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::New, Self::Fixed, Self::NowUnknown, Self::StillFailing];

    /// Heading above the groups of one change.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Fixed => "Fixed",
            Self::NowUnknown => "Not known any more",
            Self::StillFailing => "Still open",
        }
    }
}

/// Findings with one change and one cause: however many accounts one broken link concerns, it
/// is one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How they changed.
    pub change: Change,
    /// Reason code.
    pub reason: String,
    /// What broke, or had been broken.
    pub cause: String,
    /// Accounts that it concerns.
    pub accounts: u64,
    /// Findings that it concerns.
    pub findings: u64,
    /// Controls that it concerns.
    pub controls: Vec<String>,
    /// One of the accounts.
    pub example: String,
    /// The sentence of one of the findings.
    pub summary: String,
}

impl Message {
    /// What is sent to try whether messages arrive.
    pub fn test() -> Self {
        Self {
            kind: Kind::Test,
            sentence: "This is a test of orgsweep's notifications; nothing has happened."
                .to_owned(),
            sweep_id: None,
            organization: None,
            started_at: None,
            finished_at: None,
            first: false,
            accounts: Accounts::default(),
            new: 0,
            fixed: 0,
            still_failing: 0,
            unknown: 0,
            groups: Vec::new(),
            more_groups: 0,
            decisions: Vec::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A night with a bit of everything.
    pub(crate) fn message() -> Message {
        let at = |minutes| DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(minutes);
        let group = |change, reason: &str, accounts, controls: &[&str]| Group {
            change,
            reason: reason.to_owned(),
            cause: format!("{reason} arn:aws:sns:eu-west-1:111122223333:alerts"),
            accounts,
            findings: accounts * controls.len() as u64,
            controls: controls.iter().map(|&id| id.to_owned()).collect(),
            example: "111122223333".to_owned(),
            summary: "the topic <alerts> & its subscriber\u{1b}[2J are gone".to_owned(),
        };
        Message {
            kind: Kind::Sweep,
            sentence: "1,400 of 1,405 accounts would not notice a change that matters.".to_owned(),
            sweep_id: Some(Uuid::nil()),
            organization: Some("o-a1b2c3d4e5".to_owned()),
            started_at: Some(at(0)),
            finished_at: Some(at(2)),
            first: false,
            accounts: Accounts {
                listed: 1_412,
                read: 1_405,
                failed: 2,
                skipped: 5,
                failing: 1_400,
            },
            new: 2_800,
            fixed: 4,
            still_failing: 1,
            unknown: 12,
            groups: vec![
                group(
                    Change::New,
                    "no_subscription",
                    1_400,
                    &["root-usage", "s3-bucket-policy-changes"],
                ),
                group(Change::Fixed, "alarm_actions_disabled", 4, &["root-usage"]),
                group(Change::StillFailing, "no_alarm", 1, &["kms-key-deletion"]),
            ],
            more_groups: 3,
            decisions: vec!["exception `7` of ops ends on 1970-01-20".to_owned()],
        }
    }

    #[test]
    fn a_message_comes_back_from_the_outbox_as_it_was() {
        let text = serde_json::to_string(&message()).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message());
    }
}
