//! Quotas: a sweep takes at most its share of each, as the simulated AWS counts it, and where
//! somebody else uses one up it backs off and still ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use orgsim::{RecordedCall, Scenario, Service};
use orgsweep_tests::other_client::{LIST_TRAILS, OtherClient};
use orgsweep_tests::{Installation, until};

use crate::simulated::{Simulated, assert_same_rows, settled_anywhere};

/// A Region in which every quota is small.
const REGION: &str = "sa-east-1";

const ORGANIZATION: &str = r#"
seed = 3
[organization]
id = "o-quota00000"
home_region = "sa-east-1"
[management]
number = "111111111111"
[delegated_administrator]
number = "222222222222"
[[organization_trail]]
name = "everyone"
[[group]]
name = "member"
count = 20
chain = "organization_trail"
[[group]]
name = "owner"
numbers = ["333333333333", "444444444444", "555555555555"]
chain = "healthy"
"#;

/// Accounts with chains of their own.
const OWNERS: [&str; 3] = ["333333333333", "444444444444", "555555555555"];
/// Topics that alarms act on: enough for some seconds of the quota.
const TOPICS: usize = 40;
/// Pauses with which two requests a second are used up, and with which one in five is left.
const ALL_OF_IT: Duration = Duration::from_millis(50);
const MOST_OF_IT: Duration = Duration::from_millis(600);
/// A second, less what the way to the server may vary.
const SECOND: Duration = Duration::from_millis(900);

#[tokio::test(flavor = "multi_thread")]
async fn no_second_sees_more_of_any_quota_than_the_share_of_the_sweep() {
    let share = 0.4;
    let simulated = Simulated::with_quotas(&Scenario::parse(ORGANIZATION).unwrap(), share).await;
    for account in OWNERS {
        act_on_many_topics(&simulated, account);
    }
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_AWS_QUOTA_SHARE", &share.to_string());
    installation.run(&["sweep"]).await.with_code(0);

    let mut busiest: BTreeMap<String, usize> = BTreeMap::new();
    for ((account, region, quota), (per_second, moments)) in by_quota(&simulated.calls()) {
        let allowed = ((per_second * share).floor() as usize).max(1);
        let most = most_in_a_second(&moments);
        assert!(
            most <= allowed,
            "{most} of {allowed} calls in a second of `{quota}` in {account} {region}"
        );
        let so_far = busiest.entry(quota).or_default();
        *so_far = most.max(*so_far);
    }
    // Topics and subscriptions: 30 a second in this Region, of which 12 may be used; some 40 are
    // wanted at once.
    let of_topics = busiest
        .iter()
        .find(|(quota, _)| quota.starts_with("sns ") && !quota.contains("ListTopics"));
    assert!(of_topics.is_some_and(|(_, most)| *most >= 6), "{busiest:?}");
    // The simulated AWS enforces the share, with a burst of a second's worth: nothing was too much.
    let throttled: Vec<RecordedCall> = simulated
        .calls()
        .into_iter()
        .filter(|call| call.service != Service::Organizations && call.is_throttled())
        .collect();
    assert_eq!(throttled, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_somebody_else_uses_makes_a_sweep_back_off_and_not_fail() {
    // CloudTrail: two requests a second.
    let share = 0.2;
    let scenario = Scenario::parse(ORGANIZATION).unwrap();
    let undisturbed = Simulated::of(&scenario).await;
    let alone = undisturbed.installation(Installation::on_server().await);
    alone.run(&["sweep"]).await.with_code(0);

    let simulated = Simulated::with_quotas(&scenario, share).await;
    let address = simulated.address();
    let others: Vec<OtherClient> = OWNERS
        .iter()
        .flat_map(|account| [REGION, "us-east-1"].map(|region| (account, region)))
        .map(|(account, region)| {
            OtherClient::asks(LIST_TRAILS, address, account, region, ALL_OF_IT)
        })
        .collect();
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_AWS_QUOTA_SHARE", &share.to_string());
    installation.set("ORGSWEEP_AWS_MAX_ATTEMPTS", "20");
    let sweep = installation.start(&["sweep"]);
    until("the sweep to be throttled", || async {
        ours(&simulated)
            .iter()
            .any(RecordedCall::is_throttled)
            .then_some(())
    })
    .await;
    // The others go on, and leave a little.
    for other in &others {
        other.pauses(MOST_OF_IT);
    }
    sweep.end().await.with_code(0);
    for other in &others {
        assert!(other.answered() > 0, "{other:?} was starved");
    }
    drop(others);

    assert!(throttles(&installation).await > Some(0));
    for ((account, region, quota), (per_second, moments)) in by_quota(&ours(&simulated)) {
        let allowed = ((per_second * share).floor() as usize).max(1);
        let most = most_in_a_second(&moments);
        assert!(
            most <= allowed,
            "{most} of {allowed} calls in a second of `{quota}` in {account} {region}, repeated ones included"
        );
    }
    assert_same_rows(
        &settled_anywhere(&installation).await,
        &settled_anywhere(&alone).await,
    );
}

/// The sweep's own calls.
fn ours(simulated: &Simulated) -> Vec<RecordedCall> {
    let mut calls = simulated.calls();
    calls.retain(|call| call.operation != "ListTrails");
    calls
}

async fn throttles(installation: &Installation) -> Option<i64> {
    let statement = "select throttles from sweep";
    installation.database().number(statement).await
}

/// When calls counted against each quota of each account and Region, and what it allows.
/// Organizations is left out: it publishes no quota to take a share of.
fn by_quota(calls: &[RecordedCall]) -> BTreeMap<(String, String, String), (f64, Vec<Instant>)> {
    let mut quotas: BTreeMap<_, (f64, Vec<Instant>)> = BTreeMap::new();
    for call in calls {
        if call.service == Service::Organizations {
            continue;
        }
        let (quota, per_second) = call.quota();
        let key = (call.account.clone(), call.region.clone(), quota);
        quotas
            .entry(key)
            .or_insert_with(|| (per_second, Vec::new()))
            .1
            .push(call.at);
    }
    quotas
}

fn most_in_a_second(moments: &[Instant]) -> usize {
    let within = |start: &Instant| {
        let second = *start..*start + SECOND;
        moments
            .iter()
            .filter(|moment| second.contains(moment))
            .count()
    };
    moments.iter().map(within).max().unwrap_or_default()
}

/// Each alarm of the account acts on many topics besides its own.
fn act_on_many_topics(simulated: &Simulated, account: &str) {
    simulated.change_region(account, REGION, |region| {
        let arns: Vec<String> = (0..TOPICS)
            .map(|number| format!("arn:aws:sns:{REGION}:{account}:another-{number}"))
            .collect();
        for arn in &arns {
            region.topics.insert(arn.clone(), orgsim::Topic::default());
        }
        for alarm in region.metric_alarms.values_mut() {
            alarm.alarm_actions.extend(arns.iter().cloned());
        }
    });
}
