//! How one alarm is made to ring: recorded first, set to ALARM with a reason that
//! says so, watched until its history tells what came of every action, and put
//! back. A drill that was cut short is found by its record and put back later.

use std::time::Duration;

use aws_sdk_cloudwatch::types::StateValue;
use chrono::{TimeDelta, Utc};
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, Region};
use orgsweep_store::{DrillEnd, DrilledAction, NewDrill, OpenDrill, Store, StoreError};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::history::{Item, outcome};
use crate::write::alarm_state::{self, AlarmNow};
use crate::write::{Writer, Writers};

/// How often the history is asked.
const PAUSE: Duration = Duration::from_secs(1);
/// A drill that is older has been cut short: no drill waits that long.
const CUT_SHORT: TimeDelta = TimeDelta::minutes(15);

/// Why and for how long alarms are rung.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// `drill` or `heartbeat`.
    pub kind: &'static str,
    /// Who rings.
    pub author: String,
    /// Why.
    pub reason: String,
    /// How long to wait for the actions' traces.
    pub patience: Duration,
    /// Whether alarms are rung that do more than tell topics.
    pub any_action: bool,
    /// Once cancelled, nothing is waited for any more; what rings is put back.
    pub stop: CancellationToken,
}

/// What came of one alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rung {
    /// It rang, or was made to; with what came of each action.
    Tried {
        /// `rang`, `failed`, `silent` or `interrupted`.
        outcome: &'static str,
        /// What came of each action.
        actions: Vec<DrilledAction>,
        /// Whether it has its state of before again.
        put_back: bool,
        /// What went wrong, in words.
        message: Option<String>,
    },
    /// It was left alone, and why.
    LeftAlone(String),
}

