//! What a plan shares, where it puts things, whom it asks, and what it leaves out.

use orgsweep_controls::snapshot::{Alarms, MetricAlarm, MetricQuery, MonitoringAccount};
use orgsweep_controls::{AccountSnapshot, Call, Known, Reason, Region, Verdict};
use orgsweep_remediator::{PlanOptions, Strategy};

use crate::estate::{Estate, kinds, options, target};
use crate::support::{
    HOME, MEMBER, OTHER, account, alarm, alarms, arn, bare, control, filter, filters, first_alarm,
    healthy, other_regions_are_empty, pattern, recorded, s3, status, subscriptions, topic_arn,
    trails,
};

#[test]
fn all_controls_of_an_account_share_one_topic_and_one_subscription() {
    let estate = Estate::of([recorded(MEMBER)]);
    let failing = estate.failing();
    assert!(failing.len() >= 14, "{}", failing.len());
    let plan = estate.plan(&failing, &options());
    let count = |kind: &str| {
        plan.steps
            .iter()
            .filter(|step| step.action.kind() == kind)
            .count()
    };
    assert_eq!((count("create_topic"), count("subscribe")), (1, 1));
    assert_eq!(
        (count("put_metric_filter"), count("put_alarm")),
        (failing.len(), failing.len())
    );
    assert_eq!(kinds(&plan).1, ["confirm_subscription"]);
    assert!(estate.after(&plan).failing().is_empty());
    assert_eq!(plan.repairs.len(), failing.len());
    for repair in &plan.repairs {
        assert_eq!(
            (repair.steps.len(), repair.human_steps.len()),
            (4, 1),
            "{repair:?}"
        );
    }
}

#[test]
fn an_alarm_that_waits_for_the_controls_filter_gets_it() {
    for (alarm_name, metric, steps) in [
        (
            "cis-3.8",
            "S3BucketPolicyChanges",
            vec!["put_metric_filter"],
        ),
        ("s3-bucket-policy", "m", vec!["put_metric_filter"]),
        // It may be about anything.
        (
            "orders",
            "OrdersFailed",
            vec!["put_metric_filter", "put_alarm"],
        ),
        // It is about another control.
        (
            "cis-3.14",
            "VPCChanges",
            vec!["put_metric_filter", "put_alarm"],
        ),
    ] {
        let mut waiting = healthy(MEMBER);
        filters(&mut waiting).clear();
        let alarms = alarms(&mut waiting);
        alarms.metric = vec![alarm(MEMBER, alarm_name)];
        alarms.metric[0].metric.as_mut().unwrap().name = metric.to_owned();
        let estate = Estate::of([waiting]);
        let plan = estate.plan(&target(MEMBER, &s3()), &options());
        assert_eq!(kinds(&plan), (steps, vec![]), "{alarm_name}");
        let after = estate.after(&plan);
        assert_eq!(after.finding(MEMBER, &s3()).verdict, Verdict::Pass);
    }
}

#[test]
fn an_alarm_that_waits_and_would_not_ring_is_left_as_it_is() {
    let mut waiting = healthy(MEMBER);
    filters(&mut waiting).clear();
    let alarms = alarms(&mut waiting);
    alarms.metric = vec![alarm(MEMBER, "s3-bucket-policy")];
    alarms.metric[0].threshold = Some(10.0);
    let estate = Estate::of([waiting]);
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    assert_eq!(
        kinds(&plan),
        (vec!["put_metric_filter", "put_alarm"], vec![])
    );
    assert!(estate.after(&plan).failing().len() < estate.failing().len());
}

#[test]
fn changes_to_trails_are_done_by_hand_unless_allowed() {
    let mut broken = healthy(MEMBER);
    status(&mut broken).logging = false;
    let estate = Estate::of([broken]);
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    assert_eq!(kinds(&plan), (vec![], vec!["change_trail"]));
    let command = plan.human_steps[0].command.as_deref().unwrap();
    assert!(
        command.starts_with("aws cloudtrail start-logging"),
        "{command}"
    );
}

#[test]
fn what_no_step_repairs_is_left_out_with_what_a_person_can_do() {
    let mut empty = bare(MEMBER);
    other_regions_are_empty(&mut empty);
    let mut full = healthy(OTHER);
    filters(&mut full).clear();
    for number in 0..100 {
        filters(&mut full).push(filter(&format!("f{number:03}"), "{ $.a = b }"));
    }
    let estate = Estate::of([empty, full]);
    for (id, human) in [(MEMBER, "create_trail"), (OTHER, "make_room_for_filter")] {
        let plan = estate.plan(&target(id, &s3()), &options());
        assert_eq!(kinds(&plan), (vec![], vec![human]));
        assert_eq!(plan.left_out[0].why, "no_repair");
    }
}

