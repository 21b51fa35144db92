//! Sets of texts as automata, and the question whether some text lies in all of
//! several sets and outside all of several others. Used by the coverage proof
//! only; the evaluator has its own matchers.

mod alphabet;
mod glob;
mod number;
mod product;

pub(crate) use product::{Emptiness, Query, find_text};

use std::sync::Arc;

use crate::ast::TextPattern;
use crate::regex::{RegexAutomaton, RegexPattern, RegexState};
use glob::Glob;
pub(crate) use number::{DigitsLanguage, NumberLanguage, SizeLanguage};

/// A set of texts, as an automaton over characters.
#[derive(Clone, Debug)]
pub(crate) enum Language {
    Glob(Arc<Glob>),
    Regex(Arc<RegexAutomaton>),
    Number(NumberLanguage),
    Size(Arc<SizeLanguage>),
    Digits(Arc<DigitsLanguage>),
    /// Exactly these texts.
    Texts(Arc<[Box<str>]>),
}

/// Where an automaton stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// No continuation is in the set.
    Dead,
    /// Every continuation is in the set.
    Full,
    /// A numbered state.
    At(u32),
    /// A range of the sorted texts that share the first `depth` bytes.
    Among { low: u32, high: u32, depth: u32 },
    /// A regular expression's set of nodes.
    Regex(RegexState),
}

impl State {
    /// What one step from here costs.
    fn cost(&self) -> u64 {
        match self {
            Self::Regex(RegexState::Searching { waiting, .. }) => 1 + waiting.len() as u64 / 2,
            _ => 1,
        }
    }
}

impl Language {
    pub(crate) fn of_text(pattern: &TextPattern) -> Self {
        Self::Glob(Arc::new(Glob::new(pattern.as_str())))
    }

    pub(crate) fn of_regex(regex: &RegexPattern) -> Self {
        Self::Regex(Arc::clone(regex.nfa()))
    }

    /// Exactly these texts.
    pub(crate) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut texts: Vec<Box<str>> = texts.into_iter().map(Into::into).collect();
        texts.sort_unstable();
        texts.dedup();
        Self::Texts(texts.into())
    }

    fn start(&self) -> State {
        match self {
            Self::Glob(glob) => glob.start(),
            Self::Regex(nfa) => regex_state(nfa.start()),
            Self::Number(_) => NumberLanguage::start(),
            Self::Size(_) => SizeLanguage::start(),
            Self::Digits(_) => DigitsLanguage::start(),
            Self::Texts(texts) => among(texts, 0, texts.len(), 0),
        }
    }

    fn step(&self, state: &State, character: char) -> State {
        match (self, state) {
            (_, State::Full) => State::Full,
            (Self::Glob(glob), State::At(at)) => glob.step(*at, character),
            (Self::Regex(nfa), State::Regex(state)) => regex_state(nfa.step(state, character)),
            (Self::Number(number), State::At(at)) => number.step(*at, character),
            (Self::Size(size), State::At(at)) => size.step(*at, character),
            (Self::Digits(digits), State::At(at)) => digits.step(*at, character),
            (Self::Texts(texts), State::Among { low, high, depth }) => {
                let mut buffer = [0; 4];
                let bytes = character.encode_utf8(&mut buffer).as_bytes();
                let depth = *depth as usize;
                let range = &texts[*low as usize..*high as usize];
                let key = |text: &str| {
                    let rest = &text.as_bytes()[depth.min(text.len())..];
                    rest[..rest.len().min(bytes.len())].cmp(bytes)
                };
                let first = range.partition_point(|text| key(text).is_lt());
                let last = range.partition_point(|text| key(text).is_le());
                among(
                    texts,
                    *low as usize + first,
                    *low as usize + last,
                    depth + bytes.len(),
                )
            }
            _ => State::Dead,
        }
    }

    fn accepts(&self, state: &State) -> bool {
        match (self, state) {
            (_, State::Full) => true,
            (Self::Glob(glob), State::At(at)) => glob.accepts(*at),
            (Self::Regex(nfa), State::Regex(state)) => nfa.accepts(state),
            (Self::Number(number), State::At(at)) => number.accepts(*at),
            (Self::Size(size), State::At(at)) => size.accepts(*at),
            (Self::Digits(digits), State::At(at)) => digits.accepts(*at),
            (Self::Texts(texts), State::Among { low, depth, .. }) => {
                texts[*low as usize].len() == *depth as usize
            }
            _ => false,
        }
    }

    /// The first characters of classes that the set tells apart.
    fn boundaries(&self, boundaries: &mut Vec<u32>) {
        let mut single =
            |character: char| boundaries.extend([u32::from(character), u32::from(character) + 1]);
        match self {
            Self::Glob(glob) => glob.characters().for_each(single),
            Self::Regex(nfa) => boundaries.extend(nfa.boundaries()),
            Self::Number(_) | Self::Size(_) | Self::Digits(_) => {
                number::CHARACTERS.chars().for_each(single);
            }
            Self::Texts(texts) => texts
                .iter()
                .flat_map(|text| text.chars())
                .for_each(&mut single),
        }
    }
}

fn regex_state(state: RegexState) -> State {
    if state.is_matched() {
        State::Full
    } else {
        State::Regex(state)
    }
}

fn among(texts: &[Box<str>], low: usize, high: usize, depth: usize) -> State {
    debug_assert!(low <= high && high <= texts.len(), "a range of the texts");
    if low == high {
        return State::Dead;
    }
    State::Among {
        low: low as u32,
        high: high as u32,
        depth: depth as u32,
    }
}
