//! What is beside a chain: other filters that publish to its metric, suppressors that ring with
//! it, and what became of its alarm's actions before.

use orgsweep_controls::snapshot::{
    Alarms, CompositeAlarm, FailedAction, MetricFilter, MetricQuery, MuteRule,
};
use orgsweep_controls::{AccountSnapshot, Known, LogGroupArn, Verdict, lack_a_controls_filter};

use crate::support::*;

/// A second filter, of the trail's own group or of another, that publishes `value` to the metric
/// of the S3 filter, which an alarm watches with `statistic`.
fn beside(elsewhere: bool, value: &str, default: Option<f64>, statistic: &str) -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    let mut other: MetricFilter = of_filter(&mut snapshot, S3).clone();
    "other".clone_into(&mut other.name);
    value.clone_into(&mut other.transformations[0].value);
    other.transformations[0].default_value = default;
    let watched = of_alarm(&mut snapshot, S3).metric.as_mut();
    watched.unwrap().statistic = Some(statistic.to_owned());
    if elsewhere {
        let (arn, group) = snapshot.log_groups.iter().next().unwrap();
        let arn: LogGroupArn = arn
            .to_string()
            .replace(arn.name(), "another")
            .parse()
            .unwrap();
        let mut group = group.clone();
        group.filters = known(vec![other]);
        snapshot.log_groups.insert(arn, group);
    } else {
        of_filters(&mut snapshot).push(other);
    }
    snapshot
}

#[test]
fn a_group_that_could_not_be_read_turns_no_other_chain_and_is_named() {
    let unread = |elsewhere: bool| {
        let mut snapshot = beside(elsewhere, "1", None, "Sum");
        for (arn, group) in &mut snapshot.log_groups {
            if arn.name() == "another" {
                group.filters = denied("logs", "DescribeMetricFilters");
            }
        }
        let found = finding(&snapshot, S3);
        assert_eq!(found.verdict, Verdict::Pass, "{}", found.summary);
        let notes = found.evidence.notes.into_iter();
        let notes = notes.filter(|note| note.code == "filters_not_read");
        notes.map(|note| note.text).collect::<Vec<String>>()
    };
    assert_eq!(unread(false), Vec::<String>::new());
    let notes = unread(true);
    assert!(notes[0].contains("log-group:another"), "{notes:?}");
}

#[test]
#[rustfmt::skip]
fn what_another_filter_takes_from_the_metric_is_not_taken_for_a_message() {
    for elsewhere in [false, true] {
        for (value, default, statistic, reason) in [
            ("1",       None,       "Sum",         "covered"),
            ("0",       None,       "Sum",         "covered"),
            ("-1",      None,       "Sum",         "alarm_undecided"),
            ("$.count", None,       "Sum",         "alarm_undecided"),
            ("1",       Some(-1.0), "Sum",         "alarm_undecided"),
            ("-1",      None,       "Maximum",     "covered"),
            ("-1",      None,       "SampleCount", "covered"),
            ("1",       None,       "Average",     "covered"),
            ("0",       None,       "Average",     "alarm_undecided"),
            ("0",       None,       "Minimum",     "alarm_undecided"),
        ] {
            let snapshot = beside(elsewhere, value, default, statistic);
            let found = finding(&snapshot, S3);
            let case = format!("{value} {default:?} {statistic} elsewhere: {elsewhere}");
            assert_eq!(found.reason.as_str(), reason, "{case}: {}", found.summary);
        }
    }
}

#[test]
fn an_expression_over_such_a_metric_is_followed_for_sums_alone() {
    #[rustfmt::skip]
    let rows = [
        ("1",  "Sum",     "covered"),
        ("-1", "Sum",     "alarm_undecided"),
        ("0",  "Average", "alarm_undecided"),
        ("1",  "Maximum", "alarm_undecided"),
    ];
    for (value, statistic, reason) in rows {
        let mut snapshot = beside(false, value, None, statistic);
        let alarm = of_alarm(&mut snapshot, S3);
        let query = |id: &str| MetricQuery {
            id: id.to_owned(),
            metric: None,
            expression: None,
            period: None,
            return_data: false,
            account: None,
        };
        alarm.queries = vec![
            MetricQuery {
                metric: alarm.metric.take(),
                ..query("m1")
            },
            MetricQuery {
                expression: Some("m1 * 1".to_owned()),
                return_data: true,
                ..query("e1")
            },
        ];
        let found = finding(&snapshot, S3);
        assert_eq!(
            found.reason.as_str(),
            reason,
            "{value} {statistic}: {}",
            found.summary
        );
    }
}

