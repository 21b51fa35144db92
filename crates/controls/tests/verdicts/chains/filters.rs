//! Metric filters: their place, their patterns, what narrows them.

use orgsweep_controls::snapshot::MetricFilter;
use orgsweep_controls::{Known, UnreadCause};

use super::*;

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
