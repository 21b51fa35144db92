//! Alarms that are muted in turn: one is silent while another tells, so that nothing is missed, or
//! something is.

use orgsweep_controls::snapshot::{CompositeAlarm, MetricAlarm, MetricQuery, MuteRule};
use orgsweep_controls::{AccountSnapshot, LinkState};

use crate::support::*;

/// Alarm, schedule, duration, time zone.
type Muted = (&'static str, &'static str, &'static str, &'static str);

const NIGHT: Muted = (S3, "cron(0 20 * * *)", "PT12H", "UTC");
const DAY: Muted = ("second", "cron(0 8 * * *)", "PT12H", "UTC");

fn mute(snapshot: &mut AccountSnapshot, rules: &[Muted]) {
    let rules = rules.iter().enumerate();
    let rules = rules.map(|(number, (alarm, expression, duration, zone))| MuteRule {
        name: format!("rule-{number}"),
        expression: (*expression).to_owned(),
        duration: (*duration).to_owned(),
        time_zone: (*zone != "UTC").then(|| (*zone).to_owned()),
        alarm_names: vec![(*alarm).to_owned()],
        active_once: false,
        begins: None,
        ends: None,
    });
    of_alarms(snapshot).mute_rules = Some(known(rules.collect()));
}

/// Another alarm on the metric of the first.
fn another(snapshot: &mut AccountSnapshot, name: &str) {
    let twin = MetricAlarm {
        name: name.to_owned(),
        arn: alarm_arn(OWN, HOME, name),
        ..of_alarm(snapshot, S3).clone()
    };
    of_alarms(snapshot).metric.push(twin);
}

fn with(rules: &[Muted]) -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    another(&mut snapshot, "second");
    mute(&mut snapshot, rules);
    snapshot
}

#[test]
#[rustfmt::skip]
fn two_alarms_that_are_muted_in_turn_always_tell() {
    let second = |schedule, duration| ("second", schedule, duration, "UTC");
    let first = |schedule, duration| (S3, schedule, duration, "UTC");
    let tokyo = |(alarm, schedule, duration, _): Muted| (alarm, schedule, duration, "Asia/Tokyo");
    for (name, rules, verdict, when) in [
        ("in turn",                  &[NIGHT, DAY][..],                                                              "pass", ""),
        ("with hours between",       &[NIGHT, second("cron(0 9 * * *)", "PT10H")],                                   "pass", ""),
        ("never on one day",         &[first("cron(0 0 * * MON-FRI)", "P1D"), second("cron(0 0 * * SAT,SUN)", "P1D")], "pass", ""),
        ("on other days of a month", &[first("cron(0 0 1 * *)", "PT2H"), second("cron(0 0 15 * *)", "PT2H")],        "pass", ""),
        ("an hour for neither",      &[NIGHT, second("cron(0 7 * * *)", "PT12H")],                                   "fail", "nobody is told from 07:00 to 08:00 every day (UTC)"),
        ("an hour of one day",       &[NIGHT, second("cron(0 8 * * *)", "PT12H"), second("cron(0 3 * * SUN)", "PT1H")], "fail", "nobody is told from 03:00 to 04:00 on SUN (UTC)"),
        ("a night for neither",      &[first("cron(0 18 * * FRI)", "P2DT12H"), second("cron(0 18 * * FRI)", "PT60H30M")], "fail", "nobody is told for 60 hours from 18:00 on FRI (UTC)"),
        ("a day of the month",       &[NIGHT, second("cron(0 20 1 * *)", "PT2H")],                                   "fail", "for example from 20:00 to 22:00 on"),
        ("both for good",            &[first("cron(* * * * *)", "PT1M"), second("cron(* * * * *)", "PT1M")],         "fail", ""),
        ("one for good",             &[first("cron(* * * * *)", "PT1M"), DAY],                                       "fail", ""),
        ("the same hours",           &[NIGHT, second("cron(0 20 * * *)", "PT12H")],                                  "fail", ""),
        ("clocks change",            &[(S3, NIGHT.1, NIGHT.2, "Europe/Berlin"), ("second", DAY.1, DAY.2, "Europe/Berlin")], "unknown", ""),
        ("clocks change, but apart", &[(S3, "cron(0 22 * * *)", "PT6H", "Europe/Berlin"), ("second", "cron(0 10 * * *)", "PT6H", "Europe/Berlin")], "pass", ""),
        ("of two time zones",        &[tokyo(NIGHT), DAY],                                                           "unknown", ""),
        ("not decided",              &[NIGHT, second("cron(0/5 8 * * *)", "PT1M")],                                  "unknown", ""),
        ("read both ways",           &[NIGHT, second("cron(0 20 1-7 * MON)", "PT1H")],                               "fail", "from 20:00 to 21:00"),
        ("perhaps on such a day",    &[first("cron(0 0 1 * *)", "PT2H"), second("cron(0 0 2-8 * MON)", "PT25H")],    "unknown", ""),
        ("one is not muted",         &[NIGHT],                                                                       "pass", ""),
    ] {
        let finding = finding(&with(rules), S3);
        assert_eq!(finding.verdict.as_str(), verdict, "{name}: {}", finding.summary);
        assert!(finding.summary.contains(when), "{name}: {}", finding.summary);
        let by_framework = finding.evidence.verdict_by_framework.values();
        assert!(by_framework.into_iter().all(|it| *it == finding.verdict), "{name}");
    }
}

