//! Chains of known truth: one change to a healthy account per line, and what
//! becomes of the control on S3 bucket policies.

use orgsweep_controls::snapshot::{
    AdvancedSelector, CompositeAlarm, Delivery, EventSelectors, FieldSelector, Key, LogAlarm,
    MessageFilter, MetricAlarm, MetricFilter, MetricQuery, MuteRule, SubscriptionState,
};
use orgsweep_controls::{AccountSnapshot, Known, UnreadCause};

use crate::support::*;

/// A name, the change, and the reason that the finding must give.
type Case = (&'static str, fn(&mut AccountSnapshot), &'static str);

fn judged(case: &Case, control: &str) -> String {
    let mut snapshot = healthy(OWN);
    case.1(&mut snapshot);
    let finding = finding(&snapshot, control);
    let verdict = finding.verdict.as_str();
    let expected = match case.2 {
        "covered" => "pass",
        "fact_unread"
        | "region_denied_by_policy"
        | "undecided"
        | "alarm_undecided"
        | "policy_undecided" => "unknown",
        _ => "fail",
    };
    assert_eq!(verdict, expected, "{}: {}", case.0, finding.summary);
    finding.reason.as_str().to_owned()
}

fn check(control: &str, cases: &[Case]) {
    for case in cases {
        assert_eq!(judged(case, control), case.2, "{}", case.0);
    }
}

fn s3_alarm(snapshot: &mut AccountSnapshot) -> &mut orgsweep_controls::snapshot::MetricAlarm {
    of_alarm(snapshot, S3)
}

fn s3_filter(snapshot: &mut AccountSnapshot) -> &mut orgsweep_controls::snapshot::MetricFilter {
    of_filter(snapshot, S3)
}

fn set_pattern(snapshot: &mut AccountSnapshot, pattern: &str) {
    pattern.clone_into(&mut s3_filter(snapshot).pattern);
}

