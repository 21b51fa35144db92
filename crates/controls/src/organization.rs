//! The organization as its inventory lists it: accounts with names, OU paths,
//! tags and states. Data only; reading it is `aws-access`'s, keeping it the
//! store's.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, OrganizationId};

/// The accounts of an organization at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The organization; `None` when only explicit accounts are swept.
    pub organization: Option<OrganizationId>,
    /// Its management account, when known.
    pub management_account: Option<AccountId>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// Every account that was listed, sorted by id.
    pub accounts: Vec<ListedAccount>,
}

/// One account of an inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAccount {
    /// Account number.
    pub id: AccountId,
    /// Name; the account number when no name is known.
    pub name: String,
    /// E-mail address of the root user, when listed.
    pub email: Option<String>,
    /// Names of the OUs from the root downwards, for example `["Workloads", "Prod"]`; `None`
    /// when the OU tree was not read.
    pub ou_path: Option<Vec<String>>,
    /// Ids of the root and the OUs on that path, for example `["r-ab12", "ou-ab12-cdef3456"]`.
    pub ou_ids: Vec<String>,
    /// Tags; `None` when they were not read.
    pub tags: Option<BTreeMap<String, String>>,
    /// Life-cycle state.
    pub state: AccountState,
    /// When it joined the organization.
    pub joined_at: Option<DateTime<Utc>>,
}

/// Where an account is in its life (Organizations `Account.State`; the older
/// `Status` where that is absent; absent both means active).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Can be swept.
    Active,
    /// Not usable yet.
    PendingActivation,
    /// Suspended by AWS or closed within the last 90 days.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed.
    Closed,
}

impl AccountState {
    /// The stable name: `active`, `suspended` …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PendingActivation => "pending_activation",
            Self::Suspended => "suspended",
            Self::PendingClosure => "pending_closure",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
