//! The decision on alarms against CloudWatch's evaluation, step by step. The same
//! comparison over far more alarms is `cargo xtask verify alarms`.

mod agreement;
mod documented;
mod generated;
mod math;
mod simulation;

use proptest::prelude::*;

/// The expression, which says more than the alarm around it.
fn told(case: &generated::Case) -> String {
    let expressions = case.alarm.queries.iter();
    let expressions = expressions.filter_map(|query| query.expression.clone());
    expressions.collect::<Vec<_>>().join(", ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_decision_agrees_with_the_step_by_step_evaluation(case in generated::case()) {
        let agreed = agreement::compare(&case);
        prop_assert!(agreed.is_ok(), "{} {}", agreed.unwrap_err(), told(&case));
    }
}
