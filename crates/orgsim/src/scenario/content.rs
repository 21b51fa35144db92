//! The content of one account, made from its plan: roles, trails, log groups,
//! and the chain of each control with whatever is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeZone as _, Utc};

use super::breaks::Break;
use super::controls::controls;
use super::links::{ControlChain, Place, add_alarm, add_filter};
use super::plan::{AccountPlan, Breaks, OrganizationTrail, OwnChain, Plan};
use super::role_policies::{remediator_policy, scanner_policy};
use crate::state::{
    AccountState, AccountStatus, BasicSelector, LastDelivery, LogGroup, LogStream, Role,
    RolePolicies, Selectors, Trail, drawn,
};

/// Minutes since a healthy trail last wrote to its log group.
const FRESH: i64 = 4;
/// Minutes since a broken one did: thirty days.
const STALE: i64 = 30 * 24 * 60;

/// When everything in the account was made.
pub(super) fn made(plan: &Plan, number: &str) -> DateTime<Utc> {
    let first = Utc
        .with_ymd_and_hms(2021, 3, 1, 8, 0, 0)
        .single()
        .unwrap_or_default();
    let days = drawn(plan.settings.seed, &format!("made {number}")) % 1500;
    first + chrono::Duration::days(days as i64)
}

/// When a trail of the account that delivers no more did so last.
fn stopped(plan: &Plan, number: &str) -> DateTime<Utc> {
    made(plan, number) + chrono::Duration::days(30)
}

/// The content of the account `number`.
pub(super) fn content(plan: &Plan, number: &str) -> AccountState {
    let mut state = AccountState {
        id: number.to_owned(),
        ..AccountState::default()
    };
    let Some(account) = plan.accounts.get(number) else {
        return state;
    };
    state.organization_trails = account.group.reach.clone();
    state.roles = roles(plan, number, account);
    if account.group.exported
        && let Some(exported) = &plan.exported
    {
        exported.fill(number, &mut state);
        let enabled = &plan.settings.regions;
        state
            .opted_in_regions
            .retain(|region| !enabled.contains(region));
    }
    if let Some(own) = &account.group.own {
        add_own_trail(plan, number, own, &mut state);
    }
    for (region, links) in &account.group.links {
        state.region(region).monitoring_accounts = links.clone();
    }
    for source in plan.sources.get(number).into_iter().flatten() {
        add_source(plan, number, source, &mut state);
    }
    for trail in &plan.organization_trails {
        if number == plan.management {
            add_organization_trail(plan, trail, &mut state);
        }
        if number == trail.log_group_account && trail.breaks.trail != Some(Break::LogGroupMissing) {
            add_organization_log_group(plan, trail, &mut state);
        }
    }
    state
}

/// The scanner's and the remediator's roles, and the one that Organizations makes in accounts
/// that it creates.
fn roles(plan: &Plan, number: &str, account: &AccountPlan) -> BTreeMap<String, Role> {
    let administrators: BTreeSet<String> = plan
        .delegated_administrator
        .iter()
        .chain([&plan.management])
        .cloned()
        .collect();
    let mut roles = BTreeMap::new();
    if !account.group.role_missing {
        let role = |name: &str, policy: String| Role {
            trusted_accounts: administrators.clone(),
            external_id: plan.external_id.clone(),
            permissions: RolePolicies {
                inline: BTreeMap::from([(name.to_owned(), policy)]),
                ..RolePolicies::default()
            },
            ..Role::default()
        };
        let scanner = role("orgsweep-read", scanner_policy().to_owned());
        roles.insert(plan.role.clone(), scanner);
        let repairs = remediator_policy(&plan.settings.partition);
        let remediator = role("orgsweep-repair", repairs);
        roles.insert("OrgsweepRemediator".to_owned(), remediator);
    }
    if number != plan.management {
        let role = Role {
            trusted_accounts: BTreeSet::from([plan.management.clone()]),
            permissions: RolePolicies {
                attached: BTreeSet::from([format!(
                    "arn:{}:iam::aws:policy/AdministratorAccess",
                    plan.settings.partition
                )]),
                ..RolePolicies::default()
            },
            ..Role::default()
        };
        roles.insert("OrganizationAccountAccessRole".to_owned(), role);
    }
    roles
}

