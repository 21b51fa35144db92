//! SQS queues: subscribers from which messages can be read.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// ARN.
    pub arn: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When its attributes were last set.
    pub changed: DateTime<Utc>,
    /// Attributes that were set: `Policy`, `VisibilityTimeout` and so on.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Messages, oldest first.
    pub messages: VecDeque<QueuedMessage>,
    /// Messages that it has had.
    pub received: u64,
}

/// A message in a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// Its id.
    pub id: String,
    /// Body.
    pub body: String,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// Who sent it, as its attribute `SenderId`.
    pub sender: String,
    /// From when on it can be received.
    pub visible_from: DateTime<Utc>,
    /// How often it was received; part of its receipt handle.
    pub receives: u32,
    /// When it was first received.
    pub first_received: Option<DateTime<Utc>>,
}

impl Queue {
    /// An empty queue.
    pub fn new(arn: &str, created: DateTime<Utc>) -> Self {
        Self {
            arn: arn.to_owned(),
            created,
            changed: created,
            attributes: BTreeMap::new(),
            tags: BTreeMap::new(),
            messages: VecDeque::new(),
            received: 0,
        }
    }

    /// A number of seconds among the attributes.
    pub fn seconds(&self, attribute: &str, usual: i64) -> i64 {
        self.attributes
            .get(attribute)
            .and_then(|text| text.parse().ok())
            .unwrap_or(usual)
    }

    /// Puts a message at the end and returns its id.
    pub fn push(&mut self, body: &str, sender: &str, now: DateTime<Utc>, delay: i64) -> String {
        self.received += 1;
        let name = self.arn.rsplit(':').next().unwrap_or_default();
        let drawn = super::drawn(self.received, name);
        let id = format!(
            "{:08x}-0000-4000-8000-{:012x}",
            drawn >> 32,
            (drawn & 0xffff) << 32 | self.received
        );
        self.messages.push_back(QueuedMessage {
            id: id.clone(),
            body: body.to_owned(),
            sent: now,
            sender: sender.to_owned(),
            visible_from: now + chrono::Duration::seconds(delay),
            receives: 0,
            first_received: None,
        });
        id
    }
}
