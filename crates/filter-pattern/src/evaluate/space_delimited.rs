//! Evaluation of space-delimited patterns: splitting a message into fields and
//! testing them one by one.

use crate::ast::{Field, FieldCondition, FieldList, Operand, Test};

use super::json::{compared, equals_text};
use super::{MatchedFields, Reading, Taken};

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
    // Behind the last closing mark nothing is searched for one: a line of many
    // marks that are never closed is read once.
    let (last_bracket, last_quotation_mark) = (message.rfind(']'), message.rfind('"'));
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = &message[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &message[at..];
        let closing = match rest.bytes().next() {
            None => return fields,
            Some(b'[') if last_bracket > Some(at) => Some(']'),
            Some(b'"') if last_quotation_mark > Some(at) => Some('"'),
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

/// The fields of a message, laid against those of a pattern.
struct Alignment<'a> {
    list: &'a FieldList,
    message: &'a str,
    spans: Vec<(usize, usize)>,
    /// Where `...` stands in the pattern.
    ellipsis: Option<usize>,
    /// Fields of the message that the pattern does not list.
    beyond: usize,
}

impl<'a> Alignment<'a> {
    /// `None` when the message has too few fields.
    fn new(list: &'a FieldList, message: &'a str) -> Option<Self> {
        let spans = spans(message);
        let ellipsis = list
            .fields
            .iter()
            .position(|field| *field == Field::Ellipsis);
        let listed = list.fields.len() - usize::from(ellipsis.is_some());
        Some(Self {
            list,
            message,
            beyond: spans.len().checked_sub(listed)?,
            // `[]` stands for any number of fields, as `[...]` does.
            ellipsis: if listed == 0 { Some(0) } else { ellipsis },
            spans,
        })
    }

    /// The text for the field at a position of the pattern that is not `...`,
    /// and which field of the message it is, counted from zero.
    ///
    /// The last field takes the rest of a message with more fields than the
    /// pattern, unless the pattern has `...`.
    fn text(&self, position: usize) -> (&'a str, usize) {
        let number = match self.ellipsis {
            Some(ellipsis) if position > ellipsis => position - 1 + self.beyond,
            _ => position,
        };
        let (start, end) = self.spans[number];
        let takes_the_rest = self.ellipsis.is_none() && position + 1 == self.list.fields.len();
        if takes_the_rest && self.beyond > 0 {
            return (self.message[start..].trim_end(), number);
        }
        (&self.message[start..end], number)
    }

    fn matches(&self, reading: Reading) -> bool {
        let too_many = self.ellipsis.is_none() && self.beyond > 0;
        if too_many && reading.departs_from(Taken::LastFieldTakesTheRest) {
            return false;
        }
        self.list
            .fields
            .iter()
            .enumerate()
            .all(|(position, field)| match field {
                Field::Named {
                    condition: Some(condition),
                    ..
                } => holds(condition, self.text(position).0, reading),
                Field::Named { .. } | Field::Unnamed | Field::Ellipsis => true,
            })
    }
}

pub(super) fn matches(list: &FieldList, message: &str, reading: Reading) -> bool {
    Alignment::new(list, message).is_some_and(|alignment| alignment.matches(reading))
}

/// The fields of a message that matches, named ones by their name and all others
/// by their number, counted from one (`API_TestMetricFilter`); `None` when it
/// does not match.
pub(super) fn extract(list: &FieldList, message: &str) -> Option<MatchedFields> {
    let alignment = Alignment::new(list, message)?;
    if !alignment.matches(Reading::default()) {
        return None;
    }
    let mut fields = MatchedFields::new();
    let numbered = |number: usize| format!("${}", number + 1);
    if let Some(ellipsis) = alignment.ellipsis {
        for number in ellipsis..ellipsis + alignment.beyond {
            let (start, end) = alignment.spans[number];
            fields.insert(numbered(number), message[start..end].to_owned());
        }
    }
    for (position, field) in list.fields.iter().enumerate() {
        if *field == Field::Ellipsis {
            continue;
        }
        let (text, number) = alignment.text(position);
        let name = match field {
            Field::Named { name, .. } => format!("${name}"),
            Field::Unnamed | Field::Ellipsis => numbered(number),
        };
        fields.insert(name, text.to_owned());
    }
    Some(fields)
}

fn holds(condition: &FieldCondition, text: &str, reading: Reading) -> bool {
    match condition {
        FieldCondition::And(parts) => parts.iter().all(|part| holds(part, text, reading)),
        FieldCondition::Or(parts) => parts.iter().any(|part| holds(part, text, reading)),
        FieldCondition::Test(test) => match test {
            Test::Equals(operand) => equals(operand, text, reading),
            Test::NotEquals(operand) => !equals(operand, text, reading),
            Test::Compare(comparison, literal) => {
                compared(text, literal, reading).is_some_and(|ordering| comparison.holds(ordering))
            }
            Test::IsNull | Test::IsTrue | Test::IsFalse | Test::NotExists => false,
        },
    }
}

fn equals(operand: &Operand, text: &str, reading: Reading) -> bool {
    match operand {
        Operand::Number(literal) => {
            compared(text, literal, reading).is_some_and(std::cmp::Ordering::is_eq)
        }
        _ => equals_text(operand, text, reading),
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
        assert_eq!(split_fields("a\tb \"\" []"), ["a", "b", "", ""]);
    }

    #[test]
    fn the_last_field_loses_its_brackets_unless_it_takes_the_rest() {
        let pattern: crate::FilterPattern = "[a, b]".parse().expect("a pattern");
        let last = |message: &str| pattern.test(message).map(|fields| fields["$b"].clone());
        assert_eq!(last("x [y z]").as_deref(), Some("y z"));
        assert_eq!(last("x \"y z\" ").as_deref(), Some("y z"));
        assert_eq!(last("x [y z] w ").as_deref(), Some("y z] w"));
        assert_eq!(last("x"), None);
    }
}
