//! States against a plain model: which values of a sample are left.

use super::*;
use crate::ast::Operand;
use crate::cover::classes::Class;
use crate::cover::problem::{Patterns, Problem};
use crate::decimal::Decimal;
use crate::event::EventValue;
use crate::pattern::FilterPattern;
use crate::schema::Schema;

/// Patterns with so many texts and wildcards about one field that classes and
/// languages each take several words.
fn patterns() -> Vec<FilterPattern> {
    let many = |from: usize, one: &dyn Fn(usize) -> String| {
        let parts: Vec<String> = (from..from + 35).map(one).collect();
        format!("{{ {} }}", parts.join(" || "))
    };
    let texts = [
        "{ $.a = x* && $.a != *y && $.a != %z[0-9]% && ($.a = 5 || $.a > 3.5) }".to_owned(),
        "{ $.a = \"5\" || $.a != 7* || $.a IS TRUE || $.a NOT EXISTS || $.a IS NULL }".to_owned(),
        many(0, &|number| format!("$.a = n{number}")),
        many(35, &|number| format!("$.a = n{number}")),
        many(0, &|number| format!("$.a = *w{number}w*")),
        many(35, &|number| format!("$.a != *w{number}w*")),
        many(70, &|number| format!("$.a = *w{number}w*")),
        many(105, &|number| format!("$.a != *w{number}w*")),
    ];
    texts
        .iter()
        .map(|text| FilterPattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
        .collect()
}

/// A sample of values; `None` is being absent.
fn sample() -> Vec<Option<EventValue>> {
    #[rustfmt::skip]
    let texts = [
        "x", "xy", "xz1", "y", "z1", "7", "75", "5", "true", "", "other", "n0", "n34", "n69", "w0w", "w1w w34w",
        "xw36w", "w69w", "w0ww69w", "w70w", "w139w", "w69ww139w",
    ];
    let numbers = ["5", "5.0", "7", "75", "3", "3.5", "3.50", "4", "6e0", "-1"];
    let plain = [
        EventValue::Null,
        EventValue::Bool(true),
        EventValue::Bool(false),
        EventValue::Object(Vec::new()),
        EventValue::Array(Vec::new()),
    ];
    let texts = texts.map(|text| EventValue::String(text.into()));
    let numbers = numbers.map(|text| EventValue::Number(text.into()));
    let values = plain.into_iter().chain(texts).chain(numbers);
    values.map(Some).chain([None]).collect()
}

fn class_of(field: &Field<'_>, value: Option<&EventValue>) -> usize {
    let classes = &field.classes;
    let Some(value) = value else {
        return classes.missing();
    };
    let EventValue::Number(text) = value else {
        return classes.of_value(value).expect("no number");
    };
    let number = Decimal::parse(text).expect("a number");
    let named =
        |class: &Class<'_>| matches!(class, Class::NumberText(named, _) if *named == &**text);
    let within = |class: &Class<'_>| match class {
        Class::NumberAt(at) => *at == number,
        Class::NumberBetween(low, high) => {
            low.as_ref().is_none_or(|low| number > *low)
                && high.as_ref().is_none_or(|high| number < *high)
        }
        _ => false,
    };
    let list = &classes.list;
    let named = list.iter().position(named);
    named
        .or_else(|| list.iter().position(within))
        .expect("every number has a class")
}

fn is_met(operand: &Operand, value: Option<&EventValue>) -> bool {
    let text = value.and_then(EventValue::as_text).unwrap_or_default();
    match operand {
        Operand::Text(pattern) => pattern.matches(text),
        Operand::Regex(regex) => regex.is_match(text),
        Operand::Number(_) => false,
    }
}

/// Whether a literal holds for a value.
fn holds(field: &Field<'_>, literal: &Literal, value: Option<&EventValue>) -> bool {
    let class = class_of(field, value);
    match literal.language {
        Some((language, outside)) if field.classes.list[class].is_cell() => {
            is_met(field.classes.operands()[language], value) != outside
        }
        _ => literal.classes[class / 64] >> (class % 64) & 1 == 1,
    }
}

/// Whether a value is left.
fn is_left(state: &State, field: &Field<'_>, value: Option<&EventValue>) -> bool {
    let class = class_of(field, value);
    let (inside, outside) = state.languages(field);
    let agrees = |words: &[u64], wanted: bool| {
        let operands = field.classes.operands().iter().enumerate();
        operands
            .filter(|(place, _)| words[place / 64] >> (place % 64) & 1 == 1)
            .all(|(_, operand)| is_met(operand, value) == wanted)
    };
    state.has_class(field, class)
        && (!field.classes.list[class].is_cell() || agrees(inside, true) && agrees(outside, false))
}

