//! CloudTrail, writing: trails made, changed, switched on and off.

use super::Answer;
use super::cloudtrail::{named_trail, owner, trail_row};
use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::{LastDelivery, Selectors, Trail, World};

/// Trails that one Region of an account may have.
const TRAILS_PER_REGION: usize = 5;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "CreateTrail" => create(world, request),
        "UpdateTrail" => change(world, request, update),
        "StartLogging" => switch(world, request, true),
        "StopLogging" => switch(world, request, false),
        "DeleteTrail" => {
            let trail = own_trail(world, request)?;
            if let Some(mut state) = world.account(&request.caller.account) {
                state.region(&trail.home_region).trails.remove(&trail.name);
            }
            Ok(Value::empty())
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn create(world: &World, request: &Request) -> Answer {
    let name = request.required("Name")?;
    let bucket = request.required("S3BucketName")?;
    let account = &request.caller.account;
    let organization = request.params.boolean("IsOrganizationTrail") == Some(true);
    if organization && *account != world.management_account() {
        return Err(ServiceError::new(
            "NotOrganizationMasterAccountException",
            "The request could not be completed because the account is not the management account of the organization.",
        ));
    }
    let mut trail = Trail {
        name: name.to_owned(),
        arn: format!(
            "arn:{}:cloudtrail:{}:{account}:trail/{name}",
            world.settings().partition,
            request.region
        ),
        home_region: request.region.clone(),
        bucket: bucket.to_owned(),
        multi_region: false,
        organization,
        global_service_events: true,
        log_file_validation: false,
        log_group_arn: None,
        log_role_arn: None,
        // A trail records nothing until StartLogging.
        logging: false,
        delivery_error: None,
        last_delivery: LastDelivery::Never,
        selectors: Selectors::default(),
    };
    update(&mut trail, request)?;
    let mut state = world
        .account(account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let trails = &mut state.region(&request.region).trails;
    if trails.contains_key(name) {
        return Err(ServiceError::new(
            "TrailAlreadyExistsException",
            format!("Trail {name} already exists for customer: {account}"),
        ));
    }
    if trails.len() >= TRAILS_PER_REGION {
        return Err(ServiceError::new(
            "MaximumNumberOfTrailsExceededException",
            format!(
                "User: {account} already has {TRAILS_PER_REGION} trails in {}.",
                request.region
            ),
        ));
    }
    let row = written_row(&trail);
    trails.insert(name.to_owned(), trail);
    Ok(row)
}

/// A trail as the writing operations show it: without what only reading ones tell.
fn written_row(trail: &Trail) -> Value {
    const READ_ONLY: [&str; 3] = [
        "HomeRegion",
        "HasCustomEventSelectors",
        "HasInsightSelectors",
    ];
    let mut row = trail_row(trail);
    if let Value::Structure(members) = &mut row {
        members.retain(|(name, _)| !READ_ONLY.contains(name));
    }
    row
}

/// Sets what the request names. CloudTrail delivers to log groups of the trail's own account.
fn update(trail: &mut Trail, request: &Request) -> Result<(), ServiceError> {
    let params = &request.params;
    if let Some(bucket) = params.text("S3BucketName") {
        bucket.clone_into(&mut trail.bucket);
    }
    if let Some(multi_region) = params.boolean("IsMultiRegionTrail") {
        trail.multi_region = multi_region;
    }
    if let Some(global) = params.boolean("IncludeGlobalServiceEvents") {
        trail.global_service_events = global;
    }
    if let Some(validation) = params.boolean("EnableLogFileValidation") {
        trail.log_file_validation = validation;
    }
    if trail.multi_region && !trail.global_service_events {
        return Err(ServiceError::new(
            "InvalidParameterCombinationException",
            "Multi-Region trail must include global service events.",
        ));
    }
    if let Some(arn) = params.text("CloudWatchLogsLogGroupArn") {
        if !arn.is_empty() && owner(arn) != request.caller.account {
            return Err(ServiceError::new(
                "InvalidCloudWatchLogsLogGroupArnException",
                "CloudTrail cannot validate the specified log group ARN.",
            ));
        }
        trail.log_group_arn = (!arn.is_empty()).then(|| arn.to_owned());
        trail.last_delivery = LastDelivery::Never;
        trail.delivery_error = None;
    }
    if let Some(role) = params.text("CloudWatchLogsRoleArn") {
        trail.log_role_arn = (!role.is_empty()).then(|| role.to_owned());
    }
    if trail.log_group_arn.is_some() != trail.log_role_arn.is_some() {
        return Err(ServiceError::new(
            "InvalidCloudWatchLogsRoleArnException",
            "You must specify a CloudWatch Logs log group ARN together with a role ARN.",
        ));
    }
    Ok(())
}

fn switch(world: &World, request: &Request, on: bool) -> Answer {
    change(world, request, |trail, _| {
        trail.logging = on;
        Ok(())
    })?;
    Ok(Value::empty())
}

/// The trail that the request names, which must be the caller's and made in this Region.
fn own_trail(world: &World, request: &Request) -> Result<Trail, ServiceError> {
    let trail = named_trail(world, request, request.required("Name")?)?;
    if owner(&trail.arn) != request.caller.account {
        return Err(ServiceError::new(
            "NotOrganizationMasterAccountException",
            "Member accounts cannot change the trails of the organization.",
        ));
    }
    if trail.home_region != request.region {
        return Err(ServiceError::new(
            "InvalidHomeRegionException",
            format!(
                "Trail {} must be updated from its home region {}",
                trail.name, trail.home_region
            ),
        ));
    }
    Ok(trail)
}

fn change(
    world: &World,
    request: &Request,
    change: impl Fn(&mut Trail, &Request) -> Result<(), ServiceError>,
) -> Answer {
    let mut trail = own_trail(world, request)?;
    change(&mut trail, request)?;
    let row = written_row(&trail);
    if let Some(mut state) = world.account(&request.caller.account) {
        let region = state.region(&request.region);
        region.trails.insert(trail.name.clone(), trail);
    }
    Ok(row)
}
