//! The filters of the chains that take part, for what the trails do with some
//! kinds of events: those that hold, those of the account itself, and those that
//! hold as far as is known. Most controls share one such set.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::routes::{Group, Routes};
use crate::chain::trail::Delivers;
use crate::finding::LinkState;
use crate::pattern::{Pattern, PatternSet};

/// The filters behind certain trails.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// Of chains that hold.
    pub(super) working: PatternSet,
    /// Of those, the ones in the account's own log groups.
    pub(super) own: PatternSet,
    /// Of chains that hold as far as is known.
    pub(super) possible: PatternSet,
    /// Whether there may be a filter of which nothing is known.
    pub(super) anything: bool,
}

/// Sets that were made, by what the trails do.
#[derive(Debug, Default)]
pub(super) struct KnownSets<'a> {
    known: RefCell<Vec<(Vec<Delivers<'a>>, Rc<Sets>)>>,
}

impl<'a> KnownSets<'a> {
    /// The sets for what each route's trail does.
    pub(super) fn of(&self, delivers: &[Delivers<'a>], routes: &Routes<'_>) -> Rc<Sets> {
        let mut known = self.known.borrow_mut();
        if let Some((_, sets)) = known.iter().find(|(other, _)| other == delivers) {
            return Rc::clone(sets);
        }
        let sets = Rc::new(collect(delivers, routes));
        known.push((delivers.to_vec(), Rc::clone(&sets)));
        sets
    }
}

fn collect(delivers: &[Delivers<'_>], routes: &Routes<'_>) -> Sets {
    let (mut working, mut own, mut possible) = (Vec::new(), Vec::new(), Vec::new());
    let mut anything = false;
    for (route, delivers) in routes.all.iter().zip(delivers) {
        let group = match (&route.group, delivers) {
            (_, Delivers::No(_)) | (None, Delivers::Yes) => continue,
            (None, Delivers::Unknown(..)) | (Some(Group::OwnerUnread(..)), _) => {
                anything = true;
                continue;
            }
            (Some(Group::Chains(group)), _) => group,
        };
        if group.group.is_broken() {
            continue;
        }
        anything |= group.filters_unread.is_some();
        let before = match delivers {
            Delivers::Yes => group.group.link.state,
            _ => LinkState::Unknown,
        };
        let is_own = group.arn.account() == *routes.account;
        for tail in &group.tails {
            let state = before.max(tail.state());
            match (&tail.pattern, state) {
                (_, LinkState::Broken) => {}
                (None, _) => anything = true,
                (Some(pattern), state) => {
                    let add = |list: &mut Vec<Arc<Pattern>>| list.push(Arc::clone(pattern));
                    add(&mut possible);
                    if state == LinkState::Holds {
                        add(&mut working);
                        if is_own {
                            add(&mut own);
                        }
                    }
                }
            }
        }
    }
    Sets {
        working: working.into_iter().collect(),
        own: own.into_iter().collect(),
        possible: possible.into_iter().collect(),
        anything,
    }
}
