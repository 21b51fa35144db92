//! A judged link: what people see of it, and what the verdict needs to know.

use super::at_times::AtTimes;
use crate::finding::{EventsNeeded, Link, LinkKind, LinkState, Note};
use crate::known::Unread;
use crate::reason::Reason;

/// One link with its judgement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) link: Link,
    /// Why it does not hold; `None` when it does.
    pub(crate) reason: Option<Reason>,
    /// The facts that would have decided.
    pub(crate) unread: Vec<Unread>,
    pub(crate) notes: Vec<Note>,
    /// The mute rules that break it, for the repair.
    pub(crate) muted_by: Vec<MutedBy>,
    /// What an alarm adds to the time until a message goes out.
    pub(crate) delay: Option<Delay>,
    /// Of an alarm that waits for several events: how many, and the links that
    /// follow where so many are accepted.
    pub(crate) if_accepted: Option<Box<Accepted>>,
    /// Of an alarm that is muted at times: when, and the links that follow at other times.
    pub(crate) at_times: Option<Box<AtTimes>>,
    /// What is taken as given where it holds.
    pub(crate) assumes: Option<&'static str>,
}

/// A mute rule over an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MutedBy {
    pub(crate) rule: String,
    /// Whether it mutes other alarms, too.
    pub(crate) mutes_others: bool,
}

/// A chain that holds where it is accepted that an alarm waits for several events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) needed: EventsNeeded,
    /// Which counter waits for them: events of chains with the same one add up.
    pub(crate) counter: String,
    /// The links from the alarm's own on, as if one event were enough for it; nothing follows a
    /// broken one.
    pub(crate) links: Vec<Judged>,
}

/// Seconds that a link takes, at best and at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// At best.
    pub min_seconds: u32,
    /// At worst.
    pub max_seconds: u32,
}

impl Judged {
    pub(crate) fn holds(kind: LinkKind, resource: &str, detail: impl Into<String>) -> Self {
        Self::with(kind, resource, LinkState::Holds, None, detail.into())
    }

    pub(crate) fn broken(
        kind: LinkKind,
        resource: &str,
        reason: Reason,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self::with(kind, resource, LinkState::Broken, Some(reason), detail)
    }

    pub(crate) fn unknown(
        kind: LinkKind,
        resource: &str,
        reason: Reason,
        detail: impl Into<String>,
    ) -> Self {
        let detail = detail.into();
        Self::with(kind, resource, LinkState::Unknown, Some(reason), detail)
    }

    /// A link of which a fact could not be read.
    pub(crate) fn unread(kind: LinkKind, resource: &str, unread: &Unread) -> Self {
        let mut judged = Self::unknown(kind, resource, unread.reason(), unread.to_string());
        judged.unread.push(unread.clone());
        judged
    }

    pub(crate) fn noting(mut self, notes: impl IntoIterator<Item = Note>) -> Self {
        self.notes.extend(notes);
        self
    }

    pub(crate) fn taking(mut self, delay: Delay) -> Self {
        self.delay = Some(delay);
        self
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.link.state == LinkState::Broken
    }

    fn with(
        kind: LinkKind,
        resource: &str,
        state: LinkState,
        reason: Option<Reason>,
        detail: String,
    ) -> Self {
        Self {
            link: Link {
                kind,
                resource: resource.to_owned(),
                state,
                detail,
            },
            reason,
            unread: Vec::new(),
            notes: Vec::new(),
            muted_by: Vec::new(),
            delay: None,
            if_accepted: None,
            at_times: None,
            assumes: None,
        }
    }
}

/// A note with a stable code.
pub(crate) fn note(code: &str, text: impl Into<String>) -> Note {
    Note {
        code: code.to_owned(),
        text: text.into(),
    }
}
