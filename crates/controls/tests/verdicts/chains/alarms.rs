//! Alarms on a metric: what they watch, when they ring, what they do.

use orgsweep_controls::snapshot::{MetricFilter, WatchedMetric};

use super::*;

#[test]
#[rustfmt::skip]
fn alarms() {
    check(S3, &[
        ("no alarm",                  |s| of_alarms(s).metric.retain(|a| a.name != S3), "no_alarm"),
        ("alarms denied",             |s| { s.alarms.insert(home(), denied("cloudwatch", "DescribeAlarms")); }, "fact_unread"),
        ("foreign namespace",         |s| s3_watched(s).namespace = "LogMetrics".into(), "alarm_wrong_metric"),
        ("foreign dimension",         |s| { s3_watched(s).dimensions.insert("Account".into(), OWN.into()); }, "alarm_wrong_metric"),
        ("dimension of the filter",   |s| { s3_filter(s).transformations[0].dimensions.insert("Name".into(), "$.eventName".into()); }, "alarm_wrong_metric"),
        ("one dimension value",       |s| { s3_filter(s).transformations[0].dimensions.insert("Source".into(), "$.eventSource".into()); s3_watched(s).dimensions.insert("Source".into(), "s3.amazonaws.com".into()); }, "covered"),
        ("too narrow a value",        |s| { s3_filter(s).transformations[0].dimensions.insert("Name".into(), "$.eventName".into()); s3_watched(s).dimensions.insert("Name".into(), "PutBucketPolicy".into()); }, "alarm_wrong_metric"),
        ("unit that is not published", |s| s3_watched(s).unit = Some("Count".into()), "alarm_wrong_metric"),
        ("unit on both",              |s| { s3_watched(s).unit = Some("Count".into()); s3_filter(s).transformations[0].unit = Some("Count".into()); }, "covered"),
        ("another unit beside it",    |s| { let other = counting(s); of_filters(s).push(other); }, "alarm_undecided"),
        ("another unit in another group", |s| { let other = counting(s); in_another_group(s, other); }, "alarm_undecided"),
        ("another unit, and its own named", |s| { let other = counting(s); of_filters(s).push(other); s3_watched(s).unit = Some("None".into()); }, "covered"),
        ("the same unit beside it",   |s| { let mut other = counting(s); other.transformations[0].unit = Some("None".into()); of_filters(s).push(other); }, "covered"),
        ("another unit of another metric", |s| { let mut other = counting(s); other.transformations[0].name = "other".into(); of_filters(s).push(other); }, "covered"),
        ("threshold 10",              |s| s3_alarm(s).threshold = Some(10.0), "alarm_needs_more_events"),
        ("threshold 2, two trails",   |s| { twice(s, true); s3_alarm(s).threshold = Some(2.0); }, "alarm_undecided"),
        ("threshold 3, two trails",   |s| { twice(s, true); s3_alarm(s).threshold = Some(3.0); }, "alarm_needs_more_events"),
        ("threshold 2, one stopped",  |s| { twice(s, false); s3_alarm(s).threshold = Some(2.0); }, "alarm_needs_more_events"),
        ("threshold 6, and 5 beside it", |s| { s3_alarm(s).threshold = Some(6.0); let other = worth(s, "5"); of_filters(s).push(other); }, "alarm_undecided"),
        ("threshold 6, and 2 beside it", |s| { s3_alarm(s).threshold = Some(6.0); let other = worth(s, "2"); of_filters(s).push(other); }, "alarm_needs_more_events"),
        ("threshold 6, a field beside it", |s| { s3_alarm(s).threshold = Some(6.0); let other = worth(s, "$.size"); of_filters(s).push(other); }, "alarm_undecided"),
        ("greater than 0",            |s| { s3_alarm(s).threshold = Some(0.0); s3_alarm(s).comparison = Some("GreaterThanThreshold".into()); }, "covered"),
        ("greater than 1",            |s| s3_alarm(s).comparison = Some("GreaterThanThreshold".into()), "alarm_needs_more_events"),
        ("reversed comparison",       |s| s3_alarm(s).comparison = Some("LessThanThreshold".into()), "alarm_never_fires"),
        ("reversed or equal",         |s| s3_alarm(s).comparison = Some("LessThanOrEqualToThreshold".into()), "alarm_never_fires"),
        ("reversed, with default",    |s| { s3_alarm(s).comparison = Some("LessThanThreshold".into()); s3_filter(s).transformations[0].default_value = Some(0.0); }, "alarm_always_firing"),
        ("value 0",                   |s| s3_filter(s).transformations[0].value = "0".into(), "alarm_never_fires"),
        ("value 10, threshold 10",    |s| { s3_filter(s).transformations[0].value = "10".into(); s3_alarm(s).threshold = Some(10.0); }, "covered"),
        ("value of a field",          |s| s3_filter(s).transformations[0].value = "$.size".into(), "alarm_undecided"),
        ("default 0",                 |s| s3_filter(s).transformations[0].default_value = Some(0.0), "covered"),
        ("default 1",                 |s| s3_filter(s).transformations[0].default_value = Some(1.0), "alarm_always_firing"),
        ("default 1 of another",      |s| { let other = resting_at(s, 1.0); of_filters(s).push(other); }, "alarm_always_firing"),
        ("default 1 in another group", |s| { let other = resting_at(s, 1.0); in_another_group(s, other); }, "alarm_undecided"),
        ("threshold 0",               |s| { s3_alarm(s).threshold = Some(0.0); s3_filter(s).transformations[0].default_value = Some(0.0); }, "alarm_always_firing"),
        ("average",                   |s| s3_watched(s).statistic = Some("Average".into()), "covered"),
        ("average, default 0",        |s| { s3_watched(s).statistic = Some("Average".into()); s3_filter(s).transformations[0].default_value = Some(0.0); }, "alarm_never_fires"),
        ("average, default 0, 60 s",  |s| { s3_watched(s).statistic = Some("Average".into()); s3_watched(s).period = Some(60); s3_filter(s).transformations[0].default_value = Some(0.0); }, "covered"),
        ("maximum, default 0",        |s| { s3_watched(s).statistic = Some("Maximum".into()); s3_filter(s).transformations[0].default_value = Some(0.0); }, "covered"),
        ("sample count, default 0",   |s| { s3_watched(s).statistic = Some("SampleCount".into()); s3_filter(s).transformations[0].default_value = Some(0.0); }, "alarm_always_firing"),
        ("p90",                       |s| s3_watched(s).statistic = Some("p90".into()), "covered"),
        ("p90, few samples ignored",  |s| { s3_watched(s).statistic = Some("p90".into()); s3_alarm(s).low_sample_percentile = Some("ignore".into()); }, "alarm_never_fires"),
        ("strange statistic",         |s| s3_watched(s).statistic = Some("TC(1:2)".into()), "alarm_undecided"),
        ("1 of 12",                   |s| { s3_alarm(s).evaluation_periods = Some(12); s3_alarm(s).datapoints_to_alarm = Some(1); }, "covered"),
        ("2 of 2, not breaching",     |s| { s3_alarm(s).evaluation_periods = Some(2); s3_alarm(s).treat_missing_data = Some("notBreaching".into()); }, "alarm_needs_more_events"),
        ("2 of 2, default 0",         |s| { s3_alarm(s).evaluation_periods = Some(2); s3_filter(s).transformations[0].default_value = Some(0.0); }, "alarm_needs_more_events"),
        ("3 of 3, missing",           |s| s3_alarm(s).evaluation_periods = Some(3), "covered"),
        ("missing: not breaching",    |s| s3_alarm(s).treat_missing_data = Some("notBreaching".into()), "covered"),
        ("missing: ignored",          |s| s3_alarm(s).treat_missing_data = Some("ignore".into()), "alarm_fires_once"),
        ("missing: breaching",        |s| s3_alarm(s).treat_missing_data = Some("breaching".into()), "alarm_always_firing"),
        ("ignored, default 0",        |s| { s3_alarm(s).treat_missing_data = Some("ignore".into()); s3_filter(s).transformations[0].default_value = Some(0.0); }, "covered"),
        ("ignored, default 0 of another", |s| { s3_alarm(s).treat_missing_data = Some("ignore".into()); let other = resting_at(s, 0.0); of_filters(s).push(other); }, "alarm_undecided"),
        ("ignored, another without",  |s| { s3_alarm(s).treat_missing_data = Some("ignore".into()); let other = worth(s, "1"); of_filters(s).push(other); }, "alarm_fires_once"),
        ("ignored, another's 0",      |s| { s3_alarm(s).treat_missing_data = Some("ignore".into()); let other = worth(s, "0"); of_filters(s).push(other); }, "alarm_undecided"),
        ("breaching, default 0 of another", |s| { s3_alarm(s).treat_missing_data = Some("breaching".into()); let other = resting_at(s, 0.0); of_filters(s).push(other); }, "alarm_undecided"),
        ("breaching, default 1 of another", |s| { s3_alarm(s).treat_missing_data = Some("breaching".into()); let other = resting_at(s, 1.0); of_filters(s).push(other); }, "alarm_always_firing"),
        ("3 of 3, default 0 of another", |s| { s3_alarm(s).evaluation_periods = Some(3); let other = resting_at(s, 0.0); of_filters(s).push(other); }, "alarm_undecided"),
        ("3 of 3, default 0 of a group", |s| { s3_alarm(s).evaluation_periods = Some(3); let other = resting_at(s, 0.0); in_another_group(s, other); }, "alarm_undecided"),
        ("3 of 3, another without",   |s| { s3_alarm(s).evaluation_periods = Some(3); let other = worth(s, "1"); of_filters(s).push(other); }, "covered"),
        ("1 of 1, default 0 of another", |s| { let other = resting_at(s, 0.0); of_filters(s).push(other); }, "covered"),
        ("one day",                   |s| s3_watched(s).period = Some(86_400), "covered"),
        ("anomaly detection",         |s| { s3_alarm(s).threshold_metric_id = Some("ad1".into()); s3_alarm(s).threshold = None; }, "alarm_undecided"),
        ("actions disabled",          |s| s3_alarm(s).actions_enabled = false, "alarm_actions_disabled"),
        ("no action",                 |s| s3_alarm(s).alarm_actions.clear(), "alarm_no_action"),
        ("actions on OK only",        |s| { let alarm = s3_alarm(s); alarm.ok_actions = std::mem::take(&mut alarm.alarm_actions); }, "alarm_no_action"),
        ("muted for good",            |s| mute(s, "cron(* * * * *)", "PT1M", S3), "alarm_muted"),
        ("muted at weekends",         |s| mute(s, "cron(0 18 * * FRI)", "P2DT12H", S3), "alarm_muted"),
        ("muted later",               |s| mute(s, "at(2099-01-01T00:00)", "P1D", S3), "covered"),
        ("another alarm is muted",    |s| mute(s, "cron(* * * * *)", "PT1M", "other"), "covered"),
        ("muted, and beside it good", |s| { mute(s, "cron(* * * * *)", "PT1M", S3); let mut good = alarm(OWN, HOME, S3); good.arn = alarm_arn(OWN, HOME, "good"); good.name = "good".into(); of_alarms(s).metric.push(good); }, "covered"),
        ("muted for an hour of a day", |s| { s3_watched(s).period = Some(86_400); mute(s, "cron(0 3 * * *)", "PT1H", S3); }, "covered"),
        ("mute rules denied",         |s| of_alarms(s).mute_rules = Some(denied("cloudwatch", "ListAlarmMuteRules")), "fact_unread"),
        ("mute rules not asked",      |s| of_alarms(s).mute_rules = None, "fact_unread"),
        ("denied, and no action",     |s| { of_alarms(s).mute_rules = Some(denied("cloudwatch", "ListAlarmMuteRules")); s3_alarm(s).alarm_actions.clear(); }, "alarm_no_action"),
        ("a second, good alarm",      |s| { s3_alarm(s).actions_enabled = false; let mut good = alarm(OWN, HOME, S3); good.arn = alarm_arn(OWN, HOME, "good"); good.name = "good".into(); of_alarms(s).metric.push(good); }, "covered"),
    ]);
}

