//! What runs made and nobody needs any more is taken away, as a plan: nothing else, nothing that
//! was changed or that others use, and all of it can be made again.

use orgsim::RegionState;
use serde_json::Value;

use super::{NOTHING_THERE, Planned, ROLE, Repair, SHOP, TWO, findings, run_id};

/// The topic of those who watch these events themselves.
const OWN_TOPIC: &str = "their-own";

impl Repair {
    /// What may be taken away.
    async fn gc(&self, flags: &[&str]) -> Planned {
        let mut arguments = vec!["remediate", "gc", "--format", "json", "--role-name", ROLE];
        arguments.extend(flags);
        let document = self.installation.run(&arguments).await.with_code(0).json();
        let text = |key: &str| document[key].as_str().expect("a text").to_owned();
        Planned {
            id: text("plan_id"),
            digest: text("digest"),
            document,
        }
    }

    async fn swept(&self) {
        self.installation.run(&["sweep"]).await.with_code(0);
    }

    /// Both controls of `TWO` repaired.
    async fn repaired() -> Self {
        let repair = Self::of(NOTHING_THERE).await;
        let plan = repair.planned(TWO).await;
        let told = repair.apply(&plan, &[]).await.with_code(0).json();
        assert_eq!(findings(&told, "verified"), 2, "{told}");
        repair
    }

    /// Somebody sets up chains of their own beside what orgsweep made for these controls.
    fn others_watch(&self, controls: &[&str]) {
        self.simulated.change(SHOP, |state| {
            let region = state
                .regions
                .values_mut()
                .find(|region| !region.metric_alarms.is_empty())
                .expect("a Region with alarms");
            for control in controls {
                watch_beside(region, control);
            }
        });
    }

    /// Changes the Region that has the alarms.
    fn in_region(&self, change: impl FnOnce(&mut RegionState)) {
        self.simulated.change(SHOP, |state| {
            let region = state
                .regions
                .values_mut()
                .find(|region| !region.metric_alarms.is_empty());
            change(region.expect("a Region with alarms"));
        });
    }
}

fn renamed(text: &str) -> String {
    text.replace("orgsweep", "their")
}

/// A filter, a metric, an alarm and a topic of another name, otherwise alike.
fn watch_beside(region: &mut RegionState, control: &str) {
    let name = format!("orgsweep-{control}");
    let mut alarm = region.metric_alarms[&name].clone();
    let topic = alarm.alarm_actions[0].clone();
    let (prefix, _) = topic.rsplit_once(':').expect("an ARN");
    let own = format!("{prefix}:{OWN_TOPIC}");
    let metric = alarm.metric.as_mut().expect("it watches a metric");
    metric.name = renamed(&metric.name);
    alarm.arn = renamed(&alarm.arn);
    alarm.alarm_actions = vec![own.clone()];
    region.metric_alarms.insert(renamed(&name), alarm);
    let known = region.topics[&topic].clone();
    region.topics.entry(own.clone()).or_insert(known);
    if !region.subscriptions.iter().any(|one| one.topic_arn == own) {
        let mut subscription = region
            .subscriptions
            .iter()
            .find(|one| one.topic_arn == topic)
            .expect("a subscription")
            .clone();
        subscription.arn = subscription.arn.replace(&topic, &own);
        subscription.topic_arn = own;
        region.subscriptions.push(subscription);
    }
    for group in region.log_groups.values_mut() {
        if let Some(filter) = group.filters.get(&name).cloned() {
            let mut filter = filter;
            for transformation in &mut filter.transformations {
                transformation.name = renamed(&transformation.name);
            }
            group.filters.insert(renamed(&name), filter);
        }
    }
}

/// What is there under orgsweep's names.
fn of_orgsweep(region: &RegionState) -> Vec<String> {
    let filters = region
        .log_groups
        .values()
        .flat_map(|group| group.filters.keys());
    let named = region.metric_alarms.keys().chain(region.topics.keys());
    named
        .chain(filters)
        .filter(|name| {
            name.rsplit(':')
                .next()
                .is_some_and(|name| name.starts_with("orgsweep-"))
        })
        .cloned()
        .collect()
}

