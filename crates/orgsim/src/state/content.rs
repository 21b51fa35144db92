//! The contents of accounts: made from the scenario when somebody first asks for
//! one, kept for good once it was changed, and let go of when many others were
//! asked for since, so that thousands of accounts need no memory of their own.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use super::AccountState;

/// Contents that are kept although they could be made again.
const KEPT: usize = 256;

/// Accounts that can be created while the world exists.
const MOST_CREATED: usize = 1000;

/// Where one account's content is.
#[derive(Default)]
struct Slot {
    content: Mutex<Option<Box<AccountState>>>,
    changed: AtomicBool,
    /// What readers still see, and until when (seconds since the epoch).
    seen: Mutex<Option<Box<AccountState>>>,
    seen_until: AtomicI64,
}

thread_local! {
    /// Whether this thread reads for somebody who may see what was there before the last writes.
    static READS_BEHIND: Cell<bool> = const { Cell::new(false) };
}

/// Runs `read` so that accounts are seen as they were before writes that readers do not see yet.
pub(crate) fn reading_behind<T>(read: impl FnOnce() -> T) -> T {
    READS_BEHIND.set(true);
    let answer = read();
    READS_BEHIND.set(false);
    answer
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Box<AccountState>>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is in every account.
pub(super) struct Contents {
    slots: BTreeMap<String, Slot>,
    created: Vec<OnceLock<(String, Slot)>>,
    created_places: RwLock<HashMap<String, usize>>,
    /// Accounts whose content was made, oldest first.
    made: Mutex<VecDeque<String>>,
}

impl Contents {
    pub(super) fn new(accounts: impl Iterator<Item = String>) -> Self {
        Self {
            slots: accounts.map(|id| (id, Slot::default())).collect(),
            created: (0..MOST_CREATED).map(|_| OnceLock::new()).collect(),
            created_places: RwLock::default(),
            made: Mutex::default(),
        }
    }

    /// Account numbers: those of the scenario sorted, then those created since.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        let created = self.created.iter().filter_map(OnceLock::get);
        self.slots
            .keys()
            .map(String::as_str)
            .chain(created.map(|(id, _)| id.as_str()))
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.slot(id).is_some()
    }

    fn slot(&self, id: &str) -> Option<&Slot> {
        if let Some(slot) = self.slots.get(id) {
            return Some(slot);
        }
        let places = self
            .created_places
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let place = *places.get(id)?;
        self.created[place].get().map(|(_, slot)| slot)
    }

    /// Adds an account; `false` when there is room for no more, or one with this number.
    pub(super) fn add(&self, content: AccountState) -> bool {
        let mut places = self
            .created_places
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let place = places.len();
        if place >= MOST_CREATED
            || places.contains_key(&content.id)
            || self.slots.contains_key(&content.id)
        {
            return false;
        }
        let id = content.id.clone();
        let slot = Slot {
            content: Mutex::new(Some(Box::new(content))),
            changed: AtomicBool::new(true),
            ..Slot::default()
        };
        places.insert(id.clone(), place);
        self.created[place].set((id, slot)).is_ok()
    }

    /// Lets readers see the account as it is now until `until`, whatever is written meanwhile;
    /// what they are behind of already stays.
    pub(super) fn keep_seen(&self, id: &str, now: i64, until: i64) {
        let Some(slot) = self.slot(id) else {
            return;
        };
        if slot.seen_until.load(Ordering::Acquire) > now {
            return;
        }
        let content = slot.lock().clone();
        *slot.seen.lock().unwrap_or_else(PoisonError::into_inner) = content;
        slot.seen_until.store(until, Ordering::Release);
    }

    /// The content of an account, made by `make` when it is not there.
    pub(super) fn lock(
        &self,
        id: &str,
        now: i64,
        make: impl FnOnce() -> AccountState,
    ) -> Option<AccountGuard<'_>> {
        let slot = self.slot(id)?;
        if READS_BEHIND.get() && slot.seen_until.load(Ordering::Acquire) > now {
            let content = slot.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if content.is_some() {
                return Some(AccountGuard { slot, content });
            }
        }
        let mut content = slot.lock();
        if content.is_none() {
            *content = Some(Box::new(make()));
            self.remember(id);
        }
        Some(AccountGuard { slot, content })
    }

    /// Notes that a content was made, and lets the oldest go that nobody changed.
    fn remember(&self, id: &str) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.push_back(id.to_owned());
        if made.len() <= KEPT {
            return;
        }
        let Some(oldest) = made.pop_front() else {
            return;
        };
        // One that is in use is let go of when its turn comes again.
        match self
            .slot(&oldest)
            .map(|slot| (slot, slot.content.try_lock()))
        {
            Some((slot, Ok(mut content))) if !slot.changed.load(Ordering::Acquire) => {
                *content = None;
            }
            Some((_, Err(_))) => made.push_back(oldest),
            _ => {}
        }
    }

    /// The accounts whose content was changed.
    pub(super) fn changed(&self) -> Vec<AccountState> {
        let created = self.created.iter().filter_map(OnceLock::get);
        self.slots
            .values()
            .chain(created.map(|(_, slot)| slot))
            .filter(|slot| slot.changed.load(Ordering::Acquire))
            .filter_map(|slot| slot.lock().as_deref().cloned())
            .collect()
    }

    /// Forgets what was changed in the accounts of the scenario.
    pub(super) fn forget_changes(&self) {
        for slot in self.slots.values() {
            let mut content = slot.lock();
            *content = None;
            slot.changed.store(false, Ordering::Release);
        }
    }
}

/// One account's content while somebody holds it. It counts as changed once it was borrowed to be.
pub struct AccountGuard<'a> {
    slot: &'a Slot,
    content: MutexGuard<'a, Option<Box<AccountState>>>,
}

impl Deref for AccountGuard<'_> {
    type Target = AccountState;

    fn deref(&self) -> &AccountState {
        self.content
            .as_deref()
            .expect("a guard is made for content that is there")
    }
}

impl DerefMut for AccountGuard<'_> {
    fn deref_mut(&mut self) -> &mut AccountState {
        self.slot.changed.store(true, Ordering::Release);
        self.content
            .as_deref_mut()
            .expect("a guard is made for content that is there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(id: &str) -> AccountState {
        AccountState {
            id: id.to_owned(),
            ..AccountState::default()
        }
    }

    #[test]
    fn what_nobody_changed_is_made_again_and_what_somebody_changed_stays() {
        let ids: Vec<String> = (0..KEPT + 50).map(|number| number.to_string()).collect();
        let contents = Contents::new(ids.iter().cloned());
        let touch = |id: &str| drop(contents.lock(id, 0, || empty(id)));
        if let Some(mut first) = contents.lock("0", 0, || empty("0")) {
            first.region("us-east-1");
        }
        for id in &ids {
            touch(id);
        }
        let held = |id: &str| contents.slots[id].lock().is_some();
        assert!(held("0"), "it was changed");
        assert!(!held("1"), "nobody changed it");
        assert!(held(&(KEPT + 49).to_string()));
        assert_eq!(contents.changed().len(), 1);
        contents.forget_changes();
        assert!(contents.changed().is_empty());
    }

    #[test]
    fn an_account_is_created_once() {
        let contents = Contents::new(["1".to_owned()].into_iter());
        assert!(contents.add(empty("2")));
        assert!(!contents.add(empty("2")));
        assert!(!contents.add(empty("1")));
        assert!(contents.has("2"));
        assert_eq!(contents.ids().collect::<Vec<_>>(), ["1", "2"]);
    }
}
