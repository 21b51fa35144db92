//! Damage to what is answered, whatever the protocol.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::mem::discriminant;

use chrono::{DateTime, TimeZone as _, Utc};
use fastrand::Rng;

use super::{Damage, alarms, texts};
use crate::neutral::Value;

/// Length of a huge text in bytes.
const HUGE: usize = 1 << 20;
/// Items of a long list: AWS's limits are far below.
const MANY: usize = 10_000;

/// Damages `answer`; `false` when nothing in it can be damaged like that.
pub(super) fn damage(answer: &mut Value, kind: Damage, random: &mut Rng) -> bool {
    match kind {
        Damage::WrongType => {
            let other = some_value(random);
            change_one(
                answer,
                random,
                |_| true,
                |value| {
                    *value = match (&other, &*value) {
                        (Value::Text(_), Value::Text(_)) => Value::Integer(-1),
                        (drawn, there) if discriminant(drawn) == discriminant(there) => {
                            "text".into()
                        }
                        _ => other,
                    };
                },
            )
        }
        Damage::MissingMember => without_one(answer, random),
        Damage::HugeText => {
            let text = ["A", "é", "\u{1f980}", "( "][random.usize(..4)];
            let text = text.repeat(HUGE / text.len());
            change_one(answer, random, is_text, |value| *value = text.into())
        }
        Damage::HostileText => {
            let mut draws = random.fork();
            change_one(answer, random, is_text, |value| {
                let text = texts::hostile(value.as_text().unwrap_or_default(), &mut draws);
                *value = text.into();
            })
        }
        Damage::DeepText => {
            let text = texts::deep(random);
            change_one(answer, random, is_text, |value| *value = text.into())
        }
        Damage::ManyItems => {
            let mut draws = random.fork();
            change_one(answer, random, is_filled_list, |value| {
                multiply(value, &mut draws);
            })
        }
        Damage::DoubledItems => change_one(answer, random, is_filled_list, |value| {
            if let Value::List(items) = value {
                items.extend_from_within(..);
            }
        }),
        Damage::ExtremeNumber => {
            let mut draws = random.fork();
            change_one(answer, random, is_number, |value| {
                *value = extreme(value, &mut draws);
            })
        }
        Damage::TangledAlarms => alarms::tangle(answer, random),
        Damage::EndlessPages => endless(answer),
        _ => false,
    }
}

/// The answer with placeholders for the characters that XML can only refer to.
pub(super) fn prepare_for_xml(answer: &mut Value) {
    below(answer, &mut |value| {
        if let Value::Text(text) = value {
            *text = texts::with_placeholders(text);
        }
    });
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

fn is_filled_list(value: &Value) -> bool {
    matches!(value, Value::List(items) if !items.is_empty())
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Integer(_) | Value::Float(_) | Value::Time(_))
}

/// Changes one of the values below the root that fit; `false` when there is none.
fn change_one(
    root: &mut Value,
    random: &mut Rng,
    fits: impl Fn(&Value) -> bool,
    change: impl FnOnce(&mut Value),
) -> bool {
    let mut fitting = 0;
    below(root, &mut |value| fitting += usize::from(fits(value)));
    if fitting == 0 {
        return false;
    }
    let chosen = random.usize(..fitting);
    let mut seen = 0;
    let mut change = Some(change);
    below(root, &mut |value| {
        if fits(value) {
            if seen == chosen
                && let Some(change) = change.take()
            {
                change(value);
            }
            seen += 1;
        }
    });
    true
}

/// Every value below `root`, from the outside inwards.
fn below(root: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let mut each = |value: &mut Value| {
        visit(value);
        below(value, visit);
    };
    match root {
        Value::List(items) => items.iter_mut().for_each(each),
        Value::Structure(members) => members.iter_mut().for_each(|(_, value)| each(value)),
        Value::Map(entries) => entries.values_mut().for_each(&mut each),
        _ => {}
    }
}

/// Takes one member of a structure or one entry of a map away.
fn without_one(root: &mut Value, random: &mut Rng) -> bool {
    let holds = |value: &Value| match value {
        Value::Structure(members) => !members.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => false,
    };
    let mut draws = random.fork();
    let mut take = |value: &mut Value| match value {
        Value::Structure(members) => {
            members.remove(draws.usize(..members.len()));
        }
        Value::Map(entries) => {
            let key = entries.keys().nth(draws.usize(..entries.len())).cloned();
            entries.remove(&key.unwrap_or_default());
        }
        _ => {}
    };
    if holds(root) && random.u8(0..4) == 0 {
        take(root);
        return true;
    }
    change_one(root, random, holds, take)
}

/// A value of a type that is drawn.
fn some_value(random: &mut Rng) -> Value {
    match random.u8(0..8) {
        0 => Value::Boolean(random.bool()),
        1 => Value::Integer(random.i64(-5..5)),
        2 => Value::Float(0.5),
        3 => "text".into(),
        4 => Value::List(vec!["a".into(), Value::Integer(1)]),
        5 => Value::List(Vec::new()),
        6 => Value::Map(BTreeMap::from([("key".to_owned(), Value::Boolean(true))])),
        _ => Value::Time(DateTime::UNIX_EPOCH),
    }
}

/// One item of the list again and again, each with names of its own.
fn multiply(list: &mut Value, random: &mut Rng) {
    let Value::List(items) = list else { return };
    let model = items[random.usize(..items.len())].clone();
    for number in items.len()..MANY {
        let mut item = model.clone();
        if let Value::Structure(members) = &mut item {
            for (name, value) in members {
                let names = ["Name", "Arn", "ARN", "Id", "name", "arn"];
                if let Value::Text(text) = value
                    && names.iter().any(|end| name.ends_with(end))
                {
                    // Writing to a string does not fail.
                    let _ = write!(text, "-{number}");
                }
            }
        }
        items.push(item);
    }
}

fn extreme(value: &Value, random: &mut Rng) -> Value {
    match value {
        Value::Time(_) => {
            let moments = [
                DateTime::<Utc>::MAX_UTC,
                DateTime::<Utc>::MIN_UTC,
                DateTime::UNIX_EPOCH,
                Utc.timestamp_opt(253_402_300_799, 0)
                    .single()
                    .unwrap_or_default(),
                Utc.timestamp_opt(-1, 0).single().unwrap_or_default(),
            ];
            Value::Time(moments[random.usize(..moments.len())])
        }
        Value::Float(_) => {
            let numbers = [
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MAX,
                f64::MIN,
                -0.0,
                f64::MIN_POSITIVE,
            ];
            Value::Float(numbers[random.usize(..numbers.len())])
        }
        _ => {
            let numbers = [
                i64::MAX,
                i64::MIN,
                i64::from(i32::MAX),
                i64::from(i32::MIN),
                1 << 53,
                -1,
                0,
            ];
            Value::Integer(numbers[random.usize(..numbers.len())])
        }
    }
}

/// The answer with a token that the next question is answered with again, or not at all.
fn endless(answer: &mut Value) -> bool {
    let Value::Structure(members) = answer else {
        return false;
    };
    if !members
        .iter()
        .any(|(_, value)| matches!(value, Value::List(_)))
    {
        return false;
    }
    // Services spell it either way.
    let small = members
        .iter()
        .all(|(name, _)| name.starts_with(char::is_lowercase));
    let name = if small { "nextToken" } else { "NextToken" };
    members.retain(|(member, _)| *member != name);
    members.push((name, "0".into()));
    true
}