/// What a plan takes away: the kind that made it and its resource's last part.
fn taken_away(plan: &Planned) -> Vec<(String, String)> {
    plan.steps()
        .iter()
        .map(|step| {
            assert_eq!(step["kind"], "remove");
            let kind = step["made"]["kind"].as_str().expect("a kind");
            let resource = step["resource"].as_str().expect("a resource");
            let name = resource.rsplit(':').next().expect("a name");
            (kind.to_owned(), name.to_owned())
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(kind, name): &(&str, &str)| ((*kind).to_owned(), (*name).to_owned());
    expected.iter().map(owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_finding_needs_is_not_taken_away() {
    let repair = Repair::repaired().await;
    let plan = repair.gc(&[]).await;
    assert!(plan.steps().is_empty(), "{:#}", plan.document);
    let left = plan.document["left_out"].as_array().expect("a list");
    assert!(
        !left.is_empty() && left.iter().all(|left| left["why"] == "needed"),
        "{left:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_since_the_last_sweep_is_not_judged_by_it() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair
        .apply(&plan, &["--without-verification"])
        .await
        .with_code(0);
    let ended = repair
        .installation
        .run(&["remediate", "gc", "--format", "json"])
        .await
        .with_code(0)
        .saying(&["6 things are left out", "sweep first"]);
    assert_eq!(ended.json()["steps"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_finding_needs_any_more_is_taken_away_and_can_be_made_again() {
    let repair = Repair::repaired().await;
    repair.others_watch(&["nacl-changes", "vpc-changes"]);
    repair.swept().await;
    let before = repair.state();
    let plan = repair.gc(&[]).await;
    assert_eq!(
        taken_away(&plan),
        pairs(&[
            ("put_alarm", "orgsweep-nacl-changes"),
            ("put_alarm", "orgsweep-vpc-changes"),
            ("put_metric_filter", "orgsweep-nacl-changes"),
            ("put_metric_filter", "orgsweep-vpc-changes"),
            ("subscribe", "orgsweep-alarms"),
            ("create_topic", "orgsweep-alarms"),
        ])
    );
    // Applied as every other plan: by its digest.
    repair
        .installation
        .run(&["remediate", "apply", &plan.id, "--role-name", ROLE])
        .await
        .with_code(2);
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(told["state"], "finished", "{told}");
    assert_eq!(findings(&told, "verified"), 2, "both still pass: {told}");
    repair.in_region(|region| {
        assert_eq!(of_orgsweep(region), [""; 0]);
        assert!(region.metric_alarms.contains_key("their-nacl-changes"));
        assert!(region.topics.keys().any(|arn| arn.ends_with(OWN_TOPIC)));
    });
    let events = repair
        .installation
        .query("select distinct kind, state, direction from repair_step where kind = 'remove'")
        .await;
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(events[0]["state"], "done");
    // What is gone is not planned again.
    assert!(repair.gc(&[]).await.steps().is_empty());

    repair.undo(run_id(&told), &plan, &[]).await.with_code(0);
    // What AWS gives to what is made: ids of subscriptions, times, the first state of an alarm.
    let given = [".subscriptions", ".created", ".state"];
    let mut changes = repair.changes_since(&before);
    changes.retain(|change| !given.iter().any(|given| change.contains(given)));
    assert_eq!(changes, [""; 0]);
    // The endpoint is subscribed again.
    repair.in_region(|region| {
        let told: Vec<&str> = region
            .subscriptions
            .iter()
            .filter(|one| one.topic_arn.ends_with(":orgsweep-alarms"))
            .map(|one| one.endpoint.as_str())
            .collect();
        assert_eq!(told, ["+4930123456"]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_takes_away_it_goes_on() {
    let repair = Repair::repaired().await;
    repair.others_watch(&["nacl-changes", "vpc-changes"]);
    repair.swept().await;
    let plan = repair.gc(&[]).await;
    assert_eq!(plan.steps().len(), 6);
    let mut cuts = 0;
    for boundary in [2, 3, 4, 3, 3, 3, 3, 3] {
        let flags = ["--without-verification", "--resume", "--end-at-boundary"];
        let number = boundary.to_string();
        let skip = usize::from(cuts == 0);
        let mut flags = flags.to_vec();
        if skip == 1 {
            flags.retain(|flag| *flag != "--resume");
        }
        flags.push(&number);
        let cut = repair.apply(&plan, &flags).await;
        if cut.code == Some(0) {
            break;
        }
        assert_eq!(cut.code, None, "{cut}");
        cuts += 1;
    }
    assert!(cuts > 3, "{cuts} cuts");
    let told = repair
        .apply(&plan, &["--without-verification", "--resume"])
        .await
        .with_code(0)
        .json();
    assert_eq!(told["state"], "finished", "{told}");
    repair.in_region(|region| {
        assert_eq!(of_orgsweep(region), [""; 0]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_use_or_have_changed_stays() {
    let repair = Repair::repaired().await;
    repair.others_watch(&["nacl-changes", "vpc-changes"]);
    // An alarm of somebody's that no finding is about acts on the topic that orgsweep made.
    repair.in_region(|region| {
        let mut alarm = region.metric_alarms["orgsweep-vpc-changes"].clone();
        let metric = alarm.metric.as_mut().expect("it watches a metric");
        metric.namespace = "Shop".to_owned();
        metric.name = "orders".to_owned();
        alarm.arn = alarm.arn.replace("orgsweep-vpc-changes", "orders");
        region.metric_alarms.insert("orders".to_owned(), alarm);
    });
    repair.swept().await;
    let plan = repair.gc(&[]).await;
    let alone = repair.state();
    let mut subscriptions = 0;
    repair.in_region(|region| {
        subscriptions = region.subscriptions.len();
        let alarm = region.metric_alarms.get_mut("orgsweep-nacl-changes");
        alarm.expect("it is there").threshold = Some(5.0);
    });
    let told = repair.apply(&plan, &[]).await.with_code(1).json();
    let account = &told["accounts"][0];
    assert_eq!(account["state"], "drifted", "{told}");
    assert!(
        account["message"]
            .as_str()
            .is_some_and(|words| words.contains("is not as the run that made it left it")),
        "{account}"
    );
    repair.in_region(|region| {
        let alarm = region.metric_alarms.get_mut("orgsweep-nacl-changes");
        alarm.expect("it is there still").threshold = Some(1.0);
    });
    assert_eq!(repair.changes_since(&alone), [""; 0]);

    let told = repair.apply(&plan, &["--resume"]).await.with_code(1).json();
    let words = told["accounts"][0]["message"].as_str().unwrap_or_default();
    assert!(words.contains("alarm `orders` notifies topic"), "{told}");
    repair.in_region(|region| {
        assert!(!region.metric_alarms.contains_key("orgsweep-nacl-changes"));
        assert!(
            region
                .topics
                .keys()
                .any(|arn| arn.ends_with("orgsweep-alarms"))
        );
        assert_eq!(
            region.subscriptions.len(),
            subscriptions,
            "nobody lost a subscription"
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_orgsweep_did_not_make_is_never_listed() {
    let repair = Repair::repaired().await;
    repair.others_watch(&["nacl-changes"]);
    // Made by hand, under orgsweep's name and tags: no run of this database made it.
    repair.in_region(|region| {
        let alarm = region.metric_alarms["orgsweep-vpc-changes"].clone();
        let mut double = alarm;
        double.arn = double.arn.replace("vpc-changes", "vpc-changes-2");
        region
            .metric_alarms
            .insert("orgsweep-vpc-changes-2".to_owned(), double);
    });
    repair.swept().await;
    let plan = repair.gc(&["--account", SHOP]).await;
    let names: Vec<Value> = plan
        .steps()
        .iter()
        .map(|step| step["resource"].clone())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string().contains("vpc-changes-2")),
        "{names:#?}"
    );
    assert!(!names.is_empty(), "what is not needed is listed");
}
