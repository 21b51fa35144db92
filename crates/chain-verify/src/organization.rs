//! A random organization: healthy accounts with trails of their own or under an
//! organization's, then changed at random.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::anyhow;
use fastrand::Rng;
use orgsim::{Scenario, World};

use crate::mutation;

/// Alarms on metrics of other accounts that are tried to be made, at most.
const LINKED: usize = 4;

/// Accounts beside the management account and the delegated administrator.
const MEMBERS: usize = 14;

/// A world, and what was changed in each of its accounts.
pub(crate) struct Built {
    pub(crate) world: Arc<World>,
    pub(crate) changes: BTreeMap<String, Vec<String>>,
}

/// The organization of this seed; of the changes of each account only the first `most`.
pub(crate) fn build(seed: u64, most: Option<usize>) -> anyhow::Result<Built> {
    let mut random = Rng::with_seed(seed);
    let scenario = Scenario::parse(&scenario(seed, &mut random))
        .map_err(|error| anyhow!("the organization of seed {seed} is not a scenario: {error}"))?;
    let world = Arc::new(World::build(&scenario));
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let accounts: Vec<String> = world.accounts().map(str::to_owned).collect();
    for account in accounts {
        // An account's changes do not depend on the other accounts'.
        let mut random = Rng::with_seed(random.u64(..));
        let number = how_many(&mut random);
        let Some(mut state) = world.account(&account) else {
            continue;
        };
        let made = (0..most.map_or(number, |most| most.min(number)))
            .filter_map(|_| mutation::change(&mut random, world.settings(), &mut state))
            .collect();
        drop(state);
        changes.insert(account, made);
    }
    let linked = random.usize(..=LINKED);
    for _ in 0..most.map_or(linked, |most| most.min(linked)) {
        // The last changes: what they are does not depend on how many others were made.
        let mut random = Rng::with_seed(random.u64(..));
        if let Some((account, text)) = mutation::link(&mut random, &world) {
            changes.entry(account).or_default().push(text);
        }
    }
    Ok(Built { world, changes })
}

/// Most accounts have a change or two, some none, a few many.
fn how_many(random: &mut Rng) -> usize {
    match random.u8(..100) {
        0..15 => 0,
        15..50 => 1,
        50..75 => 2,
        75..90 => 4,
        _ => 10,
    }
}

fn scenario(seed: u64, random: &mut Rng) -> String {
    let home = ["us-east-1", "us-east-1", "eu-west-1"][random.usize(..3)];
    let trails = [0, 0, 1, 1, 2][random.usize(..5)];
    let mut parts = vec![format!(
        "seed = {seed}\n[organization]\nregions = [\"us-east-1\", \"eu-west-1\", \"ap-southeast-2\"]\n\
         home_region = \"{home}\"\n[management]\n[delegated_administrator]\n"
    )];
    for number in 0..trails {
        let owner = ["management", "delegated_administrator"][random.usize(..2)];
        parts.push(format!(
            "[[organization_trail]]\nname = \"everyone-{number}\"\nlog_group_in = \"{owner}\"\n"
        ));
    }
    let own = if trails == 0 {
        MEMBERS
    } else {
        random.usize(..MEMBERS / 2)
    };
    if own > 0 {
        parts.push(format!(
            "[[group]]\nname = \"own\"\ncount = {own}\norganization_trails = []\n"
        ));
    }
    if own < MEMBERS {
        let members = MEMBERS - own;
        parts.push(format!(
            "[[group]]\nname = \"member\"\ncount = {members}\nchain = \"organization_trail\"\n"
        ));
    }
    parts.concat()
}
