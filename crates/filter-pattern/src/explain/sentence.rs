//! From the structure of a pattern to a sentence: who or what the events are
//! (from the event's name), and what else is asked of them. The words for single
//! fields are `phrase`'s.

use crate::ast::{
    Ast, Condition, Expression, Field, FieldCondition, Selector, TermRole, Terms, Test,
};
use crate::pattern::FilterPattern;

use super::phrase::{self, Modifier, listed};

/// The sentence, and the kinds of events when there are several.
pub(super) fn sentence(pattern: &FilterPattern) -> (String, Vec<String>) {
    if let Ast::Json(Expression::Or(parts)) = pattern.ast() {
        let groups = grouped(parts);
        if groups.len() > 1 {
            let summary = format!("Matches {} kinds of events:", groups.len());
            let phrases = groups
                .iter()
                .map(|group| conjunction(std::slice::from_ref(group)));
            return (summary, phrases.collect());
        }
    }
    (format!("Matches {}.", phrase(pattern)), Vec::new())
}

/// The events of a pattern as a noun phrase.
pub(super) fn phrase(pattern: &FilterPattern) -> String {
    match pattern.ast() {
        Ast::Empty => "every log event".to_owned(),
        Ast::Json(expression) => noun_phrase(expression),
        Ast::Terms(terms) => term_phrase(terms),
        Ast::Regex(regex) => format!(
            "log events with a part that fits the regular expression `{}`",
            regex.as_str()
        ),
        Ast::SpaceDelimited(list) => field_phrase(&list.fields),
    }
}

fn noun_phrase(expression: &Expression) -> String {
    match expression {
        Expression::And(parts) => {
            let clauses: Vec<Clause<'_>> = parts.iter().map(clause).collect();
            conjunction(&clauses)
        }
        Expression::Condition(_) => conjunction(&[clause(expression)]),
        Expression::Or(parts) => {
            let groups = grouped(parts);
            // What follows a list would read as a part of its last entry.
            if groups.iter().any(has_list) {
                return conjunction(&[Clause::Either(groups)]);
            }
            let phrases: Vec<String> = groups
                .iter()
                .map(|group| conjunction(std::slice::from_ref(group)))
                .collect();
            listed(&phrases, "or")
        }
    }
}

/// One thing that is asked: tests of one field any of which suffices, or
/// anything else.
#[derive(Clone, Debug)]
enum Clause<'a> {
    OneField(&'a Selector, Vec<&'a Test>),
    Both(Vec<&'a Expression>),
    Either(Vec<Clause<'a>>),
}

fn clause(expression: &Expression) -> Clause<'_> {
    match expression {
        Expression::Condition(condition) => {
            Clause::OneField(&condition.selector, vec![&condition.test])
        }
        Expression::And(parts) => Clause::Both(parts.iter().collect()),
        Expression::Or(parts) => {
            let mut groups = grouped(parts);
            if groups.len() == 1 {
                groups.remove(0)
            } else {
                Clause::Either(groups)
            }
        }
    }
}

/// Alternatives with those of one field together.
fn grouped(parts: &[Expression]) -> Vec<Clause<'_>> {
    let mut groups: Vec<Clause<'_>> = Vec::new();
    for part in parts {
        if let Expression::Condition(Condition { selector, test, .. }) = part {
            let same = groups.iter_mut().find_map(|group| match group {
                Clause::OneField(other, tests) if *other == selector => Some(tests),
                _ => None,
            });
            match same {
                Some(tests) => tests.push(test),
                None => groups.push(Clause::OneField(selector, vec![test])),
            }
        } else {
            groups.push(clause(part));
        }
    }
    groups
}

/// Whether the words of a clause list alternatives.
fn has_list(clause: &Clause<'_>) -> bool {
    match clause {
        Clause::OneField(..) => false,
        Clause::Both(parts) => parts
            .iter()
            .map(|part| self::clause(part))
            .any(|it| has_list(&it)),
        Clause::Either(_) => true,
    }
}

/// Events of which all clauses hold.
fn conjunction(clauses: &[Clause<'_>]) -> String {
    labelled_conjunction(clauses, "")
}

/// Events of which all clauses hold; the alternatives among them are listed at the end,
/// where nothing can follow that would read as a part of the last one.
fn labelled_conjunction(clauses: &[Clause<'_>], label: &str) -> String {
    let flat = flattened(clauses);
    let has_error = flat.iter().any(|clause| {
        matches!(clause, Clause::OneField(selector, _) if selector.field_name() == "errorCode")
    });
    let mut subject: Option<String> = None;
    let mut modifiers: Vec<Modifier> = Vec::new();
    let mut taken: Vec<&Selector> = Vec::new();
    let mut lists: Vec<&[Clause<'_>]> = Vec::new();
    for one in &flat {
        let (selector, tests) = match one {
            Clause::OneField(selector, tests) => (*selector, tests),
            Clause::Either(groups) => {
                lists.push(groups);
                continue;
            }
            Clause::Both(_) => continue,
        };
        let name = selector.field_name();
        if name == "eventName"
            && subject.is_none()
            && let Some(calls) = phrase::calls(tests)
        {
            subject = Some(calls);
        } else if excluded(one).is_none() {
            modifiers.push(phrase::any_of(&name, tests));
        } else if !taken.contains(&selector) {
            taken.push(selector);
            modifiers.push(phrase::none_of(&name, &all_excluded(&flat, selector)));
        }
    }
    if !lists.is_empty() {
        modifiers.push(Modifier::clause(alternatives(&lists, label)));
    }
    let subject = subject.unwrap_or_else(|| if has_error { "calls" } else { "events" }.to_owned());
    phrase::joined(&subject, &modifiers)
}

/// The clauses with the parts of those that ask for several things.
fn flattened<'a>(clauses: &[Clause<'a>]) -> Vec<Clause<'a>> {
    let mut flat = Vec::new();
    for one in clauses {
        match one {
            Clause::Both(parts) => flat.extend(parts.iter().map(|part| clause(part))),
            other => flat.push(other.clone()),
        }
    }
    flat
}

