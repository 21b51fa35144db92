//! Where the texts of a field stand in the list of its classes.

use std::collections::HashMap;

/// Where texts stand in the list of classes. A few are compared one by one,
/// which is faster than hashing.
#[derive(Debug, Default)]
pub(super) struct TextPlaces<'a> {
    few: Vec<(&'a str, usize)>,
    many: HashMap<&'a str, usize>,
}

/// More texts than this are hashed.
pub(super) const FEW: usize = 12;

impl<'a> TextPlaces<'a> {
    /// Where a text stands.
    pub(super) fn get(&self, text: &str) -> Option<usize> {
        if self.many.is_empty() {
            let place = self.few.iter().find(|(known, _)| *known == text);
            return place.map(|(_, place)| *place);
        }
        self.many.get(text).copied()
    }

    /// Takes note of a text.
    pub(super) fn insert(&mut self, text: &'a str, place: usize) {
        if self.few.len() < FEW {
            self.few.push((text, place));
            return;
        }
        if self.many.is_empty() {
            self.many.extend(self.few.iter().copied());
        }
        self.many.insert(text, place);
    }
}
