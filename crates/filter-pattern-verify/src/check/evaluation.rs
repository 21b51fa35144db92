//! Matching: the crate's evaluator against the reference, on the message as it
//! stands and on the event that was read from it; printing and reading; field
//! selection criteria.

use filter_pattern::{Event, FieldSelectionCriteria, FilterPattern, PatternKind, Reading};

use super::{reading, stream};
use crate::generate::{self, ACCOUNTS, Criteria, REGIONS};
use crate::random::Random;
use crate::reference;
use crate::report::Report;
use crate::shrink;

/// Messages that each pattern meets.
pub const MESSAGES: u64 = 20;

/// One pattern against several messages.
pub fn evaluation(seed: u64, case: u64, messages: u64, report: &mut Report) {
    let mut random = Random::of_case(seed, stream::EVALUATION, case);
    let pattern = generate::pattern(&mut random);
    report.nodes.pattern(&pattern);
    spelling(&mut random, case, &pattern, report);
    let about_words = !matches!(pattern.kind(), PatternKind::Json | PatternKind::Empty);
    for _ in 0..messages {
        let message = generate::line(&mut random, about_words);
        let reading = reading(&mut random);
        report.pairs += 1;
        report.matching += u64::from(reference::matches_message(
            pattern.ast(),
            &message,
            Reading::default(),
        ));
        if let Some(found) = disagreement(&pattern, &message, reading) {
            report.disagree(found, case, || {
                let (pattern, message) = smallest(&pattern, &message, reading);
                format!("{pattern}\n  on {message}\n  under {reading:?}")
            });
        }
    }
}

/// What the two ways say differently of a message.
fn disagreement(pattern: &FilterPattern, message: &str, reading: Reading) -> Option<&'static str> {
    let expected = reference::matches_message(pattern.ast(), message, Reading::default());
    let answer = pattern.test(message);
    if answer.is_some() != expected {
        return Some("the evaluator and the reference on a message");
    }
    if let (Some(fields), Some(named)) = (&answer, reference::extracted(pattern.ast(), message)) {
        let same = fields.len() == named.len()
            && named
                .iter()
                .all(|(name, text)| fields.get(name) == Some(text));
        if !same {
            return Some("the extracted fields");
        }
    }
    if let (PatternKind::Json, Ok(event)) = (pattern.kind(), Event::parse(message)) {
        let expected = reference::matches_message(pattern.ast(), message, reading);
        if pattern.matches_under(&event, reading) != expected {
            return Some("the evaluator and the reference on an event");
        }
    }
    None
}

fn smallest(pattern: &FilterPattern, message: &str, reading: Reading) -> (FilterPattern, String) {
    let smaller = |(pattern, message): &(FilterPattern, String)| {
        let patterns = shrink::smaller_patterns(pattern)
            .into_iter()
            .map(|it| (it, message.clone()));
        let messages = shrink::smaller_messages(message)
            .into_iter()
            .map(|it| (pattern.clone(), it));
        patterns.chain(messages).collect()
    };
    shrink::smallest(
        (pattern.clone(), message.to_owned()),
        smaller,
        |(pattern, message)| disagreement(pattern, message, reading).is_some(),
    )
}

/// Every spelling of a structure is read as that structure.
fn spelling(random: &mut Random, case: u64, pattern: &FilterPattern, report: &mut Report) {
    report.count("check.printed and read again");
    let printed = pattern.to_string();
    if FilterPattern::parse(&printed).as_ref() != Ok(pattern) {
        report.disagree("what was printed reads otherwise", case, || printed);
    }
    if let Some(text) = generate::respelled(random, pattern.ast())
        && text.chars().count() <= filter_pattern::limits::PATTERN_CHARACTERS
    {
        report.count("check.spelled otherwise and read");
        let read = FilterPattern::parse(&text);
        if read.as_ref() != Ok(pattern) {
            report.disagree("another spelling reads otherwise", case, || {
                format!("{text:?}\n  is not {pattern}: {read:?}")
            });
        }
    }
}

/// Criteria against their own meaning, over all accounts and Regions.
pub fn criteria(seed: u64, case: u64, report: &mut Report) {
    let mut random = Random::of_case(seed, stream::CRITERIA, case);
    let criteria = Criteria::generate(&mut random, 2);
    report.nodes.criteria(&criteria);
    let text = criteria.text(&mut random);
    report.count("check.criteria");
    let Ok(read) = FieldSelectionCriteria::parse(&text) else {
        report.disagree("criteria are refused", case, || text);
        return;
    };
    let again = FieldSelectionCriteria::parse(&read.to_string());
    if again.as_ref() != Ok(&read) {
        report.disagree("printed criteria read otherwise", case, || text.clone());
    }
    for account in ACCOUNTS {
        for region in REGIONS {
            if read.admits(account, region) != criteria.admits(account, region) {
                report.disagree("criteria admit otherwise", case, || {
                    format!("{text} on {account}, {region}")
                });
                return;
            }
        }
    }
}
