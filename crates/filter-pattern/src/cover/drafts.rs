//! The fields of a question before their classes are known: which tests and
//! texts each of them has to tell apart.

use std::collections::HashMap;

use crate::ast::{Selector, Test};

/// A field before its classes are known.
pub(super) struct Draft<'a> {
    pub(super) selector: Selector,
    pub(super) tests: Vec<&'a Test>,
    pub(super) texts: Vec<&'a str>,
    /// Where the draft of the value above stands, once
    /// [`Drafts::add_ancestors`] has put it there.
    pub(super) parent: Option<usize>,
}

/// All fields of a question.
#[derive(Default)]
pub(super) struct Drafts<'a> {
    pub(super) list: Vec<Draft<'a>>,
    pub(super) places: Places,
}

/// Where selectors stand in a list that only grows. Short lists are read
/// through, which is faster than hashing; long ones have an index.
#[derive(Default)]
pub(super) struct Places {
    index: HashMap<Selector, usize>,
    indexed: usize,
}

/// Lists up to this long are read through.
const SHORT: usize = 24;

impl Places {
    /// The position of a selector.
    pub(super) fn find<T>(
        &self,
        list: &[T],
        selector: &Selector,
        of: impl Fn(&T) -> Option<&Selector>,
    ) -> Option<usize> {
        let unindexed = &list[self.indexed..];
        self.index.get(selector).copied().or_else(|| {
            let position = unindexed
                .iter()
                .position(|entry| of(entry) == Some(selector))?;
            Some(self.indexed + position)
        })
    }

    /// Takes note of new entries at the end of the list.
    pub(super) fn note<T>(&mut self, list: &[T], of: impl Fn(&T) -> Option<&Selector>) {
        if list.len() - self.indexed < SHORT {
            return;
        }
        for (position, entry) in list.iter().enumerate().skip(self.indexed) {
            if let Some(selector) = of(entry) {
                self.index.entry(selector.clone()).or_insert(position);
            }
        }
        self.indexed = list.len();
    }
}

impl Drafts<'_> {
    pub(super) fn find(&self, selector: &Selector) -> Option<usize> {
        self.places
            .find(&self.list, selector, |draft| Some(&draft.selector))
    }

    pub(super) fn add(&mut self, selector: &Selector) -> usize {
        self.find(selector).unwrap_or_else(|| {
            self.list.push(Draft {
                selector: selector.clone(),
                tests: Vec::new(),
                texts: Vec::new(),
                parent: None,
            });
            self.places.note(&self.list, |draft| Some(&draft.selector));
            self.list.len() - 1
        })
    }

    pub(super) fn add_ancestors(&mut self) {
        let mut next = 0;
        while next < self.list.len() {
            if let Some(parent) = self.list[next].selector.parent() {
                self.list[next].parent = Some(self.add(&parent));
            }
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_found_in_short_and_long_lists() {
        let selector = |number: usize| Selector::of_keys([format!("k{number}").as_str()]);
        let mut drafts = Drafts::default();
        for number in 0..3 * SHORT {
            assert_eq!(drafts.find(&selector(number)), None);
            assert_eq!(drafts.add(&selector(number)), number);
            for known in 0..=number {
                assert_eq!(drafts.add(&selector(known)), known);
            }
            let unindexed = drafts.list.len() - drafts.places.indexed;
            assert!(unindexed < SHORT, "{unindexed} are read through");
        }
    }
}
