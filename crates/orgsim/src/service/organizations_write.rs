//! AWS Organizations, writing: accounts, units, tags, service control policies,
//! delegated administrators. The management account alone may.

use super::errors::given_tags;
use super::organizations::{no_account, policy_summary, unit_row};
use super::{Answer, errors};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{
    AccountState, AccountStatus, ControlPolicy, Member, Organization, Role, Unit, World,
};

/// How deep units may lie in each other.
const DEEPEST: usize = 5;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    if request.operation == "CreateOrganization" {
        return Err(ServiceError::new(
            "AlreadyInOrganizationException",
            "The AWS account is already a member of an organization.",
        ));
    }
    if request.caller.account != world.management_account() {
        return Err(ServiceError::new(
            "AccessDeniedException",
            "You don't have permissions to access this resource.",
        ));
    }
    if request.operation == "CreateAccount" {
        return create_account(world, request);
    }
    let organization = &mut *world.organization_mut();
    let params = &request.params;
    match request.operation.as_str() {
        "CloseAccount" => {
            let id = request.required("AccountId")?;
            if id == organization.management_account {
                return Err(constraint("You cannot close the management account."));
            }
            let member = organization.member_mut(id).ok_or_else(no_account)?;
            if member.status != AccountStatus::Active {
                return Err(ServiceError::new(
                    "AccountAlreadyClosedException",
                    "You attempted to close an account that is already closed.",
                ));
            }
            member.status = AccountStatus::PendingClosure;
            Ok(Value::empty())
        }
        "MoveAccount" => move_account(request, organization),
        "CreateOrganizationalUnit" => create_unit(world, request, organization),
        "UpdateOrganizationalUnit" => {
            let id = request.required("OrganizationalUnitId")?.to_owned();
            let name = params.text("Name").map(str::to_owned);
            let unit = organization
                .units_mut()
                .iter_mut()
                .find(|unit| unit.id == id);
            let unit = unit.ok_or_else(no_unit)?;
            if let Some(name) = name {
                unit.name = name;
            }
            let unit = unit.clone();
            Ok(structure! { "OrganizationalUnit" => unit_row(world, organization, &unit) })
        }
        "DeleteOrganizationalUnit" => {
            let id = request.required("OrganizationalUnitId")?.to_owned();
            let used = organization.units().iter().any(|unit| unit.parent == id)
                || organization.members().any(|member| member.parent == id);
            if used {
                return Err(ServiceError::new(
                    "OrganizationalUnitNotEmptyException",
                    "The specified organizational unit is not empty.",
                ));
            }
            let units = organization.units_mut();
            let place = units.iter().position(|unit| unit.id == id);
            units.remove(place.ok_or_else(no_unit)?);
            Ok(Value::empty())
        }
        "TagResource" => {
            let tags = given_tags(params, "Tags");
            resource_tags(request, organization)?.extend(tags);
            Ok(Value::empty())
        }
        "UntagResource" => {
            let keys = params.texts("TagKeys");
            resource_tags(request, organization)?.retain(|key, _| !keys.contains(key));
            Ok(Value::empty())
        }
        "RegisterDelegatedAdministrator" => register(request, organization),
        "DeregisterDelegatedAdministrator" => deregister(request, organization),
        "EnableAWSServiceAccess" => {
            let service = request.required("ServicePrincipal")?;
            organization.trusted_services.insert(service.to_owned());
            Ok(Value::empty())
        }
        "DisableAWSServiceAccess" => {
            organization
                .trusted_services
                .remove(request.required("ServicePrincipal")?);
            Ok(Value::empty())
        }
        _ => policies(world, request, organization),
    }
}

fn constraint(message: &str) -> ServiceError {
    ServiceError::new("ConstraintViolationException", message)
}

pub(super) fn no_unit() -> ServiceError {
    ServiceError::new(
        "OrganizationalUnitNotFoundException",
        "You specified an organizational unit that doesn't exist.",
    )
}

/// Makes the account at once; on AWS it takes some minutes, which nobody needs to wait for here.
fn create_account(world: &World, request: &Request) -> Answer {
    let name = request.required("AccountName")?.to_owned();
    let email = request.required("Email")?.to_owned();
    let role = request
        .params
        .text("RoleName")
        .unwrap_or("OrganizationAccountAccessRole");
    let used = world
        .organization()
        .members()
        .any(|member| member.email == email);
    let management = world.management_account();
    let id = loop {
        let id = format!(
            "{:012}",
            world.new_id("account") % 900_000_000_000 + 100_000_000_000
        );
        if !world.has_account(&id) {
            break id;
        }
    };
    let request_id = format!("car-{:016x}", world.new_id("request"));
    if used {
        return Ok(structure! { "CreateAccountStatus" => structure! {
            "Id" => request_id,
            "AccountName" => name,
            "State" => "FAILED",
            "RequestedTimestamp" => world.now(),
            "CompletedTimestamp" => world.now(),
            "FailureReason" => "EMAIL_ALREADY_EXISTS",
        } });
    }
    let mut content = AccountState {
        id: id.clone(),
        ..AccountState::default()
    };
    let trusting = Role {
        trusted_accounts: [management].into(),
        permissions: crate::state::RolePolicies {
            attached: [format!(
                "arn:{}:iam::aws:policy/AdministratorAccess",
                world.settings().partition
            )]
            .into(),
            ..Default::default()
        },
        ..Role::default()
    };
    content.roles.insert(role.to_owned(), trusting);
    if !world.add_account(content) {
        return Err(constraint(
            "You have exceeded the allowed number of AWS accounts.",
        ));
    }
    let organization = &mut *world.organization_mut();
    let parent = organization.root.clone();
    organization.add_member(Member {
        id: id.clone(),
        name,
        email,
        status: AccountStatus::Active,
        parent,
        joined: world.now(),
        invited: false,
        tags: given_tags(&request.params, "Tags").collect(),
    });
    organization.account_requests.insert(request_id.clone(), id);
    Ok(structure! { "CreateAccountStatus" => account_status(organization, &request_id)? })
}

