//! Log messages: JSON events around what the generated patterns tell apart, and
//! lines of words.

use super::operand::{glob, letters};
use super::text::WORDS;
use crate::random::Random;
use crate::reference::Value;

static NUMBERS: &[&str] = &[
    "12",
    "12.0",
    "12.00",
    "1.2e1",
    "-3",
    "-3.0",
    "0",
    "-0",
    "10",
    "10.0",
    "1e1",
    "7",
    "11",
    "12.5",
    "12.50",
    "12.3",
    "-4",
    "-1",
    "5",
    "8",
    "13",
    "100",
    "1E2",
    "2",
    "0.1",
    "1e-1",
    "1e300",
    "1e301",
    "-2.5e-3",
    "99999999999999999999",
    "100000000000000000000",
    "-12.5",
    "21",
    "1",
];
static TEXTS: &[&str] = &[
    "",
    "x",
    "y",
    "12",
    "12.0",
    "-3",
    "0",
    "1e1",
    "007",
    "12.5",
    "true",
    "false",
    "null",
    "xy",
    "xyx",
    "é",
    "z",
    "xxyx",
    "1z",
    "xyxyx",
    "a b",
    "q\"q",
    "b\\s",
    "%",
    " ",
    "-",
    "x\ny",
    "\u{1f600}",
    "*",
];

/// A JSON object with the properties that patterns ask for.
pub fn value(random: &mut Random) -> Value {
    let mut members = Vec::new();
    for name in ["a", "b", "e"] {
        if !random.once_in(4) {
            members.push((name.to_owned(), below(random, 3)));
        }
    }
    Value::Object(members)
}

fn below(random: &mut Random, depth: usize) -> Value {
    match random.below(6) {
        0 if depth > 0 => Value::Array(
            (0..random.below(4))
                .map(|_| below(random, depth - 1))
                .collect(),
        ),
        1 if depth > 0 => {
            let mut members = Vec::new();
            for name in ["c", "k.l é", "d"] {
                if random.once_in(2) {
                    members.push((name.to_owned(), below(random, depth - 1)));
                }
            }
            Value::Object(members)
        }
        _ => scalar(random),
    }
}

fn scalar(random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => Value::Bool(random.once_in(2)),
        2 => Value::Object(Vec::new()),
        3 => Value::Array(Vec::new()),
        4..=6 => Value::Number((random.word(NUMBERS)).to_owned()),
        7 | 8 => Value::Text((random.word(TEXTS)).to_owned()),
        9 => Value::Text(glob(random).replace('*', "x")),
        _ => Value::Text(letters(random, 5)),
    }
}

/// A message: mostly a JSON event, else a line of words, or nearly JSON.
pub fn line(random: &mut Random, about_words: bool) -> String {
    match random.below(20) {
        0 => "[1]".to_owned(),
        1 => format!("{}x", value(random).to_json()),
        2 => (random.word(&[
            "",
            " ",
            "{",
            "null",
            "12",
            "\"x\"",
            "{\"a\":1}  ",
            "{\"a\":01}",
        ]))
        .to_owned(),
        3..=5 if !about_words => words(random),
        _ if about_words => words(random),
        _ => value(random).to_json(),
    }
}

fn words(random: &mut Random) -> String {
    let mut line = String::new();
    for position in 0..random.below(7) {
        if position > 0 {
            line.push_str(random.word(&[" ", " ", " ", "  ", "\t", ""]));
        }
        let word = match random.below(3) {
            0 => (random.word(WORDS)).to_owned(),
            1 => (random.word(NUMBERS)).to_owned(),
            _ => letters(random, 4),
        };
        match random.below(8) {
            0 => line.extend(["[", &word, "]"]),
            1 => line.extend(["\"", &word, "\""]),
            2 if random.once_in(4) => {
                line.push_str(random.word(&["[", "]", "\"", "[x y]", "\"x  y\""]));
            }
            _ => line.push_str(&word),
        }
    }
    line
}
