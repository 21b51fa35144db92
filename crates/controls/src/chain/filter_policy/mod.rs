//! Filter policies of subscriptions: whether the message of an alarm passes
//! (SNS, *Subscription filter policies*). Such a message carries no attributes,
//! and a body whose keys CloudWatch documents (*Notify users on alarm changes*);
//! the values that are not known beforehand leave the question open.

mod body;
mod regions;

use serde_json::{Map, Value};

use super::glob::glob;
use crate::snapshot::MessageFilter;
pub(crate) use body::Sender;
use body::Subject;

/// Whether an alarm's message passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Passes {
    Never,
    /// It depends on what is not known.
    Maybe,
    Always,
}

impl Passes {
    fn of(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }

    fn but_not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Maybe => Self::Maybe,
            Self::Always => Self::Never,
        }
    }
}

/// Whether the message of any alarm whatever passes.
pub fn lets_every_alarm_through(filter: &MessageFilter) -> bool {
    passes(filter, None) == Passes::Always
}

/// Whether the message of `sender` passes when it goes to ALARM; without one, that of any alarm.
pub(crate) fn passes(filter: &MessageFilter, sender: Option<Sender<'_>>) -> Passes {
    let text = filter.policy.as_deref().unwrap_or_default().trim();
    if text.is_empty() {
        return Passes::Always;
    }
    let Ok(Value::Object(policy)) = serde_json::from_str::<Value>(text) else {
        return Passes::Maybe;
    };
    match filter.scope.as_deref() {
        None | Some("" | "MessageAttributes") => all(&policy, &Subject::Object(Vec::new())),
        Some("MessageBody") => all(&policy, &body::message(sender)),
        Some(_) => Passes::Maybe,
    }
}

/// Every key has to pass; `$or` holds policies of which one has to.
fn all(policy: &Map<String, Value>, subject: &Subject) -> Passes {
    let one_key = |(key, wanted): (&String, &Value)| match wanted {
        Value::Array(choices) if key == "$or" => any(choices.iter().map(|choice| {
            choice
                .as_object()
                .map_or(Passes::Maybe, |choice| all(choice, subject))
        })),
        Value::Array(choices) => {
            let subject = subject.below(key);
            let among = |subject: &Subject| any(choices.iter().map(|choice| one(choice, subject)));
            match &subject {
                Subject::OneOf(texts) => {
                    let each = texts.iter().map(|text| among(&Subject::text(*text)));
                    whichever(&each.collect::<Vec<_>>())
                }
                subject => among(subject),
            }
        }
        Value::Object(nested) => below(nested, &subject.below(key)),
        _ => Passes::Maybe,
    };
    policy.iter().map(one_key).min().unwrap_or(Passes::Always)
}

/// What is asked of what stands below a key. Of a list, some element has to fit; whether several
/// together may is not documented.
fn below(nested: &Map<String, Value>, subject: &Subject) -> Passes {
    let Subject::List(elements) = subject else {
        return all(nested, subject);
    };
    match any(elements.iter().map(|element| all(nested, element))) {
        Passes::Never if elements.len() == 1 => Passes::Never,
        Passes::Never | Passes::Maybe => Passes::Maybe,
        Passes::Always => Passes::Always,
    }
}

fn any(choices: impl Iterator<Item = Passes>) -> Passes {
    choices.max().unwrap_or(Passes::Never)
}

/// Of a value that is one of several.
fn whichever(each: &[Passes]) -> Passes {
    match each {
        [first, others @ ..] if others.iter().all(|other| other == first) => *first,
        _ => Passes::Maybe,
    }
}

fn one(choice: &Value, subject: &Subject) -> Passes {
    match (choice.get("exists").map(Value::as_bool), subject) {
        // Whether what is null, or an empty list, is there is not documented.
        (Some(None), _) | (_, Subject::Unknown) | (Some(_), Subject::Is(Value::Null)) => {
            return Passes::Maybe;
        }
        (Some(_), Subject::List(elements)) if elements.is_empty() => return Passes::Maybe,
        (Some(Some(wanted)), Subject::Absent) => return Passes::of(!wanted),
        (Some(Some(wanted)), _) => return Passes::of(wanted),
        (None, Subject::Absent) => return Passes::Never,
        (None, _) => {}
    }
    match (subject, choice) {
        // A test is about texts and numbers; what an object or an exclusion of a list means is not
        // documented.
        (Subject::Object(_), _) => Passes::Maybe,
        (Subject::List(_), Value::Object(test)) if test.contains_key("anything-but") => {
            Passes::Maybe
        }
        (Subject::List(elements), choice) => any(elements.iter().map(|one_of| one(choice, one_of))),
        (subject, Value::Object(test)) => test
            .iter()
            .map(|(test, wanted)| tested(test, wanted, subject))
            .min()
            .unwrap_or(Passes::Maybe),
        (subject, value) => is(value, subject),
    }
}

