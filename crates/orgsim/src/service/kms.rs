//! Key Management Service: keys and their policies. `alias/aws/sns` is in every
//! account, managed by AWS.

use super::errors::tag_rows_named;
use super::{Answer, Window, kms_write};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Key, RegionState, World};

/// Alias of the key that AWS manages for SNS.
const AWS_MANAGED: &str = "alias/aws/sns";

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let Some(state) = world.account(&request.caller.account) else {
        return Err(ServiceError::unrecognized(request.service));
    };
    let nothing = RegionState::default();
    let region = state.region_content(&request.region).unwrap_or(&nothing);
    match request.operation.as_str() {
        "DescribeKey" => {
            let key = key(world, request, region)?;
            Ok(structure! { "KeyMetadata" => key_metadata(request, &key) })
        }
        "GetKeyPolicy" => {
            let key = key(world, request, region)?;
            match request.params.text("PolicyName").unwrap_or("default") {
                "default" => Ok(structure! { "Policy" => key.policy, "PolicyName" => "default" }),
                _ => Err(ServiceError::new(
                    "NotFoundException",
                    "No such policy exists",
                )),
            }
        }
        "ListKeyPolicies" => {
            key(world, request, region)?;
            Ok(structure! { "PolicyNames" => Value::list(["default"]), "Truncated" => false })
        }
        "GetKeyRotationStatus" => {
            let key = key(world, request, region)?;
            Ok(structure! { "KeyRotationEnabled" => false, "KeyId" => key.arn })
        }
        "ListKeys" => {
            let rows: Vec<Value> = region
                .keys
                .iter()
                .map(|(id, key)| structure! { "KeyId" => id, "KeyArn" => &key.arn })
                .collect();
            page(world, request, "Keys", &rows)
        }
        "ListAliases" => {
            let prefix = format!(
                "arn:{}:kms:{}:{}",
                world.settings().partition,
                request.region,
                request.caller.account
            );
            let wanted = request
                .params
                .text("KeyId")
                .map(|_| key(world, request, region));
            let wanted = wanted.transpose()?;
            let rows: Vec<Value> = region
                .key_aliases
                .iter()
                .filter(|(_, id)| {
                    wanted
                        .as_ref()
                        .is_none_or(|key| key.arn.ends_with(id.as_str()))
                })
                .map(|(alias, id)| {
                    structure! {
                        "AliasName" => alias,
                        "AliasArn" => format!("{prefix}:{alias}"),
                        "TargetKeyId" => id,
                    }
                })
                .collect();
            page(world, request, "Aliases", &rows)
        }
        "ListResourceTags" => {
            let key = key(world, request, region)?;
            let tags = region.tags.get(&key.arn).cloned().unwrap_or_default();
            Ok(
                structure! { "Tags" => tag_rows_named(&tags, "TagKey", "TagValue"), "Truncated" => false },
            )
        }
        _ => {
            drop(state);
            kms_write::answer(world, request)
        }
    }
}

fn page(world: &World, request: &Request, member: &'static str, rows: &[Value]) -> Answer {
    let window = Window::of(world, request, rows.len(), ("Marker", "Limit"), 100)?;
    Ok(Value::structure([
        (
            member,
            Some(Value::list(rows[window.range].iter().cloned())),
        ),
        ("Truncated", Some(window.next.is_some().into())),
        ("NextMarker", window.next.map(Value::Text)),
    ]))
}

/// What DescribeKey tells of a key.
pub(super) fn key_metadata(request: &Request, key: &Key) -> Value {
    structure! {
        "AWSAccountId" => &request.caller.account,
        "KeyId" => key.arn.rsplit('/').next().unwrap_or_default(),
        "Arn" => &key.arn,
        "CreationDate" => key.created,
        "Enabled" => key.state == "Enabled",
        "Description" => "",
        "KeyUsage" => "ENCRYPT_DECRYPT",
        "KeyState" => &key.state,
        "Origin" => "AWS_KMS",
        "KeyManager" => &key.manager,
        "CustomerMasterKeySpec" => "SYMMETRIC_DEFAULT",
        "KeySpec" => "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms" => Value::list(["SYMMETRIC_DEFAULT"]),
        "MultiRegion" => false,
    }
}

/// The key that the request names by id, ARN, alias or alias ARN.
pub(super) fn key(
    world: &World,
    request: &Request,
    region: &RegionState,
) -> Result<Key, ServiceError> {
    let named = request.required("KeyId")?;
    let parts: Vec<&str> = named.splitn(6, ':').collect();
    let name = match parts[..] {
        [_, _, "kms", of_region, account, name] => {
            if account != request.caller.account {
                return Err(ServiceError::denied(
                    request,
                    &world.settings().partition,
                    &format!(
                        " on resource: {named} because no resource-based policy allows the kms:{} action",
                        request.operation
                    ),
                ));
            }
            if of_region != request.region {
                return Err(ServiceError::new(
                    "NotFoundException",
                    format!("Invalid arn {of_region}"),
                ));
            }
            name
        }
        _ => named,
    };
    let id = match region.key_aliases.get(name) {
        Some(id) => id.as_str(),
        None => name.strip_prefix("key/").unwrap_or(name),
    };
    if let Some(key) = region.keys.get(id) {
        return Ok(key.clone());
    }
    let prefix = format!(
        "arn:{}:kms:{}:{}",
        world.settings().partition,
        request.region,
        request.caller.account
    );
    if name == AWS_MANAGED {
        return Ok(aws_managed(world, request, &prefix));
    }
    Err(ServiceError::new(
        "NotFoundException",
        if name.starts_with("alias/") {
            format!("Alias {prefix}:{name} is not found.")
        } else {
            format!("Key '{prefix}:key/{id}' does not exist")
        },
    ))
}

/// The policy of an AWS managed key lets the account's principals use it through SNS, no service.
fn aws_managed(world: &World, request: &Request, prefix: &str) -> Key {
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Id": "auto-sns-1",
        "Statement": [{
            "Sid": "Allow access through SNS for all principals in the account that are authorized to use SNS",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": { "StringEquals": {
                "kms:CallerAccount": request.caller.account,
                "kms:ViaService": format!("sns.{}.amazonaws.com", request.region)
            } }
        }]
    });
    Key {
        arn: format!("{prefix}:key/00000000-0000-4000-8000-000000000515"),
        state: "Enabled".to_owned(),
        manager: "AWS".to_owned(),
        policy: policy.to_string(),
        created: world
            .organization()
            .member(&request.caller.account)
            .map_or_else(|| world.now(), |member| member.joined),
    }
}
