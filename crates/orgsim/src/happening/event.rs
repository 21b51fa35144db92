//! A CloudTrail record on its way: who gets it depends on the few fields that are read here.

use std::fmt;

use serde_json::Value;

/// Event sources whose management events CloudTrail records as global service
/// events (CloudTrail user guide, "Global service events").
const GLOBAL_SOURCES: [&str; 5] = [
    "iam.amazonaws.com",
    "cloudfront.amazonaws.com",
    "organizations.amazonaws.com",
    "route53.amazonaws.com",
    "signin.amazonaws.com",
];

/// Beginnings of the names of events that only read.
const READING: [&str; 7] = [
    "Get", "List", "Describe", "Head", "Lookup", "Search", "Batch",
];

/// A CloudTrail record.
#[derive(Debug, Clone, PartialEq)]
pub struct CloudTrailEvent {
    account: String,
    region: String,
    record: Value,
    text: String,
}

/// Why a JSON document is not a CloudTrail record that can be injected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventFieldError {
    /// The document is not a JSON object.
    #[error("an event is a JSON object")]
    NotAnObject,
    /// A field that says where the event happens is missing.
    #[error("the event has no `{field}`; give it, or name the {what}")]
    Missing {
        /// The field.
        field: &'static str,
        /// What could be named instead.
        what: &'static str,
    },
}

impl CloudTrailEvent {
    /// The record, for the account and Region that it names itself.
    pub fn new(record: Value) -> Result<Self, EventFieldError> {
        Self::at(record, None, None)
    }

    /// The record as it would be written in `account` and `region`; what is not given is read from
    /// `recipientAccountId` and `awsRegion`.
    pub fn at(
        mut record: Value,
        account: Option<&str>,
        region: Option<&str>,
    ) -> Result<Self, EventFieldError> {
        let Some(fields) = record.as_object_mut() else {
            return Err(EventFieldError::NotAnObject);
        };
        for (field, given) in [("recipientAccountId", account), ("awsRegion", region)] {
            if let Some(given) = given {
                fields.insert(field.to_owned(), given.into());
            }
        }
        let read = |field: &'static str, what| {
            fields
                .get(field)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or(EventFieldError::Missing { field, what })
        };
        let account = read("recipientAccountId", "account")?;
        let region = read("awsRegion", "Region")?;
        Ok(Self {
            account,
            region,
            text: record.to_string(),
            record,
        })
    }

    /// A line of a log as it is, whatever it says, in a log group of `account` and `region`.
    pub(crate) fn of_line(text: &str, account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            record: serde_json::from_str(text).unwrap_or_default(),
            text: text.to_owned(),
        }
    }

    /// Account number of the account in which the event happens.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Region that the event names.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The record.
    pub fn record(&self) -> &Value {
        &self.record
    }

    /// The record as it is written to a log stream.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `eventSource`, empty when there is none.
    pub fn source(&self) -> &str {
        self.field("eventSource")
    }

    /// `eventName`, empty when there is none.
    pub fn name(&self) -> &str {
        self.field("eventName")
    }

    /// Whether it is of a service that writes its events in the partition's main Region alone.
    pub fn is_global(&self) -> bool {
        GLOBAL_SOURCES.contains(&self.source())
    }

    /// Whether it only reads: `readOnly`, or what its name says.
    pub fn is_read(&self) -> bool {
        match &self.record["readOnly"] {
            Value::Bool(read) => *read,
            Value::String(text) => text == "true",
            _ => READING.iter().any(|begin| self.name().starts_with(begin)),
        }
    }

    /// Whether it is a management event; data events reach no trail that records those alone.
    pub fn is_management(&self) -> bool {
        match self.record["eventCategory"].as_str() {
            Some(category) => category == "Management",
            None => self.record["managementEvent"].as_bool().unwrap_or(true),
        }
    }

    /// The text at `$.a.b`, as metric values and dimensions name it.
    pub(super) fn at_path(&self, path: &str) -> Option<&Value> {
        path.strip_prefix("$.")?
            .split('.')
            .try_fold(&self.record, |value, key| value.get(key))
    }

    fn field(&self, name: &str) -> &str {
        self.record[name].as_str().unwrap_or_default()
    }
}

impl fmt::Display for CloudTrailEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} in {}, {}",
            self.name(),
            self.source(),
            self.account,
            self.region
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_and_region_are_the_records_own_unless_they_are_given() {
        let record = serde_json::json!({"recipientAccountId": "111122223333", "eventName": "X"});
        assert_eq!(
            CloudTrailEvent::new(record.clone()),
            Err(EventFieldError::Missing {
                field: "awsRegion",
                what: "Region"
            })
        );
        let event = CloudTrailEvent::at(record, None, Some("eu-west-1")).unwrap();
        assert_eq!(
            (event.account(), event.region()),
            ("111122223333", "eu-west-1")
        );
        assert_eq!(event.record()["awsRegion"], "eu-west-1");
    }

    #[test]
    fn what_only_reads_says_so_or_is_named_so() {
        let event = |record| CloudTrailEvent::at(record, Some("1"), Some("r")).unwrap();
        assert!(event(serde_json::json!({"eventName": "GetObject"})).is_read());
        assert!(!event(serde_json::json!({"eventName": "DeleteTrail"})).is_read());
        assert!(event(serde_json::json!({"eventName": "DeleteTrail", "readOnly": true})).is_read());
    }
}
