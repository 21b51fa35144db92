//! What a witness must be: an event that escapes by both evaluators, one that
//! exists, and none with parts to spare.

use filter_pattern::{Event, Reading, Witness};

use crate::generate::{Case, Events, PLAIN_RECORD};
use crate::reference::Value;
use crate::search::{escapes, escapes_as, escapes_evaluator};
use crate::shrink::smaller_values;

/// What is wrong with a witness, if something is.
pub(super) fn fault(
    case: &Case,
    witness: &Witness,
    reading: Reading,
) -> Option<(&'static str, String)> {
    let json = witness.to_json();
    let check = match (Event::parse(&json), Value::read(&json)) {
        (Ok(event), Some(value)) => {
            if !escapes_evaluator(case, &event, reading) {
                "no, and the evaluator finds the witness matched"
            } else if !escapes_as(case, &value, &json, reading) {
                "no, and the reference finds the witness matched"
            } else if !case.schema().admits(&event) {
                "no, and the witness is no event of the schema"
            } else if case.events != Events::Any && !is_plausible(&value) {
                "no, and the witness is no plausible record"
            } else {
                return None;
            }
        }
        _ => "no, and the witness is no event",
    };
    Some((check, format!("witness {json} under {reading:?}")))
}

/// Whether a record has what every record has.
fn is_plausible(record: &Value) -> bool {
    let Some(Value::Object(members)) = Value::read(PLAIN_RECORD) else {
        return false;
    };
    members.iter().all(|(key, _)| record.member(key).is_some())
}

/// Whether every part of a witness is needed: over any JSON object, taking one
/// away lets the event be noticed, or not be looked for.
pub(super) fn is_smallest(case: &Case, witness: &Witness) -> bool {
    if case.events != Events::Any {
        return true;
    }
    let Some(value) = Value::read(&witness.to_json()) else {
        return false;
    };
    !smaller_values(&value)
        .iter()
        .any(|smaller| escapes(case, smaller, Reading::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed 1, case 39335: the reference wrote the witness's members in another
    /// order, in which the regular expression matches.
    #[test]
    fn a_witness_is_judged_by_its_own_text() {
        let parsed = |text: &str| text.parse().expect("a pattern");
        let case = Case {
            required: parsed("{ $.a NOT EXISTS }"),
            filters: vec![
                parsed("{ $.b[0] < 1e-1 }"),
                parsed(r"%[\x79]*[\w0-9][^\]\x79]*$%"),
            ],
            except: Vec::new(),
            events: Events::Records,
            made_by: None,
        };
        let filters: Vec<_> = case.filters.iter().collect();
        let answer = filter_pattern::covers(&case.required, &filters, &case.schema());
        let witness = answer
            .witness()
            .expect("an event whose text ends with `]}`");
        assert_eq!(fault(&case, witness, Reading::default()), None);
    }
}
