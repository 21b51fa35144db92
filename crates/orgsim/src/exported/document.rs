//! The written form of exported facts, as far as the simulator needs it. Members
//! that it does not know are left alone, so that a later export is still read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::state::MetricsLink;

/// Exported facts that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ExportedError {
    /// It is not what `orgsweep snapshot export` writes.
    #[error("it is not what `orgsweep snapshot export` writes: {0}")]
    Form(String),
    /// It names no management account.
    #[error(
        "it does not say which account manages the organization; export the whole organization: `orgsweep snapshot export`"
    )]
    NoManagementAccount,
}

/// The facts of an organization.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    pub(super) head: Head,
    /// By account number.
    pub(super) accounts: BTreeMap<String, Carried>,
    /// Calls that were denied, by account number.
    pub(super) denied: BTreeMap<String, Vec<DeniedCall>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Head {
    pub(super) format: String,
    pub(super) version: u32,
    pub(super) exported_at: DateTime<Utc>,
    pub(super) organization: Option<String>,
    pub(super) management_account: Option<String>,
    /// Accounts that others rely on and that were not read.
    #[serde(default)]
    pub(super) unread: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Carried {
    pub(super) account: ListedAccount,
    pub(super) observed_at: DateTime<Utc>,
    pub(super) snapshot: Snapshot,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ListedAccount {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) ou_path: Option<Vec<String>>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) state: String,
}

/// A call that the account's role may not make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DeniedCall {
    /// `service:Operation`.
    pub(super) call: String,
    pub(super) region: Option<String>,
    /// `denied` or `denied_by_scp`.
    pub(super) kind: &'static str,
}

/// A fact that was read, or was not.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "known", rename_all = "snake_case")]
pub(super) enum Fact<T> {
    Read { value: T },
    Unread {},
}

