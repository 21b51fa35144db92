//! The budget bounds every decision: hard questions at AWS's limits take no more
//! steps than they may, and what is left undecided says what to simplify.

use filter_pattern::{Budget, CoverQuestion, Covers, Schema, Why};

use crate::workload;

#[test]
fn hard_questions_take_no_more_steps_than_the_budget_has() {
    let budget = Budget::default();
    let mut decided = 0;
    let questions = workload::adversaries();
    for question in &questions {
        for schema in [Schema::any(), Schema::cloudtrail()] {
            let filters = question.filters();
            let (answer, steps) = CoverQuestion {
                schema: &schema,
                budget,
                ..CoverQuestion::new(&question.required, &filters)
            }
            .decide_counting();
            assert!(steps <= budget.remaining(), "{}: {steps}", question.name);
            match answer {
                Covers::Yes(_) | Covers::No(_) => decided += 1,
                Covers::Unknown(why @ Why::TooManySteps) => {
                    assert!(!why.simplify_hint().is_empty());
                }
                Covers::Unknown(Why::Undocumented { .. }) => {}
                Covers::Unknown(why) => panic!("{}: {why}", question.name),
            }
        }
    }
    assert!(decided * 4 >= questions.len() * 2 * 3, "{decided} decided");
}

#[test]
fn the_controls_take_few_steps_against_a_real_life_group() {
    for (questions, covered) in [
        (workload::real_life(), true),
        (workload::with_a_hole(), false),
    ] {
        let mut steps = Vec::new();
        for question in questions {
            let filters = question.filters();
            let (answer, taken) =
                CoverQuestion::new(&question.required, &filters).decide_counting();
            assert_eq!(answer.is_yes(), covered, "{}: {answer:?}", question.name);
            steps.push(taken);
        }
        steps.sort_unstable();
        assert!(steps[7] <= 1_000, "{steps:?}");
        assert!(steps[14] <= 10_000, "{steps:?}");
    }
}

#[test]
fn the_same_question_takes_the_same_steps_every_time() {
    for question in workload::controls().iter().take(3) {
        let required = question.1.parse().expect("a pattern");
        let first = CoverQuestion::new(&required, &[]).decide_counting().1;
        let second = CoverQuestion::new(&required, &[]).decide_counting().1;
        assert_eq!(first, second, "{}", question.0);
    }
}
