//! What logs:TestMetricFilter answers: a pattern against sample messages
//! (`API_TestMetricFilter`).

use crate::ast::PatternKind;
use crate::evaluate::MatchedFields;
use crate::limits;
use crate::parse::ParseError;
use crate::pattern::FilterPattern;

/// One message that the pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricFilterMatch {
    event_number: u64,
    event_message: String,
    extracted_values: MatchedFields,
}

impl MetricFilterMatch {
    /// Which of the messages it is, counted from one as the service does (the
    /// API reference's examples count from zero, the AWS CLI's from one).
    pub fn event_number(&self) -> u64 {
        self.event_number
    }

    /// The message.
    pub fn event_message(&self) -> &str {
        &self.event_message
    }

    /// The fields of the message, for a space-delimited pattern: `$status_code`
    /// by its name, `$7` by its number. "If you are not using a space-delimited
    /// filter, this will be empty." (`FilterAndPatternSyntax`, 2018);
    /// [`FilterPattern::test`] gives the values of the other kinds too.
    pub fn extracted_values(&self) -> &MatchedFields {
        &self.extracted_values
    }
}

/// Why TestMetricFilter refuses a request (`InvalidParameterException`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TestMetricFilterError {
    /// The pattern is none that AWS accepts.
    #[error("invalid metric filter pattern: {0}")]
    Pattern(#[from] ParseError),
    /// Not between one and [`TEST_MESSAGES`](limits::TEST_MESSAGES) messages.
    #[error("{count} messages, AWS accepts 1 to {}", limits::TEST_MESSAGES)]
    Messages {
        /// How many there are.
        count: usize,
    },
    /// A message has no character.
    #[error("message {event_number} is empty")]
    EmptyMessage {
        /// Which one, counted from one.
        event_number: u64,
    },
}

/// The matches that logs:TestMetricFilter answers with, in the order of the
/// messages.
///
/// ```
/// let messages = ["127.0.0.1 frank 200 1534", "127.0.0.1 frank 500 5324"];
/// let matches = filter_pattern::test_metric_filter("[..., status = 5*, size]", &messages)?;
/// assert_eq!(matches.len(), 1);
/// assert_eq!((matches[0].event_number(), matches[0].event_message()), (2, messages[1]));
/// assert_eq!(matches[0].extracted_values()["$status"], "500");
/// assert_eq!(matches[0].extracted_values()["$2"], "frank");
/// # Ok::<(), filter_pattern::TestMetricFilterError>(())
/// ```
pub fn test_metric_filter<M: AsRef<str>>(
    pattern: &str,
    messages: &[M],
) -> Result<Vec<MetricFilterMatch>, TestMetricFilterError> {
    let count = messages.len();
    if count == 0 || count > limits::TEST_MESSAGES {
        return Err(TestMetricFilterError::Messages { count });
    }
    let numbered = || (1..).zip(messages.iter().map(AsRef::as_ref));
    if let Some((event_number, _)) = numbered().find(|(_, message)| message.is_empty()) {
        return Err(TestMetricFilterError::EmptyMessage { event_number });
    }
    let pattern = FilterPattern::parse(pattern)?;
    let names_fields = pattern.kind() == PatternKind::SpaceDelimited;
    let matched = numbered().filter_map(|(event_number, message)| {
        let values = pattern.test(message)?;
        Some(MetricFilterMatch {
            event_number,
            event_message: message.to_owned(),
            extracted_values: if names_fields {
                values
            } else {
                MatchedFields::new()
            },
        })
    });
    Ok(matched.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_command_line_interface_is_answered_as_there() {
        let messages = [
            "[ERROR] 400 BAD REQUEST",
            "[ERROR] 400 BAD REQUEST",
            "[INFO] 200 OK",
        ];
        let matches = test_metric_filter("ERROR", &messages).expect("a valid request");
        let rows: Vec<_> = matches
            .iter()
            .map(|it| {
                (
                    it.event_number(),
                    it.event_message(),
                    it.extracted_values().len(),
                )
            })
            .collect();
        assert_eq!(rows, [(1, messages[0], 0), (2, messages[1], 0)]);
    }

    #[test]
    fn requests_beyond_the_limits_are_refused() {
        let refused = |pattern: &str, messages: &[&str]| {
            test_metric_filter(pattern, messages).expect_err("refused")
        };
        let many = ["x"; 51];
        assert_eq!(
            refused("x", &[]),
            TestMetricFilterError::Messages { count: 0 }
        );
        assert_eq!(
            refused("x", &many),
            TestMetricFilterError::Messages { count: 51 }
        );
        assert_eq!(
            refused("x", &["x", ""]),
            TestMetricFilterError::EmptyMessage { event_number: 2 }
        );
        assert!(matches!(
            refused("{ $.a = }", &["x"]),
            TestMetricFilterError::Pattern(_)
        ));
        assert_eq!(
            test_metric_filter("", &many[..50])
                .expect("fifty are fine")
                .len(),
            50
        );
    }

    #[test]
    fn json_patterns_match_objects_and_extract_nothing() {
        let messages = ["{\"a\":1}", "[1]", "no json", "{\"a\":1"];
        let matches = test_metric_filter("{ $.a = 1 }", &messages).expect("a valid request");
        assert_eq!(matches.len(), 1);
        assert!(matches[0].extracted_values().is_empty());
    }

    #[test]
    fn patterns_in_brackets_extract_the_fields() {
        let matches = test_metric_filter("[ip, status = 5*]", &["::1 200", "::2 503"]);
        let matches = matches.expect("a valid request");
        let values: Vec<_> = matches[0].extracted_values().iter().collect();
        let expected = [("$ip", "::2"), ("$status", "503")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values.len(), 2);
        for ((name, value), found) in expected.iter().zip(values) {
            assert_eq!(found, (name, value));
        }
    }
}
