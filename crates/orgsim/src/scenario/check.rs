//! From the scenario file to a plan: names are resolved, numbers drawn, and
//! whatever contradicts itself is refused with its place in the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::breaks::{Break, Part};
use super::check_chain::{Chain, chain};
use super::check_fault::fault;
use super::check_monitoring::{links, monitoring_account, sources};
use super::check_organization::{enabled_region, organization_id, settings};
use super::document::{Document, GroupTable, HeadTable};
use super::error::ScenarioError;
use super::numbers::Numbers;
use super::plan::{AccountPlan, Breaks, GroupPlan, OrganizationTrail, OwnChain, Plan};
use super::sizes::sizes;
use crate::exported::Exported;
use crate::faults::{Fault, FaultRule};
use crate::service::Service;
use crate::state::{AccountStatus, Reach};

/// The plan that the document describes.
///
/// `exported` is what the file that the document names holds.
pub(super) fn plan(document: &Document, exported: Option<Exported>) -> Result<Plan, ScenarioError> {
    let settings = settings(document)?;
    let mut numbers = Numbers::new(settings.seed);
    let management = numbers.given_or_drawn(document.management.number.as_ref(), "management")?;
    let administrator = document
        .delegated_administrator
        .as_ref()
        .map(|table| numbers.given_or_drawn(table.number.as_ref(), "delegated administrator"))
        .transpose()?;
    let heads = 1 + usize::from(administrator.is_some());
    let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (group, size) in document.group.iter().zip(sizes(document, heads)?) {
        let name = group.name.get_ref().as_str();
        let drawn = (0..size).map(|index| numbers.of_group(group, index));
        let of_group = drawn.collect::<Result<Vec<_>, _>>()?;
        if members.insert(name, of_group).is_some() {
            let message = format!("there are two groups named `{name}`; give one another name");
            return Err(ScenarioError::at(&group.name, message));
        }
    }
    let organization = &document.organization;
    let mut plan = Plan {
        organization_id: organization_id(organization, settings.seed)?,
        role: organization
            .role
            .clone()
            .unwrap_or_else(|| "OrgsweepReadOnly".to_owned()),
        external_id: organization.external_id.clone(),
        organization_trails: Vec::new(),
        exported: exported.map(Arc::new),
        accounts: BTreeMap::new(),
        sources: BTreeMap::new(),
        faults: Vec::new(),
        management,
        delegated_administrator: administrator,
        settings,
    };
    plan.organization_trails = organization_trails(document, &plan)?;
    add_heads(document, &members, &mut plan)?;
    for group in &document.group {
        add_group(group, &members, &mut plan)?;
    }
    plan.sources = sources(&plan);
    for table in &document.fault {
        plan.faults.extend(fault(table, &members)?);
    }
    Ok(plan)
}

fn organization_trails(
    document: &Document,
    plan: &Plan,
) -> Result<Vec<OrganizationTrail>, ScenarioError> {
    document
        .organization_trail
        .iter()
        .map(|table| {
            let place = table.log_group_in.as_ref();
            let log_group_account = match place.map_or("management", |place| place.get_ref()) {
                "management" => Some(plan.management.clone()),
                "delegated_administrator" => plan.delegated_administrator.clone(),
                _ => None,
            };
            let log_group_account = log_group_account.ok_or_else(|| {
                ScenarioError::at(
                    place.unwrap_or(&table.name),
                    "an organization trail's log group is in `management` or in `delegated_administrator`, which the file then describes",
                )
            })?;
            let mut breaks = Breaks::default();
            for broken in &table.broken {
                match chain(&broken.chain, broken.controls.as_deref(), &mut breaks)? {
                    Chain::Broken(broken_by) if broken_by.part() != Part::Reading => {}
                    _ => {
                        return Err(ScenarioError::at(
                            &broken.chain,
                            "this cannot be wrong with an organization trail; name what is wrong with its trail, filters, alarms or topics",
                        ));
                    }
                }
            }
            Ok(OrganizationTrail {
                name: table.name.get_ref().clone(),
                log_group_account,
                breaks,
            })
        })
        .collect()
}