/// Lets an alarm watch an expression over its metric.
fn math(snapshot: &mut AccountSnapshot, alarm: &str, expression: &str) {
    let alarm = of_alarm(snapshot, alarm);
    let query = |id: &str, metric, expression| MetricQuery {
        id: id.to_owned(),
        metric,
        expression,
        period: None,
        return_data: id == "e1",
        account: None,
    };
    alarm.queries = vec![
        query("m1", alarm.metric.take(), None),
        query("e1", None, Some(expression.to_owned())),
    ];
}

fn every_minute(snapshot: &mut AccountSnapshot) {
    for name in [S3, "second"] {
        of_alarm(snapshot, name).metric.as_mut().unwrap().period = Some(60);
    }
}

/// Two composites over the S3 alarm take its actions.
fn composites(snapshot: &mut AccountSnapshot) {
    of_alarms(snapshot)
        .metric
        .retain(|alarm| alarm.name != "second");
    let actions = std::mem::take(&mut of_alarm(snapshot, S3).alarm_actions);
    let composites = ["first", "second"].map(|name| CompositeAlarm {
        name: name.to_owned(),
        arn: alarm_arn(OWN, HOME, name),
        rule: format!("ALARM({S3})"),
        actions_enabled: true,
        alarm_actions: actions.clone(),
        actions_suppressor: None,
        suppressor_wait: None,
    });
    of_alarms(snapshot).composite.extend(composites);
}

/// A filter for half of the events, and one for the others with an alarm of its own.
fn halves(snapshot: &mut AccountSnapshot) {
    let half =
        |verb| format!("{{ $.eventSource = s3.amazonaws.com && $.eventName = {verb}Bucket* }}");
    of_filter(snapshot, S3).pattern = half("Put");
    of_filters(snapshot).push(filter("other-half", &half("Delete")));
    of_alarms(snapshot)
        .metric
        .push(alarm(OWN, HOME, "other-half"));
}

#[test]
#[rustfmt::skip]
fn what_alarms_tell_in_turn_depends_on_all_of_them() {
    type Change = fn(&mut AccountSnapshot);
    let both = [NIGHT, DAY];
    let early = ("second", "cron(0 8 * * *)", "PT11H50M", "UTC");
    let late = (S3, "cron(0 20 * * *)", "PT11H50M", "UTC");
    for (name, rules, change, verdict, reason) in [
        ("a minute each, in turn",      &both[..],        every_minute as Change,                                        "unknown", "alarm_undecided"),
        ("a minute each, some between", &[early, late],   every_minute,                                                  "pass",    "covered"),
        ("one without action",          &both,            |s| of_alarm(s, "second").alarm_actions.clear(),                "fail",    "alarm_muted"),
        ("one of another metric",       &both,            |s| of_alarm(s, "second").metric.as_mut().unwrap().name = "x".into(), "fail", "alarm_muted"),
        ("topic unread",                &both,            |s| { s.topics.insert(topic_arn(OWN, HOME), denied("sns", "GetTopicAttributes")); }, "unknown", "fact_unread"),
        ("topic gone",                  &both,            |s| { s.topics.insert(topic_arn(OWN, HOME), known(None)); },     "fail",    "alarm_muted"),
        ("other half always told",      &both,            halves,                                                        "pass",    "covered"),
        ("other half never told",       &both,            |s| { halves(s); of_alarm(s, "other-half").alarm_actions.clear(); }, "fail", "alarm_no_action"),
        ("other half by night",         &[NIGHT, DAY, ("other-half", NIGHT.1, NIGHT.2, "UTC")], halves,                   "fail",    "alarm_muted"),
        ("composites in turn",          &[("first", NIGHT.1, NIGHT.2, "UTC"), DAY], composites,                            "pass",    "covered"),
        ("composites, one for good",    &[("first", "cron(* * * * *)", "PT1M", "UTC"), DAY], composites,                   "fail",    "alarm_muted"),
        ("by expression, in turn",      &[],              |s| { math(s, S3, "IF(HOUR(m1) < 12, m1)"); math(s, "second", "IF(HOUR(m1) >= 12, m1)"); }, "unknown", "alarm_undecided"),
        ("by the same expression",      &[],              |s| { math(s, S3, "IF(DAY(m1) < 6, m1)"); math(s, "second", "IF(DAY(m1) < 6, m1)"); }, "fail", "alarm_conditional"),
        ("by expression, and muted",    &[DAY],           |s| math(s, S3, "IF(HOUR(m1) < 12, m1)"),                       "unknown", "alarm_undecided"),
        ("in turn, and by expression",  &both,            |s| { another(s, "third"); math(s, "third", "IF(HOUR(m1) < 12, m1)"); }, "pass", "covered"),
        ("two trails to the group",     &both,            |s| { let mut other = trail(OWN, "other", HOME); other.name = "other".into(); value(s.trails.get_mut(&home()).unwrap()).push(other); }, "pass", "covered"),
    ] {
        let mut snapshot = with(rules);
        change(&mut snapshot);
        let finding = finding(&snapshot, S3);
        let found = (finding.verdict.as_str(), finding.reason.as_str());
        assert_eq!(found, (verdict, reason), "{name}: {}", finding.summary);
    }
}

