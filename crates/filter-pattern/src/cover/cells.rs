//! A value out of a cell: a text or number that lies in some languages, outside
//! of others, and is none of those that have a class of their own. Tries what
//! reads well first and searches the product of the automata when that fails.

use std::collections::HashMap;

use crate::ast::{Operand, Selector};
use crate::decimal::Decimal;
use crate::event::{EventValue, is_json_number};
use crate::language::{Emptiness, Language, Query, find_text};
use crate::schema;

use super::classes::Class;
use super::interval::Interval;
use super::problem::{Field, Problem};
use super::state::State;

/// What a cell has to offer.
#[derive(Clone, Debug)]
pub(crate) enum Filled {
    Value(EventValue),
    /// There is no such value.
    Empty,
    /// Not known within the budget.
    Undecided,
}

/// So many of the wanted shapes are filled with words; of more than these, no one is
/// likely to be the shape of all.
const FEW_SHAPES: usize = 8;

type Key = (usize, usize, Box<[u64]>, Box<[u64]>);

struct Last {
    inside: Box<[u64]>,
    outside: Box<[u64]>,
    value: EventValue,
}

/// Answers, remembered for the length of a run.
pub(crate) struct Cells<'p, 'a> {
    problem: &'p Problem<'a>,
    answers: HashMap<Key, Filled>,
    /// For each cell, the value that was found last and its languages.
    last: HashMap<(usize, usize), Last>,
}

impl<'p, 'a> Cells<'p, 'a> {
    pub(crate) fn new(problem: &'p Problem<'a>) -> Self {
        Self {
            problem,
            answers: HashMap::new(),
            last: HashMap::new(),
        }
    }

    pub(crate) fn problem(&self) -> &'p Problem<'a> {
        self.problem
    }

    /// A value of a class under the languages of a state.
    pub(crate) fn fill(
        &mut self,
        state: &State,
        field: usize,
        class: usize,
        budget: &mut u64,
    ) -> Filled {
        let (inside, outside) = state.languages(&self.problem.fields[field]);
        if let Some(value) = self.still_good(field, class, inside, outside) {
            return Filled::Value(value);
        }
        let key = (field, class, Box::from(inside), Box::from(outside));
        if let Some(answer) = self.answers.get(&key) {
            return answer.clone();
        }
        let asked = Asked::new(&self.problem.fields[field], inside, outside);
        // Each language is asked about some texts before automata are.
        *budget = budget.saturating_sub((asked.inside.len() + asked.outside.len()) as u64 / 4);
        let answer = match &self.problem.fields[field].classes.list[class] {
            _ if *budget == 0 => Filled::Undecided,
            Class::OtherText => asked.text(budget),
            Class::NumberAt(value) => asked.number(&Interval::at(value), budget),
            Class::NumberBetween(low, high) => asked.number(
                &Interval {
                    low: low.clone(),
                    high: high.clone(),
                    at: None,
                },
                budget,
            ),
            _ => Filled::Undecided,
        };
        if let Filled::Value(value) = &answer {
            let last = Last {
                inside: inside.into(),
                outside: outside.into(),
                value: value.clone(),
            };
            self.last.insert((field, class), last);
        }
        // What one run had no steps left for, the next may decide.
        if !matches!(answer, Filled::Undecided) {
            self.answers.insert(key, answer.clone());
        }
        answer
    }

    /// The value that was found last, when the languages have only grown in
    /// number since then and the new ones agree: what was tried before it and
    /// refused is still refused.
    fn still_good(
        &mut self,
        field: usize,
        class: usize,
        inside: &[u64],
        outside: &[u64],
    ) -> Option<EventValue> {
        let operands = self.problem.fields[field].classes.operands();
        let last = self.last.get_mut(&(field, class))?;
        let grown =
            |old: &[u64], new: &[u64]| old.iter().zip(new).all(|(old, new)| old & !new == 0);
        if !grown(&last.inside, inside) || !grown(&last.outside, outside) {
            return None;
        }
        let text = last.value.as_text()?;
        let agree = |old: &[u64], new: &[u64], wanted: bool| {
            let added: Vec<u64> = old.iter().zip(new).map(|(old, new)| new & !old).collect();
            let mut added = positions(&added).into_iter();
            added.all(|language| operand_matches(operands[language], text) == wanted)
        };
        if !agree(&last.inside, inside, true) || !agree(&last.outside, outside, false) {
            return None;
        }
        last.inside.copy_from_slice(inside);
        last.outside.copy_from_slice(outside);
        Some(last.value.clone())
    }

