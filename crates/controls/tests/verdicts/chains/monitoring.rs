//! Alarms of a monitoring account on the account's metrics, which are linked to it.

use std::collections::BTreeSet;

use orgsweep_controls::snapshot::{
    Alarms, CompositeAlarm, Key, LogAlarm, MetricQuery, MonitoringAccount,
};
use orgsweep_controls::{Known, OwnChains};

use super::*;

#[test]
#[rustfmt::skip]
fn alarms_of_a_monitoring_account_tell_as_its_own_would() {
    check(S3, &[
        ("its alarm",                 monitored, "covered"),
        ("shares the namespace",      |s| { monitored(s); shares(s, "Namespace NOT LIKE 'AWS/%'"); }, "covered"),
        ("shares another one",        |s| { monitored(s); shares(s, "Namespace IN ('AWS/EC2', 'Else')"); }, "no_alarm"),
        ("shares who knows what",     |s| { monitored(s); shares(s, "MetricName = 'x'"); }, "undecided"),
        ("link not read",             |s| { monitored(s); link(s).metric_filter = denied("oam", "GetLink"); }, "fact_unread"),
        ("its alarms not read",       |s| { monitored(s); link(s).alarms = denied("sts", "AssumeRole"); }, "fact_unread"),
        ("its alarms, not shared",    |s| { monitored(s); link(s).alarms = denied("sts", "AssumeRole"); shares(s, "Namespace = 'Else'"); }, "no_alarm"),
        ("links not read",            |s| { monitored(s); s.monitoring.insert(home(), denied("oam", "ListLinks")); }, "fact_unread"),
        ("not read, own alarm good",  |s| { s.monitoring.insert(home(), denied("oam", "ListLinks")); }, "covered"),
        ("links of another Region",   |s| { monitored(s); let there = s.monitoring.remove(&home()).unwrap(); s.monitoring.insert(region("us-east-1"), there); }, "no_alarm"),
        ("threshold of 10",           |s| { monitored(s); their_alarm(s).threshold = Some(10.0); }, "alarm_needs_more_events"),
        ("actions disabled",          |s| { monitored(s); their_alarm(s).actions_enabled = false; }, "alarm_actions_disabled"),
        ("cannot be evaluated",       |s| { monitored(s); their_alarm(s).evaluation_error = true; }, "alarm_never_fires"),
        ("own broken, theirs good",   |s| { let own = s3_alarm(s).clone(); monitored(s); of_alarms(s).metric.push(own); s3_alarm(s).threshold = Some(10.0); }, "covered"),
        ("on a metric of its own",    |s| { monitored(s); their_alarm(s).queries[0].account = None; }, "alarm_wrong_metric"),
        ("plain, of its own",         |s| { monitored(s); let metric = their_alarm(s).queries[0].metric.take(); their_alarm(s).queries.clear(); their_alarm(s).metric = metric; }, "no_alarm"),
        ("on a third account's",      |s| { monitored(s); their_alarm(s).queries[0].account = Some("444455556666".into()); }, "alarm_wrong_metric"),
        ("both accounts' metrics",    |s| { monitored(s); with_theirs(s, "m1 + m2"); }, "alarm_undecided"),
        ("theirs does not matter",    |s| { monitored(s); with_theirs(s, "m1 + 0 * m2"); }, "covered"),
        ("a composite above it",      |s| { monitored(s); above_theirs(s); }, "covered"),
        ("a composite, others too",   |s| { monitored(s); above_theirs(s); let rule = &mut theirs(s).composite[0].rule; rule.push_str(" OR ALARM(of-another-account)"); }, "alarm_undecided"),
        ("muted there",               |s| { monitored(s); mute(s, "cron(* * * * *)", "PT1M", S3); let rules = of_alarms(s).mute_rules.clone(); theirs(s).mute_rules = rules; }, "alarm_muted"),
        ("muted here",                |s| { monitored(s); mute(s, "cron(* * * * *)", "PT1M", S3); }, "covered"),
        ("two accounts' key aliases", |s| { monitored(s); same_alias(s); }, "covered"),
        ("their key denies",          |s| { monitored(s); same_alias(s); s.keys.insert(format!("{HOME}/{OWNER}/alias/alarms"), key(OWNER, "{\"Statement\":[]}")); }, "topic_key_denies"),
        ("their log alarm",           |s| { monitored(s); their_log_alarm(s, true); }, "alarm_undecided"),
        ("their group of that name",  |s| { monitored(s); their_log_alarm(s, false); }, "no_alarm"),
        ("their topic is gone",       |s| { monitored(s); s.topics.insert(topic_arn(OWNER, HOME), known(None)); }, "topic_missing"),
        ("their topic is not read",   |s| { monitored(s); s.topics.insert(topic_arn(OWNER, HOME), denied("sns", "GetTopicAttributes")); }, "fact_unread"),
    ]);
}

