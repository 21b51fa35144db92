//! Builds snapshots for tests: a healthy account, and hands to change it with.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use orgsweep_controls::snapshot::{
    Alarms, BasicSelector, Delivery, EventSelectors, LogGroup, LogGroupFacts, MessageFilter,
    MetricAlarm, MetricFilter, MetricTransformation, Subscription, SubscriptionState, Topic, Trail,
    TrailStatus, WatchedMetric,
};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Arn, Call, Catalog, Evaluator, Finding, Known, LogGroupArn,
    OwnChains, Region, ReliedOn, Unread, UnreadCause,
};

pub(crate) const OWN: &str = "111122223333";
pub(crate) const OWNER: &str = "999988887777";
pub(crate) const HOME: &str = "eu-west-1";
pub(crate) const S3: &str = "s3-bucket-policy-changes";

pub(crate) fn call() -> Call {
    Call::new("test", "Read", None)
}

pub(crate) fn known<T>(value: T) -> Known<T> {
    Known::read(value, call())
}

pub(crate) fn denied<T>(service: &str, operation: &str) -> Known<T> {
    Known::Unread(unread(service, operation, UnreadCause::Denied))
}

pub(crate) fn unread(service: &str, operation: &str, cause: UnreadCause) -> Unread {
    Unread {
        call: Call::new(service, operation, None),
        cause,
        message: String::new(),
    }
}

pub(crate) fn region(name: &str) -> Region {
    name.parse().unwrap()
}

pub(crate) fn home() -> Region {
    region(HOME)
}

pub(crate) fn regions() -> Vec<Region> {
    ["eu-west-1", "us-east-1", "us-west-2"].map(region).to_vec()
}

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

pub(crate) fn group_arn(owner: &str, in_region: &str) -> LogGroupArn {
    format!("arn:aws:logs:{in_region}:{owner}:log-group:trail")
        .parse()
        .unwrap()
}

pub(crate) fn alarm_arn(owner: &str, in_region: &str, name: &str) -> Arn {
    format!("arn:aws:cloudwatch:{in_region}:{owner}:alarm:{name}")
        .parse()
        .unwrap()
}

pub(crate) fn topic_arn(owner: &str, in_region: &str) -> Arn {
    format!("arn:aws:sns:{in_region}:{owner}:alerts")
        .parse()
        .unwrap()
}

/// A good multi-Region trail of `owner`.
pub(crate) fn trail(owner: &str, name: &str, in_region: &str) -> Trail {
    Trail {
        arn: format!("arn:aws:cloudtrail:{in_region}:{owner}:trail/{name}")
            .parse()
            .unwrap(),
        name: name.to_owned(),
        home_region: region(in_region),
        multi_region: true,
        organization: false,
        global_service_events: true,
        log_group: Some(group_arn(owner, in_region)),
        log_role: None,
        status: known(TrailStatus {
            logging: true,
            delivery_error: None,
            delivery: Delivery::Fresh,
        }),
        selectors: known(EventSelectors::Basic(vec![BasicSelector {
            read_write_type: "All".to_owned(),
            management_events: true,
            excluded_sources: Vec::new(),
        }])),
    }
}

pub(crate) fn filter(name: &str, pattern: &str) -> MetricFilter {
    MetricFilter {
        name: name.to_owned(),
        pattern: pattern.to_owned(),
        transformations: vec![MetricTransformation {
            namespace: "CISBenchmark".to_owned(),
            name: name.to_owned(),
            value: "1".to_owned(),
            default_value: None,
            dimensions: BTreeMap::new(),
            unit: None,
        }],
        on_transformed_logs: false,
        field_selection: None,
        system_field_dimensions: Vec::new(),
    }
}

pub(crate) fn watched(metric: &str) -> WatchedMetric {
    WatchedMetric {
        namespace: "CISBenchmark".to_owned(),
        name: metric.to_owned(),
        dimensions: BTreeMap::new(),
        statistic: Some("Sum".to_owned()),
        period: Some(300),
        unit: None,
    }
}

/// An alarm on the metric of the filter of the same name.
pub(crate) fn alarm(owner: &str, in_region: &str, name: &str) -> MetricAlarm {
    MetricAlarm {
        name: name.to_owned(),
        arn: alarm_arn(owner, in_region, name),
        actions_enabled: true,
        alarm_actions: vec![topic_arn(owner, in_region).to_string()],
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        metric: Some(watched(name)),
        queries: Vec::new(),
        threshold_metric_id: None,
        other_kind: None,
        evaluation_periods: Some(1),
        datapoints_to_alarm: None,
        threshold: Some(1.0),
        comparison: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: None,
        low_sample_percentile: None,
        wall_clock: false,
        evaluation_error: false,
        warm_up_minutes: None,
    }
}

