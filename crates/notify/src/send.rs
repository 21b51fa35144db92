//! What is handed to a channel, and how that can end.

use std::time::Duration;

use thiserror::Error;
use uuid::Uuid;

use crate::message::Message;

/// How long handing a message to a channel may take.
pub(crate) const LONGEST: Duration = Duration::from_secs(20);

/// A message on its way.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its id: the same in every attempt, so that a receiver can tell a repetition.
    pub id: Uuid,
    /// What is told.
    pub message: &'a Message,
    /// Whether an earlier attempt may have arrived.
    pub repeated: bool,
}

/// Why a message was not accepted. Names neither address nor secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// It has certainly not arrived, and another attempt may help.
    #[error("{why}")]
    NotNow {
        /// What happened.
        why: String,
        /// How long the receiver wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It has certainly not arrived, and will not before somebody changes something.
    #[error("{why}")]
    Refused {
        /// What happened, and what to do.
        why: String,
    },
    /// It was handed over and no answer came: it may have arrived.
    #[error("{why}")]
    InDoubt {
        /// What happened.
        why: String,
    },
}

impl SendError {
    pub(crate) fn not_now(why: impl Into<String>) -> Self {
        Self::NotNow {
            why: why.into(),
            retry_after: None,
        }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    pub(crate) fn in_doubt(why: impl Into<String>) -> Self {
        Self::InDoubt { why: why.into() }
    }
}

/// An error with what caused it, each once.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |&error| error.source()) {
        let text = cause.to_string();
        if words.last().is_none_or(|last| !last.contains(&text)) {
            words.push(text);
        }
    }
    words.join(": ")
}
