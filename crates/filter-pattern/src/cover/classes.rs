//! The values of one field, sorted into finitely many classes that the tests of
//! a question tell apart: one class for each kind, for each text and number
//! that a test names, and cells for "any other text" and "any other number in
//! this interval". Within cells, wildcards and regular expressions decide;
//! they are kept as languages aside.

use std::collections::HashMap;

use crate::ast::{Operand, Test};
use crate::decimal::Decimal;
use crate::event::{EventValue, is_json_number};
use crate::language::Language;
use crate::schema::Kinds;

use super::text_places::{FEW, TextPlaces};

/// One class of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Class<'a> {
    /// The field is not there.
    Missing,
    Null,
    True,
    False,
    Object,
    Array,
    /// Exactly this text.
    Text(&'a str),
    /// A number written exactly like this.
    NumberText(&'a str, Decimal),
    /// Any text that has no class of its own.
    OtherText,
    /// A number of this value whose text has no class of its own.
    NumberAt(Decimal),
    /// A number strictly between these whose text has no class of its own.
    NumberBetween(Option<Decimal>, Option<Decimal>),
}

impl Class<'_> {
    pub(crate) fn kind(&self) -> Kinds {
        match self {
            Self::Missing => Kinds::MISSING,
            Self::Null => Kinds::NULL,
            Self::True | Self::False => Kinds::BOOLEAN,
            Self::Object => Kinds::OBJECT,
            Self::Array => Kinds::ARRAY,
            Self::Text(_) | Self::OtherText => Kinds::STRING,
            Self::NumberText(..) | Self::NumberAt(_) | Self::NumberBetween(..) => Kinds::NUMBER,
        }
    }

    /// Whether wildcards and regular expressions split the class further.
    pub(crate) fn is_cell(&self) -> bool {
        matches!(
            self,
            Self::OtherText | Self::NumberAt(_) | Self::NumberBetween(..)
        )
    }

    /// The one value of a class that has just one for the tests; objects and
    /// arrays stand for all of their kind.
    pub(crate) fn value(&self) -> Option<EventValue> {
        Some(match self {
            Self::Null => EventValue::Null,
            Self::True => EventValue::Bool(true),
            Self::False => EventValue::Bool(false),
            Self::Object => EventValue::Object(Vec::new()),
            Self::Array => EventValue::Array(Vec::new()),
            Self::Text(text) => EventValue::String((*text).into()),
            Self::NumberText(text, _) => EventValue::Number((*text).into()),
            Self::Missing | Self::OtherText | Self::NumberAt(_) | Self::NumberBetween(..) => {
                return None;
            }
        })
    }
}

/// All classes of one field.
#[derive(Debug, Default)]
pub(crate) struct Classes<'a> {
    pub(crate) list: Vec<Class<'a>>,
    pub(crate) languages: Vec<Language>,
    operands: Vec<&'a Operand>,
    /// Where operands stand, once they are many.
    operand_places: HashMap<&'a Operand, usize>,
    /// The numbers that tests name, ascending, and where their classes begin:
    /// for each one the class of the number and that of the numbers before it.
    pub(super) points: Vec<Decimal>,
    pub(super) numbers: usize,
    pub(super) texts: TextPlaces<'a>,
    pub(super) number_texts: TextPlaces<'a>,
    /// Where the classes that every property has stand.
    other_text: usize,
    missing: usize,
    /// The first of true, false, null, object, array, in this order.
    pub(super) kinds: usize,
}

impl<'a> Classes<'a> {
    /// Sorts the values that these tests and texts tell apart.
    pub(crate) fn new(tests: &[&'a Test], more_texts: &[&'a str]) -> Self {
        let mut classes = Self::default();
        let mut points: Vec<&Decimal> = Vec::new();
        let mut number_texts: Vec<&'a str> = Vec::new();
        for test in tests {
            match test {
                Test::Equals(operand) | Test::NotEquals(operand) => match operand {
                    Operand::Text(pattern) if pattern.is_literal() => {
                        classes.add_text(pattern.as_str());
                        if is_json_number(pattern.as_str()) {
                            number_texts.push(pattern.as_str());
                        }
                    }
                    Operand::Text(pattern) if pattern.is_universal() => {}
                    Operand::Number(literal) => {
                        classes.add_text(literal.as_str());
                        points.push(literal.value());
                    }
                    Operand::Text(_) | Operand::Regex(_) => classes.add_language(operand),
                },
                Test::Compare(_, literal) => points.push(literal.value()),
                Test::IsTrue => classes.add_text("true"),
                Test::IsFalse => classes.add_text("false"),
                Test::IsNull | Test::NotExists => {}
            }
        }
        for text in more_texts {
            classes.add_text(text);
        }
        classes.other_text = classes.list.len();
        classes.missing = classes.list.len() + 1;
        classes.list.extend([Class::OtherText, Class::Missing]);
        points.sort_unstable();
        points.dedup();
        for text in number_texts {
            if let Some(value) = Decimal::parse(text)
                && classes.number_texts.get(text).is_none()
            {
                classes.number_texts.insert(text, classes.list.len());
                classes.list.push(Class::NumberText(text, value));
            }
        }
        classes.numbers = classes.list.len();
        let mut low = None;
        for point in &points {
            classes.list.push(Class::NumberAt((*point).clone()));
            classes
                .list
                .push(Class::NumberBetween(low, Some((*point).clone())));
            low = Some((*point).clone());
        }
        classes.points = points.into_iter().cloned().collect();
        classes.list.push(Class::NumberBetween(low, None));
        classes.kinds = classes.list.len();
        classes.list.extend([
            Class::True,
            Class::False,
            Class::Null,
            Class::Object,
            Class::Array,
        ]);
        classes
    }