/// What became of a request for an account.
pub(super) fn account_status(
    organization: &Organization,
    request_id: &str,
) -> Result<Value, ServiceError> {
    let member = organization
        .account_requests
        .get(request_id)
        .and_then(|id| organization.member(id))
        .ok_or_else(|| {
            ServiceError::new(
                "CreateAccountStatusNotFoundException",
                "You specified a create account request that doesn't exist.",
            )
        })?;
    Ok(structure! {
        "Id" => request_id,
        "AccountName" => &member.name,
        "State" => "SUCCEEDED",
        "RequestedTimestamp" => member.joined,
        "CompletedTimestamp" => member.joined,
        "AccountId" => &member.id,
    })
}

fn is_parent(organization: &Organization, id: &str) -> bool {
    id == organization.root || organization.units().iter().any(|unit| unit.id == id)
}

fn move_account(request: &Request, organization: &mut Organization) -> Answer {
    let source = request.required("SourceParentId")?;
    let destination = request.required("DestinationParentId")?;
    let known = is_parent(organization, destination);
    let member = organization
        .member_mut(request.required("AccountId")?)
        .ok_or_else(no_account)?;
    if member.parent == destination {
        return Err(ServiceError::new(
            "DuplicateAccountException",
            "That account is already present in the specified destination.",
        ));
    }
    if member.parent != source {
        return Err(ServiceError::new(
            "SourceParentNotFoundException",
            "You specified a source parent that doesn't exist.",
        ));
    }
    if !known {
        return Err(ServiceError::new(
            "DestinationParentNotFoundException",
            "You specified a destination container that doesn't exist.",
        ));
    }
    destination.clone_into(&mut member.parent);
    Ok(Value::empty())
}

fn create_unit(world: &World, request: &Request, organization: &mut Organization) -> Answer {
    let parent = request.required("ParentId")?.to_owned();
    let name = request.required("Name")?.to_owned();
    if !is_parent(organization, &parent) {
        return Err(ServiceError::new(
            "ParentNotFoundException",
            "You specified parent that doesn't exist.",
        ));
    }
    let mut depth = 1;
    let mut above = parent.as_str();
    while let Some(unit) = organization.units().iter().find(|unit| unit.id == above) {
        depth += 1;
        above = &unit.parent;
    }
    if depth > DEEPEST {
        return Err(constraint(
            "You have exceeded the number of levels of organizational units.",
        ));
    }
    let twice = organization
        .units()
        .iter()
        .any(|unit| unit.parent == parent && unit.name == name);
    if twice {
        return Err(ServiceError::new(
            "DuplicateOrganizationalUnitException",
            "An organizational unit with the same name already exists.",
        ));
    }
    let root = organization.root.trim_start_matches("r-").to_owned();
    let unit = Unit {
        id: format!("ou-{root}-{:08x}", world.new_id("unit") & 0xffff_ffff),
        name,
        parent,
    };
    let tags: std::collections::BTreeMap<_, _> = given_tags(&request.params, "Tags").collect();
    organization.tags.insert(unit.id.clone(), tags);
    organization.add_unit(unit.clone());
    Ok(structure! { "OrganizationalUnit" => unit_row(world, organization, &unit) })
}

/// The tags of the account, unit, root or policy that the request names.
fn resource_tags<'a>(
    request: &Request,
    organization: &'a mut Organization,
) -> Result<&'a mut std::collections::BTreeMap<String, String>, ServiceError> {
    let id = request.required("ResourceId")?;
    let container =
        is_parent(organization, id) || organization.control_policies.policies.contains_key(id);
    if container {
        return Ok(organization.tags.entry(id.to_owned()).or_default());
    }
    let member = organization.member_mut(id).ok_or_else(errors::no_target)?;
    Ok(&mut member.tags)
}

fn register(request: &Request, organization: &mut Organization) -> Answer {
    let id = request.required("AccountId")?;
    let service = request.required("ServicePrincipal")?;
    if id == organization.management_account {
        return Err(constraint(
            "You cannot register master account/yourself as delegated administrator for your organization.",
        ));
    }
    organization.member(id).ok_or_else(no_account)?;
    let services = organization.delegated_services.entry(id.to_owned());
    if !services.or_default().insert(service.to_owned()) {
        return Err(ServiceError::new(
            "AccountAlreadyRegisteredException",
            "The provided account is already a delegated administrator for your organization.",
        ));
    }
    if !organization
        .delegated_administrators
        .iter()
        .any(|known| known == id)
    {
        organization.delegated_administrators.push(id.to_owned());
    }
    Ok(Value::empty())
}

