//! The state of CloudWatch alarms: read, set on purpose, and what their history
//! says about actions.

use aws_sdk_cloudwatch::types::{AlarmType, HistoryItemType, ScanBy, StateValue};
use chrono::DateTime;
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, Region};

use super::Writer;
use super::alarm::{self, FoundAlarm};
use super::operation::{DESCRIBE_ALARM_HISTORY, SET_ALARM_STATE};
use crate::drill::history::Item;
use crate::steps::alarm_name;

/// Characters of a reason, at most (CloudWatch API reference, SetAlarmState).
const LONGEST_REASON: usize = 1_023;

/// An alarm at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmNow {
    /// Its state.
    pub state: StateValue,
    /// Whether its actions run at all.
    pub actions_enabled: bool,
    /// What it does when it goes to ALARM.
    pub actions: Vec<String>,
    /// Actions for any of its states that do more than tell a topic.
    pub other_actions: Vec<String>,
}

/// The alarm at this moment, if there is one.
pub async fn read(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<Option<AlarmNow>, CallFailure> {
    let found = alarm::read(writer, arn, region).await?;
    Ok(found.map(|found| {
        let (state, lists) = match &found {
            FoundAlarm::Metric(alarm) => (
                alarm.state_value.clone(),
                [
                    alarm.alarm_actions(),
                    alarm.ok_actions(),
                    alarm.insufficient_data_actions(),
                ],
            ),
            FoundAlarm::Composite(alarm) => (
                alarm.state_value.clone(),
                [
                    alarm.alarm_actions(),
                    alarm.ok_actions(),
                    alarm.insufficient_data_actions(),
                ],
            ),
        };
        let mut other_actions = lists.concat();
        other_actions.retain(|action| !is_topic(action));
        let seen = found.seen();
        AlarmNow {
            state: state.unwrap_or(StateValue::InsufficientData),
            actions_enabled: seen.actions_enabled,
            actions: seen.alarm_actions,
            other_actions,
        }
    }))
}

fn is_topic(action: &str) -> bool {
    action
        .parse::<Arn>()
        .is_ok_and(|arn| arn.service() == "sns")
}

/// What its history says about actions, the newest hundred items.
pub async fn action_history(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<Vec<Item>, CallFailure> {
    let request = writer
        .cloudwatch(region)
        .describe_alarm_history()
        .alarm_name(alarm_name(arn))
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .history_item_type(HistoryItemType::Action)
        .scan_by(ScanBy::TimestampDescending)
        .max_records(100);
    let answer = writer
        .call(DESCRIBE_ALARM_HISTORY, region, || request.clone().send())
        .await?;
    let items = answer.alarm_history_items.unwrap_or_default().into_iter();
    Ok(items
        .filter_map(|item| {
            let at = item.timestamp?;
            Some(Item {
                at: DateTime::from_timestamp(at.secs(), at.subsec_nanos())?,
                summary: item.history_summary?,
            })
        })
        .collect())
}

/// Sets its state; its actions run when that is another one than before.
pub async fn set(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    state: &StateValue,
    reason: &str,
) -> Result<(), CallFailure> {
    let reason: String = reason.chars().take(LONGEST_REASON).collect();
    let request = writer
        .cloudwatch(region)
        .set_alarm_state()
        .alarm_name(alarm_name(arn))
        .state_value(state.clone())
        .state_reason(reason);
    let answer = writer.call(SET_ALARM_STATE, region, || request.clone().send());
    answer.await.map(drop)
}
