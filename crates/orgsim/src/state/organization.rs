//! The organization: accounts, units, who administers it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ControlPolicies;

/// An organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id, `o-…`.
    pub id: String,
    /// Account number of the management account.
    pub management_account: String,
    /// Accounts that may read the organization, in the order in which they were registered.
    pub delegated_administrators: Vec<String>,
    /// Id of the root, `r-…`.
    pub root: String,
    /// Service control policies, and where they are attached.
    pub control_policies: ControlPolicies,
    /// Services that may act in every account.
    pub trusted_services: BTreeSet<String>,
    /// Services for which each delegated administrator was registered.
    pub delegated_services: BTreeMap<String, BTreeSet<String>>,
    /// Tags of the root, of units and of policies, by id.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Requests for new accounts, by id, and the account that each made.
    pub account_requests: BTreeMap<String, String>,
    units: Vec<Unit>,
    members: BTreeMap<String, Member>,
}

impl Organization {
    /// An organization without accounts.
    pub fn new(id: &str, management_account: &str, root: &str) -> Self {
        Self {
            id: id.to_owned(),
            management_account: management_account.to_owned(),
            delegated_administrators: Vec::new(),
            root: root.to_owned(),
            control_policies: ControlPolicies::default(),
            trusted_services: BTreeSet::new(),
            delegated_services: BTreeMap::new(),
            tags: BTreeMap::new(),
            account_requests: BTreeMap::new(),
            units: Vec::new(),
            members: BTreeMap::new(),
        }
    }

    /// The accounts, by number.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// The account `id`.
    pub fn member(&self, id: &str) -> Option<&Member> {
        self.members.get(id)
    }

    /// The account `id`, to change.
    pub fn member_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.members.get_mut(id)
    }

    /// Adds an account.
    pub fn add_member(&mut self, member: Member) {
        self.members.insert(member.id.clone(), member);
    }

    /// Removes an account: it left the organization.
    pub fn remove_member(&mut self, id: &str) -> Option<Member> {
        self.members.remove(id)
    }

    /// The units, in the order in which they were added.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Adds a unit.
    pub fn add_unit(&mut self, unit: Unit) {
        self.units.push(unit);
    }

    /// The units, to change.
    pub fn units_mut(&mut self) -> &mut Vec<Unit> {
        &mut self.units
    }

    /// The root, the units below it, and the account itself: where policies for it are attached.
    pub fn path_to(&self, account: &str) -> Vec<&str> {
        let Some(member) = self.members.get(account) else {
            return Vec::new();
        };
        let mut path = vec![member.id.as_str()];
        let mut above = member.parent.as_str();
        while let Some(unit) = self.units.iter().find(|unit| unit.id == above) {
            path.push(&unit.id);
            above = &unit.parent;
        }
        path.push(&self.root);
        path.reverse();
        path
    }

    /// Whether `account` may list accounts, units and tags.
    pub fn may_read(&self, account: &str) -> bool {
        account == self.management_account
            || self
                .delegated_administrators
                .iter()
                .any(|known| known == account)
    }

    /// ARN of the resource `kind/…` of the organization.
    pub fn arn(&self, partition: &str, kind: &str, id: &str) -> String {
        format!(
            "arn:{partition}:organizations::{}:{kind}/{}/{id}",
            self.management_account, self.id
        )
    }
}

/// An organizational unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id, `ou-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Id of the root or unit that it is in.
    pub parent: String,
}

/// An account of the organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Account number.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail address of its root user.
    pub email: String,
    /// Where it is in its life.
    pub status: AccountStatus,
    /// Id of the root or unit that it is in.
    pub parent: String,
    /// When it joined.
    pub joined: DateTime<Utc>,
    /// Whether it was invited (otherwise created).
    pub invited: bool,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Where an account is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AccountStatus {
    /// Usable.
    Active,
    /// Not usable yet.
    PendingActivation,
    /// Suspended.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed.
    Closed,
}

impl AccountStatus {
    /// The member `State`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }

    /// The retired member `Status`, which knows fewer states.
    pub fn retired_status(self) -> &'static str {
        match self {
            Self::Active | Self::PendingActivation => "ACTIVE",
            Self::Suspended | Self::Closed => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
        }
    }
}