fn add_own_trail(plan: &Plan, number: &str, own: &OwnChain, state: &mut AccountState) {
    let Some(broken) = own.breaks.trail else {
        let group = "/aws/cloudtrail/main";
        return add_trail(plan, number, own, group, None, state);
    };
    if broken != Break::NoTrail {
        add_trail(
            plan,
            number,
            own,
            "/aws/cloudtrail/main",
            Some(broken),
            state,
        );
    }
}

fn add_trail(
    plan: &Plan,
    number: &str,
    own: &OwnChain,
    group: &str,
    broken: Option<Break>,
    state: &mut AccountState,
) {
    let group_account = own.log_group_account.as_deref().unwrap_or(number);
    let mut trail = trail(plan, number, "main", &own.region, (group_account, group));
    break_trail(
        &mut trail,
        broken,
        own.breaks.trail_controls.is_some(),
        stopped(plan, number),
    );
    let has_group = trail.log_group_arn.is_some()
        && group_account == number
        && broken != Some(Break::LogGroupMissing);
    state
        .region(&own.region)
        .trails
        .insert(trail.name.clone(), trail);
    let place = Place {
        settings: &plan.settings,
        account: number,
        region: &own.region,
        made: made(plan, number),
    };
    if has_group {
        let stream = format!("{number}_CloudTrail_{}", own.region);
        add_log_group(&place, group, broken, [stream], state);
    }
    if broken == Some(Break::FilterOnAbandonedGroup) {
        let abandoned = "/aws/cloudtrail/before";
        add_log_group(&place, abandoned, broken, [], state);
        return add_own_chains(&place, abandoned, own, state);
    }
    add_own_chains(&place, group, own, state);
}

/// The chain of every control behind the log group; its alarm may be in another account.
fn add_own_chains(place: &Place<'_>, group: &str, own: &OwnChain, state: &mut AccountState) {
    if own.alarms_account.is_none() {
        return add_chains(place, group, &own.breaks, state);
    }
    for chain in chains(group, &own.breaks) {
        add_filter(place, &chain, state.region(place.region));
    }
}

/// What the account `number` has for `source`: the other side of links, and alarms.
fn add_source(plan: &Plan, number: &str, source: &str, state: &mut AccountState) {
    let group = &plan.accounts[source].group;
    for (region, links) in &group.links {
        if let Some(link) = links.get(number) {
            let sources = &mut state.region(region).source_accounts;
            sources.insert(source.to_owned(), link.clone());
        }
    }
    let Some(own) = &group.own else {
        return;
    };
    let has_alarms = own.alarms_account.as_deref() == Some(number);
    if !has_alarms || own.breaks.trail == Some(Break::NoTrail) {
        return;
    }
    let place = Place {
        settings: &plan.settings,
        account: number,
        region: &own.region,
        made: made(plan, source),
    };
    for chain in chains("", &own.breaks) {
        add_alarm(&place, &chain, Some(source), state.region(place.region));
    }
}

/// A healthy multi-Region trail of `account`.
fn trail(plan: &Plan, account: &str, name: &str, region: &str, group: (&str, &str)) -> Trail {
    let partition = &plan.settings.partition;
    let (group_account, group) = group;
    Trail {
        name: name.to_owned(),
        arn: format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"),
        home_region: region.to_owned(),
        bucket: format!("{}-cloudtrail-{account}", plan.organization_id),
        multi_region: true,
        organization: false,
        global_service_events: true,
        log_file_validation: true,
        log_group_arn: Some(format!(
            "arn:{partition}:logs:{region}:{group_account}:log-group:{group}:*"
        )),
        log_role_arn: Some(format!(
            "arn:{partition}:iam::{group_account}:role/CloudTrail_CloudWatchLogs_Role"
        )),
        logging: true,
        delivery_error: None,
        last_delivery: LastDelivery::MinutesAgo(FRESH),
        started_at: None,
        selectors: Selectors::default(),
    }
}