/// Whether the subject is the value.
fn is(wanted: &Value, subject: &Subject) -> Passes {
    match (subject, wanted) {
        (Subject::Is(Value::Number(number)), Value::Number(wanted)) => {
            Passes::of(number.as_f64() == wanted.as_f64())
        }
        (Subject::Is(value), wanted) => Passes::of(value == wanted),
        // A text is no number, no truth value and not null.
        (_, wanted) if !wanted.is_string() => Passes::Never,
        (Subject::NameOfRegion(region), Value::String(wanted)) => {
            regions::is_named(region.as_ref(), wanted).map_or(Passes::Maybe, Passes::of)
        }
        _ => Passes::Maybe,
    }
}

fn tested(test: &str, wanted: &Value, subject: &Subject) -> Passes {
    let with = |holds: fn(&str, &str) -> bool| match (wanted.as_str(), subject) {
        (Some(wanted), Subject::Is(Value::String(text))) => Passes::of(holds(text, wanted)),
        (Some(_), Subject::Is(_)) => Passes::Never,
        (Some(wanted), Subject::NameOfRegion(region)) => {
            let known = regions::name_holds(region.as_ref(), |name| holds(name, wanted));
            known.map_or(Passes::Maybe, Passes::of)
        }
        _ => Passes::Maybe,
    };
    match test {
        "prefix" => with(|text, wanted| text.starts_with(wanted)),
        "suffix" => with(|text, wanted| text.ends_with(wanted)),
        "equals-ignore-case" => with(|text, wanted| text.to_lowercase() == wanted.to_lowercase()),
        // `*` is any text; how `?` and a backslash are read is not documented.
        "wildcard"
            if wanted
                .as_str()
                .is_some_and(|text| !text.contains(['?', '\\'])) =>
        {
            with(|text, wanted| glob(wanted, text))
        }
        "anything-but" => excluded(wanted, subject).but_not(),
        "numeric" => match subject {
            Subject::Is(Value::Number(number)) => numeric(wanted, number.as_f64()),
            // These texts are no numbers.
            _ => Passes::Never,
        },
        // None of these is an address.
        "cidr" => Passes::Never,
        _ => Passes::Maybe,
    }
}

/// `["=", 300]`, `[">", 0, "<=", 5]`.
fn numeric(wanted: &Value, number: Option<f64>) -> Passes {
    let tests = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
    let (pairs, rest) = tests.as_chunks::<2>();
    let holds = |[operator, wanted]: &[Value; 2]| {
        let (number, wanted) = (number?, wanted.as_f64()?);
        Some(match operator.as_str()? {
            "=" => number.total_cmp(&wanted).is_eq(),
            "<" => number < wanted,
            "<=" => number <= wanted,
            ">" => number > wanted,
            ">=" => number >= wanted,
            _ => return None,
        })
    };
    let all: Option<Vec<bool>> = pairs.iter().map(holds).collect();
    match all {
        Some(all) if !all.is_empty() && rest.is_empty() => {
            Passes::of(all.into_iter().all(|holds| holds))
        }
        _ => Passes::Maybe,
    }
}

/// What `anything-but` leaves out: values, or tests such as a prefix.
fn excluded(wanted: &Value, subject: &Subject) -> Passes {
    match (wanted, subject) {
        (Value::Array(wanted), _) => any(wanted.iter().map(|wanted| excluded(wanted, subject))),
        (Value::Object(test), _) => any(test.iter().map(|(test, wanted)| match wanted {
            Value::Array(list) => any(list.iter().map(|one| tested(test, one, subject))),
            one => tested(test, one, subject),
        })),
        (wanted, subject) => is(wanted, subject),
    }
}

#[cfg(test)]
mod tests;
