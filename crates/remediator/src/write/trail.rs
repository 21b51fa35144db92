//! Trails: what repairs change of them. None is made or deleted.

use std::collections::BTreeMap;

use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, LogGroupArn, Region};
use serde::{Deserialize, Serialize};

use super::operation::{
    DESCRIBE_TRAILS, GET_TRAIL_STATUS, LIST_TRAIL_TAGS, START_LOGGING, STOP_LOGGING, UPDATE_TRAIL,
};
use super::{Writer, found};

/// A trail, as far as repairs change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Whether it is switched on.
    pub logging: bool,
    /// Whether it records every Region.
    pub multi_region: bool,
    /// Whether it records global service events.
    pub global_service_events: bool,
    /// The log group that it delivers to, as CloudTrail has it (`…:*`).
    pub log_group: Option<String>,
    /// The role with which it writes there.
    pub log_role: Option<String>,
}

/// What is changed of a trail. `None` leaves things as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailChange {
    /// Whether it records every Region.
    pub multi_region: Option<bool>,
    /// Whether it records global service events.
    pub global_service_events: Option<bool>,
    /// The log group and the role; both empty to deliver to none.
    pub delivery: Option<(String, String)>,
}

/// A log group as CloudTrail names it.
pub fn log_group_name(group: &LogGroupArn) -> String {
    format!("{group}:*")
}

/// The trail's tags; none when it does not exist.
pub async fn tags(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<BTreeMap<String, String>, CallFailure> {
    let request = writer
        .cloudtrail(region)
        .list_tags()
        .resource_id_list(arn.as_str());
    let answer = writer.call(LIST_TRAIL_TAGS, region, || request.clone().send());
    let listed = found(answer.await)?.and_then(|answer| answer.resource_tag_list);
    let tags = listed
        .into_iter()
        .flatten()
        .flat_map(|resource| resource.tags_list.unwrap_or_default());
    Ok(tags
        .map(|tag| (tag.key, tag.value.unwrap_or_default()))
        .collect())
}

/// The trail in its home Region, if there is one.
pub async fn read(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
) -> Result<Option<Trail>, CallFailure> {
    let client = writer.cloudtrail(region);
    let request = client
        .describe_trails()
        .trail_name_list(arn.as_str())
        .include_shadow_trails(false);
    let listed = writer
        .call(DESCRIBE_TRAILS, region, || request.clone().send())
        .await?
        .trail_list
        .unwrap_or_default();
    let same = listed
        .into_iter()
        .find(|trail| trail.trail_arn.as_deref() == Some(arn.as_str()));
    let Some(trail) = same else {
        return Ok(None);
    };
    let request = client.get_trail_status().name(arn.as_str());
    let answer = writer.call(GET_TRAIL_STATUS, region, || request.clone().send());
    let Some(status) = found(answer.await)? else {
        return Ok(None);
    };
    Ok(Some(Trail {
        logging: status.is_logging == Some(true),
        multi_region: trail.is_multi_region_trail == Some(true),
        global_service_events: trail.include_global_service_events == Some(true),
        log_group: trail
            .cloud_watch_logs_log_group_arn
            .filter(|arn| !arn.is_empty()),
        log_role: trail
            .cloud_watch_logs_role_arn
            .filter(|arn| !arn.is_empty()),
    }))
}

/// Switches a trail on or off.
pub async fn switch(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    on: bool,
) -> Result<(), CallFailure> {
    let client = writer.cloudtrail(region);
    if on {
        let request = client.start_logging().name(arn.as_str());
        let answer = writer.call(START_LOGGING, region, || request.clone().send());
        answer.await.map(drop)
    } else {
        let request = client.stop_logging().name(arn.as_str());
        let answer = writer.call(STOP_LOGGING, region, || request.clone().send());
        answer.await.map(drop)
    }
}

/// Changes a trail; what `change` does not name stays.
pub async fn update(
    writer: &Writer,
    arn: &Arn,
    region: &Region,
    change: TrailChange,
) -> Result<(), CallFailure> {
    let (group, role) = change.delivery.unzip();
    let request = writer
        .cloudtrail(region)
        .update_trail()
        .name(arn.as_str())
        .set_is_multi_region_trail(change.multi_region)
        .set_include_global_service_events(change.global_service_events)
        .set_cloud_watch_logs_log_group_arn(group)
        .set_cloud_watch_logs_role_arn(role);
    let answer = writer.call(UPDATE_TRAIL, region, || request.clone().send());
    answer.await.map(drop)
}
