//! Facts of a real organization, as `orgsweep snapshot export` writes them, and
//! what they become here: a scenario, and the content of its accounts.
//!
//! The document is read by its written form alone, so that nothing is shared with
//! the program that wrote it.

mod alarms;
mod content;
mod document;
mod scenario;

pub(crate) use document::Exported;
pub use document::ExportedError;
