//! What decides a sweep's results, as digests: a sweep goes on only with what it began with.

use orgsweep_aws_access::Access;
use sha2::{Digest as _, Sha256};

use crate::config::Settings;
use crate::decisions::DecisionBook;
use crate::sweep::plan::Scope;

/// Digests of what decides a sweep's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    /// Of the catalog.
    pub(crate) catalog: String,
    /// Of the configuration: selection, role, endpoint.
    pub(crate) config: String,
}

/// Digest of what decides a sweep's results besides the catalog. No secret goes in.
pub(crate) fn config_digest(
    settings: &Settings,
    access: &Access,
    scope: &Scope,
    decisions: &DecisionBook,
) -> String {
    let role = &settings.role;
    let text = format!(
        "{scope:?}\n{}\n{:?}\n{:?}\n{:?}\n{}\n{:?}\n{}",
        access.caller().account,
        settings.expected_organization,
        settings.aws.endpoint_url,
        settings.aws.region,
        role.name,
        role.per_account
            .iter()
            .map(|(account, other)| (account, &other.role))
            .collect::<Vec<_>>(),
        decisions.digest(),
    );
    hex::encode(Sha256::digest(text))
}
