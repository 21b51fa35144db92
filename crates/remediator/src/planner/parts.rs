//! Findings that can be planned without each other: verdicts on accounts that rely on no common
//! account never meet, and neither do the acts that repair them. Each part is planned by itself,
//! several at once, and what is chosen is put together in the order of the accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use orgsweep_controls::AccountId;

use super::Target;
use super::world::World;

/// `targets` in as many parts as do not concern each other, in the order of their first ones.
pub(super) fn parts(world: &World<'_>, targets: &BTreeSet<Target>) -> Vec<Vec<Target>> {
    let accounts: BTreeSet<&AccountId> = targets.iter().map(|(account, _)| account).collect();
    let mut part_of: BTreeMap<AccountId, usize> = BTreeMap::new();
    let mut members: Vec<Vec<AccountId>> = Vec::new();
    for account in accounts {
        let involved = world.involved(account);
        let met: BTreeSet<usize> = involved
            .iter()
            .filter_map(|other| part_of.get(other).copied())
            .collect();
        let mut met = met.into_iter();
        let into = met.next().unwrap_or_else(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        // An account that relies on two parts makes one of them.
        let joined = met.flat_map(|other| std::mem::take(&mut members[other]));
        let joined: Vec<AccountId> = joined.collect();
        for member in joined.into_iter().chain(involved) {
            if part_of.insert(member.clone(), into) != Some(into) {
                members[into].push(member);
            }
        }
    }
    let mut parts: BTreeMap<usize, Vec<Target>> = BTreeMap::new();
    for target in targets {
        let part = parts.entry(part_of[&target.0]).or_default();
        part.push(target.clone());
    }
    parts.into_values().collect()
}

/// What `work` makes of each of `parts`, in their order: on as many threads as there are processors.
pub(super) fn each<P: Sync, T: Send>(parts: &[P], work: impl Fn(&P) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let some = || {
        let mut made = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = parts.get(index) else {
                return made;
            };
            made.push((index, work(part)));
        }
    };
    let made: BTreeMap<usize, T> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads.min(parts.len()))
            .map(|_| scope.spawn(some))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    made.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_each_part_stands_in_their_order() {
        let parts: Vec<usize> = (0..100).collect();
        let doubled: Vec<usize> = (0..100).map(|part| part * 2).collect();
        assert_eq!(each(&parts, |part| part * 2), doubled);
        assert!(each(&[], |part: &usize| *part).is_empty());
    }

    #[test]
    #[should_panic(expected = "a bug in one part")]
    fn a_bug_in_one_part_is_the_bug_of_the_plan() {
        each(&[1, 2, 3], |part| assert_ne!(*part, 2, "a bug in one part"));
    }
}