fn add_heads(
    document: &Document,
    members: &BTreeMap<&str, Vec<String>>,
    plan: &mut Plan,
) -> Result<(), ScenarioError> {
    let management = plan.management.clone();
    let mut heads = vec![(management, &document.management, "management")];
    if let (Some(table), Some(number)) = (
        &document.delegated_administrator,
        &plan.delegated_administrator,
    ) {
        heads.push((number.clone(), table, "audit"));
    }
    for (number, table, name) in heads {
        let group = head(table, &number, members, plan)?;
        let name = table.name.clone().unwrap_or_else(|| name.to_owned());
        let account = AccountPlan {
            name,
            group: Arc::new(group),
        };
        plan.accounts.insert(number, account);
    }
    Ok(())
}

fn head(
    table: &HeadTable,
    number: &str,
    members: &BTreeMap<&str, Vec<String>>,
    plan: &Plan,
) -> Result<GroupPlan, ScenarioError> {
    let mut breaks = Breaks::default();
    let mut exported = false;
    let own = match &table.chain {
        None => plan.organization_trails.is_empty(),
        Some(name) => match chain(name, table.controls.as_deref(), &mut breaks)? {
            Chain::OrganizationTrail => false,
            Chain::Exported => {
                exported = there_is_an_export(name, plan)?;
                false
            }
            Chain::Broken(broken_by) if broken_by.part() == Part::Reading => {
                return Err(ScenarioError::at(name, "only a group's chain can be this"));
            }
            _ => true,
        },
    };
    let region = plan.settings.home_region.clone();
    let sources = [number.to_owned()];
    Ok(GroupPlan {
        links: links(&table.links, &region, &sources, members, plan)?,
        unit: unit_path(table.unit.as_ref()),
        tags: table.tags.clone(),
        status: AccountStatus::Active,
        role_missing: false,
        reach: reach(table.organization_trails.as_deref(), plan)?,
        own: own.then_some(OwnChain {
            region,
            breaks,
            log_group_account: None,
            alarms_account: None,
        }),
        exported,
    })
}

/// `true`, where the file names an export.
fn there_is_an_export(chain: &Spanned<String>, plan: &Plan) -> Result<bool, ScenarioError> {
    if plan.exported.is_none() {
        return Err(ScenarioError::at(
            chain,
            "there is nothing exported; name the file above all tables: `exported = \"FILE\"`",
        ));
    }
    Ok(true)
}

