//! Why the caller could not get going, or the organization could not be listed.

use thiserror::Error;

use super::{CallError, FaultKind};

/// What keeps orgsweep from working with AWS at all.
#[derive(Debug, Clone, Error)]
pub enum AccessError {
    /// A setting that AWS would refuse in every account.
    #[error("`{found}` is not a valid {setting}; expected {expected}")]
    InvalidConfig {
        /// Which setting.
        setting: String,
        /// What was given.
        found: String,
        /// What would have been right, in words.
        expected: &'static str,
    },
    /// There are no credentials, or they could not be loaded.
    #[error(
        "no AWS credentials: {detail}; set AWS_PROFILE or --profile, or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN for a session), or run `aws sso login`"
    )]
    NoCredentials {
        /// What was tried.
        detail: String,
    },
    /// The caller's session is over.
    #[error(
        "the AWS credentials have expired ({detail}); renew them, for example with `aws sso login`, and run again"
    )]
    CredentialsExpired {
        /// AWS's words.
        detail: String,
    },
    /// AWS does not know the caller's credentials.
    #[error(
        "AWS does not accept the credentials ({detail}); check the access key, and set --region when \
         the account is in another partition, such as China or GovCloud"
    )]
    CredentialsRejected {
        /// AWS's words.
        detail: String,
    },
    /// This machine's clock differs from AWS's.
    #[error("AWS does not accept the time of the request ({detail}); set this machine's clock")]
    ClockWrong {
        /// AWS's words.
        detail: String,
    },
    /// A permission is missing.
    #[error("the caller lacks the permission `{permission}`: {detail}")]
    Denied {
        /// The IAM action, for example `organizations:ListAccounts`.
        permission: String,
        /// AWS's words.
        detail: String,
    },
    /// The caller's account belongs to no organization.
    #[error(
        "the caller's account belongs to no AWS organization ({detail}); use --this-account or --accounts"
    )]
    NotInOrganization {
        /// AWS's words.
        detail: String,
    },
    /// Still throttled when the attempts ran out.
    #[error(
        "`{operation}` was throttled until the attempts ran out ({detail}); try again in some minutes"
    )]
    Throttled {
        /// The IAM action.
        operation: String,
        /// AWS's words.
        detail: String,
    },
    /// No answer in time.
    #[error(
        "`{operation}` did not answer in time; check the network path to AWS, proxies and the endpoint URL"
    )]
    TimedOut {
        /// The IAM action.
        operation: String,
    },
    /// No connection, or the service failed again and again.
    #[error(
        "`{operation}` failed again and again ({detail}); check the Region's name, the network path to AWS, \
         proxies and the endpoint URL"
    )]
    Unreachable {
        /// The IAM action.
        operation: String,
        /// What happened.
        detail: String,
    },
    /// An answer that could not be understood.
    #[error(
        "`{operation}` answered something that could not be understood ({detail}); check whether a proxy \
         or the endpoint URL stands between orgsweep and AWS"
    )]
    Garbled {
        /// The IAM action.
        operation: String,
        /// What was wrong with it.
        detail: String,
    },
    /// AWS refused the request.
    #[error("`{operation}` was refused ({detail}); check the configured Region and role")]
    Refused {
        /// The IAM action.
        operation: String,
        /// AWS's words.
        detail: String,
    },
}

impl From<CallError> for AccessError {
    fn from(error: CallError) -> Self {
        let operation = error.operation.permission();
        let detail = error.words();
        match error.kind {
            FaultKind::Denied | FaultKind::DeniedByServiceControlPolicy => Self::Denied {
                permission: operation,
                detail,
            },
            FaultKind::CredentialsExpired => Self::CredentialsExpired { detail },
            FaultKind::CredentialsRejected => Self::CredentialsRejected { detail },
            FaultKind::ClockWrong => Self::ClockWrong { detail },
            FaultKind::NotInOrganization => Self::NotInOrganization { detail },
            FaultKind::Throttled => Self::Throttled { operation, detail },
            FaultKind::TimedOut => Self::TimedOut { operation },
            FaultKind::Transient | FaultKind::Unreachable => Self::Unreachable {
                operation,
                detail: format!("in {}: {detail}", error.region),
            },
            FaultKind::Garbled => Self::Garbled { operation, detail },
            FaultKind::NotFound
            | FaultKind::UnknownOperation
            | FaultKind::RegionDisabled
            | FaultKind::Invalid => Self::Refused { operation, detail },
        }
    }
}