#[test]
fn a_finding_names_the_monitoring_account() {
    let mut snapshot = healthy(OWN);
    monitored(&mut snapshot);
    let finding = finding(&snapshot, S3);
    let notes = finding.evidence.notes.iter();
    let texts: Vec<&str> = notes
        .filter(|note| note.code == "monitoring_account")
        .map(|note| note.text.as_str())
        .collect();
    let text = format!(
        "an alarm of monitoring account {OWNER} watches metric `CISBenchmark/s3-bucket-policy-changes`"
    );
    assert_eq!(texts, [text]);
}

#[test]
#[rustfmt::skip]
fn links_are_asked_for_only_where_a_metric_tells_nobody() {
    type Case = (&'static str, fn(&mut AccountSnapshot), bool);
    let cases: &[Case] = &[
        ("healthy",                    |_| {}, false),
        ("no filter",                  |s| of_filters(s).retain(|f| f.name != S3), false),
        ("no filters at all",          |s| of_filters(s).clear(), false),
        ("filter without metric",      |s| s3_filter(s).transformations.clear(), false),
        ("filters not read",           |s| of_group(s).filters = denied("logs", "DescribeMetricFilters"), false),
        ("group gone",                 |s| { of_alarms(s).metric.clear(); of_group(s).group = known(None); }, false),
        ("alarms not read",            |s| { s.alarms.insert(home(), denied("cloudwatch", "DescribeAlarms")); }, false),
        ("no alarm",                   |s| of_alarms(s).metric.retain(|alarm| alarm.name != S3), true),
        ("threshold of 10",            |s| s3_alarm(s).threshold = Some(10.0), true),
        ("nobody subscribed",          |s| of_topic(s).subscriptions = known(Vec::new()), true),
        ("of some events only",        |s| { with_dimension(s); }, true),
        ("one of two alarms broken",   |s| { let mut other = s3_alarm(s).clone(); other.name = "other".into(); other.threshold = Some(10.0); of_alarms(s).metric.push(other); }, false),
    ];
    for (name, change, asked) in cases {
        let mut snapshot = healthy(OWN);
        change(&mut snapshot);
        let expected = asked.then(home).into_iter().collect::<BTreeSet<_>>();
        let regions = OwnChains::of(&snapshot).regions_whose_metrics_tell_nobody();
        assert_eq!(regions, expected, "{name}");
    }
}

/// Lets the S3 filter publish by event name, and its alarm watch one of them.
fn with_dimension(snapshot: &mut AccountSnapshot) {
    let published = &mut s3_filter(snapshot).transformations[0];
    published.dimensions = [("EventName".to_owned(), "$.eventName".to_owned())].into();
    let watched = s3_alarm(snapshot).metric.as_mut().unwrap();
    watched.dimensions = [("EventName".to_owned(), "PutBucketPolicy".to_owned())].into();
}

/// Puts a log alarm on the trail's log group in the place of their alarm; or on one of theirs with the same name.
fn their_log_alarm(snapshot: &mut AccountSnapshot, by_arn: bool) {
    let group = snapshot.log_groups.keys().next().unwrap().clone();
    let actions = their_alarm(snapshot).alarm_actions.clone();
    let alarms = theirs(snapshot);
    alarms.metric.clear();
    alarms.log.push(LogAlarm {
        name: "query".to_owned(),
        arn: alarm_arn(OWNER, HOME, "query"),
        actions_enabled: true,
        alarm_actions: actions,
        log_groups: vec![if by_arn {
            group.to_string()
        } else {
            group.name().to_owned()
        }],
        query: "stats count(*)".to_owned(),
    });
}

/// Moves the S3 alarm into a monitoring account, with its topic.
fn monitored(snapshot: &mut AccountSnapshot) {
    of_alarms(snapshot).metric.retain(|alarm| alarm.name != S3);
    let mut moved = alarm(OWNER, HOME, S3);
    moved.queries = vec![MetricQuery {
        id: "m1".to_owned(),
        metric: moved.metric.take(),
        expression: None,
        period: None,
        return_data: true,
        account: Some(OWN.to_owned()),
    }];
    let alarms = Alarms {
        mute_rules: Some(known(Vec::new())),
        metric: vec![moved],
        ..Alarms::default()
    };
    let monitoring = MonitoringAccount {
        metric_filter: known(None),
        alarms: known(alarms),
    };
    let accounts = [(account(OWNER), monitoring)].into();
    snapshot.monitoring.insert(home(), known(accounts));
    let arn = topic_arn(OWNER, HOME);
    snapshot.topics.insert(arn, known(Some(topic(OWNER, HOME))));
}

/// Encrypts both accounts' topics with keys of the same alias: the account's own lets nobody publish.
fn same_alias(snapshot: &mut AccountSnapshot) {
    for topic in snapshot.topics.values_mut() {
        value(topic).as_mut().unwrap().kms_key = Some("alias/alarms".to_owned());
    }
    let open = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},
        "Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}]}"#;
    let own = key(OWN, r#"{"Statement":[]}"#);
    snapshot.keys.insert(format!("{HOME}/alias/alarms"), own);
    let theirs = key(OWNER, open);
    snapshot
        .keys
        .insert(format!("{HOME}/{OWNER}/alias/alarms"), theirs);
}

fn key(owner: &str, policy: &str) -> Known<Option<Key>> {
    known(Some(Key {
        arn: format!("arn:aws:kms:{HOME}:{owner}:key/1").parse().unwrap(),
        state: "Enabled".to_owned(),
        manager: "CUSTOMER".to_owned(),
        policy: known(Some(policy.to_owned())),
    }))
}

fn link(snapshot: &mut AccountSnapshot) -> &mut MonitoringAccount {
    let accounts = value(snapshot.monitoring.get_mut(&home()).unwrap());
    accounts.get_mut(&account(OWNER)).unwrap()
}

fn shares(snapshot: &mut AccountSnapshot, filter: &str) {
    link(snapshot).metric_filter = known(Some(filter.to_owned()));
}

fn theirs(snapshot: &mut AccountSnapshot) -> &mut Alarms {
    match &mut link(snapshot).alarms {
        Known::Read { value, .. } => value,
        Known::Unread(unread) => panic!("{unread}"),
    }
}

fn their_alarm(snapshot: &mut AccountSnapshot) -> &mut orgsweep_controls::snapshot::MetricAlarm {
    &mut theirs(snapshot).metric[0]
}

/// Lets their alarm watch an expression over the account's metric (`m1`) and their own of the same name (`m2`).
fn with_theirs(snapshot: &mut AccountSnapshot, expression: &str) {
    let alarm = their_alarm(snapshot);
    let mut of_account = alarm.queries[0].clone();
    of_account.return_data = false;
    let of_theirs = MetricQuery {
        id: "m2".to_owned(),
        account: None,
        ..of_account.clone()
    };
    let returned = MetricQuery {
        id: "e1".to_owned(),
        metric: None,
        expression: Some(expression.to_owned()),
        period: None,
        return_data: true,
        account: None,
    };
    alarm.queries = vec![returned, of_account, of_theirs];
}

/// Gives the actions of their alarm to a composite alarm of theirs.
fn above_theirs(snapshot: &mut AccountSnapshot) {
    let actions = std::mem::take(&mut their_alarm(snapshot).alarm_actions);
    theirs(snapshot).composite.push(CompositeAlarm {
        name: "any".to_owned(),
        arn: alarm_arn(OWNER, HOME, "any"),
        rule: format!("ALARM({S3})"),
        actions_enabled: true,
        alarm_actions: actions,
        actions_suppressor: None,
        suppressor_wait: None,
    });
}