fn unit_path(unit: Option<&Spanned<String>>) -> Vec<String> {
    unit.map_or("", |unit| unit.get_ref())
        .split('/')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn reach(names: Option<&[Spanned<String>]>, plan: &Plan) -> Result<Reach, ScenarioError> {
    let Some(names) = names else {
        return Ok(Reach::All);
    };
    for name in names {
        if !plan
            .organization_trails
            .iter()
            .any(|trail| trail.name == *name.get_ref())
        {
            return Err(ScenarioError::at(
                name,
                format!(
                    "there is no organization trail `{}`; describe it with `[[organization_trail]]`",
                    name.get_ref()
                ),
            ));
        }
    }
    Ok(Reach::Only(
        names.iter().map(|name| name.get_ref().clone()).collect(),
    ))
}

fn add_group(
    table: &GroupTable,
    members: &BTreeMap<&str, Vec<String>>,
    plan: &mut Plan,
) -> Result<(), ScenarioError> {
    let mut breaks = Breaks::default();
    let reach = reach(table.organization_trails.as_deref(), plan)?;
    let kind = match &table.chain {
        None => Chain::Healthy,
        Some(name) => chain(name, table.controls.as_deref(), &mut breaks)?,
    };
    for broken in &table.broken {
        chain(&broken.chain, broken.controls.as_deref(), &mut breaks)?;
    }
    let exported = match &table.chain {
        Some(name) if kind == Chain::Exported => there_is_an_export(name, plan)?,
        _ => false,
    };
    if let (Chain::OrganizationTrail, Some(name)) = (&kind, &table.chain)
        && plan.organization_trails.is_empty()
    {
        return Err(ScenarioError::at(
            name,
            "there is no organization trail; describe one with `[[organization_trail]]`",
        ));
    }
    let region = match &table.region {
        None => plan.settings.home_region.clone(),
        Some(region) => enabled_region(region, &plan.settings)?,
    };
    let log_group_account = log_group_account(table, &breaks, members)?;
    let numbers = &members[table.name.get_ref().as_str()];
    let alarms_in = table.alarms_in.as_ref();
    let alarms_account = alarms_in
        .map(|name| monitoring_account(name, numbers, members, plan))
        .transpose()?;
    let own = kind != Chain::OrganizationTrail && !exported;
    if let (false, Some(name)) = (own, alarms_in) {
        let message = "`alarms_in` goes with chains of the accounts' own";
        return Err(ScenarioError::at(name, message));
    }
    let links = links(&table.links, &region, numbers, members, plan)?;
    let fault = match breaks.reading {
        Some(Break::FactUnread) => Some(Fault::Denied),
        Some(Break::RegionDeniedByPolicy) => Some(Fault::DeniedByScp),
        _ => None,
    };
    if let Some(fault) = fault {
        let rule = FaultRule::everywhere(fault).operation(Service::Logs, "DescribeMetricFilters");
        plan.faults
            .extend(numbers.iter().map(|number| rule.clone().account(number)));
    }
    let group = Arc::new(GroupPlan {
        unit: unit_path(table.unit.as_ref()),
        tags: table.tags.clone(),
        status: status(table.state.as_ref())?,
        role_missing: table.role_missing,
        reach,
        own: own.then_some(OwnChain {
            region,
            breaks,
            log_group_account,
            alarms_account,
        }),
        links,
        exported,
    });
    let name = table.name.get_ref();
    let width = numbers.len().to_string().len();
    for (index, number) in numbers.iter().enumerate() {
        let name = if numbers.len() == 1 {
            name.clone()
        } else {
            format!("{name}-{:0width$}", index + 1)
        };
        let group = Arc::clone(&group);
        plan.accounts
            .insert(number.clone(), AccountPlan { name, group });
    }
    Ok(())
}

/// The account of the log group, which `owner_unread` needs and nothing else has.
fn log_group_account(
    table: &GroupTable,
    breaks: &Breaks,
    members: &BTreeMap<&str, Vec<String>>,
) -> Result<Option<String>, ScenarioError> {
    match (&table.log_group_in, breaks.reading) {
        (None, Some(Break::OwnerUnread)) => Err(ScenarioError::at(
            table.chain.as_ref().unwrap_or(&table.name),
            "`owner_unread` needs `log_group_in`: a group whose role is missing",
        )),
        (None, _) => Ok(None),
        (Some(group), Some(Break::OwnerUnread)) => members
            .get(group.get_ref().as_str())
            .and_then(|numbers| numbers.first().cloned())
            .map(Some)
            .ok_or_else(|| {
                ScenarioError::at(group, format!("there is no group `{}`", group.get_ref()))
            }),
        (Some(group), _) => Err(ScenarioError::at(
            group,
            "`log_group_in` goes with `chain = \"owner_unread\"` alone",
        )),
    }
}

fn status(state: Option<&Spanned<String>>) -> Result<AccountStatus, ScenarioError> {
    let Some(state) = state else {
        return Ok(AccountStatus::Active);
    };
    Ok(match state.get_ref().as_str() {
        "active" => AccountStatus::Active,
        "pending_activation" => AccountStatus::PendingActivation,
        "suspended" => AccountStatus::Suspended,
        "pending_closure" => AccountStatus::PendingClosure,
        "closed" => AccountStatus::Closed,
        other => {
            return Err(ScenarioError::at(
                state,
                format!(
                    "`{other}` is no account state; there are active, pending_activation, suspended, pending_closure and closed"
                ),
            ));
        }
    })
}
