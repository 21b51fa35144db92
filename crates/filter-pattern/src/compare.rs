//! What two patterns match differently: an event for each side, and the part of
//! each pattern that makes it so.

use crate::counterexample::Counterexamples;
use crate::cover::{Covers, Proof, Why, Witness};
use crate::edits::{Edit, Lists, factored, stripped};
use crate::pattern::FilterPattern;
use crate::prover::Prover;
use crate::schema::Schema;

/// How two patterns differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What the first one matches and the second does not.
    pub only_left: Side,
    /// What the second one matches and the first does not.
    pub only_right: Side,
    /// Whether some event matches both; `None` when that is not decided.
    pub overlap: Option<bool>,
}

/// What one of two patterns matches alone.
#[derive(Clone, Debug)]
pub enum Side {
    /// Nothing, proved.
    Nothing(Proof),
    /// Some events.
    Events {
        /// One of them.
        witness: Box<Witness>,
        /// The part of the pattern that all of them match.
        part: Box<FilterPattern>,
        /// Whether the other pattern matches nothing of that part.
        whole_part: bool,
    },
    /// Not decided.
    Unknown(Why),
}

/// How two patterns stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They match the same events.
    Equivalent,
    /// The first one matches some of the events of the second.
    LeftIsNarrower,
    /// The second one matches some of the events of the first.
    RightIsNarrower,
    /// No event matches both.
    Disjoint,
    /// Each matches events that the other does not.
    Different,
    /// Not decided.
    Unknown,
}

