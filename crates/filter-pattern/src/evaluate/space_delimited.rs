//! Evaluation of space-delimited patterns: splitting a message into fields and
//! testing them one by one.

use crate::ast::{Field, FieldCondition, FieldList, Operand, Test};
use crate::decimal::Decimal;

use super::MatchedFields;
use super::json::equals_text;

/// Splits a message into its fields: words between blanks, where a text in
/// brackets or double quotation marks is one field without them.
pub fn split_fields(message: &str) -> Vec<&str> {
    spans(message)
        .into_iter()
        .map(|(start, end)| &message[start..end])
        .collect()
}

/// Where the fields stand, without their brackets and quotation marks.
fn spans(message: &str) -> Vec<(usize, usize)> {
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = &message[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &message[at..];
        let closing = match rest.bytes().next() {
            None => return fields,
            Some(b'[') => Some(']'),
            Some(b'"') => Some('"'),
            Some(_) => None,
        };
        let enclosed = closing.and_then(|closing| rest[1..].find(closing));
        if let Some(length) = enclosed {
            fields.push((at + 1, at + 1 + length));
            at += length + 2;
        } else {
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            fields.push((at, at + length));
            at += length;
        }
    }
}

/// The named fields of a message that matches; `None` when it does not.
///
/// The last field takes the rest of a message with more fields than the
/// pattern, unless the pattern has `...`.
pub(super) fn extract(list: &FieldList, message: &str) -> Option<MatchedFields> {
    let spans = spans(message);
    let ellipsis = list
        .fields
        .iter()
        .position(|field| *field == Field::Ellipsis);
    let named = list.fields.len() - usize::from(ellipsis.is_some());
    if spans.len() < named {
        return None;
    }
    let skipped = spans.len() - named;
    let mut fields = MatchedFields::new();
    for (position, field) in list.fields.iter().enumerate() {
        let Field::Named { name, condition } = field else {
            continue;
        };
        let text = match ellipsis {
            Some(ellipsis) if position > ellipsis => text(message, spans[position - 1 + skipped]),
            None if position + 1 == named && skipped > 0 => message[spans[position].0..].trim_end(),
            _ => text(message, spans[position]),
        };
        if condition
            .as_ref()
            .is_some_and(|condition| !holds(condition, text))
        {
            return None;
        }
        fields.insert(format!("${name}"), text.to_owned());
    }
    Some(fields)
}

fn text(message: &str, (start, end): (usize, usize)) -> &str {
    &message[start..end]
}

fn holds(condition: &FieldCondition, text: &str) -> bool {
    match condition {
        FieldCondition::And(parts) => parts.iter().all(|part| holds(part, text)),
        FieldCondition::Or(parts) => parts.iter().any(|part| holds(part, text)),
        FieldCondition::Test(test) => match test {
            Test::Equals(operand) => equals(operand, text),
            Test::NotEquals(operand) => !equals(operand, text),
            Test::Compare(comparison, literal) => Decimal::parse(text)
                .is_some_and(|value| comparison.holds(value.cmp(literal.value()))),
            Test::IsNull | Test::IsTrue | Test::IsFalse | Test::NotExists => false,
        },
    }
}

fn equals(operand: &Operand, text: &str) -> bool {
    match operand {
        Operand::Number(literal) => {
            Decimal::parse(text).is_some_and(|value| value == *literal.value())
        }
        _ => equals_text(operand, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_quotation_marks_hold_a_field_together() {
        let line = "127.0.0.1 frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html\" 404";
        let fields = split_fields(line);
        assert_eq!(
            fields,
            [
                "127.0.0.1",
                "frank",
                "10/Oct/2000:13:25:15 -0700",
                "GET /index.html",
                "404"
            ]
        );
        assert_eq!(
            split_fields("  \"open quote stays"),
            ["\"open", "quote", "stays"]
        );
        assert!(split_fields("   ").is_empty());
    }
}