/// The policy that SNS gives to a new topic.
pub(crate) fn default_policy(owner: &str, in_region: &str) -> String {
    let topic = topic_arn(owner, in_region);
    format!(
        r#"{{"Version":"2008-10-17","Statement":[{{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["SNS:GetTopicAttributes","SNS:Subscribe","SNS:Publish"],"Resource":"{topic}","Condition":{{"StringEquals":{{"AWS:SourceOwner":"{owner}"}}}}}}]}}"#
    )
}

pub(crate) fn subscription(owner: &str, in_region: &str, protocol: &str) -> Subscription {
    let arn = format!("{}:5be8e5b6-1234", topic_arn(owner, in_region));
    Subscription {
        protocol: protocol.to_owned(),
        endpoint: "security@example.com".to_owned(),
        owner: Some(account(owner)),
        state: SubscriptionState::Confirmed(arn.parse().unwrap()),
        filter: Some(known(MessageFilter::default())),
    }
}

pub(crate) fn topic(owner: &str, in_region: &str) -> Topic {
    Topic {
        policy: Some(default_policy(owner, in_region)),
        kms_key: None,
        fifo: false,
        subscriptions: known(vec![subscription(owner, in_region, "email")]),
    }
}

/// The pattern that the newest benchmark prescribes for a control.
pub(crate) fn prescribed(control: &str) -> String {
    let catalog = Catalog::builtin();
    let control = catalog.control(&control.parse().unwrap()).unwrap();
    control
        .requirement(catalog.framework())
        .unwrap()
        .pattern()
        .to_owned()
}

/// An account without any trail.
pub(crate) fn empty(id: &str) -> AccountSnapshot {
    AccountSnapshot {
        account: account(id),
        partition: "aws".parse().unwrap(),
        regions: known(regions()),
        trails: BTreeMap::from([(home(), known(Vec::new()))]),
        log_groups: BTreeMap::new(),
        alarms: BTreeMap::new(),
        topics: BTreeMap::new(),
        keys: BTreeMap::new(),
        monitoring: BTreeMap::new(),
    }
}

/// Gives an account a log group with a filter, an alarm and a topic for every
/// control, in one Region.
pub(crate) fn with_chains(snapshot: &mut AccountSnapshot, in_region: &str) {
    let owner = snapshot.account.to_string();
    let controls: Vec<String> = Catalog::builtin()
        .controls()
        .iter()
        .map(|c| c.id.to_string())
        .collect();
    let filters = controls
        .iter()
        .map(|id| filter(id, &prescribed(id)))
        .collect();
    let alarms = controls
        .iter()
        .map(|id| alarm(&owner, in_region, id))
        .collect();
    snapshot.log_groups.insert(
        group_arn(&owner, in_region),
        LogGroup {
            group: known(Some(LogGroupFacts {
                class: "STANDARD".to_owned(),
            })),
            filters: known(filters),
            arrivals: None,
            filters_elsewhere: BTreeMap::new(),
        },
    );
    snapshot.alarms.insert(
        region(in_region),
        known(Alarms {
            mute_rules: Some(known(Vec::new())),
            metric: alarms,
            composite: Vec::new(),
            ..Alarms::default()
        }),
    );
    let arn = topic_arn(&owner, in_region);
    snapshot
        .topics
        .insert(arn, known(Some(topic(&owner, in_region))));
}

/// An account whose own multi-Region trail has a good chain for every control.
pub(crate) fn healthy(id: &str) -> AccountSnapshot {
    let mut snapshot = empty(id);
    snapshot
        .trails
        .insert(home(), known(vec![trail(id, "main", HOME)]));
    with_chains(&mut snapshot, HOME);
    snapshot
}

/// The owner of a good organization trail.
pub(crate) fn owner() -> AccountSnapshot {
    let mut snapshot = healthy(OWNER);
    of_trail(&mut snapshot).organization = true;
    snapshot
}

/// An account that sees the owner's organization trail and has nothing itself.
pub(crate) fn member(id: &str) -> AccountSnapshot {
    let mut snapshot = empty(id);
    let mut shadow = trail(OWNER, "main", HOME);
    shadow.organization = true;
    shadow.status = Known::Unread(unread(
        "cloudtrail",
        "GetTrailStatus",
        UnreadCause::NotAsked,
    ));
    shadow.selectors = Known::Unread(unread(
        "cloudtrail",
        "GetEventSelectors",
        UnreadCause::NotAsked,
    ));
    snapshot.trails.insert(home(), known(vec![shadow]));
    snapshot
}