fn with_field(check: impl Fn(&Problem<'_>, &Field<'_>)) {
    let patterns = patterns();
    let filters: Vec<&FilterPattern> = patterns.iter().collect();
    let schema = Schema::any();
    let asked = Patterns {
        required: &filters[..1],
        filters: &filters[1..],
        except: &[],
    };
    let problem = Problem::new(&asked, &schema);
    let field = problem.find_field(&"$.a".parse().expect("a selector"));
    let field = &problem.fields[field.expect("the field that patterns are about")];
    assert!(field.class_words() > 1 && field.language_words() > 2);
    check(&problem, field);
}

#[test]
fn narrowing_leaves_the_values_for_which_all_literals_hold() {
    with_field(|problem, field| {
        let literals: Vec<&Literal> = problem
            .formula
            .literals
            .iter()
            .filter(|literal| problem.fields[literal.field].offset == field.offset)
            .collect();
        assert!(literals.len() > 140, "{} literals", literals.len());
        let sample = sample();
        let mut seed = 1_usize;
        let mut next = |bound: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % bound
        };
        for _ in 0..400 {
            let mut state = problem.unrestricted.clone();
            for _ in 0..8 {
                let (literal, polarity) = (literals[next(literals.len())], next(3) == 0);
                let before: Vec<bool> = sample
                    .iter()
                    .map(|value| is_left(&state, field, value.as_ref()))
                    .collect();
                let kept = |(value, before): (&Option<EventValue>, &bool)| {
                    *before && holds(field, literal, value.as_ref()) == polarity
                };
                let expected: Vec<bool> = sample.iter().zip(&before).map(kept).collect();
                let status = state.status(field, literal).under(polarity);
                let result = state.narrow(field, literal, polarity);
                match (status, &result) {
                    (Status::Fails, Err(Conflict)) => {
                        assert!(!expected.contains(&true), "{literal:?} may hold");
                        break;
                    }
                    (Status::Holds, Ok(narrowed)) => {
                        assert!(!narrowed.changed, "{literal:?} held already");
                        assert_eq!(expected, before, "{literal:?} holds");
                    }
                    (Status::Open, Ok(narrowed)) => assert!(narrowed.changed, "{literal:?}"),
                    _ => panic!("{literal:?} is {status:?} and {:?}", result.is_ok()),
                }
                let after: Vec<bool> = sample
                    .iter()
                    .map(|value| is_left(&state, field, value.as_ref()))
                    .collect();
                assert_eq!(after, expected, "after {literal:?}, {polarity}");
                let now = state.status(field, literal).under(polarity);
                assert_eq!(now, Status::Holds, "{literal:?} was made to hold");
                let cells = field.classes.list.iter().enumerate();
                let mut cells = cells.filter(|(_, class)| class.is_cell());
                let cells_left = cells.any(|(class, _)| state.has_class(field, class));
                assert_eq!(result.is_ok_and(|it| it.cells_left), cells_left);
            }
        }
    });
}

#[test]
fn classes_are_kept_and_removed_one_by_one() {
    with_field(|problem, field| {
        let count = field.classes.list.len();
        for class in [0, 1, 63, 64, 65, count - 1] {
            let mut state = problem.unrestricted.clone();
            state.remove(field, class);
            let left: Vec<usize> = (0..count)
                .filter(|it| state.has_class(field, *it))
                .collect();
            let others: Vec<usize> = (0..count).filter(|it| *it != class).collect();
            assert_eq!(left, others);
            assert!(!state.is_empty(field) && !state.has_only_cells(field));
            assert_eq!(state.first_class(field), Some(usize::from(class == 0)));

            let mut state = problem.unrestricted.clone();
            state.keep_only(field, class);
            let left: Vec<usize> = (0..count)
                .filter(|it| state.has_class(field, *it))
                .collect();
            assert_eq!(left, [class]);
            assert_eq!(state.first_class(field), Some(class));
            assert_eq!(
                state.has_only_cells(field),
                field.classes.list[class].is_cell()
            );
            let only = field.classes.mask(|it| *it == field.classes.list[class]);
            let rest = field.classes.mask(|it| *it != field.classes.list[class]);
            assert!(state.meets(field, &only) && !state.meets(field, &rest));
            state.restrict(field, &rest);
            assert!(state.is_empty(field));
            assert_eq!(state.first_class(field), None);
        }
    });
}
