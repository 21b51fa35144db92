//! Reading accounts: what is asked, and what is understood.

use orgsweep_aws_access::Members;
use orgsweep_controls::snapshot::{Delivery, EventSelectors, SubscriptionState};
use orgsweep_controls::{Arn, Known, UnreadCause};
use serde_json::json;

use crate::fake::{AUDIT, Fake, MANAGEMENT, MEMBER, OWN, REGION, Reply, account};

#[tokio::test]
async fn a_member_under_an_organization_trail_needs_three_calls() {
    let fake = Fake::start().await;
    let collected = fake
        .connect()
        .await
        .collect(&account(MEMBER))
        .await
        .unwrap();
    assert_eq!(
        fake.operations_in(MEMBER),
        ["DescribeTrails", "ListRegions"]
    );
    assert_eq!(collected.calls, 3);
    let relied_on = collected.snapshot.accounts_relied_on();
    assert_eq!(
        relied_on.into_iter().collect::<Vec<_>>(),
        [account(MANAGEMENT)]
    );
    let trails = collected.snapshot.distinct_trails();
    let trail = trails.values().next().unwrap();
    let unread = trail.status.get().unwrap_err();
    assert_eq!(unread.cause, UnreadCause::NotAsked);
}

/// The usual trail has delivered nothing for long; this one did a moment ago.
fn delivering_trail() -> Reply {
    let now = chrono::Utc::now().timestamp();
    Reply::Result(json!({ "IsLogging": true, "LatestCloudWatchLogsDeliveryTime": now }))
}

#[tokio::test]
async fn an_account_with_its_own_trail_needs_a_call_per_fact_a_page_and_a_key() {
    let fake = Fake::start().await;
    fake.always("GetTrailStatus", delivering_trail());
    let collected = fake.connect().await.collect(&account(OWN)).await.unwrap();
    assert_eq!(
        fake.operations_in(OWN),
        [
            "DescribeAlarms",
            "DescribeKey",
            "DescribeMetricFilters",
            "DescribeMetricFilters",
            "DescribeTrails",
            "GetEventSelectors",
            "GetKeyPolicy",
            "GetSubscriptionAttributes",
            "GetTopicAttributes",
            "GetTrailStatus",
            "ListAlarmMuteRules",
            // Two filters have no alarm: others may watch their metrics. The first who needs
            // links asks a given endpoint whether it has any.
            "ListLinks",
            "ListLinks",
            "ListRegions",
            "ListSubscriptionsByTopic",
        ]
    );
    assert_eq!(collected.calls, 16);
    assert!(
        fake.asked()
            .iter()
            .all(|asked| asked.region == REGION || asked.operation == "ListRegions")
    );
}

#[tokio::test]
async fn the_facts_of_a_chain_are_read() {
    let fake = Fake::start().await;
    let snapshot = fake
        .connect()
        .await
        .collect(&account(OWN))
        .await
        .unwrap()
        .snapshot;
    assert_eq!(snapshot.regions.value().unwrap().len(), 2);

    let trails = snapshot.distinct_trails();
    let trail = trails.values().next().unwrap();
    let status = trail.status.value().unwrap();
    assert!(status.logging);
    assert!(matches!(status.delivery, Delivery::Stale { .. }));
    assert!(matches!(
        trail.selectors.value().unwrap(),
        EventSelectors::Advanced(_)
    ));

    let (arn, group) = snapshot.log_groups.first_key_value().unwrap();
    assert_eq!(arn.name(), "CloudTrail/own");
    assert_eq!(
        group.group.value().unwrap().as_ref().unwrap().class,
        "STANDARD"
    );
    let filters: Vec<&str> = group
        .filters
        .value()
        .unwrap()
        .iter()
        .map(|filter| filter.name.as_str())
        .collect();
    assert_eq!(filters, ["a", "bucket-policy", "z"]);

    let alarms = snapshot.alarms.values().next().unwrap().value().unwrap();
    let names: Vec<&str> = alarms
        .metric
        .iter()
        .map(|alarm| alarm.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["bucket-policy"],
        "alarms on other metrics are not kept"
    );

    let topic = snapshot
        .topics
        .values()
        .next()
        .unwrap()
        .value()
        .unwrap()
        .as_ref()
        .unwrap();
    assert_eq!(topic.kms_key.as_deref(), Some("alias/mine"));
    let subscriptions = topic.subscriptions.value().unwrap();
    assert!(matches!(
        subscriptions[0].state,
        SubscriptionState::Confirmed(_)
    ));
    assert_eq!(subscriptions[1].state, SubscriptionState::Pending);

    let key = &snapshot.keys[&format!("{REGION}/alias/mine")];
    assert_eq!(key.value().unwrap().as_ref().unwrap().state, "Enabled");
}

