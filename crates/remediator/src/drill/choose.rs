//! Which alarms are rung: those of chains that hold, so that the ring is evidence
//! for a verdict; and for a heartbeat one per topic, the one whose turn it is.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::{AccountId, Arn, ControlId, Finding, LinkKind, LinkState};
use orgsweep_store::LastSeen;
use serde::Serialize;

/// An alarm that can be rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The alarm.
    pub alarm: Arn,
    /// The topics and other actions through which it gets out.
    pub actions: BTreeSet<String>,
    /// The controls whose chains it is part of.
    pub controls: BTreeSet<ControlId>,
}

/// The alarms of the findings' chains that hold, in the order of their ARNs.
pub fn candidates<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Candidate> {
    let mut found: BTreeMap<Arn, Candidate> = BTreeMap::new();
    for finding in findings {
        let holding = finding
            .evidence
            .chains
            .iter()
            .filter(|chain| chain.state == LinkState::Holds);
        for chain in holding {
            let of = |kind| chain.links.iter().filter(move |link| link.kind == kind);
            let alarms = of(LinkKind::Alarm).filter_map(|link| link.resource.parse::<Arn>().ok());
            for alarm in alarms.filter(|arn| arn.service() == "cloudwatch") {
                let candidate = found.entry(alarm.clone()).or_insert_with(|| Candidate {
                    alarm,
                    actions: BTreeSet::new(),
                    controls: BTreeSet::new(),
                });
                candidate.controls.insert(finding.control.clone());
                candidate
                    .actions
                    .extend(of(LinkKind::Action).map(|link| link.resource.clone()));
            }
        }
    }
    found.into_values().collect()
}

/// For each topic or other action that was not seen to get a message out within `every`, one
/// alarm; those that were never seen first, then those that were seen longest ago.
pub fn whose_turn(
    candidates: Vec<Candidate>,
    seen: &[LastSeen],
    every: TimeDelta,
    now: DateTime<Utc>,
) -> Vec<Candidate> {
    let last = |candidate: &Candidate, action: &str| {
        let account = candidate.alarm.account();
        seen.iter()
            .filter(|seen| {
                seen.action_arn == action
                    && Some(seen.account_id.as_str()) == account.as_ref().map(AccountId::as_str)
            })
            .map(|seen| seen.last_seen_at)
            .max()
    };
    let mut due: Vec<(Option<DateTime<Utc>>, String, Candidate)> = Vec::new();
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for candidate in candidates {
        let account = candidate
            .alarm
            .account()
            .map(String::from)
            .unwrap_or_default();
        for action in &candidate.actions {
            let before = last(&candidate, action);
            let is_due = before.is_none_or(|before| now - before >= every);
            if is_due && told.insert((account.clone(), action.clone())) {
                due.push((before, candidate.alarm.to_string(), candidate.clone()));
            }
        }
    }
    due.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    // An alarm with two topics that are both due rings once.
    let mut rung = BTreeSet::new();
    due.retain(|(_, alarm, _)| rung.insert(alarm.clone()));
    due.into_iter().map(|(_, _, candidate)| candidate).collect()
}

/// A topic or other action of an alarm, and when a message was last seen to get out through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenOrNever {
    /// The alarm's account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// The topic or other action.
    pub action_arn: String,
    /// The alarm that was rung, or that could be.
    pub alarm_arn: String,
    /// When; none for never.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Every topic that was seen to get a message out, and those of `candidates` that never were: these
/// first, then by account, Region and topic.
pub fn seen_or_never(candidates: &[Candidate], seen: &[LastSeen]) -> Vec<SeenOrNever> {
    let mut all: BTreeMap<(String, String, String), SeenOrNever> = BTreeMap::new();
    let seen = seen.iter().map(|seen| SeenOrNever {
        account_id: seen.account_id.clone(),
        region: seen.region.clone(),
        action_arn: seen.action_arn.clone(),
        alarm_arn: seen.alarm_arn.clone(),
        last_seen_at: Some(seen.last_seen_at),
    });
    let never = candidates.iter().flat_map(|candidate| {
        let alarm = &candidate.alarm;
        candidate.actions.iter().map(|action| SeenOrNever {
            account_id: alarm.account().map(String::from).unwrap_or_default(),
            region: alarm.region().map(String::from).unwrap_or_default(),
            action_arn: action.clone(),
            alarm_arn: alarm.to_string(),
            last_seen_at: None,
        })
    });
    for one in seen.chain(never) {
        let place = (
            one.account_id.clone(),
            one.region.clone(),
            one.action_arn.clone(),
        );
        all.entry(place).or_insert(one);
    }
    let (never, seen): (Vec<_>, Vec<_>) =
        (all.into_values()).partition(|one| one.last_seen_at.is_none());
    [never, seen].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, topics: &[&str]) -> Candidate {
        Candidate {
            alarm: format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}")
                .parse()
                .unwrap(),
            actions: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            controls: BTreeSet::new(),
        }
    }

    fn seen(topic: &str, days_ago: i64, now: DateTime<Utc>) -> LastSeen {
        LastSeen {
            account_id: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            action_arn: topic.to_owned(),
            alarm_arn: String::new(),
            last_seen_at: now - TimeDelta::days(days_ago),
        }
    }

    #[test]
    fn each_topic_has_its_turn_once_and_those_never_seen_come_first() {
        let now = DateTime::from_timestamp(1_000_000_000, 0).unwrap();
        let all = vec![
            candidate("a", &["pager"]),
            candidate("b", &["pager"]),
            candidate("c", &["mail"]),
            candidate("d", &["fresh"]),
            candidate("e", &["new", "mail"]),
        ];
        let seen = [
            seen("pager", 40, now),
            seen("mail", 31, now),
            seen("fresh", 3, now),
        ];
        let turn = whose_turn(all, &seen, TimeDelta::days(30), now);
        let names: Vec<&str> = turn
            .iter()
            .map(|one| one.alarm.resource().trim_start_matches("alarm:"))
            .collect();
        assert_eq!(names, ["e", "a", "c"]);
    }

    #[test]
    fn what_was_never_seen_is_listed_first_and_each_topic_once() {
        let now = DateTime::from_timestamp(1_000_000_000, 0).unwrap();
        let all = [
            candidate("a", &["pager"]),
            candidate("b", &["pager", "new"]),
            candidate("c", &["new"]),
        ];
        let listed = seen_or_never(&all, &[seen("pager", 40, now), seen("gone", 90, now)]);
        let shown: Vec<(&str, bool)> = listed
            .iter()
            .map(|one| (one.action_arn.as_str(), one.last_seen_at.is_some()))
            .collect();
        assert_eq!(shown, [("new", false), ("gone", true), ("pager", true)]);
        assert!(listed[0].alarm_arn.ends_with(":alarm:b"));
    }
}