    /// The two sides of an open question: no, yes.
    pub(crate) fn of_question() -> Self {
        Self {
            list: vec![Class::False, Class::True],
            ..Self::default()
        }
    }

    fn add_text(&mut self, text: &'a str) {
        if self.texts.get(text).is_none() {
            self.texts.insert(text, self.list.len());
            self.list.push(Class::Text(text));
        }
    }

    fn add_language(&mut self, operand: &'a Operand) {
        if self.place_of(operand).is_some() {
            return;
        }
        self.languages.push(match operand {
            Operand::Text(pattern) => Language::of_text(pattern),
            Operand::Regex(regex) => Language::of_regex(regex),
            Operand::Number(_) => return,
        });
        self.operands.push(operand);
        if self.operands.len() > FEW {
            if self.operand_places.is_empty() {
                let first = self.operands.iter().enumerate();
                self.operand_places = first.map(|(place, operand)| (*operand, place)).collect();
            }
            self.operand_places.insert(operand, self.operands.len() - 1);
        }
    }

    pub(super) fn place_of(&self, operand: &Operand) -> Option<usize> {
        if self.operand_places.is_empty() {
            return self.operands.iter().position(|known| *known == operand);
        }
        self.operand_places.get(operand).copied()
    }

    /// The operands that [`Self::languages`] stand for, in the same order.
    pub(crate) fn operands(&self) -> &[&'a Operand] {
        &self.operands
    }

    pub(crate) fn words(&self) -> usize {
        self.list.len().div_ceil(64)
    }

    /// The class of a text.
    pub(crate) fn of_text(&self, text: &str) -> usize {
        self.texts.get(text).unwrap_or(self.other_text)
    }

    /// The class of the texts without a class of their own.
    pub(crate) fn other_text(&self) -> usize {
        self.other_text
    }

    /// The class of being absent.
    pub(crate) fn missing(&self) -> usize {
        self.missing
    }

    /// The class of a value; `None` for numbers, which have too many spellings.
    pub(crate) fn of_value(&self, value: &EventValue) -> Option<usize> {
        let after_true = match value {
            EventValue::String(text) => return Some(self.of_text(text)),
            EventValue::Number(_) => return None,
            EventValue::Bool(true) => 0,
            EventValue::Bool(false) => 1,
            EventValue::Null => 2,
            EventValue::Object(_) => 3,
            EventValue::Array(_) => 4,
        };
        Some(self.kinds + after_true)
    }

    /// The class of a text that a test names.
    pub(crate) fn of_named_text(&self, text: &str) -> Option<usize> {
        self.texts.get(text)
    }

    /// Marks the classes that equal a text that a test names.
    pub(crate) fn mark_named(&self, text: &str, words: &mut [u64]) {
        for position in [self.texts.get(text), self.number_texts.get(text)]
            .into_iter()
            .flatten()
        {
            words[position / 64] |= 1 << (position % 64);
        }
    }

    /// All classes.
    pub(crate) fn all(&self) -> Box<[u64]> {
        let mut words = vec![u64::MAX; self.words()];
        if !self.list.len().is_multiple_of(64)
            && let Some(last) = words.last_mut()
        {
            *last = (1 << (self.list.len() % 64)) - 1;
        }
        words.into()
    }

    /// Only the class of this text.
    pub(crate) fn only_text(&self, text: &str) -> Box<[u64]> {
        let mut words = vec![0; self.words()];
        if let Some(position) = self.texts.get(text) {
            words[position / 64] |= 1 << (position % 64);
        }
        words.into()
    }

    /// The texts that have a class of their own.
    pub(crate) fn named_texts(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.list.iter().filter_map(|class| match class {
            Class::Text(text) => Some(*text),
            _ => None,
        })
    }

    /// The classes for which `accepts` holds.
    pub(crate) fn mask(&self, accepts: impl Fn(&Class<'a>) -> bool) -> Box<[u64]> {
        let mut words = vec![0_u64; self.words()];
        for (position, class) in self.list.iter().enumerate() {
            if accepts(class) {
                words[position / 64] |= 1 << (position % 64);
            }
        }
        words.into()
    }
}
