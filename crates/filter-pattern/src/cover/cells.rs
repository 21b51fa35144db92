//! A value out of a cell: a text or number that lies in some languages, outside
//! of others, and is none of those that have a class of their own. Tries what
//! reads well first and searches the product of the automata when that fails.

use std::collections::HashMap;

use crate::ast::Operand;
use crate::decimal::Decimal;
use crate::event::EventValue;
use crate::language::{Emptiness, Language, NumberLanguage, Query, find_text};
use crate::schema;

use super::classes::Class;
use super::problem::{Field, Problem};
use super::search::State;

/// What a cell has to offer.
#[derive(Clone, Debug)]
pub(crate) enum Filled {
    Value(EventValue),
    /// There is no such value.
    Empty,
    /// Not known within the budget.
    Undecided,
}

type Key = (usize, usize, Box<[u64]>, Box<[u64]>);

/// Answers, remembered for the length of a run.
pub(crate) struct Cells<'p, 'a> {
    problem: &'p Problem<'a>,
    answers: HashMap<Key, Filled>,
}

impl<'p, 'a> Cells<'p, 'a> {
    pub(crate) fn new(problem: &'p Problem<'a>) -> Self {
        Self {
            problem,
            answers: HashMap::new(),
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
        let key = (field, class, Box::from(inside), Box::from(outside));
        if let Some(answer) = self.answers.get(&key) {
            return answer.clone();
        }
        let asked = Asked::new(&self.problem.fields[field], inside, outside);
        let answer = match &self.problem.fields[field].classes.list[class] {
            Class::OtherText => asked.text(budget),
            Class::NumberAt(value) => asked.number(
                std::slice::from_ref(value),
                &|number| number == value,
                budget,
            ),
            Class::NumberBetween(low, high) => {
                let between = |number: &Decimal| {
                    low.as_ref().is_none_or(|low| number > low)
                        && high.as_ref().is_none_or(|high| number < high)
                };
                let middle = Decimal::between(low.as_ref(), high.as_ref());
                asked.number(middle.as_slice(), &between, budget)
            }
            _ => Filled::Undecided,
        };
        self.answers.insert(key, answer.clone());
        answer
    }

    /// Whether a text lies in a field's cell for texts under a state.
    pub(crate) fn admits_text(&self, state: &State, field: usize, text: &str) -> bool {
        let (inside, outside) = state.languages(&self.problem.fields[field]);
        Asked::new(&self.problem.fields[field], inside, outside).admits(text)
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

    fn is_unconstrained(&self) -> bool {
        self.inside.is_empty() && self.outside.is_empty()
    }

    fn text(&self, budget: &mut u64) -> Filled {
        let named = |text: &str| self.field.classes.of_named_text(text).is_some();
        let good = |text: &str| !named(text) && self.admits(text);
        let usual = self.field.selector().map_or(&[][..], schema::usual_texts);
        if let Some(text) = usual.iter().find(|text| good(text)) {
            return Filled::Value(EventValue::String((*text).into()));
        }
        for text in self.shaped_texts() {
            if good(&text) {
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
    fn shaped_texts(&self) -> Vec<String> {
        let operands = self.field.classes.operands();
        let mut texts = Vec::new();
        let shapes = self
            .inside
            .iter()
            .filter_map(|language| match operands[*language] {
                Operand::Text(pattern) => Some(pattern.as_str()),
                _ => None,
            });
        for shape in shapes {
            texts.extend(["", "x", "example", "other"].map(|word| shape.replace('*', word)));
        }
        if self.inside.is_empty() {
            texts.extend(["other", "another", "example", "something-else"].map(str::to_owned));
            texts.extend((1..=8).map(|number| format!("other-{number}")));
        }
        texts
    }

    fn number(
        &self,
        values: &[Decimal],
        admits: &dyn Fn(&Decimal) -> bool,
        budget: &mut u64,
    ) -> Filled {
        let named = self.named_numbers();
        let good = |text: &str| {
            !named.contains(&text)
                && crate::event::is_json_number(text)
                && Decimal::parse(text).is_some_and(|value| admits(&value))
                && self.admits(text)
        };
        let mut candidates = Vec::new();
        for value in values {
            candidates.extend(spellings(&value.to_text(), named.len() + 1));
        }
        for text in self.shaped_texts() {
            candidates.extend([
                text.clone(),
                text.replace("example", "1"),
                text.replace("other", "0"),
            ]);
        }
        for shape in self.number_shapes() {
            candidates.extend((0..10).map(|digit| shape.replace('*', &digit.to_string())));
        }
        if let Some(text) = candidates.into_iter().find(|text| good(text)) {
            return Filled::Value(EventValue::Number(text.into()));
        }
        if self.is_unconstrained() {
            return Filled::Undecided;
        }
        // The automata know signs, not values: nothing at all proves that there
        // is nothing, and a text that is found must still be of the right value.
        let any = NumberLanguage {
            negative: true,
            unsigned: true,
        };
        let named = Language::of_texts(named.iter().copied());
        match self.search(&[&Language::Number(any)], &[&named], budget) {
            Emptiness::Empty => Filled::Empty,
            Emptiness::Found(text) if good(&text) => Filled::Value(EventValue::Number(text.into())),
            Emptiness::Found(_) | Emptiness::Undecided => Filled::Undecided,
        }
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

    fn number_shapes(&self) -> Vec<&'a str> {
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

/// The same number with more and more zeros at its end.
fn spellings(text: &str, count: usize) -> Vec<String> {
    let (mantissa, exponent) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let point = if mantissa.contains('.') { "" } else { "." };
    let longer =
        (1..=count).map(|zeros| format!("{mantissa}{point}{}{exponent}", "0".repeat(zeros)));
    std::iter::once(text.to_owned()).chain(longer).collect()
}
