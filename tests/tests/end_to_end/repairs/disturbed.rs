//! Steps that are denied or throttled, and accounts in which somebody changed something
//! since the plan was made: nothing of anybody's is overwritten or deleted.

use std::time::Duration;

use orgsim::Fault;
use orgsweep_tests::{Installation, until};

use super::{NOTHING_THERE, Repair, SHOP, TWO, findings, run_id};

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_step_names_the_permission_and_is_tried_again_on_request() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.when(SHOP, "cloudwatch", "PutMetricAlarm", Fault::Denied);
    let failed = repair.apply(&plan, &[]).await.with_code(1);
    let told = failed.json();
    assert_eq!(told["state"], "failed", "{told}");
    assert!(
        failed
            .stderr
            .contains("`cloudwatch:PutMetricAlarm` was denied"),
        "{failed}"
    );
    // The other alarm was in hand already, or was not begun.
    let failed_steps = told["step_states"]["failed"].as_u64();
    assert!(matches!(failed_steps, Some(1 | 2)), "{told}");

    repair.simulated.forget_faults();
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_cannot_be_read_back_was_made_all_the_same() {
    let repair = Repair::of(NOTHING_THERE).await;
    let before = repair.state();
    let plan = repair.planned(TWO).await;
    let delay = Duration::from_secs(2);
    repair.when(SHOP, "sns", "CreateTopic", Fault::Latency { delay });
    repair.simulated.forget_calls();
    let running = repair.applying(&plan);
    until("the topic, whose answer takes its time", || {
        let calls = repair.simulated.calls();
        let there = calls.iter().any(|call| call.operation == "CreateTopic");
        async move { there.then_some(()) }
    })
    .await;
    repair.when(SHOP, "sns", "GetTopicAttributes", Fault::Denied);
    let failed = running.end().await.with_code(1);
    let failed = failed.saying(&["`sns:GetTopicAttributes` was denied"]);
    let told = failed.json();
    assert_eq!(told["step_states"]["started"], 1, "{told}");

    repair.simulated.forget_faults();
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
    assert_eq!(told["step_states"]["done"], plan.steps().len(), "{told}");
    repair
        .undo(run_id(&told), &plan, &["--without-verification"])
        .await
        .with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_writes_are_waited_out() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let twice = || Fault::Throttle { times: Some(2) };
    repair.when(SHOP, "logs", "PutMetricFilter", twice());
    repair.when(SHOP, "sns", "CreateTopic", twice());
    repair.when(
        SHOP,
        "cloudwatch",
        "PutMetricAlarm",
        Fault::Status503 { times: Some(1) },
    );
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_log_group_is_no_throttle() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    // Somebody fills the group after the plan was made.
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        for group in region.log_groups.values_mut() {
            let filter = orgsim::MetricFilter {
                pattern: "never".to_owned(),
                transformations: Vec::new(),
                created: chrono::Utc::now(),
                on_transformed_logs: false,
                field_selection: None,
                system_field_dimensions: Vec::new(),
            };
            for number in 0..100 {
                group
                    .filters
                    .insert(format!("theirs-{number}"), filter.clone());
            }
        }
    });
    repair.simulated.forget_calls();
    let failed = repair.apply(&plan, &[]).await.with_code(1);
    failed.saying(&["LimitExceededException", "delete filters that nobody needs"]);
    let tries = repair
        .simulated
        .calls()
        .iter()
        .filter(|call| call.operation == "PutMetricFilter")
        .count();
    assert_eq!(tries, 1, "it is final");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_full_of_topics_stops_before_anything_builds_upon_a_new_one() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        let topic = orgsim::Topic::default();
        for number in 0..100_000 {
            let arn = format!("arn:aws:sns:us-east-1:{SHOP}:theirs-{number}");
            region.topics.insert(arn, topic.clone());
        }
    });
    let before = repair.state();
    repair.simulated.forget_calls();
    let failed = repair.apply(&plan, &[]).await.with_code(1);
    let failed = failed.saying(&[
        "TopicLimitExceeded",
        "delete topics that nobody needs, or have the quota raised",
        "`apply --resume` goes on",
    ]);
    let told = failed.json();
    assert_eq!(told["accounts"][0]["state"], "failed", "{told}");
    assert_eq!(told["step_states"]["failed"], 1, "{told}");
    let calls = repair.simulated.calls();
    let writes: Vec<&str> = calls
        .iter()
        .map(|call| call.operation.as_str())
        .filter(|operation| {
            ["Create", "Put", "Subscribe"]
                .iter()
                .any(|verb| operation.starts_with(verb))
        })
        .collect();
    assert_eq!(writes, ["CreateTopic"], "it is final, and nothing follows");
    assert_eq!(
        repair.changes_since(&before),
        [""; 0],
        "nothing is half done"
    );

    // Once there is room, the run goes on.
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        region.topics.retain(|arn, _| !arn.contains(":theirs-"));
    });
    let told = repair.apply(&plan, &["--resume"]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_took_meanwhile_is_left_alone() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        let topic = format!("arn:aws:sns:us-east-1:{SHOP}:orgsweep-alarms");
        region.topics.insert(topic, orgsim::Topic::default());
    });
    let before = repair.state();
    let drifted = repair.apply(&plan, &[]).await.with_code(1);
    let told = drifted.json();
    assert_eq!(told["accounts"][0]["state"], "drifted", "{told}");
    assert!(
        drifted.stderr.contains("exists now, and no plan made it"),
        "{drifted}"
    );
    assert_eq!(
        repair.changes_since(&before),
        [""; 0],
        "nothing was written"
    );
    // Plans made from what is there now fit again.
    repair.installation.run(&["sweep"]).await.with_code(0);
}

