//! Why a pattern matches a message or not: the clauses that decided, and the
//! values they looked at. Whether it matches is `evaluate`'s to say; this file
//! only asks it about parts of the pattern.

use std::collections::BTreeMap;

use crate::ast::{
    Ast, Condition, Expression, Field, FieldList, Segment, Selector, Span, Term, TermRole, Terms,
};
use crate::evaluate::MatchedFields;
use crate::event::{Event, EventValue, counting_members};
use crate::pattern::FilterPattern;

/// Why a pattern matches a message or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Whether it matches.
    pub matches: bool,
    /// The clauses that decided: of a match those that hold, else those that do not.
    pub clauses: Vec<Clause>,
    /// What TestMetricFilter would extract; empty when the pattern does not match.
    pub extracted: MatchedFields,
}

/// A clause of a pattern and what it met.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// The clause in canonical form, or what a message was expected to be.
    pub text: String,
    /// The property or field that it asks for, as the pattern writes it; `None`
    /// when it asks for the whole message.
    pub field: Option<String>,
    /// The values found there, as JSON; empty when there are none.
    pub found: Vec<String>,
    /// Where the clause stands in the pattern's text, when it was parsed from one.
    pub span: Option<Span>,
}

/// Values that are shown of a selector with a wildcard.
const MOST_VALUES: usize = 5;

/// Why a pattern matches a message or not.
///
/// ```
/// use filter_pattern::{FilterPattern, trace::trace};
///
/// let pattern: FilterPattern = "{ $.eventName = Put* && $.awsRegion = eu-west-1 }".parse()?;
/// let why = trace(&pattern, r#"{"eventName": "PutObject", "awsRegion": "us-east-1"}"#);
/// assert!(!why.matches);
/// assert_eq!(why.clauses[0].text, r#"$.awsRegion = "eu-west-1""#);
/// assert_eq!(why.clauses[0].found, [r#""us-east-1""#]);
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn trace(pattern: &FilterPattern, message: &str) -> Trace {
    let extracted = pattern.test(message);
    let matches = extracted.is_some();
    let clauses = match pattern.ast() {
        Ast::Empty => Vec::new(),
        Ast::Json(expression) => json_clauses(expression, message, matches),
        Ast::Terms(terms) => term_clauses(terms, message, matches),
        Ast::Regex(regex) => vec![whole(format!("%{}%", regex.as_str()))],
        Ast::SpaceDelimited(list) => field_clauses(list, message, matches),
    };
    Trace {
        matches,
        clauses,
        extracted: extracted.unwrap_or_default(),
    }
}

fn whole(text: impl Into<String>) -> Clause {
    Clause {
        text: text.into(),
        field: None,
        found: Vec::new(),
        span: None,
    }
}

fn json_clauses(expression: &Expression, message: &str, matches: bool) -> Vec<Clause> {
    let Ok(event) = Event::parse(message) else {
        return vec![whole("a JSON object")];
    };
    deciding(expression, &event, matches)
        .into_iter()
        .map(|condition| Clause {
            text: condition.to_string(),
            field: Some(condition.selector.to_string()),
            found: values(&event, &condition.selector),
            span: Some(condition.span),
        })
        .collect()
}

/// The conditions that make an expression hold, or not hold.
pub(crate) fn deciding<'a>(
    expression: &'a Expression,
    event: &Event,
    holds: bool,
) -> Vec<&'a Condition> {
    let (parts, all) = match expression {
        Expression::Condition(condition) => return vec![condition],
        Expression::And(parts) => (parts, holds),
        Expression::Or(parts) => (parts, !holds),
    };
    if all {
        return parts
            .iter()
            .flat_map(|part| deciding(part, event, holds))
            .collect();
    }
    // One part decides; the one that takes fewest conditions says it best.
    parts
        .iter()
        .filter(|part| part_holds(part, event) == holds)
        .map(|part| deciding(part, event, holds))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

fn part_holds(part: &Expression, event: &Event) -> bool {
    FilterPattern::from_ast(Ast::Json(part.clone())).matches(event)
}

/// The values at a selector, as JSON.
fn values(event: &Event, selector: &Selector) -> Vec<String> {
    let mut found = Vec::new();
    collect(event.root(), selector.segments(), &mut found);
    found
}

fn collect(value: &EventValue, segments: &[Segment], found: &mut Vec<String>) {
    if found.len() >= MOST_VALUES {
        return;
    }
    let Some((segment, rest)) = segments.split_first() else {
        found.push(value.to_json());
        return;
    };
    match (segment, value) {
        (Segment::AnyIndex, EventValue::Array(elements)) => {
            for element in elements {
                collect(element, rest, found);
            }
        }
        (Segment::AnyKey, EventValue::Object(members)) => {
            for member in counting_members(members, false) {
                collect(member, rest, found);
            }
        }
        _ => {
            if let Some(inner) = value.step(segment) {
                collect(inner, rest, found);
            }
        }
    }
}

fn term_clauses(terms: &Terms, message: &str, matches: bool) -> Vec<Clause> {
    let contains = |term: &Term| {
        let alone = Terms {
            terms: vec![Term {
                role: TermRole::Required,
                text: term.text.clone(),
            }],
        };
        FilterPattern::from_ast(Ast::Terms(alone))
            .test(message)
            .is_some()
    };
    let only_optional = terms
        .terms
        .iter()
        .all(|term| term.role == TermRole::Optional);
    terms
        .terms
        .iter()
        .filter(|term| match term.role {
            TermRole::Required => contains(term) == matches,
            TermRole::Excluded => contains(term) != matches,
            TermRole::Optional => only_optional && contains(term) == matches,
        })
        .map(|term| whole(term.to_string()))
        .collect()
}