/// Why drills cannot go on at all.
#[derive(Debug, Error)]
pub enum DrillError {
    /// Without its record no alarm is rung.
    #[error("the drill cannot be recorded, so nothing more is rung: {0}")]
    Store(#[from] StoreError),
}

/// Rings `arn`.
///
/// # Errors
/// When it cannot be recorded. What AWS refuses is no error but the alarm's outcome.
pub async fn ring(
    writer: &Writer,
    store: &Store,
    arn: &Arn,
    region: &Region,
    occasion: &Occasion,
) -> Result<Rung, DrillError> {
    let left_alone = |why: &str| Ok(Rung::LeftAlone(why.to_owned()));
    let alarm = match alarm_state::read(writer, arn, region).await {
        Ok(Some(alarm)) => alarm,
        Ok(None) => return left_alone("it does not exist any more; sweep again"),
        Err(failure) => return left_alone(&failure.to_string()),
    };
    if let Some(why) = not_to_be_rung(&alarm, occasion.any_action) {
        return Ok(Rung::LeftAlone(why));
    }
    let before = match alarm_state::action_history(writer, arn, region).await {
        Ok(before) => before,
        Err(failure) => return left_alone(&failure.to_string()),
    };
    let new = NewDrill {
        id: Uuid::now_v7(),
        kind: occasion.kind,
        account_id: writer.account().to_string(),
        region: region.to_string(),
        alarm_arn: arn.to_string(),
        author: occasion.author.clone(),
        reason: occasion.reason.clone(),
        started_at: Utc::now(),
        state_before: alarm.state.as_str().to_owned(),
    };
    if !store.begin_drill(&new).await? {
        return left_alone("somebody makes it ring at this moment");
    }
    let words = format!(
        "orgsweep {} {} by {}: {} (no event caused this)",
        occasion.kind, new.id, occasion.author, occasion.reason
    );
    let set = alarm_state::set(writer, arn, region, &StateValue::Alarm, &words).await;
    let (outcome, actions, message) = match set {
        Err(failure) => ("failed", Vec::new(), Some(failure.to_string())),
        Ok(()) => watched(writer, (arn, region), &alarm, &before, occasion).await,
    };
    let put_back = put_back(writer, arn, region, &alarm.state, new.id).await;
    let message = match (&put_back, message) {
        (Err(failure), None) => Some(format!("it was not put back: {failure}")),
        (_, message) => message,
    };
    let end = DrillEnd {
        outcome,
        actions: actions.clone(),
        put_back: put_back.is_ok(),
        message: message.clone(),
        finished_at: Utc::now(),
    };
    store.end_drill(new.id, &end).await?;
    Ok(Rung::Tried {
        outcome,
        actions,
        put_back: put_back.is_ok(),
        message,
    })
}

/// Why the alarm is left alone, if it is: ringing it would tell nobody, or do more than tell.
fn not_to_be_rung(alarm: &AlarmNow, any_action: bool) -> Option<String> {
    let why = if alarm.state == StateValue::Alarm {
        "it rings already, and would not act a second time"
    } else if alarm.actions.is_empty() {
        "it has no action for ALARM"
    } else if !alarm.actions_enabled {
        "its actions are disabled"
    } else if let (Some(action), false) = (alarm.other_actions.first(), any_action) {
        return Some(format!(
            "it does more than tell a topic, and that would really happen: {action} \
             (`--any-action` rings it all the same)"
        ));
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// Waits until the history tells what came of every action, patience ends or somebody stops it.
async fn watched(
    writer: &Writer,
    (arn, region): (&Arn, &Region),
    alarm: &AlarmNow,
    before: &[Item],
    occasion: &Occasion,
) -> (&'static str, Vec<DrilledAction>, Option<String>) {
    let deadline = tokio::time::Instant::now() + occasion.patience;
    let mut actions = outcome(&alarm.actions, &[], &[]);
    let mut trouble;
    loop {
        match alarm_state::action_history(writer, arn, region).await {
            Ok(now) => {
                trouble = None;
                actions = outcome(&alarm.actions, before, &now);
            }
            Err(failure) => trouble = Some(failure.to_string()),
        }
        let known = actions.iter().all(|action| action.succeeded.is_some());
        if known || occasion.stop.is_cancelled() || tokio::time::Instant::now() >= deadline {
            break;
        }
        tokio::select! {
            () = occasion.stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    let (outcome, words) = summed_up(&actions, occasion.stop.is_cancelled());
    (outcome, actions, trouble.or(words.map(str::to_owned)))
}

/// The outcome of the whole, and what is to be said of it beyond the history's words.
fn summed_up(actions: &[DrilledAction], stopped: bool) -> (&'static str, Option<&'static str>) {
    if actions.iter().any(|action| action.succeeded == Some(false)) {
        ("failed", None)
    } else if actions.iter().all(|action| action.succeeded == Some(true)) {
        ("rang", None)
    } else if stopped {
        ("interrupted", Some("stopped before its history told of it"))
    } else {
        let why = "its history tells of no action in time: a mute rule may hold it back";
        ("silent", Some(why))
    }
}

/// Puts the alarm's state back, unless it has left ALARM by itself.
async fn put_back(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    state: &StateValue,
    drill: Uuid,
) -> Result<(), CallFailure> {
    let rings = alarm_state::read(writer, arn, region)
        .await?
        .is_some_and(|now| now.state == StateValue::Alarm);
    if rings {
        let words = format!("orgsweep drill {drill} is over: back to what it was");
        alarm_state::set(writer, arn, region, state, &words).await?;
    }
    Ok(())
}

/// Ends drills that were cut short: their alarms are put back. In words, one line each.
///
/// # Errors
/// When the store cannot be asked or written.
pub async fn settle(writers: &Writers, store: &Store) -> Result<Vec<String>, DrillError> {
    let mut told = Vec::new();
    for open in store.open_drills().await? {
        if Utc::now() - open.started_at < CUT_SHORT {
            continue;
        }
        let put_back = settled(writers, &open).await;
        told.push(match &put_back {
            Ok(()) => format!("{} was cut short and is put back", open.alarm_arn),
            Err(why) => format!(
                "{} was cut short and is not put back: {why}",
                open.alarm_arn
            ),
        });
        let end = DrillEnd {
            outcome: "interrupted",
            actions: Vec::new(),
            put_back: put_back.is_ok(),
            message: put_back.err(),
            finished_at: Utc::now(),
        };
        store.end_drill(open.id, &end).await?;
    }
    Ok(told)
}

async fn settled(writers: &Writers, open: &OpenDrill) -> Result<(), String> {
    let arn: Arn = open
        .alarm_arn
        .parse()
        .map_err(|_| "its ARN cannot be read".to_owned())?;
    let (Some(account), Some(region)) = (arn.account(), arn.region()) else {
        return Err("its ARN names no account".to_owned());
    };
    let writer = writers
        .account(&account)
        .await
        .map_err(|error| error.message)?;
    let state = StateValue::from(open.state_before.as_str());
    put_back(&writer, &arn, &region, &state, open.id)
        .await
        .map_err(|failure| failure.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alarms";
    const STOP: &str = "arn:aws:automate:eu-west-1:ec2:stop";

    #[test]
    #[rustfmt::skip]
    fn what_tells_nobody_or_does_more_than_tell_is_left_alone() {
        for (state, enabled, actions, others, any_action, words) in [
            (StateValue::Ok,               true,  &[TOPIC][..], &[][..],     false, None),
            (StateValue::InsufficientData, true,  &[TOPIC],     &[],         false, None),
            (StateValue::Alarm,            true,  &[TOPIC],     &[],         true,  Some("rings already")),
            (StateValue::Ok,               true,  &[],          &[],         true,  Some("no action")),
            (StateValue::Ok,               false, &[TOPIC],     &[],         true,  Some("disabled")),
            (StateValue::Ok,               true,  &[TOPIC],     &[STOP],     false, Some(STOP)),
            (StateValue::Ok,               true,  &[TOPIC],     &[STOP],     true,  None),
        ] {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let alarm = AlarmNow {
                state,
                actions_enabled: enabled,
                actions: owned(actions),
                other_actions: owned(others),
            };
            let why = not_to_be_rung(&alarm, any_action);
            assert_eq!(why.is_some(), words.is_some(), "{alarm:?}");
            assert!(words.is_none_or(|words| why.unwrap().contains(words)), "{alarm:?}");
        }
    }
}
