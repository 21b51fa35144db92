//! `Control`: one monitoring requirement, with what each framework prescribes
//! for it. Data only; reading it from TOML is `file`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use filter_pattern::FilterPattern;
use serde::{Deserialize, Serialize};

use crate::ids::ControlId;
use crate::pattern::Pattern;

/// One monitoring requirement.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Stable name, for example `s3-bucket-policy-changes`.
    pub id: ControlId,
    /// Its place in lists; CIS numbers it 3.N, 4.N or 5.N.
    pub number: u32,
    /// Name for people.
    pub title: String,
    /// Which events it is about, in one sentence.
    pub description: String,
    /// Why somebody should be told, in one sentence.
    pub rationale: String,
    /// Which accounts it concerns.
    pub scope: Scope,
    /// Where CloudTrail records its events.
    pub recorded: Recorded,
    /// CloudTrail's classes of its events; never empty.
    pub classes: Vec<EventClass>,
    /// Event sources of its events, for example `s3.amazonaws.com`; empty: any.
    pub event_sources: Vec<String>,
    /// Its entry in each version of the CIS benchmark that has it, by version.
    pub cis: BTreeMap<String, CisEntry>,
    /// Its id in AWS Security Hub, for example `CloudWatch.8`.
    pub security_hub: Option<String>,
    /// Requirements of NIST SP 800-171 r2 that it serves.
    pub nist_800_171: Vec<String>,
    /// Requirements of PCI DSS that it serves.
    pub pci_dss: Vec<String>,
    /// What the names of its alarms and metrics hold, in small letters and digits alone.
    pub called: Vec<String>,
    /// Why the patterns are written as they are.
    pub notes: Vec<String>,
    /// Where sources differ, and how.
    pub sources_differ: Vec<String>,
    /// Its events by name, as far as it is about named ones.
    pub events: Vec<ControlEvent>,
    /// Related events that no framework names.
    pub blind_spots: Vec<BlindSpot>,
    /// What the frameworks prescribe.
    pub requirements: Vec<Requirement>,
    /// Events that its alarms may wait for; `None`: an alarm rings on every single one.
    pub alarm: Option<MayWait>,
}

/// How many events an alarm may wait for, where one is not worth a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MayWait {
    /// Events, at most.
    pub events: u32,
    /// Seconds, at least: an alarm that asks for the events in less time is stricter.
    pub within_seconds: u32,
}

impl Control {
    /// What `framework` prescribes: its own requirement, or the one that names
    /// no framework; `None` when the framework does not have the control.
    pub fn requirement(&self, framework: &str) -> Option<&Requirement> {
        let own = self
            .requirements
            .iter()
            .find(|requirement| requirement.frameworks.iter().any(|id| id == framework));
        own.or_else(|| self.requirements.iter().find(|r| r.frameworks.is_empty()))
    }

    /// Its number in a framework: `4.8` in `cis-3.0.0`, `CloudWatch.8` in `security-hub`;
    /// `None` where the framework has no number for it.
    pub fn number_in(&self, framework: &str) -> Option<&str> {
        match framework.strip_prefix("cis-") {
            Some(version) => self.cis_number(version),
            None if framework == "security-hub" => self.security_hub.as_deref(),
            None => None,
        }
    }

    /// The section number in a version of the CIS benchmark, for example `5.8`.
    pub fn cis_number(&self, version: &str) -> Option<&str> {
        self.cis.get(version).map(|entry| entry.number.as_str())
    }
}

/// What one or more frameworks prescribe for a control.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The frameworks; empty: every one that has no requirement of its own.
    pub frameworks: Vec<String>,
    /// The pattern that is prescribed first, then those accepted in its place.
    pub(crate) patterns: Vec<Arc<Pattern>>,
    /// The same patterns as they are written in the catalog.
    pub texts: Vec<String>,
    /// Whose each of the accepted patterns is, in words; `None` where the catalog does not say.
    /// As many as [`Self::accepts`].
    pub accepted_from: Vec<Option<String>>,
    /// How the frameworks print the pattern, where what they print is broken and
    /// `texts` holds the repaired form.
    pub as_written: Vec<String>,
}

impl Requirement {
    /// The patterns, parsed: the prescribed one first, then those accepted.
    pub fn parsed(&self) -> impl Iterator<Item = &FilterPattern> {
        self.patterns.iter().map(|pattern| &pattern.filter)
    }

    /// The prescribed pattern, as it is written.
    pub fn pattern(&self) -> &str {
        &self.texts[0]
    }

    /// Patterns that are accepted in its place, as they are written.
    pub fn accepts(&self) -> &[String] {
        &self.texts[1..]
    }

    /// The patterns that some source prints, as they are written: all but those that are accepted
    /// by orgsweep's own decision, which a source says by beginning with its name.
    pub fn printed(&self) -> impl Iterator<Item = &String> {
        let ours = |from: &Option<String>| from.as_ref().is_some_and(|f| f.starts_with("orgsweep"));
        let accepted = self.accepts().iter().zip(&self.accepted_from);
        let accepted = accepted.filter(move |(_, from)| !ours(from));
        self.texts
            .iter()
            .take(1)
            .chain(accepted.map(|(text, _)| text))
    }
}

/// An event that a control is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlEvent {
    /// Its name, for example `PutBucketPolicy`.
    pub name: String,
    /// The services that write it, for example `s3.amazonaws.com`.
    pub sources: Vec<String>,
    /// CloudTrail's class.
    pub class: EventClass,
    /// Where the class is known from.
    pub class_from: ClassSource,
}

/// Where the class of an event is known from. AWS publishes no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassSource {
    /// A sample record of AWS's documentation.
    Documentation,
    /// Records of real accounts.
    Observed,
    /// A test event of a third party: weak.
    ThirdParty,
    /// What the call does: a call that changes something is a write event.
    Inferred,
}

impl ClassSource {
    /// For a person.
    pub fn words(self) -> &'static str {
        match self {
            Self::Documentation => "a sample in AWS's documentation",
            Self::Observed => "observed records",
            Self::ThirdParty => "a third party's test event",
            Self::Inferred => "inferred from what the call does",
        }
    }
}

/// Which accounts a control concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every account.
    EveryAccount,
    /// The organization's management account alone.
    ManagementAccount,
}

/// Where CloudTrail records a control's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// In the Region of the call.
    Regional,
    /// In the partition's main Region, as global service events.
    Global,
    /// In any Region, as global service events.
    SignIn,
    /// Regional and global events.
    Everywhere,
}

/// CloudTrail's classes of management events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventClass {
    /// `readOnly` is true.
    Read,
    /// `readOnly` is false.
    Write,
}

impl EventClass {
    /// The stable name: `read`, `write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A control's entry in one version of the CIS benchmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CisEntry {
    /// Section number, for example `5.8`.
    pub number: String,
    /// Level 1 or 2.
    pub level: u8,
    /// Whether the benchmark calls the check automated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessment>,
}

/// Whether the benchmark calls a check automated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assessment {
    /// The benchmark calls it automated.
    Automated,
    /// The benchmark calls it manual.
    Manual,
}

/// Related events that no framework names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlindSpot {
    /// Their names; empty when the condition says it.
    #[serde(default)]
    pub events: Vec<String>,
    /// Their event source, when known.
    #[serde(default)]
    pub event_source: Option<String>,
    /// What else makes them, in words.
    #[serde(default)]
    pub condition: Option<String>,
    /// Why somebody would want to know.
    pub why: String,
}
