//! AWS Organizations: who is in the organization and where.

use super::{Answer, Window, errors, organizations_write};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{ControlPolicy, Member, Organization, Unit, World};

const TOKENS: (&str, &str) = ("NextToken", "MaxResults");
const PAGE: usize = 20;

/// Everything else writes.
const READS: [&str; 18] = [
    "DescribeAccount",
    "DescribeCreateAccountStatus",
    "DescribeOrganizationalUnit",
    "DescribePolicy",
    "ListAWSServiceAccessForOrganization",
    "ListAccounts",
    "ListAccountsForParent",
    "ListChildren",
    "ListDelegatedAdministrators",
    "ListDelegatedServicesForAccount",
    "ListOrganizationalUnitsForParent",
    "ListParents",
    "ListPolicies",
    "ListPoliciesForTarget",
    "ListRoots",
    "ListTagsForResource",
    "ListTargetsForPolicy",
    "DescribeOrganization",
];

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let organization = world.organization();
    if request.operation == "DescribeOrganization" {
        return Ok(structure! { "Organization" => describe(world, &organization) });
    }
    if !READS.contains(&request.operation.as_str()) {
        drop(organization);
        return organizations_write::answer(world, request);
    }
    if !organization.may_read(&request.caller.account) {
        return Err(ServiceError::new(
            "AccessDeniedException",
            "You don't have permissions to access this resource.",
        ));
    }
    let list = Listing {
        world,
        request,
        organization: &organization,
    };
    match request.operation.as_str() {
        "ListAccounts" => list.accounts(|_| true),
        "ListAccountsForParent" => {
            let parent = list.known_parent()?;
            list.accounts(|member| member.parent == parent)
        }
        "DescribeAccount" => {
            let member = organization
                .member(request.required("AccountId")?)
                .ok_or_else(no_account)?;
            Ok(structure! { "Account" => account_row(world, &organization, member) })
        }
        "ListRoots" => list.page("Roots", &[organization.root.as_str()], |root| {
            root_of(world, &organization, root)
        }),
        "ListOrganizationalUnitsForParent" => {
            let parent = list.known_parent()?;
            let units: Vec<&Unit> = organization
                .units()
                .iter()
                .filter(|unit| unit.parent == parent)
                .collect();
            list.page("OrganizationalUnits", &units, |unit| {
                unit_row(world, &organization, unit)
            })
        }
        "ListParents" => list.parents(),
        "ListTagsForResource" => list.tags(),
        "ListDelegatedAdministrators" => {
            let administrators: Vec<&Member> = organization
                .delegated_administrators
                .iter()
                .filter_map(|id| organization.member(id))
                .collect();
            list.page("DelegatedAdministrators", &administrators, |member| {
                let mut row = account_row(world, &organization, member);
                if let Value::Structure(members) = &mut row {
                    members.push(("DelegationEnabledDate", member.joined.into()));
                }
                row
            })
        }
        "DescribeCreateAccountStatus" => {
            let id = request.required("CreateAccountRequestId")?;
            let status = organizations_write::account_status(&organization, id)?;
            Ok(structure! { "CreateAccountStatus" => status })
        }
        "DescribeOrganizationalUnit" => {
            let id = request.required("OrganizationalUnitId")?;
            let unit = organization.units().iter().find(|unit| unit.id == id);
            let unit = unit.ok_or_else(organizations_write::no_unit)?;
            Ok(structure! { "OrganizationalUnit" => unit_row(world, &organization, unit) })
        }
        "ListChildren" => list.children(),
        "ListDelegatedServicesForAccount" => {
            let id = request.required("AccountId")?;
            let services: Vec<&String> = organization
                .delegated_services
                .get(id)
                .into_iter()
                .flatten()
                .collect();
            list.page("DelegatedServices", &services, |service| {
                structure! { "ServicePrincipal" => *service, "DelegationEnabledDate" => world.now() }
            })
        }
        "ListAWSServiceAccessForOrganization" => {
            let services: Vec<&String> = organization.trusted_services.iter().collect();
            list.page("EnabledServicePrincipals", &services, |service| {
                structure! { "ServicePrincipal" => *service, "DateEnabled" => world.now() }
            })
        }
        _ => list.policies(),
    }
}

pub(super) fn no_account() -> ServiceError {
    ServiceError::new(
        "AccountNotFoundException",
        "You specified an account that doesn't exist.",
    )
}

