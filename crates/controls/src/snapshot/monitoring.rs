//! CloudWatch cross-account observability: what accounts that watch an account's metrics have.

use serde::{Deserialize, Serialize};

use super::Alarms;
use crate::known::Known;

/// An account to whose sink an account's metrics are linked in a Region (CloudWatch
/// Observability Access Manager). Its alarms may watch those metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitoringAccount {
    /// Which namespaces the link shares: the `Filter` of its `MetricConfiguration`; `None`
    /// shares all.
    pub metric_filter: Known<Option<String>>,
    /// Its alarms that may read a metric of the linked account's filters.
    pub alarms: Known<Alarms>,
}
