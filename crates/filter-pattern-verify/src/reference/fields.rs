//! Space-delimited messages: a text in brackets or double quotation marks is
//! one field, `...` stands for any number of fields, the last named field takes
//! what is left of a longer message.

use filter_pattern::ast::{Field, FieldCondition, FieldList, Operand, Test};

use super::condition::{compares, number_equals, text_equals};
use super::number::Number;

/// A field's text, and where its word starts in the message.
struct Word {
    text: String,
    start: usize,
}

fn words(message: &str) -> Vec<Word> {
    let characters: Vec<(usize, char)> = message.char_indices().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let (start, first) = characters[at];
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
        let text = characters[from..to].iter().map(|(_, character)| character).collect();
        words.push(Word { text, start });
        at = next;
    }
    words
}

/// The named fields with their texts, when the message matches.
pub(super) fn extract(list: &FieldList, message: &str) -> Option<Vec<(String, String)>> {
    let words = words(message);
    let ellipsis = list.fields.iter().position(|field| matches!(field, Field::Ellipsis));
    let named = list.fields.iter().filter(|field| matches!(field, Field::Named { .. })).count();
    if words.len() < named {
        return None;
    }
    let mut texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
    if let Some(ellipsis) = ellipsis {
        texts.drain(ellipsis..ellipsis + words.len() - named);
    } else if words.len() > named && named > 0 {
        let inner = &message[words[named - 1].start..];
        // The rest begins with the text of the last word, brackets aside.
        let opening = inner.starts_with(['[', '"']) && !inner.starts_with(&texts[named - 1]);
        let rest = if opening { &inner[1..] } else { inner };
        texts.truncate(named - 1);
        texts.push(rest.trim_end().to_owned());
    }
    let fields = list.fields.iter().filter_map(|field| match field {
        Field::Named { name, condition } => Some((name, condition)),
        Field::Ellipsis => None,
    });
    let mut extracted = Vec::new();
    for ((name, condition), text) in fields.zip(texts) {
        if condition.as_ref().is_some_and(|condition| !holds(condition, &text)) {
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
