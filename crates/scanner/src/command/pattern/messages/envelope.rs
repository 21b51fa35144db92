//! What events stand in when AWS's commands print them or AWS's services hand them on.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What `aws logs filter-log-events` and `get-log-events` print.
#[derive(Deserialize)]
struct Printed {
    events: Vec<LogEvent>,
}

/// What a subscription filter sends.
#[derive(Deserialize)]
struct Subscribed {
    #[serde(rename = "logEvents")]
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    #[serde(rename = "timestamp")]
    _timestamp: i64,
    message: String,
}

/// What `aws cloudtrail lookup-events` prints.
#[derive(Deserialize)]
struct LookedUp {
    #[serde(rename = "Events")]
    events: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "CloudTrailEvent")]
    event: String,
}

/// What EventBridge hands on.
#[derive(Deserialize)]
struct Routed<'a> {
    #[serde(rename = "detail-type")]
    detail_type: String,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// The messages in such a text; `None` when it may be an event itself.
pub(super) fn messages(text: &str) -> Option<Vec<String>> {
    let of_log = |events: Vec<LogEvent>| events.into_iter().map(|event| event.message).collect();
    let all: Vec<String> = if let Ok(printed) = serde_json::from_str::<Printed>(text) {
        of_log(printed.events)
    } else if let Ok(sent) = serde_json::from_str::<Subscribed>(text) {
        of_log(sent.log_events)
    } else if let Ok(found) = serde_json::from_str::<LookedUp>(text) {
        found.events.into_iter().map(|found| found.event).collect()
    } else {
        let routed = serde_json::from_str::<Routed<'_>>(text).ok()?;
        let is_event = routed.detail_type.ends_with("via CloudTrail");
        is_event.then(|| vec![routed.detail.get().to_owned()])?
    };
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_out_of_what_they_stand_in() {
        let event = r#"{"eventName":"StopLogging"}"#;
        let quoted = serde_json::to_string(event).unwrap();
        for (text, expected) in [
            (
                format!(
                    r#"{{"events":[{{"timestamp":1,"message":{quoted},"eventId":"1"}}],"searchedLogStreams":[]}}"#
                ),
                Some(1),
            ),
            (
                format!(
                    r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","timestamp":1,"message":{quoted}}},{{"timestamp":2,"message":{quoted}}}]}}"#
                ),
                Some(2),
            ),
            (
                format!(r#"{{"Events":[{{"EventId":"1","CloudTrailEvent":{quoted}}}]}}"#),
                Some(1),
            ),
            (
                format!(
                    r#"{{"detail-type":"AWS API Call via CloudTrail","source":"aws.cloudtrail","detail":{event}}}"#
                ),
                Some(1),
            ),
            (
                r#"{"detail-type":"CloudWatch Alarm State Change","detail":{}}"#.to_owned(),
                None,
            ),
            (r#"{"events":[],"a":1}"#.to_owned(), None),
            (r#"{"events":[{"name":"x"}]}"#.to_owned(), None),
            (event.to_owned(), None),
        ] {
            let found = messages(&text);
            assert_eq!(found.as_ref().map(Vec::len), expected, "{text}");
            assert!(
                found.iter().flatten().all(|message| message == event),
                "{text}"
            );
        }
    }
}