    /// Whether a text lies in a field's cell for texts under a state.
    pub(crate) fn admits_text(&self, state: &State, field: usize, text: &str) -> bool {
        let (inside, outside) = state.languages(&self.problem.fields[field]);
        Asked::new(&self.problem.fields[field], inside, outside).admits(text)
    }

    /// A readable text of a field's cell under a state that `accepts` takes.
    pub(crate) fn readable_text(
        &self,
        state: &State,
        field: usize,
        accepts: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let (inside, outside) = state.languages(&self.problem.fields[field]);
        let asked = Asked::new(&self.problem.fields[field], inside, outside);
        let mut shaped = asked.shaped_texts();
        shaped.find(|text| accepts(text) && asked.is_good(text))
    }
}

/// The conditions on a text or number text.
struct Asked<'f, 'a> {
    field: &'f Field<'a>,
    inside: Vec<usize>,
    outside: Vec<usize>,
}

impl<'f, 'a> Asked<'f, 'a> {
    fn new(field: &'f Field<'a>, inside: &[u64], outside: &[u64]) -> Self {
        Self {
            field,
            inside: positions(inside),
            outside: positions(outside),
        }
    }

    fn admits(&self, text: &str) -> bool {
        let operands = self.field.classes.operands();
        self.inside
            .iter()
            .all(|language| operand_matches(operands[*language], text))
            && !self
                .outside
                .iter()
                .any(|language| operand_matches(operands[*language], text))
    }

    /// Whether a text is one of the cell's.
    fn is_good(&self, text: &str) -> bool {
        self.field.classes.of_named_text(text).is_none() && self.admits(text)
    }

    fn is_unconstrained(&self) -> bool {
        self.inside.is_empty() && self.outside.is_empty()
    }

    fn text(&self, budget: &mut u64) -> Filled {
        let usual = self.field.selector().map_or(&[][..], schema::usual_texts);
        if let Some(text) = usual.iter().find(|text| self.is_good(text)) {
            return Filled::Value(EventValue::String((*text).into()));
        }
        for text in self.shaped_texts() {
            if self.is_good(&text) {
                return Filled::Value(EventValue::String(text.into()));
            }
        }
        let named = Language::of_texts(self.field.classes.named_texts());
        match self.search(&[], &[&named], budget) {
            Emptiness::Found(text) => Filled::Value(EventValue::String(text.into())),
            Emptiness::Empty => Filled::Empty,
            Emptiness::Undecided => Filled::Undecided,
        }
    }

    /// Readable texts of the wanted shape: wildcards filled with a word.
    fn shaped_texts(&self) -> impl Iterator<Item = String> {
        let mut shapes = self.wanted_shapes();
        let is_caller = |selector: &Selector| selector.follows_keys(&["userIdentity", "arn"]);
        let asks_caller = self.field.selector().is_some_and(is_caller);
        let together = std::iter::once_with(|| self.one_after_the_other());
        shapes.truncate(FEW_SHAPES);
        let callers = shapes.clone().into_iter().filter(move |_| asks_caller);
        let callers = callers.flat_map(|shape| {
            let part = shape.replace('*', "");
            schema::arns_like(&part).collect::<Vec<_>>()
        });
        let filled = shapes.into_iter().flat_map(|shape| {
            ["", "x", "example", "other"]
                .iter()
                .map(move |word| shape.replace('*', word))
        });
        let free = self.inside.is_empty().then(|| {
            let words = ["other", "another", "example", "something-else"];
            let numbered = (1..=8).map(|number| format!("other-{number}"));
            words.into_iter().map(str::to_owned).chain(numbered)
        });
        callers
            .chain(filled)
            .chain(together)
            .chain(free.into_iter().flatten())
    }

    /// A text with every wanted piece once: the ones that texts begin with, the
    /// ones that they contain, the ones that they end with.
    fn one_after_the_other(&self) -> String {
        let (mut first, mut between, mut last) = (String::new(), String::new(), String::new());
        for shape in self.wanted_shapes() {
            let mut pieces: Vec<&str> = shape.split('*').collect();
            let end = pieces.pop().unwrap_or_default();
            if end.len() > last.len() {
                end.clone_into(&mut last);
            }
            for (position, piece) in pieces.into_iter().enumerate() {
                if position > 0 {
                    between.push_str(piece);
                } else if piece.len() > first.len() {
                    piece.clone_into(&mut first);
                }
            }
        }
        first + &between + &last
    }

