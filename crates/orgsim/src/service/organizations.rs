//! AWS Organizations: who is in the organization and where.

use super::{Answer, Window};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{Member, Organization, Unit, World};

const TOKENS: (&str, &str) = ("NextToken", "MaxResults");
const PAGE: usize = 20;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let organization = world.organization();
    if request.operation == "DescribeOrganization" {
        return Ok(structure! { "Organization" => describe(world, &organization) });
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
            Ok(structure! { "Account" => list.account(member) })
        }
        "ListRoots" => list.page("Roots", &[organization.root.as_str()], |root| {
            list.root(root)
        }),
        "ListOrganizationalUnitsForParent" => {
            let parent = list.known_parent()?;
            let units: Vec<&Unit> = organization
                .units()
                .iter()
                .filter(|unit| unit.parent == parent)
                .collect();
            list.page("OrganizationalUnits", &units, |unit| list.unit(unit))
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
                let mut row = list.account(member);
                if let Value::Structure(members) = &mut row {
                    members.push(("DelegationEnabledDate", member.joined.into()));
                }
                row
            })
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn no_account() -> ServiceError {
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
        self.page("Accounts", &members, |member| self.account(member))
    }

    fn account(&self, member: &Member) -> Value {
        let settings = self.world.settings();
        let method = if member.invited { "INVITED" } else { "CREATED" };
        Value::structure([
            ("Id", Some((&member.id).into())),
            (
                "Arn",
                Some(
                    self.organization
                        .arn(&settings.partition, "account", &member.id)
                        .into(),
                ),
            ),
            ("Email", Some((&member.email).into())),
            ("Name", Some((&member.name).into())),
            (
                "Status",
                settings
                    .account_status
                    .then(|| member.status.retired_status().into()),
            ),
            ("State", Some(member.status.as_str().into())),
            ("JoinedMethod", Some(method.into())),
            ("JoinedTimestamp", Some(member.joined.into())),
        ])
    }

    fn root(&self, root: &str) -> Value {
        let partition = &self.world.settings().partition;
        structure! {
            "Id" => root,
            "Arn" => self.organization.arn(partition, "root", root),
            "Name" => "Root",
            "PolicyTypes" => Value::list([structure! {
                "Type" => "SERVICE_CONTROL_POLICY",
                "Status" => "ENABLED",
            }]),
        }
    }

    fn unit(&self, unit: &Unit) -> Value {
        let partition = &self.world.settings().partition;
        structure! {
            "Id" => &unit.id,
            "Arn" => self.organization.arn(partition, "ou", &unit.id),
            "Name" => &unit.name,
        }
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
        let tags: Vec<(&String, &String)> = match self.organization.member(id) {
            Some(member) => member.tags.iter().collect(),
            None if is_container => Vec::new(),
            None => {
                return Err(ServiceError::new(
                    "TargetNotFoundException",
                    "You specified a target that doesn't exist.",
                ));
            }
        };
        self.page("Tags", &tags, |(key, value)| {
            structure! { "Key" => *key, "Value" => *value }
        })
    }
}
