//! Whose credentials a call is signed with: the caller's own, from the SDK's
//! default chain, or those of a role assumed in the account.

pub(crate) mod chain;
pub(crate) mod in_call;
mod renewing;
pub(crate) mod role;

pub(crate) use renewing::{Renewing, Source};