impl Relation {
    /// A stable name, lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::LeftIsNarrower => "a_is_narrower",
            Self::RightIsNarrower => "b_is_narrower",
            Self::Disjoint => "disjoint",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

impl Difference {
    /// How the patterns stand to each other.
    pub fn relation(&self) -> Relation {
        match (&self.only_left, &self.only_right) {
            (Side::Nothing(_), Side::Nothing(_)) => Relation::Equivalent,
            (Side::Nothing(_), Side::Events { .. }) => Relation::LeftIsNarrower,
            (Side::Events { .. }, Side::Nothing(_)) => Relation::RightIsNarrower,
            (Side::Events { .. }, Side::Events { .. }) if self.overlap == Some(false) => {
                Relation::Disjoint
            }
            (Side::Events { .. }, Side::Events { .. }) => Relation::Different,
            _ => Relation::Unknown,
        }
    }
}

/// How two patterns differ over the events of a schema.
///
/// ```
/// use filter_pattern::{FilterPattern, Schema, compare::{Relation, Side, difference}};
///
/// let one: FilterPattern = "{ $.eventName = StopLogging || $.eventName = DeleteTrail }".parse()?;
/// let other: FilterPattern = "{ $.eventName = StopLogging }".parse()?;
/// let difference = difference(&one, &other, &Schema::cloudtrail());
/// assert_eq!(difference.relation(), Relation::RightIsNarrower);
/// let Side::Events { part, .. } = difference.only_left else { panic!("the first matches more") };
/// assert_eq!(part.to_string(), r#"{ $.eventName = "DeleteTrail" }"#);
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn difference(left: &FilterPattern, right: &FilterPattern, schema: &Schema) -> Difference {
    let prover = Prover::new(schema);
    // What is asked about both patterns comes before the parts of either one.
    let left_covered = prover.covers(left, &[right]);
    let right_covered = prover.covers(right, &[left]);
    let overlap = match prover.overlap(left, right) {
        Covers::Yes(_) => Some(false),
        Covers::No(_) => Some(true),
        Covers::Unknown(_) => None,
    };
    Difference {
        only_left: side_of(left_covered, left, &[right], &prover),
        only_right: side_of(right_covered, right, &[left], &prover),
        overlap,
    }
}

/// What a pattern matches that none of the others does.
pub fn side(pattern: &FilterPattern, others: &[&FilterPattern], schema: &Schema) -> Side {
    let prover = Prover::new(schema);
    let covered = prover.covers(pattern, others);
    side_of(covered, pattern, others, &prover)
}

fn side_of(
    covered: Covers,
    pattern: &FilterPattern,
    others: &[&FilterPattern],
    prover: &Prover<'_>,
) -> Side {
    match covered {
        Covers::Yes(proof) => Side::Nothing(proof),
        Covers::Unknown(why) => Side::Unknown(why),
        Covers::No(witness) => {
            let part = uncovered_part(pattern, others, prover);
            let apart = |other: &&FilterPattern| prover.proof_for_all(&[&part, other], &[]);
            let whole_part = others.iter().all(|other| apart(other).is_some());
            Side::Events {
                witness,
                part: Box::new(part),
                whole_part,
            }
        }
    }
}

/// The pattern without the alternatives that others match anyway: together with
/// them it matches what the whole pattern matches.
pub(crate) fn uncovered_part(
    pattern: &FilterPattern,
    others: &[&FilterPattern],
    prover: &Prover<'_>,
) -> FilterPattern {
    let beside = |part: &FilterPattern, closes: &dyn Fn(&[&FilterPattern]) -> bool| {
        let mut filters = others.to_vec();
        filters.push(part);
        closes(&filters)
    };
    let examples = Counterexamples::of(pattern);
    // What a pattern does not match without an alternative, the alternative matches.
    let mut part = stripped(pattern, Lists::Alternatives, &mut |edit: &Edit| {
        let required = [&edit.removed, pattern];
        beside(&edit.pattern, &|filters| {
            !examples.refute(edit, Lists::Alternatives, &required, filters, prover)
                && prover.proof_for_all(&required, filters).is_some()
        })
    });
    if let Some(shorter) = factored(&part)
        && beside(&shorter, &|filters| {
            prover.proof(pattern, filters).is_some()
        })
    {
        part = shorter;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilterPattern {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn patterns_stand_in_one_of_six_relations() {
        #[rustfmt::skip]
        let table = [
            ("{ $.a = 1 && $.b = 2 }",      "{ $.b = 2 && $.a = 1 }",      Relation::Equivalent),
            ("{ $.a = 1 && $.b = 2 }",      "{ $.b = 2 }",                 Relation::LeftIsNarrower),
            ("{ $.a = x* }",                "{ $.a = xy }",                Relation::RightIsNarrower),
            ("{ $.a = x }",                 "{ $.a = y }",                 Relation::Disjoint),
            ("{ $.a = x || $.a = y }",      "{ $.a = y || $.a = z }",      Relation::Different),
            ("[a, b]",                      "{ $.a = x }",                 Relation::Unknown),
        ];
        for (one, other, relation) in table {
            let found = difference(&pattern(one), &pattern(other), &Schema::any());
            assert_eq!(found.relation(), relation, "{one} and {other}: {found:?}");
        }
    }

    #[test]
    fn relations_have_stable_names() {
        #[rustfmt::skip]
        let table = [
            (Relation::Equivalent,      "equivalent"),
            (Relation::LeftIsNarrower,  "a_is_narrower"),
            (Relation::RightIsNarrower, "b_is_narrower"),
            (Relation::Disjoint,        "disjoint"),
            (Relation::Different,       "different"),
            (Relation::Unknown,         "unknown"),
        ];
        for (relation, name) in table {
            assert_eq!(relation.name(), name);
        }
    }

    #[test]
    fn the_part_that_differs_is_named() {
        #[rustfmt::skip]
        let table = [
            // The other pattern matches nothing of the part, or some of it.
            ("{ $.s = x && ($.a = p || $.a = q || $.a = r) }", "{ $.s = x && $.a != r }",   r#"{ $.s = "x" && $.a = "r" }"#, true),
            ("{ $.s = x && ($.a = p || $.a = q*) }",           "{ $.s = x && $.a = p }",    r#"{ $.s = "x" && $.a = "q*" }"#, true),
            ("{ $.s = x && ($.a = p || $.a = q*) }",           "{ $.s = x && $.a != q1 }",  r#"{ $.s = "x" && $.a = "q*" }"#, false),
            ("{ $.a = p || $.b = p }",                         "{ $.a = p && $.b = p }",    r#"{ $.a = "p" || $.b = "p" }"#, false),
        ];
        for (one, other, expected, nothing_of_it) in table {
            let Side::Events {
                part, whole_part, ..
            } = difference(&pattern(one), &pattern(other), &Schema::any()).only_left
            else {
                panic!("{one} matches more than {other}");
            };
            assert_eq!(part.to_string(), expected, "{one} beside {other}");
            assert_eq!(whole_part, nothing_of_it, "{one} beside {other}");
        }
    }
}
