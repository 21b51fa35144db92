//! Random changes of an account: each concerns one link, and leaves an account
//! that AWS would have accepted. What comes of a change is not known here.

mod alarms;
mod delivery;
mod filters;
mod kinds;
mod linked;
mod trails;

pub(crate) use linked::change as link;

use fastrand::Rng;
use orgsim::{AccountState, RegionState, Settings};

/// Changes the account at random; says what was changed, or nothing when there was nothing to change.
pub(crate) fn change(
    random: &mut Rng,
    settings: &Settings,
    state: &mut AccountState,
) -> Option<String> {
    match random.u8(..100) {
        0..20 => trails::change(random, settings, state),
        20..50 => filters::change(random, state),
        50..80 => alarms::change(random, state),
        _ => delivery::change(random, state),
    }
}

/// One of them.
pub(crate) fn one<'a, T>(random: &mut Rng, of: &'a [T]) -> &'a T {
    &of[random.usize(..of.len())]
}

/// A Region of the account with something in it.
pub(crate) fn region_with<'a>(
    random: &mut Rng,
    state: &'a mut AccountState,
    has: impl Fn(&RegionState) -> bool,
) -> Option<&'a mut RegionState> {
    let with: Vec<String> = state
        .regions
        .iter()
        .filter(|(_, content)| has(content))
        .map(|(region, _)| region.clone())
        .collect();
    if with.is_empty() {
        return None;
    }
    let region = one(random, &with).clone();
    state.regions.get_mut(&region)
}

/// A key of the map.
pub(crate) fn key<K: Clone, V>(
    random: &mut Rng,
    map: &std::collections::BTreeMap<K, V>,
) -> Option<K> {
    let place = (!map.is_empty()).then(|| random.usize(..map.len()))?;
    map.keys().nth(place).cloned()
}
