//! The role that is assumed in an account: which one, for how long, and what it
//! means when it cannot be assumed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::types::Credentials as StsCredentials;
use futures::future::BoxFuture;
use orgsweep_controls::{AccountId, Partition};

use super::{Source, fit_for_headers};
use crate::access::Shared;
use crate::budget::AccountBudgets;
use crate::budget::Bucket;
use crate::call::{Terms, perform};
use crate::config::{AccessConfig, RoleConfig};
use crate::errors::{CallError, Failure, FailureReason};
use crate::operation::Operation;
use crate::tally::Tally;

/// Longest session of a role that was assumed with another role's session, and
/// longest of a role whose own limit was not raised.
const ONE_HOUR: Duration = Duration::from_hours(1);

/// ARN of the role for `account`.
pub(crate) fn role_arn(role: &RoleConfig, partition: &Partition, account: &AccountId) -> String {
    let different = role
        .per_account
        .get(account)
        .and_then(|different| different.role.as_deref());
    let name = different.unwrap_or(&role.name);
    if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!(
            "arn:{partition}:iam::{account}:role/{}",
            name.trim_start_matches('/')
        )
    }
}

/// External id for `account`.
fn external_id<'a>(role: &'a RoleConfig, account: &AccountId) -> Option<&'a str> {
    let different = role
        .per_account
        .get(account)
        .and_then(|different| different.external_id.as_deref());
    different.or(role.external_id.as_deref())
}

/// How long sessions last: as configured, but an hour at most when the caller is
/// itself a session of a role, or when a role was seen not to allow more.
#[derive(Debug)]
pub(crate) struct SessionDuration(AtomicI32);

impl SessionDuration {
    pub(crate) fn new(configured: Duration, caller_arn: &str) -> Self {
        let longest = if is_role_session(caller_arn) {
            ONE_HOUR
        } else {
            configured
        };
        Self(AtomicI32::new(configured.min(longest).as_secs() as i32))
    }

    fn seconds(&self) -> i32 {
        self.0.load(Ordering::Relaxed)
    }

    /// A role refused this duration: one hour from now on.
    fn shorten(&self) {
        self.0
            .fetch_min(ONE_HOUR.as_secs() as i32, Ordering::Relaxed);
    }
}

/// Whether an ARN is that of a role's session (assuming a role from it is role chaining).
pub(crate) fn is_role_session(caller_arn: &str) -> bool {
    caller_arn
        .splitn(6, ':')
        .nth(5)
        .is_some_and(|resource| resource.starts_with("assumed-role/"))
}

/// The session of one account's role.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) shared: Arc<Shared>,
    pub(crate) account: AccountId,
    pub(crate) budgets: Arc<AccountBudgets>,
    pub(crate) tally: Arc<Tally>,
}

impl Source for Role {
    fn fetch(&self) -> BoxFuture<'_, Result<Credentials, CallError>> {
        Box::pin(async {
            let duration = &self.shared.session_duration;
            match self.assume(duration.seconds()).await {
                Err(error) if duration.seconds() > 3600 && is_about_duration(&error) => {
                    duration.shorten();
                    self.assume(duration.seconds()).await
                }
                answer => answer,
            }
        })
    }
}

impl Role {
    async fn assume(&self, seconds: i32) -> Result<Credentials, CallError> {
        let Shared {
            config: AccessConfig { role, .. },
            caller,
            vantage,
            ..
        } = &*self.shared;
        let request = self
            .shared
            .clients
            .sts(vantage)
            .assume_role()
            .role_arn(role_arn(role, &caller.partition, &self.account))
            .role_session_name(&role.session_name)
            .duration_seconds(seconds)
            .set_external_id(external_id(role, &self.account).map(str::to_owned))
            .set_source_identity(role.source_identity.clone());
        let terms = Terms {
            credentials: &self.shared.caller_credentials,
            budget: &self.budgets.budget(Bucket::Sts, vantage),
            tally: &self.tally,
            patience: self.shared.patience(),
        };
        let answer = perform(Operation::AssumeRole, vantage, terms, || {
            request.clone().send()
        })
        .await?;
        let garbled = |why| CallError::garbled(Operation::AssumeRole, vantage, why);
        match answer.credentials.map(taken_over) {
            Some(found) if fit_for_headers(&found) => Ok(found),
            Some(_) => Err(garbled("its credentials are no printable text")),
            None => Err(garbled("the answer has no credentials")),
        }
    }
}