#[test]
fn alarms_on_several_log_groups_see_an_event_at_different_times() {
    let elsewhere = region("us-east-1");
    for (there, verdict) in [
        (("cron(0 8 * * *)", "PT12H"), "unknown"),
        (("cron(0 20 * * *)", "PT12H"), "fail"),
        (("cron(0 9 * * *)", "PT2H"), "unknown"),
    ] {
        let mut snapshot = healthy(OWN);
        with_chains(&mut snapshot, "us-east-1");
        let other = trail(OWN, "other", "us-east-1");
        value(snapshot.trails.get_mut(&home()).unwrap()).push(other);
        mute(&mut snapshot, &[(S3, there.0, there.1, "UTC")]);
        let rules = of_alarms(&mut snapshot).mute_rules.clone();
        value(snapshot.alarms.get_mut(&elsewhere).unwrap()).mute_rules = rules;
        let alarms = snapshot.alarms.get_mut(&home()).unwrap();
        value(alarms).mute_rules = None;
        let mut here = healthy(OWN);
        mute(&mut here, &[NIGHT]);
        value(alarms).mute_rules = of_alarms(&mut here).mute_rules.clone();
        let finding = finding(&snapshot, S3);
        assert_eq!(
            finding.verdict.as_str(),
            verdict,
            "{there:?}: {}",
            finding.summary
        );
    }
}

#[test]
fn a_pass_in_turn_says_so_and_shows_all_that_take_part() {
    let finding = finding(&with(&[NIGHT, DAY]), S3);
    let notes = finding.evidence.notes.iter();
    let codes: Vec<&str> = notes.map(|note| note.code.as_str()).collect();
    assert_eq!(codes, ["muted_in_turn", "muted_in_turn"]);
    let chains = &finding.evidence.chains;
    assert_eq!(chains.len(), 2);
    assert!(chains.iter().all(|chain| chain.state == LinkState::Holds));
    assert!(finding.evidence.fix.is_none() && finding.evidence.commands.is_empty());
    assert!(finding.evidence.time_to_notice.is_some());
}

#[test]
fn members_are_judged_by_what_tells_in_turn_in_the_account_of_the_organization_trail() {
    let second = |schedule, duration| ("second", schedule, duration, "UTC");
    for (day, verdict, reason) in [
        (DAY, "pass", "covered_by_organization_trail"),
        (second("cron(0 7 * * *)", "PT13H"), "fail", "alarm_muted"),
    ] {
        let mut owner = owner();
        let twin = MetricAlarm {
            name: "second".to_owned(),
            arn: alarm_arn(OWNER, HOME, "second"),
            ..of_alarm(&mut owner, S3).clone()
        };
        of_alarms(&mut owner).metric.push(twin);
        mute(&mut owner, &[NIGHT, day]);
        let finding = judge(&member(OWN), &relying_on(owner), S3);
        let found = (finding.verdict.as_str(), finding.reason.as_str());
        assert_eq!(found, (verdict, reason), "{}", finding.summary);
    }
}
