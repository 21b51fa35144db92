//! Repairs of trails and their log groups. What changes a trail is a step only
//! when the plan was allowed to hold it, and a person's task otherwise.

use orgsweep_controls::{AccountId, Arn, LogGroupArn, Region};

use super::names::free_name;
use crate::human::HumanAct;
use crate::planner::act::{Act, Move};
use crate::planner::broken::Broken;
use crate::planner::world::World;
use crate::steps::{Action, Precondition};

pub(super) fn start_logging(broken: &Broken<'_>) -> Vec<Move> {
    one(broken.trail().map(|trail| {
        let trail = trail.arn.clone();
        let before = Precondition::TrailIsOff {
            trail: trail.clone(),
        };
        vec![allowed(
            broken,
            Action::StartLogging { trail },
            vec![before],
        )]
    }))
}

/// One trail that records every Region does what several did not.
pub(super) fn make_multi_region(broken: &Broken<'_>) -> Vec<Move> {
    let own = broken.site.trails.iter().filter_map(|arn| {
        let account = arn.account()?;
        let snapshot = broken.world.snapshot(&account)?;
        let trail = *snapshot.distinct_trails().get(arn)?;
        (!trail.multi_region).then_some(trail)
    });
    own.map(|trail| {
        let trail = trail.arn.clone();
        let before = Precondition::TrailIsSingleRegion {
            trail: trail.clone(),
        };
        vec![allowed(
            broken,
            Action::MakeTrailMultiRegion { trail },
            vec![before],
        )]
    })
    .collect()
}

/// A single-Region trail outside the home of the global services never gets
/// their events, whatever its setting says; every Region helps there.
pub(super) fn record_global_events(broken: &Broken<'_>) -> Vec<Move> {
    let mut moves = one(broken
        .trail()
        .filter(|trail| !trail.global_service_events)
        .map(|trail| {
            let trail = trail.arn.clone();
            let before = Precondition::TrailLeavesGlobalEventsOut {
                trail: trail.clone(),
            };
            vec![allowed(
                broken,
                Action::RecordGlobalServiceEvents { trail },
                vec![before],
            )]
        }));
    moves.extend(make_multi_region(broken));
    moves
}

pub(super) fn repair_delivery(broken: &Broken<'_>) -> Vec<Move> {
    // Nothing else needs repair when the group itself is gone.
    if broken.log_group_is_missing() {
        return create_log_group(broken);
    }
    one(broken
        .trail()
        .zip(broken.log_group())
        .map(|(trail, log_group)| {
            let trail = trail.arn.clone();
            vec![Act::Human(HumanAct::RepairDelivery { trail, log_group })]
        }))
}

/// Selectors are put whole, those for data events included, which a snapshot
/// does not hold: a person has to do it.
pub(super) fn record_management_events(broken: &Broken<'_>) -> Vec<Move> {
    one(broken.trail().map(|trail| {
        let trail = trail.arn.clone();
        vec![Act::Human(HumanAct::RecordManagementEvents { trail })]
    }))
}

/// The trail's group is gone: the group comes back under the name that the
/// trail writes to. Never one that no trail writes to.
pub(super) fn create_log_group(broken: &Broken<'_>) -> Vec<Move> {
    one(broken.log_group().map(|log_group| {
        let absent = Precondition::LogGroupAbsent {
            log_group: log_group.clone(),
        };
        vec![Act::step(
            Action::CreateLogGroup { log_group },
            vec![absent],
        )]
    }))
}

/// A new group for a trail that has none, or whose group cannot have filters;
/// with its own role, since roles name the group that they may write to.
pub(super) fn connect_log_group(broken: &Broken<'_>) -> Vec<Move> {
    one(connected_log_group(broken))
}

/// Characters that the name of a role may have (IAM quotas).
const MOST_OF_A_ROLE: usize = 64;

fn connected_log_group(broken: &Broken<'_>) -> Option<Move> {
    let trail = broken.trail()?;
    let owner = trail.arn.account()?;
    let snapshot = broken.world.snapshot(&owner)?;
    let organization = broken.world.facts().organization.cloned();
    if trail.organization && organization.is_none() {
        return None;
    }
    let (partition, region) = (trail.arn.partition(), &trail.home_region);
    let taken = snapshot.log_groups.keys().map(LogGroupArn::name);
    let name = free_name(&format!("/aws/cloudtrail/{}", trail.name), taken);
    let log_group: LogGroupArn = format!("arn:{partition}:logs:{region}:{owner}:log-group:{name}")
        .parse()
        .ok()?;
    let names = &broken.options.names;
    let role_name = names.of_at_most(MOST_OF_A_ROLE, &trail.name, "-to-logs");
    let role: Arn = format!("arn:{partition}:iam::{owner}:role/{role_name}")
        .parse()
        .ok()?;
    let group_absent = Precondition::LogGroupAbsent {
        log_group: log_group.clone(),
    };
    let role_absent = Precondition::RoleAbsent { role: role.clone() };
    let delivers_to = Precondition::TrailDeliversTo {
        trail: trail.arn.clone(),
        log_group: trail.log_group.clone(),
    };
    Some(vec![
        allowed(
            broken,
            Action::CreateLogGroup {
                log_group: log_group.clone(),
            },
            vec![group_absent],
        ),
        allowed(
            broken,
            Action::CreateDeliveryRole {
                role: role.clone(),
                log_group: log_group.clone(),
                organization: organization.filter(|_| trail.organization),
            },
            vec![role_absent],
        ),
        allowed(
            broken,
            Action::ConnectLogGroup {
                trail: trail.arn.clone(),
                log_group,
                role,
            },
            vec![delivers_to],
        ),
    ])
}

/// No trail at all: whether one trail for the organization or one of its own is
/// wanted, and where its bucket is, a person decides.
pub(in crate::planner) fn create_trail(account: &AccountId, world: &World<'_>) -> Vec<Move> {
    let home_region = world.snapshot(account).and_then(|snapshot| {
        let asked: Option<&Region> = snapshot.trails.keys().next();
        asked.cloned()
    });
    let account = account.clone();
    one(home_region.map(|home_region| {
        vec![Act::Human(HumanAct::CreateTrail {
            account,
            home_region,
        })]
    }))
}

fn allowed(broken: &Broken<'_>, action: Action, preconditions: Vec<Precondition>) -> Act {
    if broken.options.allow_trail_changes {
        Act::step(action, preconditions)
    } else {
        let change = Box::new(action);
        Act::Human(HumanAct::ChangeTrail { change })
    }
}

fn one(wanted: Option<Move>) -> Vec<Move> {
    wanted.into_iter().collect()
}