fn taken_over(found: StsCredentials) -> Credentials {
    let expiry = SystemTime::try_from(found.expiration).ok();
    Credentials::new(
        found.access_key_id,
        found.secret_access_key,
        Some(found.session_token),
        expiry,
        "orgsweep",
    )
}

fn is_about_duration(error: &CallError) -> bool {
    error.code.as_deref() == Some("ValidationError") && error.message.contains("DurationSeconds")
}

/// What it means for an account that its role could not be assumed.
pub(crate) fn failure(error: &CallError, shared: &Shared, account: &AccountId) -> Failure {
    let mut failure = Failure::of(error);
    if failure.reason == FailureReason::RoleNotAssumable {
        let arn = role_arn(&shared.config.role, &shared.caller.partition, account);
        failure.message = format!(
            "the role `{arn}` cannot be assumed ({}); check that it exists, that it trusts `{}`{}, and that the \
             caller may call `sts:AssumeRole` on it",
            error.words(),
            shared.caller.arn,
            if external_id(&shared.config.role, account).is_some() {
                " with the configured external id"
            } else {
                ""
            },
        );
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RoleOverride;

    #[test]
    fn the_role_is_built_in_the_caller_s_partition_and_may_differ_per_account() {
        let [plain, named, whole]: [AccountId; 3] =
            ["111111111111", "222222222222", "333333333333"].map(|text| text.parse().unwrap());
        let different = |role: &str| RoleOverride {
            role: Some(role.to_owned()),
            external_id: Some("other".to_owned()),
        };
        let role = RoleConfig {
            name: "audit/ReadOnly".to_owned(),
            external_id: Some("general".to_owned()),
            per_account: [
                (named.clone(), different("/security/Other")),
                (
                    whole.clone(),
                    different("arn:aws-cn:iam::999999999999:role/Hub"),
                ),
            ]
            .into(),
            ..RoleConfig::default()
        };
        let partition = "aws-us-gov".parse().unwrap();
        for (account, arn, id) in [
            (
                plain,
                "arn:aws-us-gov:iam::111111111111:role/audit/ReadOnly",
                "general",
            ),
            (
                named,
                "arn:aws-us-gov:iam::222222222222:role/security/Other",
                "other",
            ),
            (whole, "arn:aws-cn:iam::999999999999:role/Hub", "other"),
        ] {
            assert_eq!(role_arn(&role, &partition, &account), arn);
            assert_eq!(external_id(&role, &account), Some(id));
        }
    }

    #[test]
    fn a_session_of_a_role_gets_sessions_of_an_hour_at_most() {
        let hours = Duration::from_hours(4);
        for (arn, configured, expected) in [
            ("arn:aws:iam::111111111111:user/nightly", hours, 14_400),
            (
                "arn:aws:sts::111111111111:assumed-role/Nightly/i-1",
                hours,
                3_600,
            ),
            (
                "arn:aws:sts::111111111111:assumed-role/Nightly/i-1",
                Duration::from_mins(15),
                900,
            ),
        ] {
            assert_eq!(
                SessionDuration::new(configured, arn).seconds(),
                expected,
                "{arn}"
            );
        }
        let duration = SessionDuration::new(hours, "arn:aws:iam::111111111111:user/nightly");
        duration.shorten();
        assert_eq!(duration.seconds(), 3_600);
    }
}
