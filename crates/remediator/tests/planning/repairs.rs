//! For every reason that has a repair: the finding fails for that reason, the
//! plan holds these steps, and with them it passes. Each row is one account.

use std::collections::BTreeSet;

use crate::support::{
    Estate, HOME, MANAGEMENT, MEMBER, OTHER, account, alarms, arn, bare, filter, filters,
    first_alarm, first_topic, group_facts, healthy, management, member_of_organization, options,
    pattern, recorded, s3, selectors, status, subscriptions, target, topic_arn, trails,
};
use orgsweep_controls::snapshot::{EventSelectors, Key, SubscriptionState};
use orgsweep_controls::{AccountSnapshot, Call, Known, Reason, Verdict};
use orgsweep_remediator::{Plan, PlanOptions, Strategy};

/// The kinds of the plan's steps and human steps, in order.
fn kinds(plan: &Plan) -> (Vec<&'static str>, Vec<&'static str>) {
    (
        plan.steps.iter().map(|step| step.action.kind()).collect(),
        plan.human_steps
            .iter()
            .map(|human| human.act.kind())
            .collect(),
    )
}

struct Row {
    reason: Reason,
    broken: AccountSnapshot,
    steps: &'static [&'static str],
    human_steps: &'static [&'static str],
}

fn row(
    reason: Reason,
    steps: &'static [&'static str],
    human_steps: &'static [&'static str],
    damage: fn(&mut AccountSnapshot),
) -> Row {
    let mut broken = healthy(MEMBER);
    damage(&mut broken);
    Row {
        reason,
        broken,
        steps,
        human_steps,
    }
}

