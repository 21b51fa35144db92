//! How many calls a repair takes, and that reading once for several steps
//! hides no change that somebody makes meanwhile.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use orgsim::Fault;
use orgsweep_tests::until;

use super::{NOTHING_THERE, Repair, SHOP, TWO};

/// How long one answer serves several steps, in seconds.
const SERVES: u64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_repaired_with_a_call_for_each_step_and_few_that_read() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(&["--subscribe", "sms:+4930654321"]).await;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in plan.kinds() {
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!((kinds["create_topic"], kinds["subscribe"]), (1, 2));
    assert!(kinds["put_metric_filter"] >= 14, "{kinds:?}");

    repair.simulated.forget_calls();
    let start = Instant::now();
    repair
        .apply(&plan, &["--without-verification"])
        .await
        .with_code(0);
    // An answer that has served its time is asked for again.
    let readings = 1 + usize::try_from(start.elapsed().as_secs() / SERVES).expect("a short run");
    let calls = calls_in(&repair, SHOP);
    for (operation, made) in [
        ("PutMetricFilter", kinds["put_metric_filter"]),
        ("PutMetricAlarm", kinds["put_alarm"]),
        ("CreateTopic", 1),
        ("Subscribe", 2),
        ("AssumeRole", 1),
        // Before it is made, and its policy afterwards.
        ("GetTopicAttributes", 2),
    ] {
        assert_eq!(calls[operation], made, "{operation}: {calls:?}");
    }
    for operation in ["DescribeMetricFilters", "DescribeAlarms"] {
        assert!(calls[operation] <= readings, "{operation}: {calls:?}");
    }
    // A topic that was just made has no subscriptions.
    assert_eq!(calls.get("ListSubscriptionsByTopic"), None);
    let all: usize = calls.values().sum();
    assert!(all <= plan.steps().len() + 3 + 2 * readings, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_between_two_stages_is_noticed() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.simulated.forget_calls();
    repair.when(
        SHOP,
        "sns",
        "CreateTopic",
        Fault::Latency {
            delay: Duration::from_secs(2),
        },
    );
    let running = repair.applying(&plan);
    until("the topic, whose answer takes its time", || {
        let there = calls_in(&repair, SHOP).contains_key("CreateTopic");
        async move { there.then_some(()) }
    })
    .await;
    let theirs = orgsim::MetricFilter {
        pattern: "theirs".to_owned(),
        transformations: Vec::new(),
        created: chrono::Utc::now(),
        on_transformed_logs: false,
        field_selection: None,
        system_field_dimensions: Vec::new(),
    };
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        for group in region.log_groups.values_mut() {
            let name = "orgsweep-nacl-changes".to_owned();
            group.filters.insert(name, theirs.clone());
        }
    });
    running
        .end()
        .await
        .with_code(1)
        .saying(&["`orgsweep-nacl-changes` exists now, and it is another one"]);
    let state = repair.state();
    let shop = state.accounts.iter().find(|account| account.id == SHOP);
    let region = &shop.expect("the account").regions["us-east-1"];
    let left: Vec<&str> = region
        .log_groups
        .values()
        .filter_map(|group| group.filters.get("orgsweep-nacl-changes"))
        .map(|filter| filter.pattern.as_str())
        .collect();
    assert_eq!(left, ["theirs"], "it is left alone");
}

/// Calls that asked an account, by operation.
fn calls_in(repair: &Repair, account: &str) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for call in repair.simulated.calls() {
        if call.target_account == account {
            *calls.entry(call.operation).or_default() += 1;
        }
    }
    calls
}
