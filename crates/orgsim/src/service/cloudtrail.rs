//! CloudTrail, reading: own trails, their shadows in other Regions, and the
//! organization's trails as members see them (AWS: "Creating a trail for an
//! organization", `DescribeTrails`).

use chrono::Duration;

use super::{Answer, cloudtrail_write};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{AdvancedSelector, BasicSelector, Selectors, Trail, World};

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "DescribeTrails" => Ok(describe_trails(world, request)),
        "ListTrails" => {
            let rows = visible_trails(world, request).into_iter().map(|trail| {
                structure! { "TrailARN" => trail.arn, "Name" => trail.name, "HomeRegion" => trail.home_region }
            });
            Ok(structure! { "Trails" => Value::list(rows) })
        }
        "GetTrail" => {
            let trail = named_trail(world, request, request.required("Name")?)?;
            Ok(structure! { "Trail" => trail_row(&trail) })
        }
        "GetTrailStatus" => {
            let trail = named_trail(world, request, request.required("Name")?)?;
            Ok(status(world, &trail))
        }
        "GetEventSelectors" => {
            let trail = named_trail(world, request, request.required("TrailName")?)?;
            refuse_foreign(request, &trail)?;
            Ok(selectors(&trail))
        }
        "ListTags" => list_tags(world, request),
        _ => cloudtrail_write::answer(world, request),
    }
}

/// Every trail that the caller sees from the request's Region: its own that are made here, its
/// own multi-Region ones, and the organization's.
fn visible_trails(world: &World, request: &Request) -> Vec<Trail> {
    let is_here = |trail: &Trail| trail.multi_region || trail.home_region == request.region;
    let caller = &request.caller.account;
    let Some((own, reach)) = world.account(caller).map(|state| {
        let own: Vec<Trail> = state
            .trails()
            .filter(|trail| is_here(trail))
            .cloned()
            .collect();
        (own, state.organization_trails.clone())
    }) else {
        return Vec::new();
    };
    let mut visible = own;
    let management = world.management_account();
    if management != *caller
        && let Some(state) = world.account(&management)
    {
        let shadows = state
            .trails()
            .filter(|trail| trail.organization && is_here(trail) && reach.includes(&trail.name));
        visible.extend(shadows.cloned());
    }
    visible
}

/// Whether the trail is a replica: made in another Region, or another account's.
fn is_shadow(request: &Request, trail: &Trail) -> bool {
    trail.home_region != request.region || owner(&trail.arn) != request.caller.account
}

/// The account in an ARN.
pub(super) fn owner(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

fn describe_trails(world: &World, request: &Request) -> Value {
    let names = request.params.texts("trailNameList");
    let shadows = request
        .params
        .boolean("includeShadowTrails")
        .unwrap_or(true);
    let rows = visible_trails(world, request)
        .into_iter()
        .filter(|trail| shadows || !is_shadow(request, trail))
        .filter(|trail| {
            // Trails of other Regions and accounts are found by their ARN alone.
            let by_name = !is_shadow(request, trail) && names.contains(&trail.name);
            names.is_empty() || by_name || names.contains(&trail.arn)
        })
        .map(|trail| trail_row(&trail));
    structure! { "trailList" => Value::list(rows) }
}

/// The trail that the caller names: by name when it is its own and made here, otherwise by ARN.
pub(super) fn named_trail(
    world: &World,
    request: &Request,
    name: &str,
) -> Result<Trail, ServiceError> {
    let by_arn = name.starts_with("arn:");
    visible_trails(world, request)
        .into_iter()
        .find(|trail| {
            if by_arn {
                trail.arn == name
            } else {
                trail.name == name && !is_shadow(request, trail)
            }
        })
        .ok_or_else(|| unknown_trail(world, request, name))
}

fn unknown_trail(world: &World, request: &Request, name: &str) -> ServiceError {
    let account = &request.caller.account;
    if name.starts_with("arn:") && owner(name) != account {
        return wrong_account(account);
    }
    let arn = if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!(
            "arn:{}:cloudtrail:{}:{account}:trail/{name}",
            world.settings().partition,
            request.region
        )
    };
    ServiceError::new(
        "TrailNotFoundException",
        format!("Unknown trail: {arn} for the user: {account}"),
    )
}

fn wrong_account(account: &str) -> ServiceError {
    ServiceError::new(
        "CloudTrailARNInvalidException",
        format!(
            "AccountID in ARN is wrong, you can only access resources with AccountID {account}"
        ),
    )
}

