//! Two filters that share a control's events, each with its alarm: where one of the chains is broken
//! or not known, the finding is about that one.

use orgsweep_controls::snapshot::MuteRule;
use orgsweep_controls::{AccountSnapshot, Finding, LinkState, Verdict};

use crate::support::*;

const CONTROL: &str = "cloudtrail-config-changes";
/// The alarm for the smaller part, of which two of five names are.
const SECOND: &str = "second";
const FOREIGN: &str = "arn:aws:sns:eu-west-1:210987654321:central";

fn shared_by_two() -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    of_filters(&mut snapshot).retain(|filter| filter.name != CONTROL);
    of_filters(&mut snapshot).extend([
        filter(CONTROL, "{ $.eventName = *Trail }"),
        filter(SECOND, "{ $.eventName = *Logging }"),
    ]);
    let second = alarm(OWN, HOME, SECOND);
    of_alarms(&mut snapshot).metric.push(second);
    snapshot
}

fn found(change: impl FnOnce(&mut AccountSnapshot)) -> Finding {
    let mut snapshot = shared_by_two();
    change(&mut snapshot);
    finding(&snapshot, CONTROL)
}

fn mute(snapshot: &mut AccountSnapshot) {
    let rule = MuteRule {
        name: "quiet".to_owned(),
        expression: "cron(0 2 * * SUN)".to_owned(),
        duration: "PT4H".to_owned(),
        time_zone: None,
        alarm_names: vec![SECOND.to_owned()],
        active_once: false,
        begins: None,
        ends: None,
    };
    of_alarms(snapshot).mute_rules = Some(known(vec![rule]));
}

#[test]
fn a_pass_shows_both_chains() {
    let found = found(|_| ());
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.summary);
    let text = serde_json::to_string(&found.evidence.chains).unwrap();
    assert!(text.contains("alarm:second"), "{text}");
    assert_eq!(found.evidence.chains.len(), 2);
    let notes: Vec<&str> = (found.evidence.notes.iter())
        .map(|note| note.code.as_str())
        .collect();
    assert!(notes.contains(&"several_alarms"), "{notes:?}");
}

#[test]
fn the_chain_that_breaks_is_named_and_its_names_are_in_the_fix() {
    type Change = fn(&mut AccountSnapshot);
    let elsewhere = "arn:aws:sns:us-east-1:111122223333:alerts";
    let second = alarm_arn(OWN, HOME, SECOND).to_string();
    let unpublished = "arn:aws:sns:eu-west-1:111122223333:gone";
    #[rustfmt::skip]
    let table: [(Change, &str, &str, &str); 8] = [
        (|s| of_alarm(s, SECOND).metric.as_mut().unwrap().unit = Some("Count".into()), "alarm_wrong_metric",      &second,   "--alarm-actions arn:aws:sns:eu-west-1:111122223333:alerts"),
        (|s| of_alarm(s, SECOND).threshold = Some(5.0),                                 "alarm_needs_more_events", &second,   "--metric-name second"),
        (|s| of_alarm(s, SECOND).alarm_actions.clear(),                                 "alarm_no_action",         &second,   "--metric-name second"),
        (|s| of_alarm(s, SECOND).actions_enabled = false,                               "alarm_actions_disabled",  &second,   "--alarm-names second"),
        (mute,                                                                          "alarm_muted",             &second,   "--alarm-mute-rule-name quiet"),
        (|s| of_alarm(s, SECOND).alarm_actions = vec!["arn:aws:sns:us-east-1:111122223333:alerts".into()], "action_wrong_place", elsewhere, "--metric-name second"),
        (|s| {
            of_alarm(s, SECOND).alarm_actions = vec!["arn:aws:sns:eu-west-1:111122223333:gone".into()];
            s.topics.insert("arn:aws:sns:eu-west-1:111122223333:gone".parse().unwrap(), known(None));
        },                                                                              "topic_missing",           unpublished, "create-topic --region eu-west-1 --name gone"),
        (|s| of_alarms(s).metric.retain(|alarm| alarm.name != SECOND),                  "no_alarm",                "second",  "--metric-name second"),
    ];
    for (change, reason, resource, in_commands) in table {
        let found = found(change);
        assert_eq!(found.reason.as_str(), reason, "{}", found.summary);
        let chain = &found.evidence.chains[0];
        let broken = chain.links.last().unwrap();
        assert_eq!(chain.reason, Some(found.reason), "{reason}");
        assert!(broken.resource.ends_with(resource), "{reason}: {broken:?}");
        assert!(found.summary.contains(&broken.detail), "{}", found.summary);
        assert!(found.cause.contains("arn:"), "{}", found.cause);
        assert_eq!(
            found.evidence.missing_events,
            ["StartLogging", "StopLogging"]
        );
        assert_eq!(found.evidence.chains[1].state, LinkState::Holds, "{reason}");
        let commands = found.evidence.commands.join("\n");
        assert!(commands.contains(in_commands), "{reason}: {commands}");
        for placeholder in ["LOG_GROUP", "TOPIC_ARN"] {
            assert!(!commands.contains(placeholder), "{reason}: {commands}");
        }
    }
}