fn describe(world: &World, organization: &Organization) -> Value {
    let partition = &world.settings().partition;
    let management = &organization.management_account;
    let email = organization
        .member(management)
        .map_or_else(String::new, |member| member.email.clone());
    structure! {
        "Id" => &organization.id,
        "Arn" => format!("arn:{partition}:organizations::{management}:organization/{}", organization.id),
        "FeatureSet" => "ALL",
        "MasterAccountArn" => organization.arn(partition, "account", management),
        "MasterAccountId" => management,
        "MasterAccountEmail" => email,
        "AvailablePolicyTypes" => Value::List(Vec::new()),
    }
}

/// One request for a list.
struct Listing<'a> {
    world: &'a World,
    request: &'a Request,
    organization: &'a Organization,
}

impl Listing<'_> {
    fn page<T>(&self, member: &'static str, all: &[T], row: impl Fn(&T) -> Value) -> Answer {
        let window = Window::of(self.world, self.request, all.len(), TOKENS, PAGE)?;
        let rows = all[window.range].iter().map(row).collect();
        Ok(Value::structure([
            (member, Some(Value::List(rows))),
            ("NextToken", window.next.map(Value::Text)),
        ]))
    }

    fn accounts(&self, keep: impl Fn(&Member) -> bool) -> Answer {
        let members: Vec<&Member> = self
            .organization
            .members()
            .filter(|member| keep(member))
            .collect();
        self.page("Accounts", &members, |member| {
            account_row(self.world, self.organization, member)
        })
    }

    fn known_parent(&self) -> Result<&str, ServiceError> {
        let parent = self.request.required("ParentId")?;
        let known = parent == self.organization.root
            || self
                .organization
                .units()
                .iter()
                .any(|unit| unit.id == parent);
        known.then_some(parent).ok_or_else(|| {
            ServiceError::new(
                "ParentNotFoundException",
                "You specified parent that doesn't exist.",
            )
        })
    }

    fn parents(&self) -> Answer {
        let child = self.request.required("ChildId")?;
        let unit = self
            .organization
            .units()
            .iter()
            .find(|unit| unit.id == child);
        let parent = unit
            .map(|unit| &unit.parent)
            .or_else(|| self.organization.member(child).map(|member| &member.parent))
            .ok_or_else(|| {
                ServiceError::new(
                    "ChildNotFoundException",
                    "You specified a child that doesn't exist.",
                )
            })?;
        let kind = if *parent == self.organization.root {
            "ROOT"
        } else {
            "ORGANIZATIONAL_UNIT"
        };
        self.page("Parents", &[parent], |parent| {
            structure! { "Id" => parent.as_str(), "Type" => kind }
        })
    }

    /// Tags come without a page size of the caller's.
    fn tags(&self) -> Answer {
        let id = self.request.required("ResourceId")?;
        let is_container = id == self.organization.root
            || self.organization.units().iter().any(|unit| unit.id == id);
        let is_container =
            is_container || self.organization.control_policies.policies.contains_key(id);
        let tags: Vec<(&String, &String)> = match self.organization.member(id) {
            Some(member) => member.tags.iter().collect(),
            None if is_container => self
                .organization
                .tags
                .get(id)
                .into_iter()
                .flatten()
                .collect(),
            None => return Err(errors::no_target()),
        };
        self.page("Tags", &tags, |(key, value)| {
            structure! { "Key" => *key, "Value" => *value }
        })
    }

    fn children(&self) -> Answer {
        let parent = self.known_parent()?;
        let (kind, ids): (_, Vec<&str>) =
            if self.request.params.text("ChildType") == Some("ACCOUNT") {
                let members = self.organization.members();
                let children = members.filter(|member| member.parent == parent);
                (
                    "ACCOUNT",
                    children.map(|member| member.id.as_str()).collect(),
                )
            } else {
                let units = self.organization.units().iter();
                let children = units.filter(|unit| unit.parent == parent);
                (
                    "ORGANIZATIONAL_UNIT",
                    children.map(|unit| unit.id.as_str()).collect(),
                )
            };
        self.page(
            "Children",
            &ids,
            |id| structure! { "Id" => *id, "Type" => kind },
        )
    }

    /// Service control policies, and where they are attached.
    fn policies(&self) -> Answer {
        let policies = &self.organization.control_policies;
        let known = |id: &str| {
            let policy = policies.policies.get(id);
            policy.ok_or_else(|| {
                ServiceError::new(
                    "PolicyNotFoundException",
                    "You specified a policy that doesn't exist.",
                )
            })
        };
        let summary = |id: &str, policy: &ControlPolicy| {
            policy_summary(self.world, self.organization, id, policy)
        };
        match self.request.operation.as_str() {
            "DescribePolicy" => {
                let id = self.request.required("PolicyId")?;
                let row =
                    organizations_write::policy_row(self.world, self.organization, id, known(id)?);
                Ok(structure! { "Policy" => row })
            }
            "ListPolicies" => {
                let all: Vec<(&String, &ControlPolicy)> = policies.policies.iter().collect();
                self.page("Policies", &all, |(id, policy)| summary(id, policy))
            }
            "ListPoliciesForTarget" => {
                let target = self.request.required("TargetId")?;
                let attached: Vec<(&str, &ControlPolicy)> = policies
                    .attached_to(target)
                    .into_iter()
                    .filter_map(|id| Some((id, policies.policies.get(id)?)))
                    .collect();
                self.page("Policies", &attached, |(id, policy)| summary(id, policy))
            }
            "ListTargetsForPolicy" => {
                let id = self.request.required("PolicyId")?;
                known(id)?;
                let targets = policies.targets_of(id);
                self.page("Targets", &targets, |target| self.target(target))
            }
            other => Err(ServiceError::unknown_operation(self.request.service, other)),
        }
    }

    fn target(&self, id: &str) -> Value {
        let partition = &self.world.settings().partition;
        let unit = self.organization.units().iter().find(|unit| unit.id == id);
        let (kind, part, name) = match (self.organization.member(id), unit) {
            (Some(member), _) => ("ACCOUNT", "account", member.name.as_str()),
            (None, Some(unit)) => ("ORGANIZATIONAL_UNIT", "ou", unit.name.as_str()),
            (None, None) => ("ROOT", "root", "Root"),
        };
        structure! {
            "TargetId" => id,
            "Arn" => self.organization.arn(partition, part, id),
            "Name" => name,
            "Type" => kind,
        }
    }
}

