//! From a plan to a world: the organization at once, its accounts when they are
//! asked for.

use std::sync::Arc;

use super::content::{content, made};
use super::expected::expected;
use super::plan::{AccountPlan, Plan};
use crate::state::{Member, Organization, Source, Unit, World, drawn};

/// The world of the plan.
pub(super) fn world(plan: &Arc<Plan>) -> World {
    let source = Source {
        content: {
            let plan = Arc::clone(plan);
            Box::new(move |number| content(&plan, number))
        },
        expected: {
            let plan = Arc::clone(plan);
            Box::new(move |number| expected(&plan, number))
        },
    };
    let world = World::new(plan.settings.clone(), organization(plan), source);
    for rule in &plan.faults {
        world.faults().add(rule.clone());
    }
    world
}

fn organization(plan: &Plan) -> Organization {
    let seed = plan.settings.seed;
    let root = format!("r-{:04x}", drawn(seed, "root") & 0xffff);
    let mut organization = Organization::new(&plan.organization_id, &plan.management, &root);
    organization.delegated_administrators = plan.delegated_administrator.iter().cloned().collect();
    for (number, account) in &plan.accounts {
        let parent = unit(&mut organization, &account.group.unit, seed);
        organization.add_member(member(plan, number, account, parent));
    }
    organization
}

/// The id of the unit at `path`, which is made when it is not there.
fn unit(organization: &mut Organization, path: &[String], seed: u64) -> String {
    let mut parent = organization.root.clone();
    for (depth, name) in path.iter().enumerate() {
        let known = organization
            .units()
            .iter()
            .find(|unit| unit.parent == parent && unit.name == *name);
        parent = if let Some(unit) = known {
            unit.id.clone()
        } else {
            let place = path[..=depth].join("/");
            let root = organization.root.trim_start_matches("r-");
            let id = format!("ou-{root}-{:08x}", drawn(seed, &place) & 0xffff_ffff);
            organization.add_unit(Unit {
                id: id.clone(),
                name: name.clone(),
                parent,
            });
            id
        };
    }
    parent
}

fn member(plan: &Plan, number: &str, account: &AccountPlan, parent: String) -> Member {
    Member {
        id: number.to_owned(),
        name: account.name.clone(),
        email: format!(
            "aws+{}@example.com",
            account.name.to_lowercase().replace(' ', "-")
        ),
        status: account.group.status,
        parent,
        joined: made(plan, number),
        invited: number == plan.management,
        tags: account.group.tags.clone(),
    }
}