/// Members see the organization's trails but cannot ask what they record.
fn refuse_foreign(request: &Request, trail: &Trail) -> Result<(), ServiceError> {
    if owner(&trail.arn) == request.caller.account {
        Ok(())
    } else {
        Err(wrong_account(&request.caller.account))
    }
}

/// A trail as the API shows it.
pub(super) fn trail_row(trail: &Trail) -> Value {
    let custom = trail.selectors != Selectors::default();
    Value::structure([
        ("Name", Some((&trail.name).into())),
        ("S3BucketName", Some((&trail.bucket).into())),
        (
            "IncludeGlobalServiceEvents",
            Some(trail.global_service_events.into()),
        ),
        ("IsMultiRegionTrail", Some(trail.multi_region.into())),
        ("HomeRegion", Some((&trail.home_region).into())),
        ("TrailARN", Some((&trail.arn).into())),
        (
            "LogFileValidationEnabled",
            Some(trail.log_file_validation.into()),
        ),
        (
            "CloudWatchLogsLogGroupArn",
            trail.log_group_arn.as_ref().map(Value::from),
        ),
        (
            "CloudWatchLogsRoleArn",
            trail.log_role_arn.as_ref().map(Value::from),
        ),
        ("HasCustomEventSelectors", Some(custom.into())),
        ("HasInsightSelectors", Some(false.into())),
        ("IsOrganizationTrail", Some(trail.organization.into())),
    ])
}

fn status(world: &World, trail: &Trail) -> Value {
    let now = world.now();
    let started = trail.started_at.unwrap_or(now - Duration::days(400));
    Value::structure([
        ("IsLogging", Some(trail.logging.into())),
        (
            "LatestDeliveryTime",
            trail.logging.then(|| (now - Duration::minutes(2)).into()),
        ),
        ("StartLoggingTime", Some(started.into())),
        ("StopLoggingTime", trail.stopped(now).map(Value::Time)),
        (
            "LatestCloudWatchLogsDeliveryError",
            trail.delivery_error.as_ref().map(Value::from),
        ),
        (
            "LatestCloudWatchLogsDeliveryTime",
            (trail.log_group_arn.as_ref())
                .and_then(|_| trail.delivered(now))
                .map(Value::Time),
        ),
    ])
}

pub(super) fn selectors(trail: &Trail) -> Value {
    let arn = ("TrailARN", Some((&trail.arn).into()));
    match &trail.selectors {
        Selectors::Basic(selectors) => Value::structure([
            arn,
            (
                "EventSelectors",
                Some(Value::list(selectors.iter().map(basic))),
            ),
        ]),
        Selectors::Advanced(selectors) => Value::structure([
            arn,
            (
                "AdvancedEventSelectors",
                Some(Value::list(selectors.iter().map(advanced))),
            ),
        ]),
    }
}

fn basic(selector: &BasicSelector) -> Value {
    structure! {
        "ReadWriteType" => &selector.read_write_type,
        "IncludeManagementEvents" => selector.management_events,
        "DataResources" => Value::List(Vec::new()),
        "ExcludeManagementEventSources" => Value::list(&selector.excluded_sources),
    }
}

fn advanced(selector: &AdvancedSelector) -> Value {
    let fields = selector.fields.iter().map(|field| {
        let mut members = vec![("Field", Value::from(&field.field))];
        members.extend(
            field
                .operators
                .iter()
                .map(|(operator, values)| (*operator, Value::list(values))),
        );
        Value::Structure(members)
    });
    structure! { "Name" => &selector.name, "FieldSelectors" => Value::list(fields) }
}

fn list_tags(world: &World, request: &Request) -> Answer {
    let rows = request
        .params
        .texts("ResourceIdList")
        .into_iter()
        .map(|arn| {
            let trail = named_trail(world, request, &arn)?;
            refuse_foreign(request, &trail)?;
            let tags = world
                .account(&request.caller.account)
                .and_then(|state| {
                    state
                        .region_content(&trail.home_region)?
                        .tags
                        .get(&arn)
                        .cloned()
                })
                .unwrap_or_default();
            let tags = tags
                .into_iter()
                .map(|(key, value)| structure! { "Key" => key, "Value" => value });
            Ok(structure! { "ResourceId" => arn, "TagsList" => Value::list(tags) })
        })
        .collect::<Result<Vec<_>, ServiceError>>()?;
    Ok(structure! { "ResourceTagList" => Value::List(rows) })
}
