//! Why an account could not be read at all.

use std::fmt;

use orgsweep_controls::{Call, Unread, UnreadCause};
use thiserror::Error;

use super::{CallError, FaultKind};

/// Why an account could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureReason {
    /// The role does not exist, does not trust the caller, or a policy forbids assuming it.
    RoleNotAssumable,
    /// The caller's own credentials are no longer valid.
    CredentialsExpired,
    /// Still throttled when the attempts or the deadline ran out.
    Throttled,
    /// The account's deadline passed.
    TimedOut,
    /// No connection, or the services failed again and again.
    Unreachable,
    /// Answers that could not be understood.
    Garbled,
    /// AWS refused the request as invalid.
    Invalid,
}

impl FailureReason {
    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::RoleNotAssumable,
        Self::CredentialsExpired,
        Self::Throttled,
        Self::TimedOut,
        Self::Unreachable,
        Self::Garbled,
        Self::Invalid,
    ];

    /// The stable name: `role_not_assumable`, `credentials_expired` …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoleNotAssumable => "role_not_assumable",
            Self::CredentialsExpired => "credentials_expired",
            Self::Throttled => "throttled",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Garbled => "garbled",
            Self::Invalid => "invalid",
        }
    }

    fn into_unread(self, message: String) -> Unread {
        let cause = match self {
            Self::RoleNotAssumable | Self::CredentialsExpired => UnreadCause::Denied,
            Self::Throttled => UnreadCause::Throttled,
            Self::TimedOut => UnreadCause::TimedOut,
            Self::Unreachable => UnreadCause::Transient,
            Self::Garbled => UnreadCause::Garbled,
            Self::Invalid => UnreadCause::Invalid,
        };
        Unread {
            call: Call::new("sts", "AssumeRole", None),
            cause,
            message,
        }
    }

    /// The reason that a fault of `kind` is for an account.
    pub(crate) fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Denied | FaultKind::DeniedByServiceControlPolicy => Self::RoleNotAssumable,
            FaultKind::CredentialsExpired | FaultKind::CredentialsRejected => {
                Self::CredentialsExpired
            }
            FaultKind::Throttled => Self::Throttled,
            FaultKind::TimedOut => Self::TimedOut,
            FaultKind::Transient | FaultKind::Unreachable => Self::Unreachable,
            FaultKind::Garbled => Self::Garbled,
            FaultKind::NotFound
            | FaultKind::UnknownOperation
            | FaultKind::NotInOrganization
            | FaultKind::RegionDisabled
            | FaultKind::ClockWrong
            | FaultKind::Invalid => Self::Invalid,
        }
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An account that could not be read.
#[derive(Debug, Clone, Error)]
#[error("{message}")]
pub struct CollectError {
    /// Why.
    pub reason: FailureReason,
    /// What happened and what to do about it, for a person.
    pub message: String,
    /// Requests that were sent.
    pub calls: u32,
    /// Requests that AWS throttled.
    pub throttles: u32,
}

/// A failure before the counts are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: FailureReason,
    pub(crate) message: String,
}

impl Failure {
    /// Why what is in the account is not known: nobody could sign in there.
    pub(crate) fn into_unread(self) -> Unread {
        self.reason.into_unread(self.message)
    }

    /// The failure that the fault of a decisive call is.
    pub(crate) fn of(error: &CallError) -> Self {
        let reason = FailureReason::of(error.kind);
        let words = error.words();
        let call = error.call();
        let message = match reason {
            FailureReason::RoleNotAssumable => format!("`{call}` was denied: {words}"),
            FailureReason::CredentialsExpired => format!(
                "the caller's credentials are no longer valid ({words}); renew them and run `orgsweep sweep --resume`"
            ),
            FailureReason::Throttled => format!(
                "`{call}` was throttled until the attempts ran out ({words}); lower the quota share or the concurrency"
            ),
            FailureReason::TimedOut => format!(
                "`{call}` did not answer in time; check the network path to AWS or allow more time for a call"
            ),
            FailureReason::Unreachable => format!(
                "`{call}` failed again and again ({words}); check the network path to AWS, proxies and endpoint URL"
            ),
            FailureReason::Garbled => format!(
                "`{call}` answered something that could not be understood ({words}); check whether a proxy \
                 or the endpoint URL stands between orgsweep and AWS"
            ),
            FailureReason::Invalid if error.kind == FaultKind::ClockWrong => {
                format!("`{call}` was refused ({words}); set this machine's clock")
            }
            FailureReason::Invalid => format!(
                "`{call}` was refused ({words}); check the settings of the role and the Region"
            ),
        };
        Self { reason, message }
    }
}

impl CollectError {
    /// Why the account's facts are not known, as a finding of another account says it.
    pub fn to_unread(&self) -> Unread {
        self.reason.into_unread(self.message.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_reasons_are_stable() {
        let names: Vec<_> = FailureReason::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(
            names.join(" "),
            "role_not_assumable credentials_expired throttled timed_out unreachable garbled invalid"
        );
    }
}
