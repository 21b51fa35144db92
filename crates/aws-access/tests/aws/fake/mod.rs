//! A fake of AWS: canned answers by operation, in each service's own protocol,
//! and rules that replace some of them by faults.

mod answers;
mod protocol;
mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use orgsweep_aws_access::{Access, AccessConfig, AccessError, StaticCredentials};
use orgsweep_controls::AccountId;
use serde_json::Value;

pub(crate) use protocol::Asked;

/// The account of the caller.
pub(crate) const AUDIT: &str = "111111111111";
/// An account with a trail of its own.
pub(crate) const OWN: &str = "222222222222";
/// An account under the organization's trail.
pub(crate) const MEMBER: &str = "333333333333";
/// The organization's management account, which owns its trail.
pub(crate) const MANAGEMENT: &str = "999999999999";

/// The Region that is asked first.
pub(crate) const REGION: &str = "eu-west-1";

/// What the fake does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// The operation's result, as JSON whatever the protocol.
    Result(Value),
    /// An error of the service.
    Error {
        status: u16,
        code: &'static str,
        message: &'static str,
    },
    /// A status without any body that the protocol knows.
    Bare(u16),
    /// Status 200 and nonsense.
    Nonsense,
    /// Half an answer, then the connection closes.
    CutOff,
    /// No answer at all.
    Silence,
}

impl Reply {
    /// An error with the status 400.
    pub(crate) fn error(code: &'static str, message: &'static str) -> Self {
        Self::Error {
            status: 400,
            code,
            message,
        }
    }
}

/// Replaces the usual answer.
#[derive(Debug, Clone)]
struct Rule {
    account: Option<&'static str>,
    operation: &'static str,
    /// How often; `None` is always.
    times: Option<u32>,
    reply: Reply,
}

/// A running fake.
pub(crate) struct Fake {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    rules: Mutex<Vec<Rule>>,
    asked: Mutex<Vec<Asked>>,
}

impl State {
    fn reply(&self, asked: Asked) -> Reply {
        let reply = self
            .rule_for(&asked)
            .unwrap_or_else(|| answers::usual(&asked));
        self.asked.lock().unwrap().push(asked);
        reply
    }

    fn rule_for(&self, asked: &Asked) -> Option<Reply> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| {
            rule.operation == asked.operation
                && rule.account.is_none_or(|account| account == asked.account)
                && rule.times != Some(0)
        })?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.reply.clone())
    }
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(State::default());
        let url = server::start(Arc::clone(&state)).await;
        Self { url, state }
    }

    /// From now on, `operation` gets `reply`.
    pub(crate) fn always(&self, operation: &'static str, reply: Reply) -> &Self {
        self.rule(None, operation, None, reply)
    }

    /// From now on, `operation` in `account` gets `reply`.
    pub(crate) fn always_in(
        &self,
        account: &'static str,
        operation: &'static str,
        reply: Reply,
    ) -> &Self {
        self.rule(Some(account), operation, None, reply)
    }

    /// The next requests of `operation` get `reply`.
    pub(crate) fn next(&self, times: u32, operation: &'static str, reply: Reply) -> &Self {
        self.rule(None, operation, Some(times), reply)
    }

    fn rule(
        &self,
        account: Option<&'static str>,
        operation: &'static str,
        times: Option<u32>,
        reply: Reply,
    ) -> &Self {
        let rule = Rule {
            account,
            operation,
            times,
            reply,
        };
        self.state.rules.lock().unwrap().push(rule);
        self
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// The operations that were asked with `account`'s credentials, in order of their names.
    pub(crate) fn operations_in(&self, account: &str) -> Vec<String> {
        let mut operations: Vec<String> = self
            .asked()
            .into_iter()
            .filter(|asked| asked.account == account)
            .map(|asked| asked.operation)
            .collect();
        operations.sort();
        operations
    }

    pub(crate) fn config(&self) -> AccessConfig {
        AccessConfig {
            endpoint_url: Some(self.url.clone()),
            region: Some(REGION.parse().unwrap()),
            // Budgets are not what these tests are about.
            quota_share: 1.0,
            ..AccessConfig::default()
        }
    }

    pub(crate) async fn try_connect(&self, config: AccessConfig) -> Result<Access, AccessError> {
        let credentials = StaticCredentials::new(access_key(AUDIT), "s3cr3t-key", None);
        Access::connect_as(config, credentials).await
    }

    pub(crate) async fn connect(&self) -> Access {
        self.try_connect(self.config()).await.unwrap()
    }

    /// Access that does not wait long for an answer.
    pub(crate) async fn connect_impatiently(&self) -> Access {
        let config = AccessConfig {
            call_timeout: Duration::from_secs(1),
            call_deadline: Duration::from_millis(1500),
            ..self.config()
        };
        self.try_connect(config).await.unwrap()
    }
}

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

/// The access key from which the fake knows the account.
pub(crate) fn access_key(account: &str) -> String {
    format!("AKIA{account}")
}
