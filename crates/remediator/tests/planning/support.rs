//! Accounts for tests: a healthy one, members of an organization, and access to
//! what can be broken in them. Facts only; nothing here judges or plans.

use std::collections::BTreeMap;

use orgsweep_controls::snapshot::{
    Alarms, BasicSelector, Delivery, EventSelectors, LogGroup, LogGroupFacts, MessageFilter,
    MetricAlarm, MetricFilter, MetricTransformation, Subscription, SubscriptionState, Topic, Trail,
    TrailStatus, WatchedMetric,
};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Arn, Call, Catalog, ControlId, Known, LogGroupArn, Region, Unread,
    UnreadCause,
};

/// An account with a trail of its own.
pub(crate) const MEMBER: &str = "111122223333";
/// Another one.
pub(crate) const OTHER: &str = "444455556666";
/// The management account.
pub(crate) const MANAGEMENT: &str = "999900001111";
/// The Region where chains stand.
pub(crate) const HOME: &str = "eu-west-1";

/// The Regions that are enabled everywhere.
pub(crate) const REGIONS: [&str; 3] = ["eu-central-1", "eu-west-1", "us-east-1"];

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn control(text: &str) -> ControlId {
    text.parse().unwrap()
}

pub(crate) fn s3() -> ControlId {
    control("s3-bucket-policy-changes")
}

pub(crate) fn arn(service: &str, owner: &str, resource: &str) -> Arn {
    format!("arn:aws:{service}:{HOME}:{owner}:{resource}")
        .parse()
        .unwrap()
}

pub(crate) fn group_arn(owner: &str) -> LogGroupArn {
    format!("arn:aws:logs:{HOME}:{owner}:log-group:trail-logs")
        .parse()
        .unwrap()
}

pub(crate) fn trail_arn(owner: &str) -> Arn {
    arn("cloudtrail", owner, "trail/main")
}

pub(crate) fn topic_arn(owner: &str) -> Arn {
    arn("sns", owner, "alerts")
}

fn home() -> Region {
    HOME.parse().unwrap()
}

fn read<T>(value: T, service: &str, operation: &str) -> Known<T> {
    Known::read(value, Call::new(service, operation, Some(home())))
}

/// The pattern that the catalog prescribes.
pub(crate) fn pattern(id: &ControlId) -> String {
    let catalog = Catalog::builtin();
    let requirement = catalog
        .control(id)
        .unwrap()
        .requirement(catalog.framework());
    requirement.unwrap().pattern().to_owned()
}

/// The trail of `owner`, which records everything.
pub(crate) fn trail(owner: &str) -> Trail {
    Trail {
        arn: trail_arn(owner),
        name: "main".to_owned(),
        home_region: home(),
        multi_region: true,
        organization: false,
        global_service_events: true,
        log_group: Some(group_arn(owner)),
        log_role: Some(format!("arn:aws:iam::{owner}:role/logs").parse().unwrap()),
        status: read(
            TrailStatus {
                logging: true,
                delivery_error: None,
                delivery: Delivery::Fresh,
            },
            "cloudtrail",
            "GetTrailStatus",
        ),
        selectors: read(
            EventSelectors::Basic(vec![BasicSelector {
                read_write_type: "All".to_owned(),
                management_events: true,
                excluded_sources: Vec::new(),
            }]),
            "cloudtrail",
            "GetEventSelectors",
        ),
    }
}

pub(crate) fn filter(name: &str, pattern: &str) -> MetricFilter {
    MetricFilter {
        name: name.to_owned(),
        pattern: pattern.to_owned(),
        transformations: vec![MetricTransformation {
            namespace: "Security".to_owned(),
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

/// An alarm on the metric that the filter of the same name publishes.
pub(crate) fn alarm(owner: &str, name: &str) -> MetricAlarm {
    MetricAlarm {
        name: name.to_owned(),
        arn: arn("cloudwatch", owner, &format!("alarm:{name}")),
        actions_enabled: true,
        alarm_actions: vec![topic_arn(owner).to_string()],
        ok_actions: Vec::new(),
        insufficient_data_actions: Vec::new(),
        metric: Some(WatchedMetric {
            namespace: "Security".to_owned(),
            name: name.to_owned(),
            dimensions: BTreeMap::new(),
            statistic: Some("Sum".to_owned()),
            period: Some(300),
            unit: None,
        }),
        queries: Vec::new(),
        threshold_metric_id: None,
        other_kind: None,
        evaluation_periods: Some(1),
        datapoints_to_alarm: None,
        threshold: Some(1.0),
        comparison: Some("GreaterThanOrEqualToThreshold".to_owned()),
        treat_missing_data: Some("notBreaching".to_owned()),
        low_sample_percentile: None,
        wall_clock: false,
        evaluation_error: false,
        warm_up_minutes: None,
    }
}

pub(crate) fn topic_policy(arn: &Arn) -> String {
    let account = arn.account().unwrap();
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Alarms", "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish", "Resource": arn.as_str(),
            "Condition": {"StringEquals": {"aws:SourceAccount": account.as_str()}},
        }],
    })
    .to_string()
}

pub(crate) fn subscription(topic: &Arn, address: &str) -> Subscription {
    Subscription {
        protocol: "email".to_owned(),
        endpoint: address.to_owned(),
        owner: topic.account(),
        state: SubscriptionState::Confirmed(format!("{topic}:5be4").parse().unwrap()),
        filter: Some(read(
            MessageFilter::default(),
            "sns",
            "GetSubscriptionAttributes",
        )),
    }
}

