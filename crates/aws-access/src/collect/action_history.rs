//! Whether an alarm's actions went well when it last rang, from its history. An
//! action that fails is the one sign that AWS gives of it: nobody is told, and the
//! alarm looks as usual. Asked only where an alarm has changed its state lately, so
//! that a quiet account takes no call more.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, HistoryItemType, ScanBy, StateValue};
use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::snapshot::{Alarms, FailedAction};
use orgsweep_controls::{Known, Region, Unread, UnreadCause};

use super::delivery::moment;
use crate::alarm_history::{ActionOutcome, outcome};
use crate::errors::CallError;
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const OPERATION: Operation = Operation::DescribeAlarmHistory;

/// How long a failure is of interest, and how long CloudWatch keeps history.
const LATELY: TimeDelta = TimeDelta::days(30);

/// A new alarm settles in its first state within this time; a later change is an event's.
const SETTLING: TimeDelta = TimeDelta::minutes(15);

/// Pages of a hundred items that are looked at, newest first.
const PAGES: usize = 5;

/// Characters of CloudWatch's words that are kept.
const WORDS: usize = 300;

/// When alarms of a Region were last changed by somebody, of those that have rung since.
#[derive(Debug, Default)]
pub(super) struct Rung(BTreeMap<String, DateTime<Utc>>);

impl Rung {
    /// Notes an alarm, with its state and when that and the alarm itself last changed.
    pub(super) fn note(
        &mut self,
        name: &str,
        state: Option<&StateValue>,
        changed: Option<&aws_smithy_types::DateTime>,
        configured: Option<&aws_smithy_types::DateTime>,
    ) {
        let (changed, configured) = (changed.and_then(moment), configured.and_then(moment));
        let (Some(changed), Some(configured)) = (changed, configured) else {
            return;
        };
        let rings = state == Some(&StateValue::Alarm);
        if (rings || changed - configured > SETTLING) && Utc::now() - changed < LATELY {
            self.0.insert(name.to_owned(), configured);
        }
    }

    /// Their names.
    pub(super) fn names(self) -> BTreeSet<String> {
        self.0.into_keys().collect()
    }
}

/// The actions of `alarms` that failed when their alarm last rang. `None` when none did, or none of
/// those that have `rung` could run an action.
pub(super) async fn failures(
    session: &Session,
    region: &Region,
    alarms: &Alarms,
    rung: &Rung,
) -> Option<Known<Vec<FailedAction>>> {
    let metric = alarms.metric.iter();
    let metric = metric.map(|alarm| (&alarm.name, alarm.actions_enabled, &alarm.alarm_actions));
    let composite = alarms.composite.iter();
    let composite =
        composite.map(|alarm| (&alarm.name, alarm.actions_enabled, &alarm.alarm_actions));
    let acted: BTreeMap<&str, (&[String], DateTime<Utc>)> = metric
        .chain(composite)
        .filter(|(_, enabled, actions)| *enabled && !actions.is_empty())
        .filter_map(|(name, _, actions)| {
            let configured = rung.0.get(name)?;
            Some((name.as_str(), (actions.as_slice(), *configured)))
        })
        .collect();
    if acted.is_empty() {
        return None;
    }
    let only = match acted.keys().collect::<Vec<_>>().as_slice() {
        [name] => Some((**name).to_owned()),
        _ => None,
    };
    let (items, complete) = match listed(session, region, only).await {
        Ok(listed) => listed,
        Err(error) => return Some(error.into_known()),
    };
    let is_told_of = |name: &&str| items.iter().any(|item| item.alarm_name() == Some(*name));
    if !complete && !acted.keys().all(is_told_of) {
        return Some(Known::Unread(Unread {
            call: OPERATION.call(region),
            cause: UnreadCause::NotAsked,
            message: "the history of the Region's alarms is longer than what is read".to_owned(),
        }));
    }
    let failed = failed(&items, &acted);
    (!failed.is_empty()).then(|| Known::read(failed, OPERATION.call(region)))
}

/// The newest items about actions, newest first: of one alarm, or of all in the Region; and
/// whether these are all.
async fn listed(
    session: &Session,
    region: &Region,
    alarm: Option<String>,
) -> Result<(Vec<AlarmHistoryItem>, bool), CallError> {
    let client = session.clients().cloudwatch(region);
    let since = (Utc::now() - LATELY).timestamp();
    let mut items = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    for _ in 0..PAGES {
        let request = client
            .describe_alarm_history()
            .set_alarm_name(alarm.clone())
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .history_item_type(HistoryItemType::Action)
            .start_date(aws_smithy_types::DateTime::from_secs(since))
            .scan_by(ScanBy::TimestampDescending)
            .max_records(100)
            .set_next_token(token);
        let page = session
            .call(OPERATION, region, || request.clone().send())
            .await?;
        items.extend(page.alarm_history_items.unwrap_or_default());
        token = pages
            .after(page.next_token)
            .map_err(|endless| CallError::garbled(OPERATION, region, endless.message()))?;
        if token.is_none() {
            return Ok((items, true));
        }
    }
    Ok((items, false))
}

