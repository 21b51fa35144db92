//! One evaluation of an alarm: from the datapoints of its evaluation range to its
//! state (CloudWatch user guide, "Configuring how CloudWatch alarms treat missing
//! data", whose tables are the tests).

use crate::state::AlarmState;

/// What an alarm does with periods without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nothing is assumed.
    Unassumed,
    /// The state is kept.
    Ignore,
    /// As if it breached.
    Breaching,
    /// As if it did not.
    NotBreaching,
}

impl Missing {
    pub(super) fn named(name: Option<&str>) -> Self {
        match name {
            Some("ignore") => Self::Ignore,
            Some("breaching") => Self::Breaching,
            Some("notBreaching") => Self::NotBreaching,
            _ => Self::Unassumed,
        }
    }
}

/// How many datapoints are evaluated, and how many of them must breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) periods: usize,
    pub(super) to_alarm: usize,
    pub(super) missing: Missing,
}

/// The state after an evaluation; `range` has a period an entry, oldest first: whether it breaches,
/// or `None` without data.
pub(super) fn state(before: AlarmState, range: &[Option<bool>], wanted: Wanted) -> AlarmState {
    let alarm_if = |alarm| {
        if alarm {
            AlarmState::Alarm
        } else {
            AlarmState::Ok
        }
    };
    let real: Vec<bool> = range.iter().flatten().copied().collect();
    if real.len() >= wanted.periods {
        let newest = &real[real.len() - wanted.periods..];
        return alarm_if(breaches(newest) >= wanted.to_alarm);
    }
    let to_fill = wanted.periods - real.len();
    let breaching = breaches(&real);
    match wanted.missing {
        Missing::Breaching => alarm_if(breaching + to_fill >= wanted.to_alarm),
        Missing::NotBreaching => alarm_if(breaching >= wanted.to_alarm),
        Missing::Unassumed if real.is_empty() => AlarmState::InsufficientData,
        Missing::Ignore if real.is_empty() => before,
        _ if breaching >= wanted.to_alarm => AlarmState::Alarm,
        Missing::Unassumed if is_premature(range, wanted) => AlarmState::Alarm,
        Missing::Ignore if is_premature(range, wanted) => before,
        _ => AlarmState::Ok,
    }
}

fn breaches(datapoints: &[bool]) -> usize {
    datapoints.iter().filter(|breaches| **breaches).count()
}

/// "Alarms are designed to always go into ALARM state when the oldest available breaching datapoint
/// during the Evaluation Periods number of data points is at least as old as the value of Datapoints
/// to Alarm, and all other more recent data points are breaching or missing."
fn is_premature(range: &[Option<bool>], wanted: Wanted) -> bool {
    let evaluated = &range[range.len().saturating_sub(wanted.periods)..];
    let oldest = evaluated.iter().position(|point| *point == Some(true));
    let old_enough = oldest.is_some_and(|place| evaluated.len() - place >= wanted.to_alarm);
    old_enough && range.iter().flatten().all(|breaches| *breaches)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the documented tables: datapoints oldest first, then the state under missing, ignore
    /// (K: kept), breaching, notBreaching.
    #[rustfmt::skip]
    const DOCUMENTED: [(usize, &str, &str); 10] = [
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

    fn range(datapoints: &str) -> Vec<Option<bool>> {
        let point = |letter| match letter {
            'X' => Some(true),
            '0' => Some(false),
            _ => None,
        };
        datapoints.chars().map(point).collect()
    }

    #[test]
    fn the_documented_tables_come_out() {
        let treatments = [
            Missing::Unassumed,
            Missing::Ignore,
            Missing::Breaching,
            Missing::NotBreaching,
        ];
        for (to_alarm, datapoints, states) in DOCUMENTED {
            for (missing, expected) in treatments.into_iter().zip(states.chars()) {
                let wanted = Wanted {
                    periods: 3,
                    to_alarm,
                    missing,
                };
                for before in [AlarmState::Ok, AlarmState::Alarm] {
                    let expected = match expected {
                        'O' => AlarmState::Ok,
                        'A' => AlarmState::Alarm,
                        'I' => AlarmState::InsufficientData,
                        _ => before,
                    };
                    let came = state(before, &range(datapoints), wanted);
                    assert_eq!(came, expected, "{to_alarm} of 3, {datapoints}, {missing:?}");
                }
            }
        }
    }

    #[test]
    fn one_late_breach_is_no_alarm_at_once() {
        let wanted = Wanted {
            periods: 3,
            to_alarm: 3,
            missing: Missing::Unassumed,
        };
        for datapoints in ["----X", "---X-"] {
            let came = state(AlarmState::Ok, &range(datapoints), wanted);
            assert_ne!(came, AlarmState::Alarm, "{datapoints}");
        }
    }
}
