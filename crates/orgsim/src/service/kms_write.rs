//! Key Management Service, writing: keys made, given policies and names, switched.

use chrono::Duration;

use super::Answer;
use super::errors::given_tags;
use super::kms::{key, key_metadata};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Key, RegionState, World};

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let region = state.region(&request.region);
    match request.operation.as_str() {
        "CreateKey" => create(world, request, region),
        "PutKeyPolicy" => {
            let policy = checked_policy(request)?;
            changed(world, request, region, |key| key.policy = policy)
        }
        "EnableKey" => changed(world, request, region, |key| {
            "Enabled".clone_into(&mut key.state);
        }),
        "DisableKey" => changed(world, request, region, |key| {
            "Disabled".clone_into(&mut key.state);
        }),
        "ScheduleKeyDeletion" => {
            let days = request.params.integer("PendingWindowInDays").unwrap_or(30);
            let arn = key(world, request, region)?.arn;
            changed(world, request, region, |key| {
                "PendingDeletion".clone_into(&mut key.state);
            })?;
            Ok(structure! {
                "KeyId" => arn,
                "DeletionDate" => world.now() + Duration::days(days),
                "KeyState" => "PendingDeletion",
                "PendingWindowInDays" => days,
            })
        }
        "CancelKeyDeletion" => {
            let arn = key(world, request, region)?.arn;
            changed(world, request, region, |key| {
                "Disabled".clone_into(&mut key.state);
            })?;
            Ok(structure! { "KeyId" => arn })
        }
        "CreateAlias" => {
            let alias = request.required("AliasName")?;
            if !alias.starts_with("alias/") || alias.starts_with("alias/aws/") {
                return Err(ServiceError::new(
                    "InvalidAliasNameException",
                    "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
                ));
            }
            if region.key_aliases.contains_key(alias) {
                return Err(ServiceError::new(
                    "AlreadyExistsException",
                    format!("An alias with the name {alias} already exists"),
                ));
            }
            let target = request.required("TargetKeyId")?;
            let id = target.rsplit('/').next().unwrap_or(target);
            if !region.keys.contains_key(id) {
                return Err(ServiceError::new(
                    "NotFoundException",
                    format!("Key '{target}' does not exist"),
                ));
            }
            region.key_aliases.insert(alias.to_owned(), id.to_owned());
            Ok(Value::empty())
        }
        "DeleteAlias" => {
            let alias = request.required("AliasName")?;
            region.key_aliases.remove(alias).ok_or_else(|| {
                ServiceError::new("NotFoundException", format!("Alias {alias} is not found."))
            })?;
            Ok(Value::empty())
        }
        "TagResource" => {
            let arn = key(world, request, region)?.arn;
            let tags = request.params.items("Tags").iter().filter_map(|tag| {
                Some((
                    tag.text("TagKey")?.to_owned(),
                    tag.text("TagValue")?.to_owned(),
                ))
            });
            region.tags.entry(arn).or_default().extend(tags);
            Ok(Value::empty())
        }
        "UntagResource" => {
            let arn = key(world, request, region)?.arn;
            let keys = request.params.texts("TagKeys");
            region
                .tags
                .entry(arn)
                .or_default()
                .retain(|key, _| !keys.contains(key));
            Ok(Value::empty())
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn checked_policy(request: &Request) -> Result<String, ServiceError> {
    let policy = request.required("Policy")?;
    if serde_json::from_str::<serde_json::Value>(policy).is_ok() {
        return Ok(policy.to_owned());
    }
    Err(ServiceError::new(
        "MalformedPolicyDocumentException",
        "Policy contains a statement that is not valid JSON.",
    ))
}

fn changed(
    world: &World,
    request: &Request,
    region: &mut RegionState,
    change: impl FnOnce(&mut Key),
) -> Answer {
    let found = key(world, request, region)?;
    let id = found.arn.rsplit('/').next().unwrap_or_default();
    match region.keys.get_mut(id) {
        Some(key) => {
            change(key);
            Ok(Value::empty())
        }
        None => Err(ServiceError::denied(
            request,
            &world.settings().partition,
            " on an AWS managed key",
        )),
    }
}

fn create(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let settings = world.settings();
    let policy = if request.params.has("Policy") {
        checked_policy(request)?
    } else {
        Key::default_policy(&settings.partition, &request.caller.account)
    };
    let drawn = world.new_id("key");
    let id = format!(
        "{:08x}-0000-4000-8000-{:012x}",
        drawn >> 32,
        drawn & 0xffff_ffff
    );
    let key = Key {
        arn: format!(
            "arn:{}:kms:{}:{}:key/{id}",
            settings.partition, request.region, request.caller.account
        ),
        state: "Enabled".to_owned(),
        manager: "CUSTOMER".to_owned(),
        policy,
        created: world.now(),
    };
    let tags: std::collections::BTreeMap<_, _> = given_tags(&request.params, "Tags").collect();
    region.tags.insert(key.arn.clone(), tags);
    let row = key_metadata(request, &key);
    region.keys.insert(id, key);
    Ok(structure! { "KeyMetadata" => row })
}