pub(crate) fn value<T>(fact: &mut Known<T>) -> &mut T {
    match fact {
        Known::Read { value, .. } => value,
        Known::Unread(unread) => panic!("{unread}"),
    }
}

pub(crate) fn of_trail(snapshot: &mut AccountSnapshot) -> &mut Trail {
    &mut value(snapshot.trails.get_mut(&home()).unwrap())[0]
}

pub(crate) fn of_status(snapshot: &mut AccountSnapshot) -> &mut TrailStatus {
    value(&mut of_trail(snapshot).status)
}

pub(crate) fn of_group(snapshot: &mut AccountSnapshot) -> &mut LogGroup {
    snapshot.log_groups.values_mut().next().unwrap()
}

pub(crate) fn of_filters(snapshot: &mut AccountSnapshot) -> &mut Vec<MetricFilter> {
    value(&mut of_group(snapshot).filters)
}

pub(crate) fn of_filter<'a>(snapshot: &'a mut AccountSnapshot, name: &str) -> &'a mut MetricFilter {
    of_filters(snapshot)
        .iter_mut()
        .find(|filter| filter.name == name)
        .unwrap()
}

pub(crate) fn of_alarms(snapshot: &mut AccountSnapshot) -> &mut Alarms {
    value(snapshot.alarms.values_mut().next().unwrap())
}

pub(crate) fn of_alarm<'a>(snapshot: &'a mut AccountSnapshot, name: &str) -> &'a mut MetricAlarm {
    of_alarms(snapshot)
        .metric
        .iter_mut()
        .find(|alarm| alarm.name == name)
        .unwrap()
}

pub(crate) fn of_topic(snapshot: &mut AccountSnapshot) -> &mut Topic {
    value(snapshot.topics.values_mut().next().unwrap())
        .as_mut()
        .unwrap()
}

/// What is known beside the account: the organization of `owner`.
pub(crate) fn relying_on(owner: AccountSnapshot) -> ReliedOn {
    ReliedOn {
        management_account: Some(account(OWNER)),
        snapshots: BTreeMap::from([(owner.account.clone(), Arc::new(owner))]),
        ..ReliedOn::default()
    }
}

static ALL: LazyLock<Evaluator> = LazyLock::new(|| Evaluator::new(Catalog::builtin()));

/// The findings of an account, by control.
pub(crate) fn findings(
    snapshot: &AccountSnapshot,
    relied_on: &ReliedOn,
) -> BTreeMap<String, Finding> {
    let findings = evaluated(&ALL, snapshot, relied_on);
    findings
        .into_iter()
        .map(|finding| (finding.control.to_string(), finding))
        .collect()
}

/// The account stands alone and is its own management account.
pub(crate) fn alone() -> ReliedOn {
    ReliedOn {
        management_account: Some(account(OWN)),
        ..ReliedOn::default()
    }
}

/// Judges one control only, which is faster.
pub(crate) fn judge(snapshot: &AccountSnapshot, relied_on: &ReliedOn, control: &str) -> Finding {
    static ONE: LazyLock<BTreeMap<String, Evaluator>> = LazyLock::new(|| {
        let controls = Catalog::builtin().controls().iter();
        controls
            .map(|control| {
                let catalog = Catalog::builtin().only(std::slice::from_ref(&control.id));
                (control.id.to_string(), Evaluator::new(&catalog))
            })
            .collect()
    });
    evaluated(&ONE[control], snapshot, relied_on).remove(0)
}

/// The findings, which are the same with the account's own chains as they were read before.
fn evaluated(
    evaluator: &Evaluator,
    snapshot: &AccountSnapshot,
    relied_on: &ReliedOn,
) -> Vec<Finding> {
    let findings = evaluator.evaluate(snapshot, relied_on);
    if snapshot.monitoring.is_empty() {
        let own_chains = OwnChains::of(snapshot);
        let with_them = evaluator.evaluate_with(snapshot, Some(&own_chains), relied_on);
        assert_eq!(with_them, findings);
    }
    findings
}

/// The finding of one control in an account that stands alone.
pub(crate) fn finding(snapshot: &AccountSnapshot, control: &str) -> Finding {
    judge(snapshot, &alone(), control)
}

pub(crate) fn basic(
    read_write: &str,
    management: bool,
    excluded: &[&str],
) -> Known<EventSelectors> {
    known(EventSelectors::Basic(vec![BasicSelector {
        read_write_type: read_write.to_owned(),
        management_events: management,
        excluded_sources: excluded.iter().map(|source| (*source).to_owned()).collect(),
    }]))
}