/// What a run leaves behind is used by the next plan: alarms that wait for their filters, and
/// the topic that all controls share, though no alarm acts on it any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_an_earlier_repair_is_used_again() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.apply(&plan, &[]).await.with_code(0);
    let change = |alarms_too: bool| {
        repair.simulated.change(SHOP, move |state| {
            let region = state.regions.get_mut("us-east-1").expect("the Region");
            for group in region.log_groups.values_mut() {
                group.filters.clear();
            }
            if alarms_too {
                region.metric_alarms.clear();
                region.tags.retain(|arn, _| !arn.contains(":alarm:"));
            }
        });
    };

    change(false);
    repair.installation.run(&["sweep"]).await.with_code(0);
    let plan = repair.planned(TWO).await;
    assert_eq!(plan.kinds(), ["put_metric_filter"; 2], "{}", plan.document);
    let before = repair.state();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
    let run = run_id(&told).to_owned();
    repair.undo(&run, &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);

    change(true);
    repair.installation.run(&["sweep"]).await.with_code(0);
    let plan = repair.planned(TWO).await;
    let before = repair.state();
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    assert_eq!(findings(&told, "verified"), 2, "{told}");
    assert_eq!(
        told["step_states"]["skipped"], 2,
        "topic, subscription: {told}"
    );
    // The topic was not made by this run, and stays.
    let run = run_id(&told).to_owned();
    repair.undo(&run, &plan, &[]).await.with_code(0);
    assert_eq!(repair.changes_since(&before), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_under_its_feet_stops_the_account() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        region.log_groups.clear();
    });
    let drifted = repair.apply(&plan, &[]).await.with_code(1);
    assert!(
        drifted.stderr.contains("does not exist any more"),
        "{drifted}"
    );
    let told = drifted.json();
    assert_eq!(told["step_states"]["drifted"], 1, "{told}");
    // What was done before can be taken back.
    repair.undo(run_id(&told), &plan, &[]).await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_leaves_alone_what_somebody_changed_since() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        let alarm = region
            .metric_alarms
            .get_mut("orgsweep-vpc-changes")
            .expect("it was made");
        alarm.threshold = Some(5.0);
    });
    let before = repair.state();
    let stopped = repair.undo(run_id(&told), &plan, &[]).await.with_code(1);
    assert!(
        stopped
            .stderr
            .contains("is not as the run left it any more"),
        "{stopped}"
    );
    assert!(
        repair.changes_since(&before).is_empty(),
        "the changed alarm came first and stops the account: {:?}",
        repair.changes_since(&before)
    );

    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        let alarm = region
            .metric_alarms
            .get_mut("orgsweep-vpc-changes")
            .expect("it was made");
        alarm.threshold = Some(1.0);
    });
    repair.undo(run_id(&told), &plan, &[]).await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_to_which_somebody_subscribed_is_not_deleted() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let told = repair.apply(&plan, &[]).await.with_code(0).json();
    let topic = format!("arn:aws:sns:us-east-1:{SHOP}:orgsweep-alarms");
    repair.simulated.change(SHOP, |state| {
        let region = state.regions.get_mut("us-east-1").expect("the Region");
        region.subscriptions.push(orgsim::Subscription {
            arn: format!("{topic}:11111111-0000-4000-8000-000000000000"),
            topic_arn: topic.clone(),
            protocol: "email".to_owned(),
            endpoint: "them@example.com".to_owned(),
            owner: SHOP.to_owned(),
            confirmation: orgsim::Confirmation::Confirmed,
            attributes: std::collections::BTreeMap::new(),
        });
    });
    let stopped = repair.undo(run_id(&told), &plan, &[]).await.with_code(1);
    assert!(stopped.stderr.contains("somebody subscribed"), "{stopped}");
    let there = repair.state().accounts.iter().any(|account| {
        account.id == SHOP && account.regions["us-east-1"].topics.contains_key(&topic)
    });
    assert!(there, "the topic stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_cannot_be_assumed_fails_the_account_and_says_what_to_check() {
    let repair = Repair::of(NOTHING_THERE).await;
    let plan = repair.planned(TWO).await;
    let failed = repair
        .installation
        .run(&[
            "remediate",
            "apply",
            &plan.id,
            "--digest",
            &plan.digest,
            "--role-name",
            "NoSuchRole",
            "--format",
            "json",
        ])
        .await
        .with_code(1);
    assert!(failed.stderr.contains("cannot be assumed"), "{failed}");
    assert_eq!(failed.json()["accounts"][0]["state"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn repairs_wait_and_try_again_as_the_configuration_file_says() {
    let installation = Installation::on_server().await.with_configuration(
        "[aws]\ncall_timeout = \"2s\"\ncall_deadline = \"5s\"\nmax_attempts = 1\n",
    );
    let repair = Repair::at(NOTHING_THERE, installation).await;
    let plan = repair.planned(TWO).await;
    repair.when(SHOP, "sns", "GetTopicAttributes", Fault::Hang);
    repair.simulated.forget_calls();
    let failed = repair.apply(&plan, &[]).await.with_code(1);
    failed.saying(&["`sns:GetTopicAttributes` did not answer in time"]);
    let tries = repair
        .simulated
        .calls()
        .iter()
        .filter(|call| call.operation == "GetTopicAttributes")
        .count();
    assert_eq!(tries, 1, "one attempt, as it says");
}