/// A second trail to the same log group.
fn twice(snapshot: &mut AccountSnapshot, logging: bool) {
    let mut second = of_trail(snapshot).clone();
    second.name = "second".into();
    second.arn = second
        .arn
        .as_str()
        .replace(":trail/", ":trail/second-")
        .parse()
        .unwrap();
    value(&mut second.status).logging = logging;
    value(snapshot.trails.get_mut(&home()).unwrap()).push(second);
}

fn s3_watched(snapshot: &mut AccountSnapshot) -> &mut WatchedMetric {
    s3_alarm(snapshot).metric.as_mut().unwrap()
}

/// A filter that publishes to the same metric with a unit.
fn counting(snapshot: &mut AccountSnapshot) -> MetricFilter {
    let mut other = MetricFilter {
        name: "other".to_owned(),
        ..s3_filter(snapshot).clone()
    };
    other.transformations[0].unit = Some("Count".to_owned());
    other
}

/// A second filter for the same events that publishes this value to the same metric.
fn worth(snapshot: &mut AccountSnapshot, value: &str) -> MetricFilter {
    let mut other = MetricFilter {
        name: "other".to_owned(),
        ..s3_filter(snapshot).clone()
    };
    value.clone_into(&mut other.transformations[0].value);
    other
}

/// A filter that matches nothing of the control and publishes a default value to its metric, too,
/// while other events arrive.
fn resting_at(snapshot: &mut AccountSnapshot, default: f64) -> MetricFilter {
    let mut other = MetricFilter {
        name: "other".to_owned(),
        pattern: "{ $.eventName = ListBuckets }".to_owned(),
        ..s3_filter(snapshot).clone()
    };
    other.transformations[0].default_value = Some(default);
    other
}