    fn number(&self, interval: &Interval, budget: &mut u64) -> Filled {
        let of_numbers = |character| "0123456789+-.eE*".contains(character);
        if !self
            .wanted_shapes()
            .iter()
            .all(|shape| shape.chars().all(of_numbers))
        {
            return Filled::Empty;
        }
        let named = self.named_numbers();
        let good = |text: &str| {
            !named.contains(&text)
                && is_json_number(text)
                && Decimal::parse(text).is_some_and(|value| interval.admits(&value))
                && self.admits(text)
        };
        // Texts with an exponent read worse than those of the wanted shapes.
        let plain = interval.plain_value().map_or(Vec::new(), |value| {
            spellings(&value.to_text(), named.len() + 1)
        });
        let (shifted, plain): (Vec<_>, Vec<_>) =
            plain.into_iter().partition(|text| text.contains('e'));
        let signs = ["", "-"].into_iter();
        let pieces = signs.flat_map(|sign| (0..10).map(move |digit| format!("{sign}{digit}")));
        let shaped = pieces.flat_map(|piece| {
            let shapes = self.wanted_shapes().into_iter();
            shapes.map(move |shape| shape.replace('*', &piece))
        });
        if let Some(text) = plain
            .into_iter()
            .chain(shaped)
            .chain(shifted)
            .find(|text| good(text))
        {
            return Filled::Value(EventValue::Number(text.into()));
        }
        if self.is_unconstrained() {
            return Filled::Undecided;
        }
        let named = Language::of_texts(named.iter().copied());
        // Plain decimals first, exactly; with exponents the automata admit every
        // size, so that nothing found is a proof and a text found is a guess.
        for exponents in [false, true] {
            let Some(pieces) = interval.pieces(exponents) else {
                return Filled::Undecided;
            };
            let mut empty = true;
            for piece in &pieces {
                let piece: Vec<&Language> = piece.iter().collect();
                match self.search(&piece, &[&named], budget) {
                    Emptiness::Empty => {}
                    Emptiness::Found(text) if good(&text) => {
                        return Filled::Value(EventValue::Number(text.into()));
                    }
                    Emptiness::Found(_) | Emptiness::Undecided => empty = false,
                }
            }
            if exponents && empty {
                return Filled::Empty;
            }
        }
        Filled::Undecided
    }

    fn named_numbers(&self) -> Vec<&'a str> {
        let named = self
            .field
            .classes
            .list
            .iter()
            .filter_map(|class| match class {
                Class::NumberText(text, _) => Some(*text),
                _ => None,
            });
        named.collect()
    }

    /// The texts with wildcards that values lie in.
    fn wanted_shapes(&self) -> Vec<&'a str> {
        let operands = self.field.classes.operands();
        let shapes = self
            .inside
            .iter()
            .filter_map(|language| match operands[*language] {
                Operand::Text(pattern) => Some(pattern.as_str()),
                _ => None,
            });
        shapes.collect()
    }

    fn search(&self, inside: &[&Language], outside: &[&Language], budget: &mut u64) -> Emptiness {
        let languages = &self.field.classes.languages;
        let query = Query {
            inside: self
                .inside
                .iter()
                .map(|at| &languages[*at])
                .chain(inside.iter().copied())
                .collect(),
            outside: self
                .outside
                .iter()
                .map(|at| &languages[*at])
                .chain(outside.iter().copied())
                .collect(),
        };
        find_text(&query, budget)
    }
}

fn positions(words: &[u64]) -> Vec<usize> {
    let mut found = Vec::new();
    for (word, bits) in words.iter().enumerate() {
        found.extend(
            (0..64)
                .filter(|bit| bits & (1 << bit) != 0)
                .map(|bit| word * 64 + bit),
        );
    }
    found
}

fn operand_matches(operand: &Operand, text: &str) -> bool {
    match operand {
        Operand::Text(pattern) => pattern.matches(text),
        Operand::Regex(regex) => regex.is_match(text),
        Operand::Number(literal) => literal.as_str() == text,
    }
}

/// The same number in several spellings: with more and more zeros at its end, so
/// that one of them is none of `count` others, and with exponents.
fn spellings(text: &str, count: usize) -> Vec<String> {
    let (mantissa, exponent) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let point = if mantissa.contains('.') { "" } else { "." };
    let longer =
        (1..=count).map(|zeros| format!("{mantissa}{point}{}{exponent}", "0".repeat(zeros)));
    let mut spellings: Vec<String> = std::iter::once(text.to_owned()).chain(longer).collect();
    if exponent.is_empty() {
        spellings.extend(["e0", "E0", "e+0", "e-0"].map(|exponent| format!("{text}{exponent}")));
    }
    if let Some(value) = Decimal::parse(text) {
        let shifted = (-12..=12)
            .map(|exponent| (exponent, value.shifted(-exponent).to_text()))
            .filter(|(_, mantissa)| !mantissa.contains('e'));
        spellings.extend(shifted.map(|(exponent, mantissa)| format!("{mantissa}e{exponent}")));
    }
    spellings
}

#[cfg(test)]
mod tests;
