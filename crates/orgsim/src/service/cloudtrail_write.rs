//! CloudTrail, writing: trails made, changed, switched on and off.

use super::Answer;
use super::cloudtrail::{named_trail, owner, trail_row};
use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::{
    AdvancedSelector, BasicSelector, FieldSelector, LastDelivery, Selectors, Trail, World,
};

/// Trails that one Region of an account may have.
const TRAILS_PER_REGION: usize = 5;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "CreateTrail" => create(world, request),
        "UpdateTrail" => change(world, request, update),
        "StartLogging" => switch(world, request, true),
        "StopLogging" => switch(world, request, false),
        "PutEventSelectors" => {
            let mut set = None;
            change_named(world, request, "TrailName", |trail, request| {
                trail.selectors = selectors(request)?;
                set = Some(trail.clone());
                Ok(())
            })?;
            set.map(|trail| super::cloudtrail::selectors(&trail))
                .ok_or_else(|| ServiceError::internal(request.service))
        }
        "AddTags" | "RemoveTags" => {
            let arn = request.required("ResourceId")?;
            let trail = named_trail(world, request, arn)?;
            let given: Vec<(String, String)> = request
                .params
                .items("TagsList")
                .iter()
                .map(|tag| {
                    let text = |name| tag.text(name).unwrap_or_default().to_owned();
                    (text("Key"), text("Value"))
                })
                .collect();
            if let Some(mut state) = world.account(&request.caller.account) {
                let region = state.region(&trail.home_region);
                let tags = region.tags.entry(trail.arn.clone()).or_default();
                if request.operation == "AddTags" {
                    tags.extend(given);
                } else {
                    tags.retain(|key, _| !given.iter().any(|(gone, _)| gone == key));
                }
            }
            Ok(Value::empty())
        }
        "DeleteTrail" => {
            let trail = own_trail(world, request, "Name")?;
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
    check_name(name)?;
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
        started_at: None,
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
    let arn = trail.arn.clone();
    trails.insert(name.to_owned(), trail);
    let tags: std::collections::BTreeMap<_, _> =
        super::errors::given_tags(&request.params, "TagsList").collect();
    if !tags.is_empty() {
        state.region(&request.region).tags.insert(arn, tags);
    }
    Ok(row)
}

/// The rules for names of trails (CloudTrail API reference, `CreateTrail`).
fn check_name(name: &str) -> Result<(), ServiceError> {
    let invalid = |message: String| Err(ServiceError::new("InvalidTrailNameException", message));
    let length = name.chars().count();
    if length < 3 {
        return invalid(format!(
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: {length} characters."
        ));
    }
    if length > 128 {
        return invalid(format!(
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: {length} characters."
        ));
    }
    let alphanumeric = |letter: Option<char>| letter.is_some_and(|l| l.is_ascii_alphanumeric());
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let bytes = name.as_bytes();
    let twice = bytes
        .windows(2)
        .any(|pair| pair.iter().all(|byte| b"._-".contains(byte)));
    if !alphanumeric(name.chars().next()) {
        return invalid("Trail name must starts with a letter or number.".to_owned());
    }
    if !alphanumeric(name.chars().last()) {
        return invalid("Trail name must ends with a letter or number.".to_owned());
    }
    if !name.chars().all(allowed) || twice || name.parse::<std::net::Ipv4Addr>().is_ok() {
        return invalid(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).".to_owned(),
        );
    }
    Ok(())
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
    let now = world.now();
    change(world, request, |trail, _| {
        if on && !trail.logging {
            trail.started_at = Some(now);
        } else if !on {
            trail.started_at = None;
        }
        trail.logging = on;
        Ok(())
    })?;
    Ok(Value::empty())
}

/// What PutEventSelectors asks for.
fn selectors(request: &Request) -> Result<Selectors, ServiceError> {
    let params = &request.params;
    let (basic, advanced) = (
        params.items("EventSelectors"),
        params.items("AdvancedEventSelectors"),
    );
    if basic.is_empty() == advanced.is_empty() || basic.len() > 5 {
        return Err(ServiceError::new(
            "InvalidEventSelectorsException",
            "Specify between one and five event selectors, or advanced event selectors.",
        ));
    }
    if !basic.is_empty() {
        let basic = basic.iter().map(|selector| BasicSelector {
            read_write_type: selector.text("ReadWriteType").unwrap_or("All").to_owned(),
            management_events: selector.boolean("IncludeManagementEvents").unwrap_or(true),
            excluded_sources: selector.texts("ExcludeManagementEventSources"),
        });
        return Ok(Selectors::Basic(basic.collect()));
    }
    let field = |field: &Value| {
        let operators = [
            "Equals",
            "StartsWith",
            "EndsWith",
            "NotEquals",
            "NotStartsWith",
            "NotEndsWith",
        ];
        FieldSelector {
            field: field.text("Field").unwrap_or_default().to_owned(),
            operators: operators
                .into_iter()
                .filter(|operator| field.has(operator))
                .map(|operator| (operator, field.texts(operator)))
                .collect(),
        }
    };
    let advanced: Vec<AdvancedSelector> = advanced
        .iter()
        .map(|selector| AdvancedSelector {
            name: selector.text("Name").unwrap_or_default().to_owned(),
            fields: selector.items("FieldSelectors").iter().map(field).collect(),
        })
        .collect();
    let without_category = advanced.iter().any(|selector| {
        !selector
            .fields
            .iter()
            .any(|field| field.field == "eventCategory")
    });
    if without_category {
        return Err(ServiceError::new(
            "InvalidEventSelectorsException",
            "Advanced event selectors must include the eventCategory field.",
        ));
    }
    Ok(Selectors::Advanced(advanced))
}

/// The trail that the request names, which must be the caller's and made in this Region.
fn own_trail(world: &World, request: &Request, member: &str) -> Result<Trail, ServiceError> {
    let trail = named_trail(world, request, request.required(member)?)?;
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
    change: impl FnMut(&mut Trail, &Request) -> Result<(), ServiceError>,
) -> Answer {
    change_named(world, request, "Name", change)
}

fn change_named(
    world: &World,
    request: &Request,
    member: &str,
    mut change: impl FnMut(&mut Trail, &Request) -> Result<(), ServiceError>,
) -> Answer {
    let mut trail = own_trail(world, request, member)?;
    change(&mut trail, request)?;
    let row = written_row(&trail);
    if let Some(mut state) = world.account(&request.caller.account) {
        let region = state.region(&request.region);
        region.trails.insert(trail.name.clone(), trail);
    }
    Ok(row)
}
