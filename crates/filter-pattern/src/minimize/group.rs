//! The filters of a whole log group: which of them others make superfluous, and
//! which can become one. A log group takes 100 metric filters.

use crate::ast::{Ast, Expression};
use crate::cover::Assumption;
use crate::edits::any_of;
use crate::limits;
use crate::pattern::FilterPattern;
use crate::prover::Prover;
use crate::schema::Schema;
use crate::spelling::shortest_spelling;

use super::one::minimize_with;

/// A metric filter as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFilter {
    /// The filter's name.
    pub name: String,
    /// Its pattern.
    pub pattern: FilterPattern,
    /// What it publishes and which events it looks at, in any form: only filters
    /// with equal texts are merged or removed in favour of each other.
    pub publishes: String,
}

/// Fewer filters for the same events.
#[derive(Clone, Debug)]
pub struct MinimizedGroup {
    /// The filters that are left.
    pub filters: Vec<GroupFilter>,
    /// What was done, in order.
    pub steps: Vec<GroupStep>,
}

/// One change of a log group that keeps which events are noticed.
#[derive(Clone, Debug)]
pub enum GroupStep {
    /// A filter goes, because others match all of its events.
    Removed {
        /// The filter that goes.
        name: String,
        /// The filters that match all of its events, by name.
        covered_by: Vec<String>,
        /// What the proof rests on.
        assumptions: Vec<Assumption>,
    },
    /// Several filters become one.
    Merged {
        /// The filters that become one, by name; the first one gets the pattern.
        names: Vec<String>,
        /// Its pattern.
        pattern: FilterPattern,
        /// Whether an event that several of them matched was counted several
        /// times and is counted once now; true also where that is not decided.
        counts_change: bool,
        /// What the proof rests on.
        assumptions: Vec<Assumption>,
    },
}

/// Fewer filters that notice the same events of a schema. A filter that no event
/// matches is removed as one that others cover.
pub fn minimize_group(filters: &[GroupFilter], schema: &Schema) -> MinimizedGroup {
    let prover = Prover::for_patterns(filters.len(), schema);
    let mut left: Vec<GroupFilter> = filters.to_vec();
    let mut steps = Vec::new();
    remove_covered(&mut left, &prover, &mut steps);
    merge(&mut left, &prover, &mut steps);
    MinimizedGroup {
        filters: left,
        steps,
    }
}

fn remove_covered(left: &mut Vec<GroupFilter>, prover: &Prover<'_>, steps: &mut Vec<GroupStep>) {
    // Of two filters with the same events the later one goes.
    let mut position = left.len();
    while position > 0 {
        position -= 1;
        let filter = left[position].clone();
        let others: Vec<&GroupFilter> = left
            .iter()
            .enumerate()
            .filter(|(other, it)| *other != position && it.publishes == filter.publishes)
            .map(|(_, other)| other)
            .collect();
        let Some((covered_by, assumptions)) = covering(&filter.pattern, &others, prover) else {
            continue;
        };
        let covered_by = covered_by.iter().map(|other| other.name.clone()).collect();
        left.remove(position);
        steps.push(GroupStep::Removed {
            name: filter.name,
            covered_by,
            assumptions,
        });
    }
}

/// The filters that cover a pattern, none of which can be left out.
fn covering<'a>(
    pattern: &FilterPattern,
    others: &[&'a GroupFilter],
    prover: &Prover<'_>,
) -> Option<(Vec<&'a GroupFilter>, Vec<Assumption>)> {
    let proof = |filters: &[&GroupFilter]| {
        let patterns: Vec<&FilterPattern> = filters.iter().map(|filter| &filter.pattern).collect();
        prover.proof(pattern, &patterns)
    };
    let mut assumptions = proof(others)?;
    let mut needed = others.to_vec();
    let mut position = needed.len();
    while position > 0 {
        position -= 1;
        let mut fewer = needed.clone();
        fewer.remove(position);
        if let Some(found) = proof(&fewer) {
            needed = fewer;
            assumptions = found;
        }
    }
    Some((needed, assumptions))
}

fn merge(left: &mut Vec<GroupFilter>, prover: &Prover<'_>, steps: &mut Vec<GroupStep>) {
    let mut position = 0;
    while position < left.len() {
        let mut names = vec![left[position].name.clone()];
        let mut parts = vec![left[position].pattern.clone()];
        let mut merged: Option<(FilterPattern, Vec<Assumption>)> = None;
        let mut other = position + 1;
        while other < left.len() {
            let fits = left[other].publishes == left[position].publishes;
            let mut more = parts.clone();
            more.push(left[other].pattern.clone());
            if let Some(found) = fits.then(|| joined(&more, prover)).flatten() {
                merged = Some(found);
                parts = more;
                names.push(left.remove(other).name);
            } else {
                other += 1;
            }
        }
        if let Some((pattern, assumptions)) = merged {
            left[position].pattern = pattern.clone();
            steps.push(GroupStep::Merged {
                names,
                pattern,
                counts_change: some_overlap(&parts, prover),
                assumptions,
            });
        }
        position += 1;
    }
}

