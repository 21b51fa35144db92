//! Two independent ways to the same answer: the evaluator against a naive
//! reference, and coverage against a search over generated events.

use crate::generated::{self, Random};
use filter_pattern::ast::{Ast, Comparison, Expression, Operand, Segment, Test};
use filter_pattern::{
    Covers, Event, EventValue, FilterPattern, OpenQuestion, Reading, Schema, Why, covers,
};

/// The naive reference: expands a selector into all its values first, matches
/// wildcards character by character and compares numbers as scaled integers.
mod reference {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use regex_automata::dfa::regex::Regex;

    use super::*;

    pub(super) fn matches(expression: &Expression, event: &Event) -> bool {
        match expression {
            Expression::And(parts) => !parts.iter().any(|part| !matches(part, event)),
            Expression::Or(parts) => parts.iter().any(|part| matches(part, event)),
            Expression::Condition(condition) => {
                let mut values = vec![Some(event.root().clone())];
                for segment in condition.selector.segments() {
                    values = values
                        .into_iter()
                        .flat_map(|value| step(value, segment))
                        .collect();
                }
                values
                    .iter()
                    .any(|value| holds(&condition.test, value.as_ref()))
            }
        }
    }

    fn step(value: Option<EventValue>, segment: &Segment) -> Vec<Option<EventValue>> {
        match (segment, value) {
            (Segment::AnyKey, Some(EventValue::Object(members))) => {
                members.into_iter().map(|(_, value)| Some(value)).collect()
            }
            (Segment::AnyIndex, Some(EventValue::Array(elements))) => {
                elements.into_iter().map(Some).collect()
            }
            (Segment::AnyKey | Segment::AnyIndex, _) => vec![],
            (Segment::Key(key), Some(EventValue::Object(members))) => {
                vec![
                    members
                        .into_iter()
                        .filter(|(name, _)| name == key)
                        .map(|(_, value)| value)
                        .next_back(),
                ]
            }
            (Segment::Index(index), Some(EventValue::Array(elements))) => {
                vec![elements.into_iter().nth(*index as usize)]
            }
            _ => vec![None],
        }
    }

    fn holds(test: &Test, value: Option<&EventValue>) -> bool {
        let text = match value {
            Some(EventValue::String(text) | EventValue::Number(text)) => Some(&**text),
            _ => None,
        };
        let is_number = matches!(value, Some(EventValue::Number(_)));
        match test {
            Test::NotExists => value.is_none(),
            Test::IsNull => value == Some(&EventValue::Null),
            Test::IsTrue => value == Some(&EventValue::Bool(true)),
            Test::IsFalse => value == Some(&EventValue::Bool(false)),
            Test::Equals(operand) => text.is_some_and(|text| equal(operand, text, is_number)),
            Test::NotEquals(operand) => text.is_some_and(|text| !equal(operand, text, is_number)),
            Test::Compare(comparison, literal) => {
                let (Some(text), true) = (text, is_number) else {
                    return false;
                };
                let (left, right) = (scaled(text), scaled(literal.as_str()));
                match comparison {
                    Comparison::Less => left < right,
                    Comparison::LessOrEqual => left <= right,
                    Comparison::Greater => left > right,
                    Comparison::GreaterOrEqual => left >= right,
                }
            }
        }
    }

    fn equal(operand: &Operand, text: &str, is_number: bool) -> bool {
        match operand {
            Operand::Number(literal) if is_number => scaled(literal.as_str()) == scaled(text),
            Operand::Number(literal) => literal.as_str() == text,
            Operand::Text(pattern) => {
                let pieces: Vec<Vec<char>> = pattern
                    .as_str()
                    .split('*')
                    .map(|piece| piece.chars().collect())
                    .collect();
                wildcard(&pieces, &text.chars().collect::<Vec<_>>())
            }
            Operand::Regex(regex) => search(regex.as_str(), text),
        }
    }

    fn search(pattern: &str, text: &str) -> bool {
        thread_local! {
            static BUILT: RefCell<HashMap<String, Regex>> = RefCell::default();
        }
        BUILT.with_borrow_mut(|built| {
            let regex = built.entry(pattern.to_owned()).or_insert_with(|| {
                let syntax = regex_automata::util::syntax::Config::new().unicode(true);
                Regex::builder()
                    .syntax(syntax)
                    .build(pattern)
                    .expect("a regex")
            });
            regex.is_match(text)
        })
    }

