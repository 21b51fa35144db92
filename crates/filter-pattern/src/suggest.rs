//! The filter that is missing: the smallest part of a required pattern that,
//! beside the filters that are there, matches everything that is required.

use crate::ast::{Ast, Expression};
use crate::compare::uncovered_part;
use crate::counterexample::Counterexamples;
use crate::cover::{Assumption, Covers, Why, Witness};
use crate::edits::{Edit, Lists, any_of, clauses, stripped};
use crate::limits;
use crate::pattern::FilterPattern;
use crate::prover::Prover;
use crate::schema::Schema;
use crate::spelling::shortest_spelling;

/// What is to be added to filters so that they cover a pattern.
#[derive(Clone, Debug)]
pub enum Suggestion {
    /// Nothing: they cover it.
    Nothing {
        /// What the proof rests on.
        assumptions: Vec<Assumption>,
    },
    /// These filters; more than one only where one would break a limit of AWS.
    Add(Addition),
    /// Something may be missing, and no addition was found that is proved to suffice.
    Unproved,
}

/// Filters that close a hole, with the proof that they do.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The filters to add.
    pub filters: Vec<FilterPattern>,
    /// Their clauses, all together.
    pub clauses: usize,
    /// An event that escapes without them.
    pub witness: Option<Box<Witness>>,
    /// Why it is not decided whether they are needed.
    pub undecided: Option<Why>,
    /// What the proof that they close the hole rests on.
    pub assumptions: Vec<Assumption>,
}

/// What to add to `filters` so that they match every event that one of
/// `alternatives` matches, those that `except` matches left out. Of the alternatives the one that
/// needs fewest clauses is served. The filters to add match nothing beyond what
/// is required, and none of their clauses can be left out.
///
/// ```
/// use filter_pattern::{FilterPattern, Schema, suggest::{Suggestion, suggest}};
///
/// let required: FilterPattern = "{ $.eventName = StopLogging || $.eventName = DeleteTrail }".parse()?;
/// let filter: FilterPattern = "{ $.eventName = Stop* }".parse()?;
/// let Suggestion::Add(addition) = suggest(&[&required], &[&filter], &[], &Schema::cloudtrail()) else {
///     panic!("a deleted trail escapes");
/// };
/// assert_eq!(addition.filters[0].to_string(), r#"{ $.eventName = "DeleteTrail" }"#);
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn suggest(
    alternatives: &[&FilterPattern],
    filters: &[&FilterPattern],
    except: &[&FilterPattern],
    schema: &Schema,
) -> Suggestion {
    let mut best: Option<Addition> = None;
    for required in alternatives {
        let prover = Prover::new(schema).except(except);
        let (witness, undecided) = match prover.covers(required, filters) {
            Covers::Yes(proof) => {
                return Suggestion::Nothing {
                    assumptions: proof.assumptions().to_vec(),
                };
            }
            Covers::No(witness) => (Some(witness), None),
            Covers::Unknown(why) => (None, Some(why)),
        };
        let Some(mut addition) = addition(required, filters, &prover, limits::PATTERN_CHARACTERS)
        else {
            continue;
        };
        (addition.witness, addition.undecided) = (witness, undecided);
        // What is prescribed comes first and wins where both need the same.
        let better = best.as_ref().is_none_or(|best| {
            (addition.filters.len(), addition.clauses) < (best.filters.len(), best.clauses)
        });
        if better {
            best = Some(addition);
        }
    }
    match best {
        Some(addition) => Suggestion::Add(fewer(addition, alternatives, filters, except, schema)),
        None => Suggestion::Unproved,
    }
}

/// The addition without clauses that another of the alternatives does not need.
fn fewer(
    addition: Addition,
    alternatives: &[&FilterPattern],
    filters: &[&FilterPattern],
    except: &[&FilterPattern],
    schema: &Schema,
) -> Addition {
    let ([_, _, ..], [added]) = (alternatives, addition.filters.as_slice()) else {
        return addition;
    };
    let prover = Prover::new(schema).except(except);
    // The alternative that is covered with less, and what that rests on.
    let mut served: Option<(&FilterPattern, Vec<Assumption>)> = None;
    let pattern = stripped(added, Lists::Alternatives, &mut |edit: &Edit| {
        let mut all = filters.to_vec();
        all.push(&edit.pattern);
        let mut proofs = alternatives
            .iter()
            .map(|required| Some((*required, prover.proof(required, &all)?)));
        let proved = proofs.find_map(|proof| proof);
        let suffices = proved.is_some();
        served = proved.or_else(|| served.take());
        suffices
    });
    let Some((required, assumptions)) = served else {
        return addition;
    };
    let witness = match prover.covers(required, filters) {
        Covers::No(witness) => Some(witness),
        Covers::Yes(_) | Covers::Unknown(_) => addition.witness,
    };
    Addition {
        clauses: clauses(&pattern),
        filters: vec![pattern],
        witness,
        undecided: addition.undecided,
        assumptions,
    }
}

