//! What can go wrong between orgsweep and AWS, classified once: as a fault of
//! one call, as the failure of one account, or as the failure of the whole.

mod access_error;
mod answer;
mod classify;
mod collect_error;
mod fault;
mod sanitize;

pub use access_error::AccessError;
pub use collect_error::{CollectError, FailureReason};
pub use fault::FaultKind;

pub(crate) use answer::Answer;
pub(crate) use classify::classify;
pub(crate) use collect_error::Failure;
pub(crate) use fault::CallError;
pub(crate) use sanitize::sanitize;