/// One pattern for all events of several, as short as it gets, if AWS takes it.
fn joined(
    patterns: &[FilterPattern],
    prover: &Prover<'_>,
) -> Option<(FilterPattern, Vec<Assumption>)> {
    let mut alternatives: Vec<Expression> = Vec::new();
    for pattern in patterns {
        match pattern.ast() {
            Ast::Json(expression) => alternatives.push(expression.clone()),
            _ => return None,
        }
    }
    let joined = FilterPattern::from_ast(Ast::Json(any_of(alternatives)));
    let joined = minimize_with(&joined, prover).pattern;
    let text = shortest_spelling(&joined);
    if text.chars().count() > limits::PATTERN_CHARACTERS || text.parse::<FilterPattern>().is_err() {
        return None;
    }
    let parts: Vec<&FilterPattern> = patterns.iter().collect();
    let mut assumptions = prover.proof(&joined, &parts)?;
    for part in parts {
        assumptions.extend(prover.proof(part, &[&joined])?);
    }
    assumptions.sort_unstable();
    assumptions.dedup();
    Some((joined, assumptions))
}

fn some_overlap(patterns: &[FilterPattern], prover: &Prover<'_>) -> bool {
    patterns.iter().enumerate().any(|(position, one)| {
        patterns[position + 1..]
            .iter()
            .any(|other| prover.proof_for_all(&[one, other], &[]).is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(name: &str, pattern: &str, publishes: &str) -> GroupFilter {
        GroupFilter {
            name: name.to_owned(),
            pattern: pattern.parse().unwrap(),
            publishes: publishes.to_owned(),
        }
    }

    fn names(group: &MinimizedGroup) -> Vec<&str> {
        group
            .filters
            .iter()
            .map(|filter| filter.name.as_str())
            .collect()
    }

    #[test]
    fn filters_of_one_metric_become_fewer_and_match_the_same() {
        let filters = [
            filter("put", "{ $.a = Put* }", "m"),
            filter("put-x", "{ $.a = PutX && $.b = 1 }", "m"),
            filter("delete", "{ $.a = DeleteX }", "m"),
            filter("other", "{ $.a = PutX }", "n"),
        ];
        let group = minimize_group(&filters, &Schema::any());
        assert_eq!(names(&group), ["put", "other"]);
        assert_eq!(
            group.filters[0].pattern.to_string(),
            "{ $.a = \"Put*\" || $.a = \"DeleteX\" }"
        );
        let [
            GroupStep::Removed {
                name, covered_by, ..
            },
            GroupStep::Merged {
                names,
                counts_change,
                ..
            },
        ] = &group.steps[..]
        else {
            panic!("{:?}", group.steps);
        };
        assert_eq!(
            (name.as_str(), &covered_by[..]),
            ("put-x", &["put".to_owned()][..])
        );
        assert_eq!(*names, ["put", "delete"]);
        assert!(!counts_change);
    }

    #[test]
    fn one_pattern_for_filters_that_share_events_counts_these_once() {
        for (one, other, shared) in [
            ("{ $.a = 1 }", "{ $.b = 1 }", true),
            ("{ $.a = 1* }", "{ $.a = *2 }", true),
            ("{ $.a = 1 }", "{ $.a = 2 }", false),
        ] {
            let filters = [filter("one", one, "m"), filter("other", other, "m")];
            let group = minimize_group(&filters, &Schema::any());
            let [GroupStep::Merged { counts_change, .. }] = &group.steps[..] else {
                panic!("{one} {other}: {:?}", group.steps);
            };
            assert_eq!(*counts_change, shared, "{one} {other}");
        }
    }

    #[test]
    fn one_pattern_may_have_all_the_characters_that_aws_accepts() {
        let of_length = |length: usize| {
            let rest = length - "{$.a=||$.b=y}".len();
            let filters = [
                filter("one", &format!("{{ $.a = {} }}", "x".repeat(rest)), "m"),
                filter("other", "{ $.b = y }", "m"),
            ];
            minimize_group(&filters, &Schema::any()).filters.len()
        };
        let most = limits::PATTERN_CHARACTERS;
        assert_eq!([most - 1, most, most + 1].map(of_length), [1, 1, 2]);
    }

    #[test]
    fn a_filter_goes_when_others_cover_it_only_together() {
        let filters = [
            filter("all", "{ $.a = 1 || $.a = 2 }", "m"),
            filter("one", "{ $.a = 1 }", "m"),
            filter("two", "{ $.a = 2 && $.b = 1 }", "m"),
        ];
        let group = minimize_group(&filters, &Schema::any());
        assert_eq!(names(&group), ["all"]);
        assert_eq!(group.steps.len(), 2);
    }

    #[test]
    fn merging_stops_at_the_limits_of_one_pattern() {
        let long: Vec<GroupFilter> = (0..30)
            .map(|number| {
                let name = format!("{number}-{}", "x".repeat(100));
                filter(&name, &format!("{{ $.a = \"{name}\" }}"), "m")
            })
            .collect();
        let group = minimize_group(&long, &Schema::any());
        assert!(
            (4..=6).contains(&group.filters.len()),
            "{}",
            group.filters.len()
        );
        let regexes: Vec<GroupFilter> = ["a", "b", "c"]
            .map(|text| filter(text, &format!("{{ $.{text} = %{text}% }}"), "m"))
            .into();
        assert_eq!(minimize_group(&regexes, &Schema::any()).filters.len(), 2);
    }

    #[test]
    fn what_is_not_proved_stays() {
        let filters = [
            filter("one", "[a, b = 1]", "m"),
            filter("two", "[a, b]", "m"),
        ];
        let group = minimize_group(&filters, &Schema::any());
        assert_eq!(group.filters, filters);
        assert!(group.steps.is_empty());
    }
}