/// Of each alarm and action the newest item, where it tells of a failure after the alarm was
/// last changed by somebody.
fn failed(
    newest_first: &[AlarmHistoryItem],
    acted: &BTreeMap<&str, (&[String], DateTime<Utc>)>,
) -> Vec<FailedAction> {
    let mut newest: BTreeMap<(&str, &str), Option<FailedAction>> = BTreeMap::new();
    for item in newest_first {
        let (Some(name), Some(summary)) = (item.alarm_name(), item.history_summary()) else {
            continue;
        };
        let Some((actions, configured)) = acted.get(name) else {
            continue;
        };
        let Some(at) = item.timestamp().and_then(moment) else {
            continue;
        };
        let told = actions
            .iter()
            .find_map(|action| Some((action, outcome(summary, action)?)));
        let Some((action, told)) = told else {
            continue;
        };
        let failure = match told {
            ActionOutcome::Failed(error) if at >= *configured => Some(FailedAction {
                alarm: name.to_owned(),
                action: action.clone(),
                at,
                error: error.chars().take(WORDS).collect(),
            }),
            _ => None,
        };
        newest.entry((name, action)).or_insert(failure);
    }
    newest.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alarms";

    fn item(alarm: &str, seconds: i64, summary: &str) -> AlarmHistoryItem {
        AlarmHistoryItem::builder()
            .alarm_name(alarm)
            .timestamp(aws_smithy_types::DateTime::from_secs(seconds))
            .history_summary(summary.replace("TOPIC", TOPIC))
            .build()
    }

    #[test]
    fn the_last_thing_that_became_of_an_action_counts() {
        let failed_then =
            "Failed to execute action TOPIC. Received error: \"it is not authorized\"";
        let done = "Successfully executed action TOPIC";
        let actions = [TOPIC.to_owned()];
        let configured = DateTime::from_timestamp(100, 0).unwrap();
        let acted = BTreeMap::from([("s3", (actions.as_slice(), configured))]);
        type Row = (
            &'static str,
            Vec<AlarmHistoryItem>,
            Option<(i64, &'static str)>,
        );
        #[rustfmt::skip]
        let rows: [Row; 8] = [
            ("nothing",                 vec![],                                                       None),
            ("failed",                  vec![item("s3", 200, failed_then)],                           Some((200, "it is not authorized"))),
            ("went well since",         vec![item("s3", 300, done), item("s3", 200, failed_then)],    None),
            ("failed since",            vec![item("s3", 300, failed_then), item("s3", 200, done)],    Some((300, "it is not authorized"))),
            ("of another alarm",        vec![item("kms", 200, failed_then)],                          None),
            ("of another topic",        vec![item("s3", 200, "Failed to execute action TOPIC-2. Received error: \"no\"")], None),
            ("before it was changed",   vec![item("s3", 50, failed_then)],                            None),
            ("without words",           vec![item("s3", 200, "Failed to execute action TOPIC")],      Some((200, ""))),
        ];
        for (name, items, expected) in rows {
            let found = failed(&items, &acted);
            let found: Vec<(i64, &str)> = found
                .iter()
                .map(|failed| (failed.at.timestamp(), failed.error.as_str()))
                .collect();
            assert_eq!(found, Vec::from_iter(expected), "{name}");
        }
    }

    #[test]
    fn an_alarm_has_rung_when_its_state_changed_long_after_the_alarm() {
        let now = Utc::now().timestamp();
        let ok = Some(&StateValue::Ok);
        #[rustfmt::skip]
        let rows = [
            ("settled",          ok,                       now - 86_400,      now - 86_460,      false),
            ("changed since",    ok,                       now - 3_600,       now - 86_400,      true),
            ("long ago",         ok,                       now - 31 * 86_400, now - 90 * 86_400, false),
            ("rings, and new",   Some(&StateValue::Alarm), now - 60,          now - 120,         true),
        ];
        for (name, state, changed, configured, expected) in rows {
            let mut rung = Rung::default();
            let time = aws_smithy_types::DateTime::from_secs;
            rung.note("s3", state, Some(&time(changed)), Some(&time(configured)));
            assert_eq!(!rung.0.is_empty(), expected, "{name}");
        }
        let mut rung = Rung::default();
        rung.note("s3", ok, None, None);
        assert!(
            rung.0.is_empty(),
            "an emulator that tells no times is not asked"
        );
    }
}