fn deregister(request: &Request, organization: &mut Organization) -> Answer {
    let id = request.required("AccountId")?;
    let service = request.required("ServicePrincipal")?;
    let known = organization
        .delegated_administrators
        .iter()
        .any(|administrator| administrator == id);
    let services = organization
        .delegated_services
        .entry(id.to_owned())
        .or_default();
    services.remove(service);
    if !known {
        return Err(ServiceError::new(
            "AccountNotRegisteredException",
            "The provided account is not a registered delegated administrator for your organization.",
        ));
    }
    if services.is_empty() {
        organization
            .delegated_administrators
            .retain(|administrator| administrator != id);
    }
    Ok(Value::empty())
}

/// Service control policies.
fn policies(world: &World, request: &Request, organization: &mut Organization) -> Answer {
    let params = &request.params;
    let no_policy = || {
        ServiceError::new(
            "PolicyNotFoundException",
            "You specified a policy that doesn't exist.",
        )
    };
    match request.operation.as_str() {
        "CreatePolicy" => {
            let name = request.required("Name")?.to_owned();
            let all = &organization.control_policies.policies;
            if all.values().any(|policy| policy.name == name) {
                return Err(ServiceError::new(
                    "DuplicatePolicyException",
                    "A policy with the same name already exists.",
                ));
            }
            let id = format!("p-{:08x}", world.new_id("policy") & 0xffff_ffff);
            let policy = ControlPolicy {
                name,
                description: params.text("Description").unwrap_or_default().to_owned(),
                content: content(request)?,
                aws_managed: false,
            };
            let row = policy_row(world, organization, &id, &policy);
            organization.control_policies.policies.insert(id, policy);
            Ok(structure! { "Policy" => row })
        }
        "UpdatePolicy" => {
            let id = request.required("PolicyId")?.to_owned();
            let new = params
                .has("Content")
                .then(|| content(request))
                .transpose()?;
            let policies = &mut organization.control_policies.policies;
            let policy = policies.get_mut(&id).ok_or_else(no_policy)?;
            if let Some(content) = new {
                policy.content = content;
            }
            if let Some(name) = params.text("Name") {
                name.clone_into(&mut policy.name);
            }
            let policy = policy.clone();
            Ok(structure! { "Policy" => policy_row(world, organization, &id, &policy) })
        }
        "DeletePolicy" => {
            let id = request.required("PolicyId")?;
            if !organization.control_policies.targets_of(id).is_empty() {
                return Err(ServiceError::new(
                    "PolicyInUseException",
                    "The policy is attached to one or more entities.",
                ));
            }
            let policies = &mut organization.control_policies.policies;
            policies.remove(id).ok_or_else(no_policy)?;
            Ok(Value::empty())
        }
        "AttachPolicy" | "DetachPolicy" => {
            let id = request.required("PolicyId")?;
            let target = request.required("TargetId")?;
            if !is_parent(organization, target) && organization.member(target).is_none() {
                return Err(errors::no_target());
            }
            let policies = &mut organization.control_policies;
            if !policies.policies.contains_key(id) {
                return Err(no_policy());
            }
            if request.operation == "AttachPolicy" {
                if !policies.attach(id, target) {
                    return Err(ServiceError::new(
                        "DuplicatePolicyAttachmentException",
                        "A policy with the specified name and type already exists.",
                    ));
                }
            } else {
                if policies.attached_to(target) == [id] {
                    return Err(constraint(
                        "You cannot remove the last policy attached to the specified target. You should have at least one attached always.",
                    ));
                }
                if !policies.detach(id, target) {
                    return Err(ServiceError::new(
                        "PolicyNotAttachedException",
                        "The policy isn't attached to the specified target in the specified root.",
                    ));
                }
            }
            Ok(Value::empty())
        }
        "EnablePolicyType" | "DisablePolicyType" => {
            organization.control_policies.enabled = request.operation == "EnablePolicyType";
            let root = super::organizations::root_row(world, organization);
            Ok(structure! { "Root" => root })
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

/// The content of a policy, which has to be JSON with statements.
fn content(request: &Request) -> Result<String, ServiceError> {
    let text = request.required("Content")?;
    let read = serde_json::from_str::<serde_json::Value>(text);
    if read.is_ok_and(|document| !document["Statement"].is_null()) {
        return Ok(text.to_owned());
    }
    Err(ServiceError::new(
        "MalformedPolicyDocumentException",
        "The provided policy document does not meet the requirements of the specified policy type.",
    ))
}

/// A policy with its content.
pub(super) fn policy_row(
    world: &World,
    organization: &Organization,
    id: &str,
    policy: &ControlPolicy,
) -> Value {
    structure! {
        "PolicySummary" => policy_summary(world, organization, id, policy),
        "Content" => &policy.content,
    }
}
