//! Alarms on something else than a metric: metric math, queries, logs, other alarms.

use orgsweep_controls::snapshot::{CompositeAlarm, LogAlarm, MetricAlarm, MetricQuery};

use super::*;

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
        ("math: office hours",        |s| math(s, "IF(DAY(m1) < 6 AND HOUR(m1) >= 8 AND HOUR(m1) < 18, m1)"), "alarm_conditional"),
        ("math: from half past eight", |s| math(s, "IF(DAY(m1) < 6 AND (HOUR(m1) > 8 OR (HOUR(m1) == 8 AND MINUTE(m1) >= 30)), m1)"), "alarm_conditional"),
        ("math: every minute",        |s| math(s, "IF(DAY(m1) < 8 AND HOUR(m1) < 24 AND MINUTE(m1) < 60, m1)"), "alarm_undecided"),
        ("math: too much of it",      |s| { let ring = (1..=15).map(|n| format!("m{n} * m{} * HOUR(m1)", n % 15 + 1)).collect::<Vec<_>>().join(" + "); sum_of_all(s, &ring); }, "alarm_undecided"),
        ("math: every hour",          |s| math(s, "IF(HOUR(m1) < 24, m1)"), "covered"),
        ("math: tenth",               |s| math(s, "m1 * 0.1"), "alarm_needs_more_events"),
        ("math: difference",          |s| math(s, "m1 - m2"), "alarm_undecided"),
        ("math: other metric only",   |s| math(s, "m2"), "alarm_never_fires"),
        ("math: always one",          |s| math(s, "IF(FILL(m1,0) >= 0, 1, 0)"), "alarm_always_firing"),
        ("math: a foreign metric",    |s| { math(s, "m1 + m2"); foreign(s); }, "alarm_undecided"),
        ("math: foreign, no matter",  |s| { math(s, "m1 + 0 * m2"); foreign(s); }, "covered"),
        ("math: foreign, ignored",    |s| { math(s, "m1 + 0 * m2"); foreign(s); s3_alarm(s).treat_missing_data = Some("ignore".into()); }, "alarm_undecided"),
        ("math: foreign, default 0",  |s| { math(s, "m1 + 0 * m2"); foreign(s); s3_alarm(s).treat_missing_data = Some("ignore".into()); s3_filter(s).transformations[0].default_value = Some(0.0); }, "covered"),
        ("math: foreign, too much",   |s| { math(s, "m1 + m2 - 5"); foreign(s); }, "alarm_undecided"),
        ("math: foreign, by ten",     |s| { math(s, "m1 * 0.1 + m2 * 0"); foreign(s); }, "alarm_needs_more_events"),
        ("math: foreign gate",        |s| { math(s, "IF(m2 > 0, m1)"); foreign(s); }, "alarm_undecided"),
        ("math: foreign gate, shut",  |s| { math(s, "IF(m2 > 90, 0, m1)"); foreign(s); }, "alarm_undecided"),
        ("math: foreign gate, filled", |s| { math(s, "IF(FILL(m2, 1) > 0, m1)"); foreign(s); }, "alarm_undecided"),
        ("math: foreign, both ways",  |s| { math(s, "IF(m2 > 0, m1, m1)"); foreign(s); }, "alarm_undecided"),
        ("math: foreign factor",      |s| { math(s, "m1 * m2"); foreign(s); }, "alarm_undecided"),
        ("math: foreign divisor",     |s| { math(s, "m1 / m2"); foreign(s); }, "alarm_undecided"),
        ("math: foreign and",         |s| { math(s, "m1 && m2"); foreign(s); }, "alarm_undecided"),
        ("math: foreign minimum",     |s| { math(s, "MIN([m1, m2])"); foreign(s); }, "alarm_undecided"),
        ("math: foreign, at noon",    |s| { math(s, "IF(HOUR(m1) == 12 && m2 > 0, m1)"); foreign(s); }, "alarm_undecided"),
        ("math: foreign, no way",     |s| { math(s, "IF(m2 > 0, 0 * m1)"); foreign(s); }, "alarm_never_fires"),
        ("math: sum of fifteen",      |s| sum_of_all(s, "SUM(METRICS())"), "covered"),
        ("math: fifteen, one by one", |s| { let sum = (1..=15).map(|n| format!("m{n}")).collect::<Vec<_>>().join("+"); sum_of_all(s, &sum); }, "covered"),
        ("math: largest of fifteen",  |s| sum_of_all(s, "MAX(METRICS())"), "covered"),
        ("math: mean of fifteen",     |s| sum_of_all(s, "AVG(METRICS())"), "alarm_needs_more_events"),
        ("math: mean, taken back",    |s| sum_of_all(s, "AVG(METRICS()) * METRIC_COUNT(METRICS())"), "covered"),
        ("math: filled, of fifteen",  |s| sum_of_all(s, "SUM(FILL(METRICS(), 0))"), "covered"),
        ("math: twice the fifteen",   |s| sum_of_all(s, "IF(SUM(METRICS()) > 0, SUM(METRICS()), 0)"), "covered"),
        ("math: more than 1 of fifteen", |s| sum_of_all(s, "SUM(METRICS()) > 1"), "alarm_undecided"),
        ("math: more than 99 of fifteen", |s| sum_of_all(s, "SUM(METRICS()) > 99"), "alarm_needs_more_events"),
        ("math: more than 1 of two",  |s| math(s, "m1 + m2 > 1"), "alarm_needs_more_events"),
        ("math: more than 1 of twins", |s| { math(s, "m1 + m2 > 1"); of_filter(s, "vpc-changes").pattern = prescribed(S3); of_alarm(s, "vpc-changes").alarm_actions.clear(); }, "alarm_undecided"),
        ("math: product with 100",    |s| { math(s, "m1 * 100"); s3_alarm(s).threshold = Some(100.0); }, "covered"),
        ("math: per second",          |s| math(s, "m1 / PERIOD(m1)"), "alarm_needs_more_events"),
        ("math: per second, above 0", |s| { math(s, "m1 / PERIOD(m1)"); s3_alarm(s).threshold = Some(0.0); s3_alarm(s).comparison = Some("GreaterThanThreshold".into()); }, "covered"),
        ("math: list of products",    |s| math(s, "SUM(METRICS() * 2)"), "covered"),
        ("math: sum over values",     |s| by_name(s, "SUM(METRICS())"), "covered"),
        ("math: some of the values",  |s| by_name(s, "m1 + m2"), "alarm_wrong_metric"),
        ("math: two values at once",  |s| by_name(s, "IF(m1 > 0 AND m2 > 0, 1, 0)"), "alarm_never_fires"),
        ("math: two of all values",   |s| { by_name(s, "SUM(METRICS())"); s3_alarm(s).threshold = Some(2.0); }, "alarm_needs_more_events"),
        ("math: smallest",            |s| math(s, "MIN([m1, m2])"), "alarm_undecided"),
        ("math: smallest, filled",    |s| math(s, "MIN([m1, FILL(m2, 0)])"), "alarm_never_fires"),
        ("math: smallest of itself",  |s| math(s, "MIN([m1, m1 * 2])"), "covered"),
        ("math: mean of two",         |s| math(s, "AVG([m1, m2]) * 2"), "covered"),
        ("math: unless the other",    |s| math(s, "IF(m2 > 0, 0, m1)"), "alarm_never_fires"),
        ("math: unless, filled",      |s| math(s, "IF(FILL(m2, 0) > 0, 0, m1)"), "alarm_undecided"),
        ("math: unless many",         |s| math(s, "IF(FILL(m2, 0) > 10, 0, m1)"), "alarm_undecided"),
        ("math: unless very many",    |s| math(s, "IF(FILL(m2, 0) > 5000000000, 0, m1)"), "covered"),
        ("math: unless many bytes",   |s| { math(s, "IF(FILL(m2, 0) > 5000000000, 0, m1)"); "bytes".clone_into(&mut s3_alarm(s).queries[1].metric.as_mut().unwrap().name); }, "alarm_undecided"),
        ("math: unless so many",      |s| math(s, "IF(FILL(m2, 0) == 3, 0, m1)"), "alarm_undecided"),
        ("math: RATE",                |s| math(s, "RATE(m1)"), "alarm_never_fires"),
        ("math: DIFF",                |s| math(s, "DIFF(m1)"), "alarm_never_fires"),
        ("math: DIFF of filled",      |s| math(s, "DIFF(FILL(m1, 0))"), "alarm_undecided"),
        ("math: DIFF, default 0",     |s| { math(s, "DIFF(m1)"); s3_filter(s).transformations[0].default_value = Some(0.0); }, "alarm_never_fires"),
        ("math: RUNNING_SUM",         |s| math(s, "RUNNING_SUM(m1)"), "covered"),
        ("math: RUNNING_SUM, 2 of 2", |s| { math(s, "RUNNING_SUM(m1)"); s3_alarm(s).evaluation_periods = Some(2); }, "alarm_undecided"),
        ("math: RUNNING_SUM of 5",    |s| { math(s, "RUNNING_SUM(m1)"); s3_alarm(s).threshold = Some(5.0); }, "alarm_needs_more_events"),
        ("math: FILL, REPEAT",        |s| math(s, "FILL(m1, REPEAT)"), "alarm_undecided"),
        ("math: REPEAT, default 0",   |s| { math(s, "FILL(m1, REPEAT)"); s3_filter(s).transformations[0].default_value = Some(0.0); }, "covered"),
        ("math: REPEAT of another",   |s| math(s, "MAX([FILL(m1, 0), FILL(m2, REPEAT)])"), "alarm_undecided"),
        ("math: REPEAT beside it",    |s| math(s, "MAX([FILL(m2, 0), FILL(m1, REPEAT)])"), "alarm_undecided"),
        ("math: REPEAT, too many",    |s| { math(s, "FILL(m1, REPEAT)"); s3_alarm(s).threshold = Some(3.0); }, "alarm_needs_more_events"),
        ("math: FILL, LINEAR",        |s| math(s, "FILL(m1, LINEAR)"), "covered"),
        ("math: sum of one series",   |s| math(s, "TIME_SERIES(SUM(m1))"), "alarm_undecided"),
        ("math: band in expression",  |s| math(s, "IF(m1 > LAST(ANOMALY_DETECTION_BAND(m1)), 1, 0)"), "alarm_undecided"),
        ("math: search",              |s| math(s, "SUM(SEARCH('{CISBenchmark} s3', 'Sum', 300))"), "alarm_undecided"),
        ("math: other expressions",   |s| { math(s, "e2 + 0"); s3_alarm(s).queries.push(MetricQuery { return_data: false, ..query("e2", None, Some("FILL(m1, 0)")) }); }, "covered"),
        ("math: unreadable",          |s| math(s, "m1 +"), "alarm_undecided"),
        ("math: linked account",      |s| { math(s, "m1"); s3_alarm(s).queries[0].account = Some(OWNER.into()); }, "alarm_wrong_metric"),
        ("Metrics Insights",          |s| { s3_alarm(s).metric = None; s3_alarm(s).queries = vec![query("q1", None, Some("SELECT SUM(\"s3-bucket-policy-changes\") FROM CISBenchmark"))]; }, "alarm_undecided"),
        ("math: cannot be evaluated", |s| { math(s, "m1"); s3_alarm(s).evaluation_error = true; }, "alarm_never_fires"),
        ("PromQL, by its name",       |s| prom_ql(s, Some("{\"s3-bucket-policy-changes\"} > 0")), "alarm_undecided"),
        ("PromQL, name as there",     |s| prom_ql(s, Some("sum(s3_bucket_policy_changes) > 0")), "alarm_undecided"),
        ("PromQL, name by pattern",   |s| prom_ql(s, Some("{__name__=~\"s3.*\"}")), "alarm_undecided"),
        ("PromQL, of something else", |s| prom_ql(s, Some("up == 0")), "no_alarm"),
        ("PromQL, without action",    |s| { prom_ql(s, Some("s3_bucket_policy_changes")); s3_alarm(s).alarm_actions.clear(); }, "alarm_no_action"),
        ("a later kind of alarm",     |s| prom_ql(s, None), "alarm_undecided"),
        ("a later kind beside it",    |s| { prom_ql(s, None); let mut good = alarm(OWN, HOME, S3); good.arn = alarm_arn(OWN, HOME, "good"); good.name = "good".into(); of_alarms(s).metric.push(good); }, "covered"),
        ("log alarm instead",         |s| { log_alarm(s, "cloudtrail"); of_filters(s).retain(|f| f.name != S3); }, "alarm_undecided"),
        ("log alarm elsewhere",       |s| { log_alarm(s, "other"); of_filters(s).retain(|f| f.name != S3); }, "no_filter"),
        ("log alarm without action",  |s| { log_alarm(s, "cloudtrail"); of_alarms(s).log[0].alarm_actions.clear(); of_filters(s).retain(|f| f.name != S3); }, "no_filter"),
        ("log alarm beside it",       |s| log_alarm(s, "cloudtrail"), "covered"),
        ("composite: parent tells",   |s| composite(s, "ALARM(\"s3-bucket-policy-changes\") OR ALARM(vpc-changes)"), "covered"),
        ("composite: stuck sibling",  |s| { stuck(s, |a| a.treat_missing_data = Some("breaching".into())); }, "alarm_no_action"),
        ("composite: once sibling",   |s| { stuck(s, |a| a.treat_missing_data = Some("ignore".into())); }, "alarm_no_action"),
        ("composite: once, but filled", |s| { stuck(s, |a| a.treat_missing_data = Some("ignore".into())); let mut other = of_filter(s, "vpc-changes").clone(); other.name = "other".into(); other.transformations[0].default_value = Some(0.0); of_filters(s).push(other); }, "alarm_undecided"),
        ("composite: sibling of sums", |s| stuck(s, |a| { a.metric = None; a.queries = vec![query("m1", Some("vpc-changes"), None), query("m2", Some("nacl-changes"), None), query("e1", None, Some("m1 + m2"))]; }), "covered"),
        ("composite: ends with data", |s| stuck(s, |a| { a.metric = None; a.treat_missing_data = Some("ignore".into()); a.queries = vec![query("m1", Some("vpc-changes"), None), query("m2", Some("nacl-changes"), None), query("e1", None, Some("m1 + m2"))]; }), "alarm_undecided"),
        ("composite: silent sibling", |s| stuck(s, |a| a.comparison = Some("LessThanThreshold".into())), "covered"),
        ("composite: silent and kept", |s| stuck(s, |a| { a.comparison = Some("LessThanThreshold".into()); a.treat_missing_data = Some("ignore".into()); }), "alarm_undecided"),
        ("composite: in error",       |s| stuck(s, |a| a.evaluation_error = true), "alarm_undecided"),
        ("composite: of other groups", |s| { let moved = of_filters(s).pop_if(|f| f.name != S3).unwrap(); let name = moved.name.clone(); in_another_group(s, moved); composite(s, &format!("ALARM(s3-bucket-policy-changes) OR ALARM({name})")); }, "covered"),
        ("composite: absent sibling", |s| composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(absent)"), "alarm_undecided"),
        ("composite: of composites",  |s| { composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(second)"); second(s, "ALARM(vpc-changes)"); }, "covered"),
        ("composite: in a circle",    |s| { composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(second)"); second(s, "ALARM(any)"); }, "alarm_undecided"),
        ("composite: child muted",    |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); mute(s, "cron(* * * * *)", "PT1M", S3); }, "covered"),
        ("composite: parent muted",   |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); mute(s, "cron(* * * * *)", "PT1M", "any"); }, "alarm_muted"),
        ("composite: needs another",  |s| composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(vpc-changes)"), "alarm_no_action"),
        ("composite: both ring",      |s| { twin(s, 300); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); silence_twin(s); }, "covered"),
        ("composite: another value",  |s| { twin(s, 300); by_source(s, S3, "s3.amazonaws.com"); by_source(s, "twin", "ec2.amazonaws.com"); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); silence_twin(s); }, "alarm_no_action"),
        ("composite: out of step",    |s| { twin(s, 60); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); silence_twin(s); }, "alarm_undecided"),
        ("composite: suppresses itself", |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); of_alarms(s).composite[0].actions_suppressor = Some(S3.into()); }, "alarm_muted"),
        ("composite: stuck suppressor", |s| { stuck(s, |a| a.treat_missing_data = Some("breaching".into())); of_alarms(s).composite[0].rule = "ALARM(s3-bucket-policy-changes)".into(); of_alarms(s).composite[0].actions_suppressor = Some("vpc-changes".into()); }, "alarm_muted"),
        ("composite: maintenance",    |s| composite(s, "ALARM(s3-bucket-policy-changes) AND NOT ALARM(maintenance)"), "alarm_undecided"),
        ("composite: by ARN",         |s| { let rule = format!("ALARM(\"{}\")", alarm_arn(OWN, HOME, S3)); composite(s, &rule); }, "covered"),
        ("composite: at least one",   |s| composite(s, "AT_LEAST(1, ALARM, (s3-bucket-policy-changes, vpc-changes))"), "covered"),
        ("composite: suppressor",     |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); of_alarms(s).composite[0].actions_suppressor = Some("maintenance".into()); }, "alarm_undecided"),
        ("composite: never suppressed", |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); second(s, "FALSE"); of_alarms(s).composite[0].actions_suppressor = Some("second".into()); }, "covered"),
        ("composite: always suppressed", |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); second(s, "TRUE"); of_alarms(s).composite[0].actions_suppressor = Some("second".into()); }, "alarm_muted"),
        ("composite: switch is off",  |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND NOT ALARM(second)"); second(s, "FALSE"); }, "covered"),
        ("composite: switch is on",   |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND NOT ALARM(second)"); second(s, "TRUE"); }, "alarm_no_action"),
        ("composite: gate that opens", |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(second)"); second(s, "NOT ALARM(vpc-changes)"); }, "alarm_no_action"),
        ("composite: gate that shuts", |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(second)"); second(s, "NOT ALARM(s3-bucket-policy-changes)"); }, "alarm_no_action"),
        ("composite: woken suppressor", |s| { twin(s, 300); silence_twin(s); let twin = of_alarms(s).metric.iter_mut().find(|a| a.name == "twin").unwrap(); twin.comparison = Some("LessThanThreshold".into()); composite(s, "ALARM(s3-bucket-policy-changes)"); second(s, "NOT ALARM(twin)"); of_alarms(s).composite[0].actions_suppressor = Some("second".into()); }, "alarm_undecided"),
        ("composite: for want of data", |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND INSUFFICIENT_DATA(unrelated)"); }, "alarm_undecided"),
        ("composite: disabled",       |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); of_alarms(s).composite[0].actions_enabled = false; }, "alarm_no_action"),
        ("composite: briefly both",   |s| { twin(s, 60); s3_alarm(s).metric.as_mut().unwrap().period = Some(60); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); silence_twin(s); }, "alarm_undecided"),
        ("composite: both, unless",   |s| { twin(s, 60); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin) AND NOT ALARM(maintenance)"); silence_twin(s); }, "alarm_undecided"),
        ("composite: both, above",    |s| { twin(s, 300); silence_twin(s); composite(s, "ALARM(second) AND ALARM(third)"); second(s, "ALARM(s3-bucket-policy-changes)"); below(s, "third", "ALARM(twin)"); }, "alarm_undecided"),
        ("composite: above and twin", |s| { twin(s, 300); silence_twin(s); composite(s, "ALARM(second) AND ALARM(twin)"); second(s, "ALARM(s3-bucket-policy-changes)"); }, "alarm_undecided"),
        ("composite: above and below", |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(second)"); second(s, "ALARM(s3-bucket-policy-changes)"); }, "alarm_undecided"),
        ("composite: above another",  |s| { composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(second)"); second(s, "ALARM(vpc-changes)"); }, "alarm_no_action"),
        ("composite: another filter", |s| { beside(s, &prescribed(S3)); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(vpc-changes)"); }, "alarm_undecided"),
        ("composite: two metrics of it", |s| { let mut to = s3_filter(s).transformations[0].clone(); to.name = "again".into(); s3_filter(s).transformations.push(to); of_alarm(s, "vpc-changes").metric.as_mut().unwrap().name = "again".into(); of_alarm(s, "vpc-changes").alarm_actions.clear(); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(vpc-changes)"); }, "alarm_undecided"),
        ("composite: of any account", |s| { by_account(s); composite(s, "ALARM(s3-bucket-policy-changes) OR ALARM(twin)"); }, "covered"),
        ("composite: of all accounts", |s| { by_account(s); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(twin)"); }, "alarm_no_action"),
        ("composite: at least two",   |s| { twin(s, 300); silence_twin(s); composite(s, "AT_LEAST(2, ALARM, (s3-bucket-policy-changes, twin, vpc-changes))"); }, "covered"),
        ("composite: two of filters", |s| { beside(s, &prescribed(S3)); composite(s, "AT_LEAST(2, ALARM, (s3-bucket-policy-changes, nacl-changes, vpc-changes))"); }, "alarm_undecided"),
        ("composite: by half of it",  |s| { beside(s, "{ $.eventSource = s3.amazonaws.com && $.eventName = Put* }"); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(vpc-changes)"); }, "alarm_no_action"),
        ("composite: another group's", |s| { beside(s, &prescribed(S3)); let moved = of_filters(s).extract_if(.., |f| f.name == "vpc-changes").next().unwrap(); in_another_group(s, moved); composite(s, "ALARM(s3-bucket-policy-changes) AND ALARM(vpc-changes)"); }, "alarm_undecided"),
        ("composite: twin suppresses", |s| { twin(s, 300); silence_twin(s); suppressed_by_twin(s, 600); }, "alarm_muted"),
        ("composite: twin, soon",     |s| { twin(s, 300); silence_twin(s); suppressed_by_twin(s, 60); }, "alarm_undecided"),
        ("math: both of twins",       |s| { math(s, "IF(m1 > 0 AND FILL(m2, 0) > 0, 1, 0)"); beside(s, &prescribed(S3)); }, "alarm_undecided"),
        ("math: both of two",         |s| math(s, "IF(m1 > 0 AND FILL(m2, 0) > 0, 1, 0)"), "alarm_never_fires"),
        ("composite of a composite",  |s| { composite(s, "ALARM(s3-bucket-policy-changes)"); let mut upper = of_alarms(s).composite[0].clone(); of_alarms(s).composite[0].alarm_actions.clear(); upper.name = "upper".into(); upper.arn = alarm_arn(OWN, HOME, "upper"); upper.rule = "ALARM(any)".into(); of_alarms(s).composite.push(upper); }, "covered"),
    ]);
}

/// Lets the S3 alarm be of another kind: PromQL with this query, or one that is not known.
fn prom_ql(snapshot: &mut AccountSnapshot, text: Option<&str>) {
    let alarm = s3_alarm(snapshot);
    alarm.metric = None;
    alarm.other_kind = Some(text.map_or("unknown", |_| "PromQL").to_owned());
    alarm.queries = text
        .map(|text| query("promql", None, Some(text)))
        .into_iter()
        .collect();
}

/// Lets the S3 alarm watch an expression over the metrics of all controls.
fn sum_of_all(snapshot: &mut AccountSnapshot, expression: &str) {
    let filters = of_filters(snapshot).iter();
    let names: Vec<String> = filters.map(|filter| filter.name.clone()).collect();
    assert_eq!(names.len(), 15);
    let metrics = names.iter().zip(1..);
    let mut queries: Vec<MetricQuery> = metrics
        .map(|(name, number)| query(&format!("m{number}"), Some(name), None))
        .collect();
    queries.push(query("e1", None, Some(expression)));
    let alarm = s3_alarm(snapshot);
    alarm.metric = None;
    alarm.queries = queries;
}

/// Lets the S3 filter publish a metric for each event source, and an alarm watch the one of `source`.
fn by_source(snapshot: &mut AccountSnapshot, alarm: &str, source: &str) {
    s3_filter(snapshot).transformations[0].dimensions =
        [("Source".to_owned(), "$.eventSource".to_owned())].into();
    let watched = of_alarm(snapshot, alarm).metric.as_mut().unwrap();
    watched.dimensions = [("Source".to_owned(), source.to_owned())].into();
}

/// Lets the S3 filter publish a metric for each event name, and the S3 alarm watch an expression over
/// them all.
fn by_name(snapshot: &mut AccountSnapshot, expression: &str) {
    s3_filter(snapshot).transformations[0]
        .dimensions
        .insert("Name".into(), "$.eventName".into());
    let names = [
        "PutBucketAcl",
        "PutBucketPolicy",
        "PutBucketCors",
        "PutBucketLifecycle",
        "PutBucketReplication",
        "DeleteBucketPolicy",
        "DeleteBucketCors",
        "DeleteBucketLifecycle",
        "DeleteBucketReplication",
    ];
    let mut queries: Vec<MetricQuery> = (names.iter().zip(1..))
        .map(|(name, number)| {
            let mut query = query(&format!("m{number}"), Some(S3), None);
            let metric = query.metric.as_mut().unwrap();
            metric.dimensions.insert("Name".into(), (*name).into());
            query
        })
        .collect();
    queries.push(query("e1", None, Some(expression)));
    let alarm = s3_alarm(snapshot);
    alarm.metric = None;
    alarm.queries = queries;
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

/// Lets the filter of VPC changes look for something else, and its alarm tell nobody.
fn beside(snapshot: &mut AccountSnapshot, pattern: &str) {
    pattern.clone_into(&mut of_filter(snapshot, "vpc-changes").pattern);
    of_alarm(snapshot, "vpc-changes").alarm_actions.clear();
}

/// Lets the S3 filter publish a metric for each account, the S3 alarm watch the own account's and a
/// twin another's.
fn by_account(snapshot: &mut AccountSnapshot) {
    twin(snapshot, 300);
    silence_twin(snapshot);
    s3_filter(snapshot).system_field_dimensions = vec!["@aws.account".to_owned()];
    for (name, id) in [(S3, OWN), ("twin", OWNER)] {
        let watched = of_alarm(snapshot, name).metric.as_mut().unwrap();
        watched.dimensions = [("@aws.account".to_owned(), id.to_owned())].into();
    }
}

/// Adds a composite alarm of that name without actions.
fn below(snapshot: &mut AccountSnapshot, name: &str, rule: &str) {
    second(snapshot, rule);
    let added = of_alarms(snapshot).composite.last_mut().unwrap();
    name.clone_into(&mut added.name);
    added.arn = alarm_arn(OWN, HOME, name);
}

/// Lets a composite's actions wait so many seconds for the second alarm on its metric.
fn suppressed_by_twin(snapshot: &mut AccountSnapshot, wait: i32) {
    composite(snapshot, "ALARM(s3-bucket-policy-changes)");
    let composite = &mut of_alarms(snapshot).composite[0];
    composite.actions_suppressor = Some("twin".to_owned());
    composite.suppressor_wait = Some(wait);
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
