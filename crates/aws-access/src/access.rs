//! The way into AWS: who the caller is, and what can be read from there. The
//! parts that all accounts share live here; those of one account in `session`.

use std::sync::Arc;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use orgsweep_controls::{AccountId, Arn, Inventory, Partition, Region};
use tokio::sync::mpsc;

use crate::account_session::AccountSession;
use crate::budget::{Bucket, Budget, SharedBudgets};
use crate::call::{Terms, perform};
use crate::check_access::{self, AccessCheck};
use crate::clients::Clients;
use crate::collect::{self, Neighbours};
use crate::config::{AccessConfig, StaticCredentials};
use crate::credentials::Renewing;
use crate::credentials::chain::{self, Chain};
use crate::credentials::in_call::CredentialsOfCall;
use crate::credentials::role::{SessionDuration, is_role_session};
use crate::errors::{AccessError, CallError, CollectError};
use crate::http_client;
use crate::inventory::{self, InventoryPage, InventoryWants};
use crate::members::Members;
use crate::operation::Operation;
use crate::partitions::PartitionRegions;
use crate::pattern_tester::PatternTester;
use crate::retry::Patience;
use crate::session::{Collected, Session};
use crate::support::Support;
use crate::tally::{Counters, Tally};

/// Who orgsweep is to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account of the credentials.
    pub account: AccountId,
    /// The ARN of the user or the role session.
    pub arn: String,
    /// The partition.
    pub partition: Partition,
}

/// Access to AWS with the caller's credentials. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    shared: Arc<Shared>,
}

/// What all accounts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: AccessConfig,
    pub(crate) caller: Caller,
    pub(crate) caller_credentials: Arc<Renewing>,
    pub(crate) clients: Clients,
    /// The Region that is asked first in every account.
    pub(crate) vantage: Region,
    pub(crate) regions: PartitionRegions,
    pub(crate) budgets: Arc<SharedBudgets>,
    pub(crate) session_duration: SessionDuration,
    pub(crate) tally: Arc<Tally>,
    /// Topics and alarms of other accounts that were read so far.
    pub(crate) neighbours: Neighbours,
    /// Which Regions have alarm mute rules, and links to monitoring accounts.
    pub(crate) support: Support,
}

impl Shared {
    /// How patient the calls of an account are.
    pub(crate) fn patience(&self) -> Patience {
        patience(&self.config)
    }
}

fn patience(config: &AccessConfig) -> Patience {
    Patience {
        attempt: config.call_timeout,
        deadline: config.call_deadline,
        attempts: config.max_attempts,
    }
}

impl Access {
    /// Finds the caller's credentials and asks AWS whose they are.
    ///
    /// # Errors
    /// When a setting is invalid, when there are no credentials or AWS does not
    /// accept them, and when AWS cannot be reached.
    pub async fn connect(config: AccessConfig) -> Result<Self, AccessError> {
        Self::connect_with(config, None).await
    }

    /// The same with credentials that are given instead of found.
    ///
    /// # Errors
    /// As for [`Access::connect`].
    pub async fn connect_as(
        config: AccessConfig,
        credentials: StaticCredentials,
    ) -> Result<Self, AccessError> {
        Self::connect_with(config, Some(credentials)).await
    }

    async fn connect_with(
        config: AccessConfig,
        given: Option<StaticCredentials>,
    ) -> Result<Self, AccessError> {
        config.validate()?;
        let environment_url = std::env::var("AWS_ENDPOINT_URL").ok();
        let http = http_client::shared(
            config
                .endpoint_url
                .as_deref()
                .or(environment_url.as_deref()),
        );
        let configured = chain::region(&config).await?;
        let region = chain::or_first(configured.as_ref());

        let chain = match given {
            Some(credentials) => Chain::given(credentials, &region),
            None => Chain::new(&config, &region, &http).await,
        };
        let caller_credentials = Arc::new(Renewing::new(chain));
        let sdk_config = sdk_config(&config, &region, http).await;
        let endpoint_is_given = sdk_config.endpoint_url().is_some()
            || std::env::var_os("AWS_ENDPOINT_URL_CLOUDWATCH").is_some();
        let clients = Clients::new(sdk_config);
        let tally = Arc::new(Tally::default());
        let caller = who_am_i(&clients, &config, &region, &caller_credentials, &tally).await?;

        let regions = PartitionRegions::of(&caller.partition, &region);
        let vantage = configured.unwrap_or_else(|| regions.main.clone());
        let shared = Shared {
            budgets: Arc::new(SharedBudgets::new(&vantage, config.quota_share)),
            session_duration: SessionDuration::new(config.role.duration, &caller.arn),
            config,
            caller,
            caller_credentials,
            clients,
            vantage,
            regions,
            tally,
            neighbours: Neighbours::default(),
            support: Support::new(endpoint_is_given),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Who the caller is.
    pub fn caller(&self) -> &Caller {
        &self.shared.caller
    }

    /// The Region that is asked first in every account.
    pub fn vantage_region(&self) -> &Region {
        &self.shared.vantage
    }

    /// Remarks on the settings that a person should see once.
    pub fn notes(&self) -> Vec<String> {
        let configured = self.shared.config.role.duration;
        let too_long = is_role_session(&self.shared.caller.arn) && configured.as_secs() > 3600;
        let note = format!(
            "sessions last 1 h instead of {} s: the caller is itself a session of a role, and AWS allows no more \
             for role chaining",
            configured.as_secs()
        );
        too_long.then_some(note).into_iter().collect()
    }

    /// Lists the organization, page after page.
    ///
    /// # Errors
    /// [`AccessError::Denied`] names the missing permission.
    pub async fn inventory(&self, wants: InventoryWants) -> Result<Inventory, AccessError> {
        inventory::read(&self.caller_session(), wants, None).await
    }

    /// The same; pages of which all is known are sent to `arriving` while the others are read,
    /// so that work on their accounts can begin. The inventory at the end holds them all.
    ///
    /// # Errors
    /// As for [`Access::inventory`].
    pub async fn inventory_in_pages(
        &self,
        wants: InventoryWants,
        arriving: mpsc::Sender<InventoryPage>,
    ) -> Result<Inventory, AccessError> {
        inventory::read(&self.caller_session(), wants, Some(arriving)).await
    }

    /// An inventory of exactly these accounts, without asking Organizations.
    #[expect(
        clippy::unused_async,
        reason = "callers await an inventory, however it comes about"
    )]
    pub async fn inventory_of(&self, accounts: &[AccountId]) -> Inventory {
        inventory::explicit(accounts)
    }