#[test]
fn the_chain_that_is_not_known_is_named_with_what_is_missing() {
    type Change = fn(&mut AccountSnapshot);
    let undecided = alarm_arn(OWN, HOME, SECOND).to_string();
    #[rustfmt::skip]
    let table: [(Change, &str, &str, &[&str]); 2] = [
        (|s| {
            of_alarm(s, SECOND).alarm_actions = vec![FOREIGN.into()];
            s.topics.insert(FOREIGN.parse().unwrap(), denied("sns", "GetTopicAttributes"));
        },                                                                "fact_unread",     FOREIGN,    &["sns:GetTopicAttributes"]),
        (|s| of_alarm(s, SECOND).threshold_metric_id = Some("ad1".into()), "alarm_undecided", &undecided, &[]),
    ];
    for (change, reason, resource, permissions) in table {
        let found = found(change);
        assert_eq!(found.verdict, Verdict::Unknown);
        assert_eq!(found.reason.as_str(), reason, "{}", found.summary);
        assert!(found.cause.starts_with(reason), "{}", found.cause);
        assert!(found.summary.contains(resource), "{}", found.summary);
        let chain = &found.evidence.chains[0];
        assert_eq!(chain.reason, Some(found.reason));
        let text = serde_json::to_string(chain).unwrap();
        assert!(text.contains(resource), "{text}");
        assert_eq!(found.evidence.missing_permissions, permissions);
        assert_eq!(found.evidence.unread.len(), permissions.len());
    }
}

/// An alarm that watches the first filter's metric in vain is not what the events are missing for.
#[test]
fn a_broken_alarm_beside_one_that_rings_for_the_same_events_is_not_to_blame() {
    let found = found(|snapshot| {
        let mut stray = alarm(OWN, HOME, "stray");
        stray.metric = Some(watched(CONTROL));
        for alarm in [&mut stray, of_alarm(snapshot, SECOND)] {
            alarm.metric.as_mut().unwrap().unit = Some("Count".into());
        }
        of_alarms(snapshot).metric.push(stray);
    });
    assert_eq!(found.reason.as_str(), "alarm_wrong_metric");
    assert!(found.cause.ends_with("alarm:second"), "{}", found.cause);
}

/// Nor is one of which nobody knows whether it rings for them, too.
#[test]
fn an_unknown_chain_beside_one_that_holds_for_the_same_events_is_not_the_reason() {
    let found = found(|snapshot| {
        let mut more = alarm(OWN, HOME, "more");
        more.metric = Some(watched(CONTROL));
        more.threshold_metric_id = Some("ad1".into());
        of_alarms(snapshot).metric.push(more);
        of_alarm(snapshot, SECOND).alarm_actions = vec![FOREIGN.into()];
        let foreign = denied("sns", "GetTopicAttributes");
        snapshot.topics.insert(FOREIGN.parse().unwrap(), foreign);
    });
    assert_eq!(found.reason.as_str(), "fact_unread", "{}", found.summary);
    assert!(found.summary.contains(FOREIGN), "{}", found.summary);
}