/// The filters that close the hole of one required pattern, each within the
/// limit of characters.
fn addition(
    required: &FilterPattern,
    filters: &[&FilterPattern],
    prover: &Prover<'_>,
    characters: usize,
) -> Option<Addition> {
    let part = uncovered_part(required, filters, prover);
    // A clause that keeps out nothing but what is matched anyway is not needed: what
    // matches the part without it and is no event of the part fails the clause.
    let examples = Counterexamples::of(&part);
    let part = stripped(&part, Lists::Conjuncts, &mut |edit: &Edit| {
        let mut wanted = vec![required, &edit.removed];
        wanted.extend(filters);
        !examples.refute(edit, Lists::Conjuncts, &[&edit.pattern], &wanted, prover)
            && prover.proof(&edit.pattern, &wanted).is_some()
    });
    // Where no steps are left to prove that the part suffices, all that is required does.
    [&part, required].into_iter().find_map(|pattern| {
        let added = split(pattern, characters)?;
        let mut all = filters.to_vec();
        all.extend(&added);
        let assumptions = prover.proof(required, &all)?;
        Some(Addition {
            clauses: added.iter().map(clauses).sum(),
            filters: added,
            witness: None,
            undecided: None,
            assumptions,
        })
    })
}

/// The pattern in as few filters as the limits allow; `None` when one clause
/// alone breaks them.
fn split(pattern: &FilterPattern, characters: usize) -> Option<Vec<FilterPattern>> {
    let text = shortest_spelling(pattern);
    if text.chars().count() <= characters && text.parse::<FilterPattern>().is_ok() {
        return Some(vec![pattern.clone()]);
    }
    let Ast::Json(expression) = pattern.ast() else {
        return None;
    };
    let (one, other) = halves(expression)?;
    let mut filters = Vec::new();
    for half in [one, other] {
        let half = FilterPattern::from_ast(Ast::Json(half));
        filters.extend(split(&half, characters)?);
    }
    Some(filters)
}

