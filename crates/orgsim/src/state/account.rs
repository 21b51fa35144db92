//! What one account contains.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    CompositeAlarm, HistoryItem, Key, LogAlarm, LogEvent, LogGroup, ManagedPolicy, MetricAlarm,
    MetricsLink, MuteRule, Queue, Role, Subscription, Topic, Trail, metrics_link,
};

/// The content of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountState {
    /// Account number.
    pub id: String,
    /// Roles by name, with their path.
    pub roles: BTreeMap<String, Role>,
    /// The account's own managed policies, by ARN.
    pub policies: BTreeMap<String, ManagedPolicy>,
    /// Which organization trails CloudTrail has created here.
    pub organization_trails: Reach,
    /// Regions that are enabled here although the world's settings do not list them.
    pub opted_in_regions: BTreeSet<String>,
    /// Content by Region. Regions without content may be absent.
    pub regions: BTreeMap<String, RegionState>,
}

impl AccountState {
    /// The content of `region`, made empty when there was none.
    pub fn region(&mut self, region: &str) -> &mut RegionState {
        self.regions.entry(region.to_owned()).or_default()
    }

    /// The content of `region`, when there is any.
    pub fn region_content(&self, region: &str) -> Option<&RegionState> {
        self.regions.get(region)
    }

    /// All trails of this account, with the Region in which they were made.
    pub fn trails(&self) -> impl Iterator<Item = &Trail> {
        self.regions
            .values()
            .flat_map(|region| region.trails.values())
    }
}

/// Which of the organization's trails an account has. CloudTrail creates them in
/// every account; one that has just joined has none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// All of them.
    #[default]
    All,
    /// Those with these names.
    Only(BTreeSet<String>),
}

impl Reach {
    /// Whether the trail named `name` is among them.
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

/// The content of one Region of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RegionState {
    /// Trails made here, by name.
    pub trails: BTreeMap<String, Trail>,
    /// Log groups by name.
    pub log_groups: BTreeMap<String, LogGroup>,
    /// Metric alarms by name.
    pub metric_alarms: BTreeMap<String, MetricAlarm>,
    /// Log alarms by name.
    #[serde(default)]
    pub log_alarms: BTreeMap<String, LogAlarm>,
    /// Accounts whose metrics alarms of this account may watch here: those that are linked to its
    /// sink (CloudWatch Observability Access Manager).
    #[serde(default, deserialize_with = "metrics_link::by_account")]
    pub source_accounts: BTreeMap<String, MetricsLink>,
    /// Accounts to whose sinks this account is linked here; each has it among its
    /// `source_accounts`, with the same link.
    #[serde(default, deserialize_with = "metrics_link::by_account")]
    pub monitoring_accounts: BTreeMap<String, MetricsLink>,
    /// Composite alarms by name.
    pub composite_alarms: BTreeMap<String, CompositeAlarm>,
    /// Alarm mute rules by name.
    pub mute_rules: BTreeMap<String, MuteRule>,
    /// What happened to alarms, oldest first.
    pub alarm_history: Vec<HistoryItem>,
    /// Topics by ARN.
    pub topics: BTreeMap<String, Topic>,
    /// Subscriptions to topics of this Region, in the order in which they were made. Those of a
    /// deleted topic stay for a while, as on AWS.
    pub subscriptions: Vec<Subscription>,
    /// Keys by key id.
    pub keys: BTreeMap<String, Key>,
    /// Key aliases (`alias/…`) and the ids of their keys.
    pub key_aliases: BTreeMap<String, String>,
    /// Tags by ARN of the resource.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
    /// SQS queues by name.
    pub queues: BTreeMap<String, Queue>,
    /// Log events by group, in the order in which they arrived.
    pub log_events: BTreeMap<String, Vec<LogEvent>>,
}

impl RegionState {
    /// Whether alarms of `here`, whose content this is, may watch metrics that `owner` has in
    /// `namespace`.
    pub(crate) fn may_watch(&self, here: &str, owner: &str, namespace: &str) -> bool {
        let link = self.source_accounts.get(owner);
        here == owner || link.is_some_and(|link| link.shares(namespace))
    }

    /// Whether the alarm of `here` can be evaluated: every account that it reads metrics of is
    /// linked and shares them.
    pub(crate) fn can_evaluate(&self, here: &str, alarm: &MetricAlarm) -> bool {
        alarm.queries.iter().all(|query| {
            let owner = query.account.as_deref().unwrap_or(here);
            match &query.metric {
                Some(metric) => self.may_watch(here, owner, &metric.namespace),
                None => here == owner || self.source_accounts.contains_key(owner),
            }
        })
    }

    /// Alarms, topics and keys: what becomes of an alarm's change depends on these alone. What
    /// happened before, and what filters match, is left out, because it may be much.
    pub(crate) fn alarms_and_topics(&self) -> Self {
        Self {
            trails: BTreeMap::new(),
            log_groups: BTreeMap::new(),
            metric_alarms: self.metric_alarms.clone(),
            log_alarms: BTreeMap::new(),
            source_accounts: BTreeMap::new(),
            monitoring_accounts: BTreeMap::new(),
            composite_alarms: self.composite_alarms.clone(),
            mute_rules: self.mute_rules.clone(),
            alarm_history: Vec::new(),
            topics: self.topics.clone(),
            subscriptions: self.subscriptions.clone(),
            keys: self.keys.clone(),
            key_aliases: self.key_aliases.clone(),
            tags: BTreeMap::new(),
            queues: BTreeMap::new(),
            log_events: BTreeMap::new(),
        }
    }
}
