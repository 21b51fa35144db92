//! `Finding`: the verdict of one control in one account, with what proves it.
//! What people read of a finding (summaries, trees) is made from these values
//! elsewhere; nothing here decides.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decision::DecisionUsed;
use crate::ids::{AccountId, ControlId, Region};
use crate::known::Unread;
use crate::reason::Reason;

/// Whether a human would be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every event that the control describes leads to a message.
    Pass,
    /// Some event would go unnoticed.
    Fail,
    /// A fact that decides is not known.
    Unknown,
    /// The control does not concern this account.
    NotApplicable,
}

impl Verdict {
    /// All verdicts, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Unknown, Self::Pass, Self::NotApplicable];

    /// The stable name: `pass`, `fail`, `unknown`, `not_applicable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not_applicable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The verdict of one control in one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The account that is judged.
    pub account: AccountId,
    /// The control.
    pub control: ControlId,
    /// The verdict.
    pub verdict: Verdict,
    /// The first broken link of the best chain, or why it passes or is unknown.
    pub reason: Reason,
    /// One sentence for a person.
    pub summary: String,
    /// What proves it.
    pub evidence: Evidence,
    /// Enabled Regions whose events are noticed, sorted.
    pub covered_regions: Vec<Region>,
    /// Enabled Regions whose events go unnoticed (or are not known to be noticed), sorted.
    pub uncovered_regions: Vec<Region>,
    /// What broke, for grouping over accounts: the reason and the ARN of the
    /// link, so that one broken organization chain is one cause.
    pub cause: String,
}

/// What proves a verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The chains that were looked at, best first; the first twelve of many.
    pub chains: Vec<Chain>,
    /// How many more chains were looked at.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_chains: usize,
    /// Account whose chain covers (or should cover) this one, when it is another.
    pub covered_by: Option<AccountId>,
    /// Literal event names of the control that would go unnoticed.
    pub missing_events: Vec<String>,
    /// How many event names the control has in all (0: it names none).
    pub events_total: usize,
    /// A CloudTrail event that would go unnoticed.
    pub witness: Option<serde_json::Value>,
    /// What the proof assumes where AWS documents nothing.
    pub assumptions: Vec<String>,
    /// Facts that could not be read and that matter.
    pub unread: Vec<Unread>,
    /// IAM actions that are missing, for example `logs:DescribeMetricFilters`.
    pub missing_permissions: Vec<String>,
    /// Remarks that never turn a verdict (`noise`, `long_period` …).
    pub notes: Vec<Note>,
    /// What would repair it, in words.
    pub fix: Option<String>,
    /// AWS CLI commands that would repair it, with the real names filled in.
    pub commands: Vec<String>,
    /// How long after an event the message goes out, over the fastest chain that holds.
    pub time_to_notice: Option<TimeToNotice>,
    /// What the alarm of the best chain waits for, when one event is not enough.
    pub events_needed: Option<EventsNeeded>,
    /// Recorded decisions that the verdict takes into account, and whether it rests on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionUsed>,
    /// The verdict under each framework that has the control, by the framework's id.
    pub verdict_by_framework: BTreeMap<String, Verdict>,
    /// What the audit procedure of the CIS benchmark would find in this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cis_audit: Option<Opinion>,
    /// What AWS Security Hub would report in this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_hub: Option<Opinion>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What somebody else would say about the same account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Their verdict.
    pub verdict: OtherVerdict,
    /// The step of the audit procedure that decided (1 to 7), where there are steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u8>,
    /// What they find, for a person.
    pub detail: String,
    /// Why that differs from our verdict, in one sentence; absent when it agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

/// The verdicts that others have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherVerdict {
    /// Passed.
    Pass,
    /// Failed.
    Fail,
    /// Security Hub's `WARNING`: it could not look at the topic.
    Warning,
    /// Security Hub's `NO_DATA`: it judges the trail elsewhere.
    NoData,
    /// A fact that they would ask for was not read.
    Unknown,
}

impl OtherVerdict {
    /// The stable name: `pass`, `fail`, `warning`, `no_data`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warning => "warning",
            Self::NoData => "no_data",
            Self::Unknown => "unknown",
        }
    }
}

/// How many events an alarm waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsNeeded {
    /// Number of events.
    pub events: u32,
    /// Seconds within which they must come.
    pub within_seconds: u32,
    /// Number of different periods of the alarm that they must fall in.
    pub in_periods: u32,
}

/// How long after an event a message goes out, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToNotice {
    /// What CloudTrail's delivery to the log group takes on average.
    pub delivery_seconds: u32,
    /// Delivery and the alarm's evaluation, at best.
    pub min_seconds: u32,
    /// Delivery and the alarm's evaluation, at worst.
    pub max_seconds: u32,
    /// The same for a person.
    pub words: String,
}

/// One path trail → log group → filter → metric → alarm → action → subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Its links, in order, up to and including the first broken one.
    pub links: Vec<Link>,
    /// The state of the whole: that of its worst link.
    pub state: LinkState,
    /// Why, when it does not hold.
    pub reason: Option<Reason>,
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// What kind of thing it is.
    pub kind: LinkKind,
    /// Its ARN, or its name where it has no ARN.
    pub resource: String,
    /// Whether it holds.
    pub state: LinkState,
    /// What was found, for a person.
    pub detail: String,
}

/// The kinds of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A trail.
    Trail,
    /// A log group.
    LogGroup,
    /// A metric filter.
    Filter,
    /// The metric that a filter publishes.
    Metric,
    /// An alarm.
    Alarm,
    /// An action of an alarm: a topic, a function …
    Action,
    /// A subscription.
    Subscription,
}

/// Whether a link holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It holds.
    Holds,
    /// Not known.
    Unknown,
    /// It is broken or missing.
    Broken,
}

/// A remark that never turns a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable code: `noise`, `long_period`, `duplicate_notification` …
    pub code: String,
    /// What it says, for a person.
    pub text: String,
}
