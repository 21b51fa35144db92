//! Space-delimited messages: a text in brackets or double quotation marks is
//! one field, `...` stands for any number of fields, the last named field takes
//! what is left of a longer message.

use filter_pattern::ast::{Field, FieldCondition, FieldList, Operand, Test};

use super::condition::{compares, number_equals, text_equals};
use super::number::Number;

/// A field's text, and where that starts in the message.
struct Word {
    text: String,
    start: usize,
}

fn words(message: &str) -> Vec<Word> {
    let characters: Vec<(usize, char)> = message.char_indices().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let first = characters[at].1;
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let closing = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let closed = closing.and_then(|closing| {
            (at + 1..characters.len()).find(|place| characters[*place].1 == closing)
        });
        let (from, to, next) = if let Some(closed) = closed {
            (at + 1, closed, closed + 1)
        } else {
            let blank = (at..characters.len()).find(|place| characters[*place].1.is_whitespace());
            let end = blank.unwrap_or(characters.len());
            (at, end, end)
        };
        let text = characters[from..to]
            .iter()
            .map(|(_, character)| character)
            .collect();
        let start = characters.get(from).map_or(message.len(), |it| it.0);
        words.push(Word { text, start });
        at = next;
    }
    words
}

/// The fields with their texts by name or number, when the message matches.
pub(super) fn extract(list: &FieldList, message: &str) -> Option<Vec<(String, String)>> {
    let words = words(message);
    let ellipsis = list
        .fields
        .iter()
        .position(|field| *field == Field::Ellipsis);
    let listed = list
        .fields
        .iter()
        .filter(|field| **field != Field::Ellipsis)
        .count();
    if words.len() < listed {
        return None;
    }
    let mut numbers: Vec<usize> = (1..=words.len()).collect();
    let mut extracted = Vec::new();
    let mut texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
    // `[]` stands for any number of fields, as `[...]` does.
    if let Some(ellipsis) = ellipsis.or((listed == 0).then_some(0)) {
        let beyond = ellipsis..ellipsis + words.len() - listed;
        let names = numbers
            .drain(beyond.clone())
            .map(|number| format!("${number}"));
        extracted.extend(names.zip(texts.drain(beyond)));
    } else if words.len() > listed {
        let rest = &message[words[listed - 1].start..];
        texts.truncate(listed - 1);
        texts.push(rest.trim_end().to_owned());
    }
    let fields = list
        .fields
        .iter()
        .filter(|field| **field != Field::Ellipsis);
    for ((field, text), number) in fields.zip(texts).zip(numbers) {
        let (name, condition) = match field {
            Field::Named { name, condition } => (name.to_string(), condition.as_ref()),
            _ => (number.to_string(), None),
        };
        if condition.is_some_and(|condition| !holds(condition, &text)) {
            return None;
        }
        extracted.push((format!("${name}"), text));
    }
    Some(extracted)
}

fn holds(condition: &FieldCondition, text: &str) -> bool {
    match condition {
        FieldCondition::And(parts) => parts.iter().all(|part| holds(part, text)),
        FieldCondition::Or(parts) => parts.iter().any(|part| holds(part, text)),
        FieldCondition::Test(test) => match test {
            Test::Equals(operand) => equals(operand, text),
            Test::NotEquals(operand) => !equals(operand, text),
            Test::Compare(comparison, literal) => compares(*comparison, text, literal.as_str()),
            _ => false,
        },
    }
}

/// A field has no type: an unquoted number meets the value of a text that is a
/// number.
fn equals(operand: &Operand, text: &str) -> bool {
    if matches!(operand, Operand::Number(_)) && Number::read(text).is_some() {
        number_equals(operand, text)
    } else {
        text_equals(operand, text)
    }
}
