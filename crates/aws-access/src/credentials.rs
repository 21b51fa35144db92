//! Whose credentials a call is signed with: the caller's own, from the SDK's
//! default chain, or those of a role assumed in the account.

pub(crate) mod chain;
pub(crate) mod in_call;
mod renewing;
pub(crate) mod role;

pub(crate) use renewing::{Renewing, Source};

use aws_credential_types::Credentials;

/// Whether requests can be signed with them. What no header can carry, as a line break that was
/// copied along, would make the SDK panic.
fn fit_for_headers(credentials: &Credentials) -> bool {
    let fits = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    fits(credentials.access_key_id()) && credentials.session_token().is_none_or(fits)
}