fn rows() -> Vec<Row> {
    vec![
        row(
            Reason::NoFilter,
            &["put_metric_filter", "put_alarm"],
            &[],
            |a| {
                filters(a).clear();
            },
        ),
        row(
            Reason::FilterDoesNotCover,
            &["put_metric_filter"],
            &[],
            |a| {
                filters(a)[0].pattern =
                    "{ ($.eventSource = s3.amazonaws.com) && ($.eventName = PutBucketPolicy) }"
                        .to_owned();
            },
        ),
        row(
            Reason::FilterOnTransformedLogs,
            &["put_metric_filter"],
            &[],
            |a| {
                filters(a)[0].on_transformed_logs = true;
            },
        ),
        row(
            Reason::FilterFieldSelection,
            &["put_metric_filter"],
            &[],
            |a| {
                filters(a)[0].field_selection = Some(format!("@aws.account = \"{OTHER}\""));
            },
        ),
        row(Reason::NoAlarm, &["put_alarm"], &[], |a| {
            alarms(a).metric.clear();
            // Another alarm keeps the topic in sight.
            alarms(a)
                .metric
                .push(crate::support::alarm(MEMBER, "other"));
        }),
        row(Reason::AlarmWrongMetric, &["put_alarm"], &[], |a| {
            first_alarm(a).metric.as_mut().unwrap().namespace = "Elsewhere".to_owned();
        }),
        row(Reason::AlarmNeverFires, &["put_alarm"], &[], |a| {
            first_alarm(a).comparison = Some("LessThanThreshold".to_owned());
            first_alarm(a).threshold = Some(-1.0);
        }),
        row(Reason::AlarmNeedsMoreEvents, &["put_alarm"], &[], |a| {
            first_alarm(a).threshold = Some(10.0);
        }),
        row(Reason::AlarmFiresOnce, &["put_alarm"], &[], |a| {
            first_alarm(a).treat_missing_data = Some("ignore".to_owned());
        }),
        row(
            Reason::AlarmActionsDisabled,
            &["enable_alarm_actions"],
            &[],
            |a| {
                first_alarm(a).actions_enabled = false;
            },
        ),
        row(Reason::AlarmNoAction, &["add_alarm_action"], &[], |a| {
            first_alarm(a).alarm_actions.clear();
        }),
        row(
            Reason::ActionNotNotifying,
            &["add_alarm_action"],
            &[],
            |a| {
                first_alarm(a).alarm_actions =
                    vec!["arn:aws:automate:eu-west-1:ec2:stop".to_owned()];
            },
        ),
        row(Reason::ActionWrongPlace, &["put_alarm"], &[], |a| {
            let elsewhere = topic_arn(MEMBER).as_str().replace(HOME, "us-east-1");
            first_alarm(a).alarm_actions = vec![elsewhere];
        }),
        row(
            Reason::TopicMissing,
            &["create_topic", "subscribe"],
            &["confirm_subscription"],
            |a| {
                let call = Call::new("sns", "GetTopicAttributes", Some(HOME.parse().unwrap()));
                a.topics.insert(topic_arn(MEMBER), Known::read(None, call));
            },
        ),
        row(
            Reason::TopicPolicyDenies,
            &["allow_cloud_watch"],
            &[],
            |a| {
                first_topic(a).policy = Some(
                r#"{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Allow",
                "Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sns:Publish","Resource":"*"}]}"#
                    .to_owned(),
            );
            },
        ),
        row(
            Reason::TopicKeyDenies,
            &[],
            &["allow_cloud_watch_in_key"],
            |a| {
                first_topic(a).kms_key = Some("alias/mine".to_owned());
                let call = || Call::new("kms", "DescribeKey", Some(HOME.parse().unwrap()));
                let key = Key {
                    arn: arn("kms", MEMBER, "key/5f"),
                    state: "Enabled".to_owned(),
                    manager: "CUSTOMER".to_owned(),
                    policy: Known::read(Some(r#"{"Statement":[]}"#.to_owned()), call()),
                };
                a.keys.insert(
                    "eu-west-1/alias/mine".to_owned(),
                    Known::read(Some(key), call()),
                );
            },
        ),
        row(
            Reason::NoSubscription,
            &["subscribe"],
            &["confirm_subscription"],
            |a| subscriptions(a).clear(),
        ),
        row(
            Reason::SubscriptionPending,
            &[],
            &["confirm_subscription"],
            |a| {
                subscriptions(a)[0].state = SubscriptionState::Pending;
            },
        ),
        row(Reason::TrailNotLogging, &["start_logging"], &[], |a| {
            status(a).logging = false;
        }),
        row(
            Reason::TrailNotMultiRegion,
            &["make_trail_multi_region"],
            &[],
            |a| {
                trails(a)[0].multi_region = false;
                other_regions_are_empty(a);
            },
        ),
        row(Reason::TrailDeliveryFails, &[], &["repair_delivery"], |a| {
            status(a).delivery_error = Some("Access denied".to_owned());
        }),
        row(
            Reason::TrailSelectorsExclude,
            &[],
            &["record_management_events"],
            |a| {
                let EventSelectors::Basic(basic) = selectors(a) else {
                    panic!("fixture")
                };
                basic[0].read_write_type = "ReadOnly".to_owned();
            },
        ),
        row(
            Reason::NoLogGroup,
            &[
                "create_log_group",
                "create_delivery_role",
                "connect_log_group",
                "create_topic",
                "subscribe",
                "put_metric_filter",
                "put_alarm",
            ],
            &["confirm_subscription"],
            |a| {
                trails(a)[0].log_group = None;
                other_regions_are_empty(a);
                a.log_groups.clear();
                a.alarms.clear();
                a.topics.clear();
            },
        ),
        row(
            Reason::LogGroupMissing,
            &["create_log_group", "put_metric_filter", "put_alarm"],
            &[],
            |a| {
                *group_facts(a) = None;
                filters(a).clear();
            },
        ),
    ]
}

/// What a collector does when no multi-Region trail with a log group is in sight.
fn other_regions_are_empty(snapshot: &mut AccountSnapshot) {
    for region in ["eu-central-1", "us-east-1"] {
        let region: orgsweep_controls::Region = region.parse().unwrap();
        let call = Call::new("cloudtrail", "DescribeTrails", Some(region.clone()));
        snapshot
            .trails
            .insert(region, Known::read(Vec::new(), call));
    }
}

fn all_options() -> PlanOptions {
    PlanOptions {
        allow_trail_changes: true,
        ..options()
    }
}

#[test]
fn every_reason_is_repaired_with_these_steps() {
    for row in rows() {
        let estate = Estate::of([row.broken]);
        let finding = estate.finding(MEMBER, &s3());
        assert_eq!(
            (finding.verdict, finding.reason),
            (Verdict::Fail, row.reason),
            "{}",
            finding.summary
        );
        let plan = estate.plan(&target(MEMBER, &s3()), &all_options());
        assert_eq!(
            kinds(&plan),
            (row.steps.to_vec(), row.human_steps.to_vec()),
            "{}",
            row.reason
        );
        let after = estate.after(&plan).finding(MEMBER, &s3());
        assert_eq!(
            after.verdict,
            Verdict::Pass,
            "{}: {}",
            row.reason,
            after.summary
        );
        assert!(plan.left_out.is_empty(), "{}", row.reason);
    }
}