#[test]
fn what_is_not_failing_is_left_out_and_named() {
    let estate = Estate::of([healthy(MEMBER)]);
    for (id, slug, why) in [
        (MEMBER, "s3-bucket-policy-changes", "passes_already"),
        (OTHER, "s3-bucket-policy-changes", "not_read"),
        (MEMBER, "no-such-control", "unknown_control"),
        (MEMBER, "organizations-changes", "not_applicable"),
    ] {
        let plan = estate.plan(&target(id, &control(slug)), &options());
        assert_eq!(plan.left_out[0].why, why);
        assert!(plan.is_empty());
    }
}

#[test]
fn names_that_somebody_has_taken_are_not_overwritten() {
    let mut broken = recorded(MEMBER);
    let taken = format!("orgsweep-{}", s3());
    filters(&mut broken).push(filter(&taken, "{ $.eventName = Other }"));
    alarms(&mut broken).metric.push(alarm(MEMBER, &taken));
    let estate = Estate::of([broken]);
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    let resources: Vec<&str> = plan
        .steps
        .iter()
        .map(|step| step.resource.as_str())
        .collect();
    for kind in ["metric-filter", "alarm"] {
        let wanted = format!("{kind}:{taken}-2");
        assert!(
            resources.iter().any(|resource| resource.ends_with(&wanted)),
            "{resources:?}"
        );
    }
}

#[test]
fn a_queue_of_the_account_needs_nobodys_consent() {
    let mut broken = healthy(MEMBER);
    subscriptions(&mut broken).clear();
    let estate = Estate::of([broken]);
    let queue = format!("sqs:{}", arn("sqs", MEMBER, "alerts"));
    let chosen = PlanOptions {
        endpoints: vec![queue.parse().unwrap()],
        ..PlanOptions::default()
    };
    let plan = estate.plan(&target(MEMBER, &s3()), &chosen);
    assert_eq!(kinds(&plan), (vec!["subscribe"], vec!["allow_delivery"]));
}

#[test]
fn several_who_are_told_are_steps_of_every_finding() {
    let mut silent = healthy(MEMBER);
    subscriptions(&mut silent).clear();
    let mut gone = healthy(OTHER);
    let topic = topic_arn(OTHER);
    gone.topics.insert(
        topic,
        Known::read(None, Call::new("sns", "GetTopicAttributes", None)),
    );
    let estate = Estate::of([silent, gone]);
    let chosen = PlanOptions {
        endpoints: vec![
            "email:a@example.com".parse().unwrap(),
            "email:b@example.com".parse().unwrap(),
        ],
        ..PlanOptions::default()
    };
    let both = vec!["confirm_subscription"; 2];
    for (id, steps) in [
        (MEMBER, vec!["subscribe", "subscribe"]),
        (OTHER, vec!["create_topic", "subscribe", "subscribe"]),
    ] {
        let plan = estate.plan(&target(id, &s3()), &chosen);
        let [repair] = &plan.repairs[..] else {
            panic!("{:?}", plan.left_out)
        };
        assert_eq!(
            (repair.steps.len(), repair.human_steps.len()),
            (steps.len(), 2),
            "{id}"
        );
        assert_eq!(kinds(&plan), (steps, both.clone()));
    }
}

#[test]
fn a_filter_that_cannot_be_parsed_leaves_its_alarm_to_the_one_beside_it() {
    let mut broken = healthy(MEMBER);
    filters(&mut broken)[0].pattern = "{ $.eventName = PutBucketPolicy || }".to_owned();
    let estate = Estate::of([broken]);
    assert_eq!(estate.finding(MEMBER, &s3()).reason, Reason::FilterInvalid);
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    assert_eq!(kinds(&plan), (vec!["put_metric_filter"], vec![]));
    assert_eq!(plan.monthly_cost_usd.to_string(), "$0.00");
}

#[test]
fn where_a_strategy_finds_no_trail_the_other_one_is_named() {
    let estate = Estate::of([recorded(MEMBER)]);
    let central = PlanOptions {
        strategy: Strategy::Central,
        ..options()
    };
    let plan = estate.plan(&target(MEMBER, &s3()), &central);
    assert_eq!(kinds(&plan), (vec![], vec![]));
    assert_eq!(plan.left_out[0].why, "other_strategy");
    assert!(
        plan.left_out[0].text.contains("`--strategy local`"),
        "{}",
        plan.left_out[0].text
    );
}

#[test]
fn without_anybody_to_tell_a_person_has_to_choose() {
    let estate = Estate::of([recorded(MEMBER)]);
    let plan = estate.plan(&target(MEMBER, &s3()), &PlanOptions::default());
    assert_eq!(
        kinds(&plan),
        (
            vec!["create_topic", "put_metric_filter", "put_alarm"],
            vec!["choose_subscriber"]
        )
    );
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let estate = Estate::of([recorded(MEMBER), recorded(OTHER)]);
    let failing = estate.failing();
    let first = estate.plan(&failing, &options());
    let second = estate.plan(&failing, &options());
    assert_eq!(first.to_json(), second.to_json());
    assert!(first.is_intact());
    let mut changed = first.clone();
    changed.steps[0].command.push_str(" --dry-run");
    assert!(!changed.is_intact());
}

