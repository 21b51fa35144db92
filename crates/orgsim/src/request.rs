//! A request as the services see it, and the errors with which they answer.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::neutral::Value;
use crate::service::Service;

/// One operation that somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// The service.
    pub(crate) service: Service,
    /// The operation, for example `DescribeTrails`.
    pub(crate) operation: String,
    /// Region of the endpoint, from the credential scope of the signature.
    pub(crate) region: String,
    /// Who asks.
    pub(crate) caller: Caller,
    /// The operation's input.
    pub(crate) params: Value,
}

/// Who asks, as the credentials say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Account number of the credentials.
    pub(crate) account: String,
    /// The session, when the credentials come from AssumeRole.
    pub(crate) session: Option<Session>,
}

/// A role session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Name of the role, with its path.
    pub(crate) role: String,
    /// Name of the session.
    pub(crate) name: String,
    /// When its credentials end.
    pub(crate) expires: DateTime<Utc>,
}

impl Caller {
    /// ARN of the principal in `partition`.
    pub(crate) fn arn(&self, partition: &str) -> String {
        match &self.session {
            None => format!("arn:{partition}:iam::{}:user/orgsim", self.account),
            Some(session) => format!(
                "arn:{partition}:sts::{}:assumed-role/{}/{}",
                self.account,
                session.role.rsplit('/').next().unwrap_or_default(),
                session.name
            ),
        }
    }
}

/// The input of an operation that has it all, or the service's error for a missing member.
impl Request {
    /// The text member `name`, which the operation requires.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ServiceError> {
        self.params
            .text(name)
            .ok_or_else(|| ServiceError::missing(self.service, name))
    }
}

/// An error with which a service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceError {
    /// Error code (the name of the error's shape).
    pub(crate) code: String,
    /// Code under the query protocol, where it differs.
    pub(crate) query_code: Option<&'static str>,
    /// The service's words.
    pub(crate) message: String,
    /// HTTP status.
    pub(crate) status: u16,
}

impl ServiceError {
    /// An error of the caller's making with status 400.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    /// An error with the given HTTP status.
    pub(crate) fn with_status(
        status: u16,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            query_code: None,
            message: message.into(),
            status,
        }
    }

    /// The same error with another code under the query protocol.
    #[must_use]
    pub(crate) fn query_code(mut self, code: &'static str) -> Self {
        self.query_code = Some(code);
        self
    }

    /// Who is to blame, in the words of the query protocol.
    pub(crate) fn fault(&self) -> &'static str {
        if self.status >= 500 {
            "Receiver"
        } else {
            "Sender"
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for ServiceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_the_role_without_its_path() {
        let caller = Caller {
            account: "123456789012".to_owned(),
            session: Some(Session {
                role: "audit/OrgsweepReadOnly".to_owned(),
                name: "orgsweep".to_owned(),
                expires: DateTime::UNIX_EPOCH,
            }),
        };
        assert_eq!(
            caller.arn("aws"),
            "arn:aws:sts::123456789012:assumed-role/OrgsweepReadOnly/orgsweep"
        );
    }
}