/// The S3 alarm acts through a composite of that rule, with a suppressor.
fn suppressed(rule: &str, suppressor: &str, acts: bool) -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    let mut actions = of_alarm(&mut snapshot, S3).alarm_actions.clone();
    if !acts {
        of_alarm(&mut snapshot, S3).alarm_actions.clear();
    }
    let alarms: &mut Alarms = of_alarms(&mut snapshot);
    alarms.composite.push(CompositeAlarm {
        name: "above".to_owned(),
        arn: alarm_arn(OWN, HOME, "above"),
        rule: rule.to_owned(),
        actions_enabled: true,
        alarm_actions: std::mem::take(&mut actions),
        actions_suppressor: Some(suppressor.to_owned()),
        suppressor_wait: Some(60),
    });
    snapshot
}

#[test]
#[rustfmt::skip]
fn what_a_suppressor_releases_is_not_called_silent() {
    for (rule, suppressor, acts, verdict) in [
        // The composite leaves ALARM with its suppressor.
        ("ALARM(s3-bucket-policy-changes)",  S3,            false, "fail"),
        // It is still in ALARM when its suppressor is not: the alarm has no data then.
        ("NOT OK(s3-bucket-policy-changes)", S3,            false, "unknown"),
        // It is always in ALARM, and may act whenever its suppressor leaves ALARM.
        ("ALARM(vpc-changes) OR TRUE",       S3,            false, "unknown"),
        ("ALARM(vpc-changes)",               S3,            false, "fail"),
        ("ALARM(vpc-changes) OR TRUE",       "vpc-changes", false, "fail"),
        // Whatever the composite does, the alarm's own action tells.
        ("ALARM(vpc-changes) OR TRUE",       S3,            true,  "pass"),
    ] {
        let found = finding(&suppressed(rule, suppressor, acts), S3);
        assert_eq!(found.verdict.as_str(), verdict, "{rule} {suppressor}: {}", found.summary);
    }
}

/// A mute rule may be there for other alarms, and a suppressor is none.
#[test]
fn what_silences_an_alarm_is_deleted_only_where_it_is_there_for_nothing_else() {
    let muted = |others: &[&str]| {
        let mut snapshot = healthy(OWN);
        let names = [S3].into_iter().chain(others.iter().copied());
        let rule = MuteRule {
            name: "patch-window".to_owned(),
            expression: "cron(0 2 * * SUN)".to_owned(),
            duration: "PT4H".to_owned(),
            time_zone: None,
            alarm_names: names.map(str::to_owned).collect(),
            active_once: false,
            begins: None,
            ends: None,
        };
        of_alarms(&mut snapshot).mute_rules = Some(known(vec![rule]));
        snapshot
    };
    let suppressed = suppressed("ALARM(s3-bucket-policy-changes)", S3, false);
    #[rustfmt::skip]
    let table = [
        (muted(&[]),        "delete the mute rule",         "delete-alarm-mute-rule --region eu-west-1 --alarm-mute-rule-name patch-window"),
        (muted(&["app-1"]), "mutes other alarms, too",      "put-metric-alarm"),
        (suppressed,        "take the suppressor off",      "put-metric-alarm"),
    ];
    for (snapshot, words, command) in table {
        let found = finding(&snapshot, S3);
        assert_eq!(found.reason.as_str(), "alarm_muted", "{}", found.summary);
        let fix = found.evidence.fix.unwrap();
        assert!(fix.contains(words), "{fix}");
        let commands = found.evidence.commands.join("\n");
        assert!(commands.contains(command), "{commands}");
        let deletes = commands.contains("delete-alarm-mute-rule");
        assert_eq!(deletes, words.starts_with("delete"), "{commands}");
    }
}

#[test]
fn filters_left_on_a_renamed_group_are_found_beside_one_on_the_new_group() {
    let mut snapshot = healthy(OWN);
    let filters = std::mem::take(of_filters(&mut snapshot));
    let kms = "kms-cmk-disable-delete";
    of_filters(&mut snapshot).push(filter(kms, &prescribed(kms)));
    assert!(lack_a_controls_filter(of_filters(&mut snapshot)));
    let elsewhere = &mut of_group(&mut snapshot).filters_elsewhere;
    elsewhere.insert("before".to_owned(), filters);
    let found = finding(&snapshot, S3);
    assert_eq!(found.reason.as_str(), "filter_on_abandoned_group");
    assert!(found.summary.contains("before"), "{}", found.summary);
    assert_eq!(finding(&snapshot, kms).reason.as_str(), "covered");
}

