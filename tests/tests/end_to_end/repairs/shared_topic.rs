//! A topic that a run made and that others came to use stays when the run is taken back, with
//! its subscription, until they no longer do.

use orgsim::RegionState;
use serde_json::Value;

use super::{NOTHING_THERE, Repair, SHOP, findings, run_id};

impl Repair {
    /// Changes the Region that has topics.
    fn where_the_topic_is(&self, change: impl FnOnce(&mut RegionState)) {
        self.simulated.change(SHOP, |state| {
            let region = state
                .regions
                .values_mut()
                .find(|region| !region.topics.is_empty());
            change(region.expect("a Region with a topic"));
        });
    }

    /// Looks at the log group that has metric filters.
    fn where_the_group_is(&self, look: impl FnOnce(&orgsim::LogGroup)) {
        self.simulated.change(SHOP, |state| {
            let regions = state.regions.values();
            let mut groups = regions.flat_map(|region| region.log_groups.values());
            look(
                groups
                    .find(|group| !group.filters.is_empty())
                    .expect("a group with filters"),
            );
        });
    }

    /// What is left of the topic that orgsweep makes: itself and its subscriptions.
    fn left_of_the_topic(&self) -> (usize, usize) {
        let mut left = (0, 0);
        self.simulated.change(SHOP, |state| {
            let ours = |arn: &str| arn.ends_with(":orgsweep-alarms");
            for region in state.regions.values() {
                left.0 += region.topics.keys().filter(|arn| ours(arn)).count();
                let subscriptions = region.subscriptions.iter();
                left.1 += subscriptions.filter(|one| ours(&one.topic_arn)).count();
            }
        });
        left
    }
}

/// Lets an alarm watch a metric of somebody's own.
fn watches_orders(alarm: &mut orgsim::MetricAlarm) {
    let metric = alarm.metric.as_mut().expect("it watches one metric");
    "OrdersFailed".clone_into(&mut metric.name);
}

/// What the run says of its only account.
fn why(told: &Value) -> (&str, &str) {
    let account = &told["accounts"][0];
    let text = |key: &str| account[key].as_str().unwrap_or_default();
    (text("state"), text("message"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_somebodys_alarm_notifies_stays_with_its_subscription_until_that_is_gone() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(&["--control", "nacl-changes"]).await;
    let before = repair.state();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    repair.where_the_topic_is(|region| {
        let mut alarm = region.metric_alarms["orgsweep-nacl-changes"].clone();
        alarm.arn = alarm.arn.replace("orgsweep-nacl-changes", "orders");
        watches_orders(&mut alarm);
        region.metric_alarms.insert("orders".to_owned(), alarm);
    });
    let run = run_id(&told).to_owned();

    let undone = repair.undo(&run, &plan, &[]).await.with_code(1).json();
    let (state, words) = why(&undone);
    assert_eq!(state, "drifted", "{undone}");
    assert!(
        words.contains("alarm `orders` notifies topic `orgsweep-alarms`"),
        "{undone}"
    );
    assert_eq!(repair.left_of_the_topic(), (1, 1));
    repair.where_the_topic_is(|region| {
        let there = |name: &str| region.metric_alarms.contains_key(name);
        assert!(there("orders"), "it is somebody's");
        assert!(!there("orgsweep-nacl-changes"), "it is the run's own");
    });
    let reasons = repair
        .installation
        .query("select message from repair_step where state = 'drifted'")
        .await;
    assert_eq!(reasons.len(), 2, "topic and subscription: {reasons:#?}");

    repair.where_the_topic_is(|region| {
        region.metric_alarms.remove("orders");
    });
    repair.undo(&run, &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_whose_metric_somebodys_alarm_watches_stays_until_that_is_gone() {
    let repair = Repair::of(NOTHING_THERE).await;
    // Undone in the reverse order: what comes after this one is taken back all the same.
    let plan = repair.planned(super::TWO).await;
    let before = repair.state();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    repair.where_the_topic_is(|region| {
        let mut alarm = region.metric_alarms["orgsweep-vpc-changes"].clone();
        alarm.arn = alarm.arn.replace("orgsweep-vpc-changes", "theirs");
        alarm.alarm_actions.clear();
        region.metric_alarms.insert("theirs".to_owned(), alarm);
    });
    let run = run_id(&told).to_owned();

    let undone = repair.undo(&run, &plan, &[]).await.with_code(1).json();
    let (state, words) = why(&undone);
    assert_eq!(state, "drifted", "{undone}");
    let told = "alarm `theirs` watches what filter `orgsweep-vpc-changes` publishes";
    assert!(words.contains(told), "{undone}");
    assert_eq!(repair.left_of_the_topic(), (0, 0), "nobody needs it");
    repair.where_the_group_is(|group| {
        let left: Vec<&String> = group.filters.keys().collect();
        assert_eq!(left, ["orgsweep-vpc-changes"]);
    });

    repair.simulated.change(SHOP, |state| {
        for region in state.regions.values_mut() {
            region.metric_alarms.remove("theirs");
        }
    });
    repair.undo(&run, &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_another_plan_repaired_through_the_same_topic_still_passes() {
    let repair = Repair::of(NOTHING_THERE).await;
    let first = repair.planned(&["--control", "nacl-changes"]).await;
    let told = repair.apply(&first, &[]).await.with_code(0).json();
    let second = repair.planned(&["--control", "vpc-changes"]).await;
    assert_eq!(second.kinds(), ["put_metric_filter", "put_alarm"]);
    let other = repair.apply(&second, &[]).await.with_code(0).json();

    let undone = repair
        .undo(run_id(&told), &first, &[])
        .await
        .with_code(1)
        .json();
    let (_, words) = why(&undone);
    assert!(words.contains("alarm `orgsweep-vpc-changes`"), "{undone}");
    assert_eq!(repair.left_of_the_topic(), (1, 1));
    repair.installation.run(&["sweep"]).await.with_code(0);
    let still = repair
        .installation
        .run(&["remediate", "status", run_id(&other), "--format", "json"])
        .await
        .with_code(0)
        .json();
    assert_eq!(findings(&still, "verified"), 1, "{still}");
}

/// One account whose chains all hold.
const HEALTHY: &str = r#"
[management]
number = "100000000001"

[[group]]
name = "shop"
numbers = ["100000000003"]
chain = "healthy"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_alarms_had_waited_for_is_taken_back_with_its_run() {
    let repair = Repair::of(HEALTHY).await;
    repair.where_the_topic_is(|region| {
        region.topics.clear();
        region.subscriptions.clear();
    });
    repair.installation.run(&["sweep"]).await.with_code(0);
    let plan = repair.planned(&["--control", "nacl-changes"]).await;
    assert_eq!(plan.kinds(), ["create_topic", "subscribe"]);
    let before = repair.state();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 1, "{told}");
    repair.undo(run_id(&told), &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}
