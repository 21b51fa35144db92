//! Quotas: token buckets per account, Region and group of operations, at the
//! rates that AWS publishes. Off unless the server is told otherwise.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::request::Request;
use crate::service::Service;

/// Operations that share one bucket.
struct Bucket {
    service: Service,
    /// Operations; empty for all others of the service.
    operations: &'static [&'static str],
    /// Requests per second, and how many may come at once.
    rate: f64,
}

/// Published default quotas (service quota pages of each service, 2026). Organizations publishes
/// no numbers; reports of throttling with few parallel callers suggest the one here. KMS's is that
/// of GetKeyPolicy, the lowest of those that are asked. Observability Access Manager publishes none
/// either; what stands here is an assumption.
#[rustfmt::skip]
const BUCKETS: &[Bucket] = &[
    Bucket { service: Service::Organizations, operations: &[], rate: 10.0 },
    Bucket { service: Service::Account,       operations: &[], rate: 5.0 },
    Bucket { service: Service::Sts,           operations: &[], rate: 600.0 },
    Bucket { service: Service::CloudTrail,    operations: &["DescribeTrails", "GetTrail", "GetTrailStatus", "GetEventSelectors", "ListTrails", "ListTags"], rate: 10.0 },
    Bucket { service: Service::CloudTrail,    operations: &[], rate: 1.0 },
    Bucket { service: Service::Logs,          operations: &["DescribeLogGroups"], rate: 10.0 },
    Bucket { service: Service::Logs,          operations: &["DescribeLogStreams"], rate: 25.0 },
    Bucket { service: Service::Logs,          operations: &["DescribeMetricFilters"], rate: 5.0 },
    Bucket { service: Service::Logs,          operations: &["TestMetricFilter"],      rate: 5.0 },
    Bucket { service: Service::Logs,          operations: &["PutMetricFilter"], rate: 5.0 },
    Bucket { service: Service::Logs,          operations: &["DeleteMetricFilter"], rate: 5.0 },
    Bucket { service: Service::Logs,          operations: &["CreateLogGroup"], rate: 10.0 },
    Bucket { service: Service::Logs,          operations: &[], rate: 10.0 },
    Bucket { service: Service::CloudWatch,    operations: &["DescribeAlarms"], rate: 9.0 },
    Bucket { service: Service::CloudWatch,    operations: &["DescribeAlarmsForMetric"], rate: 9.0 },
    Bucket { service: Service::CloudWatch,    operations: &["DescribeAlarmHistory"], rate: 20.0 },
    Bucket { service: Service::CloudWatch,    operations: &["ListAlarmMuteRules"], rate: 50.0 },
    Bucket { service: Service::CloudWatch,    operations: &["GetAlarmMuteRule"], rate: 20.0 },
    Bucket { service: Service::CloudWatch,    operations: &["ListTagsForResource"], rate: 10.0 },
    Bucket { service: Service::CloudWatch,    operations: &[], rate: 3.0 },
    Bucket { service: Service::Sns,           operations: &["ListTopics", "ListSubscriptionsByTopic"], rate: 30.0 },
    Bucket { service: Service::Sns,           operations: &["Subscribe", "Unsubscribe"], rate: 100.0 },
    Bucket { service: Service::Sns,           operations: &[], rate: 30.0 },
    Bucket { service: Service::Kms,           operations: &[], rate: 1000.0 },
    Bucket { service: Service::Iam,           operations: &[], rate: 20.0 },
    Bucket { service: Service::Sqs,           operations: &[], rate: 3000.0 },
    Bucket { service: Service::Oam,           operations: &["ListLinks"], rate: 10.0 },
    Bucket { service: Service::Oam,           operations: &["GetLink"], rate: 10.0 },
    Bucket { service: Service::Oam,           operations: &[], rate: 10.0 },
];

/// Regions in which topics and subscriptions may be asked about more often than in others
/// (General Reference, Amazon SNS endpoints and quotas).
const TOPICS_BY_REGION: [(f64, &[&str]); 3] = [
    (3000.0, &["us-east-1"]),
    (900.0, &["us-west-2", "eu-west-1"]),
    (
        150.0,
        &[
            "us-east-2",
            "us-west-1",
            "ap-northeast-1",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "eu-central-1",
            "eu-north-1",
        ],
    ),
];

