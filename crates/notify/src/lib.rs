//! What a sweep changed, told to people: one [`Message`], the channels that it goes out by
//! ([`Channels`]), and what became of it ([`SendError`]).
//!
//! Nothing here decides what is worth telling, keeps anything, or tries twice: that is the
//! outbox's. Publishing to an SNS topic is the one thing in it that AWS counts as a write; it
//! changes no account that is audited, and nothing else may be called here (a test checks it).

mod channel;
mod email;
#[cfg(test)]
mod hostile;
mod http;
mod message;
mod send;
mod slack;
mod sns;
mod text;

pub use channel::{Channel, Channels, EmailConfig, InvalidChannel, SnsConfig, WebhookConfig};
pub use message::{Accounts, Change, Group, Kind, Message};
pub use send::{Delivery, SendError};
