//! One pattern, made shorter.

use crate::counterexample::Counterexamples;
use crate::cover::{Assumption, Why};
use crate::edits::{Lists, clauses, factored, without_part};
use crate::pattern::FilterPattern;
use crate::prover::Prover;
use crate::schema::Schema;
use crate::spelling::shortest_length;

/// A pattern made shorter.
#[derive(Clone, Debug)]
pub struct Minimized {
    /// The shorter pattern; the original when nothing can be left out.
    pub pattern: FilterPattern,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// Why more might be left out: the patterns are too hard for the budget.
    pub undecided: Option<Why>,
}

/// One change that keeps what a pattern matches.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was changed.
    pub kind: StepKind,
    /// The part that was left out, in canonical form; empty for other changes.
    pub part: String,
    /// The pattern afterwards.
    pub result: FilterPattern,
    /// What the proof that both match the same events rests on.
    pub assumptions: Vec<Assumption>,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// An alternative whose events the others match, or that never matches.
    AlternativeLeftOut,
    /// A condition that always holds where the others do.
    ConditionLeftOut,
    /// A condition that several alternatives share is written once.
    WrittenOnce,
}

impl StepKind {
    /// A stable name, lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlternativeLeftOut => "alternative_left_out",
            Self::ConditionLeftOut => "condition_left_out",
            Self::WrittenOnce => "written_once",
        }
    }
}

/// A shorter pattern that matches the same events of a schema.
///
/// ```
/// use filter_pattern::{FilterPattern, Schema, minimize::minimize};
///
/// let pattern: FilterPattern = "{ $.a = Put* || $.a = PutX || $.a = PutY && $.b = 1 }".parse()?;
/// let shorter = minimize(&pattern, &Schema::any());
/// assert_eq!(shorter.pattern.to_string(), r#"{ $.a = "Put*" }"#);
/// assert_eq!(shorter.steps.len(), 2);
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn minimize(pattern: &FilterPattern, schema: &Schema) -> Minimized {
    let prover = Prover::new(schema);
    minimize_with(pattern, &prover)
}

/// The same with the steps that a prover has left.
pub(crate) fn minimize_with(pattern: &FilterPattern, prover: &Prover<'_>) -> Minimized {
    let examples = Counterexamples::of(pattern);
    let mut current = pattern.clone();
    let mut steps = Vec::new();
    loop {
        let before = steps.len();
        for (lists, kind) in [
            (Lists::Alternatives, StepKind::AlternativeLeftOut),
            (Lists::Conjuncts, StepKind::ConditionLeftOut),
        ] {
            let mut number = 0;
            while let Some(edit) = without_part(&current, lists, number) {
                let Some(assumptions) = prover.same_without(&current, &edit, lists, &examples)
                else {
                    number += 1;
                    continue;
                };
                current = edit.pattern.clone();
                steps.push(Step {
                    kind,
                    part: inner_text(&edit.removed),
                    result: edit.pattern,
                    assumptions,
                });
            }
        }
        if let Some(shorter) = factored(&current)
            && (clauses(&shorter), shortest_length(&shorter))
                < (clauses(&current), shortest_length(&current))
            && let Some(assumptions) = prover.same(&current, &shorter)
        {
            current = shorter.clone();
            steps.push(Step {
                kind: StepKind::WrittenOnce,
                part: String::new(),
                result: shorter,
                assumptions,
            });
        }
        if steps.len() == before {
            break;
        }
    }
    Minimized {
        pattern: current,
        steps,
        undecided: prover.ran_out().then_some(Why::TooManySteps),
    }
}

/// The canonical form of a part without the braces of a whole pattern.
pub(crate) fn inner_text(part: &FilterPattern) -> String {
    let text = part.to_string();
    text.strip_prefix("{ ")
        .and_then(|text| text.strip_suffix(" }"))
        .map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_get_shorter_and_stay_equivalent() {
        let (any, trail) = (Schema::any(), Schema::cloudtrail());
        #[rustfmt::skip]
        let table = [
            (&any,   "{ $.a = 1 }",                                          "{ $.a = 1 }"),
            (&any,   "{ $.a = 1 || $.a = 1 }",                               "{ $.a = 1 }"),
            (&any,   "{ $.a > 5 && $.a > 3 }",                               "{ $.a > 5 }"),
            (&any,   "{ $.a = x && ($.a = x || $.b = 2) }",                  "{ $.a = \"x\" }"),
            (&any,   "{ $.a = 1 && $.b = 2 || $.a = 1 && $.c = 3 }",         "{ $.a = 1 && ($.b = 2 || $.c = 3) }"),
            (&any,   "{ $.a = x || ($.a = y && $.a = z) }",                  "{ $.a = \"x\" }"),
            (&trail, "{ $.eventName = x && $.awsRegion = * }",               "{ $.eventName = \"x\" }"),
            (&any,   "{ $.eventName = x && $.awsRegion = * }",               "{ $.eventName = \"x\" && $.awsRegion = \"*\" }"),
            (&any,   "ERROR ERR",                                            "ERROR"),
            (&any,   "[a, b = 1]",                                           "[a, b = 1]"),
        ];
        for (schema, text, expected) in table {
            let pattern: FilterPattern = text.parse().unwrap();
            let shorter = minimize(&pattern, schema);
            assert_eq!(shorter.pattern.to_string(), expected, "{text}");
            assert_eq!(
                shorter.steps.is_empty(),
                shorter.pattern == pattern,
                "{text}"
            );
            assert!(
                Prover::new(schema)
                    .same(&pattern, &shorter.pattern)
                    .is_some(),
                "{text}"
            );
        }
    }

    #[test]
    fn steps_have_stable_names() {
        #[rustfmt::skip]
        let table = [
            ("{ $.a = 1 || $.a = 1 }",                               "alternative_left_out"),
            ("{ $.a > 5 && $.a > 3 }",                               "condition_left_out"),
            ("{ $.a = 1 && $.b = 2 || $.a = 1 && $.c = 3 }",         "written_once"),
        ];
        for (text, name) in table {
            let shorter = minimize(&text.parse().unwrap(), &Schema::any());
            assert_eq!(shorter.steps[0].kind.name(), name, "{text}");
        }
    }

    #[test]
    fn a_step_names_what_it_rests_on() {
        let pattern = "{ $.eventName = x && $.awsRegion = * }".parse().unwrap();
        let shorter = minimize(&pattern, &Schema::cloudtrail());
        assert_eq!(shorter.steps[0].part, "$.awsRegion = \"*\"");
        assert!(!shorter.steps[0].assumptions.is_empty());
    }
}
