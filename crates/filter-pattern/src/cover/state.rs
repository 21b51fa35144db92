//! How far the values of a problem's fields have been narrowed: the classes that
//! are left for each field, and the languages that texts in its cells lie in or
//! outside of.

use super::formula::Literal;
use super::problem::Field;

/// What is left for each field.
#[derive(Clone, Debug)]
pub(crate) struct State {
    words: Box<[u64]>,
}

/// Whether something holds in all, none or some of what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Holds,
    Fails,
    Open,
}

impl Status {
    /// The status of the same thing, negated if the polarity is false.
    pub(super) fn under(self, polarity: bool) -> Self {
        match (self, polarity) {
            (Self::Holds, false) => Self::Fails,
            (Self::Fails, false) => Self::Holds,
            (status, _) => status,
        }
    }
}

/// Nothing is left for some field.
#[derive(Debug)]
pub(super) struct Conflict;

/// What narrowing a field did.
pub(super) struct Narrowed {
    pub(super) changed: bool,
    pub(super) cells_left: bool,
}

impl State {
    /// Everything is left, in every field.
    pub(super) fn unrestricted(fields: &[Field<'_>], words: usize) -> Self {
        let mut state = Self {
            words: vec![0; words].into(),
        };
        for field in fields {
            let all = field.classes.all();
            state.classes_mut(field).copy_from_slice(&all);
        }
        state
    }

    /// Leaves only these classes for a field.
    pub(super) fn restrict(&mut self, field: &Field<'_>, classes: &[u64]) {
        for (word, by) in self.classes_mut(field).iter_mut().zip(classes) {
            *word &= by;
        }
    }

    /// Leaves only one class for a field, or nothing when that is out already.
    pub(super) fn keep_only(&mut self, field: &Field<'_>, class: usize) {
        for (position, word) in self.classes_mut(field).iter_mut().enumerate() {
            *word &= if position == class / 64 {
                1 << (class % 64)
            } else {
                0
            };
        }
    }

    /// Whether one of these classes is left for a field.
    pub(super) fn meets(&self, field: &Field<'_>, classes: &[u64]) -> bool {
        let left = self.classes(field).iter();
        left.zip(classes).any(|(left, wanted)| left & wanted != 0)
    }

    /// The first class left for a field.
    pub(super) fn first_class(&self, field: &Field<'_>) -> Option<usize> {
        let mut words = self.classes(field).iter().enumerate();
        words.find_map(|(position, word)| {
            (*word != 0).then(|| position * 64 + word.trailing_zeros() as usize)
        })
    }

    /// Takes one class away from a field.
    pub(super) fn remove(&mut self, field: &Field<'_>, class: usize) {
        self.classes_mut(field)[class / 64] &= !(1 << (class % 64));
    }

    /// Whether nothing is left for a field.
    pub(super) fn is_empty(&self, field: &Field<'_>) -> bool {
        self.classes(field).iter().all(|word| *word == 0)
    }

    /// Whether nothing but cells is left for a field.
    pub(super) fn has_only_cells(&self, field: &Field<'_>) -> bool {
        self.classes(field)
            .iter()
            .zip(&field.cells)
            .all(|(left, cells)| left & !cells == 0)
    }

    /// Whether a class is left for a field.
    pub(crate) fn has_class(&self, field: &Field<'_>, class: usize) -> bool {
        self.classes(field)[class / 64] & (1 << (class % 64)) != 0
    }

    /// The languages that texts in cells lie in (first) or outside of (second).
    pub(crate) fn languages<'s>(&'s self, field: &Field<'_>) -> (&'s [u64], &'s [u64]) {
        let start = field.offset + field.class_words();
        let words = field.language_words();
        (
            &self.words[start..start + words],
            &self.words[start + words..start + 2 * words],
        )
    }

    /// Makes a literal hold, or fail if the polarity is false.
    pub(super) fn narrow(
        &mut self,
        field: &Field<'_>,
        literal: &Literal,
        polarity: bool,
    ) -> Result<Narrowed, Conflict> {
        let by_language = literal.language.map(|(language, outside)| {
            let want_outside = outside == polarity;
            let (inside, outside) = self.languages(field);
            let (same, opposite) = if want_outside {
                (outside, inside)
            } else {
                (inside, outside)
            };
            (
                language,
                want_outside,
                contains(same, language),
                contains(opposite, language),
            )
        });
        let mut changed = false;
        let mut classes_left = 0;
        let mut cells_left = 0;
        for word in 0..field.class_words() {
            let holding = if polarity {
                literal.classes[word]
            } else {
                !literal.classes[word]
            };
            let cells = field.cells[word];
            let kept = match by_language {
                None => holding,
                // Within cells the language decides, and may already have.
                Some((.., contradicted)) if contradicted => holding & !cells,
                Some(_) => holding | cells,
            };
            let slot = &mut self.classes_mut(field)[word];
            let narrowed = *slot & kept;
            changed |= narrowed != *slot;
            *slot = narrowed;
            classes_left |= narrowed;
            cells_left |= narrowed & cells;
        }
        if classes_left == 0 {
            return Err(Conflict);
        }
        if let Some((language, want_outside, known, _)) = by_language
            && cells_left != 0
            && !known
        {
            self.set_language(field, language, want_outside);
            changed = true;
        }
        Ok(Narrowed {
            changed,
            cells_left: cells_left != 0,
        })
    }

    /// Whether a literal holds in what is left.
    pub(super) fn status(&self, field: &Field<'_>, literal: &Literal) -> Status {
        let left = self.classes(field);
        let mut may_hold = false;
        let mut may_fail = false;
        for ((left, classes), cells) in left.iter().zip(&literal.classes).zip(&field.cells) {
            let known = if literal.language.is_some() {
                left & !cells
            } else {
                *left
            };
            may_hold |= known & classes != 0;
            may_fail |= known & !classes != 0;
        }
        if let Some((language, outside)) = literal.language
            && left
                .iter()
                .zip(&field.cells)
                .any(|(left, cells)| left & cells != 0)
        {
            let (inside_words, outside_words) = self.languages(field);
            let (is_inside, is_outside) = (
                contains(inside_words, language),
                contains(outside_words, language),
            );
            let (holding, failing) = if outside {
                (is_outside, is_inside)
            } else {
                (is_inside, is_outside)
            };
            may_hold |= !failing;
            may_fail |= !holding;
        }
        match (may_hold, may_fail) {
            (true, true) => Status::Open,
            (true, false) => Status::Holds,
            (false, _) => Status::Fails,
        }
    }

    fn classes<'s>(&'s self, field: &Field<'_>) -> &'s [u64] {
        &self.words[field.offset..field.offset + field.class_words()]
    }

    fn classes_mut<'s>(&'s mut self, field: &Field<'_>) -> &'s mut [u64] {
        &mut self.words[field.offset..field.offset + field.class_words()]
    }

    fn set_language(&mut self, field: &Field<'_>, language: usize, outside: bool) {
        let start =
            field.offset + field.class_words() + usize::from(outside) * field.language_words();
        self.words[start + language / 64] |= 1 << (language % 64);
    }
}

fn contains(words: &[u64], position: usize) -> bool {
    words[position / 64] & (1 << (position % 64)) != 0
}

#[cfg(test)]
mod tests;
