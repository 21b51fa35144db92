//! A session in one account for another crate's calls. That crate declares which
//! operations it uses and what quotas they count against; credentials, budgets,
//! retries, time limits and the meaning of errors are those of every other call.

use std::error::Error;
use std::future::Future;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use orgsweep_controls::{AccountId, Region};
use thiserror::Error as ThisError;

use crate::budget::Bucket;
use crate::errors::{CallError, CollectError, FaultKind};
use crate::operation::Operation;
use crate::session::Session;

/// An operation of AWS that another crate uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallKind {
    /// IAM service prefix, for example `logs`.
    pub service: &'static str,
    /// Name of the operation, for example `DescribeMetricFilters`.
    pub operation: &'static str,
    /// The quota that it counts against.
    pub quota: Quota,
}

impl CallKind {
    /// The IAM action, for example `logs:DescribeMetricFilters`.
    pub fn permission(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// The quota that a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quota {
    /// A published rate; operations with the same name share it.
    Rate {
        /// What it is called, for example `cloudwatch:PutMetricAlarm`.
        name: &'static str,
        /// Requests per second and account.
        per_second: u32,
        /// Whether all Regions share it.
        global: bool,
    },
    /// The pool of SNS's operations on topics, whose size depends on the Region.
    SnsTopics,
}

impl Quota {
    /// Requests of which no second sees more when `share` of the quota may be used, at least one.
    pub fn allowance(self, region: &Region, share: f64) -> u32 {
        Bucket::Declared(self).allowance(region, share)
    }
}

/// A call that failed, after its retries.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("{}", self.text())]
pub struct CallFailure {
    /// The IAM action, for example `sns:ListTopics`.
    pub permission: String,
    /// Where it was called.
    pub region: Region,
    /// What kind of fault it was.
    pub kind: FaultKind,
    /// The service's error code, if it gave one.
    pub code: Option<String>,
    /// The service's words, or what happened on the way; without secrets.
    pub words: String,
}

impl CallFailure {
    /// What happened and what to do about it, for a person.
    fn text(&self) -> String {
        let Self {
            permission,
            region,
            words,
            ..
        } = self;
        match self.kind {
            FaultKind::Denied => format!(
                "`{permission}` was denied in {region} ({words}); grant it to the role and try again"
            ),
            FaultKind::DeniedByServiceControlPolicy => format!(
                "`{permission}` is denied in {region} by a service control policy ({words}); \
                 exempt the role from it, or leave the account out"
            ),
            FaultKind::CredentialsExpired | FaultKind::CredentialsRejected => format!(
                "the credentials are no longer valid ({words}); renew them, for example with \
                 `aws sso login`"
            ),
            FaultKind::ClockWrong => {
                format!("`{permission}` was refused ({words}); set this machine's clock")
            }
            FaultKind::Throttled => format!(
                "`{permission}` was throttled in {region} until the attempts ran out ({words}); \
                 try again in some minutes"
            ),
            FaultKind::TimedOut if only_reads(permission) => {
                format!("`{permission}` did not answer in time in {region}; try again")
            }
            FaultKind::TimedOut => format!(
                "`{permission}` did not answer in time in {region}; whether it took effect is not known"
            ),
            FaultKind::Transient | FaultKind::Unreachable => {
                format!("`{permission}` failed again and again in {region} ({words})")
            }
            FaultKind::Garbled => format!(
                "`{permission}` answered something in {region} that could not be understood ({words})"
            ),
            FaultKind::NotFound => {
                format!("`{permission}` did not find its resource in {region} ({words})")
            }
            FaultKind::UnknownOperation
            | FaultKind::NotInOrganization
            | FaultKind::RegionDisabled
            | FaultKind::Invalid => format!("`{permission}` was refused in {region} ({words})"),
        }
    }

    /// Whether the request certainly had no effect: the service said no.
    pub fn had_no_effect(&self) -> bool {
        !matches!(
            self.kind,
            FaultKind::TimedOut
                | FaultKind::Transient
                | FaultKind::Unreachable
                | FaultKind::Garbled
        )
    }
}

impl From<CallError> for CallFailure {
    fn from(error: CallError) -> Self {
        Self {
            permission: error.operation.permission(),
            words: error.words(),
            region: error.region,
            kind: error.kind,
            code: error.code,
        }
    }
}

/// A session in one account. Made by [`Access::account_session`](crate::Access::account_session).
#[derive(Debug)]
pub struct AccountSession {
    session: Session,
}

impl AccountSession {
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        self.session.account()
    }

    /// Assumes the role, if it is not the caller's own account.
    ///
    /// # Errors
    /// Why the role cannot be assumed, and what to do.
    pub async fn sign_in(&self) -> Result<(), CollectError> {
        let signed_in = self.session.sign_in().await;
        signed_in.map_err(|failure| self.session.collect_error(failure))
    }

    /// Calls `kind` in `region`: `send` sends one request of it, perhaps several times.
    ///
    /// # Errors
    /// When it fails, after as many attempts as help. A request that timed out or was cut off
    /// may have had its effect.
    pub async fn call<T, E, F, Sent>(
        &self,
        kind: &'static CallKind,
        region: &Region,
        send: F,
    ) -> Result<T, CallFailure>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Sent,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let operation = Operation::Declared(kind);
        let answer = self.session.call(operation, region, send).await;
        answer.map_err(CallFailure::from)
    }

    /// An answer of `kind` that could not be understood.
    pub fn garbled(
        &self,
        kind: &'static CallKind,
        region: &Region,
        message: impl Into<String>,
    ) -> CallFailure {
        CallError::garbled(Operation::Declared(kind), region, message).into()
    }

    /// The CloudTrail client of a Region.
    pub fn cloudtrail(&self, region: &Region) -> aws_sdk_cloudtrail::Client {
        self.session.clients().cloudtrail(region)
    }

    /// The CloudWatch client of a Region.
    pub fn cloudwatch(&self, region: &Region) -> aws_sdk_cloudwatch::Client {
        self.session.clients().cloudwatch(region)
    }

    /// The CloudWatch Logs client of a Region.
    pub fn logs(&self, region: &Region) -> aws_sdk_cloudwatchlogs::Client {
        self.session.clients().logs(region)
    }

    /// The SNS client of a Region.
    pub fn sns(&self, region: &Region) -> aws_sdk_sns::Client {
        self.session.clients().sns(region)
    }
}

/// Whether an operation (`logs:DescribeLogGroups`) changes nothing, going by its name.
pub fn only_reads(permission: &str) -> bool {
    let (_, operation) = permission.split_once(':').unwrap_or_default();
    ["Describe", "Get", "List"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_service_proves_that_nothing_happened() {
        let failure = |kind| CallFailure {
            permission: "sns:ListTopics".to_owned(),
            region: "eu-west-1".parse().unwrap(),
            kind,
            code: None,
            words: String::new(),
        };
        for (kind, without_effect) in [
            (FaultKind::Denied, true),
            (FaultKind::Invalid, true),
            (FaultKind::Throttled, true),
            (FaultKind::CredentialsExpired, true),
            (FaultKind::TimedOut, false),
            (FaultKind::Transient, false),
            (FaultKind::Garbled, false),
            (FaultKind::Unreachable, false),
        ] {
            assert_eq!(failure(kind).had_no_effect(), without_effect, "{kind:?}");
        }
    }
}
