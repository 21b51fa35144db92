//! `AccountSnapshot`: the raw facts that one sweep read from one account.
//!
//! A snapshot holds nothing that changes by itself from night to night (no
//! alarm states, no timestamps of healthy deliveries), so that an unchanged
//! account has an unchanged snapshot, byte for byte. Everything is sorted.

mod alarms;
mod monitoring;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Arn, LogGroupArn, Partition, Region};
use crate::known::Known;

pub use alarms::{
    Alarms, CompositeAlarm, FailedAction, LogAlarm, MetricAlarm, MetricQuery, MuteRule,
    WatchedMetric,
};
pub use monitoring::MonitoringAccount;

/// The facts read from one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// The account.
    pub account: AccountId,
    /// The account's partition.
    pub partition: Partition,
    /// Regions that are enabled in the account, sorted.
    pub regions: Known<Vec<Region>>,
    /// Trails as `DescribeTrails` (shadow trails included) shows them, by the
    /// Region that was asked. The vantage Region is always there; the other
    /// enabled Regions only when no multi-Region trail with a log group was seen.
    pub trails: BTreeMap<Region, Known<Vec<Trail>>>,
    /// Log groups of this account that a trail writes to: its own trails', and
    /// (in an account that owns organization trails) the organization's.
    pub log_groups: BTreeMap<LogGroupArn, LogGroup>,
    /// Alarms in each Region that has such a log group. Only those that could
    /// matter to the groups' filters are kept (`relevant_alarms`).
    pub alarms: BTreeMap<Region, Known<Alarms>>,
    /// Topics that those alarms, and those in `monitoring`, act on. `None` is a topic that does not exist.
    pub topics: BTreeMap<Arn, Known<Option<Topic>>>,
    /// Keys that encrypt those topics, by [`AccountSnapshot::key_label`].
    pub keys: BTreeMap<String, Known<Option<Key>>>,
    /// Other accounts whose alarms may read the metrics of the groups' filters, by Region. Asked
    /// only where a filter's metric has no alarm of this account that tells somebody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub monitoring: BTreeMap<Region, Known<BTreeMap<AccountId, MonitoringAccount>>>,
}

impl AccountSnapshot {
    /// What a topic's key is called in `keys` of the account `holder`: the topic's Region and its
    /// `KmsMasterKeyId` as it is written there (`eu-west-1/alias/mine`). An id or alias of another
    /// account's topic means a key of that account, which is named between the two.
    pub fn key_label(holder: &AccountId, topic: &Arn, key: &str) -> Option<String> {
        let region = topic.region()?;
        match topic.account() {
            Some(owner) if owner != *holder && !key.starts_with("arn:") => {
                Some(format!("{region}/{owner}/{key}"))
            }
            _ => Some(format!("{region}/{key}")),
        }
    }

    /// Every distinct trail in the snapshot, by ARN.
    pub fn distinct_trails(&self) -> BTreeMap<&Arn, &Trail> {
        let mut trails = BTreeMap::new();
        for read in self.trails.values().filter_map(Known::value) {
            for trail in read {
                // The view with the status wins over one without.
                let known: &mut &Trail = trails.entry(&trail.arn).or_insert(trail);
                if known.status.value().is_none() && trail.status.value().is_some() {
                    *known = trail;
                }
            }
        }
        trails
    }

    /// Other accounts whose snapshots are needed to judge this one: owners of
    /// its trails and of the log groups that its trails write to.
    pub fn accounts_relied_on(&self) -> BTreeSet<AccountId> {
        self.distinct_trails()
            .values()
            .flat_map(|trail| {
                let group = trail.log_group.as_ref().map(LogGroupArn::account);
                [trail.arn.account(), group].into_iter().flatten()
            })
            .filter(|account| *account != self.account)
            .collect()
    }
}

/// A CloudTrail trail, or the shadow of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// The trail's ARN; names the account that owns it.
    pub arn: Arn,
    /// The trail's name.
    pub name: String,
    /// Region in which the trail was made.
    pub home_region: Region,
    /// Whether it records every Region.
    pub multi_region: bool,
    /// Whether it records every account of the organization.
    pub organization: bool,
    /// Whether it records global services (IAM, STS, sign-in).
    pub global_service_events: bool,
    /// The log group it delivers to, if any.
    pub log_group: Option<LogGroupArn>,
    /// The role with which CloudTrail writes to the group.
    pub log_role: Option<Arn>,
    /// State of the trail. Unread (`NotAsked`) for trails of other accounts.
    pub status: Known<TrailStatus>,
    /// What it records. Unread (`NotAsked`) for trails of other accounts.
    pub selectors: Known<EventSelectors>,
}

/// `GetTrailStatus`, as far as a chain depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailStatus {
    /// Whether the trail records now.
    pub logging: bool,
    /// CloudTrail's last error in delivering to the log group.
    pub delivery_error: Option<String>,
    /// How recently events reached the log group.
    pub delivery: Delivery,
}

/// How recently a trail delivered to its log group, seen when it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Within the last day.
    Fresh,
    /// Not within the last day, but once.
    Stale {
        /// When the last delivery was.
        last: DateTime<Utc>,
    },
    /// The status names no delivery at all (a new trail, or one that never delivered), or none since a
    /// trail that was off was switched on within the last day.
    NotReported,
}