#[tokio::test]
async fn an_unchanged_account_has_an_unchanged_snapshot_without_secrets() {
    let fake = Fake::start().await;
    let access = fake.connect().await;
    let read = async || {
        let collected = access.collect(&account(OWN)).await.unwrap();
        serde_json::to_string(&collected.snapshot).unwrap()
    };
    let [first, second] = [read().await, read().await];
    assert_eq!(first, second);
    assert!(!first.contains("s3cr3t"), "{first}");
}

#[tokio::test]
async fn the_caller_s_own_account_is_read_with_its_own_credentials() {
    let fake = Fake::start().await;
    let access = fake.connect().await;
    access.collect(&account(AUDIT)).await.unwrap();
    assert!(
        fake.asked()
            .iter()
            .all(|asked| asked.operation != "AssumeRole")
    );
}

#[tokio::test]
async fn without_a_multi_region_trail_every_enabled_region_is_asked() {
    let fake = Fake::start().await;
    let access = fake.connect().await;
    let snapshot = access.collect(&account(AUDIT)).await.unwrap().snapshot;
    let regions: Vec<&str> = snapshot
        .trails
        .keys()
        .map(orgsweep_controls::Region::as_str)
        .collect();
    assert_eq!(regions, [REGION, "us-east-1"]);
}

#[tokio::test]
async fn a_multi_region_trail_that_is_off_makes_regions_with_trails_of_their_own_matter() {
    let fake = Fake::start().await;
    let trail = |name: &str, everywhere: bool| {
        json!({
            "Name": name, "TrailARN": format!("arn:aws:cloudtrail:{REGION}:{OWN}:trail/{name}"),
            "HomeRegion": REGION, "IsMultiRegionTrail": everywhere, "IncludeGlobalServiceEvents": true,
            "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{REGION}:{OWN}:log-group:CloudTrail/own:*"),
        })
    };
    fake.always(
        "DescribeTrails",
        Reply::Result(json!({ "trailList": [trail("own", true), trail("regional", false)] })),
    );
    fake.always(
        "GetTrailStatus",
        Reply::Result(json!({ "IsLogging": false })),
    );
    let snapshot = fake.connect().await.collect(&account(OWN)).await;
    let snapshot = snapshot.unwrap().snapshot;
    let asked: Vec<&str> = snapshot
        .trails
        .keys()
        .map(orgsweep_controls::Region::as_str)
        .collect();
    assert_eq!(asked, [REGION, "us-east-1"]);
    let trails = snapshot.distinct_trails();
    assert_eq!(trails.len(), 2);
    assert!(trails.values().all(|trail| trail.status.value().is_some()));
}

#[tokio::test]
async fn what_does_not_exist_is_read_as_missing() {
    let fake = Fake::start().await;
    fake.always(
        "DescribeLogGroups",
        Reply::Result(json!({ "logGroups": [] })),
    )
    .always(
        "DescribeMetricFilters",
        Reply::error(
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        ),
    );
    let snapshot = fake
        .connect()
        .await
        .collect(&account(OWN))
        .await
        .unwrap()
        .snapshot;
    let group = snapshot.log_groups.values().next().unwrap();
    assert_eq!(group.group.value(), Some(&None));
    assert_eq!(group.filters.value().map(Vec::len), Some(0));
    // Alarms may wait for the filters that are not there.
    let alarms = snapshot.alarms.values().next().unwrap();
    assert!(alarms.value().is_some());

    let fake = Fake::start().await;
    fake.always(
        "GetTopicAttributes",
        Reply::Error {
            status: 404,
            code: "NotFound",
            message: "Topic does not exist",
        },
    )
    .always(
        "ListSubscriptionsByTopic",
        Reply::Error {
            status: 404,
            code: "NotFound",
            message: "Topic does not exist",
        },
    );
    let snapshot = fake
        .connect()
        .await
        .collect(&account(OWN))
        .await
        .unwrap()
        .snapshot;
    assert!(matches!(
        snapshot.topics.values().next(),
        Some(Known::Read { value: None, .. })
    ));
}