#[test]
fn a_pattern_that_was_put_is_the_catalogs() {
    let estate = Estate::of([recorded(MEMBER)]);
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    let put = plan
        .steps
        .iter()
        .find(|step| step.action.kind() == "put_metric_filter")
        .unwrap();
    assert!(put.command.contains(&pattern(&s3())), "{}", put.command);
    assert_eq!(put.account_id, account(MEMBER));
}

#[test]
fn what_a_monitoring_account_has_is_left_as_it_is_and_its_alarm_gets_one_beside_it() {
    type Damage = fn(&mut MetricAlarm);
    let broken: [(&str, Damage); 3] = [
        ("alarm_needs_more_events", |alarm| {
            alarm.threshold = Some(10.0);
        }),
        ("alarm_actions_disabled", |alarm| {
            alarm.actions_enabled = false;
        }),
        ("alarm_no_action", |alarm| alarm.alarm_actions.clear()),
    ];
    for (reason, damage) in broken {
        let mut member = healthy(MEMBER);
        watched_by(OTHER, &mut member);
        damage(their_alarm(&mut member));
        let estate = Estate::of([member, recorded(OTHER)]);
        let finding = estate.finding(MEMBER, &s3());
        assert_eq!(finding.reason.as_str(), reason, "{}", finding.summary);
        let plan = estate.plan(&target(MEMBER, &s3()), &options());
        assert_eq!(kinds(&plan).0, ["put_alarm"], "{reason}");
        assert!(
            plan.steps
                .iter()
                .all(|step| step.account_id == account(MEMBER)),
            "{reason}"
        );
        let after = estate.after(&plan).finding(MEMBER, &s3());
        assert_eq!(after.verdict, Verdict::Pass, "{reason}: {}", after.summary);
    }
}

/// Moves the account's alarm into a monitoring account; its topic stays in sight of another alarm.
fn watched_by(monitoring: &str, snapshot: &mut AccountSnapshot) {
    let mut moved = first_alarm(snapshot).clone();
    moved.arn = arn("cloudwatch", monitoring, &format!("alarm:{}", moved.name));
    moved.queries = vec![MetricQuery {
        id: "m1".to_owned(),
        metric: moved.metric.take(),
        expression: None,
        period: None,
        return_data: true,
        account: Some(snapshot.account.to_string()),
    }];
    alarms(snapshot).metric = vec![alarm(snapshot.account.as_str(), "other")];
    let home: Region = HOME.parse().unwrap();
    let call = |service, operation| Call::new(service, operation, Some(home.clone()));
    let theirs = Alarms {
        metric: vec![moved],
        mute_rules: Some(Known::read(
            Vec::new(),
            call("cloudwatch", "ListAlarmMuteRules"),
        )),
        ..Alarms::default()
    };
    let accounts = [(
        account(monitoring),
        MonitoringAccount {
            metric_filter: Known::read(None, call("oam", "GetLink")),
            alarms: Known::read(theirs, call("cloudwatch", "DescribeAlarms")),
        },
    )];
    let accounts = Known::read(accounts.into(), call("oam", "ListLinks"));
    snapshot.monitoring.insert(home.clone(), accounts);
}

fn their_alarm(snapshot: &mut AccountSnapshot) -> &mut MetricAlarm {
    let accounts = snapshot.monitoring.values_mut().next().unwrap();
    let Known::Read { value, .. } = accounts else {
        panic!("fixture")
    };
    let theirs = value.values_mut().next().unwrap();
    let Known::Read { value, .. } = &mut theirs.alarms else {
        panic!("fixture")
    };
    &mut value.metric[0]
}

/// A step that cannot be done before a person has made what it needs would stop the account.
#[test]
fn a_filter_on_a_group_that_a_person_has_to_make_is_that_persons_too() {
    let mut without_group = healthy(MEMBER);
    trails(&mut without_group)[0].log_group = None;
    other_regions_are_empty(&mut without_group);
    without_group.log_groups.clear();
    without_group.alarms.clear();
    without_group.topics.clear();
    let estate = Estate::of([without_group]);
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    let (steps, human_steps) = kinds(&plan);
    assert_eq!(steps, ["create_topic", "subscribe", "put_alarm"]);
    assert_eq!(
        human_steps,
        [
            "change_trail",
            "change_trail",
            "change_trail",
            "change_trail",
            "confirm_subscription"
        ]
    );
    let filter = plan.human_steps.iter().find(|step| {
        let command = step.command.as_deref().unwrap_or_default();
        command.contains("put-metric-filter")
    });
    assert!(filter.is_some_and(|step| step.text.contains("once the log group is there")));
    let allowed = PlanOptions {
        allow_trail_changes: true,
        ..options()
    };
    let (steps, _) = kinds(&estate.plan(&target(MEMBER, &s3()), &allowed));
    assert!(steps.contains(&"put_metric_filter"), "{steps:?}");
}
