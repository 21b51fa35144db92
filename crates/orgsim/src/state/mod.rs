//! The world: one organization and what its accounts contain. Accounts are made
//! from the scenario when somebody first asks for them, so that thousands cost
//! nothing until they are looked at. No protocol and no API behaviour is here.

use std::collections::BTreeMap;
use std::sync::{
    Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use chrono::{DateTime, Utc};

use crate::faults::Faults;
use crate::scenario::ExpectedOutcome;

mod account;
mod alarm;
mod key;
mod logs;
mod organization;
mod topic;
mod trail;

pub use account::{AccountState, Reach, RegionState, Role};
pub use alarm::{
    AlarmState, CompositeAlarm, HistoryItem, MetricAlarm, MetricQuery, MuteRule, WatchedMetric,
};
pub use key::Key;
pub use logs::{LogGroup, LogStream, MetricFilter, MetricTransformation};
pub use organization::{AccountStatus, Member, Organization, Unit};
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
    /// Whether accounts carry the retired member `Status` beside `State`.
    pub account_status: bool,
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
    accounts: BTreeMap<String, OnceLock<Mutex<AccountState>>>,
    source: Source,
    faults: Faults,
}

impl World {
    /// A world of the accounts of `organization`; `source` says what is in each.
    pub(crate) fn new(settings: Settings, organization: Organization, source: Source) -> Self {
        let accounts = organization
            .members()
            .map(|member| (member.id.clone(), OnceLock::new()))
            .collect();
        Self {
            faults: Faults::new(settings.seed),
            settings,
            organization: RwLock::new(organization),
            accounts,
            source,
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

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// Account numbers of the organization, sorted.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
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
    pub fn account(&self, account: &str) -> Option<MutexGuard<'_, AccountState>> {
        let state = self
            .accounts
            .get(account)?
            .get_or_init(|| Mutex::new((self.source.content)(account)));
        Some(state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the author of the scenario claims about `account`.
    pub fn expected(&self, account: &str) -> Option<ExpectedOutcome> {
        (self.source.expected)(account)
    }

    /// Whether `account` belongs to the organization.
    pub fn has_account(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
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
