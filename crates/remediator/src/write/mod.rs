//! What orgsweep does to AWS: the one place of the workspace that names
//! operations that change something. Per resource one file, with how it is read
//! before it is changed, how it is changed, and how that is taken back. Whether
//! anything is done is not decided here; that is `apply`'s.
//!
//! Credentials, budgets, retries and the meaning of errors are those of
//! `orgsweep-aws-access`: a throttle is waited out, `logs:LimitExceededException`
//! is final, and a request that was cut off may have had its effect.

mod ahead;
pub mod alarm;
pub mod alarm_state;
pub mod filter;
pub mod log_group;
pub mod operation;
pub mod role;
pub mod subscription;
pub mod tags;
pub mod topic;
pub mod trail;

use std::ops::Deref;

use orgsweep_aws_access::{Access, AccountSession, CallFailure, CollectError};
use orgsweep_controls::{AccountId, Region};

use ahead::SignedInAhead;
pub use tags::Marks;

/// Writing to AWS with the caller's credentials. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writers {
    access: Access,
    iam: aws_sdk_iam::Client,
    ahead: SignedInAhead,
}

impl Writers {
    /// Writes through `access`, whose role in each account may change things.
    pub fn new(access: Access) -> Self {
        let region = aws_sdk_iam::config::Region::new(access.vantage_region().to_string());
        let config = aws_sdk_iam::config::Builder::from(access.sdk_config())
            .region(region)
            .build();
        Self {
            access,
            iam: aws_sdk_iam::Client::from_conf(config),
            ahead: SignedInAhead::default(),
        }
    }

    /// The way into AWS.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// A session in an account, signed in.
    ///
    /// # Errors
    /// Why the role cannot be assumed, and what to do.
    pub async fn account(&self, account: &AccountId) -> Result<Writer, CollectError> {
        let session = match self.ahead.take(account) {
            Some(session) => session,
            None => signed_in(&self.access, account).await?,
        };
        Ok(Writer {
            session,
            iam: self.iam.clone(),
            home: self.access.vantage_region().clone(),
        })
    }

    /// Signs in to accounts whose turn comes next, so that their first steps need not wait for it.
    /// Where that does not work it is tried again when their turn comes.
    pub async fn sign_in_ahead(&self, accounts: &[AccountId]) {
        self.ahead.fill(&self.access, accounts).await;
    }
}

async fn signed_in(access: &Access, account: &AccountId) -> Result<AccountSession, CollectError> {
    let session = access.account_session(account);
    session.sign_in().await?;
    Ok(session)
}

/// A session in one account that may change things.
#[derive(Debug)]
pub struct Writer {
    session: AccountSession,
    iam: aws_sdk_iam::Client,
    /// The Region from which IAM, which has none, is asked.
    home: Region,
}

impl Deref for Writer {
    type Target = AccountSession;

    fn deref(&self) -> &AccountSession {
        &self.session
    }
}

/// `Some` with what was found, `None` when the service says that it does not exist.
fn found<T>(answer: Result<T, CallFailure>) -> Result<Option<T>, CallFailure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.kind == orgsweep_aws_access::FaultKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What is there, unless its absence is what was wanted.
fn gone(answer: Result<(), CallFailure>) -> Result<(), CallFailure> {
    found(answer).map(drop)
}