impl<T> Fact<T> {
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Read { value } => Some(value),
            Self::Unread {} => None,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Snapshot {
    pub(super) partition: String,
    pub(super) regions: Fact<Vec<String>>,
    pub(super) trails: BTreeMap<String, Fact<Vec<Trail>>>,
    pub(super) log_groups: BTreeMap<String, LogGroup>,
    pub(super) alarms: BTreeMap<String, Fact<super::alarms::Alarms>>,
    pub(super) topics: BTreeMap<String, Fact<Option<Topic>>>,
    pub(super) keys: BTreeMap<String, Fact<Option<Key>>>,
    #[serde(default)]
    pub(super) monitoring: BTreeMap<String, Fact<BTreeMap<String, MonitoringAccount>>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct MonitoringAccount {
    pub(super) metric_filter: Fact<Option<String>>,
    pub(super) alarms: Fact<super::alarms::Alarms>,
}

impl MonitoringAccount {
    /// What is shared with it: everything, as far as nothing else is known.
    pub(super) fn link(&self) -> MetricsLink {
        MetricsLink {
            metric_filter: self.metric_filter.value().cloned().flatten(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Trail {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) home_region: String,
    pub(super) multi_region: bool,
    pub(super) organization: bool,
    pub(super) global_service_events: bool,
    pub(super) log_group: Option<String>,
    pub(super) log_role: Option<String>,
    pub(super) status: Fact<TrailStatus>,
    pub(super) selectors: Fact<EventSelectors>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TrailStatus {
    pub(super) logging: bool,
    pub(super) delivery_error: Option<String>,
    pub(super) delivery: Delivery,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    Fresh,
    Stale { last: DateTime<Utc> },
    NotReported,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventSelectors {
    Basic(Vec<BasicSelector>),
    Advanced(Vec<AdvancedSelector>),
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct BasicSelector {
    pub(super) read_write_type: String,
    pub(super) management_events: bool,
    pub(super) excluded_sources: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct AdvancedSelector {
    pub(super) name: Option<String>,
    pub(super) fields: Vec<FieldSelector>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct FieldSelector {
    pub(super) field: String,
    pub(super) equals: Vec<String>,
    pub(super) starts_with: Vec<String>,
    pub(super) ends_with: Vec<String>,
    pub(super) not_equals: Vec<String>,
    pub(super) not_starts_with: Vec<String>,
    pub(super) not_ends_with: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct LogGroup {
    pub(super) group: Fact<Option<LogGroupFacts>>,
    pub(super) filters: Fact<Vec<MetricFilter>>,
    pub(super) arrivals: Option<Fact<Arrivals>>,
    #[serde(default)]
    pub(super) filters_elsewhere: BTreeMap<String, Vec<MetricFilter>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct LogGroupFacts {
    pub(super) class: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Arrivals {
    pub(super) accounts: BTreeMap<String, Delivery>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct MetricFilter {
    pub(super) name: String,
    pub(super) pattern: String,
    pub(super) transformations: Vec<Transformation>,
    pub(super) on_transformed_logs: bool,
    pub(super) field_selection: Option<String>,
    pub(super) system_field_dimensions: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Transformation {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) default_value: Option<f64>,
    pub(super) dimensions: BTreeMap<String, String>,
    pub(super) unit: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Topic {
    pub(super) policy: Option<String>,
    pub(super) kms_key: Option<String>,
    pub(super) fifo: bool,
    pub(super) subscriptions: Fact<Vec<Subscription>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Subscription {
    pub(super) protocol: String,
    pub(super) endpoint: String,
    pub(super) owner: Option<String>,
    pub(super) state: SubscriptionState,
    pub(super) filter: Option<Fact<MessageFilter>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SubscriptionState {
    Confirmed(String),
    Pending,
    Deleted,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MessageFilter {
    pub(super) policy: Option<String>,
    pub(super) scope: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    pub(super) arn: String,
    pub(super) state: String,
    pub(super) manager: String,
    pub(super) policy: Fact<Option<String>>,
}

impl Exported {
    /// Reads the document in either of its forms: one JSON object, or JSON lines.
    pub(crate) fn parse(text: &str) -> Result<Self, ExportedError> {
        let form = |error: serde_json::Error| ExportedError::Form(error.to_string());
        let (head, accounts) = if let Ok(whole) = serde_json::from_str::<Value>(text) {
            let Value::Object(mut head) = whole else {
                return Err(ExportedError::Form("it is not an object".to_owned()));
            };
            let Some(Value::Array(accounts)) = head.remove("accounts") else {
                return Err(ExportedError::Form("there are no `accounts`".to_owned()));
            };
            (Value::Object(head), accounts)
        } else {
            let mut lines = text.lines().filter(|line| !line.trim().is_empty());
            let head = serde_json::from_str(lines.next().unwrap_or_default()).map_err(form)?;
            let accounts: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
            (head, accounts.map_err(form)?)
        };
        let head: Head = serde_json::from_value(head).map_err(form)?;
        if head.format != "orgsweep-snapshots" || head.version != 1 {
            return Err(ExportedError::Form(format!(
                "its format is `{}`, version {}; this program reads `orgsweep-snapshots`, version 1",
                head.format, head.version
            )));
        }
        let mut exported = Self {
            head,
            accounts: BTreeMap::new(),
            denied: BTreeMap::new(),
        };
        for account in accounts {
            let mut own = account.clone();
            for (owner, alarms) in alarms_taken_out_of(&mut own) {
                denied_calls(&alarms, exported.denied.entry(owner).or_default());
            }
            let mut calls = Vec::new();
            denied_calls(&own, &mut calls);
            let carried: Carried = serde_json::from_value(account).map_err(form)?;
            let id = carried.account.id.clone();
            exported.denied.entry(id.clone()).or_default().extend(calls);
            exported.accounts.insert(id, carried);
        }
        for calls in exported.denied.values_mut() {
            calls.sort();
            calls.dedup();
        }
        Ok(exported)
    }
}

/// What was asked in monitoring accounts: it is denied there, not in the account itself.
fn alarms_taken_out_of(account: &mut Value) -> Vec<(String, Value)> {
    let regions = account.pointer_mut("/snapshot/monitoring");
    let regions = regions.and_then(Value::as_object_mut).into_iter().flatten();
    let mut taken = Vec::new();
    for (_, accounts) in regions {
        let accounts = accounts.get_mut("value").and_then(Value::as_object_mut);
        for (owner, found) in accounts.into_iter().flatten() {
            if let Some(alarms) = found.get_mut("alarms") {
                taken.push((owner.clone(), alarms.take()));
            }
        }
    }
    taken
}

/// The calls behind the facts that were not read because somebody denies them.
fn denied_calls(value: &Value, found: &mut Vec<DeniedCall>) {
    match value {
        Value::Object(members) => {
            let kind = match value["cause"].as_str() {
                Some("denied") => Some("denied"),
                Some("denied_by_service_control_policy") => Some("denied_by_scp"),
                _ => None,
            };
            let call = &value["call"];
            if let (Some(kind), Some(service), Some(operation)) =
                (kind, call["service"].as_str(), call["operation"].as_str())
            {
                found.push(DeniedCall {
                    call: format!("{service}:{operation}"),
                    region: call["region"].as_str().map(str::to_owned),
                    kind,
                });
            }
            members
                .values()
                .for_each(|member| denied_calls(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| denied_calls(item, found)),
        _ => {}
    }
}