#[test]
#[rustfmt::skip]
fn trails_and_log_groups() {
    check(S3, &[
        ("healthy",                   |_| {}, "covered"),
        ("no trail",                  |s| value(s.trails.get_mut(&home()).unwrap()).clear(), "no_trail"),
        ("trail without log group",   |s| of_trail(s).log_group = None, "no_log_group"),
        ("single-Region trail",       |s| of_trail(s).multi_region = false, "trail_not_multi_region"),
        ("switched off",              |s| of_status(s).logging = false, "trail_not_logging"),
        ("delivery error",            |s| of_status(s).delivery_error = Some("AccessDenied".into()), "trail_delivery_fails"),
        ("stale delivery",            |s| of_status(s).delivery = Delivery::Stale { last: "2026-01-01T00:00:00Z".parse().unwrap() }, "trail_delivery_fails"),
        ("delivery not reported",     |s| of_status(s).delivery = Delivery::NotReported, "covered"),
        ("read events only",          |s| of_trail(s).selectors = basic("ReadOnly", true, &[]), "trail_selectors_exclude"),
        ("write events only",         |s| of_trail(s).selectors = basic("WriteOnly", true, &[]), "covered"),
        ("no management events",      |s| of_trail(s).selectors = basic("All", false, &[]), "trail_selectors_exclude"),
        ("without KMS",               |s| of_trail(s).selectors = basic("All", true, &["kms.amazonaws.com"]), "covered"),
        ("data events only",          |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Data"])]), "trail_selectors_exclude"),
        ("advanced: management",      |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Management"])]), "covered"),
        ("advanced: read only",       |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Management"]), ("readOnly", &["true"])]), "trail_selectors_exclude"),
        ("advanced: by event name",   |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Management"]), ("eventName", &["PutBucketPolicy"])]), "undecided"),
        ("status denied",             |s| of_trail(s).status = denied("cloudtrail", "GetTrailStatus"), "fact_unread"),
        ("trails denied",             |s| { s.trails.insert(home(), denied("cloudtrail", "DescribeTrails")); }, "fact_unread"),
        ("Regions denied",            |s| s.regions = denied("account", "ListRegions"), "covered"),
        ("Regions denied, one Region", |s| { s.regions = denied("account", "ListRegions"); of_trail(s).multi_region = false; }, "fact_unread"),
        ("Regions denied, no trail",  |s| { s.regions = denied("account", "ListRegions"); value(s.trails.get_mut(&home()).unwrap()).clear(); }, "no_trail"),
        ("Regions denied, no filter", |s| { s.regions = denied("account", "ListRegions"); of_filters(s).clear(); }, "no_filter"),
        ("no enabled Region",         |s| s.regions = known(Vec::new()), "fact_unread"),
        ("log group deleted",         |s| of_group(s).group = known(None), "log_group_missing"),
        ("infrequent access",         |s| value(&mut of_group(s).group).as_mut().unwrap().class = "INFREQUENT_ACCESS".into(), "log_group_class"),
        ("filters denied",            |s| of_group(s).filters = denied("logs", "DescribeMetricFilters"), "fact_unread"),
        ("group denied",              |s| of_group(s).group = denied("logs", "DescribeLogGroups"), "fact_unread"),
    ]);
}

#[test]
#[rustfmt::skip]
fn filters() {
    check(S3, &[
        ("filters on another group",  |s| move_filters(s), "filter_on_abandoned_group"),
        ("some on another group",     |s| { move_filters(s); of_elsewhere(s).retain(|f| f.name != S3); }, "no_filter"),
        ("Region denied to all",      |s| of_group(s).filters = denied_to_all("logs", "DescribeMetricFilters"), "region_denied_by_policy"),
        ("topic denied to all",       |s| of_topic(s).subscriptions = denied_to_all("sns", "ListSubscriptionsByTopic"), "region_denied_by_policy"),
        ("no filters at all",         |s| of_filters(s).clear(), "no_filter"),
        ("no filter for the control", |s| of_filters(s).retain(|f| f.name != S3), "no_filter"),
        ("reordered, other blanks",   |s| set_pattern(s, "{(($.eventName=DeleteBucketReplication)||($.eventName=DeleteBucketLifecycle)||($.eventName=DeleteBucketCors)||($.eventName=DeleteBucketPolicy)||($.eventName=PutBucketReplication)||($.eventName=PutBucketLifecycle)||($.eventName=PutBucketCors)||($.eventName=PutBucketPolicy)||($.eventName=PutBucketAcl))&&($.eventSource=s3.amazonaws.com)}"), "covered"),
        ("quoted",                    |s| { let quoted = prescribed(S3).replace("= P", "= \"P").replace("= D", "= \"D").replace("= s", "= \"s").replace(')', "\")").replace("\")\")", "\"))"); set_pattern(s, &quoted); }, "covered"),
        ("without source",            |s| set_pattern(s, &prescribed(S3).replace("($.eventSource = s3.amazonaws.com) && ", "")), "covered"),
        ("wildcards",                 |s| set_pattern(s, "{ $.eventSource = \"s3*\" && ($.eventName = PutBucket* || $.eventName = DeleteBucket*) }"), "covered"),
        ("distributed",               |s| { let text = ["PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication", "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"].map(|name| format!("($.eventSource = s3.amazonaws.com && $.eventName = {name})")).join(" || "); set_pattern(s, &format!("{{ {text} }}")); }, "covered"),
        ("everything",                |s| set_pattern(s, ""), "covered"),
        ("one event missing",         |s| set_pattern(s, &prescribed(S3).replace(" || ($.eventName = DeleteBucketReplication)", "")), "filter_does_not_cover"),
        ("a typing error",            |s| set_pattern(s, &prescribed(S3).replace("PutBucketPolicy", "PutBucketPolcy")), "filter_does_not_cover"),
        ("one user left out",         |s| set_pattern(s, &prescribed(S3).replace(" }", " && ($.userIdentity.userName != \"deploy\") }")), "filter_does_not_cover"),
        ("another source",            |s| set_pattern(s, &prescribed(S3).replace("s3.amazonaws.com", "s3express.amazonaws.com")), "no_filter"),
        ("split in two",              split, "covered"),
        ("split, one half broken",    |s| { split(s); s3_alarm(s).actions_enabled = false; }, "alarm_actions_disabled"),
        ("terms of something else",   |s| set_pattern(s, "ERROR -retry"), "no_filter"),
        ("fields of something else",  |s| set_pattern(s, "[ip, user, status = 404]"), "no_filter"),
        ("by regular expression",     |s| set_pattern(s, "{ $.eventSource = s3.amazonaws.com && ($.eventName = %^PutBucket% || $.eventName = %^DeleteBucket%) }"), "covered"),
        ("invalid",                   |s| set_pattern(s, "{ ($.eventName = PutBucketPolicy) || "), "filter_invalid"),
        ("transformed logs",          |s| s3_filter(s).on_transformed_logs = true, "filter_on_transformed_logs"),
        ("selection: own account",    |s| s3_filter(s).field_selection = Some(format!("@aws.account = \"{OWN}\"")), "covered"),
        ("selection: among others",   |s| s3_filter(s).field_selection = Some(format!("@aws.account IN [\"{OWNER}\", \"{OWN}\"]")), "covered"),
        ("selection: other account",  |s| s3_filter(s).field_selection = Some(format!("@aws.account = \"{OWNER}\"")), "filter_field_selection"),
        ("selection: unclear",        |s| s3_filter(s).field_selection = Some("@aws.account LIKE \"1*\"".into()), "undecided"),
        ("own account's events",      |s| set_pattern(s, &prescribed(S3).replace(" }", &format!(" && ($.recipientAccountId = {OWN}) }}"))), "covered"),
        ("one Region's events",       |s| set_pattern(s, &prescribed(S3).replace(" }", " && ($.awsRegion = \"eu-west-1\") }")), "filter_does_not_cover"),
        ("each Region's events",      |s| set_pattern(s, &prescribed(S3).replace(" }", " && ($.awsRegion = \"eu-*\" || $.awsRegion = \"us-*\") }")), "covered"),
    ]);
}

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
        ("threshold 10",              |s| s3_alarm(s).threshold = Some(10.0), "alarm_needs_more_events"),
        ("threshold 2, two trails",   |s| { twice(s, true); s3_alarm(s).threshold = Some(2.0); }, "alarm_undecided"),
        ("threshold 3, two trails",   |s| { twice(s, true); s3_alarm(s).threshold = Some(3.0); }, "alarm_needs_more_events"),
        ("threshold 2, one stopped",  |s| { twice(s, false); s3_alarm(s).threshold = Some(2.0); }, "alarm_needs_more_events"),
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
        ("default 1 of another",      |s| { let other = resting_at_one(s); of_filters(s).push(other); }, "alarm_always_firing"),
        ("default 1 in another group", |s| { let other = resting_at_one(s); in_another_group(s, other); }, "alarm_undecided"),
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

#[test]
#[rustfmt::skip]
fn metric_math_and_composites() {
    check(S3, &[
        ("math: identity",            |s| math(s, "m1"), "covered"),
        ("math: FILL",                |s| math(s, "FILL(m1, 0)"), "covered"),
        ("math: sum of two",          |s| math(s, "m1 + m2"), "covered"),
        ("math: SUM",                 |s| math(s, "SUM([m1, m2])"), "covered"),
        ("math: SUM(METRICS())",      |s| math(s, "SUM(METRICS())"), "covered"),
        ("math: MAX",                 |s| math(s, "MAX([FILL(m1,0), m2])"), "covered"),
        ("math: IF",                  |s| math(s, "IF(m1 > 0, 1, 0)"), "covered"),
        ("math: comparison",          |s| math(s, "m1 >= 1"), "covered"),
        ("math: weekdays",            |s| math(s, "IF(DAY(m1) < 6, m1)"), "alarm_conditional"),
        ("math: tenth",               |s| math(s, "m1 * 0.1"), "alarm_needs_more_events"),
        ("math: difference",          |s| math(s, "m1 - m2"), "alarm_undecided"),
        ("math: other metric only",   |s| math(s, "m2"), "alarm_never_fires"),
        ("math: always one",          |s| math(s, "IF(FILL(m1,0) >= 0, 1, 0)"), "alarm_always_firing"),
        ("math: a foreign metric",    |s| { math(s, "m1 + m2"); foreign(s); }, "alarm_undecided"),
        ("math: foreign, no matter",  |s| { math(s, "m1 + 0 * m2"); foreign(s); }, "covered"),
        ("math: foreign, too much",   |s| { math(s, "m1 + m2 - 5"); foreign(s); }, "alarm_needs_more_events"),
        ("math: RATE",                |s| math(s, "RATE(m1)"), "alarm_undecided"),
        ("math: unreadable",          |s| math(s, "m1 +"), "alarm_undecided"),
        ("math: linked account",      |s| { math(s, "m1"); s3_alarm(s).queries[0].account = Some(OWNER.into()); }, "alarm_wrong_metric"),
        ("Metrics Insights",          |s| { s3_alarm(s).metric = None; s3_alarm(s).queries = vec![query("q1", None, Some("SELECT SUM(\"s3-bucket-policy-changes\") FROM CISBenchmark"))]; }, "alarm_undecided"),
        ("log alarm instead",         |s| { log_alarm(s, "cloudtrail"); of_filters(s).retain(|f| f.name != S3); }, "alarm_undecided"),
        ("log alarm elsewhere",       |s| { log_alarm(s, "other"); of_filters(s).retain(|f| f.name != S3); }, "no_filter"),
        ("log alarm without action",  |s| { log_alarm(s, "cloudtrail"); of_alarms(s).log[0].alarm_actions.clear(); of_filters(s).retain(|f| f.name != S3); }, "no_filter"),
        ("log alarm beside it",       |s| log_alarm(s, "cloudtrail"), "covered"),
        ("composite: parent tells",   |s| composite(s, "ALARM(\"s3-bucket-policy-changes\") OR ALARM(vpc-changes)"), "covered"),
        ("composite: stuck sibling",  |s| { stuck(s, |a| a.treat_missing_data = Some("breaching".into())); }, "alarm_no_action"),
        ("composite: once sibling",   |s| { stuck(s, |a| a.treat_missing_data = Some("ignore".into())); }, "alarm_no_action"),
        ("composite: absent sibling", |s| composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(absent)"), "alarm_undecided"),
        ("composite: of composites",  |s| { composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(second)"); second(s, "ALARM(vpc-changes)"); }, "covered"),
        ("composite: in a circle",    |s| { composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(second)"); second(s, "ALARM(any)"); }, "alarm_undecided"),
        ("composite: child muted",    |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); mute(s, "cron(* * * * *)", "PT1M", S3); }, "covered"),
        ("composite: parent muted",   |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); mute(s, "cron(* * * * *)", "PT1M", "any"); }, "alarm_muted"),
        ("composite: needs another",  |s| composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(vpc-changes)"), "alarm_no_action"),
        ("composite: both ring",      |s| { twin(s, 300); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); silence_twin(s); }, "covered"),
        ("composite: out of step",    |s| { twin(s, 60); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); silence_twin(s); }, "alarm_undecided"),
        ("composite: suppresses itself", |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); of_alarms(s).composite[0].actions_suppressor = Some(S3.into()); }, "alarm_muted"),
        ("composite: stuck suppressor", |s| { stuck(s, |a| a.treat_missing_data = Some("breaching".into())); of_alarms(s).composite[0].rule = "ALARM(s3-bucket-policy-changes)".into(); of_alarms(s).composite[0].actions_suppressor = Some("vpc-changes".into()); }, "alarm_muted"),
        ("composite: maintenance",    |s| composite(s, "ALARM(s3-bucket-policy-changes) AND NOT ALARM(maintenance)"), "alarm_undecided"),
        ("composite: by ARN",         |s| { let rule = format!("ALARM(\"{}\")", alarm_arn(OWN, HOME, S3)); composite(s, &rule); }, "covered"),
        ("composite: at least one",   |s| composite(s, "AT_LEAST(1, ALARM, (s3-bucket-policy-changes, vpc-changes))"), "covered"),
        ("composite: suppressor",     |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); of_alarms(s).composite[0].actions_suppressor = Some("maintenance".into()); }, "alarm_undecided"),
        ("composite: disabled",       |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); of_alarms(s).composite[0].actions_enabled = false; }, "alarm_no_action"),
        ("composite of a composite",  |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); let mut upper = of_alarms(s).composite[0].clone(); of_alarms(s).composite[0].alarm_actions.clear(); upper.name = "upper".into(); upper.arn = alarm_arn(OWN, HOME, "upper"); upper.rule = "ALARM(any)".into(); of_alarms(s).composite.push(upper); }, "covered"),
    ]);
}

