//! Patterns that are made to be hard: the commands that ask many questions about
//! one of them end within their steps, and what they say is right.

#[path = "../../benches/workload/hard.rs"]
mod hard;

use filter_pattern::compare::{Side, difference};
use filter_pattern::explain::{RemarkKind, explain};
use filter_pattern::minimize::minimize;
use filter_pattern::suggest::{Suggestion, suggest};
use filter_pattern::{Covers, Schema, Why, covers};

use crate::workload::text;

/// A part of all hard patterns: each takes a second in a build for tests.
fn some_hard_patterns(first: usize) -> impl Iterator<Item = hard::HardPattern> {
    hard::hard_patterns().into_iter().skip(first).step_by(11)
}

#[test]
fn what_becomes_of_hard_patterns_matches_the_same_events() {
    let schema = Schema::any();
    let mut undecided = 0;
    for hard in some_hard_patterns(0) {
        let shorter = minimize(&hard.pattern, &schema);
        if let Some(why) = shorter.undecided {
            assert!(matches!(why, Why::TooManySteps));
            undecided += 1;
        }
        for (one, other) in [
            (&hard.pattern, &shorter.pattern),
            (&shorter.pattern, &hard.pattern),
        ] {
            let answer = covers(one, &[other], &schema);
            assert!(!matches!(answer, Covers::No(_)), "{}", hard.name);
        }
    }
    assert!(undecided > 0, "none of them is hard");
}

#[test]
fn events_that_tell_hard_patterns_apart_do_so() {
    let schema = Schema::any();
    let mut found = 0;
    for hard in some_hard_patterns(3) {
        let sides = difference(&hard.pattern, &hard.alike, &schema);
        for (side, matching, other) in [
            (sides.only_left, &hard.pattern, &hard.alike),
            (sides.only_right, &hard.alike, &hard.pattern),
        ] {
            if let Side::Events { witness, part, .. } = side {
                let event = witness.as_event();
                let told = [matching, &*part, other].map(|pattern| pattern.matches(event));
                assert_eq!(told, [true, true, false], "{}", hard.name);
                found += 1;
            }
        }
    }
    assert!(found >= 8, "{found}");
}

#[test]
fn what_is_suggested_for_hard_patterns_covers_them() {
    let schema = Schema::cloudtrail();
    let mut added = 0;
    for hard in some_hard_patterns(6) {
        let alike = [&hard.alike];
        if let Suggestion::Add(addition) = suggest(&[&hard.pattern], &alike, &[], &schema) {
            let mut filters: Vec<_> = addition.filters.iter().collect();
            filters.push(&hard.alike);
            let answer = covers(&hard.pattern, &filters, &schema);
            assert!(!matches!(answer, Covers::No(_)), "{}", hard.name);
            added += 1;
        }
    }
    assert!(added >= 3, "{added}");
}

#[test]
fn an_explanation_says_when_a_pattern_is_too_hard_for_it() {
    let schema = Schema::any();
    let mut too_hard = 0;
    for hard in some_hard_patterns(9) {
        let explanation = explain(&hard.text, &schema).unwrap();
        let remarks = explanation.remarks.iter();
        too_hard += remarks
            .filter(|remark| remark.kind == RemarkKind::NotDecided)
            .count();
    }
    assert!(too_hard > 0);
}
