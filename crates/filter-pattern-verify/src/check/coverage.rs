//! Coverage: the crate's answer against the search.

use filter_pattern::{Covers, Reading, Why};

use super::{laws, reading, stream, witness};
use crate::generate::{self, Case};
use crate::random::Random;
use crate::reference::Value;
use crate::report::Report;
use crate::search::{self, escapes};
use crate::shrink;

/// One coverage question.
pub fn coverage(seed: u64, number: u64, report: &mut Report) {
    let mut random = Random::of_case(seed, stream::COVERAGE, number);
    let case = generate::case(&mut random);
    let reading = reading(&mut random);
    report.questions += 1;
    report.nodes.case(&case);
    let numbers = Random::of_case(seed, stream::SEARCH, number);
    let answer = case.answer();
    let found = judge(&case, &answer, reading, &numbers, Some(report));
    if let Some((check, _)) = found {
        report.disagree(check, number, || {
            let fails = |case: &Case| {
                judge(case, &case.answer(), reading, &numbers, None).is_some_and(|it| it.0 == check)
            };
            let case = shrink::smallest(case.clone(), shrink::smaller_cases, fails);
            let detail = judge(&case, &case.answer(), reading, &numbers, None)
                .map_or(String::new(), |it| it.1);
            format!("{case}\n  {detail}")
        });
    }
    laws::check(&mut random, number, &case, &answer, report);
}

/// What is wrong with an answer, if something is.
fn judge(
    case: &Case,
    answer: &Covers,
    reading: Reading,
    numbers: &Random,
    mut report: Option<&mut Report>,
) -> Option<(&'static str, String)> {
    let mut count = |name: &str| {
        if let Some(report) = &mut report {
            report.count(name);
        }
    };
    let mut events = 0;
    let mut search = |reading| {
        let outcome = search::search(case, reading, &mut numbers.clone());
        events += outcome.events as u64;
        outcome
    };
    let fault = match answer {
        Covers::Yes(proof) => {
            count("answer.yes");
            if !proof.assumptions().is_empty() {
                count("answer.yes, with assumptions");
            }
            let mut readings = vec![Reading::default()];
            if reading != Reading::default() {
                readings.push(reading);
            }
            readings.into_iter().find_map(|reading| {
                let outcome = search(reading);
                count(if outcome.exhaustive {
                    "search.exhaustive"
                } else {
                    "search.sampled"
                });
                let event = outcome
                    .escaping
                    .filter(|event| escapes(case, event, reading))?;
                Some((
                    "yes, and an event escapes",
                    format!("{} escapes under {reading:?}", event.to_json()),
                ))
            })
        }
        Covers::No(found) => {
            count("answer.no");
            witness::fault(case, found, Reading::default()).or_else(|| {
                if witness::is_smallest(case, found) {
                    count("witness.smallest");
                } else {
                    count("witness.with parts to spare");
                }
                None
            })
        }
        Covers::Unknown(why) => {
            count(match why {
                Why::TooManySteps => "answer.unknown, too many steps",
                Why::NotJson => "answer.unknown, not JSON",
                Why::Undocumented { .. } => "answer.unknown, undocumented",
                Why::Unconfirmed => "answer.unknown, unconfirmed",
                _ => "answer.unknown, other",
            });
            let undocumented = matches!(why, Why::Undocumented { .. });
            let fault = match why {
                Why::Undocumented { questions, witness } => {
                    let reading = questions
                        .iter()
                        .fold(Reading::default(), |it, question| it.with(*question));
                    witness::fault(case, witness, reading)
                }
                _ => None,
            };
            fault.or_else(|| {
                let event: Value = search(Reading::default()).escaping?;
                if undocumented {
                    let shown = format!("{} escapes all the same", event.to_json());
                    return Some(("undocumented, and an event escapes", shown));
                }
                count("answer.unknown, though the search found an event");
                None
            })
        }
    };
    if let Some(report) = report {
        report.events += events;
    }
    fault
}
