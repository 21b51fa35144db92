//! Texts and numbers around what tests ask for: what they name, what stands
//! next to it, and all short texts over their characters.

use filter_pattern::ast::{Operand, Test};

use crate::reference::{Regex, Value};

/// Short texts over all characters of the tests, at most so many.
const SHORT_TEXTS: usize = 100;

/// Scalars and empty containers that the tests may tell apart; some of them
/// are told apart by none.
pub(super) fn scalars(tests: &[&Test]) -> Vec<Value> {
    let mut values = vec![
        Value::Text("other".to_owned()),
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::Object(Vec::new()),
        Value::Array(Vec::new()),
        Value::Number("7".to_owned()),
        Value::Text(String::new()),
    ];
    if tests.is_empty() {
        return values;
    }
    let mut texts: Vec<String> = ["true", "false"].map(str::to_owned).into();
    let mut numbers: Vec<String> = ["0", "-1e9", "1e9"].map(str::to_owned).into();
    let mut filled: Vec<String> = Vec::new();
    for test in tests {
        match test {
            Test::Equals(operand) | Test::NotEquals(operand) => match operand {
                Operand::Number(literal) => around(literal.as_str(), &mut numbers),
                Operand::Text(pattern) => filled.extend(fillings(pattern.as_str())),
                Operand::Regex(regex) => filled.extend(Regex::read(regex.as_str()).examples()),
            },
            Test::Compare(_, literal) => around(literal.as_str(), &mut numbers),
            _ => {}
        }
    }
    filled.sort();
    filled.dedup();
    filled.truncate(30);
    for left in &filled {
        texts.push(left.clone());
        texts.push(format!("{left}~"));
        texts.push(format!("~{left}"));
        for right in filled.iter().take(8) {
            texts.push(format!("{left}{right}"));
            texts.push(overlapped(left, right));
        }
    }
    let named: String = filled.concat();
    texts.extend(short_texts(&named));
    let middle = between(&numbers);
    numbers.extend(middle);
    texts.extend(numbers.iter().cloned());
    texts.sort();
    texts.dedup();
    for text in texts {
        if is_number(&text) {
            values.push(Value::Number(text.clone()));
        }
        values.push(Value::Text(text));
    }
    values
}

/// A wildcard's pieces with different texts in between.
fn fillings(pattern: &str) -> Vec<String> {
    if !pattern.contains('*') {
        return vec![pattern.to_owned()];
    }
    let pieces: Vec<&str> = pattern.split('*').collect();
    let last = pieces[pieces.len() - 1];
    let first = pieces[0];
    let mut filled: Vec<String> = ["", "q", "0", ".", last, first]
        .map(|it| pieces.join(it))
        .into();
    filled.push(format!("{first}{last}"));
    filled.push(format!("{}{last}", pieces.join("")));
    filled.push(overlapped(first, last));
    filled.extend(pieces.iter().map(|piece| (*piece).to_owned()));
    filled
}

/// The shortest text that begins with one and ends with the other.
fn overlapped(left: &str, right: &str) -> String {
    let longest = right
        .char_indices()
        .map(|(at, _)| at)
        .rev()
        .chain([right.len()]);
    let mut best = 0;
    for length in longest {
        if left.ends_with(&right[..length]) {
            best = best.max(length);
        }
    }
    format!("{left}{}", &right[best..])
}

/// All short texts over the characters that stand in the tests.
fn short_texts(named: &str) -> Vec<String> {
    let mut letters: Vec<char> = named.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.truncate(6);
    let mut texts = vec![String::new()];
    let mut from = 0;
    while !letters.is_empty() && texts.len() - from > 0 {
        let until = texts.len();
        if until + (until - from) * letters.len() > SHORT_TEXTS {
            break;
        }
        for at in from..until {
            for letter in &letters {
                texts.push(format!("{}{letter}", texts[at]));
            }
        }
        from = until;
    }
    texts
}

/// A number's text, other texts of the same value, and values next to it.
fn around(literal: &str, numbers: &mut Vec<String>) {
    numbers.push(literal.to_owned());
    let Ok(value) = literal.parse::<f64>() else {
        return;
    };
    if !literal.contains(['.', 'e', 'E']) {
        numbers.push(format!("{literal}.0"));
        numbers.push(format!("{literal}e0"));
    } else if !literal.contains(['e', 'E']) {
        numbers.push(format!("{literal}0"));
    }
    for step in [0.0, 1.0, -1.0, 0.5, -0.5] {
        numbers.push(format!("{}", value + step));
    }
}

/// Values between those that are named.
fn between(numbers: &[String]) -> Vec<String> {
    let mut values: Vec<f64> = numbers
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
        .windows(2)
        .map(|pair| format!("{}", f64::midpoint(pair[0], pair[1])))
        .collect()
}

/// Whether a text is a JSON number.
fn is_number(text: &str) -> bool {
    matches!(Value::read(text), Some(Value::Number(number)) if number == text)
}
