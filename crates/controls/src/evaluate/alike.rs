//! Accounts that are judged alike: members that have nothing behind their own trails, so that
//! all of their chains are those of other accounts. Their findings are the same but for their own
//! number, as long as nothing that decides tells account numbers apart.

use super::routes::{Group, NotRead, Routes};
use super::shared::SameRead;
use super::{Evaluator, ReliedOn, management_account};
use crate::catalog::Catalog;
use crate::chain::arrivals::Arrives;
use crate::chain::group::GroupChains;
use crate::pattern::Pattern;
use crate::snapshot::AccountSnapshot;

/// Everything that decides the findings of an account that has nothing but trails: accounts with
/// equal keys have equal findings but for their own numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alike {
    /// Its own facts, and what is known of it elsewhere.
    facts: String,
    /// The accounts that it relies on, as they were read.
    relied_on: Vec<SameRead>,
}

impl Evaluator {
    /// What decides the account's findings, when others may share it. `None` when the account has
    /// to be judged by itself: it has log groups, its facts or those of others name it, there are
    /// decisions about it, or some pattern may tell account numbers apart.
    ///
    /// What [`Self::evaluate`] finds in accounts with equal keys differs in nothing but their own numbers.
    pub fn alike(&self, snapshot: &AccountSnapshot, relied_on: &ReliedOn) -> Option<Alike> {
        let own = &snapshot.account;
        let has_trails_alone = snapshot.log_groups.is_empty()
            && snapshot.alarms.is_empty()
            && snapshot.topics.is_empty()
            && snapshot.keys.is_empty();
        let is_relied_on =
            relied_on.snapshots.contains_key(own) || relied_on.unread.contains_key(own);
        let is_decided_about = relied_on.decisions.records().next().is_some();
        if !has_trails_alone || is_relied_on || is_decided_about || self.tells_accounts_apart {
            return None;
        }
        let not_read = NotRead::of(snapshot, relied_on);
        let routes = Routes::of(snapshot, None, relied_on, &not_read, &self.shared);
        let mut facts = serde_json::to_string(&(
            &snapshot.partition,
            &snapshot.regions,
            &snapshot.trails,
            management_account(snapshot, relied_on),
            &relied_on.unread,
        ))
        .ok()?;
        for route in &routes.all {
            facts.push_str(&arrival(route.facts.arrives)?);
            match &route.group {
                Some(group) if group.arn().account() == *own => return None,
                Some(Group::Chains(chains)) if tell_accounts_apart(chains) => return None,
                _ => {}
            }
        }
        let relied_on = relied_on.snapshots.values().cloned().map(SameRead);
        (!facts.contains(own.as_str())).then(|| Alike {
            facts,
            relied_on: relied_on.collect(),
        })
    }
}

/// What is known of the arrival of the account's events.
fn arrival(arrives: Arrives<'_>) -> Option<String> {
    let (name, told) = match arrives {
        Arrives::Unasked => ("unasked", None),
        Arrives::Assumed => ("assumed", None),
        Arrives::OwnerOnly => ("owner only", None),
        Arrives::Shown(delivery) => ("shown", Some(serde_json::to_string(delivery).ok()?)),
        Arrives::Unread(unread) => ("unread", Some(serde_json::to_string(unread).ok()?)),
    };
    Some(format!("\n{name} {}", told.unwrap_or_default()))
}

/// Whether what a control asks for depends on the account's number.
pub(super) fn asks_for_accounts(catalog: &Catalog) -> bool {
    let controls = catalog.controls().iter();
    controls
        .flat_map(|control| &control.requirements)
        .flat_map(|requirement| &requirement.patterns)
        .any(|pattern| tells_accounts_apart(pattern))
}

fn tell_accounts_apart(chains: &GroupChains) -> bool {
    let tails = chains.tails.iter().filter_map(|tail| tail.pattern.as_ref());
    let elsewhere = chains.elsewhere.iter();
    tails
        .chain(elsewhere.flat_map(|group| &group.patterns.patterns))
        .any(|pattern| tells_accounts_apart(pattern))
}

/// All account numbers are twelve digits. A pattern that asks for nothing of an account, or that
/// has no digit, matches an event of one exactly when it matches the same event of another.
fn tells_accounts_apart(pattern: &Pattern) -> bool {
    pattern.by_account && pattern.text.bytes().any(|byte| byte.is_ascii_digit())
}