#[test]
#[rustfmt::skip]
fn delivery() {
    check(S3, &[
        ("topic in another Region",   |s| s3_alarm(s).alarm_actions = vec![topic_arn(OWN, "us-east-1").to_string()], "action_wrong_place"),
        ("topic in another partition", |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws-cn:sns:eu-west-1:{OWN}:alerts")], "action_wrong_place"),
        ("topic deleted",             |s| { s.topics.insert(topic_arn(OWN, HOME), known(None)); }, "topic_missing"),
        ("topic denied",              |s| { s.topics.insert(topic_arn(OWN, HOME), denied("sns", "GetTopicAttributes")); }, "fact_unread"),
        ("topic not asked",           |s| s.topics.clear(), "fact_unread"),
        ("FIFO topic",                |s| of_topic(s).fifo = true, "action_not_notifying"),
        ("scaling action",            |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:autoscaling:eu-west-1:{OWN}:scalingPolicy:1:x")], "action_not_notifying"),
        ("EC2 action",                |s| s3_alarm(s).alarm_actions = vec!["arn:aws:automate:eu-west-1:ec2:stop".into()], "action_not_notifying"),
        ("Lambda",                    |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:lambda:eu-west-1:{OWN}:function:notify")], "covered"),
        ("OpsItem",                   |s| s3_alarm(s).alarm_actions = vec![format!("arn:aws:ssm:eu-west-1:{OWN}:opsitem:2")], "covered"),
        ("bad topic, then a good one", |s| s3_alarm(s).alarm_actions.insert(0, format!("arn:aws:sns:us-east-1:{OWN}:other")), "covered"),
        ("policy: owner's root only", |s| of_topic(s).policy = Some(format!(r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{OWN}:root"}},"Action":"sns:*","Resource":"*"}}]}}"#)), "topic_policy_denies"),
        ("policy: TLS only",          |s| of_topic(s).policy = Some(r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sns:Publish","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#.into()), "topic_policy_denies"),
        ("policy: unclear",           |s| of_topic(s).policy = Some(r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*","Condition":{"StringEquals":{"aws:SourceOrgID":"o-1234567890"}}}]}"#.into()), "policy_undecided"),
        ("AWS's own key",             |s| of_topic(s).kms_key = Some("alias/aws/sns".into()), "topic_key_denies"),
        ("AWS's own key, by ARN",     |s| of_topic(s).kms_key = Some(format!("arn:aws:kms:eu-west-1:{OWN}:alias/aws/sns")), "topic_key_denies"),
        ("good key",                  |s| key(s, "Enabled", r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}]}"#), "covered"),
        ("key: root only",            |s| key(s, "Enabled", r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}"#), "topic_key_denies"),
        ("key: disabled",             |s| key(s, "Disabled", r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#), "topic_key_denies"),
        ("key: denied",               |s| { key(s, "Enabled", "{}"); s.keys.insert("eu-west-1/alias/mine".into(), denied("kms", "DescribeKey")); }, "fact_unread"),
        ("nobody subscribed",         |s| of_topic(s).subscriptions = known(Vec::new()), "no_subscription"),
        ("pending",                   |s| value(&mut of_topic(s).subscriptions)[0].state = SubscriptionState::Pending, "subscription_pending"),
        ("deleted",                   |s| value(&mut of_topic(s).subscriptions)[0].state = SubscriptionState::Deleted, "no_subscription"),
        ("pending, and a confirmed one", |s| { let mut pending = subscription(OWN, HOME, "sms"); pending.state = SubscriptionState::Pending; value(&mut of_topic(s).subscriptions).insert(0, pending); }, "covered"),
        ("filtered",                  |s| filtered(s, None, r#"{"severity":["high"]}"#), "subscription_filtered"),
        ("filtered by scope",         |s| filtered(s, Some("MessageBody"), r#"{"NewStateValue":["OK"]}"#), "subscription_filtered"),
        ("filtered for the better",   |s| filtered(s, Some("MessageBody"), r#"{"NewStateValue":["ALARM"]}"#), "covered"),
        ("filtered, and one that is not", |s| { filtered(s, None, r#"{"severity":["high"]}"#); let all = subscription(OWN, HOME, "sms"); value(&mut of_topic(s).subscriptions).push(all); }, "covered"),
        ("filtered, and one not asked", |s| { filtered(s, None, r#"{"severity":["high"]}"#); let mut other = subscription(OWN, HOME, "sms"); other.filter = None; value(&mut of_topic(s).subscriptions).push(other); }, "fact_unread"),
        ("filtered by the unknown",   |s| filtered(s, Some("MessageBody"), r#"{"OldStateValue":["OK"]}"#), "policy_undecided"),
        ("filter policy denied",      |s| value(&mut of_topic(s).subscriptions)[0].filter = Some(denied("sns", "GetSubscriptionAttributes")), "fact_unread"),
        ("filter policy not asked",   |s| value(&mut of_topic(s).subscriptions)[0].filter = None, "fact_unread"),
        ("subscriptions denied",      |s| of_topic(s).subscriptions = denied("sns", "ListSubscriptionsByTopic"), "fact_unread"),
    ]);
}

#[test]
#[rustfmt::skip]
fn trails_and_the_other_controls() {
    let cases: &[(&str, Case)] = &[
        ("kms-cmk-disable-delete",    ("KMS left out",     |s| of_trail(s).selectors = basic("All", true, &["kms.amazonaws.com"]), "trail_selectors_exclude")),
        ("kms-cmk-disable-delete",    ("write only",       |s| of_trail(s).selectors = basic("WriteOnly", true, &[]), "covered")),
        ("unauthorized-api-calls",    ("write only",       |s| of_trail(s).selectors = basic("WriteOnly", true, &[]), "trail_selectors_exclude")),
        ("root-usage",                ("KMS left out",     |s| of_trail(s).selectors = basic("All", true, &["kms.amazonaws.com"]), "trail_selectors_exclude")),
        ("iam-policy-changes",        ("no global events", |s| of_trail(s).global_service_events = false, "trail_no_global_events")),
        ("console-auth-failures",     ("no global events", |s| of_trail(s).global_service_events = false, "trail_no_global_events")),
        ("root-usage",                ("no global events", |s| of_trail(s).global_service_events = false, "trail_no_global_events")),
        ("vpc-changes",               ("no global events", |s| of_trail(s).global_service_events = false, "covered")),
        ("iam-policy-changes",        ("one Region",       |s| of_trail(s).multi_region = false, "trail_not_multi_region")),
        ("organizations-changes",     ("no filter",        |s| of_filters(s).retain(|f| f.name != "organizations-changes"), "no_filter")),
        ("console-auth-failures",     ("no filter",        |s| of_filters(s).retain(|f| f.name != "console-auth-failures"), "no_filter")),
        ("console-signin-without-mfa", ("no filter",       |s| of_filters(s).retain(|f| f.name != "console-signin-without-mfa"), "no_filter")),
        ("root-usage",                ("no filter",        |s| of_filters(s).retain(|f| f.name != "root-usage"), "no_filter")),
        ("unauthorized-api-calls",    ("no filter",        |s| of_filters(s).retain(|f| f.name != "unauthorized-api-calls"), "no_filter")),
        ("iam-policy-changes",        ("no filter",        |s| of_filters(s).retain(|f| f.name != "iam-policy-changes"), "no_filter")),
        ("console-signin-without-mfa", ("failures only",   |s| of_filter(s, "console-signin-without-mfa").pattern = "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) && ($.responseElements.ConsoleLogin = Failure) }".into(), "filter_does_not_cover")),
        ("iam-policy-changes",        ("Security Hub's",   |s| { let text = prescribed("iam-policy-changes"); of_filter(s, "iam-policy-changes").pattern = format!("{{($.eventSource = iam.amazonaws.com) && ({})}}", &text[1..text.len() - 1]); }, "covered")),
        ("security-group-changes",    ("as before 5.0.0",  |s| { let text = prescribed("security-group-changes").replace(" || ($.eventName = ModifySecurityGroupRules)", ""); of_filter(s, "security-group-changes").pattern = text; }, "filter_does_not_cover")),
    ];
    for (control, case) in cases {
        assert_eq!(judged(case, control), case.2, "{control}: {}", case.0);
    }
}

fn mute(snapshot: &mut AccountSnapshot, expression: &str, duration: &str, alarm: &str) {
    let rule = MuteRule {
        name: "quiet".to_owned(),
        expression: expression.to_owned(),
        duration: duration.to_owned(),
        time_zone: None,
        alarm_names: vec![alarm.to_owned()],
        active_once: false,
        begins: None,
        ends: None,
    };
    of_alarms(snapshot).mute_rules = Some(known(vec![rule]));
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

/// Makes `m2` of [`math`] a metric that no filter of the group publishes.
fn foreign(snapshot: &mut AccountSnapshot) {
    let query = &mut s3_alarm(snapshot).queries[1];
    query.metric.as_mut().unwrap().namespace = "AWS/EC2".into();
}

/// A log alarm on the trail's log group, or on another.
fn log_alarm(snapshot: &mut AccountSnapshot, group: &str) {
    let own = snapshot.log_groups.keys().next().unwrap().name().to_owned();
    let queried = if group == "cloudtrail" {
        own
    } else {
        group.to_owned()
    };
    let actions = s3_alarm(snapshot).alarm_actions.clone();
    of_alarms(snapshot).log.push(LogAlarm {
        name: "query".to_owned(),
        arn: alarm_arn(OWN, HOME, "query"),
        actions_enabled: true,
        alarm_actions: actions,
        log_groups: vec![queried],
        query: "filter eventName = 'PutBucketPolicy' | stats count(*)".to_owned(),
    });
}

/// A second alarm on the S3 metric, without actions.
fn twin(snapshot: &mut AccountSnapshot, period: i32) {
    let mut twin = alarm(OWN, HOME, S3);
    twin.name = "twin".into();
    twin.arn = alarm_arn(OWN, HOME, "twin");
    twin.metric.as_mut().unwrap().period = Some(period);
    of_alarms(snapshot).metric.push(twin);
}

fn silence_twin(snapshot: &mut AccountSnapshot) {
    of_alarm(snapshot, "twin").alarm_actions.clear();
}

fn s3_watched(snapshot: &mut AccountSnapshot) -> &mut orgsweep_controls::snapshot::WatchedMetric {
    s3_alarm(snapshot).metric.as_mut().unwrap()
}

fn advanced(fields: &[(&str, &[&str])]) -> Known<EventSelectors> {
    let field = |(name, equals): &(&str, &[&str])| FieldSelector {
        field: (*name).to_owned(),
        equals: equals.iter().map(|value| (*value).to_owned()).collect(),
        ..FieldSelector::default()
    };
    known(EventSelectors::Advanced(vec![AdvancedSelector {
        name: None,
        fields: fields.iter().map(field).collect(),
    }]))
}

/// The S3 filter in two halves, each with its own alarm.
fn split(snapshot: &mut AccountSnapshot) {
    let half = |verb: &str| {
        format!("{{ $.eventSource = s3.amazonaws.com && $.eventName = {verb}Bucket* }}")
    };
    set_pattern(snapshot, &half("Put"));
    of_filters(snapshot).push(filter("second-half", &half("Delete")));
    of_alarms(snapshot)
        .metric
        .push(alarm(OWN, HOME, "second-half"));
}

fn query(id: &str, metric: Option<&str>, expression: Option<&str>) -> MetricQuery {
    MetricQuery {
        id: id.to_owned(),
        metric: metric.map(watched),
        expression: expression.map(str::to_owned),
        period: None,
        return_data: expression.is_some(),
        account: None,
    }
}

/// Lets the S3 alarm watch an expression over its metric (`m1`) and another's (`m2`).
fn math(snapshot: &mut AccountSnapshot, expression: &str) {
    let alarm = s3_alarm(snapshot);
    alarm.metric = None;
    alarm.queries = vec![
        query("m1", Some(S3), None),
        query("m2", Some("vpc-changes"), None),
        query("e1", None, Some(expression)),
    ];
}

/// Lets a composite ring for the S3 alarm or another, to which something was done.
fn stuck(snapshot: &mut AccountSnapshot, damage: fn(&mut MetricAlarm)) {
    damage(of_alarm(snapshot, "vpc-changes"));
    composite(
        snapshot,
        "ALARM(s3-bucket-policy-changes) OR ALARM(vpc-changes)",
    );
}

/// Adds a composite alarm without actions.
fn second(snapshot: &mut AccountSnapshot, rule: &str) {
    let first = of_alarms(snapshot).composite[0].clone();
    of_alarms(snapshot).composite.push(CompositeAlarm {
        name: "second".to_owned(),
        arn: alarm_arn(OWN, HOME, "second"),
        rule: rule.to_owned(),
        alarm_actions: Vec::new(),
        ..first
    });
}

/// Takes the S3 alarm's actions away and gives them to a composite alarm.
fn composite(snapshot: &mut AccountSnapshot, rule: &str) {
    let actions = std::mem::take(&mut s3_alarm(snapshot).alarm_actions);
    of_alarms(snapshot).composite.push(CompositeAlarm {
        name: "any".to_owned(),
        arn: alarm_arn(OWN, HOME, "any"),
        rule: rule.to_owned(),
        actions_enabled: true,
        alarm_actions: actions,
        actions_suppressor: None,
        suppressor_wait: None,
    });
}

fn key(snapshot: &mut AccountSnapshot, state: &str, policy: &str) {
    of_topic(snapshot).kms_key = Some("alias/mine".to_owned());
    snapshot.keys.insert(
        "eu-west-1/alias/mine".to_owned(),
        known(Some(Key {
            arn: format!("arn:aws:kms:eu-west-1:{OWN}:key/1234")
                .parse()
                .unwrap(),
            state: state.to_owned(),
            manager: "CUSTOMER".to_owned(),
            policy: known(Some(policy.to_owned())),
        })),
    );
}

fn filtered(snapshot: &mut AccountSnapshot, scope: Option<&str>, policy: &str) {
    let filter = MessageFilter {
        policy: Some(policy.to_owned()),
        scope: scope.map(str::to_owned),
    };
    value(&mut of_topic(snapshot).subscriptions)[0].filter = Some(known(filter));
}

/// A filter that matches nothing of the control and publishes 1 to its metric, too, while other
/// events arrive.
fn resting_at_one(snapshot: &mut AccountSnapshot) -> MetricFilter {
    let mut other = MetricFilter {
        name: "other".to_owned(),
        pattern: "{ $.eventName = ListBuckets }".to_owned(),
        ..s3_filter(snapshot).clone()
    };
    other.transformations[0].default_value = Some(1.0);
    other
}

/// Adds a log group with this filter, to which no trail delivers.
fn in_another_group(snapshot: &mut AccountSnapshot, filter: MetricFilter) {
    let arn = snapshot.log_groups.keys().next().unwrap().to_string();
    let (before, _) = arn.rsplit_once(":log-group:").unwrap();
    let arn = format!("{before}:log-group:other:*").parse().unwrap();
    let mut group = of_group(snapshot).clone();
    *value(&mut group.filters) = vec![filter];
    snapshot.log_groups.insert(arn, group);
}

/// Moves the filters to a group to which no trail delivers.
fn move_filters(snapshot: &mut AccountSnapshot) {
    let filters = std::mem::take(of_filters(snapshot));
    let elsewhere = &mut of_group(snapshot).filters_elsewhere;
    elsewhere.insert("before".to_owned(), filters);
}

fn of_elsewhere(snapshot: &mut AccountSnapshot) -> &mut Vec<MetricFilter> {
    let elsewhere = &mut of_group(snapshot).filters_elsewhere;
    elsewhere.get_mut("before").unwrap()
}

fn denied_to_all<T>(service: &str, operation: &str) -> Known<T> {
    let mut unread = unread(
        service,
        operation,
        UnreadCause::DeniedByServiceControlPolicy,
    );
    unread.call.region = Some(home());
    Known::Unread(unread)
}
