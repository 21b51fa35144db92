//! Trails: those that are visible from a Region, and the state of the account's own.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::types::Trail as SdkTrail;
use chrono::Utc;
use futures::future::join_all;
use orgsweep_controls::snapshot::{EventSelectors, Trail, TrailStatus};
use orgsweep_controls::{Arn, Known, Region, Unread, UnreadCause};

use super::delivery;
use super::selectors;
use crate::errors::{CallError, sanitize};
use crate::operation::Operation;
use crate::session::Session;

/// State and selectors of an own trail.
pub(super) type State = (Known<TrailStatus>, Known<EventSelectors>);

/// Trails as they are seen from `region`, shadows included.
pub(super) async fn visible(session: &Session, region: &Region) -> Known<Vec<Trail>> {
    const OPERATION: Operation = Operation::DescribeTrails;
    let client = session.clients().cloudtrail(region);
    let request = client.describe_trails().include_shadow_trails(true);
    let answer = session
        .call(OPERATION, region, || request.clone().send())
        .await;
    let understood = answer.and_then(|answer| {
        let garbled = |message: &str| CallError::garbled(OPERATION, region, message);
        let listed = answer
            .trail_list
            .ok_or_else(|| garbled("the answer has no list of trails"))?;
        let trails: Result<Vec<Trail>, String> = listed
            .into_iter()
            .map(|listed| {
                let custom = listed.has_custom_event_selectors;
                let mut trail = trail(listed, region)?;
                if custom == Some(false) && is_own(session, &trail) {
                    trail.selectors = Known::read(selectors::usual(), OPERATION.call(region));
                }
                Ok(trail)
            })
            .collect();
        trails.map_err(|message| garbled(&message))
    });
    match understood {
        Ok(mut trails) => {
            trails.sort_by(|a, b| a.arn.cmp(&b.arn));
            trails.dedup_by(|a, b| a.arn == b.arn);
            Known::read(trails, OPERATION.call(region))
        }
        Err(error) => error.into_known(),
    }
}

/// The trail in our own terms; its state is not asked yet.
fn trail(listed: SdkTrail, seen_from: &Region) -> Result<Trail, String> {
    let arn: Arn = listed
        .trail_arn
        .unwrap_or_default()
        .parse()
        .map_err(|error| format!("{error}"))?;
    let home_region = match listed.home_region {
        Some(text) => text.parse().map_err(|error| format!("{error}"))?,
        None => arn.region().unwrap_or_else(|| seen_from.clone()),
    };
    let log_group = listed
        .cloud_watch_logs_log_group_arn
        .filter(|text| !text.is_empty());
    let not_asked = |operation: Operation| Unread {
        call: operation.call(&home_region),
        cause: UnreadCause::NotAsked,
        message: String::new(),
    };
    Ok(Trail {
        name: listed
            .name
            .unwrap_or_else(|| arn.resource().trim_start_matches("trail/").to_owned()),
        multi_region: listed.is_multi_region_trail.unwrap_or(false),
        organization: listed.is_organization_trail.unwrap_or(false),
        global_service_events: listed.include_global_service_events.unwrap_or(false),
        log_group: log_group
            .map(|text| text.parse())
            .transpose()
            .map_err(|error| format!("{error}"))?,
        log_role: listed
            .cloud_watch_logs_role_arn
            .and_then(|role| role.parse().ok()),
        status: Known::Unread(not_asked(Operation::GetTrailStatus)),
        selectors: Known::Unread(not_asked(Operation::GetEventSelectors)),
        home_region,
        arn,
    })
}

/// State and selectors of those of `trails` that are this account's own, by ARN.
/// A trail of another account does not tell its state here: its owner is asked.
pub(super) async fn own(
    session: &Session,
    trails: impl Iterator<Item = &Trail>,
) -> BTreeMap<Arn, State> {
    let own = trails.filter(|trail| is_own(session, trail));
    let read = own.map(async |trail| {
        let state = tokio::join!(status(session, trail), recorded(session, trail));
        (trail.arn.clone(), state)
    });
    join_all(read).await.into_iter().collect()
}

