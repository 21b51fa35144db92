//! For every reason that has a repair: the finding fails for that reason, the
//! plan holds these steps, and with them it passes. Each row is one account.

use orgsweep_controls::snapshot::{
    Delivery, EventSelectors, Key, MessageFilter, MetricQuery, MuteRule, SubscriptionState,
};
use orgsweep_controls::{AccountSnapshot, Call, Known, Reason, Verdict};
use orgsweep_remediator::{Action, PlanOptions};

use crate::estate::{Estate, kinds, options, target};
use crate::support::{
    HOME, MEMBER, OTHER, alarm, alarms, arn, filter, filters, first_alarm, first_topic,
    group_facts, healthy, log_group, other_regions_are_empty, s3, selectors, status, subscriptions,
    topic_arn, trails,
};

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
                filters(a)[0] = filter(
                    "s3",
                    "{ ($.eventSource = s3.amazonaws.com) && ($.eventName = PutBucketPolicy) }",
                );
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
            alarms(a).metric.push(alarm(MEMBER, "other"));
        }),
        row(Reason::AlarmWrongMetric, &["put_alarm"], &[], |a| {
            let watched = first_alarm(a).metric.as_mut().unwrap();
            watched.namespace.insert_str(0, "Other");
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
        row(Reason::AlarmConditional, &["put_alarm"], &[], |a| {
            let query = |id: &str, metric, expression: Option<&str>| MetricQuery {
                id: id.to_owned(),
                metric,
                expression: expression.map(str::to_owned),
                period: None,
                return_data: expression.is_some(),
                account: None,
            };
            let alarm = first_alarm(a);
            alarm.queries = vec![
                query("events", alarm.metric.take(), None),
                query("weekdays", None, Some("IF(DAY(events) < 6, events)")),
            ];
        }),
        row(Reason::AlarmMuted, &["put_alarm"], &[], |a| {
            let rule = MuteRule {
                name: "holidays".to_owned(),
                expression: "cron(0 0 * * SAT)".to_owned(),
                duration: "P2D".to_owned(),
                time_zone: None,
                alarm_names: vec![first_alarm(a).name.clone()],
                active_once: false,
                begins: None,
                ends: None,
            };
            let call = Call::new("cloudwatch", "ListAlarmMuteRules", None);
            alarms(a).mute_rules = Some(Known::read(vec![rule], call));
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
        row(
            Reason::SubscriptionFiltered,
            &["subscribe"],
            &["confirm_subscription"],
            |a| {
                let policy = Some(r#"{"severity":["high"]}"#.to_owned());
                let filter = MessageFilter {
                    policy,
                    scope: None,
                };
                "helpdesk@example.com".clone_into(&mut subscriptions(a)[0].endpoint);
                subscriptions(a)[0].filter = Some(Known::read(
                    filter,
                    Call::new("sns", "GetSubscriptionAttributes", None),
                ));
            },
        ),
        row(Reason::TrailNotLogging, &["start_logging"], &[], |a| {
            status(a).logging = false;
            // Since it was switched off.
            let last = "2026-01-01T00:00:00Z".parse().unwrap();
            status(a).delivery = Delivery::Stale { last };
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
                basic[0].read_write_type.replace_range(.., "ReadOnly");
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
fn filters_on_an_abandoned_group_are_copied_to_the_live_one_with_their_metrics() {
    let mut broken = healthy(MEMBER);
    let left_behind = std::mem::take(filters(&mut broken));
    log_group(&mut broken).filters_elsewhere.insert(
        "aws-controltower/CloudTrailLogs".to_owned(),
        left_behind.clone(),
    );
    let estate = Estate::of([broken]);
    assert_eq!(
        estate.finding(MEMBER, &s3()).reason,
        Reason::FilterOnAbandonedGroup
    );
    let plan = estate.plan(&target(MEMBER, &s3()), &options());
    assert_eq!(kinds(&plan).0, ["put_metric_filter"]);
    let Action::PutMetricFilter {
        filter,
        pattern,
        metric,
        ..
    } = &plan.steps[0].action
    else {
        panic!("a filter");
    };
    let copied = &left_behind[0];
    assert_eq!((filter, pattern), (&copied.name, &copied.pattern));
    assert_eq!(metric.namespace, copied.transformations[0].namespace);
    assert_eq!(plan.monthly_cost_usd.to_string(), "$0.00");
    assert_eq!(
        estate.after(&plan).finding(MEMBER, &s3()).verdict,
        Verdict::Pass
    );
}