#[test]
#[rustfmt::skip]
fn other_groups_are_looked_at_only_where_a_control_has_no_filter() {
    let mut healthy = healthy(OWN);
    let all = of_filters(&mut healthy).clone();
    let but = |left_out: &str| -> Vec<MetricFilter> {
        all.iter().filter(|filter| filter.name != left_out).cloned().collect()
    };
    let wide = |pattern: &str| {
        let named = |name: &str| filter(name, &prescribed(name));
        vec![filter("wide", pattern), named("root-usage"), named("unauthorized-api-calls")]
    };
    for (name, filters, expected) in [
        ("all",                                 all.clone(),                            false),
        ("without the management account's",    but("organizations-changes"),           false),
        ("without S3's",                        but(S3),                                true),
        ("without root's",                      but("root-usage"),                      true),
        ("without that of refused calls",       but("unauthorized-api-calls"),          true),
        ("names by wildcard",                   wide("{ $.eventName = *Bucket* }"),     false),
        ("names by regular expression",         wide("{ $.eventName = %^(Put|Del)% }"), false),
        ("none",                                Vec::new(),                             true),
    ] {
        assert_eq!(lack_a_controls_filter(&filters), expected, "{name}");
    }
}

#[test]
fn a_composite_that_can_run_no_action_stays_silent_whatever_its_suppressor_does() {
    let mut snapshot = suppressed("ALARM(vpc-changes) OR TRUE", S3, false);
    of_alarms(&mut snapshot).composite[0].actions_enabled = false;
    assert_eq!(finding(&snapshot, S3).verdict.as_str(), "fail");
}

const NOT_AUTHORIZED: &str =
    "CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: arn";
const NO_KEY: &str =
    "CloudWatch Alarms does not have authorization to access the SNS topic encryption key.";

/// The S3 alarm's action failed when it last rang, with these words.
fn failed(snapshot: &mut AccountSnapshot, action: Option<&str>, error: &str) {
    if let Some(action) = action {
        of_alarm(snapshot, S3).alarm_actions = vec![action.to_owned()];
    }
    let action = of_alarm(snapshot, S3).alarm_actions[0].clone();
    of_alarms(snapshot).failed_actions = Some(known(vec![FailedAction {
        alarm: S3.to_owned(),
        action,
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        error: error.to_owned(),
    }]));
}

#[test]
#[rustfmt::skip]
fn a_failed_action_decides_where_nothing_else_does() {
    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:tell";
    type Case = (&'static str, bool, Option<&'static str>, &'static str, &'static str);
    let cases: [Case; 7] = [
        ("the topic lets CloudWatch publish now", false, None,           NOT_AUTHORIZED,     "covered"),
        ("nothing is known of the topic",         true,  None,           NOT_AUTHORIZED,     "topic_policy_denies"),
        ("the key is blamed",                     true,  None,           NO_KEY,             "topic_key_denies"),
        ("the topic was gone",                    true,  None,           "the topic does not exist", "topic_missing"),
        ("words that say nothing",                true,  None,           "Internal failure", "fact_unread"),
        ("a function, of which nothing is read",  false, Some(FUNCTION), "not authorized",   "action_not_notifying"),
        ("a function that failed without words",  false, Some(FUNCTION), "",                 "action_not_notifying"),
    ];
    for (name, topic_unread, action, error, reason) in cases {
        let mut snapshot = healthy(OWN);
        failed(&mut snapshot, action, error);
        if topic_unread {
            for topic in snapshot.topics.values_mut() {
                *topic = denied("sns", "GetTopicAttributes");
            }
        }
        let found = finding(&snapshot, S3);
        assert_eq!(found.reason.as_str(), reason, "{name}: {}", found.summary);
        let noted = found.evidence.notes.iter().any(|note| note.code == "action_failed");
        assert_eq!(noted, reason == "covered", "{name}");
    }
}

#[test]
fn the_failure_of_another_alarm_or_action_says_nothing() {
    let mut snapshot = healthy(OWN);
    failed(&mut snapshot, None, NOT_AUTHORIZED);
    let Some(Known::Read { value, .. }) = &mut of_alarms(&mut snapshot).failed_actions else {
        panic!("the history is known");
    };
    value[0].alarm = "vpc-changes".to_owned();
    for topic in snapshot.topics.values_mut() {
        *topic = denied("sns", "GetTopicAttributes");
    }
    assert_eq!(finding(&snapshot, S3).reason.as_str(), "fact_unread");
}