/// What a trail records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSelectors {
    /// Basic event selectors; an event that matches one of them is recorded.
    Basic(Vec<BasicSelector>),
    /// Advanced event selectors; an event that matches one of them is recorded.
    Advanced(Vec<AdvancedSelector>),
}

/// A basic event selector, as far as management events go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasicSelector {
    /// `All`, `ReadOnly` or `WriteOnly`.
    pub read_write_type: String,
    /// Whether management events are recorded.
    pub management_events: bool,
    /// Event sources that are left out, for example `kms.amazonaws.com`.
    pub excluded_sources: Vec<String>,
}

/// An advanced event selector: all fields must match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdvancedSelector {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its conditions.
    pub fields: Vec<FieldSelector>,
}

/// One condition of an advanced event selector. Empty lists do not constrain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldSelector {
    /// `eventCategory`, `readOnly`, `eventSource`, `eventName` …
    pub field: String,
    /// Equal to one of these.
    pub equals: Vec<String>,
    /// Starting with one of these.
    pub starts_with: Vec<String>,
    /// Ending with one of these.
    pub ends_with: Vec<String>,
    /// Equal to none of these.
    pub not_equals: Vec<String>,
    /// Starting with none of these.
    pub not_starts_with: Vec<String>,
    /// Ending with none of these.
    pub not_ends_with: Vec<String>,
}

/// A log group that a trail writes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// The group itself; `None` when it does not exist.
    pub group: Known<Option<LogGroupFacts>>,
    /// Its metric filters, sorted by name.
    pub filters: Known<Vec<MetricFilter>>,
    /// Whose events arrive in it. `None`: nobody asked, because no organization
    /// trail writes to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Known<Arrivals>>,
    /// Filters on CloudTrail's events that are on other groups of the account and
    /// Region, to which no trail delivers, by the name of their group. Looked for
    /// only where some control has no filter on this group, as after it was renamed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters_elsewhere: BTreeMap<String, Vec<MetricFilter>>,
}

/// The accounts whose events arrive in the log group of an organization trail,
/// as the names of its streams tell (`o-…_111122223333_CloudTrail_us-east-1`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    /// How recently events of each account arrived.
    pub accounts: BTreeMap<AccountId, Delivery>,
    /// Whether all streams were listed.
    pub complete: bool,
    /// Whether one of them is more than a day old, so that each account has had
    /// the time to have one.
    pub settled: bool,
}

/// `DescribeLogGroups`, as far as a chain depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogGroupFacts {
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: String,
}

/// A metric filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricFilter {
    /// Its name, unique in the group.
    pub name: String,
    /// Its pattern, as it was put; empty matches everything.
    pub pattern: String,
    /// What it publishes (AWS allows exactly one).
    pub transformations: Vec<MetricTransformation>,
    /// Whether it sees transformed events instead of CloudTrail's own.
    pub on_transformed_logs: bool,
    /// Field-selection criteria that narrow which events it sees.
    pub field_selection: Option<String>,
    /// System fields that are added as dimensions, for example `@aws.account`.
    pub system_field_dimensions: Vec<String>,
}

/// The metric that a filter publishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricTransformation {
    /// Metric namespace.
    pub namespace: String,
    /// Metric name.
    pub name: String,
    /// Value per matching event: a number, or `$.field`.
    pub value: String,
    /// Value published for minutes with events of which none matches.
    pub default_value: Option<f64>,
    /// Dimension name → `$.field`.
    pub dimensions: BTreeMap<String, String>,
    /// Unit; `None` is AWS's own `None`.
    pub unit: Option<String>,
}

/// An SNS topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its access policy, JSON.
    pub policy: Option<String>,
    /// Its `KmsMasterKeyId`, when it is encrypted.
    pub kms_key: Option<String>,
    /// Whether it is a FIFO topic.
    pub fifo: bool,
    /// Who is subscribed, sorted.
    pub subscriptions: Known<Vec<Subscription>>,
}

/// A subscription to a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subscription {
    /// `email`, `https`, `sqs` …
    pub protocol: String,
    /// Address, URL or ARN.
    pub endpoint: String,
    /// Account that subscribed.
    pub owner: Option<AccountId>,
    /// Whether messages go out to it.
    pub state: SubscriptionState,
    /// Which messages it wants. `None`: nobody asked, because it is not confirmed
    /// or another subscription of the topic gets every alarm's messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Known<MessageFilter>>,
}

/// The filter policy of a subscription; messages that do not pass are dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageFilter {
    /// `FilterPolicy`, JSON; `None` lets every message through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `FilterPolicyScope`: `MessageAttributes`, which is also what none means, or `MessageBody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Where a subscription is in its life.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// Confirmed: it has an ARN.
    Confirmed(Arn),
    /// `PendingConfirmation`.
    Pending,
    /// `Deleted`.
    Deleted,
}

/// A KMS key that encrypts a topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// ARN of the key (aliases resolved).
    pub arn: Arn,
    /// `Enabled`, `Disabled`, `PendingDeletion` …
    pub state: String,
    /// `AWS` or `CUSTOMER`.
    pub manager: String,
    /// Its key policy, JSON.
    pub policy: Known<Option<String>>,
}
