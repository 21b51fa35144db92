//! A scenario that was checked: which accounts there are and what each is to
//! contain. Content is made from it account by account, when it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::breaks::Break;
use super::controls::{Control, controls};
use crate::exported::Exported;
use crate::faults::FaultRule;
use crate::state::{AccountStatus, MetricsLink, Reach, Settings};

/// A checked scenario.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) organization_id: String,
    pub(super) management: String,
    pub(super) delegated_administrator: Option<String>,
    /// The scanner's role, with its path.
    pub(super) role: String,
    pub(super) external_id: Option<String>,
    pub(super) organization_trails: Vec<OrganizationTrail>,
    /// What was exported from a real organization, for the accounts that have it.
    pub(super) exported: Option<Arc<Exported>>,
    /// By account number.
    pub(super) accounts: BTreeMap<String, AccountPlan>,
    /// Accounts that others are linked to, or that have alarms of theirs: by number, those others.
    pub(super) sources: BTreeMap<String, BTreeSet<String>>,
    pub(super) faults: Vec<FaultRule>,
}

/// An organization trail. It belongs to the management account.
#[derive(Debug, Clone)]
pub(super) struct OrganizationTrail {
    pub(super) name: String,
    /// Account whose log group it writes to.
    pub(super) log_group_account: String,
    pub(super) breaks: Breaks,
}

/// An account.
#[derive(Debug, Clone)]
pub(super) struct AccountPlan {
    pub(super) name: String,
    pub(super) group: Arc<GroupPlan>,
}

/// Links by Region and monitoring account.
pub(super) type MetricsLinks = BTreeMap<String, BTreeMap<String, MetricsLink>>;

/// What the accounts of a group share.
#[derive(Debug, Clone)]
pub(super) struct GroupPlan {
    /// Names of the units from the root downwards.
    pub(super) unit: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) status: AccountStatus,
    pub(super) role_missing: bool,
    pub(super) reach: Reach,
    /// The accounts' own chain, unless they rely on the organization's trails alone.
    pub(super) own: Option<OwnChain>,
    /// Whose alarms may watch their metrics.
    pub(super) links: MetricsLinks,
    /// Whether they have what was exported.
    pub(super) exported: bool,
}

/// A chain in an account's own trail.
#[derive(Debug, Clone)]
pub(super) struct OwnChain {
    pub(super) region: String,
    pub(super) breaks: Breaks,
    /// Account whose log group the trail writes to, when it is another.
    pub(super) log_group_account: Option<String>,
    /// Account that has its alarms and topics, when it is another.
    pub(super) alarms_account: Option<String>,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Breaks {
    /// What is wrong with the trail or its log group.
    pub(super) trail: Option<Break>,
    /// What the scanner cannot read.
    pub(super) reading: Option<Break>,
    /// What is wrong with the links of single controls, by control id.
    pub(super) controls: BTreeMap<&'static str, Break>,
    /// Controls that `trail` concerns, where it does not concern all.
    pub(super) trail_controls: Option<BTreeSet<&'static str>>,
}

impl Breaks {
    /// What is wrong for `control`, if anything.
    pub(super) fn of(&self, control: &Control) -> Option<Break> {
        let of_trail = self.trail.filter(|_| {
            self.trail_controls
                .as_ref()
                .is_none_or(|concerned| concerned.contains(control.id.as_str()))
        });
        self.reading
            .or(of_trail)
            .or_else(|| self.controls.get(control.id.as_str()).copied())
    }
}

/// Regions that every account of partition `aws` has enabled.
pub(super) const DEFAULT_REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Regions of partition `aws` that accounts have to opt in to.
pub(super) const OPT_IN_REGIONS: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// The ids of all controls.
pub(super) fn control_ids() -> impl Iterator<Item = &'static str> {
    controls().iter().map(|control| control.id.as_str())
}
