//! The tables and examples of AWS's page on alarms and missing data: the
//! simulation reproduces every row, under both wordings of the premature rule.

use orgsweep_controls::snapshot::MetricAlarm;

use crate::generated::{alarm, transformation};
use crate::simulation::{Oldest, Simulation, State};

const TREATMENTS: [&str; 4] = ["missing", "ignore", "breaching", "notBreaching"];

/// The state after `before` with these datapoints, oldest first: `X` breaches,
/// `0` does not, `-` is missing.
fn state(needed: i32, treatment: &str, points: &str, before: State, oldest: Oldest) -> State {
    let slots: Vec<Option<f64>> = points
        .chars()
        .map(|point| match point {
            'X' => Some(1.0),
            '0' => Some(0.0),
            _ => None,
        })
        .collect();
    let alarm = MetricAlarm {
        evaluation_periods: Some(3),
        datapoints_to_alarm: Some(needed),
        treat_missing_data: Some(treatment.to_owned()),
        ..alarm("Sum", 300)
    };
    let simulation = Simulation {
        transformation: &transformation("1", None),
        alarm: &alarm,
        steps: &[],
        extra_periods: 2,
        oldest,
    };
    simulation.next(before, &slots)
}

#[test]
fn the_documented_tables_are_reproduced() {
    // Datapoints, then the state for each treatment: ALARM, OK, INSUFFICIENT_DATA, kept.
    #[rustfmt::skip]
    let rows: [(i32, &str, &str); 10] = [
        (3, "0-X-X", "OOOO"),
        (3, "0----", "OOOO"),
        (3, "-----", "IKAO"),
        (3, "0XX-X", "AAAA"),
        (3, "--X--", "AKAO"),
        (2, "0-X-X", "AAAA"),
        (2, "00X0X", "AAAA"),
        (2, "0-X--", "OOAO"),
        (2, "----0", "OOAO"),
        (2, "---X-", "AKAO"),
    ];
    for oldest in [Oldest::InEvaluationPeriods, Oldest::InEvaluationRange] {
        for (needed, points, expected) in rows {
            for (treatment, expected) in TREATMENTS.iter().zip(expected.chars()) {
                for before in [State::Ok, State::Alarm] {
                    let wanted = match expected {
                        'A' => State::Alarm,
                        'I' => State::InsufficientData,
                        'K' => before,
                        _ => State::Ok,
                    };
                    let said = state(needed, treatment, points, before, oldest);
                    assert_eq!(said, wanted, "{needed} of 3, {points}, {treatment}");
                }
            }
        }
    }
}

#[test]
fn a_lone_breaching_datapoint_counts_once_it_is_old_enough() {
    for (points, rings) in [("----X", false), ("---X-", false), ("--X--", true)] {
        for oldest in [Oldest::InEvaluationPeriods, Oldest::InEvaluationRange] {
            let said = state(3, "missing", points, State::InsufficientData, oldest);
            assert_eq!(said == State::Alarm, rings, "{points}");
        }
    }
}