    fn wildcard(pieces: &[Vec<char>], text: &[char]) -> bool {
        if pieces.len() == 1 {
            return pieces[0] == text;
        }
        if !text.starts_with(&pieces[0]) {
            return false;
        }
        let mut at = pieces[0].len();
        for (number, piece) in pieces.iter().enumerate().skip(1) {
            if number + 1 == pieces.len() && piece.is_empty() {
                return true;
            }
            let Some(found) = (at..=text.len()).find(|start| text[*start..].starts_with(piece))
            else {
                return false;
            };
            at = found + piece.len();
        }
        at == text.len()
    }

    /// The number times 10^6; the generated ones have no smaller parts.
    fn scaled(text: &str) -> i128 {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let negative = mantissa.starts_with('-');
        let (whole, fraction) = mantissa
            .trim_start_matches('-')
            .split_once('.')
            .unwrap_or((mantissa.trim_start_matches('-'), ""));
        let digits: i128 = format!("{whole}{fraction}").parse().expect("digits");
        let power = 6 + exponent.parse::<i32>().expect("an exponent")
            - i32::try_from(fraction.len()).expect("short");
        let value = digits * 10_i128.pow(u32::try_from(power).expect("a small scale"));
        if negative { -value } else { value }
    }
}

fn json(pattern: &FilterPattern) -> &Expression {
    match pattern.ast() {
        Ast::Json(expression) => expression,
        other => panic!("a JSON pattern, not {other:?}"),
    }
}

#[test]
fn the_evaluator_agrees_with_the_reference() {
    let mut random = Random::new(1);
    let leaves = generated::leaves();
    let mut matched = 0;
    for _ in 0..2_000 {
        let pattern = generated::pattern(&mut random, 2, true);
        for _ in 0..20 {
            let event = generated::event(&mut random, &leaves);
            let expected = reference::matches(json(&pattern), &event);
            assert_eq!(
                pattern.matches(&event),
                expected,
                "{pattern} on {}",
                event.to_json()
            );
            matched += usize::from(expected);
        }
    }
    assert!(matched > 4_000, "both answers are generated");
}

#[test]
fn reading_what_was_printed_gives_the_same_pattern() {
    let mut random = Random::new(2);
    for _ in 0..5_000 {
        let pattern = generated::pattern(&mut random, 3, false);
        let printed = pattern.to_string();
        match FilterPattern::parse(&printed) {
            Ok(again) => assert_eq!(again, pattern, "{printed}"),
            Err(error) => assert!(
                error.message().contains("regular expressions"),
                "{printed}: {error}"
            ),
        }
    }
}

#[test]
fn coverage_agrees_with_a_search_over_events() {
    let mut random = Random::new(3);
    let leaves = generated::leaves();
    let schema = Schema::any();
    let mut answers = [0; 4];
    for round in 0..1_500 {
        let wildcards = round % 3 == 0;
        let required = generated::pattern(&mut random, 2, wildcards);
        let filters: Vec<FilterPattern> = (0..=random.below(3))
            .map(|_| generated::pattern(&mut random, 2, wildcards))
            .collect();
        let filters: Vec<&FilterPattern> = filters.iter().collect();
        let escapes = |event: &Event, reading: Reading| {
            required.matches_under(event, reading)
                && !filters
                    .iter()
                    .any(|filter| filter.matches_under(event, reading))
        };
        let shown = || {
            let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
            format!("{required} by {filters:?}")
        };
        match covers(&required, &filters, &schema) {
            Covers::Yes(_) => {
                answers[0] += 1;
                for _ in 0..300 {
                    let event = generated::event(&mut random, &leaves);
                    for question in [None].into_iter().chain(OpenQuestion::ALL.map(Some)) {
                        let reading =
                            question.map_or(Reading::default(), |it| Reading::default().with(it));
                        assert!(
                            !escapes(&event, reading),
                            "{} on {}",
                            shown(),
                            event.to_json()
                        );
                    }
                }
            }
            Covers::No(witness) => {
                answers[1] += 1;
                let event = Event::parse(&witness.to_json()).expect("an event");
                assert!(
                    escapes(&event, Reading::default()),
                    "{} on {}",
                    shown(),
                    event.to_json()
                );
            }
            Covers::Unknown(Why::Undocumented { questions, witness }) => {
                answers[2] += 1;
                let reading = questions
                    .into_iter()
                    .fold(Reading::default(), Reading::with);
                assert!(
                    escapes(witness.as_event(), reading),
                    "{} on {}",
                    shown(),
                    witness.to_json()
                );
                // Under the plain reading nothing escapes.
                for _ in 0..100 {
                    let event = generated::event(&mut random, &leaves);
                    assert!(
                        !escapes(&event, Reading::default()),
                        "{} on {}",
                        shown(),
                        event.to_json()
                    );
                }
            }
            Covers::Unknown(why) => {
                answers[3] += 1;
                eprintln!("{}: {why}", shown());
            }
        }
    }
    eprintln!(
        "yes {}, no {}, undocumented {}, undecided {}",
        answers[0], answers[1], answers[2], answers[3]
    );
    assert!(
        answers[0] > 100 && answers[1] > 100,
        "both answers are generated: {answers:?}"
    );
    assert!(answers[3] < 30, "few questions stay undecided: {answers:?}");
}

