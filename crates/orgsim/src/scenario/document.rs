//! The scenario file as it is written: TOML with positions, for errors that
//! point at what is wrong. Nothing is checked here but its form.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// Seed of everything that is drawn.
    #[serde(default)]
    pub(super) seed: u64,
    /// File with exported facts, for accounts whose `chain` is `exported`.
    pub(super) exported: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) organization: OrganizationTable,
    #[serde(default)]
    pub(super) management: HeadTable,
    pub(super) delegated_administrator: Option<HeadTable>,
    #[serde(default)]
    pub(super) organization_trail: Vec<TrailTable>,
    #[serde(default)]
    pub(super) group: Vec<GroupTable>,
    #[serde(default)]
    pub(super) fault: Vec<FaultTable>,
}

/// `[organization]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OrganizationTable {
    pub(super) id: Option<Spanned<String>>,
    /// Accounts in all; needed where groups have shares.
    pub(super) accounts: Option<usize>,
    pub(super) partition: Option<String>,
    pub(super) home_region: Option<Spanned<String>>,
    pub(super) regions: Option<Vec<String>>,
    /// Role that the scanner assumes, with its path.
    pub(super) role: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) empty_pages: bool,
    pub(super) short_pages: bool,
    pub(super) consistency_seconds: u32,
    pub(super) account_status: bool,
    pub(super) account_paths: bool,
}

/// `[management]` and `[delegated_administrator]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HeadTable {
    pub(super) number: Option<Spanned<String>>,
    pub(super) name: Option<String>,
    pub(super) unit: Option<Spanned<String>>,
    pub(super) chain: Option<Spanned<String>>,
    pub(super) controls: Option<Vec<Spanned<String>>>,
    pub(super) organization_trails: Option<Vec<Spanned<String>>>,
    pub(super) links: Vec<LinkTable>,
    pub(super) tags: BTreeMap<String, String>,
}

/// `[[organization_trail]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrailTable {
    pub(super) name: Spanned<String>,
    /// Whose log group it writes to: `management` (default) or `delegated_administrator`.
    pub(super) log_group_in: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) broken: Vec<BrokenTable>,
}

/// One of `broken = [{ chain = …, controls = […] }]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BrokenTable {
    pub(super) chain: Spanned<String>,
    pub(super) controls: Option<Vec<Spanned<String>>>,
}

/// One of `links = [{ to = …, region = …, metric_filter = … }]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkTable {
    /// `management`, `delegated_administrator`, or a group whose first account is meant.
    pub(super) to: Spanned<String>,
    /// The chain's Region when absent.
    pub(super) region: Option<Spanned<String>>,
    /// Which namespaces are shared; all when absent.
    pub(super) metric_filter: Option<Spanned<String>>,
}

/// `[[group]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupTable {
    pub(super) name: Spanned<String>,
    pub(super) count: Option<usize>,
    pub(super) share: Option<Spanned<f64>>,
    /// Path of units, for example `Workloads/Prod`; empty is the root.
    pub(super) unit: Option<Spanned<String>>,
    /// Account numbers; drawn when absent.
    pub(super) numbers: Option<Vec<Spanned<String>>>,
    /// `healthy`, `organization_trail`, `exported`, or what is wrong.
    pub(super) chain: Option<Spanned<String>>,
    /// Controls that `chain` concerns; all when absent.
    pub(super) controls: Option<Vec<Spanned<String>>>,
    /// Further things that are wrong.
    #[serde(default)]
    pub(super) broken: Vec<BrokenTable>,
    /// Region of the chain; the home Region when absent.
    pub(super) region: Option<Spanned<String>>,
    /// Organization trails that reach these accounts; all when absent.
    pub(super) organization_trails: Option<Vec<Spanned<String>>>,
    /// `active`, `suspended`, `pending_closure`, `closed`, `pending_activation`.
    pub(super) state: Option<Spanned<String>>,
    /// Whether the scanner's role is missing.
    #[serde(default)]
    pub(super) role_missing: bool,
    /// Group whose first account holds the log group (for `owner_unread`).
    pub(super) log_group_in: Option<Spanned<String>>,
    /// Monitoring accounts to which the accounts are linked.
    #[serde(default)]
    pub(super) links: Vec<LinkTable>,
    /// Account that has the alarms and topics of the accounts' chains, named as in `links`.
    pub(super) alarms_in: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// `[[fault]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultTable {
    /// Group whose accounts it strikes; every account when absent.
    pub(super) group: Option<Spanned<String>>,
    /// `service` or `service:Operation`, for example `logs:DescribeMetricFilters`; every call when
    /// absent.
    pub(super) call: Option<Spanned<String>>,
    pub(super) region: Option<String>,
    /// `denied`, `denied_by_scp`, `throttle`, `throttle_burst`, `status_500`, `status_503`, `hang`,
    /// `cut_connection`, `garbled`, `truncated`, `malformed`, `expired_token`, `clock_skew`, `latency`.
    pub(super) kind: Spanned<String>,
    /// How many calls are throttled or fail; all when absent.
    pub(super) times: Option<u32>,
    /// Share of the calls that are struck.
    pub(super) share: Option<f64>,
    /// Calls from one burst of `throttle_burst` to the next; a burst has `times` of them.
    pub(super) every: Option<u32>,
    /// From which the damage of `malformed` is drawn; 1 when absent.
    pub(super) seed: Option<u64>,
    /// Milliseconds of `latency`, or the least when `at_most_milliseconds` is there.
    pub(super) milliseconds: Option<u64>,
    /// Most milliseconds of a `latency` that is drawn.
    pub(super) at_most_milliseconds: Option<u64>,
}
