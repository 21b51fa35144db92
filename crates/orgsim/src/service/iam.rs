//! Identity and Access Management, as far as roles and their policies go (IAM API
//! reference). IAM is global: the Region of the request does not matter.

use super::iam_shapes::{encoded, managed_row, policy_version, role_row};
use super::{Answer, Window, iam_policies};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{AccountState, Role, World};

const PAGE: usize = 100;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let state = &mut *state;
    match request.operation.as_str() {
        "CreateRole" => create_role(world, request, state),
        "GetRole" => {
            let (path, role) = role(request, state)?;
            Ok(structure! { "Role" => role_row(world, request, path, role) })
        }
        "ListRoles" => {
            let prefix = request.params.text("PathPrefix").unwrap_or("/");
            let roles: Vec<(&String, &Role)> = state
                .roles
                .iter()
                .filter(|(name, _)| format!("/{name}").starts_with(prefix))
                .collect();
            page(world, request, "Roles", &roles, |(path, role)| {
                role_row(world, request, path, role)
            })
        }
        "DeleteRole" => {
            let (path, role) = role(request, state)?;
            let held = &role.permissions;
            if !held.inline.is_empty() || !held.attached.is_empty() {
                return Err(ServiceError::with_status(
                    409,
                    "DeleteConflict",
                    "Cannot delete entity, must detach all policies first.",
                ));
            }
            let path = path.clone();
            state.roles.remove(&path);
            Ok(Value::empty())
        }
        "UpdateAssumeRolePolicy" => {
            let document = document(request, "PolicyDocument")?;
            role_mut(request, state)?.trust = Some(document);
            Ok(Value::empty())
        }
        "ListInstanceProfilesForRole" => {
            role(request, state)?;
            let none: [&str; 0] = [];
            page(world, request, "InstanceProfiles", &none, |name| {
                Value::from(*name)
            })
        }
        "PutRolePolicy" => {
            let name = request.required("PolicyName")?.to_owned();
            let document = document(request, "PolicyDocument")?;
            let role = role_mut(request, state)?;
            role.permissions.inline.insert(name, document);
            Ok(Value::empty())
        }
        "GetRolePolicy" => {
            let name = request.required("PolicyName")?;
            let (_, role) = role(request, state)?;
            let document = role.permissions.inline.get(name).ok_or_else(|| {
                no_such(format!("The role policy with name {name} cannot be found."))
            })?;
            Ok(structure! {
                "RoleName" => request.required("RoleName")?,
                "PolicyName" => name,
                "PolicyDocument" => encoded(document),
            })
        }
        "DeleteRolePolicy" => {
            let name = request.required("PolicyName")?.to_owned();
            let role = role_mut(request, state)?;
            role.permissions.inline.remove(&name).ok_or_else(|| {
                no_such(format!("The role policy with name {name} cannot be found."))
            })?;
            Ok(Value::empty())
        }
        "ListRolePolicies" => {
            let (_, role) = role(request, state)?;
            let names: Vec<&String> = role.permissions.inline.keys().collect();
            page(world, request, "PolicyNames", &names, |name| {
                Value::from(*name)
            })
        }
        "AttachRolePolicy" => {
            let arn = request.required("PolicyArn")?.to_owned();
            iam_policies::document(state, &arn).ok_or_else(|| {
                no_such(format!("Policy {arn} does not exist or is not attachable."))
            })?;
            role_mut(request, state)?.permissions.attached.insert(arn);
            Ok(Value::empty())
        }
        "DetachRolePolicy" => {
            let arn = request.required("PolicyArn")?.to_owned();
            let role = role_mut(request, state)?;
            if role.permissions.attached.remove(&arn) {
                Ok(Value::empty())
            } else {
                Err(no_such(format!("Policy {arn} was not found.")))
            }
        }
        "ListAttachedRolePolicies" => {
            let (_, role) = role(request, state)?;
            let arns: Vec<&String> = role.permissions.attached.iter().collect();
            page(world, request, "AttachedPolicies", &arns, |arn| {
                structure! { "PolicyName" => arn.rsplit('/').next().unwrap_or_default(), "PolicyArn" => arn.as_str() }
            })
        }
        "CreatePolicy" => iam_policies::create(world, request, state),
        "GetPolicy" => {
            let arn = request.required("PolicyArn")?;
            let policy = state.policies.get(arn).ok_or_else(|| no_policy(arn))?;
            let attached = state
                .roles
                .values()
                .filter(|role| role.permissions.attached.contains(arn))
                .count();
            Ok(structure! { "Policy" => managed_row(arn, policy, attached) })
        }
        "GetPolicyVersion" => {
            let arn = request.required("PolicyArn")?;
            let policy = state.policies.get(arn).ok_or_else(|| no_policy(arn))?;
            if request.required("VersionId")? != "v1" {
                return Err(no_such(format!(
                    "Policy {arn} version {} does not exist or is not attachable.",
                    request.required("VersionId")?
                )));
            }
            Ok(structure! { "PolicyVersion" => policy_version(policy, true) })
        }
        "ListPolicyVersions" => {
            let arn = request.required("PolicyArn")?;
            let policy = state.policies.get(arn).ok_or_else(|| no_policy(arn))?;
            page(world, request, "Versions", &[policy], |policy| {
                policy_version(policy, false)
            })
        }
        "ListPolicies" => {
            let policies: Vec<_> = state.policies.iter().collect();
            page(world, request, "Policies", &policies, |(arn, policy)| {
                managed_row(arn, policy, 0)
            })
        }
        "DeletePolicy" => {
            let arn = request.required("PolicyArn")?;
            if state
                .roles
                .values()
                .any(|role| role.permissions.attached.contains(arn))
            {
                return Err(ServiceError::with_status(
                    409,
                    "DeleteConflict",
                    "Cannot delete a policy attached to entities.",
                ));
            }
            state.policies.remove(arn).ok_or_else(|| no_policy(arn))?;
            Ok(Value::empty())
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn page<T>(
    world: &World,
    request: &Request,
    member: &'static str,
    all: &[T],
    row: impl Fn(&T) -> Value,
) -> Answer {
    let window = Window::of(world, request, all.len(), ("Marker", "MaxItems"), PAGE)?;
    Ok(Value::structure([
        (member, Some(Value::list(all[window.range].iter().map(row)))),
        ("IsTruncated", Some(window.next.is_some().into())),
        ("Marker", window.next.map(Value::Text)),
    ]))
}

fn no_such(message: String) -> ServiceError {
    ServiceError::with_status(404, "NoSuchEntity", message)
}

fn no_policy(arn: &str) -> ServiceError {
    no_such(format!("Policy {arn} was not found."))
}

/// A policy document, which has to be JSON with statements.
pub(super) fn document(request: &Request, member: &str) -> Result<String, ServiceError> {
    let text = request.required(member)?;
    let read = serde_json::from_str::<serde_json::Value>(text);
    if read
        .is_ok_and(|document| document["Statement"].is_array() || document["Statement"].is_object())
    {
        return Ok(text.to_owned());
    }
    Err(ServiceError::new(
        "MalformedPolicyDocument",
        "Syntax errors in policy.",
    ))
}

/// A role by its name, whatever its path; the path comes with it.
fn role<'a>(
    request: &Request,
    state: &'a AccountState,
) -> Result<(&'a String, &'a Role), ServiceError> {
    let wanted = request.required("RoleName")?;
    state
        .roles
        .iter()
        .find(|(path, _)| path.rsplit('/').next() == Some(wanted))
        .ok_or_else(|| no_such(format!("The role with name {wanted} cannot be found.")))
}

fn role_mut<'a>(
    request: &Request,
    state: &'a mut AccountState,
) -> Result<&'a mut Role, ServiceError> {
    let path = role(request, state)?.0.clone();
    state
        .roles
        .get_mut(&path)
        .ok_or_else(|| no_such(format!("The role with name {path} cannot be found.")))
}

fn create_role(world: &World, request: &Request, state: &mut AccountState) -> Answer {
    let name = request.required("RoleName")?;
    let trust = document(request, "AssumeRolePolicyDocument")?;
    let path = request.params.text("Path").unwrap_or("/");
    if role(request, state).is_ok() {
        return Err(ServiceError::with_status(
            409,
            "EntityAlreadyExists",
            format!("Role with name {name} already exists."),
        ));
    }
    let made = Role {
        trust: Some(trust),
        description: request.params.text("Description").map(str::to_owned),
        max_session: request.params.integer("MaxSessionDuration"),
        created: Some(world.now()),
        tags: request
            .params
            .items("Tags")
            .iter()
            .filter_map(|tag| Some((tag.text("Key")?.to_owned(), tag.text("Value")?.to_owned())))
            .collect(),
        ..Role::default()
    };
    let full = format!("{}{name}", path.trim_start_matches('/'));
    let row = role_row(world, request, &full, &made);
    state.roles.insert(full, made);
    Ok(structure! { "Role" => row })
}
