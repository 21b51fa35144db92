//! CloudWatch, alarm mute rules, writing.

use super::Answer;
use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::{MuteRule, RegionState, World};

/// PutAlarmMuteRule and DeleteAlarmMuteRule.
pub(super) fn answer(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let params = &request.params;
    if request.operation == "DeleteAlarmMuteRule" {
        region
            .mute_rules
            .remove(request.required("AlarmMuteRuleName")?);
        return Ok(Value::empty());
    }
    let name = request.required("Name")?;
    let schedule = params.get("Rule").and_then(|rule| rule.get("Schedule"));
    let text = |member: &str| {
        schedule
            .and_then(|schedule| schedule.text(member))
            .map(str::to_owned)
            .ok_or_else(|| {
                ServiceError::missing(request.service, &format!("rule.schedule.{member}"))
            })
    };
    let expression = text("Expression")?;
    if !expression.starts_with("cron(") && !expression.starts_with("at(") {
        return Err(ServiceError::invalid(
            request.service,
            "The schedule expression is invalid.",
        ));
    }
    let rule = MuteRule {
        arn: format!(
            "arn:{}:cloudwatch:{}:{}:alarm-mute-rule:{name}",
            world.settings().partition,
            request.region,
            request.caller.account
        ),
        expression,
        duration: text("Duration")?,
        timezone: schedule
            .and_then(|schedule| schedule.text("Timezone"))
            .map(str::to_owned),
        alarm_names: params
            .get("MuteTargets")
            .map(|targets| targets.texts("AlarmNames"))
            .unwrap_or_default(),
        status: "SCHEDULED".to_owned(),
        updated: world.now(),
    };
    region.mute_rules.insert(name.to_owned(), rule);
    Ok(Value::empty())
}
