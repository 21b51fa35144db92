//! The world: one organization and what its accounts contain. Accounts are made
//! from the scenario when somebody first asks for them, so that thousands cost
//! nothing until they are looked at. No protocol and no API behaviour is here.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::faults::Faults;
use crate::live::Live;
use crate::scenario::ExpectedOutcome;

mod account;
mod alarm;
mod content;
mod control_policy;
mod key;
mod logs;
mod metrics_link;
mod namespace_filter;
mod organization;
mod queue;
mod role;
mod saved;
mod topic;
mod trail;

pub use account::{AccountState, Reach, RegionState};
pub use alarm::{
    AlarmState, CompositeAlarm, HistoryItem, LogAlarm, MetricAlarm, MetricQuery, MuteRule,
    WatchedMetric,
};
pub use content::AccountGuard;
pub(crate) use content::reading_behind;
pub use control_policy::{ControlPolicies, ControlPolicy, FULL_ACCESS};
pub use key::Key;
pub use logs::{LogEvent, LogGroup, LogStream, MetricFilter, MetricTransformation};
pub(crate) use metrics_link::MOST_LINKS;
pub use metrics_link::MetricsLink;
pub(crate) use namespace_filter::NamespaceFilter;
pub use organization::{AccountStatus, Member, Organization, Unit};
pub use queue::{Queue, QueuedMessage};
pub use role::{ManagedPolicy, Role, RolePolicies};
pub use saved::{Difference, SavedWorld};
pub use topic::{Confirmation, Subscription, Topic};
pub use trail::{AdvancedSelector, BasicSelector, FieldSelector, LastDelivery, Selectors, Trail};

/// What holds for the whole world.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Partition of every ARN, for example `aws`.
    pub partition: String,
    /// Region in which trails, log groups and alarms live unless the scenario says otherwise.
    pub home_region: String,
    /// Regions that are enabled in every account.
    pub regions: Vec<String>,
    /// Regions that exist but are not enabled.
    pub disabled_regions: Vec<String>,
    /// Whether every list starts with an empty page, as AWS's may.
    pub empty_pages: bool,
    /// Seconds after which a write is seen by those who read.
    pub consistency_seconds: i64,
    /// Whether pages hold fewer items than they may, by a number that is drawn.
    pub short_pages: bool,
    /// Whether accounts carry the retired member `Status` beside `State`.
    pub account_status: bool,
    /// Whether accounts say where they are in the tree (member `Paths`).
    pub account_paths: bool,
    /// Seed of everything that is drawn.
    pub seed: u64,
}

impl Settings {
    /// The partition's main Region, in which global services write their events.
    pub fn main_region(&self) -> &str {
        match self.partition.as_str() {
            "aws-cn" => "cn-north-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }
}

type ByAccount<T> = Box<dyn Fn(&str) -> T + Send + Sync>;

/// Where a world gets its accounts from.
pub(crate) struct Source {
    /// The content of an account.
    pub(crate) content: ByAccount<AccountState>,
    /// What is claimed about an account.
    pub(crate) expected: ByAccount<Option<ExpectedOutcome>>,
}

/// An organization, its accounts, and the faults with which it answers.
pub struct World {
    settings: Settings,
    organization: RwLock<Organization>,
    contents: content::Contents,
    source: Source,
    faults: Faults,
    enforcing: AtomicBool,
    /// Seconds by which the world's clock is ahead of this machine's.
    ahead: AtomicI64,
    drawn_ids: AtomicU64,
    live: Live,
}

impl World {
    /// A world of the accounts of `organization`; `source` says what is in each.
    pub(crate) fn new(settings: Settings, organization: Organization, source: Source) -> Self {
        let accounts = organization.members().map(|member| member.id.clone());
        Self {
            faults: Faults::new(settings.seed),
            contents: content::Contents::new(accounts),
            settings,
            organization: RwLock::new(organization),
            source,
            enforcing: AtomicBool::new(false),
            ahead: AtomicI64::new(0),
            drawn_ids: AtomicU64::new(0),
            live: Live::new(Utc::now()),
        }
    }

    /// What holds for the whole world.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The faults with which calls are answered; they may be changed at any time.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The present moment on the world's clock.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + chrono::Duration::seconds(self.ahead.load(Ordering::Acquire))
    }

    /// Moves the world's clock ahead; nothing but the clock is moved.
    pub(crate) fn move_clock(&self, time: Duration) {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 4);
        self.ahead.fetch_add(seconds, Ordering::AcqRel);
    }

    /// What is under way: events that were injected, alarms that are evaluated.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Whether IAM policies are enforced; they are not unless somebody asks for it.
    pub fn enforces_policies(&self) -> bool {
        self.enforcing.load(Ordering::Acquire)
    }

    /// Sets whether role trust, identity policies, service control policies and resource policies
    /// are enforced.
    pub fn enforce_policies(&self, enforce: bool) {
        self.enforcing.store(enforce, Ordering::Release);
    }

    /// Something that nothing else in this world is called: a number drawn from the seed.
    pub(crate) fn new_id(&self, what: &str) -> u64 {
        let number = self.drawn_ids.fetch_add(1, Ordering::AcqRel);
        drawn(self.settings.seed, &format!("{what} {number}"))
    }

    /// Account numbers: those of the scenario, sorted, then those created since.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.contents.ids()
    }

    /// Account number of the management account.
    pub fn management_account(&self) -> String {
        self.organization().management_account.clone()
    }

    /// Account number of the first delegated administrator, if there is one.
    pub fn delegated_administrator(&self) -> Option<String> {
        self.organization()
            .delegated_administrators
            .first()
            .cloned()
    }

    /// The organization, to read.
    pub fn organization(&self) -> RwLockReadGuard<'_, Organization> {
        self.organization
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The organization, to change. An account that is added here is listed but cannot be entered.
    pub fn organization_mut(&self) -> RwLockWriteGuard<'_, Organization> {
        self.organization
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in `account`, to read or change; `None` for an account of nobody.
    /// Holding one account while asking for another may deadlock.
    pub fn account(&self, account: &str) -> Option<AccountGuard<'_>> {
        let now = if self.settings.consistency_seconds > 0 {
            self.now().timestamp()
        } else {
            i64::MAX
        };
        self.contents
            .lock(account, now, || (self.source.content)(account))
    }

    /// Lets readers see the account as it is now for as long as writes take to be seen.
    pub(crate) fn keep_seen(&self, account: &str) {
        let now = self.now().timestamp();
        let until = now + self.settings.consistency_seconds;
        if until > now && self.account(account).is_some() {
            self.contents.keep_seen(account, now, until);
        }
    }

    /// Adds an account with this content; `false` when there is no room for it.
    pub(crate) fn add_account(&self, content: AccountState) -> bool {
        self.contents.add(content)
    }

    /// What the author of the scenario claims about `account`.
    pub fn expected(&self, account: &str) -> Option<ExpectedOutcome> {
        (self.source.expected)(account)
    }

    /// Whether `account` belongs to the organization.
    pub fn has_account(&self, account: &str) -> bool {
        self.contents.has(account)
    }
}

/// 64 bits that depend on the seed and the text alone (FNV-1a, then mixed).
pub(crate) fn drawn(seed: u64, text: &str) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
