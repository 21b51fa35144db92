//! AWS's subset of regular expressions: characters, classes, anchors, counts and
//! alternatives; no groups. Matching keeps the set of all places where the
//! expression so far may end.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// An expression, read.
#[derive(Clone, Debug)]
pub struct Regex {
    alternatives: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug)]
struct Piece {
    unit: Unit,
    least: usize,
    most: usize,
}

#[derive(Clone, Debug)]
enum Unit {
    Start,
    End,
    One(Class),
}

#[derive(Clone, Debug)]
enum Class {
    Any,
    Character(char),
    Set { negated: bool, items: Vec<Item> },
}

#[derive(Clone, Debug)]
enum Item {
    Range(char, char),
    Named(char),
}

impl Class {
    fn has(&self, character: char) -> bool {
        match self {
            Self::Any => character != '\n',
            Self::Character(expected) => *expected == character,
            Self::Set { negated, items } => {
                let listed = items.iter().any(|item| match item {
                    Item::Range(low, high) => (*low..=*high).contains(&character),
                    Item::Named(name) => named(*name, character),
                });
                listed != *negated
            }
        }
    }
}

fn named(name: char, character: char) -> bool {
    let positive = match name.to_ascii_lowercase() {
        'd' => character.is_ascii_digit(),
        'w' => character.is_ascii_alphanumeric() || character == '_',
        _ => matches!(character, ' ' | '\t'..='\r'),
    };
    positive != name.is_ascii_uppercase()
}

impl Regex {
    /// Reads an expression that the crate accepted.
    pub fn read(text: &str) -> Self {
        let mut characters: Vec<char> = text.chars().rev().collect();
        let mut alternatives = vec![Vec::new()];
        while let Some(character) = characters.pop() {
            let unit = match character {
                '|' => {
                    alternatives.push(Vec::new());
                    continue;
                }
                '^' => Unit::Start,
                '$' => Unit::End,
                '.' => Unit::One(Class::Any),
                '\\' => Unit::One(match escape(&mut characters) {
                    Item::Range(character, _) => Class::Character(character),
                    item @ Item::Named(_) => Class::Set {
                        negated: false,
                        items: vec![item],
                    },
                }),
                '[' => Unit::One(class(&mut characters)),
                other => Unit::One(Class::Character(other)),
            };
            let (least, most) = count(&mut characters);
            let pieces = alternatives.last_mut().expect("one at least");
            pieces.push(Piece { unit, least, most });
        }
        Self { alternatives }
    }

    /// Asks an expression that is read once for many texts.
    pub fn cached<R>(text: &str, ask: impl FnOnce(&Self) -> R) -> R {
        thread_local! {
            static READ: RefCell<HashMap<String, Regex>> = RefCell::default();
        }
        READ.with_borrow_mut(|read| {
            if read.len() > 10_000 {
                read.clear();
            }
            ask(read
                .entry(text.to_owned())
                .or_insert_with(|| Self::read(text)))
        })
    }

    /// Whether the expression is found anywhere in a text.
    pub fn finds(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.alternatives.iter().any(|pieces| {
            let mut places: BTreeSet<usize> = (0..=text.len()).collect();
            for piece in pieces {
                places = piece.ends(&text, places);
            }
            !places.is_empty()
        })
    }

    /// Texts in which the expression is found, the shortest first.
    pub fn examples(&self) -> Vec<String> {
        let mut found = Vec::new();
        for pieces in &self.alternatives {
            for more in 0..3 {
                let mut text = String::new();
                for piece in pieces {
                    if let Unit::One(class) = &piece.unit {
                        let times = (piece.least + more).min(piece.most);
                        let character = class.example(more);
                        text.extend(std::iter::repeat_n(character, times));
                    }
                }
                found.push(text);
            }
        }
        found
    }
}

impl Class {
    fn example(&self, number: usize) -> char {
        let likely = ('a'..='z').chain('0'..='9').chain("A_-. :é/".chars());
        let chosen = match self {
            Self::Character(character) => return *character,
            Self::Any => return ['x', 'y', '1'][number % 3],
            Self::Set { .. } => likely.filter(|it| self.has(*it)).nth(number),
        };
        let any = || (' '..='~').find(|character| self.has(*character));
        chosen.or_else(any).unwrap_or('x')
    }
}

impl Piece {
    /// Where the piece may end, for each place where it may start.
    fn ends(&self, text: &[char], starts: BTreeSet<usize>) -> BTreeSet<usize> {
        match &self.unit {
            Unit::Start => starts.into_iter().filter(|place| *place == 0).collect(),
            Unit::End => starts
                .into_iter()
                .filter(|place| *place == text.len())
                .collect(),
            Unit::One(class) => {
                let mut ends = BTreeSet::new();
                for start in starts {
                    let same = text[start..]
                        .iter()
                        .take_while(|it| class.has(**it))
                        .count();
                    ends.extend((self.least..=same.min(self.most)).map(|times| start + times));
                }
                ends
            }
        }
    }
}

/// What follows a backslash: one character, or a class by its letter.
fn escape(characters: &mut Vec<char>) -> Item {
    match characters.pop().expect("a character after a backslash") {
        name @ ('d' | 'D' | 's' | 'S' | 'w' | 'W') => Item::Named(name),
        'x' => {
            let digits: String = [characters.pop(), characters.pop()]
                .into_iter()
                .flatten()
                .collect();
            let code = u8::from_str_radix(&digits, 16).expect("two hexadecimal digits");
            Item::Range(char::from(code), char::from(code))
        }
        other => Item::Range(other, other),
    }
}

fn class(characters: &mut Vec<char>) -> Class {
    let negated = characters.last() == Some(&'^');
    if negated {
        characters.pop();
    }
    let mut items = Vec::new();
    loop {
        let low = match characters.pop().expect("a closed class") {
            ']' => return Class::Set { negated, items },
            '\\' => match escape(characters) {
                Item::Range(character, _) => character,
                item @ Item::Named(_) => {
                    items.push(item);
                    continue;
                }
            },
            other => other,
        };
        let range = characters.len() > 1
            && characters[characters.len() - 1] == '-'
            && characters[characters.len() - 2] != ']';
        if !range {
            items.push(Item::Range(low, low));
            continue;
        }
        characters.pop();
        let high = match characters.pop().expect("a closed class") {
            '\\' => match escape(characters) {
                Item::Range(character, _) => character,
                Item::Named(name) => name,
            },
            other => other,
        };
        items.push(Item::Range(low, high));
    }
}

/// How often a unit stands there: once, or as the count after it says.
fn count(characters: &mut Vec<char>) -> (usize, usize) {
    let counts = match characters.last() {
        Some('*') => (0, usize::MAX),
        Some('+') => (1, usize::MAX),
        Some('?') => (0, 1),
        Some('{') => {
            let mut inner = String::new();
            characters.pop();
            while let Some(character) = characters.pop().filter(|it| *it != '}') {
                inner.push(character);
            }
            characters.push('}');
            let number = |text: &str| text.parse().expect("a count");
            match inner.split_once(',') {
                None => (number(&inner), number(&inner)),
                Some((least, "")) => (number(least), usize::MAX),
                Some(("", most)) => (0, number(most)),
                Some((least, most)) => (number(least), number(most)),
            }
        }
        _ => return (1, 1),
    };
    characters.pop();
    // A lazy count finds other matches first, and the same texts.
    if characters.last() == Some(&'?') {
        characters.pop();
    }
    counts
}
