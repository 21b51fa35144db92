//! The fault of one call, after its retries.

use orgsweep_controls::{Call, Known, Region, Unread, UnreadCause};

use crate::operation::Operation;

/// The kinds of faults, as far as somebody acts differently on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The permission is missing.
    Denied,
    /// A service control policy denies it to everyone.
    DeniedByServiceControlPolicy,
    /// The session is over; new credentials are needed.
    CredentialsExpired,
    /// The credentials are none that AWS knows.
    CredentialsRejected,
    /// The request is signed with a time that AWS does not accept.
    ClockWrong,
    /// Too many requests.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// What was asked for does not exist.
    NotFound,
    /// The service does not know the operation: an older one, or an emulator.
    UnknownOperation,
    /// The account belongs to no organization.
    NotInOrganization,
    /// The Region is not enabled in the account.
    RegionDisabled,
    /// The service failed, which may pass.
    Transient,
    /// No connection.
    Unreachable,
    /// The answer made no sense.
    Garbled,
    /// The service refused the request.
    Invalid,
}

/// The fault of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallError {
    /// What was asked.
    pub(crate) operation: Operation,
    /// Where it was asked.
    pub(crate) region: Region,
    /// What kind of fault it was.
    pub(crate) kind: FaultKind,
    /// The service's error code, if it gave one.
    pub(crate) code: Option<String>,
    /// The HTTP status of an answer that carries no error code of the service.
    pub(crate) status_alone: Option<u16>,
    /// The service's words, or what happened on the way; without secrets.
    pub(crate) message: String,
}

impl CallError {
    /// An answer of `operation` that could not be understood.
    pub(crate) fn garbled(
        operation: Operation,
        region: &Region,
        message: impl Into<String>,
    ) -> Self {
        Self {
            operation,
            region: region.clone(),
            kind: FaultKind::Garbled,
            code: None,
            status_alone: None,
            message: message.into(),
        }
    }

    /// The call, as a fact's origin.
    pub(crate) fn call(&self) -> Call {
        self.operation.call(&self.region)
    }

    /// The fact that this call would have told.
    pub(crate) fn into_unread(self) -> Unread {
        let cause = match self.kind {
            FaultKind::Denied => UnreadCause::Denied,
            FaultKind::DeniedByServiceControlPolicy => UnreadCause::DeniedByServiceControlPolicy,
            FaultKind::Throttled => UnreadCause::Throttled,
            FaultKind::TimedOut => UnreadCause::TimedOut,
            FaultKind::RegionDisabled => UnreadCause::RegionDisabled,
            FaultKind::Transient | FaultKind::Unreachable => UnreadCause::Transient,
            FaultKind::Garbled => UnreadCause::Garbled,
            FaultKind::NotFound
            | FaultKind::UnknownOperation
            | FaultKind::NotInOrganization
            | FaultKind::Invalid
            | FaultKind::CredentialsExpired
            | FaultKind::CredentialsRejected
            | FaultKind::ClockWrong => UnreadCause::Invalid,
        };
        Unread {
            call: self.call(),
            cause,
            message: self.message,
        }
    }

    /// The same as a fact.
    pub(crate) fn into_known<T>(self) -> Known<T> {
        Known::Unread(self.into_unread())
    }

    /// Code and message, as far as there are any.
    pub(crate) fn words(&self) -> String {
        // What follows is ours, and goes on after AWS's sentence.
        let message = self.message.trim_end_matches('.');
        match (&self.code, message.is_empty()) {
            (Some(code), false) => format!("{code}: {message}"),
            (Some(code), true) => code.clone(),
            (None, _) => message.to_owned(),
        }
    }
}
