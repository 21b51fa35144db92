//! What stands after an operator: texts, wildcards, numbers and regular
//! expressions over few letters, so that different operands meet.

use filter_pattern::ast::{NumberLiteral, Operand, TextPattern};
use filter_pattern::regex::RegexPattern;

use crate::random::Random;

const TEXTS: &[&str] = &[
    "", "x", "y", "12", "12.0", "-3", "true", "null", "xy", "xyx", "é", "a b", "q\"q", "b\\s", "%",
    "1e1",
];
const NUMBERS: &[&str] = &[
    "12",
    "12.0",
    "-3",
    "0",
    "-0",
    "1e1",
    "12.5",
    "007",
    "1E+1",
    "1e-1",
    "-12.50",
    "0.0",
    "11",
    "13",
    "+5",
    "1e300",
    "-2.5e-3",
    "120e-1",
    "99999999999999999999",
    ".5",
    "-.50",
];

/// A text over the letters x, y and the digits 1, 2.
pub(super) fn letters(random: &mut Random, most: usize) -> String {
    let length = random.below(most + 1);
    (0..length)
        .map(|_| *random.pick(&['x', 'y', 'x', '1', '2']))
        .collect()
}

/// A text with up to three wildcards.
pub(super) fn glob(random: &mut Random) -> String {
    if random.once_in(8) {
        return (random.word(&["*", "**", "*", "12*", "*.5", "-*"])).to_owned();
    }
    let mut text = letters(random, 2);
    for _ in 0..=random.below(3) {
        text.push('*');
        text.push_str(&letters(random, 2));
    }
    text
}

/// A number that patterns compare with.
pub(super) fn number(random: &mut Random) -> NumberLiteral {
    if random.once_in(3) {
        let text = format!("{}", random.below(30) as i64 - 10);
        return NumberLiteral::parse(&text).expect("a whole number");
    }
    NumberLiteral::parse(random.word(NUMBERS)).expect("a number")
}

/// The right-hand side of `=` and `!=`.
pub(super) fn operand(random: &mut Random) -> Operand {
    match random.below(9) {
        0..=1 => Operand::Text(TextPattern::new(random.word(TEXTS))),
        2 => Operand::Text(TextPattern::new(letters(random, 4))),
        3..=5 => Operand::Text(TextPattern::new(glob(random))),
        6 | 7 => Operand::Number(number(random)),
        _ => Operand::Regex(regex(random)),
    }
}

/// A regular expression of the subset that AWS has.
pub(super) fn regex(random: &mut Random) -> RegexPattern {
    loop {
        let mut text = String::new();
        for alternative in 0..=usize::from(random.once_in(4)) {
            if alternative > 0 {
                text.push('|');
            }
            if random.once_in(3) {
                text.push('^');
            }
            for _ in 0..=random.below(3) {
                text.push_str(&unit(random));
                text.push_str(&count(random));
            }
            if random.once_in(3) {
                text.push('$');
            }
        }
        if let Ok(regex) = RegexPattern::new(&text) {
            return regex;
        }
    }
}

fn unit(random: &mut Random) -> String {
    match random.below(10) {
        0..=3 => (random.word(&[
            "x", "y", "1", "2", "-", "@", "=", ";", ",", "#", "/", ":", "_", " ",
        ]))
        .to_owned(),
        4 => ".".to_owned(),
        5 => (random.word(&[r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"])).to_owned(),
        6 => {
            (random.word(&[r"\.", r"\*", r"\x78", r"\x31", r"\-", r"\{", r"\\", r"\$"])).to_owned()
        }
        _ => class(random),
    }
}

fn class(random: &mut Random) -> String {
    let sign = if random.once_in(3) { "^" } else { "" };
    let items: String = (0..=random.below(2))
        .map(|_| {
            random.word(&[
                "x", "y", "1-3", "a-x", r"\d", r"\w", r"\S", r"\x79", ".", "0-9", r"\]", "*",
            ])
        })
        .collect();
    let dash = if random.once_in(8) { "-" } else { "" };
    format!("[{sign}{items}{dash}]")
}

fn count(random: &mut Random) -> String {
    let count = match random.below(12) {
        0 => "*",
        1 => "+",
        2 => "?",
        3 => "{2}",
        4 => "{1,}",
        5 => "{0,2}",
        6 => "{,2}",
        _ => return String::new(),
    };
    let lazy = if random.once_in(6) { "?" } else { "" };
    format!("{count}{lazy}")
}