pub(crate) fn topic(arn: &Arn) -> Topic {
    Topic {
        policy: Some(topic_policy(arn)),
        kms_key: None,
        fifo: false,
        subscriptions: read(
            vec![subscription(arn, "secops@example.com")],
            "sns",
            "ListSubscriptionsByTopic",
        ),
    }
}

/// An account without anything.
pub(crate) fn bare(owner: &str) -> AccountSnapshot {
    AccountSnapshot {
        account: account(owner),
        partition: "aws".parse().unwrap(),
        regions: Known::read(
            REGIONS
                .iter()
                .map(|region| region.parse().unwrap())
                .collect(),
            Call::new("account", "ListRegions", None),
        ),
        trails: BTreeMap::from([(home(), read(Vec::new(), "cloudtrail", "DescribeTrails"))]),
        log_groups: BTreeMap::new(),
        alarms: BTreeMap::new(),
        topics: BTreeMap::new(),
        keys: BTreeMap::new(),
        monitoring: BTreeMap::new(),
    }
}

/// An account with a trail and a log group, and nothing behind it.
pub(crate) fn recorded(owner: &str) -> AccountSnapshot {
    let mut snapshot = bare(owner);
    snapshot.trails = BTreeMap::from([(
        home(),
        read(vec![trail(owner)], "cloudtrail", "DescribeTrails"),
    )]);
    snapshot.log_groups.insert(
        group_arn(owner),
        LogGroup {
            group: read(
                Some(LogGroupFacts {
                    class: "STANDARD".to_owned(),
                }),
                "logs",
                "DescribeLogGroups",
            ),
            filters: read(Vec::new(), "logs", "DescribeMetricFilters"),
            arrivals: None,
            filters_elsewhere: BTreeMap::new(),
        },
    );
    snapshot.alarms.insert(
        home(),
        read(
            Alarms {
                mute_rules: Some(read(Vec::new(), "cloudwatch", "ListAlarmMuteRules")),
                ..Alarms::default()
            },
            "cloudwatch",
            "DescribeAlarms",
        ),
    );
    snapshot
}

/// An account in which the S3 control passes, and no other.
pub(crate) fn healthy(owner: &str) -> AccountSnapshot {
    let mut snapshot = recorded(owner);
    filters(&mut snapshot).push(filter("s3", &pattern(&s3())));
    alarms(&mut snapshot).metric.push(alarm(owner, "s3"));
    let arn = topic_arn(owner);
    let facts = topic(&arn);
    snapshot
        .topics
        .insert(arn, read(Some(facts), "sns", "GetTopicAttributes"));
    snapshot
}

fn value<T>(known: &mut Known<T>) -> &mut T {
    match known {
        Known::Read { value, .. } => value,
        Known::Unread(unread) => panic!("{unread} in a fixture"),
    }
}

pub(crate) fn trails(snapshot: &mut AccountSnapshot) -> &mut Vec<Trail> {
    value(snapshot.trails.get_mut(&home()).unwrap())
}

pub(crate) fn status(snapshot: &mut AccountSnapshot) -> &mut TrailStatus {
    value(&mut trails(snapshot)[0].status)
}

pub(crate) fn selectors(snapshot: &mut AccountSnapshot) -> &mut EventSelectors {
    value(&mut trails(snapshot)[0].selectors)
}

pub(crate) fn log_group(snapshot: &mut AccountSnapshot) -> &mut LogGroup {
    snapshot.log_groups.values_mut().next().unwrap()
}

pub(crate) fn filters(snapshot: &mut AccountSnapshot) -> &mut Vec<MetricFilter> {
    value(&mut log_group(snapshot).filters)
}

pub(crate) fn alarms(snapshot: &mut AccountSnapshot) -> &mut Alarms {
    value(snapshot.alarms.get_mut(&home()).unwrap())
}

pub(crate) fn first_alarm(snapshot: &mut AccountSnapshot) -> &mut MetricAlarm {
    &mut alarms(snapshot).metric[0]
}

pub(crate) fn first_topic(snapshot: &mut AccountSnapshot) -> &mut Topic {
    let known = snapshot.topics.values_mut().next().unwrap();
    value(known).as_mut().unwrap()
}

pub(crate) fn group_facts(snapshot: &mut AccountSnapshot) -> &mut Option<LogGroupFacts> {
    value(&mut log_group(snapshot).group)
}

pub(crate) fn subscriptions(snapshot: &mut AccountSnapshot) -> &mut Vec<Subscription> {
    value(&mut first_topic(snapshot).subscriptions)
}

/// A member that sees the management account's organization trail, and no other.
pub(crate) fn member_of_organization(member: &str) -> AccountSnapshot {
    let not_asked = |operation| Unread {
        call: Call::new("cloudtrail", operation, Some(home())),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    };
    let mut seen = trail(MANAGEMENT);
    seen.organization = true;
    seen.status = Known::Unread(not_asked("GetTrailStatus"));
    seen.selectors = Known::Unread(not_asked("GetEventSelectors"));
    let mut snapshot = bare(member);
    trails(&mut snapshot).push(seen);
    snapshot
}

/// The management account, which owns the organization's trail.
pub(crate) fn management(mut snapshot: AccountSnapshot) -> AccountSnapshot {
    trails(&mut snapshot)[0].organization = true;
    snapshot
}

/// What a collector does when no multi-Region trail with a log group is in sight.
pub(crate) fn other_regions_are_empty(snapshot: &mut AccountSnapshot) {
    for region in ["eu-central-1", "us-east-1"] {
        let region: Region = region.parse().unwrap();
        let call = Call::new("cloudtrail", "DescribeTrails", Some(region.clone()));
        snapshot
            .trails
            .insert(region, Known::read(Vec::new(), call));
    }
}