fn is_own(session: &Session, trail: &Trail) -> bool {
    trail.arn.account().as_ref() == Some(session.account())
}

/// The trail's selectors. AWS says in the list of trails that one has none of its own,
/// which spares the call that mute rules cost; emulators that lack those say it of every trail.
async fn recorded(session: &Session, trail: &Trail) -> Known<EventSelectors> {
    let said_already = trail.selectors.value().is_some();
    if said_already && session.has_mute_rules(&trail.home_region).await {
        return trail.selectors.clone();
    }
    selectors::of(session, trail).await
}

/// Writes the states into every view of their trails.
pub(super) fn fill_in(
    seen: &mut BTreeMap<Region, Known<Vec<Trail>>>,
    states: &BTreeMap<Arn, State>,
) {
    for trails in seen.values_mut() {
        let Known::Read { value: trails, .. } = trails else {
            continue;
        };
        for trail in trails {
            if let Some((status, selectors)) = states.get(&trail.arn) {
                trail.status = status.clone();
                trail.selectors = selectors.clone();
            }
        }
    }
}

async fn status(session: &Session, trail: &Trail) -> Known<TrailStatus> {
    const OPERATION: Operation = Operation::GetTrailStatus;
    // Status is kept per Region; the home Region's is the one that counts.
    let region = &trail.home_region;
    let client = session.clients().cloudtrail(region);
    let request = client.get_trail_status().name(trail.arn.as_str());
    let answer = session
        .call(OPERATION, region, || request.clone().send())
        .await;
    let understood = answer.and_then(|answer| {
        let logging = answer.is_logging.ok_or_else(|| {
            CallError::garbled(
                OPERATION,
                region,
                "the answer does not say whether the trail is logging",
            )
        })?;
        let error = answer
            .latest_cloud_watch_logs_delivery_error
            .filter(|text| !text.is_empty());
        let at = |time: Option<_>| time.as_ref().and_then(delivery::moment);
        let last = at(answer.latest_cloud_watch_logs_delivery_time);
        let switches = [at(answer.stop_logging_time), at(answer.start_logging_time)];
        Ok(TrailStatus {
            logging,
            delivery_error: error.map(|text| sanitize(&text)),
            delivery: delivery::judged(last, switches, Utc::now()),
        })
    });
    match understood {
        Ok(status) => Known::read(status, OPERATION.call(region)),
        Err(error) => error.into_known(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> aws_sdk_cloudtrail::types::builders::TrailBuilder {
        SdkTrail::builder()
            .name("main")
            .trail_arn("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main")
            .home_region("eu-west-1")
            .is_multi_region_trail(true)
            .include_global_service_events(true)
            .cloud_watch_logs_log_group_arn(
                "arn:aws:logs:eu-west-1:111122223333:log-group:CloudTrail/main:*",
            )
    }

    fn here() -> Region {
        "us-east-1".parse().unwrap()
    }

    #[test]
    fn a_trail_keeps_the_account_and_region_of_its_log_group() {
        let trail = trail(listed().build(), &here()).unwrap();
        let group = trail.log_group.unwrap();
        assert_eq!(group.name(), "CloudTrail/main");
        assert_eq!(group.account().as_str(), "111122223333");
        assert!(trail.multi_region && trail.global_service_events && !trail.organization);
    }

    #[test]
    fn a_trail_without_a_valid_arn_or_group_is_not_understood() {
        assert!(trail(listed().set_trail_arn(None).build(), &here()).is_err());
        assert!(trail(listed().home_region("mars").build(), &here()).is_err());
        assert!(
            trail(
                listed().cloud_watch_logs_log_group_arn("x").build(),
                &here()
            )
            .is_err()
        );
        let without_group = listed().cloud_watch_logs_log_group_arn("").build();
        assert_eq!(trail(without_group, &here()).unwrap().log_group, None);
    }

    #[test]
    fn the_home_region_of_a_trail_that_does_not_name_it_is_that_of_its_arn() {
        let trail = trail(listed().set_home_region(None).build(), &here()).unwrap();
        assert_eq!(trail.home_region.as_str(), "eu-west-1");
    }
}