/// Breaks a trail. Selectors leave everything out, or KMS alone; what delivers no more did
/// so at the moment `stopped`, which is fixed, so that an unchanged account looks unchanged.
fn break_trail(trail: &mut Trail, broken: Option<Break>, only_kms: bool, stopped: DateTime<Utc>) {
    match broken {
        Some(Break::NoLogGroup) => {
            trail.log_group_arn = None;
            trail.log_role_arn = None;
        }
        Some(Break::TrailNotMultiRegion) => trail.multi_region = false,
        Some(Break::TrailNotLogging) => {
            trail.logging = false;
            trail.last_delivery = LastDelivery::At(stopped);
        }
        Some(Break::TrailDeliveryFails) => {
            trail.delivery_error = Some(
                "Access denied. Check the permissions of the role that delivers to the log group."
                    .to_owned(),
            );
            trail.last_delivery = LastDelivery::At(stopped);
        }
        Some(Break::TrailSelectorsExclude) => {
            let mut selector = BasicSelector::default();
            if only_kms {
                selector.excluded_sources = vec!["kms.amazonaws.com".to_owned()];
            } else {
                selector.management_events = false;
            }
            trail.selectors = Selectors::Basic(vec![selector]);
        }
        Some(Break::TrailNoGlobalEvents) => trail.global_service_events = false,
        _ => {}
    }
}

fn add_log_group(
    place: &Place<'_>,
    name: &str,
    broken: Option<Break>,
    streams: impl IntoIterator<Item = String>,
    state: &mut AccountState,
) {
    let mut group = LogGroup::standard(place.made);
    if broken == Some(Break::LogGroupClass) {
        "INFREQUENT_ACCESS".clone_into(&mut group.class);
    }
    let stale = matches!(
        broken,
        Some(Break::TrailNotLogging | Break::TrailDeliveryFails)
    );
    let stream = LogStream {
        created: place.made,
        minutes_since_event: Some(if stale { STALE } else { FRESH }),
    };
    group.streams = streams
        .into_iter()
        .map(|stream_name| (stream_name, stream.clone()))
        .collect();
    state
        .region(place.region)
        .log_groups
        .insert(name.to_owned(), group);
}

/// The chain of every control behind the log group, where the group exists.
fn add_chains(place: &Place<'_>, group: &str, breaks: &Breaks, state: &mut AccountState) {
    for chain in chains(group, breaks) {
        let region = state.region(place.region);
        add_filter(place, &chain, region);
        add_alarm(place, &chain, None, region);
    }
}

fn chains<'a>(group: &'a str, breaks: &'a Breaks) -> impl Iterator<Item = ControlChain<'a>> {
    controls().iter().map(move |control| ControlChain {
        control,
        group,
        broken: breaks.controls.get(control.id.as_str()).copied(),
    })
}

/// The log group of an organization trail.
fn organization_group(trail: &OrganizationTrail) -> String {
    format!("/organization/{}", trail.name)
}

fn add_organization_trail(plan: &Plan, planned: &OrganizationTrail, state: &mut AccountState) {
    let broken = planned.breaks.trail;
    if broken == Some(Break::NoTrail) {
        return;
    }
    let home = &plan.settings.home_region;
    let group = organization_group(planned);
    let place = (planned.log_group_account.as_str(), group.as_str());
    let mut made = trail(plan, &plan.management, &planned.name, home, place);
    made.organization = true;
    break_trail(
        &mut made,
        broken,
        planned.breaks.trail_controls.is_some(),
        stopped(plan, &plan.management),
    );
    state.region(home).trails.insert(made.name.clone(), made);
}

fn add_organization_log_group(plan: &Plan, trail: &OrganizationTrail, state: &mut AccountState) {
    let home = &plan.settings.home_region;
    let owner = &trail.log_group_account;
    let group = organization_group(trail);
    let place = Place {
        settings: &plan.settings,
        account: owner,
        region: home,
        made: made(plan, owner),
    };
    let lets_members_through = trail.breaks.trail != Some(Break::OrganizationTrailOwnerOnly);
    let reached = plan.accounts.iter().filter(|(number, account)| {
        lets_members_through
            && account.group.status == AccountStatus::Active
            && **number != plan.management
            && account.group.reach.includes(&trail.name)
    });
    let streams = reached
        .map(|(number, _)| format!("{}_{number}_CloudTrail_{home}", plan.organization_id))
        .chain([format!("{}_CloudTrail_{home}", plan.management)]);
    add_log_group(&place, &group, trail.breaks.trail, streams, state);
    add_chains(&place, &group, &trail.breaks, state);
}