fn field_clauses(list: &FieldList, message: &str, matches: bool) -> Vec<Clause> {
    let pattern_of = |keep: Option<usize>| {
        let fields = list
            .fields
            .iter()
            .enumerate()
            .map(|(position, field)| match field {
                Field::Named { name, condition } if keep == Some(position) => Field::Named {
                    name: name.clone(),
                    condition: condition.clone(),
                },
                Field::Named { name, .. } => Field::Named {
                    name: name.clone(),
                    condition: None,
                },
                other => other.clone(),
            });
        FilterPattern::from_ast(Ast::SpaceDelimited(FieldList {
            fields: fields.collect(),
        }))
    };
    let Some(fields) = pattern_of(None).test(message) else {
        let named = list
            .fields
            .iter()
            .filter(|field| **field != Field::Ellipsis)
            .count();
        return vec![whole(format!("at least {named} fields"))];
    };
    let found_in = |name: &str, fields: &BTreeMap<String, String>| {
        fields
            .get(&format!("${name}"))
            .map(|text| EventValue::String(text.as_str().into()).to_json())
            .into_iter()
            .collect()
    };
    let mut clauses = Vec::new();
    for (position, field) in list.fields.iter().enumerate() {
        let Field::Named {
            name,
            condition: Some(_),
        } = field
        else {
            continue;
        };
        if pattern_of(Some(position)).test(message).is_some() == matches {
            let alone = FieldList {
                fields: vec![field.clone()],
            };
            clauses.push(Clause {
                text: alone.to_string(),
                field: Some(name.to_string()),
                found: found_in(name, &fields),
                span: None,
            });
        }
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clauses_that_decided_are_named_with_what_they_met() {
        type Clauses<'a> = &'a [(&'a str, &'a [&'a str])];
        #[rustfmt::skip]
        let table: [(&str, &str, bool, Clauses<'_>); 16] = [
            ("{ $.a = 1 && $.b = 2 }",              r#"{"a":1,"b":2}"#,       true,  &[("$.a = 1", &["1"]), ("$.b = 2", &["2"])]),
            ("{ $.a = 1 && $.b = 2 }",              r#"{"a":1,"b":3}"#,       false, &[("$.b = 2", &["3"])]),
            ("{ $.a = 1 && $.b = 2 }",              r#"{"a":1}"#,             false, &[("$.b = 2", &[])]),
            ("{ $.a = 1 || $.b = 2 }",              r#"{"a":0,"b":2}"#,       true,  &[("$.b = 2", &["2"])]),
            ("{ $.a = 1 || $.a = 2 }",              r#"{"a":0}"#,             false, &[("$.a = 1", &["0"]), ("$.a = 2", &["0"])]),
            ("{ ($.a = 1 || $.a = 2) && $.b = x }", r#"{"a":0,"b":"y"}"#,     false, &[("$.b = \"x\"", &["\"y\""])]),
            ("{ $.a[*] = 3 }",                      r#"{"a":[1,{"c":2}]}"#,   false, &[("$.a[*] = 3", &["1", r#"{"c":2}"#])]),
            ("{ $.* = 3 }",                         r#"{"a":1,"b":[2]}"#,     false, &[("$.* = 3", &["1", "[2]"])]),
            ("{ $.a.* = 3 }",                       r#"{"a":{"b":3,"b":4}}"#, false, &[("$.a.* = 3", &["4"])]),
            ("{ $.a = 1 }",                         "no json",                false, &[("a JSON object", &[])]),
            ("ERROR -benign",                       "an ERROR",               true,  &[("ERROR", &[]), ("-benign", &[])]),
            ("ERROR -benign",                       "a benign ERROR",         false, &[("-benign", &[])]),
            ("?a ?b",                               "b",                      true,  &[("?b", &[])]),
            ("[x, y = 4*]",                         "1 404",                  true,  &[("[y = \"4*\"]", &["\"404\""])]),
            ("[x, y = 4*]",                         "1 200",                  false, &[("[y = \"4*\"]", &["\"200\""])]),
            ("[x, y = 4*]",                         "1",                      false, &[("at least 2 fields", &[])]),
        ];
        for (pattern, message, matches, expected) in table {
            let found = trace(&pattern.parse().unwrap(), message);
            assert_eq!(found.matches, matches, "{pattern} on {message}");
            let clauses: Vec<(&str, Vec<&str>)> = found
                .clauses
                .iter()
                .map(|clause| {
                    let values = clause.found.iter().map(String::as_str).collect();
                    (clause.text.as_str(), values)
                })
                .collect();
            let expected: Vec<(&str, Vec<&str>)> = expected
                .iter()
                .map(|(text, values)| (*text, values.to_vec()))
                .collect();
            assert_eq!(clauses, expected, "{pattern} on {message}");
        }
    }

    #[test]
    fn an_event_that_is_no_object_matches_no_json_pattern() {
        let found = trace(&"{ $.a NOT EXISTS }".parse().unwrap(), "[1]");
        assert!(!found.matches);
        assert_eq!(found.clauses[0].text, "a JSON object");
    }
}
