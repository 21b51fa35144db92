//! What became of an event: link by link, with the moment, and why it went no further.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::state::AlarmState;

/// The links of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// A trail.
    Trail,
    /// A log group.
    LogGroup,
    /// A metric filter.
    Filter,
    /// A metric.
    Metric,
    /// An alarm.
    Alarm,
    /// An action of an alarm.
    Action,
    /// A subscription of a topic.
    Subscription,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trail => "trail",
            Self::LogGroup => "log group",
            Self::Filter => "filter",
            Self::Metric => "metric",
            Self::Alarm => "alarm",
            Self::Action => "action",
            Self::Subscription => "subscription",
        })
    }
}

/// One step of an event's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// The link.
    pub link: Link,
    /// Its ARN or name.
    pub resource: String,
    /// Whether it went on from here.
    pub passed: bool,
    /// What happened.
    pub text: String,
}

/// A message that went out to a subscriber, or an action that tells somebody otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// When.
    pub at: DateTime<Utc>,
    /// ARN of the alarm that rang.
    pub alarm: String,
    /// State to which it went.
    pub state: AlarmState,
    /// ARN of the topic or other action.
    pub action: String,
    /// `email`, `sqs` …; for other actions their service.
    pub protocol: String,
    /// Address, URL or ARN.
    pub endpoint: String,
    /// Subject of the message.
    pub subject: String,
    /// Body of the message, as the protocol has it.
    pub body: String,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Trace {
    /// Every step, in the order in which they happened.
    pub steps: Vec<Step>,
    /// The messages that went out.
    pub messages: Vec<Message>,
    /// What this simulator does not know how to do and came across.
    pub not_simulated: Vec<String>,
    #[serde(skip)]
    pub(super) now: DateTime<Utc>,
}

impl Trace {
    /// An empty trace that begins at `now`.
    pub(crate) fn at(now: DateTime<Utc>) -> Self {
        Self::new(now)
    }

    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    pub(super) fn pass(&mut self, link: Link, resource: &str, text: impl Into<String>) {
        self.push(link, resource, true, text.into());
    }

    pub(super) fn stop(&mut self, link: Link, resource: &str, text: impl Into<String>) {
        self.push(link, resource, false, text.into());
    }

    pub(super) fn not_simulated(&mut self, link: Link, resource: &str, why: String) {
        self.push(link, resource, false, format!("not simulated: {why}"));
        self.not_simulated.push(why);
    }

    fn push(&mut self, link: Link, resource: &str, passed: bool, text: String) {
        self.steps.push(Step {
            at: self.now,
            link,
            resource: resource.to_owned(),
            passed,
            text,
        });
    }

    /// Whether somebody was told of an alarm; that one is over is no alarm.
    pub fn rang(&self) -> bool {
        self.messages
            .iter()
            .any(|message| message.state == AlarmState::Alarm)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.passed { '✓' } else { '✗' };
        let at = self.at.format("%H:%M:%S");
        write!(
            f,
            "{at}  {mark} {:12} {}\n            {:14}{}",
            self.link, self.resource, "", self.text
        )
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        match &self.messages[..] {
            [] => writeln!(f, "Nobody was told."),
            messages => {
                for message in messages {
                    writeln!(
                        f,
                        "{}  told: {} {} ({})",
                        message.at.format("%H:%M:%S"),
                        message.protocol,
                        message.endpoint,
                        message.subject
                    )?;
                }
                Ok(())
            }
        }
    }
}