#[test]
fn coverage_of_records_agrees_with_a_search_over_records() {
    let mut random = Random::new(4);
    let plain = Schema::cloudtrail();
    let known = Schema::cloudtrail().with_fact("recipientAccountId", "111122223333");
    let events: Vec<Event> = (0..2_000)
        .map(|_| generated::trail_event(&mut random))
        .filter(|event| plain.admits(event))
        .collect();
    assert!(
        events.len() > 300,
        "many of the events are records: {}",
        events.len()
    );
    let mut answers = [0; 4];
    let mut assumed = 0;
    for round in 0..600 {
        let schema = if round % 4 == 0 { &known } else { &plain };
        let required = generated::trail_pattern(&mut random);
        let filters: Vec<FilterPattern> = (0..=random.below(4))
            .map(|_| generated::trail_pattern(&mut random))
            .collect();
        let filters: Vec<&FilterPattern> = filters.iter().collect();
        let escapes = |event: &Event, reading: Reading| {
            required.matches_under(event, reading)
                && !filters
                    .iter()
                    .any(|filter| filter.matches_under(event, reading))
        };
        let shown = || {
            let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
            format!("{required} by {filters:?}")
        };
        match covers(&required, &filters, schema) {
            Covers::Yes(proof) => {
                answers[0] += 1;
                assumed += usize::from(!proof.assumptions().is_empty());
                for event in events.iter().filter(|event| schema.admits(event)) {
                    for question in [None].into_iter().chain(OpenQuestion::ALL.map(Some)) {
                        let reading =
                            question.map_or(Reading::default(), |it| Reading::default().with(it));
                        assert!(
                            !escapes(event, reading),
                            "{} on {}",
                            shown(),
                            event.to_json()
                        );
                    }
                }
            }
            Covers::No(witness) => {
                answers[1] += 1;
                let event = Event::parse(&witness.to_json()).expect("an event");
                assert!(
                    escapes(&event, Reading::default()),
                    "{} on {}",
                    shown(),
                    event.to_json()
                );
                assert!(schema.admits(&event), "{}", event.to_json());
            }
            Covers::Unknown(Why::Undocumented { questions, witness }) => {
                answers[2] += 1;
                let reading = questions
                    .into_iter()
                    .fold(Reading::default(), Reading::with);
                assert!(
                    escapes(witness.as_event(), reading),
                    "{} on {}",
                    shown(),
                    witness.to_json()
                );
            }
            Covers::Unknown(why) => {
                answers[3] += 1;
                eprintln!("{}: {why}", shown());
            }
        }
    }
    eprintln!("{answers:?}, {assumed} rest on the schema");
    assert!(
        answers[0] > 50 && answers[1] > 50 && assumed > 20,
        "{answers:?}, {assumed}"
    );
    assert_eq!(answers[3], 0, "every question is decided");
}