/// An account as the API shows it.
fn account_row(world: &World, organization: &Organization, member: &Member) -> Value {
    let settings = world.settings();
    let method = if member.invited { "INVITED" } else { "CREATED" };
    let arn = organization.arn(&settings.partition, "account", &member.id);
    let status = member.status.retired_status();
    Value::structure([
        ("Id", Some((&member.id).into())),
        ("Arn", Some(arn.into())),
        ("Email", Some((&member.email).into())),
        ("Name", Some((&member.name).into())),
        ("Status", settings.account_status.then(|| status.into())),
        ("State", Some(member.status.as_str().into())),
        ("JoinedMethod", Some(method.into())),
        ("JoinedTimestamp", Some(member.joined.into())),
        (
            "Paths",
            settings
                .account_paths
                .then(|| Value::list([path_of(organization, member)])),
        ),
    ])
}

/// Where the account is, from the organization downwards.
fn path_of(organization: &Organization, member: &Member) -> Value {
    let below = organization.path_to(&member.id).join("/");
    format!("{}/{below}/", organization.id).into()
}

/// The root of the organization.
pub(super) fn root_row(world: &World, organization: &Organization) -> Value {
    root_of(world, organization, &organization.root)
}

fn root_of(world: &World, organization: &Organization, root: &str) -> Value {
    let partition = &world.settings().partition;
    let enabled = organization.control_policies.enabled.then(|| {
        structure! { "Type" => "SERVICE_CONTROL_POLICY", "Status" => "ENABLED" }
    });
    structure! {
        "Id" => root,
        "Arn" => organization.arn(partition, "root", root),
        "Name" => "Root",
        "PolicyTypes" => Value::list(enabled),
    }
}

/// A unit as the API shows it.
pub(super) fn unit_row(world: &World, organization: &Organization, unit: &Unit) -> Value {
    let partition = &world.settings().partition;
    structure! {
        "Id" => &unit.id,
        "Arn" => organization.arn(partition, "ou", &unit.id),
        "Name" => &unit.name,
    }
}

/// A service control policy without its content.
pub(super) fn policy_summary(
    world: &World,
    organization: &Organization,
    id: &str,
    policy: &ControlPolicy,
) -> Value {
    let partition = &world.settings().partition;
    let arn = if policy.aws_managed {
        format!("arn:{partition}:organizations::aws:policy/service_control_policy/{id}")
    } else {
        format!(
            "arn:{partition}:organizations::{}:policy/{}/service_control_policy/{id}",
            organization.management_account, organization.id
        )
    };
    structure! {
        "Id" => id,
        "Arn" => arn,
        "Name" => &policy.name,
        "Description" => &policy.description,
        "Type" => "SERVICE_CONTROL_POLICY",
        "AwsManaged" => policy.aws_managed,
    }
}
