//! The fields of a question before their classes are known: which tests and
//! texts each of them has to tell apart.

use crate::ast::{Selector, Test};

/// A field before its classes are known.
pub(super) struct Draft<'a> {
    pub(super) selector: Selector,
    pub(super) tests: Vec<&'a Test>,
    pub(super) texts: Vec<&'a str>,
}

pub(super) struct Drafts<'a> {
    pub(super) list: Vec<Draft<'a>>,
}

impl Drafts<'_> {
    pub(super) fn find(&self, selector: &Selector) -> Option<usize> {
        self.list
            .iter()
            .position(|draft| draft.selector == *selector)
    }

    pub(super) fn add(&mut self, selector: &Selector) -> usize {
        self.find(selector).unwrap_or_else(|| {
            self.list.push(Draft {
                selector: selector.clone(),
                tests: Vec::new(),
                texts: Vec::new(),
            });
            self.list.len() - 1
        })
    }

    pub(super) fn add_ancestors(&mut self) {
        let mut next = 0;
        while next < self.list.len() {
            if let Some(parent) = self.list[next].selector.parent() {
                self.add(&parent);
            }
            next += 1;
        }
    }
}
