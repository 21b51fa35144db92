//! AWS's own answer to which messages a filter pattern matches:
//! logs:TestMetricFilter, which needs no log group and changes nothing. Whether
//! that answer is the expected one is not decided here.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::MetricFilterMatchRecord;
use orgsweep_controls::{AccountId, Region};

use crate::errors::{AccessError, CallError, CollectError};
use crate::operation::Operation;
use crate::session::Session;

/// Tests filter patterns with the logs:TestMetricFilter of one account and Region, within its quota.
#[derive(Debug)]
pub struct PatternTester {
    session: Session,
    region: Region,
}

/// What logs:TestMetricFilter says to a pattern and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternAnswer {
    /// The messages that match, in their order.
    Matches(Vec<MatchedMessage>),
    /// The pattern or a message is refused (`InvalidParameterException`), in AWS's words.
    Refused(String),
}

/// A message that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedMessage {
    /// Which of the messages it is, from zero.
    pub position: usize,
    /// The fields that AWS extracted, by name.
    pub extracted: BTreeMap<String, String>,
}

impl PatternTester {
    /// Messages in one call (`API_TestMetricFilter`).
    pub const MOST_MESSAGES: usize = 50;

    /// Bytes of a message: no longer one can be in a log group (`API_PutLogEvents`: "Each log event
    /// can be no larger than 1 MB"). TestMetricFilter documents no limit of its own.
    pub const MOST_BYTES: usize = 1024 * 1024;

    pub(crate) fn new(session: Session, region: Region) -> Self {
        Self { session, region }
    }

    /// The Region that is asked.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account that is asked.
    pub fn account(&self) -> &AccountId {
        self.session.account()
    }

    /// Assumes the role of the account, if it is not the caller's own.
    ///
    /// # Errors
    /// Why the role cannot be assumed, and what to do.
    pub async fn sign_in(&self) -> Result<(), CollectError> {
        let signed_in = self.session.sign_in().await;
        signed_in.map_err(|failure| self.session.collect_error(failure))
    }

    /// Which of 1 to [`MOST_MESSAGES`](Self::MOST_MESSAGES) messages, none of them
    /// empty, `pattern` matches.
    ///
    /// # Errors
    /// [`AccessError::Denied`] names `logs:TestMetricFilter`; else when the call
    /// fails or its answer makes no sense.
    pub async fn test(
        &self,
        pattern: &str,
        messages: &[String],
    ) -> Result<PatternAnswer, AccessError> {
        let request = self
            .session
            .clients()
            .logs(&self.region)
            .test_metric_filter()
            .filter_pattern(pattern)
            .set_log_event_messages(Some(messages.to_vec()));
        let answer = self
            .session
            .call(Operation::TestMetricFilter, &self.region, || {
                request.clone().send()
            })
            .await;
        match answer {
            Ok(answer) => matched(answer.matches(), messages)
                .map(PatternAnswer::Matches)
                .map_err(|why| {
                    CallError::garbled(Operation::TestMetricFilter, &self.region, why).into()
                }),
            Err(error) if error.code.as_deref() == Some("InvalidParameterException") => {
                Ok(PatternAnswer::Refused(error.words()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The records with positions from zero. The service counts events from one; the API reference's
/// examples count from zero, so that a record which repeats its message is asked which it is.
fn matched(
    records: &[MetricFilterMatchRecord],
    messages: &[String],
) -> Result<Vec<MatchedMessage>, String> {
    let sent = |record: &MetricFilterMatchRecord, base: i64| {
        position(record.event_number, base).and_then(|position| messages.get(position))
    };
    let repeats = |record: &MetricFilterMatchRecord, base: i64| {
        sent(record, base)
            .is_some_and(|sent| record.event_message().is_none_or(|told| told == sent))
    };
    let base = [1, 0]
        .into_iter()
        .find(|base| records.iter().all(|record| repeats(record, *base)))
        .ok_or(
            "it names events that were not sent, or by numbers that do not fit their messages",
        )?;
    Ok(records
        .iter()
        .filter_map(|record| {
            let extracted = record.extracted_values().into_iter().flatten();
            Some(MatchedMessage {
                position: position(record.event_number, base)?,
                extracted: extracted
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            })
        })
        .collect())
}

fn position(number: i64, base: i64) -> Option<usize> {
    usize::try_from(number.checked_sub(base)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: i64, message: Option<&str>) -> MetricFilterMatchRecord {
        MetricFilterMatchRecord::builder()
            .event_number(number)
            .set_event_message(message.map(str::to_owned))
            .extracted_values("$a", "1")
            .build()
    }

    #[test]
    fn events_are_counted_from_one_unless_their_messages_say_otherwise() {
        type Row<'a> = (&'a [(i64, Option<&'a str>)], Option<&'a [usize]>);
        let messages = ["a", "b", "b"].map(str::to_owned);
        #[rustfmt::skip]
        let rows: [Row<'_>; 7] = [
            (&[],                              Some(&[])),
            (&[(1, Some("a")), (3, Some("b"))], Some(&[0, 2])),
            (&[(0, Some("a")), (2, Some("b"))], Some(&[0, 2])),
            (&[(3, None)],                     Some(&[2])),
            (&[(4, None)],                     None),
            (&[(-1, None)],                    None),
            (&[(1, Some("other"))],            None),
        ];
        for (records, expected) in rows {
            let records: Vec<_> = records.iter().map(|(n, m)| record(*n, *m)).collect();
            let found = matched(&records, &messages).ok();
            let positions =
                found.map(|found| found.iter().map(|one| one.position).collect::<Vec<_>>());
            assert_eq!(positions.as_deref(), expected, "{records:?}");
        }
    }

    #[test]
    fn extracted_values_are_handed_on() {
        let found = matched(&[record(1, None)], &["a".to_owned()]).unwrap();
        assert_eq!(found[0].extracted["$a"], "1");
    }
}