/// Two patterns that together match what the expression matches: its largest
/// list of alternatives cut in the middle.
fn halves(expression: &Expression) -> Option<(Expression, Expression)> {
    match expression {
        Expression::Condition(_) => None,
        Expression::Or(parts) => {
            let (one, other) = parts.split_at(parts.len() / 2);
            Some((any_of(one.to_vec()), any_of(other.to_vec())))
        }
        Expression::And(parts) => {
            let (position, largest) = parts
                .iter()
                .enumerate()
                .filter(|(_, part)| !matches!(part, Expression::Condition(_)))
                .max_by_key(|(_, part)| part.conditions().len())?;
            let (one, other) = halves(largest)?;
            let with = |half: Expression| {
                let mut parts = parts.clone();
                parts[position] = half;
                crate::edits::all_of(parts)
            };
            Some((with(one), with(other)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilterPattern {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn suggested(required: &str, filters: &[&str], schema: &Schema) -> Vec<String> {
        let filters: Vec<FilterPattern> = filters.iter().map(|text| pattern(text)).collect();
        let filters: Vec<&FilterPattern> = filters.iter().collect();
        match suggest(&[&pattern(required)], &filters, &[], schema) {
            Suggestion::Nothing { .. } | Suggestion::Unproved => Vec::new(),
            Suggestion::Add(addition) => addition.filters.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn only_what_is_missing_is_suggested() {
        let any = Schema::any();
        #[rustfmt::skip]
        let table: [(&str, &[&str], &[&str]); 6] = [
            ("{ $.a = 1 || $.a = 2 || $.a = 3 }",            &["{ $.a = 2 }"],                   &["{ $.a = 1 || $.a = 3 }"]),
            ("{ $.s = x && ($.a = 1 || $.a = 2) }",          &["{ $.s = x && $.a = 2 }"],        &["{ $.s = \"x\" && $.a = 1 }"]),
            ("{ $.s = x && $.a = 1 }",                       &["{ $.a = 1 && $.r = here }"],     &["{ $.s = \"x\" && $.a = 1 }"]),
            ("{ $.s = x && $.a = 1 }",                       &["{ $.a = 1 && $.s = y }"],        &["{ $.s = \"x\" && $.a = 1 }"]),
            ("{ $.a = 1 }",                                  &["{ $.a = * }"], &[]),
            ("{ $.a = 1 }",                                  &[],                                &["{ $.a = 1 }"]),
        ];
        for (required, filters, expected) in table {
            assert_eq!(
                suggested(required, filters, &any),
                expected,
                "{required} beside {filters:?}"
            );
        }
    }

    #[test]
    fn a_clause_that_keeps_nothing_out_is_left_out() {
        // Beside a filter for every other `a`, the source needs not be asked for.
        assert_eq!(
            suggested(
                "{ $.s = x && $.a = 1 }",
                &["{ $.s != x && $.a = 1 }", "{ $.s NOT EXISTS }"],
                &Schema::any()
            ),
            ["{ $.s = \"x\" && $.a = 1 }"],
            "`s` may be null or a list"
        );
        assert_eq!(
            suggested(
                "{ $.awsRegion = x && $.a = 1 }",
                &["{ $.awsRegion != x && $.a = 1 }"],
                &Schema::cloudtrail()
            ),
            ["{ $.a = 1 }"]
        );
    }

    #[test]
    fn the_alternative_that_needs_least_is_served() {
        let (long, short) = (
            pattern("{ $.a = 1 || $.a = 2 }"),
            pattern("{ $.a = 1 && $.b = 2 || $.c = 1 }"),
        );
        let there = pattern("{ $.a = 1 }");
        let Suggestion::Add(addition) = suggest(&[&long, &short], &[&there], &[], &Schema::any())
        else {
            panic!("both have holes");
        };
        assert_eq!(addition.filters, [pattern("{ $.a = 2 }")]);
        assert!(addition.witness.is_some());
        let (one, two) = (pattern("{ $.c = 1 }"), pattern("{ $.a = 2 || $.a = 3 }"));
        for alternatives in [[&one, &two], [&two, &one]] {
            let suggestion = suggest(&alternatives, &[&there], &[], &Schema::any());
            let Suggestion::Add(addition) = suggestion else {
                panic!("both have holes");
            };
            assert_eq!(addition.filters, std::slice::from_ref(&one));
        }
    }

    #[test]
    fn a_clause_that_only_one_alternative_needs_is_left_out() {
        // Of the first form two are missing, of the second one.
        let (wide, narrow) = (
            pattern("{ $.a = 1 || $.a = 2 || $.a = 3 }"),
            pattern("{ $.s = x && ($.a = 1 || $.a = 2 || $.a = 3) }"),
        );
        let there = [pattern("{ $.a = 1 }"), pattern("{ $.s = x && $.a = 2 }")];
        let there: Vec<&FilterPattern> = there.iter().collect();
        let suggestion = suggest(&[&wide, &narrow], &there, &[], &Schema::any());
        let Suggestion::Add(addition) = suggestion else {
            panic!("both have holes");
        };
        assert_eq!(addition.filters, [pattern("{ $.a = 3 }")]);
        assert_eq!(addition.clauses, 1);
        let witness = addition.witness.expect("3 escapes");
        assert!(addition.filters[0].matches(witness.as_event()));
    }

    #[test]
    fn exclusions_need_no_filter() {
        let (required, except) = (pattern("{ $.a = 1 || $.a = 2 }"), pattern("{ $.a = 2 }"));
        let Suggestion::Add(addition) = suggest(&[&required], &[], &[&except], &Schema::any())
        else {
            panic!("1 escapes");
        };
        assert_eq!(addition.filters, [pattern("{ $.a = 1 }")]);
    }

    #[test]
    fn what_is_too_long_for_one_filter_is_split() {
        let required = pattern("{ $.s = x && ($.a = 1 || $.a = 2 || $.a = 3 || $.a = 4) }");
        let schema = Schema::any();
        let addition = addition(&required, &[], &Prover::new(&schema), 30).unwrap();
        assert_eq!(addition.filters.len(), 2);
        for filter in &addition.filters {
            assert!(shortest_spelling(filter).len() <= 30, "{filter}");
        }
        assert!(super::addition(&required, &[], &Prover::new(&schema), 10).is_none());
    }

    #[test]
    fn what_cannot_be_proved_is_not_said_to_be_complete() {
        let required: FilterPattern = "[level = ERROR, message]".parse().unwrap();
        let filter: FilterPattern = "{ $.a = 1 }".parse().unwrap();
        let suggestion = suggest(&[&required], &[&filter], &[], &Schema::any());
        assert!(
            !matches!(suggestion, Suggestion::Nothing { .. }),
            "{suggestion:?}"
        );
    }
}
