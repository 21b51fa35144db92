//! Whose events arrive in the log group of an organization trail, by the names
//! of its streams. Members' streams begin with the organization's id; when there
//! is one, the trail's role lets members' events through. Asked once for the
//! organization, in the account that has the group, and bounded: of an
//! organization with more accounts than fit, the first ones are evidence enough.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::LogStream;
use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_controls::snapshot::{Arrivals, Delivery};
use orgsweep_controls::{AccountId, Known, LogGroupArn};

use super::delivery;
use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

const OPERATION: Operation = Operation::DescribeLogStreams;

/// Pages of 50 streams that are read at most.
const MOST_PAGES: usize = 20;

/// What members' streams begin with.
const OF_MEMBERS: &str = "o-";

/// The accounts that have a stream in the group.
pub(super) async fn of(session: &Session, group: &LogGroupArn) -> Known<Arrivals> {
    let read = async {
        let members = list(session, group, Some(OF_MEMBERS)).await?;
        if !members.accounts.is_empty() {
            return Ok(members);
        }
        // Whatever their streams are called, there are few when there are only the owner's.
        list(session, group, None).await
    };
    match read.await {
        Ok(arrivals) => Known::read(arrivals, OPERATION.call(&group.region())),
        Err(error) => CallError::into_known(error),
    }
}

async fn list(
    session: &Session,
    group: &LogGroupArn,
    prefix: Option<&str>,
) -> Result<Arrivals, CallError> {
    let region = group.region();
    let garbled = |message: &str| CallError::garbled(OPERATION, &region, message);
    let client = session.clients().logs(&region);
    let mut streams = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let request = client
            .describe_log_streams()
            .log_group_name(group.name())
            .set_log_stream_name_prefix(prefix.map(str::to_owned))
            .limit(50)
            .set_next_token(token);
        let page = match session
            .call(OPERATION, &region, || request.clone().send())
            .await
        {
            // No group, no streams.
            Err(error) if error.kind == FaultKind::NotFound => {
                return Ok(arrivals(streams, true, Utc::now()));
            }
            answer => answer?,
        };
        streams.extend(page.log_streams.unwrap_or_default());
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(arrivals(streams, true, Utc::now()));
        }
    }
    Ok(arrivals(streams, false, Utc::now()))
}

fn arrivals(streams: Vec<LogStream>, complete: bool, now: DateTime<Utc>) -> Arrivals {
    let mut last: BTreeMap<AccountId, Option<DateTime<Utc>>> = BTreeMap::new();
    let mut settled = false;
    let moment = |millis: i64| DateTime::from_timestamp_millis(millis);
    for stream in streams {
        let Some(account) = stream.log_stream_name.as_deref().and_then(account_of) else {
            continue;
        };
        let made = stream.creation_time.and_then(moment);
        settled |= made.is_some_and(|made| now - made > TimeDelta::days(1));
        let ingested = stream.last_ingestion_time.and_then(moment);
        let known = last.entry(account).or_default();
        *known = (*known).max(ingested);
    }
    Arrivals {
        accounts: last
            .into_iter()
            .map(|(account, last)| (account, seen(last, now)))
            .collect(),
        complete,
        settled,
    }
}

/// The day is enough, and it changes only when something arrives.
fn seen(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Delivery {
    delivery::judged(last, [None; 2], now)
}

/// `o-a1b2c3d4e5_111122223333_CloudTrail_us-east-1_2` is a stream of 111122223333.
fn account_of(stream: &str) -> Option<AccountId> {
    let (account, _) = stream.split_once("_CloudTrail_")?;
    let mut parts = account.split('_').rev();
    parts.find_map(|part| part.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(name: &str, made: i64, last: Option<i64>) -> LogStream {
        LogStream::builder()
            .log_stream_name(name)
            .creation_time(made)
            .set_last_ingestion_time(last)
            .build()
    }

    #[test]
    fn accounts_are_told_by_the_names_of_streams() {
        for (name, expected) in [
            (
                "o-a1b2c3d4e5_111122223333_CloudTrail_us-east-1",
                Some("111122223333"),
            ),
            (
                "o-a1b2c3d4e5_111122223333_CloudTrail_us-east-1_2",
                Some("111122223333"),
            ),
            ("111122223333_CloudTrail_us-east-1", Some("111122223333")),
            ("o-a1b2c3d4e5_CloudTrail_us-east-1", None),
            ("something else", None),
        ] {
            let found = account_of(name);
            assert_eq!(found.as_ref().map(AccountId::as_str), expected, "{name}");
        }
    }

    #[test]
    fn a_group_is_settled_a_day_after_its_first_stream() {
        let now = Utc::now();
        let ago = |hours| (now - TimeDelta::hours(hours)).timestamp_millis();
        let name = "o-a1b2c3d4e5_111122223333_CloudTrail_us-east-1";
        for (made, last, settled, delivery) in [
            (2, Some(ago(1)), false, Delivery::Fresh),
            (30, Some(ago(1)), true, Delivery::Fresh),
            (30, None, true, Delivery::NotReported),
        ] {
            let found = arrivals(vec![stream(name, ago(made), last)], true, now);
            assert_eq!(found.settled, settled);
            assert_eq!(found.accounts.values().next(), Some(&delivery));
        }
        let never = arrivals(Vec::new(), true, now);
        assert!(!never.settled && never.accounts.is_empty());
    }
}