#[tokio::test]
async fn a_group_is_looked_for_where_its_filters_or_its_trail_do_not_show_it() {
    let asked = async |status: Option<Reply>, filters: Option<Reply>| {
        let fake = Fake::start().await;
        if let Some(status) = status {
            fake.always("GetTrailStatus", status);
        }
        if let Some(filters) = filters {
            fake.always("DescribeMetricFilters", filters);
        }
        let collected = fake.connect().await.collect(&account(OWN)).await.unwrap();
        let group = collected.snapshot.log_groups.values().next().unwrap();
        let class = group
            .group
            .value()
            .unwrap()
            .as_ref()
            .map(|group| group.class.clone());
        assert_eq!(class.as_deref(), Some("STANDARD"));
        fake.operations_in(OWN)
            .contains(&"DescribeLogGroups".to_owned())
    };
    let status = |error: &str| {
        let now = chrono::Utc::now().timestamp();
        Reply::Result(json!({
            "IsLogging": true, "LatestCloudWatchLogsDeliveryTime": now,
            "LatestCloudWatchLogsDeliveryError": error,
        }))
    };
    let no_filters = Reply::Result(json!({ "metricFilters": [] }));
    assert!(!asked(Some(delivering_trail()), None).await);
    assert!(asked(None, None).await, "nothing delivered for long");
    assert!(asked(Some(status("Access denied.")), None).await);
    assert!(asked(Some(delivering_trail()), Some(no_filters)).await);
}

#[tokio::test]
async fn the_role_is_assumed_as_configured() {
    let fake = Fake::start().await;
    let mut config = fake.config();
    config.role.name = "audit/ReadOnly".to_owned();
    config.role.external_id = Some("an-external-id".to_owned());
    config.role.source_identity = Some("nightly".to_owned());
    let access = fake.try_connect(config).await.unwrap();
    access.collect(&account(MEMBER)).await.unwrap();
    let asked = fake.asked();
    let assume = asked
        .iter()
        .find(|asked| asked.operation == "AssumeRole")
        .unwrap();
    for (name, expected) in [
        ("RoleArn", "arn:aws:iam::333333333333:role/audit/ReadOnly"),
        ("ExternalId", "an-external-id"),
        ("SourceIdentity", "nightly"),
        ("RoleSessionName", "orgsweep"),
        ("DurationSeconds", "3600"),
    ] {
        assert_eq!(assume.parameter(name), expected);
    }
}

fn foreign_topic() -> Arn {
    format!("arn:aws:sns:{REGION}:{MANAGEMENT}:alerts")
        .parse()
        .unwrap()
}

fn alarm_on(topic: &Arn) -> Reply {
    let alarm = json!({
        "AlarmName": "bucket-policy",
        "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{OWN}:alarm:bucket-policy"),
        "ActionsEnabled": true,
        "AlarmActions": [topic.as_str()],
        "Namespace": "CISBenchmark",
        "MetricName": "bucket-policy",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    });
    Reply::Result(json!({ "MetricAlarms": [alarm] }))
}

#[tokio::test]
async fn a_topic_of_a_neighbour_is_read_once_with_the_role_in_its_account() {
    let fake = Fake::start().await;
    let topic = foreign_topic();
    fake.always("DescribeAlarms", alarm_on(&topic));
    let denied = Reply::error(
        "AuthorizationError",
        "not authorized to perform this action",
    );
    fake.always_in(OWN, "GetTopicAttributes", denied.clone());
    fake.always_in(OWN, "ListSubscriptionsByTopic", denied);

    let access = fake.connect().await;
    let neighbours = Members::from_iter([account(OWN), account(MANAGEMENT)]);
    for _ in 0..2 {
        let collected = access
            .collect_among(&account(OWN), &neighbours)
            .await
            .unwrap();
        assert!(matches!(
            collected.snapshot.topics[&topic].value(),
            Some(Some(_))
        ));
        assert_eq!(collected.snapshot.keys.len(), 1);
    }
    assert_eq!(
        fake.operations_in(MANAGEMENT),
        [
            "DescribeKey",
            "GetKeyPolicy",
            "GetSubscriptionAttributes",
            "GetTopicAttributes",
            "ListSubscriptionsByTopic"
        ]
    );
    assert!(
        !fake
            .operations_in(OWN)
            .contains(&"GetTopicAttributes".to_owned())
    );

    let alone = access.collect(&account(OWN)).await.unwrap();
    let unread = alone.snapshot.topics[&topic].get().unwrap_err();
    assert_eq!(unread.cause, UnreadCause::Denied);
}

#[tokio::test]
async fn only_its_owner_may_say_that_a_topic_does_not_exist() {
    let fake = Fake::start().await;
    fake.always("DescribeAlarms", alarm_on(&foreign_topic()));
    let missing = Reply::error("NotFound", "Topic does not exist");
    fake.always("GetTopicAttributes", missing.clone());
    fake.always("ListSubscriptionsByTopic", missing);
    let access = fake.connect().await;
    let alone = access.collect(&account(OWN)).await.unwrap();
    assert!(alone.snapshot.topics[&foreign_topic()].value().is_none());
    let neighbours = Members::from_iter([account(MANAGEMENT)]);
    let among = access
        .collect_among(&account(OWN), &neighbours)
        .await
        .unwrap();
    assert_eq!(among.snapshot.topics[&foreign_topic()].value(), Some(&None));
}
