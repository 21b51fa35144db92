//! Mute rules over the alarms of a Region. Their list does not tell which alarms
//! a rule mutes or when, so each rule that has not expired is looked at.

use aws_sdk_cloudwatch::operation::get_alarm_mute_rule::GetAlarmMuteRuleOutput;
use aws_sdk_cloudwatch::types::AlarmMuteRuleStatus;
use chrono::{DateTime, Utc};
use orgsweep_controls::snapshot::{Alarms, MuteRule};
use orgsweep_controls::{Known, Region};

use super::delivery::moment;
use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const LIST: Operation = Operation::ListAlarmMuteRules;
const GET: Operation = Operation::GetAlarmMuteRule;

/// The rules that mute one of `alarms` now or later. `None` when no alarm has
/// actions that could be muted, so that nobody asked.
pub(super) async fn over(
    session: &Session,
    region: &Region,
    alarms: &Alarms,
) -> Option<Known<Vec<MuteRule>>> {
    let metric = (alarms.metric.iter()).map(|alarm| (&alarm.name, &alarm.alarm_actions));
    let composite = (alarms.composite.iter()).map(|alarm| (&alarm.name, &alarm.alarm_actions));
    let log = (alarms.log.iter()).map(|alarm| (&alarm.name, &alarm.alarm_actions));
    let all: Vec<_> = metric.chain(composite).chain(log).collect();
    if all.iter().all(|(_, actions)| actions.is_empty()) {
        return None;
    }
    if !session.has_mute_rules(region).await {
        return Some(Known::read(Vec::new(), LIST.call(region)));
    }
    Some(match listed(session, region).await {
        Ok(mut rules) => {
            for rule in &mut rules {
                rule.alarm_names
                    .retain(|muted| all.iter().any(|(name, _)| *name == muted));
            }
            rules.retain(|rule| !rule.alarm_names.is_empty());
            rules.sort();
            Known::read(rules, LIST.call(region))
        }
        // An answer without a code may hide a rule that mutes: only one with it counts.
        Err(error)
            if error.operation == LIST
                && error.kind == FaultKind::UnknownOperation
                && session.shared().support.is_missed_by(&error, region) =>
        {
            Known::read(Vec::new(), LIST.call(region))
        }
        Err(error) => error.into_known(),
    })
}

async fn listed(session: &Session, region: &Region) -> Result<Vec<MuteRule>, CallError> {
    let garbled = |message: &str| CallError::garbled(LIST, region, message);
    let client = session.clients().cloudwatch(region);
    let mut rules = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .list_alarm_mute_rules()
            .statuses(AlarmMuteRuleStatus::Active)
            .statuses(AlarmMuteRuleStatus::Scheduled)
            .max_records(100)
            .set_next_token(token);
        let page = session
            .call(LIST, region, || request.clone().send())
            .await?;
        for listed in page.alarm_mute_rule_summaries.unwrap_or_default() {
            let arn = listed.alarm_mute_rule_arn.unwrap_or_default();
            let (_, name) = arn
                .split_once(":alarm-mute-rule:")
                .ok_or_else(|| garbled("a mute rule has no valid ARN"))?;
            rules.extend(one(session, region, name).await?);
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(rules);
        }
    }
}

/// `None`: deleted or expired since it was listed.
async fn one(
    session: &Session,
    region: &Region,
    name: &str,
) -> Result<Option<MuteRule>, CallError> {
    let client = session.clients().cloudwatch(region);
    let request = client.get_alarm_mute_rule().alarm_mute_rule_name(name);
    match session.call(GET, region, || request.clone().send()).await {
        Ok(answer) if answer.status == Some(AlarmMuteRuleStatus::Expired) => Ok(None),
        Ok(answer) => {
            let garbled = || CallError::garbled(GET, region, "a mute rule has no schedule");
            mute_rule(answer, name, Utc::now())
                .map(Some)
                .ok_or_else(garbled)
        }
        Err(error) if error.kind == FaultKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The rule as far as a chain depends on it, seen at `now`; `None` when it cannot be
/// understood.
fn mute_rule(answer: GetAlarmMuteRuleOutput, name: &str, now: DateTime<Utc>) -> Option<MuteRule> {
    let schedule = answer.rule?.schedule?;
    let expression = schedule.expression?;
    let once = expression.trim_start().starts_with("at");
    Some(MuteRule {
        name: name.to_owned(),
        duration: schedule.duration?,
        time_zone: schedule.timezone.filter(|zone| !zone.is_empty()),
        alarm_names: answer
            .mute_targets
            .and_then(|targets| targets.alarm_names)
            .unwrap_or_default(),
        // Only what stays the same from night to night: a rule that comes again
        // is active at some nights and not at others.
        active_once: once && answer.status == Some(AlarmMuteRuleStatus::Active),
        begins: answer
            .start_date
            .and_then(|date| moment(&date))
            .filter(|begins| *begins > now),
        ends: answer.expire_date.and_then(|date| moment(&date)),
        expression,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{MuteTargets, Rule, Schedule};

    use super::*;

    fn answer(expression: &str, status: AlarmMuteRuleStatus) -> GetAlarmMuteRuleOutput {
        let schedule = Schedule::builder()
            .expression(expression)
            .duration("PT1H")
            .build();
        let at = |seconds| aws_smithy_types::DateTime::from_secs(seconds);
        GetAlarmMuteRuleOutput::builder()
            .rule(Rule::builder().schedule(schedule).build())
            .mute_targets(MuteTargets::builder().alarm_names("s3").build())
            .start_date(at(1_000))
            .expire_date(at(9_000))
            .status(status)
            .build()
    }

    #[test]
    fn a_rule_keeps_what_does_not_change_from_night_to_night() {
        let now = DateTime::from_timestamp(5_000, 0).unwrap();
        let read = |expression, status| mute_rule(answer(expression, status), "quiet", now);
        let weekly = read("cron(0 3 * * SUN)", AlarmMuteRuleStatus::Active).unwrap();
        let later = read("cron(0 3 * * SUN)", AlarmMuteRuleStatus::Scheduled);
        assert_eq!(later.as_ref(), Some(&weekly));
        assert!(!weekly.active_once);
        assert_eq!(weekly.begins, None, "it has begun");
        assert_eq!(weekly.alarm_names, ["s3"]);

        let once = read("at(2026-11-24T03:00)", AlarmMuteRuleStatus::Active);
        assert!(once.unwrap().active_once);
        let without = GetAlarmMuteRuleOutput::builder().build();
        assert_eq!(mute_rule(without, "quiet", now), None);
    }
}