/// The quota of an operation, in words, and its published rate in a Region.
pub(crate) fn published(service: Service, operation: &str, region: &str) -> (String, f64) {
    let bucket = bucket_of(service, operation);
    let operations = BUCKETS[bucket].operations;
    let what = match operations {
        [] => "others".to_owned(),
        named => named.join(", "),
    };
    (format!("{} {what}", service.prefix()), rate(bucket, region))
}

fn rate(bucket: usize, region: &str) -> f64 {
    let Bucket {
        service,
        operations,
        rate,
    } = &BUCKETS[bucket];
    if *service != Service::Sns || !operations.is_empty() {
        return *rate;
    }
    TOPICS_BY_REGION
        .iter()
        .find(|(_, regions)| regions.contains(&region))
        .map_or(*rate, |(rate, _)| *rate)
}

fn bucket_of(service: Service, operation: &str) -> usize {
    BUCKETS
        .iter()
        .position(|bucket| {
            bucket.service == service
                && (bucket.operations.is_empty() || bucket.operations.contains(&operation))
        })
        .expect("every service has a bucket for its other operations")
}

/// What is left in every bucket.
pub(crate) struct Quotas {
    levels: Mutex<HashMap<(String, String, usize), Level>>,
    share: f64,
}

struct Level {
    tokens: f64,
    at: Instant,
}

impl Quotas {
    /// Full buckets at `share` of the published rates.
    pub(crate) fn new(share: f64) -> Self {
        Self {
            levels: Mutex::default(),
            share,
        }
    }

    /// Takes one token for a request that arrives at `now`; `false` when there is none.
    pub(crate) fn admits(&self, request: &Request, now: Instant) -> bool {
        let bucket = bucket_of(request.service, &request.operation);
        let rate = rate(bucket, &request.region) * self.share;
        let key = (
            request.caller.account.clone(),
            request.region.clone(),
            bucket,
        );
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let level = levels.entry(key).or_insert(Level {
            tokens: rate.max(1.0),
            at: now,
        });
        let passed = now.saturating_duration_since(level.at).as_secs_f64();
        level.tokens = (level.tokens + passed * rate).min(rate.max(1.0));
        level.at = now;
        if level.tokens < 1.0 {
            return false;
        }
        level.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::Value;
    use crate::request::Caller;
    use std::time::Duration;

    fn request(account: &str, operation: &str) -> Request {
        Request {
            service: Service::Logs,
            operation: operation.to_owned(),
            region: "us-east-1".to_owned(),
            caller: Caller {
                account: account.to_owned(),
                session: None,
            },
            params: Value::empty(),
        }
    }

    #[test]
    fn an_operation_without_a_rate_of_its_own_counts_among_its_services_others() {
        for service in crate::shapes::services() {
            let (name, rate) = published(service, "SomethingElse", "eu-west-1");
            assert_eq!(name, format!("{} others", service.prefix()));
            assert!(rate > 0.0, "{name}");
        }
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let quotas = Quotas::new(1.0);
        let start = Instant::now();
        let filters = request("111111111111", "DescribeMetricFilters");
        let admitted = (0..7).filter(|_| quotas.admits(&filters, start)).count();
        assert_eq!(admitted, 5);
        assert!(!quotas.admits(&filters, start + Duration::from_millis(100)));
        assert!(quotas.admits(&filters, start + Duration::from_millis(400)));
    }

    #[test]
    fn topics_may_be_asked_about_more_often_in_large_regions() {
        let of = |operation, region| published(Service::Sns, operation, region).1 as u32;
        assert_eq!(of("GetTopicAttributes", "us-east-1"), 3_000);
        assert_eq!(of("GetTopicAttributes", "sa-east-1"), 30);
        assert_eq!(of("ListTopics", "us-east-1"), 30);
    }

    #[test]
    fn other_operations_and_accounts_have_their_own_buckets() {
        let quotas = Quotas::new(1.0);
        let now = Instant::now();
        while quotas.admits(&request("111111111111", "DescribeMetricFilters"), now) {}
        assert!(quotas.admits(&request("111111111111", "DescribeLogGroups"), now));
        assert!(quotas.admits(&request("222222222222", "DescribeMetricFilters"), now));
    }
}
