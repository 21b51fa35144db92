//! What holds for every account: laws over systematic changes.

use std::collections::BTreeSet;

use orgsweep_controls::{AccountSnapshot, Reason, UnreadCause, Verdict};
use serde_json::Value;

use crate::support::*;

/// Snapshots with `change` made at each place where it applies, one at a time.
fn everywhere(
    snapshot: &AccountSnapshot,
    change: &dyn Fn(&mut Value) -> bool,
) -> Vec<AccountSnapshot> {
    fn walk(value: &mut Value, change: &dyn Fn(&mut Value) -> bool, left: &mut usize) -> bool {
        let mut copy = value.clone();
        if change(&mut copy) {
            if *left == 0 {
                *value = copy;
                return true;
            }
            *left -= 1;
        }
        match value {
            Value::Array(items) => items.iter_mut().any(|item| walk(item, change, left)),
            Value::Object(map) => map.values_mut().any(|item| walk(item, change, left)),
            _ => false,
        }
    }
    let text = serde_json::to_value(snapshot).unwrap();
    let mut changed = Vec::new();
    for place in 0.. {
        let mut copy = text.clone();
        let mut left = place;
        if !walk(&mut copy, change, &mut left) {
            break;
        }
        changed.extend(serde_json::from_value(copy));
    }
    changed
}

/// The S3 chain alone, so that each fact belongs to it.
fn only_chain() -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    of_filters(&mut snapshot).retain(|filter| filter.name == S3);
    of_alarms(&mut snapshot)
        .metric
        .retain(|alarm| alarm.name == S3);
    snapshot
}

fn make_unread(value: &mut Value) -> bool {
    if value.get("known") != Some(&Value::from("read")) {
        return false;
    }
    let call = serde_json::to_value(unread("test", "Read", UnreadCause::Denied)).unwrap();
    *value = call;
    value["known"] = Value::from("unread");
    true
}

#[test]
fn a_fact_made_unread_never_turns_anything_into_a_pass() {
    let broken: [fn(&mut AccountSnapshot); 6] = [
        |_| {},
        |s| of_status(s).logging = false,
        |s| of_filter(s, S3).pattern = "{ $.eventName = PutBucket* }".to_owned(),
        |s| of_alarm(s, S3).actions_enabled = false,
        |s| of_topic(s).subscriptions = known(Vec::new()),
        |s| of_trail(s).multi_region = false,
    ];
    for change in broken {
        let mut snapshot = only_chain();
        change(&mut snapshot);
        let before = finding(&snapshot, S3).verdict;
        let unread = everywhere(&snapshot, &make_unread);
        assert!(unread.len() >= 8, "{}", unread.len());
        for snapshot in unread {
            let after = finding(&snapshot, S3);
            if before == Verdict::Pass {
                assert_ne!(after.verdict, Verdict::Fail, "{}", after.summary);
            } else {
                assert_ne!(after.verdict, Verdict::Pass, "{}", after.summary);
            }
        }
    }
}

#[test]
fn every_deciding_fact_of_the_only_chain_is_needed() {
    // The enabled Regions are not: the trail records them all.
    let unknown = everywhere(&only_chain(), &make_unread)
        .iter()
        .filter(|snapshot| finding(snapshot, S3).verdict == Verdict::Unknown)
        .count();
    let all = everywhere(&only_chain(), &make_unread).len();
    assert_eq!(unknown, all - 1);
}

#[test]
fn removing_a_link_of_the_only_chain_never_stays_a_pass() {
    let removals: [fn(&mut AccountSnapshot); 7] = [
        |s| value(s.trails.get_mut(&home()).unwrap()).clear(),
        |s| of_group(s).group = known(None),
        |s| of_filters(s).clear(),
        |s| of_alarms(s).metric.clear(),
        |s| of_alarm(s, S3).alarm_actions.clear(),
        |s| {
            s.topics.insert(topic_arn(OWN, HOME), known(None));
        },
        |s| of_topic(s).subscriptions = known(Vec::new()),
    ];
    for (number, remove) in removals.iter().enumerate() {
        let mut snapshot = only_chain();
        remove(&mut snapshot);
        assert_eq!(finding(&snapshot, S3).verdict, Verdict::Fail, "{number}");
    }
}

#[test]
fn unrelated_resources_change_nothing() {
    let alone = finding(&only_chain(), S3);
    let mut crowded = only_chain();
    of_filters(&mut crowded).push(filter("errors", "{ $.level = \"error\" }"));
    of_filters(&mut crowded).push(filter("unwatched", "{ $.eventName = RunInstances }"));
    of_alarms(&mut crowded)
        .metric
        .push(alarm(OWN, HOME, "something-else"));
    let other = topic_arn(OWNER, HOME);
    crowded.topics.insert(other, known(None));
    assert_eq!(finding(&crowded, S3), alone);

    let mut renamed = only_chain();
    of_filter(&mut renamed, S3).name = "another-name".to_owned();
    assert_eq!(finding(&renamed, S3).verdict, Verdict::Pass);
}

#[test]
fn order_and_good_company_never_change_a_pass() {
    let changes: [fn(&mut AccountSnapshot); 5] = [
        |s| of_filters(s).reverse(),
        |s| of_alarms(s).metric.reverse(),
        |s| of_filters(s).push(filter("second", &prescribed(S3))),
        |s| {
            let mut second = trail(OWN, "second", HOME);
            second.log_group = None;
            value(s.trails.get_mut(&home()).unwrap()).push(second);
        },
        |s| {
            let second = trail(OWN, "second", HOME);
            value(s.trails.get_mut(&home()).unwrap()).insert(0, second);
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut snapshot = healthy(OWN);
        change(&mut snapshot);
        assert_eq!(finding(&snapshot, S3).verdict, Verdict::Pass, "{number}");
    }
}

#[test]
fn findings_are_the_same_byte_for_byte() {
    let once = |control| serde_json::to_string(&finding(&healthy(OWN), control)).unwrap();
    for control in [S3, "root-usage", "unauthorized-api-calls"] {
        assert_eq!(once(control), once(control));
    }
    let mut broken = healthy(OWN);
    of_alarms(&mut broken).metric.clear();
    let all =
        |snapshot: &AccountSnapshot| serde_json::to_string(&findings(snapshot, &alone())).unwrap();
    assert_eq!(all(&broken), all(&broken));
}

#[test]
fn every_reason_is_given_by_a_test() {
    let tests = [
        include_str!("chains/alarm_queries.rs"),
        include_str!("chains/alarms.rs"),
        include_str!("chains/delivery.rs"),
        include_str!("chains/filters.rs"),
        include_str!("chains/trails.rs"),
        include_str!("organization.rs"),
    ];
    let missing: BTreeSet<&str> = Reason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .filter(|code| {
            !tests
                .iter()
                .any(|text| text.contains(&format!("\"{code}\"")))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
