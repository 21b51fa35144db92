//! A session in one account: credentials, budgets and counts that live as long
//! as the account's task.

use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use orgsweep_controls::{AccountId, AccountSnapshot, OwnChains, Partition, Region};

use crate::access::Shared;
use crate::budget::AccountBudgets;
use crate::call::{Terms, perform};
use crate::clients::Clients;
use crate::credentials::Renewing;
use crate::credentials::role::{self, Role};
use crate::errors::{CallError, CollectError, Failure, FailureReason, FaultKind};
use crate::operation::Operation;
use crate::pauses::Pauses;
use crate::retry::Patience;
use crate::tally::Tally;

/// The facts read from one account, and what reading them cost.
#[derive(Debug)]
pub struct Collected {
    /// The facts.
    pub snapshot: AccountSnapshot,
    /// The account's own chains by these facts, where they had to be read to know what to read.
    pub own_chains: Option<OwnChains>,
    /// Requests that were sent, `sts:AssumeRole` and retries included.
    pub calls: u32,
    /// Requests that AWS throttled.
    pub throttles: u32,
}

/// Credentials, budgets and counts of one account.
#[derive(Debug)]
pub(crate) struct Session {
    shared: Arc<Shared>,
    account: AccountId,
    credentials: Arc<Renewing>,
    budgets: Arc<AccountBudgets>,
    tally: Arc<Tally>,
    pauses: Pauses,
    /// Set when a call failed because the credentials are over and no others are to be had.
    credentials_over: Mutex<Option<CallError>>,
}

impl Session {
    /// The caller's session in its own account, or a session of the role in
    /// another one. The role is assumed by [`Session::sign_in`] or the first call.
    pub(crate) fn new(shared: &Arc<Shared>, account: &AccountId) -> Self {
        let tally = Arc::new(Tally::part_of(&shared.tally));
        let budgets = Arc::new(AccountBudgets::new(Arc::clone(&shared.budgets)));
        let has_own_role = shared
            .config
            .role
            .per_account
            .get(account)
            .is_some_and(|different| different.role.is_some());
        let credentials = if *account == shared.caller.account && !has_own_role {
            Arc::clone(&shared.caller_credentials)
        } else {
            Arc::new(Renewing::new(Role {
                shared: Arc::clone(shared),
                account: account.clone(),
                budgets: Arc::clone(&budgets),
                tally: Arc::clone(&tally),
            }))
        };
        Self {
            shared: Arc::clone(shared),
            account: account.clone(),
            credentials,
            budgets,
            tally,
            pauses: Pauses::default(),
            credentials_over: Mutex::new(None),
        }
    }

    /// A session in another account.
    pub(crate) fn in_account(&self, account: &AccountId) -> Self {
        Self::new(&self.shared, account)
    }

    /// Gets the session's credentials, so that a role that cannot be assumed is
    /// the account's failure and not that of its first fact.
    pub(crate) async fn sign_in(&self) -> Result<(), Failure> {
        let signed_in = self.credentials.current().await;
        signed_in
            .map(drop)
            .map_err(|error| role::failure(&error, &self.shared, &self.account))
    }

    /// Calls `operation` in `region`: `send` sends one request of it.
    pub(crate) async fn call<T, E, F, Sent>(
        &self,
        operation: Operation,
        region: &Region,
        send: F,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Sent,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.call_with_patience(operation, region, self.shared.patience(), send)
            .await
    }

    /// The same with another patience than the account's calls have.
    pub(crate) async fn call_with_patience<T, E, F, Sent>(
        &self,
        operation: Operation,
        region: &Region,
        patience: Patience,
        send: F,
    ) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Fn() -> Sent,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        if let Some(error) = self.over().clone() {
            // Asking on with credentials that AWS refuses would only alarm somebody.
            return Err(error);
        }
        let terms = Terms {
            credentials: &self.credentials,
            budget: &self.budgets.budget(operation.bucket(), region),
            tally: &self.tally,
            patience,
        };
        let answer = perform(operation, region, terms, send).await;
        if let Err(error) = &answer
            && matches!(
                error.kind,
                FaultKind::CredentialsExpired | FaultKind::CredentialsRejected
            )
        {
            self.over().get_or_insert_with(|| error.clone());
        }
        answer
    }

    /// Whether the CloudWatch of `region` can have alarm mute rules.
    pub(crate) async fn has_mute_rules(&self, region: &Region) -> bool {
        let caller = self.in_account(&self.shared.caller.account);
        let client = self.clients().cloudwatch(region);
        let send = || client.list_alarm_mute_rules().max_records(1).send();
        let support = &self.shared.support;
        support
            .exists(Operation::ListAlarmMuteRules, region, &caller, send, true)
            .await
    }

    /// Whether metrics of `region` can be linked to monitoring accounts. An endpoint that is not
    /// AWS's has to say so; one that lacks mute rules is not even asked for this service of its own,
    /// since some emulators break the connection off.
    pub(crate) async fn has_links(&self, region: &Region) -> bool {
        if self.shared.support.endpoint_is_given() && !self.has_mute_rules(region).await {
            return false;
        }
        let client = self.clients().oam(region);
        let send = || client.list_links().max_results(1).send();
        let support = &self.shared.support;
        support
            .exists(Operation::ListLinks, region, self, send, false)
            .await
    }

    /// Why nothing that was read counts: the credentials ended on the way.
    pub(crate) fn credentials_over(&self) -> Option<Failure> {
        self.over().as_ref().map(Failure::of)
    }

    fn over(&self) -> MutexGuard<'_, Option<CallError>> {
        self.credentials_over
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure with the counts of this session.
    pub(crate) fn collect_error(&self, failure: Failure) -> CollectError {
        let (calls, throttles) = self.counts();
        CollectError {
            reason: failure.reason,
            message: failure.message,
            calls,
            throttles,
        }
    }

    /// The failure that a passed deadline is.
    pub(crate) fn out_of_time(&self) -> CollectError {
        let seconds = self.shared.config.account_deadline.as_secs_f64();
        self.collect_error(Failure {
            reason: FailureReason::TimedOut,
            message: format!(
                "the account was not read within {seconds} s; check which service is slow, or allow more time for an account"
            ),
        })
    }

    /// Calls and throttles so far.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let counters = self.tally.counters();
        let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        (count(counters.calls), count(counters.throttles))
    }

    /// Time that does not count against the account.
    pub(crate) fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    pub(crate) fn account(&self) -> &AccountId {
        &self.account
    }

    pub(crate) fn partition(&self) -> &Partition {
        &self.shared.caller.partition
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.shared.clients
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}