#[test]
fn planning_what_was_repaired_gives_an_empty_plan() {
    for row in rows() {
        let estate = Estate::of([row.broken]);
        let plan = estate.plan(&target(MEMBER, &s3()), &all_options());
        let again = estate
            .after(&plan)
            .plan(&target(MEMBER, &s3()), &all_options());
        assert!(again.is_empty(), "{}", row.reason);
        assert_eq!(again.left_out[0].why, "passes_already");
    }
}

#[test]
fn no_step_of_a_plan_can_be_spared() {
    for row in rows() {
        let estate = Estate::of([row.broken]);
        let plan = estate.plan(&target(MEMBER, &s3()), &all_options());
        for spared in &plan.steps {
            let mut without = plan.clone();
            without.steps.retain(|step| step.number != spared.number);
            if spared.action.kind() == "create_delivery_role" {
                continue; // A snapshot does not show roles.
            }
            // Those who would confirm a subscription that is not made confirm nothing.
            let after = estate.after(&without).finding(MEMBER, &s3());
            assert_ne!(
                after.verdict,
                Verdict::Pass,
                "{} without {}",
                row.reason,
                spared.effect
            );
        }
    }
}

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
fn behind_an_organization_trail_one_chain_repairs_every_member() {
    let estate = Estate::of([
        management(recorded(MANAGEMENT)),
        member_of_organization(MEMBER),
        member_of_organization(OTHER),
    ]);
    let targets: BTreeSet<_> = [MEMBER, OTHER].map(|id| (account(id), s3())).into();
    let plan = estate.plan(&targets, &options());
    let steps = [
        "create_topic",
        "subscribe",
        "put_metric_filter",
        "put_alarm",
    ];
    assert_eq!(kinds(&plan).0, steps);
    assert!(
        plan.steps
            .iter()
            .all(|step| step.account_id == account(MANAGEMENT))
    );
    assert!(plan.steps.iter().all(|step| step.repairs.accounts == 2));
    assert_eq!(plan.repairs.len(), 2);
    let after = estate.after(&plan);
    for id in [MEMBER, OTHER] {
        assert_eq!(after.finding(id, &s3()).verdict, Verdict::Pass);
    }
}

#[test]
fn the_strategy_decides_where_the_chain_stands() {
    let mut member = recorded(MEMBER);
    let mut seen = member_of_organization(MEMBER);
    trails(&mut member).append(trails(&mut seen));
    let estate = Estate::of([management(recorded(MANAGEMENT)), member]);
    for (strategy, stands_in) in [
        (Strategy::Auto, MANAGEMENT),
        (Strategy::Central, MANAGEMENT),
        (Strategy::Local, MEMBER),
    ] {
        let chosen = PlanOptions {
            strategy,
            ..options()
        };
        let plan = estate.plan(&target(MEMBER, &s3()), &chosen);
        assert!(!plan.steps.is_empty());
        assert!(
            plan.steps
                .iter()
                .all(|step| step.account_id == account(stands_in)),
            "{strategy}"
        );
        let other = plan.alternative.unwrap();
        assert_eq!((other.steps, other.repairs), (4, 1), "{strategy}");
    }
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
    for (id, control, why) in [
        (MEMBER, "s3-bucket-policy-changes", "passes_already"),
        (OTHER, "s3-bucket-policy-changes", "not_read"),
        (MEMBER, "no-such-control", "unknown_control"),
        (MEMBER, "organizations-changes", "not_applicable"),
    ] {
        let plan = estate.plan(&target(id, &crate::support::control(control)), &options());
        assert_eq!(plan.left_out[0].why, why);
        assert!(plan.is_empty());
    }
}

#[test]
fn names_that_somebody_has_taken_are_not_overwritten() {
    let mut broken = recorded(MEMBER);
    let taken = format!("orgsweep-{}", s3());
    filters(&mut broken).push(filter(&taken, "{ $.eventName = Other }"));
    alarms(&mut broken)
        .metric
        .push(crate::support::alarm(MEMBER, &taken));
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