/// The test of a clause that excludes one value of a field.
fn excluded<'a>(clause: &Clause<'a>) -> Option<&'a Test> {
    match clause {
        Clause::OneField(_, tests) => match tests.as_slice() {
            [test @ Test::NotEquals(_)] => Some(test),
            _ => None,
        },
        Clause::Both(_) | Clause::Either(_) => None,
    }
}

/// The tests of all clauses that exclude one value of this field each.
fn all_excluded<'a>(clauses: &[Clause<'a>], selector: &Selector) -> Vec<&'a Test> {
    clauses
        .iter()
        .filter(|clause| matches!(clause, Clause::OneField(of, _) if *of == selector))
        .filter_map(excluded)
        .collect()
}

/// Lists of alternatives, of each of which one holds. The entries of all lists have
/// labels of their own, those of a list within an entry begin with the entry's.
fn alternatives(lists: &[&[Clause<'_>]], label: &str) -> String {
    let mut entries: Vec<String> = Vec::new();
    let mut labels_of_lists: Vec<String> = Vec::new();
    for groups in lists {
        let mut labels = Vec::new();
        for group in *groups {
            let label = label_below(label, entries.len() + 1);
            let events = labelled_conjunction(std::slice::from_ref(group), &label);
            entries.push(format!("({label}) {events}"));
            labels.push(format!("({label})"));
        }
        labels_of_lists.push(format!("one of {}", labels.join(", ")));
    }
    let which = match lists {
        [_] => "one of these".to_owned(),
        _ => labels_of_lists.join(" and also "),
    };
    format!("that are {which}: {}", entries.join("; "))
}

/// The label of an entry: `2`, below it `2.1`.
fn label_below(label: &str, number: usize) -> String {
    if label.is_empty() {
        number.to_string()
    } else {
        format!("{label}.{number}")
    }
}

fn term_phrase(terms: &Terms) -> String {
    let texts = |role: TermRole| -> Vec<String> {
        terms
            .terms
            .iter()
            .filter(|term| term.role == role)
            .map(|term| format!("`{}`", term.text))
            .collect()
    };
    let (required, excluded, optional) = (
        texts(TermRole::Required),
        texts(TermRole::Excluded),
        texts(TermRole::Optional),
    );
    let mut parts = Vec::new();
    if required.is_empty() && excluded.is_empty() {
        parts.push(format!("contains {}", listed(&optional, "or")));
    }
    if !required.is_empty() {
        parts.push(format!("contains {}", listed(&required, "and")));
    }
    if !excluded.is_empty() {
        parts.push(format!("does not contain {}", listed(&excluded, "or")));
    }
    format!("log events whose text {}", listed(&parts, "and"))
}

fn field_phrase(fields: &[Field]) -> String {
    let named = fields
        .iter()
        .filter(|field| **field != Field::Ellipsis)
        .count();
    if named == 0 {
        return "all log events".to_owned();
    }
    let conditions: Vec<(String, &FieldCondition)> = fields
        .iter()
        .enumerate()
        .filter_map(|(at, field)| match field {
            Field::Named {
                name,
                condition: Some(condition),
            } => Some((called(name, fields, at), condition)),
            _ => None,
        })
        .collect();
    let plural = if named == 1 { "field" } else { "fields" };
    let with = format!("log events of at least {named} {plural} separated by blanks");
    let said: Vec<String> = match conditions.as_slice() {
        [] => return with,
        [(name, condition)] => vec![field_condition(name, condition)],
        several => several
            .iter()
            .map(|(name, condition)| match condition {
                FieldCondition::Or(_) => format!("({})", field_condition(name, condition)),
                _ => field_condition(name, condition),
            })
            .collect(),
    };
    format!("{with} in which {}", listed(&said, "and"))
}

/// A field by its name, and by its place where not all fields have names.
fn called(name: &str, fields: &[Field], at: usize) -> String {
    let is_open = |field: &Field| *field == Field::Ellipsis;
    let (first, last) = (
        fields.iter().position(is_open),
        fields.iter().rposition(is_open),
    );
    if !fields
        .iter()
        .any(|field| is_open(field) || *field == Field::Unnamed)
    {
        format!("`{name}`")
    } else if first.is_none_or(|first| at < first) {
        format!("`{name}` (field {})", at + 1)
    } else if last.is_some_and(|last| at < last) {
        format!("`{name}` (a field in between)")
    } else {
        match fields.len() - at {
            1 => format!("`{name}` (the last field)"),
            from_end => format!("`{name}` (field {from_end} from the end)"),
        }
    }
}

/// `name` is what the field is called.
fn field_condition(name: &str, condition: &FieldCondition) -> String {
    let (parts, word) = match condition {
        FieldCondition::Test(test) => {
            // A named field is always there.
            return format!("{name} {}", phrase::says(test).replace("is there and ", ""));
        }
        FieldCondition::And(parts) => (parts, "and"),
        FieldCondition::Or(parts) => (parts, "or"),
    };
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            FieldCondition::Test(_) => field_condition(name, part),
            _ => format!("({})", field_condition(name, part)),
        })
        .collect();
    listed(&parts, word)
}