    /// Reads one account.
    ///
    /// # Errors
    /// When the role cannot be assumed, when the credentials end, when nothing
    /// could be read at all, or when the account's deadline passes. A single fact
    /// that cannot be read is no error but an unread fact of the snapshot.
    pub async fn collect(&self, account: &AccountId) -> Result<Collected, CollectError> {
        self.collect_among(account, &Members::default()).await
    }

    /// Reads one account. A topic that its alarms act on and that belongs to one of
    /// the `neighbours` is read there, with the role in that account, once for
    /// all accounts that need it: often only its owner may look at it.
    ///
    /// # Errors
    /// As for [`Access::collect`].
    pub async fn collect_among(
        &self,
        account: &AccountId,
        neighbours: &Members,
    ) -> Result<Collected, CollectError> {
        collect::account(&Session::new(&self.shared, account), neighbours).await
    }

    /// Tries every read that a sweep makes in an account.
    pub async fn check_access(&self, account: &AccountId) -> AccessCheck {
        Box::pin(check_access::check(&Session::new(&self.shared, account))).await
    }

    /// An account's logs:TestMetricFilter, in the [vantage Region](Self::vantage_region): the
    /// caller's own with the caller's credentials, another one's with the role there.
    pub fn pattern_tester(&self, account: Option<&AccountId>) -> PatternTester {
        let account = account.unwrap_or(&self.shared.caller.account);
        let session = Session::new(&self.shared, account);
        PatternTester::new(session, self.shared.vantage.clone())
    }

    /// A session in an account for calls that this crate does not make itself: with the role
    /// there, or with the caller's own credentials in the caller's account.
    pub fn account_session(&self, account: &AccountId) -> AccountSession {
        AccountSession::new(Session::new(&self.shared, account))
    }

    /// What the SDK's clients have in common, for clients of services that this crate does not
    /// ask. A client made with it signs only what an [`AccountSession`] calls.
    pub fn sdk_config(&self) -> &SdkConfig {
        self.shared.clients.base()
    }

    /// How much was asked of AWS so far.
    pub fn counters(&self) -> Counters {
        self.shared.tally.counters()
    }

    /// From now on this share of the budgets that all accounts draw from may be used, 0 to 1, because other
    /// processes with the same caller use the rest: STS counts requests per account of the caller.
    /// Organizations is asked by the process that begins a sweep alone, the others by one process per account.
    pub fn share_budgets(&self, share: f64) {
        self.shared.budgets.share(share);
    }

    /// The budgets that all accounts share, each with its speed as a share of the full one: AWS's
    /// throttles lower it, successes restore it.
    pub fn budget_speeds(&self) -> [(&'static str, f64); 2] {
        self.shared.budgets.speeds()
    }

    fn caller_session(&self) -> Session {
        Session::new(&self.shared, &self.shared.caller.account)
    }
}

/// What the SDK's clients have in common. Retries, timeouts and credentials are ours.
async fn sdk_config(config: &AccessConfig, region: &Region, http: SharedHttpClient) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_types::region::Region::new(region.as_str().to_owned()))
        .http_client(http)
        .credentials_provider(CredentialsOfCall)
        .identity_cache(IdentityCache::no_cache())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Ok(name) = AppName::new("orgsweep") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &config.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

async fn who_am_i(
    clients: &Clients,
    config: &AccessConfig,
    region: &Region,
    credentials: &Arc<Renewing>,
    tally: &Tally,
) -> Result<Caller, AccessError> {
    let sts = clients.sts(region);
    let allowance = Bucket::Sts.allowance(region, config.quota_share);
    // Without any credentials the error is about the credentials, not about the call.
    credentials
        .current()
        .await
        .map_err(|error| AccessError::NoCredentials {
            detail: error.message,
        })?;
    let terms = Terms {
        credentials,
        budget: &Budget::new(allowance, 1),
        tally,
        patience: patience(config),
    };
    let request = sts.get_caller_identity();
    let identity = perform(Operation::GetCallerIdentity, region, terms, || {
        request.clone().send()
    })
    .await?;
    let understood = identity.arn.as_deref().and_then(|arn| {
        let parsed: Arn = arn.parse().ok()?;
        Some(Caller {
            account: identity.account.as_deref()?.parse().ok()?,
            arn: arn.to_owned(),
            partition: parsed.partition().parse().ok()?,
        })
    });
    understood.ok_or_else(|| {
        CallError::garbled(
            Operation::GetCallerIdentity,
            region,
            "it names no account and ARN",
        )
        .into()
    })
}
